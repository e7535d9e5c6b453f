"""CSV files: whatever their encoding and separator, row by row."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain, islice
from typing import BinaryIO, Literal

from app.adapters._encodings import beginning_of, how_written, is_utf_16
from app.adapters.feeds.csv.lines import TextLines, may_be_lines
from app.adapters.feeds.csv.quotes import quoted_rows, shape_of
from app.adapters.feeds.csv.records import filled_cells, fitted_rows
from app.feeds.feed import Limits, Row, Table, UnreadableFile, bounded
from app.feeds.rules.header import LOOKED_AT, header_index, is_data, known_names, unique_names

_HEAD = 256 * 1024
#: Zero bytes that a program left in its texts; files that are no text have more, or other signs of machines.
_FEW_ZEROS = 0.02
_OF_MACHINES = bytes({*range(1, 0x20)} - {*b"\t\n\v\f\r\x1a"})
_SEPARATORS = (",", ";", "\t", "|")
#: Marks that texts hold, too: they part cells only where they part names of columns.
_RARE_SEPARATORS = ("^", "~", ":")
#: Known names that make a header.
_NAMES = 2
#: How many of the first rows tell of columns that have no name.
_NEARLY_ALL = 0.9
_WHOLE, _CENTS = re.compile(r"\D{0,3}\d{1,6}"), re.compile(r"\d\d?\D{0,3}")
#: Beginnings of files that people mistake for CSV, and what they are.
_OTHERS = ((b"PK\x03\x04", "an Excel or ZIP file"), (b"\xd0\xcf\x11\xe0", "an old Excel file"), (b"%PDF", "a PDF"))
#: What other adapters read, whatever it is called.
_MARKUP = re.compile(r"<(?:\?xml|!doctype|html|table)\b", re.IGNORECASE)
_IN_WORKBOOKS = (b"[Content_Types].xml", b"xl/", b"mimetype", b"\xd0\xcf\x11\xe0")


class Csv:
    """The ``SupplierFeed`` port for separated text."""

    name = "csv"
    label = "CSV"

    def recognises(self, head: bytes, file_name: str) -> bool:
        """By the name, or by being text that is neither XML nor JSON."""
        if _looks_like_another(head):
            # So called by mistake: what it is instead is said when it is read, unless another adapter can read it.
            return file_name.lower().endswith(".csv") and not any(part in head for part in _IN_WORKBOOKS)
        beginning = beginning_of(head)
        if file_name.lower().endswith((".csv", ".tsv")) and not _MARKUP.match(beginning):
            return True
        return (b"\x00" not in head or is_utf_16(head)) and not beginning.startswith(("<", "{", "[", "ISA"))

    def open(self, stream: BinaryIO, limits: Limits) -> Table:
        """Find out encoding, separator and header; rows follow as they are read."""
        head = stream.read(_HEAD)
        _refuse_others(head)
        written = how_written(stream, head)
        stream.seek(0)
        text = written.text(stream)
        beginning = written.decoded(head)
        separator = _separator(beginning)
        csv.field_size_limit(limits.cell_characters)
        quoted = _is_quoted(beginning, separator)
        lines = TextLines(written.encoding.removesuffix("-sig"), separator, quoted=quoted)
        if quoted:
            reader = quoted_rows(text, shape_of(beginning, separator), lines.note_longer)
        else:
            reader = csv.reader(text, delimiter=separator, quoting=csv.QUOTE_NONE, strict=False)
        records = _records(reader, lines)
        header_row, header, below = _header(records, limits, separator)
        lines.header, lines.width = header_row, len(header)
        return Table(
            columns=unique_names(header),
            detected={"encoding": written.name, "separator": separator, "header_row": header_row},
            rows=bounded(fitted_rows(chain(below, records), len(header)), limits),
            titled=True,
            lines=lines if header_row and may_be_lines(written) else None,
        )


def _looks_like_another(head: bytes) -> str | None:
    return next((what for beginning, what in _OTHERS if head.startswith(beginning)), None)


def _refuse_others(head: bytes) -> None:
    if not head.strip():
        raise UnreadableFile("empty", "The file is empty.")
    other = _looks_like_another(head)
    if other is not None:
        raise UnreadableFile("not_csv", f"This is {other}, not a CSV file. Save it as CSV and upload that.")
    zeros = head.count(b"\x00")
    others = zeros and len(head) - len(head.translate(None, _OF_MACHINES))
    if (zeros > _FEW_ZEROS * len(head) or others) and not is_utf_16(head):
        raise UnreadableFile("binary", "This is not a text file. Save your list as CSV and upload that.")


#: Rows by which it is found out whether quotes enclose cells.
_COMPARED = 2000


def _separator(head: str) -> str:
    """The separator that makes most names of columns of a header; where none makes two, the one that splits the first
    rows into the most columns, alike in each. Titles above the header are not split at all."""
    best, most = ",", (_NAMES - 1, 0.0)
    for separator in (*_SEPARATORS, *_RARE_SEPARATORS):
        reader = csv.reader(io.StringIO(head, newline=""), delimiter=separator)
        rows: list[list[str]] = []
        with suppress(csv.Error):
            rows.extend(row for row in islice(reader, LOOKED_AT) if any(cell.strip() for cell in row))
        widths = Counter(len(row) for row in rows if len(row) > 1)
        if not widths:
            continue
        names = max(known_names([cell.strip().lstrip("\ufeff") for cell in row]) for row in rows)
        if separator in _RARE_SEPARATORS and names < _NAMES:
            continue
        width, alike = widths.most_common(1)[0]
        score = (max(names, _NAMES - 1), (width - 1) * alike / len(rows))
        if score > most:
            best, most = separator, score
    return best


def _is_quoted(head: str, separator: str) -> bool:
    """Whether quotes enclose cells. Programs that divide by tabs or semicolons often leave quotes alone, as inches or
    in HTML: then one that stands at the start of a cell must not swallow the rows that follow. What makes more rows of
    one length is right."""
    if separator == ",":
        return True
    return _alike(head, separator, csv.QUOTE_MINIMAL) >= _alike(head, separator, csv.QUOTE_NONE)


def _alike(head: str, separator: str, quoting: Literal[0, 3]) -> int:
    """How many of the first rows have the number of cells that most have."""
    widths: Counter[int] = Counter()
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=separator, quoting=quoting)
    # A quote that is never closed may swallow more than a cell can hold.
    with suppress(csv.Error):
        widths.update(len(row) for row in islice(reader, _COMPARED) if any(cell.strip() for cell in row))
    return max(widths.values(), default=0)


def _records(reader: Iterator[list[str]], lines: TextLines) -> Iterator[Row]:
    """Rows by their number, counted as records: a line break inside quotes does not count."""
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            yield Row(number, cells)
        lines.records = number
    except csv.Error as error:
        at = number + 1
        if "field larger" in str(error):
            raise UnreadableFile(
                "cell_too_large", f"Row {at}: a cell holds more than a million characters.", row=at
            ) from error
        raise UnreadableFile("malformed", f"Row {at} can't be read: {error}.", row=at) from error
    except UnicodeError as error:
        at = number + 1
        raise UnreadableFile(
            "encoding", f"Near row {at} there are bytes that are no text. Save the file as UTF-8.", row=at
        ) from error


def _header(records: Iterator[Row], limits: Limits, separator: str) -> tuple[int, list[str], list[Row]]:
    """The header's row number (0: there is none), its cells, and the rows below it that were read to find it."""
    first = list(islice(records, LOOKED_AT))
    index = header_index([row.cells for row in first])
    if index is None:
        raise UnreadableFile("empty", "The file holds no rows.")
    header = [cell.strip().lstrip("\ufeff") for cell in first[index].cells]
    while header and not header[-1]:
        header.pop()
    header += [""] * _unnamed(len(header), [row.cells for row in first[index + 1 :]], separator)
    if len(header) > limits.columns:
        raise UnreadableFile("too_many_columns", f"There are more than {limits.columns} columns.")
    below = first[index + 1 :]
    if is_data(header, [row.cells for row in below]):
        return 0, [""] * len(header), first[index:]
    return first[index].number, header, below


def _unnamed(named: int, below: Sequence[Sequence[str]], separator: str) -> int:
    """How many columns more than the header nearly all rows fill. Where commas part the cells and one of them is a
    whole number before two digits, these are a price whose comma was taken for a separator, and there are none."""
    filled = [cells for cells in below if any(cell.strip() for cell in cells)]
    widths = Counter(filled_cells(cells) for cells in filled)
    width, alike = widths.most_common(1)[0] if widths else (0, 0)
    if width <= named or alike < _NEARLY_ALL * len(filled):
        return 0
    usual = [cells for cells in filled if filled_cells(cells) == width]
    torn = separator == "," and any(
        all(_WHOLE.fullmatch(cells[place].strip()) and _CENTS.fullmatch(cells[place + 1].strip()) for cells in usual)
        for place in range(width - 1)
    )
    return 0 if torn else width - named
