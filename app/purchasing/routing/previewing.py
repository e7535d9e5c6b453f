"""What other rules would have done with the last orders: their stored problems, solved again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.orders.models import OrderLine
from app.purchasing.routing import queries
from app.purchasing.routing.explaining import value_of
from app.purchasing.routing.gathering import with_same_articles, without_same_articles
from app.purchasing.routing.problem import Choice, Kind, NoChoice, Problem, Rule
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
    """An order that would go elsewhere. ``before`` is None where nothing fits the rules of now, ``after`` where nothing
    would fit the others."""

    order_id: UUID
    before: Sums | None
    after: Sums | None


@dataclass(frozen=True, slots=True)
class Preview:
    """``orders`` were looked at, of which ``routed`` find a supplier by both sets of rules, ``held`` would wait since
    nothing fits, ``freed`` wait now and would go on, ``stuck`` wait by both, and ``changes`` are those that would go
    elsewhere, wait, or go on."""

    orders: int
    routed: int
    held: int
    freed: int
    stuck: int
    before: Sums
    after: Sums
    changes: Sequence[Change]

    @property
    def elsewhere(self) -> int:
        """Orders that would go to other suppliers."""
        return len(self.changes) - self.held - self.freed


def preview(
    session: Session, retailer_id: UUID, rules: Sequence[Rule], *, same_articles: bool, last: int = 100
) -> Preview:
    """Solve the last orders' problems again: with the rules of now, and with those; those that no supplier was found
    for, too. Offers that are only used because of their GTIN (``same_articles``) are what they were when the order
    came, where they were used then; else what they are now."""
    now = queries.rules_of(session, retailer_id)
    problems = {
        one.order_id: (problem_of(one.problem), one.rules_version)
        for one in queries.recent(session, retailer_id, limit=last)
    }
    variants = _with_offers(session, retailer_id, problems) if now.same_articles or same_articles else {}
    before, after = Sums(), Sums()
    changes: list[Change] = []
    routed = 0
    for order_id, (problem, _version) in problems.items():
        old, new = (
            _solved(variants.get(order_id, problem) if same else without_same_articles(problem), wanted)
            for same, wanted in ((now.same_articles, now.rules), (same_articles, tuple(rules)))
        )
        mine, theirs = _sums(old, problem.revenue), _sums(new, problem.revenue)
        if isinstance(old, Choice) and isinstance(new, Choice) and mine is not None and theirs is not None:
            routed += 1
            before, after = _plus(before, mine), _plus(after, theirs)
            if new.parts != old.parts:
                changes.append(Change(order_id, mine, theirs))
        elif mine is not None or theirs is not None:
            changes.append(Change(order_id, mine, theirs))
    held = sum(1 for one in changes if one.after is None)
    freed = sum(1 for one in changes if one.before is None)
    stuck = len(problems) - routed - held - freed
    return Preview(len(problems), routed, held, freed, stuck, before, after, changes)


def _with_offers(
    session: Session, retailer_id: UUID, problems: Mapping[UUID, tuple[Problem, int]]
) -> dict[UUID, Problem]:
    """The problems of orders that came while offers of the same articles were not used, with these offers."""
    used = queries.used_same_articles(session, retailer_id)
    wanted = {order_id: problem for order_id, (problem, version) in problems.items() if version not in used}
    listed: defaultdict[UUID, dict[int, UUID]] = defaultdict(dict)
    for line in session.scalars(select(OrderLine).where(OrderLine.order_id.in_(wanted))):
        listed[line.order_id][line.position] = line.variant_id
    return with_same_articles(
        session, retailer_id, {order_id: (problem, listed[order_id]) for order_id, problem in wanted.items()}
    )


def _solved(problem: Problem, rules: tuple[Rule, ...]) -> Choice | NoChoice:
    return solve(replace(problem, rules=rules), node_limit=_NODE_LIMIT)


def _sums(choice: Choice | NoChoice, revenue: int | None) -> Sums | None:
    if not isinstance(choice, Choice):
        return None
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
