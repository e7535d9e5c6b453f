"""Reading a file beside what is known of the last one: products that it says the same of are passed over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import BinaryIO

import orjson

from app.feeds.feed import Limits, NotLines, Row, Table
from app.feeds.halves import Half, halves, lines_of
from app.feeds.rules.known_lines import KnownProducts, parted
from app.feeds.rules.marks import KnownMarks, MarkedReader, SameRows, can_be_marked, way_of_lines
from app.feeds.rules.records import Reading, ReadProduct, ReadRow, TakenForKnown
from app.feeds.rules.same_lines import Stretch


class Beside:
    """The rows of an opened file, to be read once. ``rows``: all of them, as the reader takes them, which ``prepared``
    makes of others that stand together. ``decided``: what columns and values were taken for, as plain values."""

    def __init__(
        self,
        table: Table,
        rows: Iterator[Row],
        reading: Reading,
        limits: Limits,
        *,
        decided: Sequence[object],
        prepared: Callable[[Iterator[Row]], Iterator[Row]],
    ) -> None:
        self._decided = decided
        self._columns, self._lines = table.columns, table.lines
        self._rows, self._reading, self._limits, self._prepared = rows, reading, limits, prepared
        self._reader: MarkedReader | None = None
        self._by_lines = False

    @property
    def can_be_marked(self) -> bool:
        """Whether products can be passed over at all."""
        return can_be_marked(self._reading)

    @cached_property
    def way(self) -> str:
        """How its lines are read; empty where they can't be read by themselves."""
        if self._lines is None or not self.can_be_marked:
            return ""
        return way_of_lines(self._reading, (self._lines.way, self._columns, self._decided))

    def rows(self, known: KnownMarks) -> Iterator[ReadRow | ReadProduct | SameRows]:
        """The rows, but for products whose marks are given. To be asked where ``can_be_marked``. Raises
        ``TakenForKnown``."""
        self._reader = MarkedReader(self._reading, known)
        return self._reader.read(self._rows)

    def rows_of_lines(
        self, marks: Mapping[str, str], earlier: KnownProducts, stretches: Iterable[Stretch]
    ) -> Iterator[ReadRow | ReadProduct | SameRows]:
        """The same by its lines, of which an earlier file that was read in the same ``way`` told. Raises
        ``TakenForKnown``, and ``NotLines``: it is to be read from the beginning then."""
        self._reader, self._by_lines = MarkedReader(self._reading, lambda _: marks), True
        return self._reader.read_beside(self._parts(earlier.holding(marks), stretches))

    def halves(self, stream: BinaryIO) -> tuple[Half, Half] | None:
        """Two parts of the file that can be read apart (``rows_of_half``), each in a process of its own; None where it
        has to be read as a whole."""
        product_at = self._reading.fields.get("product_id")
        if self._lines is None or product_at is None or not self.way:
            return None
        return halves(stream, self._lines, product_at, most=self._limits.rows)

    def rows_of_half(
        self, marks: Mapping[str, str], stream: BinaryIO, half: Half
    ) -> Iterator[ReadRow | ReadProduct | SameRows]:
        """The rows of one of them, as ``rows``. What the other one's rows say is to be known (``join``) before they
        count. Raises ``TakenForKnown`` and ``NotLines`` where the file is to be read as a whole."""
        self._reader, self._by_lines = MarkedReader(self._reading, lambda _: marks), True
        return self._reader.read(self._prepared(self._rows_of_half(stream, half)))

    def _rows_of_half(self, stream: BinaryIO, half: Half) -> Iterator[Row]:
        lines = self._lines
        if lines is None:
            raise NotLines
        for first, some in lines_of(stream, half):
            above = max(0, lines.header - first + 1)
            for _ in lines.rows(first, some[:above]):
                # A header that is several lines shows.
                pass
            yield from lines.rows(first + above, some[above:])

    def said(self) -> bytes:
        """What whoever reads the other half has to know of this one (``join``), once all of it was read."""
        if self._reader is None:
            raise NotLines
        handles, skus = self._reader.named
        return orjson.dumps([list(handles), list(skus), self._reader.told.to_bytes(self.way).decode()])

    def join(self, said: bytes) -> None:
        """Put the second half (``said``) behind this one. Raises ``TakenForKnown`` where both name the same, and the
        file is to be read as a whole."""
        if self._reader is None:
            raise NotLines
        handles, skus = self._reader.named
        theirs_handles, theirs_skus, told = orjson.loads(said)
        if not (handles.isdisjoint(theirs_handles) and skus.isdisjoint(theirs_skus)):
            raise TakenForKnown(0)
        known = KnownProducts.from_bytes(told, self.way)
        if known is not None:
            self._reader.told.add(known)

    def _parts(self, earlier: KnownProducts, stretches: Iterable[Stretch]) -> Iterator[KnownProducts | Iterator[Row]]:
        lines = self._lines
        if lines is None:
            raise NotLines
        for part in parted(earlier, stretches):
            count = len(part.skus if isinstance(part, KnownProducts) else part.lines)
            first = part.firsts[0] if isinstance(part, KnownProducts) else part.first
            if first + count > self._limits.rows:
                # Too many, or nearly so.
                raise NotLines
            if isinstance(part, KnownProducts):
                if first <= lines.header:
                    raise NotLines
                yield part
                continue
            above = max(0, lines.header - first + 1)
            for _ in lines.rows(first, part.lines[:above]):
                # A header that is several lines shows.
                pass
            yield self._prepared(lines.rows(first + above, part.lines[above:]))

    def told(self, stream: BinaryIO) -> bytes | None:
        """What its lines told, once all was read from it, to be kept beside it; None where they told nothing that can
        be relied on. ``stream``: the file."""
        reader, lines = self._reader, self._lines
        if reader is None or lines is None or not reader.told.skus:
            return None
        return reader.told.to_bytes(self.way) if self._by_lines or lines.each_is_one(stream) else None
