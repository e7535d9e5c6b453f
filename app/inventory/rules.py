"""Decisions about stock, on plain values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

#: What a supplier chooses for a variant: units that are never sold, and how many free units are few.
StockChoiceName = Literal["safety_stock", "low_stock_at"]
StockChoices = dict[StockChoiceName, int | None]
STOCK_CHOICES: tuple[StockChoiceName, ...] = ("safety_stock", "low_stock_at")
#: A larger figure is a mistake in a file, not a stock.
LARGEST_QUANTITY = 100_000_000


@dataclass(frozen=True, slots=True)
class BufferPolicy:
    """How much of the stock a store is not shown.

    Above ``small_stock`` units, ``percent`` of them and ``units`` more are kept back. At or below it the
    percentage gives way to ``small_stock_buffer`` units, so that a single unit is not hidden for ever.
    ``cap`` is the most that is ever shown.
    """

    percent: int
    units: int = 0
    small_stock: int = 5
    small_stock_buffer: int = 0
    cap: int | None = None


def small_stock_buffer(stores_listing_it: int) -> int:
    """Units kept back of a small stock: one when several stores sell from it, else none."""
    return 1 if stores_listing_it > 1 else 0


def for_sale(free: Iterable[int], safety_stock: int) -> int:
    """The units that can be ordered of what is free at each location: a supplier's safety stock is never sold."""
    return max(0, sum(max(0, units) for units in free) - safety_stock)


def sellable(free: int, policy: BufferPolicy, *, fresh: bool) -> int:
    """The quantity that a store is shown, of ``free`` units (on hand less what the supplier's figure does not
    hold yet, and less its safety stock). Stock whose figure is too old (``fresh`` is false) shows as 0."""
    if free <= 0 or not fresh:
        return 0
    if free <= policy.small_stock:
        shown = free - policy.small_stock_buffer - policy.units
    else:
        shown = free * (100 - policy.percent) // 100 - policy.units
    shown = max(0, shown)
    return shown if policy.cap is None else min(shown, policy.cap)


@dataclass(frozen=True, slots=True)
class LevelView:
    """A level as allocation sees it."""

    id: object
    free: int
    preferred: bool


def allocate(quantity: int, levels: list[LevelView]) -> list[tuple[object, int]] | None:
    """Which levels give how many units: one level if one has enough (preferred ones first, then the fullest),
    else as few as possible. None when all together have too little."""
    ranked = sorted(levels, key=lambda level: (not level.preferred, -level.free, str(level.id)))
    for level in ranked:
        if level.free >= quantity:
            return [(level.id, quantity)]
    taken: list[tuple[object, int]] = []
    missing = quantity
    for level in sorted(ranked, key=lambda level: -level.free):
        units = min(missing, max(0, level.free))
        if units:
            taken.append((level.id, units))
            missing -= units
        if not missing:
            return taken
    return None
