"""The port to product files: an adapter turns bytes into a header and rows of text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Literal, Protocol, runtime_checkable


class UnreadableFile(Exception):
    """The file as a whole can't be read. The text says why and what to do; ``row`` is where reading stopped;
    ``detected`` what was found out all the same, so that a person can say what the columns hold."""

    def __init__(
        self, code: str, message: str, *, row: int | None = None, detected: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.row = row
        self.detected = detected


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a file is read."""

    rows: int
    columns: int = 500
    cell_characters: int = 1_000_000


@dataclass(slots=True)
class Row:
    """A row: its number in the file (the header is 1) and its cells, as many as the header has; ``wrong``: why none of
    them can be trusted, in words for people."""

    number: int
    cells: list[str]
    wrong: str = ""


def bounded(rows: Iterable[Row], limits: Limits) -> Iterator[Row]:
    """The rows, as long as there are not too many and no cell is too large; at least one there must be.

    Raises ``UnreadableFile``.
    """
    count, most, longest = 0, limits.rows, limits.cell_characters
    for count, row in enumerate(rows, start=1):
        if count > most:
            raise UnreadableFile(
                "too_many_rows", f"There are more than {limits.rows:,} rows. Split the file.", row=row.number
            )
        # Few rows are so long as a whole.
        if len("".join(row.cells)) > longest and max(map(len, row.cells)) > longest:
            raise UnreadableFile(
                "cell_too_large",
                f"Row {row.number}: a cell holds more than {limits.cell_characters:,} characters.",
                row=row.number,
            )
        yield row
    if count == 0:
        raise UnreadableFile("no_rows", "There is a header, but no row below it.")


class NotLines(Exception):
    """Some lines can't be read by themselves: a row goes on beyond the end of its line, or the lines are no text."""


class Lines(Protocol):
    """A file whose rows may be lines: what is between two line feeds (byte 10), whatever stands before and after it."""

    @property
    def way(self) -> Sequence[object]:
        """All that the cells of a line depend on besides the line, as plain values."""

    @property
    def header(self) -> int:
        """The line of the header, counted from 1."""

    def each_is_one(self, stream: BinaryIO) -> bool:
        """Whether each row was one line of the file, once all have been read."""

    def rows(self, first: int, lines: Sequence[bytes]) -> Iterator[Row]:
        """The rows of lines that stand together, the first of which has this number, as the whole file gives them.
        Raises ``NotLines``."""


@dataclass(slots=True)
class Table:
    """A file that is being read. ``columns`` are unique names in the order of the file; ``detected`` says what
    was found out about the file, for people. ``rows`` can be read once, and may raise ``UnreadableFile``.
    ``meant``: column → our field, where the format itself says what a column holds (an X12 element, BMEcat's price)."""

    columns: list[str]
    detected: Mapping[str, Any]
    rows: Iterator[Row]
    meant: Mapping[str, str] = field(default_factory=dict)
    #: Whether people lay such tables out: with titles of sections between the rows, and the header on every page.
    titled: bool = False
    #: Where programs wrote the numbers, with a point before their decimals: nowhere for certain, in cells of numbers
    #: beside people's texts (spreadsheets), or everywhere.
    pointed: Literal["", "cells", "all"] = ""
    #: Whether the format itself is one of stock and prices alone (X12 846).
    figures: bool = False
    #: Of a file whose rows may be lines, and which is the stream itself.
    lines: Lines | None = None


@runtime_checkable
class SupplierFeed(Protocol):
    """One format."""

    @property
    def name(self) -> str:
        """The adapter's name, as it stands in ``feed_runs.feed``."""

    @property
    def label(self) -> str:
        """The format's name for people."""

    def recognises(self, head: bytes, file_name: str) -> bool:
        """Whether a file that begins so and is called so is of this format."""

    def open(self, stream: BinaryIO, limits: Limits) -> Table:
        """Read a file from its start. Raises ``UnreadableFile``."""


@runtime_checkable
class NestedFeed(SupplierFeed, Protocol):
    """A format whose products may stand anywhere in a file. Tables, and errors, tell in ``detected`` where they were
    found (``record``) and where they may stand (``records``: each with its ``record``, how many ``times`` it is there,
    and names of what it ``holds``)."""

    def open_at(self, stream: BinaryIO, limits: Limits, record: str) -> Table:
        """The same, with the products where a person said that they stand; empty, or where the file has no such place:
        where they are found."""


def opened_at(feed: SupplierFeed, stream: BinaryIO, limits: Limits, record: str) -> Table:
    """A file read from its start, as ``NestedFeed`` has it where the format can. Raises ``UnreadableFile``."""
    if record and isinstance(feed, NestedFeed):
        return feed.open_at(stream, limits, record)
    return feed.open(stream, limits)
