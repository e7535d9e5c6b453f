"""Lines of CSV that are safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from decimal import Decimal

#: Characters that spreadsheets take for the start of a formula (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_line(cells: Sequence[str | int | Decimal]) -> str:
    """One line, its end included. A text that a spreadsheet would run gets an apostrophe before it; numbers stay."""
    out = io.StringIO()
    csv.writer(out).writerow(
        [f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell for cell in cells]
    )
    return out.getvalue()


def read_cell(cell: str) -> str:
    """A text that ``csv_line`` wrote, as it was: without the apostrophe before what a spreadsheet would run."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell
