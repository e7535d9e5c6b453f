"""Rows of separated text that are a line each: any of them can be read by itself."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import BinaryIO

from app.adapters._encodings import Written
from app.adapters.feeds.csv.records import fitted_rows
from app.feeds.feed import NotLines, Row

#: Encodings in which a line feed is byte 10, which stands for nothing else, and each line can be decoded by itself.
_OF_LINES = re.compile(r"utf[-_]8(?:-sig)?|cp\d+|iso8859_\d+|koi8_r|mac_roman")
_CHUNK = 1024 * 1024


def may_be_lines(written: Written) -> bool:
    """Whether a file that was written so can be told line from line by its bytes."""
    return _OF_LINES.fullmatch(written.encoding) is not None and written.errors == "strict" and not written.twice


class TextLines:
    """The ``Lines`` of a file that is being read."""

    def __init__(self, encoding: str, separator: str, *, quoted: bool) -> None:
        self.encoding = encoding
        self._separator, self._quoted = separator, quoted
        self.header, self.width = 0, 0
        #: How many there are in the file; none before all were read.
        self.records: int | None = None
        self._longer = False

    @property
    def way(self) -> Sequence[object]:
        """See ``Lines``."""
        return self.encoding, self._separator, self._quoted, self.width

    def note_longer(self) -> None:
        """A record is longer than its line."""
        self._longer = True

    def each_is_one(self, stream: BinaryIO) -> bool:
        """See ``Lines``. A carriage return by itself makes more records than lines."""
        if self._longer or self.records is None:
            return False
        stream.seek(0)
        count, last = 0, b""
        while piece := stream.read(_CHUNK):
            count += piece.count(b"\n")
            last = piece[-1:]
        return count + (last not in (b"", b"\n")) == self.records

    def rows(self, first: int, lines: Sequence[bytes]) -> Iterator[Row]:
        """See ``Lines``."""
        yield from fitted_rows(self._records(first, lines), self.width)

    def _records(self, first: int, lines: Sequence[bytes]) -> Iterator[Row]:
        try:
            text = [line.removesuffix(b"\r").decode(self.encoding) for line in lines]
        except UnicodeError as error:
            raise NotLines from error
        taken = 0

        def feed() -> Iterator[str]:
            nonlocal taken
            # One more line behind the last shows whether its quotes lead beyond it.
            for line in (*text, ""):
                if "\r" in line:
                    raise NotLines
                taken += 1
                yield f"{line}\n"

        reader = (
            csv.reader(feed(), delimiter=self._separator)
            if self._quoted
            else csv.reader(feed(), delimiter=self._separator, quoting=csv.QUOTE_NONE)
        )
        try:
            for count, cells in enumerate(islice(reader, len(text)), start=1):
                if taken != count:
                    raise NotLines
                yield Row(first + count - 1, cells)
        except csv.Error as error:
            raise NotLines from error
