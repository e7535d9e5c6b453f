"""Which lines of a file stand in an earlier one, in the same order: most of a list that is sent again.

Both are read side by side, some megabytes at a time. Lines that stand elsewhere than their neighbours may be taken for
new ones, never the other way round.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import ne
from typing import BinaryIO

from app.feeds.feed import NotLines

_CHUNK = 4 * 1024 * 1024
#: Lines that are there to be looked at, but at the end of a file.
_LEAST = 1000
#: Lines compared in one go.
_TOGETHER = 256
#: So many lines around a difference are looked at first: mostly few were changed, put in or left out.
_NEAR = 12


@dataclass(frozen=True, slots=True)
class Stretch:
    """Lines that stand together, without their line feeds: the number of the first, counted from 1, and its number in
    the earlier file; None where they do not stand there."""

    first: int
    before: int | None
    lines: Sequence[bytes]


def compared(earlier: BinaryIO, new: BinaryIO) -> Iterator[Stretch]:
    """All lines of a file in order. Raises ``NotLines`` where one is too long to be of a list."""
    old, lines = _Window(earlier), _Window(new)
    while lines.fill():
        old.fill()
        alike = _alike(old, lines)
        if alike:
            before = old.number
            old.take(alike)
            yield Stretch(lines.number, before, lines.take(alike))
            continue
        left_out, put_in = _until_alike(old, lines)
        old.take(left_out)
        if put_in:
            yield Stretch(lines.number, None, lines.take(put_in))


class _Window:
    """A file's next lines, the first of which has a number."""

    def __init__(self, stream: BinaryIO) -> None:
        self._left = stream.seek(0, os.SEEK_END)
        stream.seek(0)
        self._stream, self._rest = stream, b""
        self._places: dict[bytes, int] | None = None
        self.lines: list[bytes] = []
        self.at, self.number, self.ended = 0, 1, False

    def fill(self) -> bool:
        """Have some lines to look at; False where there are none any more."""
        while len(self.lines) - self.at < _LEAST and not self.ended:
            del self.lines[: self.at]
            self.at, self._places = 0, None
            piece = self._stream.read(_CHUNK)
            found = (self._rest + piece).split(b"\n")
            self._rest = found.pop()
            if len(self._rest) > _CHUNK:
                raise NotLines
            self.lines += found
            self._left -= len(piece)
            if not piece:
                self.ended = True
                if self._rest:
                    self.lines.append(self._rest)
        return self.at < len(self.lines)

    def take(self, count: int) -> Sequence[bytes]:
        """The next lines; those behind them are the next then."""
        taken = self.lines[self.at : self.at + count]
        self.at += count
        self.number += count
        return taken

    @property
    def size(self) -> int:
        """How many lines can be looked at."""
        return len(self.lines) - self.at

    @property
    def left(self) -> int:
        """About how many bytes there still are."""
        return self._left + sum(map(len, self.lines[self.at :]))

    def place_of(self, line: bytes) -> int | None:
        """How many lines further one stands, if it does."""
        if self._places is None:
            self._places = {one: place for place, one in enumerate(self.lines)}
        place = self._places.get(line, -1) - self.at
        return place if place >= 0 else None


def _alike(old: _Window, new: _Window) -> int:
    """How many of the next lines are the same in both."""
    count = 0
    while True:
        ours = old.lines[old.at + count : old.at + count + _TOGETHER]
        theirs = new.lines[new.at + count : new.at + count + _TOGETHER]
        if not ours or not theirs:
            return count
        if ours != theirs:
            size = min(len(ours), len(theirs))
            return count + next((place for place, other in enumerate(map(ne, ours, theirs)) if other), size)
        count += len(ours)


def _until_alike(old: _Window, new: _Window) -> tuple[int, int]:
    """How many of the next lines were left out of the earlier file and put in the new one, until some are the same."""
    for apart in range(1, _NEAR):
        for left_out in range(apart + 1):
            if _meet(old, left_out, new, apart - left_out):
                return left_out, apart - left_out
    for put_in in range(new.size):
        found = old.place_of(new.lines[new.at + put_in])
        if found is not None and _meet(old, found, new, put_in):
            return found, put_in
    # Nothing in sight is in both: the longer file has more of its own.
    longer = old.left - new.left
    return old.size if longer >= 0 else 0, new.size if longer <= 0 or not old.size else 0


def _meet(old: _Window, left_out: int, new: _Window, put_in: int) -> bool:
    if left_out >= old.size or put_in >= new.size:
        return False
    line = old.lines[old.at + left_out]
    return bool(line.strip()) and line == new.lines[new.at + put_in]
