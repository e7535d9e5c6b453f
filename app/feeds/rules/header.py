"""Where a table begins: files have titles, notes and empty rows above the row that names the columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from app.feeds.rules.fields import normal
from app.feeds.rules.names import LONGEST_NAME, is_name

_UNNAMED = re.compile(r"Column \d+")
#: Rows looked at for the one that names the columns.
LOOKED_AT = 40
#: Rows with a number in a place, from which on it is a column of numbers.
_ALIKE = 2


def header_index(rows: Sequence[Sequence[str]]) -> int | None:
    """The index of the row that names the columns; None where all rows are empty.

    The row with the most names that we know, if there are two of them; else the first row that is about as wide as
    the table and holds words, not numbers.
    """
    filled = [[cell.strip() for cell in row if cell.strip()] for row in rows[:LOOKED_AT]]
    if not any(filled):
        return None
    known = [known_names(row) for row in filled]
    most = max(known)
    if most >= 2:
        return known.index(most)
    width = max(len(row) for row in filled)
    for index, row in enumerate(filled):
        if len(row) >= max(1, 0.6 * width) and not any(_is_number(cell) for cell in row):
            return index
    return next(index for index, row in enumerate(filled) if row)


def known_names(row: Sequence[str]) -> int:
    """How many cells are names of columns that we know, each counted once."""
    return sum(map(is_name, {normal(cell): cell for cell in row if cell and len(cell) <= LONGEST_NAME}.values()))


def is_data(header: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether what would be the header is the first row of a list without one: none of its cells is a name that we
    know, and one is a number above numbers."""
    if known_names(header):
        return False
    return any(
        _is_number(cell.strip()) and sum(_is_number(row[place].strip()) for row in below if place < len(row)) >= _ALIKE
        for place, cell in enumerate(header)
    )


def unnamed(number: int) -> str:
    """The name of a column without one, by its number from 1 on."""
    return f"Column {number}"


def is_unnamed(name: str) -> bool:
    """Whether a column had no name."""
    return bool(_UNNAMED.fullmatch(name))


def unique_names(header: Sequence[str]) -> list[str]:
    """Names for all columns: unnamed ones are numbered, repeated ones counted."""
    seen: dict[str, int] = {}
    names = []
    for index, name in enumerate(header, start=1):
        name = name.replace("\x00", "") or unnamed(index)
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return names


def plain_number(value: float | Decimal) -> str:
    """A number of a program as text that can't be mistaken: no exponent, a point before its decimals, and never
    exactly three of them, which would look like thousands."""
    # Programs show 15 digits of a number; more are an error of reckoning.
    text = format(value if isinstance(value, Decimal) else Decimal(format(value, ".15g")), "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text + "0" if len(text.partition(".")[2]) == 3 else text


def _is_number(cell: str) -> bool:
    return cell.replace(".", "", 1).replace(",", "", 1).isdigit()
