"""Weights that name no unit."""

from __future__ import annotations

from collections.abc import Iterable

from app.feeds.rules.cells import NOTHING
from app.feeds.rules.numbers import NotANumber, names_unit, read_decimal

#: In place of a unit: the file names none, and what it says does not look like grams.
UNTOLD_UNIT = "?"
#: Decimals below this are hardly grams.
_GRAMS_FROM = 100


def weight_without_unit(values: Iterable[str], mark: str | None, *, grams: bool = True) -> str | None:
    """One of a column's weights, where they have decimals, are all small and none names a unit: kilograms or pounds
    rather than grams, but which ones nobody can tell. None for any other column. ``grams``: they may be grams; else any
    weight without a unit will do."""
    found = None
    for value in values:
        if value.strip().lower() in NOTHING:
            continue
        try:
            weight = read_decimal(value, mark)
        except NotANumber:
            if names_unit(value):
                return None
            continue
        if grams and weight >= _GRAMS_FROM:
            return None
        if found is None and weight and (not grams or weight != weight.to_integral_value()):
            found = value.strip()
    return found
