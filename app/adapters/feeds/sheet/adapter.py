"""Spreadsheets: the sheet that holds the products, from the row that names its columns on."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, BinaryIO

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from app.feeds.feed import Limits, Row, Table, UnreadableFile, bounded
from app.feeds.rules.header import LOOKED_AT, header_index, known_names, plain_number, unique_names

_ENDINGS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_ZIP = b"PK\x03\x04"
_INSIDE = (b"[Content_Types].xml", b"xl/", b"mimetypeapplication/vnd.oasis", b"_rels/.rels", b"docProps/")
#: What a file may hold when it is unpacked: real sheets of 100,000 rows are a tenth of it.
_MOST_UNPACKED = 600 * 1024 * 1024
_MOST_TIMES = 300
_MOST_SHEETS = 100

Cell = int | float | str | bool | time | date | datetime | timedelta


class Sheet:
    """The ``SupplierFeed`` port for spreadsheets."""

    name = "sheet"
    label = "Excel"

    def recognises(self, head: bytes, file_name: str) -> bool:
        """By what is inside; the name alone can lie."""
        if head.startswith(_OLD_EXCEL):
            return True
        return head.startswith(_ZIP) and (
            file_name.lower().endswith(_ENDINGS) or any(inside in head for inside in _INSIDE)
        )

    def open(self, stream: BinaryIO, limits: Limits) -> Table:
        """Choose the sheet that looks most like a list of products; rows follow."""
        _refuse_bombs(stream)
        stream.seek(0)
        try:
            book = CalamineWorkbook.from_filelike(stream)
        except PasswordError as error:
            raise UnreadableFile("password", "The file has a password. Save it without one.") from error
        except (CalamineError, OSError, ValueError) as error:
            raise UnreadableFile("malformed", "The spreadsheet can't be read. Save it anew as .xlsx.") from error
        name, start, columns, taken, sheet = _best(book, limits)
        return Table(
            columns=columns,
            detected={"sheet": name, "sheets": book.sheet_names[:_MOST_SHEETS], "header_row": start + 1},
            rows=bounded(_rows(sheet.iter_rows(), sheet.start, start, taken), limits),
        )


def _refuse_bombs(stream: BinaryIO) -> None:
    """A zipped spreadsheet says beforehand how large it becomes."""
    stream.seek(0)
    if stream.read(4) != _ZIP:
        return
    try:
        with zipfile.ZipFile(stream) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise UnreadableFile("malformed", "The spreadsheet is damaged. Save it anew as .xlsx.") from error
    unpacked, packed = sum(entry.file_size for entry in entries), sum(entry.compress_size for entry in entries)
    if unpacked > _MOST_UNPACKED or (unpacked > 50 * 1024 * 1024 and unpacked > _MOST_TIMES * max(packed, 1)):
        raise UnreadableFile("too_large_unpacked", "The spreadsheet is too large when it is unpacked. Split it.")


def _best(book: CalamineWorkbook, limits: Limits) -> tuple[str, int, list[str], list[int], CalamineSheet]:
    """The sheet's name, its header's row (from 0), the columns' names and their places, and the sheet itself. A sheet
    is held whole in memory: no more than the best so far and the one looked at are there at once."""
    best: tuple[str, int, list[str], list[int], CalamineSheet] | None = None
    most = (-1, -1)
    for meta in book.sheets_metadata[:_MOST_SHEETS]:
        if meta.typ != SheetTypeEnum.WorkSheet or meta.visible != SheetVisibleEnum.Visible:
            continue
        sheet = book.get_sheet_by_name(meta.name)
        if sheet.start is None:
            continue
        top = [[_text(cell) for cell in row] for row, _ in zip(sheet.iter_rows(), range(LOOKED_AT), strict=False)]
        index = header_index(top)
        if index is None:
            continue
        taken = [place for place, cell in enumerate(top[index]) if cell.strip()]
        if len(taken) > limits.columns:
            raise UnreadableFile("too_many_columns", f"There are more than {limits.columns} columns.")
        score = (known_names(top[index]), sheet.total_height)
        if score > most:
            columns = unique_names([top[index][place].strip() for place in taken])
            best, most = (meta.name, index, columns, taken, sheet), score
    if best is None:
        raise UnreadableFile("empty", "The file holds no rows.")
    return best


def _rows(cells: Iterator[list[Any]], first: tuple[int, int] | None, header: int, taken: list[int]) -> Iterator[Row]:
    above = first[0] if first else 0
    for index, row in enumerate(cells):
        texts = [_text(row[place]) if place < len(row) else "" for place in taken] if index > header else []
        if any(texts):
            yield Row(above + index + 1, texts)


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
