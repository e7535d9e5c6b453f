"""Where a table begins: files have titles, notes and empty rows above the row that names the columns."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from app.feeds.rules.fields import BY_NAME, OPTION_COLUMNS, normal

#: Rows looked at for the one that names the columns.
LOOKED_AT = 40
_LONGEST_NAME = 80


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
    names = {normal(cell) for cell in row if len(cell) <= _LONGEST_NAME}
    return sum(name in BY_NAME or name in OPTION_COLUMNS for name in names)


def unique_names(header: Sequence[str]) -> list[str]:
    """Names for all columns: unnamed ones are numbered, repeated ones counted."""
    seen: dict[str, int] = {}
    names = []
    for index, name in enumerate(header, start=1):
        name = name or f"Column {index}"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return names


def plain_number(value: float | Decimal) -> str:
    """A number of a program as text that can't be mistaken: no exponent, a point before its decimals, and never
    exactly three of them, which would look like thousands."""
    text = format(value if isinstance(value, Decimal) else Decimal(repr(value)), "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text + "0" if len(text.partition(".")[2]) == 3 else text


def _is_number(cell: str) -> bool:
    return cell.replace(".", "", 1).replace(",", "", 1).isdigit()
