"""Decisions about changing many products at once, on plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

from app.kit.money import LARGEST_MINOR

Field = Literal["status", "category", "wholesale_price", "msrp", "map_price"]
How = Literal["set", "percent", "amount", "clear"]
PRICES: tuple[Field, ...] = ("wholesale_price", "msrp", "map_price")
FIELDS: tuple[Field, ...] = ("status", *PRICES, "category")
#: A percentage beyond these, in basis points, is a slip of the finger.
LEAST_PERCENT, MOST_PERCENT = -9_500, 50_000


@dataclass(frozen=True, slots=True)
class BulkChange:
    """What becomes of a field. ``value``: a status, or a path of the category tree; of prices minor units to ``set``
    them to or to add (``amount``), or basis points to add (``percent``); nothing to ``clear`` them."""

    field: Field
    how: How = "set"
    value: str | int = 0

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> BulkChange:
        """As it was kept."""
        return cls(kept["field"], kept["how"], kept["value"])


def price_after(today: int | None, change: BulkChange) -> int | None:
    """A price (minor units) after the change. What has no price gets one only by being set; half a unit is rounded up.
    Raises ``ValueError`` where none above zero would be left."""
    if change.how == "clear":
        return None
    if change.how == "set":
        after = int(change.value)
    elif today is None:
        return None
    elif change.how == "amount":
        after = today + int(change.value)
    else:
        share = Decimal(10_000 + int(change.value)) / 10_000
        after = int((today * share).quantize(Decimal(1), ROUND_HALF_UP))
    if not 0 < after <= LARGEST_MINOR:
        raise ValueError("no price above zero is left")
    return after


def tiers_after(kept: list[dict[str, Any]], change: BulkChange) -> list[dict[str, Any]]:
    """Steps of the wholesale price after a change of it: a percentage and an amount move them with it; a price that is
    set leaves them as they are. Raises ``ValueError`` where no price above zero would be left of one."""
    if change.field != "wholesale_price" or change.how not in ("percent", "amount"):
        return kept
    return [{**one, "price": price_after(one["price"], change)} for one in kept]


def odd(prices: Mapping[str, int | None]) -> bool:
    """Whether prices of one variant contradict one another: its lowest advertised price above the retail price, or a
    wholesale price that leaves no margin to either."""
    cost, msrp, lowest = prices["wholesale_price"], prices["msrp"], prices["map_price"]
    told = [price for price in (msrp, lowest) if price is not None]
    return (msrp is not None and lowest is not None and lowest > msrp) or any(cost >= price for price in told if cost)
