"""What a parcel costs, and when it arrives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from app.kit.money import Money
from app.kit.texts import zone_of

METHODS = ("standard", "express", "freight")
#: What a rate's price follows: the number of items, the parcel's weight, or the value of its goods.
PRICE_BY = ("item", "weight", "value")


@dataclass(frozen=True, slots=True)
class Tier:
    """A step of a rate: the price of parcels up to a weight in grams or a value in minor units; None: without end."""

    up_to: int | None
    price: int


@dataclass(frozen=True, slots=True)
class Rate:
    """A shipping rate as a plain value; amounts in minor units of the supplier's currency. ``first_item`` and
    ``next_item`` count where ``price_by`` is ``item``, ``tiers`` (ascending) where it is ``weight`` or ``value``."""

    name: str
    countries: tuple[str, ...]
    first_item: int
    next_item: int
    transit_days_min: int
    transit_days_max: int
    method: str = "standard"
    price_by: str = "item"
    tiers: tuple[Tier, ...] = ()


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is to be sent: units, grams (goods whose weight is unknown count as 0), and the goods' value in minor
    units of the supplier's currency."""

    units: int = 1
    grams: int = 0
    goods: int = 0


@dataclass(frozen=True, slots=True)
class Closure:
    """Days, the last one included, on which a supplier sends nothing."""

    starts_on: date
    ends_on: date


def price_of(rate: Rate, parcel: Parcel) -> int | None:
    """What a rate asks for a parcel, in minor units; None for one that is beyond its last tier."""
    if rate.price_by == "item":
        return rate.first_item + rate.next_item * max(0, parcel.units - 1)
    size = parcel.grams if rate.price_by == "weight" else parcel.goods
    return next((tier.price for tier in rate.tiers if tier.up_to is None or size <= tier.up_to), None)


def rate_for(rates: Sequence[Rate], country: str, parcel: Parcel | None = None) -> Rate | None:
    """The rate that is cheapest for the parcel (one unit unless told) of those that name the country, else of those
    for all others (``*``); None: not shipped to, or no rate carries such a parcel."""
    named = [rate for rate in rates if country in rate.countries]
    anywhere = [rate for rate in rates if "*" in rate.countries]
    priced = [
        (price, rate.name, rate)
        for rate in named or anywhere
        if (price := price_of(rate, parcel or Parcel())) is not None
    ]
    return min(priced, key=lambda one: one[:2])[2] if priced else None


def rates_by_method(rates: Sequence[Rate], country: str, method: str) -> list[Rate]:
    """Of the rates that hold for a country, those that are called so, or whose method is."""
    wanted = method.strip().casefold()
    named = [rate for rate in rates if country in rate.countries]
    holds = named or [rate for rate in rates if "*" in rate.countries]
    return [rate for rate in holds if wanted in (rate.name.casefold(), rate.method.casefold())]


def shipping_cost(rate: Rate, parcel: Parcel, currency: str) -> Money:
    """What a parcel costs. Raises ``ValueError`` for one that the rate does not carry."""
    price = price_of(rate, parcel)
    if price is None:
        raise ValueError("the parcel is beyond the rate's last tier")
    return Money(price, currency)


def order_day(now: datetime, timezone: str, cutoff_hour: int | None) -> date:
    """The day from which handling counts: today where the supplier is, tomorrow after its cut-off hour."""
    local = now.astimezone(zone_of(timezone))
    return local.date() + timedelta(days=1 if cutoff_hour is not None and local.hour >= cutoff_hour else 0)


def working_days_from(start: date, days: int, closed: Sequence[Closure] = ()) -> date:
    """The day after so many working days (Monday to Friday, outside closures). With none, the start itself, unless
    the supplier is closed then: the next working day."""
    leaves, remaining = start, days
    if not days and _within(start, closed):
        remaining = 1
    while remaining > 0:
        leaves += timedelta(days=1)
        if leaves.weekday() < 5 and not _within(leaves, closed):
            remaining -= 1
    return leaves


def delivery_range(start: date, handling_days: int, rate: Rate, closed: Sequence[Closure] = ()) -> tuple[date, date]:
    """Between which days a parcel should arrive; handling counts working days outside closures."""
    leaves = working_days_from(start, handling_days, closed)
    return leaves + timedelta(days=rate.transit_days_min), leaves + timedelta(days=rate.transit_days_max)


class Sender(Protocol):
    """What of a supplier decides when its parcels leave and what an order costs besides."""

    @property
    def order_fee(self) -> int:
        """Asked once a purchase order, in minor units of its currency."""

    @property
    def handling_days(self) -> int:
        """Working days until a parcel leaves."""

    @property
    def timezone(self) -> str:
        """Where its days begin."""

    @property
    def cutoff_hour(self) -> int | None:
        """From which on an order counts for the next day."""


@dataclass(frozen=True, slots=True)
class Sending:
    """What sending costs, the fee of an order included, and between which days it arrives."""

    price: Money
    arrives: tuple[date, date]


def sending(
    sender: Sender, rate: Rate, parcel: Parcel, currency: str, now: datetime, closed: Sequence[Closure] = ()
) -> Sending:
    """How a supplier sends a parcel that is ordered now. Raises ``ValueError`` for one that the rate does not carry."""
    begins = order_day(now, sender.timezone, sender.cutoff_hour)
    return Sending(
        shipping_cost(rate, parcel, currency) + Money(sender.order_fee, currency),
        delivery_range(begins, sender.handling_days, rate, closed),
    )


def _within(day: date, closed: Sequence[Closure]) -> bool:
    return any(one.starts_on <= day <= one.ends_on for one in closed)
