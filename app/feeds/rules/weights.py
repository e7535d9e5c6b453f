"""Weights that name no unit."""

from __future__ import annotations

from collections.abc import Iterable

from app.feeds.rules.cells import NOTHING
from app.feeds.rules.numbers import NotANumber, names_unit, read_decimal

#: In place of a unit: the file names none, and what it says does not look like grams.
UNTOLD_UNIT = "?"
#: Decimals below this are hardly grams.
_GRAMS_FROM = 100
#: How many weights may be above it all the same: of what is sold by the roll, or a machine.
_MOST_HEAVY = 0.1


def weight_without_unit(values: Iterable[str], mark: str | None, *, grams: bool = True) -> str | None:
    """One of a column's weights, where they have decimals, nearly all are small and none names a unit: kilograms or
    pounds rather than grams, but which ones nobody can tell. None for any other column. ``grams``: they may be grams;
    else any weight without a unit will do."""
    found, told, heavy = None, 0, 0
    for value in values:
        if value.strip().lower() in NOTHING:
            continue
        try:
            weight = read_decimal(value, mark)
        except NotANumber:
            if names_unit(value):
                return None
            continue
        told += 1
        heavy += weight >= _GRAMS_FROM
        if found is None and weight and (not grams or weight != weight.to_integral_value()):
            found = value.strip()
    return None if grams and heavy > _MOST_HEAVY * told else found
