"""Rows of quoted text in which a quote is not closed where its cell ends.

Such a quote (an inch, a name in quotes) swallows the rows below it up to the next quote: they would be one cell of one
row. Where what was swallowed looks like rows, the line with the quote is read as it stands, and those below it anew.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

_NUMBER = re.compile(r"-?\d[\d.,]*")
#: Rows from which it is learned what a row looks like, and how many of them have a number where rows have one.
_LEARNED_FROM, _NEARLY_ALL = 200, 0.9
#: Narrower tables have rows that any text looks like.
_NARROW = 2


@dataclass(frozen=True, slots=True)
class Shape:
    """What a row of a file looks like: how many cells most have, and which of them are numbers."""

    separator: str
    width: int
    numbers: Sequence[int]

    def fits(self, cells: Sequence[str]) -> bool:
        """Whether cells look like a row."""
        return len(cells) == self.width and all(_may_be_number(cells[place]) for place in self.numbers)

    def split(self, line: str) -> list[str]:
        """The cells of a line whose quotes enclose none, but for cells that are enclosed as a whole."""
        return [_bare(cell) for cell in line.rstrip("\r\n").split(self.separator)]

    def fits_line(self, line: str) -> bool:
        """Whether a line looks like a row, whatever its quotes are."""
        # Lines of descriptions mostly have fewer.
        if line.count(self.separator) < self.width - 1:
            return False
        return self.fits(self.split(line)) or self.fits(next(csv.reader([line], delimiter=self.separator), []))


def shape_of(head: str, separator: str) -> Shape:
    """What the first rows of a file look like."""
    rows: list[list[str]] = []
    with suppress(csv.Error):
        rows.extend(islice(csv.reader(io.StringIO(head, newline=""), delimiter=separator), _LEARNED_FROM))
    widths = Counter(len(row) for row in rows if len(row) > 1)
    width = widths.most_common(1)[0][0] if widths else 0
    # The first one is mostly the header.
    usual = [row for row in rows if len(row) == width][1:]
    numbers = [
        place
        for place in range(width)
        if usual and sum(_is_number(row[place]) for row in usual) >= _NEARLY_ALL * len(usual)
    ]
    return Shape(separator, width, numbers)


def quoted_rows(text: Iterable[str], shape: Shape, goes_on: Callable[[], None]) -> Iterator[list[str]]:
    """The cells of each row of separated text whose quotes enclose cells. ``goes_on`` is told where quotes lead beyond
    the end of a line. Raises ``csv.Error``."""
    held: list[str] = []
    lines = iter(text)
    again: deque[str] = deque()
    hold = held.append

    def feed() -> Iterator[str]:
        while again:
            line = again.popleft()
            hold(line)
            yield line
        for line in lines:
            hold(line)
            yield line

    reader = csv.reader(feed(), delimiter=shape.separator)
    while True:
        try:
            for cells in reader:
                if len(held) > 1:
                    goes_on()
                    if _swallowed(held, shape):
                        break
                if len(cells) < shape.width and _is_cut_short(held, shape):
                    goes_on()
                    cells = shape.split(held[0])
                held.clear()
                yield cells
            else:
                return
        except csv.Error:
            if not _swallowed(held, shape):
                raise
        first, *others = held
        held.clear()
        yield shape.split(first)
        again.extendleft(reversed(others))
        reader = csv.reader(feed(), delimiter=shape.separator)


def _swallowed(lines: Sequence[str], shape: Shape) -> bool:
    """Whether lines that were read as one row are several."""
    if shape.width <= _NARROW or len(lines) < 2:
        return False
    first, *others = (line for line in lines if line.strip())
    alike = sum(map(shape.fits_line, others))
    if shape.numbers and shape.fits(shape.split(first)) and alike > len(others) / 2:
        return True
    return alike > 0 and not _is_well_quoted(lines, shape.separator)


def _is_cut_short(lines: Sequence[str], shape: Shape) -> bool:
    """Whether the last row of a file lacks the cells behind a quote that is never closed."""
    if '"' not in lines[0] or any(line.strip() for line in lines[1:]):
        return False
    return shape.fits(shape.split(lines[0])) and not _is_well_quoted(lines, shape.separator)


def _is_well_quoted(lines: Sequence[str], separator: str) -> bool:
    try:
        return len(list(csv.reader(lines, delimiter=separator, strict=True))) == 1
    except csv.Error:
        return False


def _is_number(cell: str) -> bool:
    return bool(_NUMBER.fullmatch(cell.strip()))


def _may_be_number(cell: str) -> bool:
    return not cell.strip() or _is_number(cell)


def _bare(cell: str) -> str:
    return cell[1:-1] if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell
