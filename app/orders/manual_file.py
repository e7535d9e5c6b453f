"""Orders in a CSV file: reading it row by row, and giving the rows back that could not be taken. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.kit.csv_lines import csv_line, read_cell
from app.kit.errors import Invalid

REQUIRED = ("order_number", "sku", "quantity", "name", "address1", "city", "country_code")
ADDRESS = (
    "name", "company", "address1", "address2", "postal_code", "city", "province", "country_code", "phone", "email",
)  # fmt: skip
COLUMNS = ("order_number", "sku", "supplier", "quantity", *ADDRESS, "method", "note")
#: What one file may hold, and how large it may be.
MOST_ROWS, MOST_ORDERS, LARGEST_FILE = 1_000, 200, 500_000
_LONGEST_CELL = 500
_SEPARATORS = ",;\t"


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the file by column. ``number`` is the line's, the head being the first."""

    number: int
    cells: Mapping[str, str]

    def get(self, column: str) -> str:
        """A cell without spaces around it; empty where the file has no such column."""
        return self.cells.get(column, "")


def read_orders(data: bytes) -> list[Row]:
    """The rows of a file. Raises ``Invalid`` for a file that is none of ours: too large, no rows, columns missing or
    unknown."""
    if len(data) > LARGEST_FILE:
        raise _bad("too_large", f"A file has at most {LARGEST_FILE // 1000} kB. Split it.")
    text = _text(data)
    head = text.split("\n", 1)[0]
    separator = max(_SEPARATORS, key=head.count)
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    try:
        lines = [line for line in reader if any(cell.strip() for cell in line)]
    except csv.Error as error:
        raise _bad("unreadable", f"The file can't be read as CSV: {error}.") from error
    if not lines:
        raise _bad("empty", "The file is empty. Begin with the template.")
    names = [name.strip().casefold().replace(" ", "_") for name in lines[0]]
    # A file of refused rows, mended, comes back with its reasons.
    known = {*COLUMNS, "reason"}
    missing = [name for name in REQUIRED if name not in names]
    unknown = [name for name in names if name and name not in known]
    if missing:
        raise _bad("columns_missing", f"These columns are missing: {', '.join(missing)}.")
    if unknown:
        raise _bad("columns_unknown", f"These columns are unknown: {', '.join(unknown)}. Take them out.")
    if len(names) != len(set(names)):
        raise _bad("columns_repeated", "A column stands twice in the file.")
    if len(lines) == 1:
        raise _bad("empty", "The file has no orders, only the head.")
    if len(lines) - 1 > MOST_ROWS:
        raise _bad("too_many", f"A file has at most {MOST_ROWS} rows. Split it.")
    return [
        Row(number, {name: read_cell(cell.strip())[:_LONGEST_CELL] for name, cell in zip(names, line, strict=False)})
        for number, line in enumerate(lines[1:], start=2)
    ]


def by_order(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Order number → its rows, in the file's order; those without a number stand under the empty one."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.get("order_number"), []).append(row)
    return found


def rejected_file(rows: Iterable[tuple[Row, str]]) -> str:
    """Rows with the reason why they were not taken, as a file that can be mended and sent again."""
    lines = [csv_line([*COLUMNS, "reason"])]
    lines += [csv_line([*(row.get(name) for name in COLUMNS), reason]) for row, reason in rows]
    return "".join(lines)


def template_file() -> str:
    """The columns, with two rows that show how an order of two lines is written."""
    first = {
        "order_number": "2001", "sku": "LAMP-BLK", "quantity": "2", "name": "Ada Lovelace",
        "address1": "12 St James's Square", "postal_code": "SW1Y 4JH", "city": "London", "country_code": "GB",
        "email": "ada@example.com",
    }  # fmt: skip
    second = {"order_number": "2001", "sku": "CHAIR-OAK", "quantity": "1"}
    return "".join(csv_line(line) for line in [COLUMNS, *(_cells(one) for one in (first, second))])


def _cells(row: Mapping[str, str]) -> Sequence[str]:
    return [row.get(name, "") for name in COLUMNS]


def _text(data: bytes) -> str:
    if b"\x00" in data:
        raise _bad("unreadable", "This is not a CSV file. Save the sheet as CSV.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What spreadsheets of western Europe write.
        return data.decode("cp1252", errors="replace")


def _bad(code: str, message: str) -> Invalid:
    return Invalid.field("file", code, message)
