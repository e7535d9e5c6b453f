"""Long numbers that a spreadsheet wrote in short, as ``4,00638E+12``: their last digits are lost for good."""

from __future__ import annotations

import re
from decimal import Decimal

from app.feeds.rules.records import Problem

_SHORT = re.compile(r"(\d)(?:[.,](\d+))?E\+(\d{1,2})", re.IGNORECASE | re.ASCII)
_ADVICE = "Give the column the format of text, and export the list anew."


def is_shortened(text: str) -> bool:
    """Whether a number was written in short; mostly several articles have the same one then."""
    return "+" in text and _SHORT.fullmatch(text.strip()) is not None


def whole_number(text: str) -> str:
    """The number that a short one stands for, where it has all its digits; nothing where some are lost."""
    found = _SHORT.fullmatch(text.strip())
    if found is None or len(found[2] or "") < int(found[3]):
        return ""
    number = Decimal(f"{found[1]}.{found[2]}").scaleb(int(found[3]))
    return str(int(number)) if number == number.to_integral_value() else ""


def problem_of(field: str, text: str, *, warning: bool = False) -> Problem:
    """What is wrong with a cell that holds one."""
    left_out = " It is left out." if warning else ""
    message = (
        f"{text[:40]!r} is a long number that a spreadsheet shortened: its last digits are lost. {_ADVICE}{left_out}"
    )
    return Problem(field, "shortened", message, warning=warning)
