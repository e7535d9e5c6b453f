"""Where a long list can be parted in two that are read apart, by two processes, as if it were read as a whole.

Each of its rows is a line, which whoever reads a half finds out; between the halves one product ends and another
begins; and no product and no SKU is named in both, which is looked at when both were read. Otherwise it is read as a
whole.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO

from app.feeds.feed import Lines, NotLines

#: How far behind its middle an end of a product is looked for, in bytes and lines.
_SIGHT, _LINES = 1024 * 1024, 500
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Half:
    """Lines of a file that stand together: the number of the first, and the bytes where they begin and end."""

    first: int
    begin: int
    end: int


def halves(stream: BinaryIO, lines: Lines, product_at: int, *, most: int) -> tuple[Half, Half] | None:
    """Both halves of a file, of which the column at ``product_at`` tells products; None where it can't be parted, or
    may have more than ``most`` lines."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(size // 2)
    near = stream.read(_SIGHT)
    below, sight = size // 2 + near.find(b"\n") + 1, near[near.find(b"\n") + 1 :].split(b"\n")[:-1][:_LINES]
    first, others = _count(stream, 0, below) + 1, _count(stream, below, size)
    if first <= lines.header or first + others > most:
        return None
    try:
        found = [row for row in lines.rows(first, sight) if not row.wrong]
    except NotLines:
        return None
    for above, row in pairwise(found):
        ids = above.cells[product_at].strip(), row.cells[product_at].strip()
        if all(ids) and ids[0] != ids[1] and row.number == above.number + 1:
            place = below + sum(len(line) + 1 for line in sight[: row.number - first])
            return Half(1, 0, place), Half(row.number, place, size)
    return None


def _count(stream: BinaryIO, begin: int, end: int) -> int:
    """The line feeds from one byte up to another."""
    stream.seek(begin)
    count = 0
    while begin < end and (piece := stream.read(min(_CHUNK, end - begin))):
        count += piece.count(b"\n")
        begin += len(piece)
    return count


def lines_of(stream: BinaryIO, half: Half) -> Iterator[tuple[int, Sequence[bytes]]]:
    """The lines of a half without their line feeds, many at once, each time with the number of the first. Raises
    ``NotLines`` where one is too long to be of a list."""
    stream.seek(half.begin)
    first, left, rest = half.first, half.end - half.begin, b""
    while piece := stream.read(min(_CHUNK, left)):
        left -= len(piece)
        *found, rest = (rest + piece).split(b"\n")
        if len(rest) > 4 * _CHUNK:
            raise NotLines
        if found:
            yield first, found
        first += len(found)
    if rest:
        yield first, [rest]
