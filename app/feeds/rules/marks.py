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
from app.feeds.rules.records import Reading, ReadRow, TakenForKnown
from app.feeds.rules.rows import RowReader

#: What a block means is decided by code, too: another number here voids all marks.
_MEANING = 2
#: Rows that are looked at together, so that marks are asked for in bulk.
_AT_ONCE = 2000
#: A product of more rows than these is several blocks, and none of them has a mark.
_LONGEST_BLOCK = 2000
_MARK_BYTES = 16
#: Between cells and between rows.
_CELL, _ROW = "\x1f", b"\x1e"
#: Shapes whose products are rows with one handle. A WooCommerce file's variations follow their parents by id.
_SHAPES = ("plain", "template", "shopify")

#: Asked with handles: the marks of those products that are as their marks say.
KnownMarks = Callable[[Collection[str]], Mapping[str, str]]


@dataclass(slots=True)
class SameRow:
    """A row that says what it said last time: its number, SKU (empty for one of pictures alone), and units in stock
    (None: it tells nothing of them)."""

    row: int
    handle: str
    sku: str
    stock: int | None


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

    def read(self, rows: Iterator[Row]) -> Iterator[ReadRow | SameRow]:
        """The rows that say something. Raises ``TakenForKnown`` where a later row shows that a product was passed
        over too soon (its rows do not stand together, or its SKU stands twice): then the file is to be read without
        marks."""
        for blocks in self._together(rows):
            known = self._known({block.handle for block in blocks if block.mark})
            for block in blocks:
                if block.handle in self._passed:
                    raise TakenForKnown(block.rows[0].number)
                same = self._same(block) if block.mark and known.get(block.handle) == block.mark else None
                yield from self._understood(block) if same is None else same

    def _together(self, rows: Iterator[Row]) -> Iterator[list[_Block]]:
        """Blocks with their marks, about as many rows at once as ``_AT_ONCE``."""
        done: list[_Block] = []
        block: _Block | None = None
        gathered, given_before = 0, ""
        for row in rows:
            if not any(self._all(row.cells)):
                continue
            given = row.cells[self._product_id] if self._product_id is not None else ""
            handle = (
                block.handle
                if block is not None and given and given == given_before
                else self._reader.handle_of(row.cells, block.handle if block is not None else "")
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
        if not block.handle or len(block.rows) >= _LONGEST_BLOCK:
            return block
        digest = blake2b(self._way, digest_size=_MARK_BYTES)
        for row in block.rows:
            digest.update(_CELL.join(self._meant(row.cells)).encode(errors="surrogatepass"))
            digest.update(_ROW)
        block.mark = digest.hexdigest()
        return block

    def _same(self, block: _Block) -> list[SameRow] | None:
        """The rows of a block that is as it was; None where it must be understood all the same."""
        if self._reader.knows(block.handle):
            return None
        same = []
        for row in block.rows:
            sku = self._reader.sku_of(row.cells[self._sku])
            stock = None
            if sku and self._stock is not None:
                stock, problem = self._reader.stock_of(row.cells[self._stock])
                if problem is not None:
                    return None
            same.append(SameRow(row.number, block.handle, sku, stock))
        self._passed.add(block.handle)
        self._reader.pass_over(block.handle, [(one.row, one.sku) for one in same if one.sku])
        return same

    def _understood(self, block: _Block) -> list[ReadRow]:
        read = [one for row in block.rows if (one := self._reader.read(row)) is not None]
        if all(one.handle == block.handle and one.action != "rejected" and not one.problems for one in read):
            for one in read:
                one.mark = block.mark
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
    return orjson.dumps(way) + _ROW
