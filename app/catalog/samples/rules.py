"""Decisions about samples, on plain values."""

from __future__ import annotations

from dataclasses import dataclass

MOST_UNITS, MOST_DAYS = 100, 365


@dataclass(frozen=True, slots=True)
class Terms:
    """Whether samples of a product can be ordered, and how. ``price`` of one unit is in minor units of the supplier's
    currency; None: its wholesale price. One retailer orders at most ``max_units`` of a product within ``days``."""

    allowed: bool = False
    price: int | None = None
    max_units: int = 1
    days: int = 90

    def price_of(self, wholesale: int) -> int:
        """What one unit costs as a sample."""
        return wholesale if self.price is None else self.price

    def left(self, ordered: int) -> int:
        """How many more units a retailer may order that ordered so many within the days."""
        return max(0, self.max_units - ordered) if self.allowed else 0


#: Of a supplier that has said nothing.
NONE = Terms()
