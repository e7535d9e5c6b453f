"""Which risks of a store's orders its retailer wants to look at before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

#: Factors and counts that may be chosen; the first of each stands for a rule that is off.
FACTORS = (0, 2, 3, 5, 10, 20)
COUNTS = (0, 2, 3, 5, 10)

#: What may become of an order line that no supplier's variant is linked to: it is left alone, the order is held where
#: the line looks like ours, or it is always held.
ALONE, LIKE_OURS, ALWAYS = "alone", "like_ours", "always"
UNLINKED = (ALONE, LIKE_OURS, ALWAYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskRules:
    """``value_factor``: an order worth so many times the usual one waits; ``velocity``: so many orders to one address,
    or by one customer, within an hour; 0 is off. ``countries``: billed in another country than sent to.
    ``platform``: the store's platform thinks the risk high. ``address``: the address looks incomplete, though a
    parcel may reach it."""

    value_factor: int = 0
    countries: bool = False
    velocity: int = 0
    platform: bool = True
    address: bool = False


def rules_of(stored: Mapping[str, Any] | None) -> RiskRules:
    """The rules as a store's row holds them; what it does not name is as everybody begins."""
    known = asdict(RiskRules())
    return RiskRules(**{name: value for name, value in (stored or {}).items() if name in known})


def as_json(rules: RiskRules) -> dict[str, Any]:
    """The rules as a store's row holds them."""
    return asdict(rules)
