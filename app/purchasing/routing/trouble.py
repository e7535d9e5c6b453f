"""Why an order can't be routed, in the words of holds and refusals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.inventory.errors import InsufficientStock, ShortLine
from app.kit.errors import AppError, Conflict, FieldError, Invalid
from app.orders.rules import AddressProblem, HoldReason, address_problems
from app.purchasing.routing.problem import Exclusion, Need, NoChoice, Problem
from app.stores.store_orders import Address


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why an order waits, and what the hold says of it."""

    reason: HoldReason
    details: Mapping[str, Any]


#: Of several reasons why nothing can fill a need, the one that most likely goes away is told.
_TOLD_FIRST = (
    (HoldReason.OUT_OF_STOCK, {Exclusion.OUT_OF_STOCK}),
    (HoldReason.NO_EXCHANGE_RATE, {Exclusion.NO_EXCHANGE_RATE}),
    (
        HoldReason.ROUTING_RULES,
        {
            Exclusion.OTHER_SUPPLIER,
            Exclusion.OTHER_SOURCE,
            Exclusion.TOO_SLOW,
            Exclusion.TOO_FAR,
            Exclusion.NOT_RELIABLE,
        },
    ),
    (HoldReason.NOT_SHIPPED_THERE, {Exclusion.NOT_SHIPPED_THERE}),
    (HoldReason.NOT_ON_OFFER, {Exclusion.NOT_ON_OFFER, Exclusion.REFUSED, Exclusion.REJECTED}),
)
_TOGETHER = {
    "stock": HoldReason.OUT_OF_STOCK,
    "shipping": HoldReason.NOT_SHIPPED_THERE,
    "rules": HoldReason.ROUTING_RULES,
    "gave_up": HoldReason.ROUTING_RULES,
}


def address_trouble(address: Address | None) -> Trouble | None:
    """What an order's address lacks."""
    problems = (
        [AddressProblem("address", "incomplete", "The order has no delivery address.")]
        if address is None
        else address_problems(
            name=address.name,
            address1=address.address1,
            city=address.city,
            postal_code=address.postal_code,
            country_code=address.country_code,
        )
    )
    if not problems:
        return None
    return Trouble(
        HoldReason.ADDRESS_INCOMPLETE,
        {
            "field": problems[0].field,
            "message": problems[0].message,
            "problems": [{"field": one.field, "message": one.message} for one in problems],
        },
    )


def troubles_of(problem: Problem, outcome: NoChoice) -> list[Trouble]:
    """Why an order waits."""
    needs = {need.key: need for need in problem.needs}
    found: dict[HoldReason, dict[str, Any]] = {}
    for key in outcome.stuck:
        need = needs[key]
        reason = _reason(outcome.excluded[key])
        details = _details(problem, need, reason)
        if reason is HoldReason.NOT_ON_OFFER and reason in found:
            found[reason]["lines"] += details["lines"]
        found.setdefault(reason, details)
    if not outcome.stuck:
        reason = _TOGETHER[outcome.cause]
        found[reason] = _details(problem, problem.needs[0], reason)
    return [Trouble(reason, details) for reason, details in found.items()]


def refusal(problem: Problem, outcome: NoChoice) -> AppError:
    """The same as an answer to the person who wanted to place the order."""
    troubles = {one.reason: one.details for one in troubles_of(problem, outcome)}
    if HoldReason.NOT_ON_OFFER in troubles:
        fields = troubles[HoldReason.NOT_ON_OFFER]["lines"]
        return Invalid(
            "Some lines can't be ordered.",
            errors=[FieldError(name, "not_on_offer", "This variant is no longer on offer.") for name in fields],
        )
    if HoldReason.OUT_OF_STOCK in troubles:
        return InsufficientStock(_short(problem, outcome.stuck or [need.key for need in problem.needs]))
    if HoldReason.NOT_SHIPPED_THERE in troubles:
        supplier = troubles[HoldReason.NOT_SHIPPED_THERE]["supplier"]
        return Conflict(f"{supplier} does not ship to {problem.country}.", code=HoldReason.NOT_SHIPPED_THERE)
    if HoldReason.NO_EXCHANGE_RATE in troubles:
        return Conflict("No exchange rate for this supplier's currency is known yet.", code=HoldReason.NO_EXCHANGE_RATE)
    return Conflict("No supplier fits your routing rules.", code=HoldReason.ROUTING_RULES)


def _reason(excluded: Mapping[str, Exclusion]) -> HoldReason:
    why = set(excluded.values())
    # Without any candidate that is out by itself, all together have too little.
    return next((reason for reason, kinds in _TOLD_FIRST if why & kinds), HoldReason.OUT_OF_STOCK)


def _details(problem: Problem, need: Need, reason: HoldReason) -> dict[str, Any]:
    offers = {offer.key: offer for offer in problem.offers}
    sellers = {seller.key: seller for seller in problem.sellers}
    first = min(need.candidates, key=lambda candidate: candidate.rank)
    named = [sellers[offers[one.offer].seller] for one in need.candidates]
    if reason is HoldReason.NOT_SHIPPED_THERE:
        return {"supplier": sellers[offers[first.offer].seller].name}
    if reason is HoldReason.NO_EXCHANGE_RATE:
        lacking = next(seller for seller in named if seller.exchange is None)
        return {"from": lacking.currency, "to": problem.currency}
    if reason is HoldReason.NOT_ON_OFFER:
        return {"lines": [f"lines[{need.line}].variant_id"]}
    return {}


def _short(problem: Problem, stuck: Sequence[str]) -> list[ShortLine]:
    offers = {offer.key: offer for offer in problem.offers}
    short = []
    for need in problem.needs:
        if need.key in stuck:
            first = min(need.candidates, key=lambda candidate: candidate.rank)
            # What an order could have: of the source that has most.
            available = max(offers[one.offer].free // one.per_unit for one in need.candidates)
            short.append(ShortLine(need.line, UUID(first.offer), need.units, available))
    return short
