"""Decisions about suppliers, on plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.kit.money import Money

APPLIED, IN_REVIEW, NEEDS_INFO, TESTING = "APPLIED", "IN_REVIEW", "NEEDS_INFO", "TESTING"
ACTIVE, SUSPENDED, REJECTED, TERMINATED = "ACTIVE", "SUSPENDED", "REJECTED", "TERMINATED"

#: Status → the statuses it may become. Every other move is refused.
MOVES: dict[str, frozenset[str]] = {
    APPLIED: frozenset({IN_REVIEW, NEEDS_INFO, TESTING, ACTIVE, REJECTED}),
    IN_REVIEW: frozenset({NEEDS_INFO, TESTING, ACTIVE, REJECTED}),
    NEEDS_INFO: frozenset({IN_REVIEW, REJECTED}),
    TESTING: frozenset({ACTIVE, NEEDS_INFO, REJECTED}),
    ACTIVE: frozenset({SUSPENDED, TERMINATED}),
    SUSPENDED: frozenset({ACTIVE, TERMINATED}),
    REJECTED: frozenset({APPLIED}),
    TERMINATED: frozenset(),
}

BUSINESS_TYPES = ("manufacturer", "distributor", "wholesaler")


def may_move(current: str, wanted: str) -> bool:
    """Whether a supplier's status may change so."""
    return wanted in MOVES[current]


@dataclass(frozen=True, slots=True)
class Rate:
    """A shipping rate as a plain value; amounts in minor units of the supplier's currency."""

    name: str
    countries: tuple[str, ...]
    first_item: int
    next_item: int
    transit_days_min: int
    transit_days_max: int


def rate_for(rates: Sequence[Rate], country: str) -> Rate | None:
    """The cheapest rate that names the country, else the cheapest for all others (``*``); None: not shipped to."""
    named = [rate for rate in rates if country in rate.countries]
    anywhere = [rate for rate in rates if "*" in rate.countries]
    candidates = named or anywhere
    return min(candidates, key=lambda rate: (rate.first_item, rate.name)) if candidates else None


def shipping_cost(rate: Rate, units: int, currency: str) -> Money:
    """What one parcel of so many units costs."""
    return Money(rate.first_item + rate.next_item * max(0, units - 1), currency)


def delivery_range(start: date, handling_days: int, rate: Rate) -> tuple[date, date]:
    """Between which days a parcel should arrive; handling counts working days (Monday to Friday)."""
    leaves = start
    remaining = handling_days
    while remaining > 0:
        leaves += timedelta(days=1)
        if leaves.weekday() < 5:
            remaining -= 1
    return leaves + timedelta(days=rate.transit_days_min), leaves + timedelta(days=rate.transit_days_max)
