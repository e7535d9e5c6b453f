"""What a cell says of an article's GTIN."""

from __future__ import annotations

import re

from app.catalog.rules import gtin_problem
from app.feeds.rules.records import Problem
from app.feeds.rules.shortened import is_shortened, problem_of, whole_number

_BETWEEN = re.compile(r"[\s'-]")
#: Longer texts are no GTIN, whatever stands before it.
_LONGEST = 60
#: Digits of a UPC whose leading zero a spreadsheet took for none.
_WITHOUT_ZERO = 11
_LABEL = re.compile(r"(?:EAN|GTIN|UPC)(?:-?1[234])?\s*[:#]?\s*(?=\d)", re.IGNORECASE)
_DECIMALS = re.compile(r"(?<=\d)[.,]0+$")


def read_gtin(text: str, problems: list[Problem]) -> str | None:
    """The GTIN that a cell gives, if any."""
    if not text:
        return None
    gtin = text
    if not text.isdigit():
        gtin = whole_number(text) or _DECIMALS.sub("", _BETWEEN.sub("", _LABEL.sub("", text[:_LONGEST], count=1)))
    if not gtin.strip("0"):
        return None
    reason = gtin_problem(gtin)
    if reason is None:
        return gtin
    if len(gtin) == _WITHOUT_ZERO and gtin_problem(f"0{gtin}") is None:
        return f"0{gtin}"
    if is_shortened(text):
        problems.append(problem_of("gtin", text, warning=True))
    else:
        problems.append(Problem("gtin", "bad_gtin", f"{reason} It is left out.", warning=True))
    return None
