"""Products of which a file says the same as the last time: known by a mark before they are understood.

A *block* is the rows of one product that stand together. Its mark is a hash of all cells that mean something to us but
the stock, and of the way in which they are read. The mark of a product that was taken over from one block, without a
word of complaint, is kept; while nobody changes the product, a block with the same mark need not be understood again:
only its SKUs and its stock are read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from operator import itemgetter

import orjson

from app.feeds.feed import Row
from app.feeds.rules.products import read_products
from app.feeds.rules.records import Reading, ReadProduct, ReadRow, TakenForKnown
from app.feeds.rules.rows import RowReader

#: What a block means is decided by code, too: another number here voids all marks.
_MEANING = 5
#: Rows that are looked at together, so that marks are asked for in bulk.
_AT_ONCE = 8000
#: A product of more rows than these is several blocks, and none of them has a mark.
_LONGEST_BLOCK = 2000
_MARK_BYTES = 16
#: Between cells and between rows.
_CELL, _ROW = "\x1f", "\x1e"
#: Shapes whose products are rows with one handle. A WooCommerce file's variations follow their parents by id.
_SHAPES = ("plain", "template", "shopify")

#: Asked with handles: the marks of those products that are as their marks say.
KnownMarks = Callable[[Collection[str]], Mapping[str, str]]


@dataclass(slots=True)
class SameRows:
    """Rows that say what they said last time, as columns, in the order of the file: their numbers, the handles of their
    products, their SKUs (empty: one of pictures alone), and units in stock (None: it tells nothing of them)."""

    rows: list[int] = field(default_factory=list)
    handles: list[str] = field(default_factory=list)
    skus: list[str] = field(default_factory=list)
    stocks: list[int | None] = field(default_factory=list)

    def add(self, more: SameRows) -> None:
        """Put others behind them."""
        self.rows += more.rows
        self.handles += more.handles
        self.skus += more.skus
        self.stocks += more.stocks


@dataclass(slots=True)
class _Block:
    handle: str
    rows: list[Row] = field(default_factory=list)
    mark: str = ""


def can_be_marked(reading: Reading) -> bool:
    """Whether files of this kind have products that marks can be given to."""
    return reading.shape in _SHAPES and not reading.figures_only and "sku" in reading.fields


class MarkedReader:
    """Reads rows in the order of the file, and passes over products that are known to be the same."""

    def __init__(self, reading: Reading, known: KnownMarks) -> None:
        self._reader, self._known = RowReader(reading), known
        self._way = _way_of(reading)
        self._sku, self._stock = reading.fields["sku"], reading.fields.get("stock")
        self._product_id = reading.fields.get("product_id")
        self._meant = itemgetter(*sorted({index for name, index in reading.fields.items() if name != "stock"}))
        self._all = itemgetter(*sorted(set(reading.fields.values())))
        self._passed: set[str] = set()

    def read(self, rows: Iterator[Row]) -> Iterator[ReadRow | ReadProduct | SameRows]:
        """The rows that say something: each that was understood, or all of its product, and together those before it
        that were not. Raises ``TakenForKnown`` where a later row shows that a product was passed over too soon (its
        rows do not stand together, or its SKU stands twice): then the file is to be read without marks."""
        for blocks in self._together(rows):
            known = self._known([block.handle for block in blocks if block.mark])
            fresh = [block for block in blocks if block.mark and known.get(block.handle) != block.mark]
            products = read_products(self._reader, [(block.handle, block.mark, block.rows) for block in fresh])
            same = SameRows()
            for block in blocks:
                if block.handle in self._passed:
                    raise TakenForKnown(block.rows[0].number)
                product = None
                if block.mark and known.get(block.handle) != block.mark:
                    product = next(products)
                elif block.mark and self._is_same(block, same):
                    continue
                if product is not None:
                    yield product
                else:
                    yield from self._understood(block)
            if same.rows:
                yield same

    def _together(self, rows: Iterator[Row]) -> Iterator[list[_Block]]:
        """Blocks with their marks, about as many rows at once as ``_AT_ONCE``."""
        done: list[_Block] = []
        block: _Block | None = None
        gathered, given, given_before, product_id = 0, "", "", self._product_id
        for row in rows:
            cells = row.cells
            if product_id is not None:
                given = cells[product_id]
            if block is not None and given and given == given_before and len(block.rows) < _LONGEST_BLOCK:
                block.rows.append(row)
                gathered += 1
                continue
            if not given and not any(self._all(cells)):
                continue
            handle = (
                block.handle
                if block is not None and given and given == given_before
                else self._reader.handle_of(cells, block.handle if block is not None else "")
            )
            given_before = given
            if block is not None and (block.handle != handle or len(block.rows) >= _LONGEST_BLOCK):
                done.append(self._marked(block))
                block = None
                if gathered >= _AT_ONCE:
                    yield done
                    done, gathered = [], 0
            if block is None:
                block = _Block(handle)
            block.rows.append(row)
            gathered += 1
        if block is not None:
            yield [*done, self._marked(block)]

    def _marked(self, block: _Block) -> _Block:
        if block.handle and len(block.rows) < _LONGEST_BLOCK and not any(row.wrong for row in block.rows):
            meant = self._meant
            said = _ROW.join([_CELL.join(meant(row.cells)) for row in block.rows])
            block.mark = blake2b(self._way + said.encode(errors="surrogatepass"), digest_size=_MARK_BYTES).hexdigest()
        return block

    def _is_same(self, block: _Block, same: SameRows) -> bool:
        """Put the rows of a block that is as it was to the others; False where it must be understood all the same."""
        reader, stock_at, sku_at = self._reader, self._stock, self._sku
        if reader.knows(block.handle):
            return False
        skus = [reader.sku_of(row.cells[sku_at]) for row in block.rows]
        stocks: list[int | None] = [None] * len(skus)
        if stock_at is not None:
            for place, row in enumerate(block.rows):
                if not skus[place]:
                    continue
                stocks[place], problem = reader.stock_of(row.cells[stock_at])
                if problem is not None:
                    return False
        numbers = [row.number for row in block.rows]
        self._passed.add(block.handle)
        reader.pass_over(block.handle, zip(numbers, skus, strict=True))
        same.rows += numbers
        same.handles += [block.handle] * len(numbers)
        same.skus += skus
        same.stocks += stocks
        return True

    def _understood(self, block: _Block) -> list[ReadRow]:
        read = [one for row in block.rows if (one := self._reader.read(row)) is not None]
        handle, mark = block.handle, block.mark
        for one in read:
            if one.problems or one.handle != handle or one.action == "rejected":
                return read
        for one in read:
            one.mark = mark
        return read


def _way_of(reading: Reading) -> bytes:
    """All that the meaning of a row depends on besides its cells."""
    way: Sequence[object] = (
        _MEANING,
        reading.shape,
        sorted(reading.fields.items()),
        sorted((name, mark) for name, mark in reading.marks.items() if name != "stock"),
        reading.weight_unit,
        reading.currency,
        sorted(reading.option_names.items()),
        sorted(reading.other_currencies.items()),
        sorted(reading.tier_quantities.items()),
    )
    return orjson.dumps(way) + _ROW.encode()
