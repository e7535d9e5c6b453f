"""When a file differs so much from what stands that a person should look at it before it is taken over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

#: Fewer rows than these tell nothing about shares of them.
FEWEST_ROWS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardLimits:
    """What is taken over without asking, in percent. ``moved_prices``: of how many SKUs the wholesale price may move by
    more than ``moved_by`` up or down. ``price_factor``: how many times as much, or as little, a single wholesale price
    may become."""

    fewer_rows: int = 20
    to_zero: int = 30
    rejected: int = 20
    other_currency: int = 5
    median_price: int = 15
    moved_prices: int = 20
    moved_by: int = 25
    price_factor: int = 3
    weights: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A file beside what stands. ``rows_before``: accepted rows of the file before it from the same source, None where
    there was none. ``had_stock``: known SKUs that stand above zero, of which ``to_zero`` would be sold out.
    ``median_price``: the middle of the wholesale prices' moves, in percent up or down. ``priced``: known SKUs with a
    price. ``moved_prices``: of them, those whose price moves by more than the limit's percentage; ``far_prices``: those
    beyond the factor. ``weighed``: known SKUs whose weight the file tells;
    ``far_weights``: of them, those that would be twice as heavy or more, or half as heavy or less, as by another unit.
    ``other_currency``: rejected rows whose prices are in another currency than the supplier's. ``missing``: SKUs that
    would be set to 0 or ended because the file no longer names them, of ``brought`` that the source ever brought."""

    rows: int
    rows_before: int | None
    rejected: int
    had_stock: int
    to_zero: int
    priced: int
    median_price: float
    far_prices: int
    weighed: int
    far_weights: int
    moved_prices: int = 0
    other_currency: int = 0
    missing: int = 0
    brought: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is beyond a limit: which, on how many rows of how many, in percent where it is a share, and its
    limit. ``by``: the percentage from which a single row counts, where there is one."""

    kind: str
    rows: int
    of: int
    percent: int
    limit: int
    by: int | None = None

    def to_json(self) -> dict[str, Any]:
        """As the run keeps it."""
        return asdict(self)


DEFAULT_LIMITS = GuardLimits()
#: Limit → the least and the most that a supplier may choose. 100 % of a share lets everything through.
BOUNDS: Mapping[str, tuple[int, int]] = {
    "fewer_rows": (0, 100),
    "to_zero": (0, 100),
    "rejected": (0, 100),
    "other_currency": (0, 100),
    "median_price": (1, 500),
    "moved_prices": (0, 100),
    "moved_by": (1, 500),
    "price_factor": (2, 100),
    "weights": (0, 100),
}


def findings(compared: Compared, limits: GuardLimits = DEFAULT_LIMITS) -> list[Finding]:
    """What is beyond the limits; nothing for a file that may be taken over by itself."""
    found = []
    before = compared.rows_before or 0
    shares = (
        ("fewer_rows", before - compared.rows, before, limits.fewer_rows),
        ("missing", compared.missing, compared.brought, limits.fewer_rows),
        ("to_zero", compared.to_zero, compared.had_stock, limits.to_zero),
        ("rejected", compared.rejected, compared.rows + compared.rejected, limits.rejected),
        ("other_currency", compared.other_currency, compared.rows + compared.rejected, limits.other_currency),
        ("weights", compared.far_weights, compared.weighed, limits.weights),
    )
    for kind, rows, of, limit in shares:
        if of >= FEWEST_ROWS and rows * 100 > of * limit:
            found.append(Finding(kind, rows, of, rows * 100 // of, limit))
    if compared.priced >= FEWEST_ROWS and compared.median_price > limits.median_price:
        found.append(
            Finding("median_price", compared.priced, compared.priced, round(compared.median_price), limits.median_price)
        )
    moved, priced = compared.moved_prices, compared.priced
    if priced >= FEWEST_ROWS and moved * 100 > priced * limits.moved_prices:
        percent = moved * 100 // priced
        found.append(Finding("moved_prices", moved, priced, percent, limits.moved_prices, limits.moved_by))
    if compared.far_prices:
        found.append(Finding("far_prices", compared.far_prices, compared.priced, 0, limits.price_factor))
    return found
