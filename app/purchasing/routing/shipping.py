"""What a supplier's part of an order costs, exactly and from below, quickly: the search asks thousands of times."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from math import inf

from app.purchasing.routing.problem import Exchange, Seller
from app.suppliers.rules import Parcel, Rate, rate_for, shipping_cost


class Tariff:
    """A seller's shipping to the order's country. Amounts without a currency are minor units of the seller's."""

    __slots__ = (
        "_items",
        "_seen",
        "_steps",
        "country",
        "currency",
        "exchange",
        "factor",
        "fee",
        "lead_days",
        "opening",
        "per_unit",
        "quickest",
        "rates",
        "rounds",
    )

    def __init__(self, seller: Seller, currency: str, country: str) -> None:
        assert seller.exchange is not None
        self.rates = seller.rates
        self.country, self.currency = country, seller.currency
        self.fee = seller.order_fee
        self.lead_days = seller.lead_days
        self.exchange = Exchange.of(seller.exchange, seller.currency, currency)
        self.factor = self.exchange.numerator / self.exchange.denominator
        #: Whether conversion rounds: then a cost may be half a unit below its exact value.
        self.rounds = self.exchange.numerator % self.exchange.denominator != 0
        self.quickest = seller.lead_days + min(rate.transit_days_max for rate in seller.rates)
        self._items = [(one.first_item, one.next_item) for one in seller.rates] if self._only_items() else None
        self._steps = [_steps(one) for one in seller.rates]
        self._seen: dict[tuple[int, int, int], tuple[int, int, str] | None] = {}
        #: Shipping is never below ``opening + units * per_unit``, nor does a unit more add less than ``per_unit``.
        self.opening, self.per_unit = self._affine()

    def _only_items(self) -> bool:
        return all(rate.price_by == "item" for rate in self.rates)

    def _affine(self) -> tuple[int, int]:
        if self._items is None:
            lowest = min(
                min((tier.price for tier in rate.tiers), default=0) if rate.price_by != "item" else rate.first_item
                for rate in self.rates
            )
            return lowest + self.fee, 0
        per_unit = min(following for _, following in self._items)
        opening = min(first - following for first, following in self._items)
        if opening < 0:
            return min(first for first, _ in self._items) + self.fee, 0
        return opening + self.fee, per_unit

    def exact(self, units: int, grams: int, goods: int) -> tuple[int, int, str] | None:
        """Shipping with the fee, the days until it arrives, and the rate's name; None where no rate carries it."""
        key = (units, grams, goods)
        if key not in self._seen:
            parcel = Parcel(units, grams, goods)
            rate = rate_for(self.rates, self.country, parcel)
            self._seen[key] = None
            if rate is not None:
                price = shipping_cost(rate, parcel, self.currency).minor
                self._seen[key] = (price + self.fee, self.lead_days + rate.transit_days_max, rate.name)
        return self._seen[key]

    def at_least(self, units: int, grams: int, goods: int) -> int | None:
        """What shipping with the fee costs at least, whatever is added; None where no rate carries even this."""
        if self._items is not None:
            if len(self._items) == 1:
                first, following = self._items[0]
                return first + following * (units - 1) + self.fee
            return min([first + following * (units - 1) for first, following in self._items]) + self.fee
        prices = []
        for rate, (ends, least) in zip(self.rates, self._steps, strict=True):
            if rate.price_by == "item":
                prices.append(rate.first_item + rate.next_item * (units - 1))
                continue
            at = bisect_left(ends, grams if rate.price_by == "weight" else goods)
            if at < len(ends):
                prices.append(least[at])
        return min(prices) + self.fee if prices else None


def _steps(rate: Rate) -> tuple[list[float], list[int]]:
    """Where the rate's steps end, ascending, and the lowest price of each and all above it."""
    steps = sorted((inf if tier.up_to is None else tier.up_to, tier.price) for tier in rate.tiers)
    ends, least = [end for end, _ in steps], [price for _, price in steps]
    return ends, list(accumulate(reversed(least), min))[::-1]
