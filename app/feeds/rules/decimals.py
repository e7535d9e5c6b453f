"""Which mark stands before the decimals of each column's numbers: what the column shows, or what its format, its other
columns or the supplier say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from app.feeds.rules.fields import TIER_PLACES
from app.feeds.rules.numbers import HEAVY_UNITS, decimal_mark, unclear_mark
from app.feeds.rules.tiers import split_steps

PRICES = ("cost", "price", "msrp", "map", *(f"tier{place}_price" for place in TIER_PLACES))
_NUMERIC = (*PRICES, "price_tiers", "weight", "stock")
_OTHER = {".": ",", ",": "."}


def marks_of(
    rows: Sequence[Sequence[str]],
    fields: Mapping[str, int],
    *,
    pointed: Literal["", "cells", "all"],
    weight_unit: str | None,
    chosen: str,
) -> tuple[dict[str, str | None], dict[str, str]]:
    """Field → the decimal mark of its column (None: its numbers have no such mark, or nothing tells), and those fields
    whose numbers may be whole or a thousandth of it, with one of them. ``rows``: the first ones; ``fields``: field →
    column's index; ``pointed``: as ``Table`` has it; ``chosen``: the supplier's word for columns that do not tell."""
    columns = {name: _values(name, rows, fields[name]) for name in _NUMERIC if name in fields}
    marks = {name: decimal_mark(values) for name, values in columns.items()}
    told = {mark for mark in marks.values() if mark is not None}
    if pointed == "cells":
        # Points are the program's; people may write commas beside them.
        told.discard(".")
    units = {row[fields["weight_unit"]].strip().lower() for row in rows} if "weight_unit" in fields else {""}
    unclear = {}
    for name, values in columns.items():
        mark = unclear_mark(values) if marks[name] is None else None
        if mark is None:
            continue
        if name == "stock" and not all(value.rstrip().endswith("000") for value in values if value.strip()):
            # Units are whole.
            marks[name] = _OTHER[mark]
        elif name == "weight" and weight_unit in HEAVY_UNITS:
            marks[name] = mark
        elif name == "weight" and all(unit in HEAVY_UNITS for unit in units):
            continue
        elif chosen:
            marks[name] = chosen
        elif pointed == "all" and mark == ".":
            marks[name] = mark
        elif len(told) == 1:
            (marks[name],) = told
        else:
            unclear[name] = next(value.strip() for value in values if value.strip())
    return marks, unclear


def _values(name: str, rows: Sequence[Sequence[str]], place: int) -> list[str]:
    values = [row[place] for row in rows]
    return [price for value in values for _, price in split_steps(value)] if name == "price_tiers" else values
