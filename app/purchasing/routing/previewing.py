"""What other rules would have done with the last orders: their stored problems, solved again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from uuid import UUID

from sqlalchemy.orm import Session

from app.purchasing.routing import queries
from app.purchasing.routing.explaining import value_of
from app.purchasing.routing.problem import Choice, Kind, Rule
from app.purchasing.routing.snapshot import problem_of
from app.purchasing.routing.solver import solve

#: Steps for each order of a preview: it is looked at while somebody waits.
_NODE_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Sums:
    """Of the orders that both sets of rules route: landed cost and profit in minor units of the retailer's currency,
    parcels, and days until all is there, summed up. ``unpriced`` orders have a line whose sales price is not known:
    their profit is not in the sum."""

    cost: int = 0
    profit: int = 0
    parcels: int = 0
    days: int = 0
    unpriced: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """An order that would go elsewhere. ``after`` is None where nothing would fit the rules."""

    order_id: UUID
    before: Sums
    after: Sums | None


@dataclass(frozen=True, slots=True)
class Preview:
    """``orders`` were looked at, of which ``routed`` find a supplier by both sets of rules, ``held`` would wait since
    nothing fits, and ``changes`` would go elsewhere or wait."""

    orders: int
    routed: int
    held: int
    before: Sums
    after: Sums
    changes: Sequence[Change]

    @property
    def elsewhere(self) -> int:
        """Orders that would go to other suppliers."""
        return len(self.changes) - self.held


def preview(session: Session, retailer_id: UUID, rules: Sequence[Rule], *, last: int = 100) -> Preview:
    """Solve the last orders' problems again: with the rules of now, and with those. Offers that are only used because
    of their GTIN are in it as far as they were when the order came."""
    current = _rules_now(session, retailer_id)
    before, after = Sums(), Sums()
    changes: list[Change] = []
    orders = routed = held = 0
    seen: set[UUID] = set()
    for decision in queries.recent(session, retailer_id, limit=2 * last):
        if decision.order_id in seen or orders == last:
            continue
        seen.add(decision.order_id)
        orders += 1
        problem = problem_of(decision.problem)
        old = solve(replace(problem, rules=current), node_limit=_NODE_LIMIT)
        new = solve(replace(problem, rules=tuple(rules)), node_limit=_NODE_LIMIT)
        if not isinstance(old, Choice):
            continue
        mine = _sums(old, problem.revenue)
        if not isinstance(new, Choice):
            held += 1
            changes.append(Change(decision.order_id, mine, None))
            continue
        theirs = _sums(new, problem.revenue)
        routed += 1
        before, after = _plus(before, mine), _plus(after, theirs)
        if new.parts != old.parts:
            changes.append(Change(decision.order_id, mine, theirs))
    return Preview(orders, routed, held, before, after, changes)


def _rules_now(session: Session, retailer_id: UUID) -> tuple[Rule, ...]:
    return queries.rules_of(session, retailer_id).rules


def _sums(choice: Choice, revenue: int | None) -> Sums:
    cost = value_of(choice, Kind.LOWEST_COST)
    return Sums(
        cost,
        0 if revenue is None else revenue - cost,
        value_of(choice, Kind.FEWEST_PARCELS),
        value_of(choice, Kind.FASTEST),
        int(revenue is None),
    )


def _plus(one: Sums, other: Sums) -> Sums:
    return Sums(*(mine + theirs for mine, theirs in zip(astuple(one), astuple(other), strict=True)))
