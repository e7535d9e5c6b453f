"""The sheets of a spreadsheet that hold the products, each from the row that names its columns on. This is done in a
process of its own (``apart``), which needs nothing but this."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, BinaryIO, Protocol

from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from app.adapters.feeds.sheet.tables import tables_of
from app.feeds.feed import UnreadableFile
from app.feeds.rules.fields import normal
from app.feeds.rules.header import LOOKED_AT, header_index, is_data, known_names, plain_number, unique_names, unnamed

_MOST_SHEETS = 100
#: How the process that reads ends where it would need more memory than it may have.
NO_MEMORY = 3
DAMAGED = "The spreadsheet can't be read. Save it anew as .xlsx."
#: Names that we know by which a header tells what a sheet is about, and the columns that sheets of one list share.
_TELLING, _ALIKE = 2, 0.8
#: The place of a column that a sheet lacks: beyond all.
_NOWHERE = 1 << 20

#: What cells of workbooks hold.
Cell = int | float | str | bool | time | date | datetime | timedelta
#: A row's number in the file, and its cells as texts.
NumberedRow = tuple[int, list[str]]


def read_lists(stream: BinaryIO, most_columns: int) -> tuple[list[str], dict[str, Any], Iterator[NumberedRow]]:
    """The columns of the sheet that looks most like a list of products, what was found out, and the rows of that sheet
    and of those like it. Raises ``UnreadableFile``, also while rows are read."""
    with _damages_told():
        book = tables_of(stream) or _Workbook.of(stream)
        lists, best, opened = _lists(book, most_columns)
    read = [table.sheet for table in lists]
    detected = {
        **({"format": book.kind} if book.kind else {}),
        "sheet": best.sheet,
        "sheets": book.sheet_names[:_MOST_SHEETS],
        "sheets_read": read,
        "sheets_skipped": [name for name in book.sheet_names[:_MOST_SHEETS] if name not in read],
        "header_row": best.header + 1,
    }
    return list(best.columns), detected, _rows(book, lists, best, opened)


class _Sheet(Protocol):
    """A sheet: where its cells begin (None: it has none), and its rows."""

    @property
    def start(self) -> tuple[int, int] | None: ...

    @property
    def total_height(self) -> int: ...

    def iter_rows(self) -> Iterator[Sequence[Cell]]: ...


class _Book(Protocol):
    """A file of sheets: their names, those to be looked at, and ``kind`` where it is no workbook."""

    @property
    def kind(self) -> str: ...

    @property
    def sheet_names(self) -> list[str]: ...

    @property
    def sheets(self) -> list[str]: ...

    def get_sheet_by_name(self, name: str) -> _Sheet: ...


@dataclass(frozen=True, slots=True)
class _Workbook:
    """A real workbook, whose hidden sheets and charts are left alone."""

    book: CalamineWorkbook
    kind: str = ""

    @classmethod
    def of(cls, stream: BinaryIO) -> _Workbook:
        stream.seek(0)
        return cls(CalamineWorkbook.from_filelike(stream))

    @property
    def sheet_names(self) -> list[str]:
        return self.book.sheet_names

    @property
    def sheets(self) -> list[str]:
        return [
            meta.name
            for meta in self.book.sheets_metadata[:_MOST_SHEETS]
            if meta.typ == SheetTypeEnum.WorkSheet and meta.visible == SheetVisibleEnum.Visible
        ]

    def get_sheet_by_name(self, name: str) -> _Sheet:
        return self.book.get_sheet_by_name(name)


@contextmanager
def _damages_told() -> Iterator[None]:
    """What the library says of damaged files, in words for people."""
    try:
        yield
    except PasswordError as error:
        raise UnreadableFile("password", "The file has a password. Save it without one.") from error
    except (CalamineError, OSError, ValueError) as error:
        raise UnreadableFile("malformed", DAMAGED) from error
    except BaseException as error:
        # It gives up on some damages in a way of its own, which is no ``Exception``.
        if type(error).__name__ != "PanicException":
            raise
        raise UnreadableFile("malformed", DAMAGED) from None


@dataclass(frozen=True, slots=True)
class _List:
    """The table on a sheet: its header's row (from 0; -1: it has none), its columns' names and their places."""

    sheet: str
    header: int
    columns: Sequence[str]
    places: Sequence[int]
    known: int


def _lists(book: _Book, most_columns: int) -> tuple[list[_List], _List, _Sheet]:
    """The sheets with the same columns as the one that looks most like a list of products, in their order; that one;
    and it itself. A sheet is held whole in memory: no more than the best so far and the one looked at are there at
    once."""
    found: list[_List] = []
    best: tuple[_List, _Sheet] | None = None
    most = (-1, -1)
    for name in book.sheets:
        sheet = book.get_sheet_by_name(name)
        if sheet.start is None:
            continue
        table = _list_of(name, sheet)
        if table is None:
            continue
        if len(table.columns) > most_columns:
            raise UnreadableFile("too_many_columns", f"There are more than {most_columns} columns.")
        found.append(table)
        score = (table.known, sheet.total_height)
        if score > most:
            best, most = (table, sheet), score
    if best is None:
        raise UnreadableFile("empty", "The file holds no rows.")
    return [one for one in found if one is best[0] or _is_same(best[0], one)], *best


def _list_of(name: str, sheet: _Sheet) -> _List | None:
    top = [[_text(cell) for cell in row] for row, _ in zip(sheet.iter_rows(), range(LOOKED_AT), strict=False)]
    index = header_index(top)
    if index is None:
        return None
    header, below = top[index], top[index + 1 :]
    if is_data(header, below):
        return _List(name, index - 1, [unnamed(place + 1) for place in range(len(header))], range(len(header)), 0)
    # A name over two merged cells stands in the first of them.
    filled = [row for row in below if any(row)]
    places = [
        place
        for place, cell in enumerate(header)
        if cell or (filled and sum(bool(row[place]) for row in filled if place < len(row)) >= len(filled) / 2)
    ]
    columns = unique_names([header[place] or unnamed(place + 1) for place in places])
    return _List(name, index, columns, places, known_names(header))


def _is_same(best: _List, other: _List) -> bool:
    """Whether the columns are the same, but for a few."""
    if best.known < _TELLING or other.known < _TELLING:
        return False
    ours, theirs = ({normal(column) for column in one.columns} for one in (best, other))
    return len(ours & theirs) >= _ALIKE * max(len(ours), len(theirs))


def _rows(book: _Book, lists: Sequence[_List], best: _List, opened: _Sheet) -> Iterator[NumberedRow]:
    """The rows of all lists in the columns of the best, which is ``opened``; those of later sheets are counted on."""
    counted = 0
    for table in lists:
        with _damages_told():
            sheet = opened if table is best else book.get_sheet_by_name(table.sheet)
        by_name = dict(zip(map(normal, table.columns), table.places, strict=True))
        taken = [by_name.get(normal(column), _NOWHERE) for column in best.columns]
        if table is best:
            taken = list(table.places)
        above = sheet.start[0] if sheet.start else 0
        number = counted
        for index, row in enumerate(sheet.iter_rows()):
            number = counted + above + index + 1
            texts = [_text(row[place]) if place < len(row) else "" for place in taken] if index > table.header else []
            if any(texts):
                yield number, texts
        counted = number


def _text(cell: Cell) -> str:
    """A cell as text. Numbers are written plainly, so that an article number of 13 digits stays one."""
    if isinstance(cell, str):
        return cell.replace("\x00", "").strip()
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int):
        return str(cell)
    if isinstance(cell, float):
        return "" if cell != cell else str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else plain_number(cell)
    return cell.isoformat() if isinstance(cell, (date, time)) else str(cell)
