"""Products of which a file says the same as the last time: known by a mark before they are understood.

A *block* is the rows of one product that stand together. Its mark is a hash of all cells that mean something to us but
the stock, and of the way in which they are read. The mark of a product that was taken over from one block, without a
word of complaint, is kept; while nobody changes the product, a block with the same mark need not be understood again:
only its SKUs and its stock are read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, KeysView, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from operator import itemgetter

import orjson

from app.feeds.feed import Row
from app.feeds.rules.known_lines import KnownProducts
from app.feeds.rules.products import read_products
from app.feeds.rules.records import Reading, ReadProduct, ReadRow, TakenForKnown
from app.feeds.rules.rows import RowReader

#: What a block means is decided by code, too: another number here voids all marks.
_MEANING = 6
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
    #: Whether its rows would be one block whatever stood above it.
    by_itself: bool
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
        self._met: set[str] = set()
        #: What can be told of the file's lines, as far as they were read (``known_lines``).
        self.told = KnownProducts()

    def read(self, rows: Iterator[Row]) -> Iterator[ReadRow | ReadProduct | SameRows]:
        """The rows that say something: each that was understood, or all of its product, and together those before it
        that were not. Raises ``TakenForKnown`` where a later row shows that a product was passed over too soon (its
        rows do not stand together, or its SKU stands twice): then the file is to be read without marks."""
        return self._read(_at_once(self._blocks(rows, "")))

    def read_beside(self, parts: Iterable[KnownProducts | Iterator[Row]]) -> Iterator[ReadRow | ReadProduct | SameRows]:
        """The same of a file in parts: products that are as their marks say, and rows that stand together."""
        return self._read(_at_once(self._parts(parts)))

    @property
    def named(self) -> tuple[set[str], KeysView[str]]:
        """The handles and the SKUs that rows have named so far."""
        handles, skus = self._reader.named
        return handles | self._met | self._passed, skus

    def _parts(self, parts: Iterable[KnownProducts | Iterator[Row]]) -> Iterator[KnownProducts | _Block]:
        above = ""
        for part in parts:
            if isinstance(part, KnownProducts):
                yield part
                above = part.handles[-1]
            else:
                yield from self._blocks(part, above)

    def _read(self, parts: Iterator[list[KnownProducts | _Block]]) -> Iterator[ReadRow | ReadProduct | SameRows]:
        for some in parts:
            blocks = [one for one in some if isinstance(one, _Block)]
            known = self._known([block.handle for block in blocks if block.mark])
            fresh = [block for block in blocks if block.mark and known.get(block.handle) != block.mark]
            products = read_products(self._reader, [(block.handle, block.mark, block.rows) for block in fresh])
            same = SameRows()
            for block in some:
                if isinstance(block, KnownProducts):
                    self._pass(block, same)
                    continue
                if block.handle in self._passed:
                    raise TakenForKnown(block.rows[0].number)
                self._met.add(block.handle)
                product = None
                if block.mark and known.get(block.handle) != block.mark:
                    product = next(products)
                elif block.mark and self._is_same(block, same):
                    continue
                if product is not None:
                    self._tell(block, product.skus, product.stocks)
                    yield product
                else:
                    yield from self._understood(block)
            if same.rows:
                yield same

    def _blocks(self, rows: Iterator[Row], above: str) -> Iterator[_Block]:
        """Rows that stand together as blocks with their marks; ``above``: the handle of the row above, if any."""
        block: _Block | None = None
        given, given_before, product_id = "", "", self._product_id
        for row in rows:
            cells = row.cells
            if product_id is not None:
                given = cells[product_id]
            if block is not None and given and given == given_before and len(block.rows) < _LONGEST_BLOCK:
                block.rows.append(row)
                continue
            if not given and not any(self._all(cells)):
                continue
            handle = (
                block.handle
                if block is not None and given and given == given_before
                else self._reader.handle_of(cells, above)
            )
            given_before = given
            if block is not None and (block.handle != handle or len(block.rows) >= _LONGEST_BLOCK):
                yield self._marked(block)
                block = None
            if block is None:
                block = _Block(handle, by_itself=bool(above) and above != handle)
            if product_id is not None and not given:
                block.by_itself = False
            block.rows.append(row)
            above = handle
        if block is not None:
            yield self._marked(block)

    def _marked(self, block: _Block) -> _Block:
        if block.handle and len(block.rows) < _LONGEST_BLOCK and not any(row.wrong for row in block.rows):
            meant = self._meant
            said = _ROW.join([_CELL.join(meant(row.cells)) for row in block.rows])
            block.mark = blake2b(self._way + said.encode(errors="surrogatepass"), digest_size=_MARK_BYTES).hexdigest()
        return block

    def _is_same(self, block: _Block, same: SameRows) -> bool:
        """Put the rows of a block that is as it was to the others; False where it must be understood all the same."""
        reader = self._reader
        if reader.knows(block.handle):
            return False
        figures = self._figures(block)
        if figures is None:
            return False
        skus, stocks = figures
        numbers = [row.number for row in block.rows]
        self._passed.add(block.handle)
        reader.pass_over(block.handle, zip(numbers, skus, strict=True))
        self._tell(block, skus, stocks)
        same.rows += numbers
        same.handles += [block.handle] * len(numbers)
        same.skus += skus
        same.stocks += stocks
        return True

    def _figures(self, block: _Block) -> tuple[list[str], list[int | None]] | None:
        """The SKU of each row, and its units in stock; None where something is wrong with these."""
        reader, stock_at, sku_at = self._reader, self._stock, self._sku
        skus = [reader.sku_of(row.cells[sku_at]) for row in block.rows]
        stocks: list[int | None] = [None] * len(skus)
        if stock_at is not None:
            for place, row in enumerate(block.rows):
                if not skus[place]:
                    continue
                stocks[place], problem = reader.stock_of(row.cells[stock_at])
                if problem is not None:
                    return None
        return skus, stocks

    def _pass(self, known: KnownProducts, same: SameRows) -> None:
        """Put the rows of products whose lines are known to the others."""
        first, before, rows = known.firsts[0], len(self._passed), len(known.skus)
        if not self._met.isdisjoint(known.handles):
            raise TakenForKnown(first)
        self._passed.update(known.handles)
        if len(self._passed) < before + len(known.handles) or not self._reader.pass_all_over(
            known.handles[-1], known.skus
        ):
            raise TakenForKnown(first)
        self.told.add(known)
        same.rows += range(first, first + rows)
        same.handles += known.row_handles
        same.skus += known.skus
        same.stocks += known.stocks

    def _tell(self, block: _Block, skus: Sequence[str], stocks: Sequence[int | None]) -> None:
        """Note what a block's lines say, where they say it by themselves."""
        first = block.rows[0].number
        if block.by_itself and block.rows[-1].number - first + 1 == len(skus) and all(skus):
            self.told.add_one(first, block.handle, block.mark, skus, stocks)

    def _understood(self, block: _Block) -> list[ReadRow]:
        read = [one for row in block.rows if (one := self._reader.read(row)) is not None]
        handle, mark = block.handle, block.mark
        for one in read:
            if one.handle and one.handle in self._passed:
                raise TakenForKnown(one.row)
        for one in read:
            if one.problems or one.handle != handle or one.action == "rejected":
                return read
        for one in read:
            one.mark = mark
        figures = self._figures(block) if mark else None
        if figures is not None:
            self._tell(block, *figures)
        return read


def _at_once(parts: Iterable[KnownProducts | _Block]) -> Iterator[list[KnownProducts | _Block]]:
    """About as many rows at once as ``_AT_ONCE``."""
    some: list[KnownProducts | _Block] = []
    gathered = 0
    for part in parts:
        if gathered >= _AT_ONCE:
            yield some
            some, gathered = [], 0
        some.append(part)
        gathered += len(part.skus) if isinstance(part, KnownProducts) else len(part.rows)
    if some:
        yield some


def way_of_lines(reading: Reading, way: Sequence[object]) -> str:
    """A hash of all that what is told of lines (``MarkedReader.told``) depends on besides the lines; ``way``: how rows
    are made of them."""
    # Without ids of products, their handles depend on those that there are.
    keys = None if "product_id" in reading.fields else sorted(reading.keys.kept.items())
    told = orjson.dumps(
        (way, reading.marks.get("stock"), sorted(reading.stock_words.items()), keys), option=orjson.OPT_SORT_KEYS
    )
    return blake2b(_way_of(reading) + told, digest_size=_MARK_BYTES).hexdigest()


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
