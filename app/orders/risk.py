"""Whether an order looks risky, on plain values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.kit.money import Money
from app.orders.rules import AddressProblem, HoldReason, province_problem
from app.stores.risk import RiskRules

#: So many orders are needed to say what is usual.
ENOUGH_ORDERS = 10
#: How the platforms' levels are written; only the highest holds an order.
HIGH = "high"

#: Countries where a street address without a number is hardly ever one.
_NUMBERED = frozenset({"AT", "BE", "CA", "CH", "CZ", "DE", "DK", "FI", "NL", "NO", "PL", "SE", "SK", "US"})
_BOX = re.compile(
    r"\b(p\.?\s*o\.?\s*box|post\s*office\s*box|postfach|packstation|postbus|postboks|postbox|boîte postale|"
    r"b\.?\s*p\.?\s*\d+|apartado|casilla|caixa postal|casella postale|skrytka|poste restante)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFacts:
    """What is known of an order when it comes in. ``total`` is worth of our lines, ``usual`` the median of the
    retailer's orders in the currency, None where too few are known. ``same_address`` and ``same_customer`` count this
    order and those within an hour before it."""

    total: Money | None = None
    usual: Money | None = None
    billed_in: str = ""
    sent_to: str = ""
    same_address: int = 1
    same_customer: int = 1
    platform: str = ""


def risks_of(rules: RiskRules, facts: OrderFacts) -> list[tuple[HoldReason, dict[str, Any]]]:
    """Why an order waits for somebody to look at it, each with the figures that it was found by."""
    found: list[tuple[HoldReason, dict[str, Any]]] = []
    total, usual = facts.total, facts.usual
    if rules.value_factor and total is not None and usual and total.minor >= rules.value_factor * usual.minor:
        figures = {"total": str(total), "usual": str(usual), "factor": rules.value_factor}
        found.append((HoldReason.RISK_VALUE, figures))
    if rules.countries and facts.billed_in and facts.sent_to and facts.billed_in != facts.sent_to:
        found.append((HoldReason.RISK_COUNTRIES, {"billed_in": facts.billed_in, "sent_to": facts.sent_to}))
    if rules.velocity and max(facts.same_address, facts.same_customer) >= rules.velocity:
        counts = {"same_address": facts.same_address, "same_customer": facts.same_customer, "limit": rules.velocity}
        found.append((HoldReason.RISK_VELOCITY, counts))
    if rules.platform and facts.platform == HIGH:
        found.append((HoldReason.RISK_PLATFORM, {"level": facts.platform}))
    return found


def is_post_box(address1: str, address2: str) -> bool:
    """Whether an address is a box at a post office, where parcel services do not deliver."""
    return bool(_BOX.search(f"{address1} {address2}"))


def address_doubts(
    *, address1: str, address2: str, province: str, country_code: str, no_boxes: Sequence[str] = ()
) -> list[AddressProblem]:
    """What looks wrong with an address that has all that it must have. ``no_boxes``: suppliers of the order that do not
    deliver to post boxes. Messages quote nothing of the address."""
    found = []
    box = is_post_box(address1, address2)
    if box and no_boxes:
        names = ", ".join(no_boxes)
        found.append(AddressProblem("address1", "post_box", f"This is a post box, where {names} can't deliver."))
    if not box and country_code in _NUMBERED and not any(one.isdigit() for one in address1 + address2):
        found.append(AddressProblem("address1", "no_number", "The house number seems to be missing."))
    wrong = province_problem(country_code, province)
    if wrong is not None:
        found.append(wrong)
    return found
