"""Why a choice fell as it did: each candidate that was not taken is put in the place of the one that was, and the first
objective that this makes worse is the reason. Worked out from the stored problem, whenever somebody asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.purchasing.routing.options import exclusions, fastest_days
from app.purchasing.routing.problem import Candidate, Choice, Kind, Need, NoChoice, Offer, Problem, Seller
from app.purchasing.routing.solver import solve

CHOSEN, EXCLUDED, BEATEN, EQUAL, UNFIT = "chosen", "excluded", "beaten", "equal", "unfit"


@dataclass(frozen=True, slots=True)
class Judged:
    """One candidate. ``status``: ``chosen``; ``excluded`` (``reason`` is an exclusion); ``beaten`` (``reason`` is the
    objective, ``difference`` how much worse it would be); ``equal`` (the fixed order decided); ``unfit`` (with the rest
    of the choice it does not fit the rules or the stock). ``cost`` is what the whole order would cost with it, in minor
    units of the retailer's currency; ``days`` until its parcel arrives at the latest."""

    candidate: Candidate
    offer: Offer
    seller: Seller
    status: str
    reason: str = ""
    difference: int = 0
    quantity: int = 0
    cost: int | None = None
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Explained:
    """A choice with its reasons, by need. ``runner_up``: the need and the offer whose change would have been the next
    best choice, with its values."""

    needs: Sequence[tuple[Need, Sequence[Judged]]]
    runner_up: tuple[str, str, tuple[int, ...]] | None


def value_of(outcome: Choice, objective: str) -> int:
    """One of a choice's values, by its objective."""
    return outcome.values[outcome.objectives.index(objective)]


def explain(problem: Problem, outcome: Choice | NoChoice) -> Explained:
    """The reasons of a choice, or why nothing could be chosen."""
    offers = {offer.key: offer for offer in problem.offers}
    sellers = {seller.key: seller for seller in problem.sellers}
    out = exclusions(problem, problem.rules)
    taken = _taken(outcome)
    needs = []
    runner_up: tuple[str, str, tuple[int, ...]] | None = None
    for need in problem.needs:
        rows = []
        for candidate in sorted(need.candidates, key=lambda one: (one.rank, one.offer)):
            offer = offers[candidate.offer]
            plain = Judged(candidate, offer, sellers[offer.seller], EXCLUDED)
            if sellers[offer.seller].rates:
                plain = replace(plain, days=fastest_days(sellers[offer.seller]))
            why = out[need.key].get(candidate.offer)
            if why is not None:
                rows.append(replace(plain, reason=why.value))
                continue
            if isinstance(outcome, NoChoice):
                rows.append(replace(plain, status=UNFIT))
                continue
            quantity = taken[need.key].get(candidate.offer, 0)
            if quantity:
                cost = value_of(outcome, Kind.LOWEST_COST)
                rows.append(replace(plain, status=CHOSEN, quantity=quantity, cost=cost))
                continue
            swapped = solve(_swapped(problem, taken, need.key, candidate.offer))
            rows.append(_compared(plain, outcome, swapped))
            if isinstance(swapped, Choice) and (runner_up is None or swapped.values < runner_up[2]):
                runner_up = (need.key, candidate.offer, swapped.values)
        needs.append((need, rows))
    return Explained(needs, runner_up)


def _taken(outcome: Choice | NoChoice) -> dict[str, dict[str, int]]:
    taken: dict[str, dict[str, int]] = {}
    if isinstance(outcome, Choice):
        for part in outcome.parts:
            taken.setdefault(part.need, {})[part.offer] = part.quantity
    return taken


def _swapped(problem: Problem, taken: Mapping[str, Mapping[str, int]], need_key: str, offer: str) -> Problem:
    """The problem in which nothing but the choice can be chosen, with another offer for one need."""
    return replace(
        problem,
        needs=tuple(
            replace(
                need,
                candidates=tuple(
                    one
                    for one in need.candidates
                    if (one.offer == offer if need.key == need_key else one.offer in taken[need.key])
                ),
            )
            for need in problem.needs
        ),
    )


def _compared(plain: Judged, outcome: Choice, swapped: Choice | NoChoice) -> Judged:
    if isinstance(swapped, NoChoice):
        return replace(plain, status=UNFIT)
    cost = value_of(swapped, Kind.LOWEST_COST)
    for objective, before, after in zip(outcome.objectives, outcome.values, swapped.values, strict=True):
        if after != before:
            # With a choice that is not proven, another one may even be better.
            return replace(plain, status=BEATEN, reason=objective, difference=after - before, cost=cost)
    return replace(plain, status=EQUAL, cost=cost)
