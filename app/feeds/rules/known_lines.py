"""What the lines of a file say, product by product, kept beside the file: where a later file has the same lines and is
read in the same way, they need be neither parsed nor hashed.

Of a product whose rows stand together its mark (``marks``), SKUs and stock follow from their lines alone, whatever
stands before and behind them, as long as no other line of the file tells of the product or of one of its SKUs. That
nothing has changed the product since is the mark's matter.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain, compress, repeat
from operator import add, eq, ne

import orjson

from app.feeds.rules.same_lines import Stretch


@dataclass(slots=True)
class KnownProducts:
    """Products in the order of a file, each row of which is a line with an SKU: of each the line of its first row, how
    many there are, its handle and mark; of each row its SKU, and its units in stock (None: it tells nothing of
    them)."""

    firsts: list[int] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    handles: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    skus: list[str] = field(default_factory=list)
    stocks: list[int | None] = field(default_factory=list)

    def add(self, more: KnownProducts) -> None:
        """Put others behind them."""
        self.firsts += more.firsts
        self.sizes += more.sizes
        self.handles += more.handles
        self.marks += more.marks
        self.skus += more.skus
        self.stocks += more.stocks

    def add_one(self, first: int, handle: str, mark: str, skus: Sequence[str], stocks: Sequence[int | None]) -> None:
        """Put one behind them."""
        self.firsts.append(first)
        self.sizes.append(len(skus))
        self.handles.append(handle)
        self.marks.append(mark)
        self.skus += skus
        self.stocks += stocks

    @property
    def row_handles(self) -> list[str]:
        """The handle of each row."""
        return list(chain.from_iterable(map(repeat, self.handles, self.sizes)))

    def to_bytes(self, way: str) -> bytes:
        """As it is kept; ``way``: how the file was read."""
        return orjson.dumps([way, *(getattr(self, name) for name in self.__slots__)])

    @classmethod
    def from_bytes(cls, kept: bytes, way: str) -> KnownProducts | None:
        """As it was kept; None where the file was read in another way."""
        told, *columns = orjson.loads(kept)
        return cls(*columns) if told == way else None

    def holding(self, marks: Mapping[str, str]) -> KnownProducts:
        """Those that are as their marks say, by ``marks`` (handle → mark)."""
        holds = list(map(eq, map(marks.get, self.handles), self.marks))
        if all(holds):
            return self
        of_row = list(chain.from_iterable(map(repeat, holds, self.sizes)))
        return KnownProducts(
            list(compress(self.firsts, holds)),
            list(compress(self.sizes, holds)),
            list(compress(self.handles, holds)),
            list(compress(self.marks, holds)),
            list(compress(self.skus, of_row)),
            list(compress(self.stocks, of_row)),
        )


@dataclass(frozen=True, slots=True)
class OtherLines:
    """Lines that stand together and are to be read, with the number of the first."""

    first: int
    lines: Sequence[bytes]


def parted(known: KnownProducts, stretches: Iterable[Stretch]) -> Iterator[KnownProducts | OtherLines]:
    """A file in its order: products that an earlier file's lines told of, without other lines between them, and all
    other lines."""
    index = _Index(known)
    first, waiting = 1, list[bytes]()
    for stretch in stretches:
        told = 0
        for begin, end in index.within(stretch):
            start = known.firsts[begin] - stretch.before if stretch.before is not None else 0
            waiting += stretch.lines[told:start]
            if waiting:
                yield OtherLines(first, waiting)
            part = index.part(begin, end, stretch.first + start)
            yield part
            told = start + len(part.skus)
            first, waiting = stretch.first + told, []
        waiting += stretch.lines[told:]
    if waiting:
        yield OtherLines(first, waiting)


class _Index:
    """Where what stands."""

    def __init__(self, known: KnownProducts) -> None:
        self._known = known
        #: Behind the last line of each product, where its rows begin among all rows, and those that do not follow the
        #: one before at once.
        self._ends = list(map(add, known.firsts, known.sizes))
        self._rows = [0, *accumulate(known.sizes)]
        self._apart = [place for place, other in enumerate(map(ne, known.firsts[1:], self._ends), start=1) if other]

    def within(self, stretch: Stretch) -> Iterator[tuple[int, int]]:
        """The products of a stretch's lines, from one up to another, each time as many as stand together."""
        if stretch.before is None:
            return
        begin = bisect_left(self._known.firsts, stretch.before)
        last = bisect_right(self._ends, stretch.before + len(stretch.lines))
        while begin < last:
            place = bisect_right(self._apart, begin)
            end = min(last, self._apart[place]) if place < len(self._apart) else last
            yield begin, end
            begin = end

    def part(self, begin: int, end: int, first: int) -> KnownProducts:
        """Some of them that stand together, from a line on."""
        known, rows, moved = self._known, slice(self._rows[begin], self._rows[end]), first - self._known.firsts[begin]
        return KnownProducts(
            [line + moved for line in known.firsts[begin:end]],
            known.sizes[begin:end],
            known.handles[begin:end],
            known.marks[begin:end],
            known.skus[rows],
            known.stocks[rows],
        )
