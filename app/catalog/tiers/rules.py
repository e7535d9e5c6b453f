"""Decisions about wholesale prices by quantity, on plain values. Prices are minor units of the supplier's currency.

What is kept of a variant is what its supplier said. Only steps that lower the price count (``counting``), so that a new
price for a single unit voids steps above it, and a return of the old price brings them back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.kit.money import LARGEST_MINOR

MOST_STEPS = 20
#: As many as an order line can have.
LARGEST_STEP = 100_000


@dataclass(frozen=True, slots=True, order=True)
class PriceTier:
    """From ``min_quantity`` units on, one costs ``price``."""

    min_quantity: int
    price: int


def as_kept(tiers: Iterable[PriceTier]) -> list[dict[str, Any]]:
    """As the variant keeps them, in the order of quantities."""
    return [{"min_quantity": one.min_quantity, "price": one.price} for one in sorted(tiers)]


def of_kept(kept: Iterable[Mapping[str, Any]]) -> list[PriceTier]:
    """As they were kept."""
    return [PriceTier(int(one["min_quantity"]), int(one["price"])) for one in kept]


def counting(single: int, kept: Iterable[Mapping[str, Any]]) -> list[PriceTier]:
    """The steps that count, in the order of quantities: each lowers the price of a ``single`` unit, or that of the step
    before."""
    found, lowest = [], single
    for tier in sorted(of_kept(kept)):
        if tier.price < lowest:
            found.append(tier)
            lowest = tier.price
    return found


def price_for(single: int, kept: Iterable[Mapping[str, Any]], quantity: int) -> int:
    """What one of ``quantity`` units costs; never more than one of fewer."""
    return min([single, *(tier.price for tier in of_kept(kept) if tier.min_quantity <= quantity)])


def tier_problems(single: int | None, tiers: Sequence[PriceTier]) -> list[tuple[int, str, str, str]]:
    """What is wrong with steps as a person or a program names them: the place, the field (``min_quantity`` or
    ``price``; empty: the steps as a whole), a code, and a sentence. ``single`` is the price of one unit, where it is
    known."""
    if len(tiers) > MOST_STEPS:
        return [(0, "", "too_many", f"At most {MOST_STEPS} prices by quantity are kept.")]
    found = []
    lowest, reached = single, 1
    for place, tier in enumerate(tiers):
        if not 2 <= tier.min_quantity <= LARGEST_STEP:
            message = f"A step begins at 2 to {LARGEST_STEP:,} units."
            found.append((place, "min_quantity", "out_of_range", message))
        elif tier.min_quantity <= reached:
            found.append((place, "min_quantity", "not_rising", "Each step begins at more units than the one before."))
        if not 0 < tier.price <= LARGEST_MINOR:
            found.append((place, "price", "out_of_range", "A price is above zero."))
        elif lowest is not None and tier.price > lowest:
            message = "More units never cost more each: the price is above that for fewer units."
            found.append((place, "price", "rising", message))
        lowest = tier.price if lowest is None else min(lowest, tier.price)
        reached = max(reached, tier.min_quantity)
    return found
