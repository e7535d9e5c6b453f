"""What is chosen from, as plain values: the needs of one order, who could fill them, and the retailer's rules.

A problem is complete: the same problem gives the same choice, whenever it is solved. It is stored as JSON beside the
choice (``app.purchasing.routing.snapshot``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from app.kit.money import exponent
from app.suppliers.rules import Rate


class Kind(StrEnum):
    """What a rule looks at."""

    PREFERRED_SUPPLIER = "preferred_supplier"
    OWN_SOURCE = "own_source"
    LOWEST_COST = "lowest_cost"
    FASTEST = "fastest"
    FEWEST_PARCELS = "fewest_parcels"
    NEAREST = "nearest"
    MOST_RELIABLE = "most_reliable"
    ONE_SUPPLIER = "one_supplier"
    WHOLE_LINES = "whole_lines"
    MAX_LOSS = "max_loss"


class Exclusion(StrEnum):
    """Why a candidate could not be chosen at all."""

    NOT_ON_OFFER = "not_on_offer"
    NOT_SHIPPED_THERE = "not_shipped_there"
    NO_EXCHANGE_RATE = "no_exchange_rate"
    OUT_OF_STOCK = "out_of_stock"
    REFUSED = "refused"
    REJECTED = "rejected"
    OTHER_SUPPLIER = "other_supplier"
    OTHER_SOURCE = "other_source"
    TOO_SLOW = "too_slow"
    TOO_FAR = "too_far"
    NOT_RELIABLE = "not_reliable"


#: The member states of the European Union: no customs between them.
EU = frozenset(
    "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE".split()  # noqa: SIM905
)


def zone(seller_country: str, country: str) -> int:
    """Which border is between a supplier and a country: 0 none, 1 one without customs, 2 another."""
    if seller_country == country:
        return 0
    return 1 if seller_country in EU and country in EU else 2


@dataclass(frozen=True, slots=True)
class Rule:
    """One of the retailer's rules. ``limit``: days (``fastest``), parcels (``fewest_parcels``), a zone (``nearest``), a
    score from 0 to 100 (``most_reliable``), or minor units of the retailer's currency (``max_loss``)."""

    kind: Kind
    required: bool
    suppliers: tuple[str, ...] = ()
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Seller:
    """A supplier as the order sees it. ``rates`` are those that go to the order's country; ``lead_days`` are the days
    until a parcel leaves; ``exchange`` is what one unit of its currency costs in the retailer's, None while unknown;
    ``order_fee`` is asked once a purchase order, in minor units of its currency; ``distance`` are kilometres to the
    order's country, None while unknown."""

    key: str
    name: str
    currency: str
    country: str
    exchange: str | None
    order_fee: int
    lead_days: int
    reliability: int | None
    rates: tuple[Rate, ...]
    distance: int | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """A supplier's variant: its price in minor units of the seller's currency, its grams, and the units free. ``steps``
    are prices by quantity, as (from so many units on, price of one)."""

    key: str
    seller: str
    unit_cost: int
    grams: int
    free: int
    offered: bool
    steps: tuple[tuple[int, int], ...] = ()

    def price(self, quantity: int) -> int:
        """What one of so many units costs; never more than one of fewer."""
        return min([self.unit_cost, *(price for least, price in self.steps if least <= quantity)])


@dataclass(frozen=True, slots=True)
class Candidate:
    """An offer that can fill a need: ``per_unit`` units of it make one. ``rank`` is its place in the retailer's
    order of sources, of which the one that the listing came from is the first (0) unless the retailer said otherwise;
    ``kind`` is ``origin``, ``gtin`` (the same article), ``hand`` or ``substitute`` (another article). A ``spare``
    one is taken only where the others can't deliver. ``excluded`` is set for one that is out for a reason outside of
    the rules."""

    offer: str
    per_unit: int = 1
    rank: int = 0
    kind: str = "origin"
    spare: bool = False
    excluded: str | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """Units of an order line, or of one component of the bundle that the line sells."""

    key: str
    line: int
    component: int
    units: int
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One order. ``revenue`` is what the shopper paid for it in minor units of ``currency``, the retailer's; None where
    it is not known."""

    currency: str
    country: str
    revenue: int | None
    needs: tuple[Need, ...]
    offers: tuple[Offer, ...]
    sellers: tuple[Seller, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """So many units of a need from one offer; ``quantity`` counts the offer's own units."""

    need: str
    offer: str
    units: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen. ``values`` are the objectives' in their order, the less the better. Not ``proven``: the search
    ended at its limit of ``nodes``, and something better may exist."""

    parts: tuple[Part, ...]
    objectives: tuple[str, ...]
    values: tuple[int, ...]
    proven: bool
    nodes: int


@dataclass(frozen=True, slots=True)
class NoChoice:
    """Nothing fits. ``excluded``: need → offer → why, of all needs; ``stuck`` are the needs of which nothing is left.
    Without any, the needs can't be filled together: ``cause`` is ``stock``, ``shipping`` or ``rules``, or ``gave_up``
    for a search that ended at its limit without finding anything."""

    excluded: Mapping[str, Mapping[str, Exclusion]]
    stuck: tuple[str, ...]
    cause: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """A rate of exchange as a fraction, between minor units: what ``app.pricing.rules.converted`` works out, in
    integers."""

    numerator: int
    denominator: int

    @classmethod
    def of(cls, rate: str, source: str, target: str) -> Exchange:
        """From units of ``source`` to units of ``target``."""
        numerator, denominator = Decimal(rate).as_integer_ratio()
        shift = exponent(target) - exponent(source)
        if shift >= 0:
            return cls(numerator * 10**shift, denominator)
        return cls(numerator, denominator * 10**-shift)

    def convert(self, minor: int) -> int:
        """Rounded half up once; amounts are not negative."""
        if self.numerator == self.denominator:
            return minor
        return (2 * minor * self.numerator + self.denominator) // (2 * self.denominator)
