"""What can be chosen at all: candidates that are out, and the ways in which a need can be filled by the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from typing import NamedTuple

from app.purchasing.routing.problem import Candidate, Exclusion, Kind, Need, Offer, Problem, Rule, Seller, zone

#: A line is split between at most so many suppliers.
LARGEST_SPLIT = 3


class Share(NamedTuple):
    """What a way of filling a need takes of one offer: ``units`` of the need, ``quantity`` of the offer's own."""

    candidate: Candidate
    offer: Offer
    units: int
    quantity: int


def may_split(rules: Sequence[Rule]) -> bool:
    """Whether a line may come from several suppliers: unless a rule requires whole lines."""
    return not any(rule.required and rule.kind in (Kind.WHOLE_LINES, Kind.ONE_SUPPLIER) for rule in rules)


def fastest_days(seller: Seller) -> int:
    """Days until a parcel arrives at the latest, by its quickest rate."""
    return seller.lead_days + min((rate.transit_days_max for rate in seller.rates), default=0)


def exclusions(problem: Problem, rules: Sequence[Rule]) -> dict[str, dict[str, Exclusion]]:
    """Need → offer → why it is out. Those that can be chosen are left out."""
    offers = {offer.key: offer for offer in problem.offers}
    sellers = {seller.key: seller for seller in problem.sellers}
    required = [rule for rule in rules if rule.required]
    split = may_split(rules)
    found: dict[str, dict[str, Exclusion]] = {}
    for need in problem.needs:
        out = found[need.key] = {}
        for candidate in need.candidates:
            offer = offers[candidate.offer]
            why = _why_out(problem, need, candidate, offer, sellers[offer.seller], required, split=split)
            if why is not None:
                out[candidate.offer] = why
    return found


def _why_out(
    problem: Problem,
    need: Need,
    candidate: Candidate,
    offer: Offer,
    seller: Seller,
    required: Sequence[Rule],
    *,
    split: bool,
) -> Exclusion | None:
    if candidate.excluded is not None:
        return Exclusion(candidate.excluded)
    if not offer.offered:
        return Exclusion.NOT_ON_OFFER
    if not seller.rates:
        return Exclusion.NOT_SHIPPED_THERE
    if seller.exchange is None:
        return Exclusion.NO_EXCHANGE_RATE
    if offer.free < candidate.per_unit * (1 if split else need.units):
        return Exclusion.OUT_OF_STOCK
    for rule in required:
        if rule.kind is Kind.PREFERRED_SUPPLIER and seller.key not in rule.suppliers:
            return Exclusion.OTHER_SUPPLIER
        if rule.kind is Kind.OWN_SOURCE and candidate.rank:
            return Exclusion.OTHER_SOURCE
        if rule.limit is None:
            continue
        if rule.kind is Kind.FASTEST and fastest_days(seller) > rule.limit:
            return Exclusion.TOO_SLOW
        if rule.kind is Kind.NEAREST and zone(seller.country, problem.country) > rule.limit:
            return Exclusion.TOO_FAR
        if rule.kind is Kind.MOST_RELIABLE and (seller.reliability or 0) < rule.limit:
            return Exclusion.NOT_RELIABLE
    return None


def options(
    need: Need, candidates: Sequence[Candidate], offers: Mapping[str, Offer], *, split: bool
) -> Iterator[tuple[Share, ...]]:
    """The ways to fill a need: whole from one offer; with ``split`` also from several, of which all but the last give
    all that they have. Where prices follow the units, no other way of splitting is better."""
    for candidate in candidates:
        offer, quantity = offers[candidate.offer], need.units * candidate.per_unit
        if quantity <= offer.free:
            yield (Share(candidate, offer, need.units, quantity),)
    if not split or need.units == 1:
        return
    seen: set[frozenset[tuple[str, int]]] = set()
    for count in range(2, min(LARGEST_SPLIT, len(candidates)) + 1):
        for several in permutations(candidates, count):
            shares = _shared(need.units, several, offers)
            if shares is None:
                continue
            mark = frozenset((share.offer.key, share.units) for share in shares)
            if mark not in seen:
                seen.add(mark)
                yield shares


def _shared(units: int, several: Sequence[Candidate], offers: Mapping[str, Offer]) -> tuple[Share, ...] | None:
    """So many units from all of these offers, the last one taking the rest; None where that can't be."""
    left, shares = units, []
    for candidate in several[:-1]:
        takes = offers[candidate.offer].free // candidate.per_unit
        if not 0 < takes < left:
            return None
        shares.append(Share(candidate, offers[candidate.offer], takes, takes * candidate.per_unit))
        left -= takes
    last, quantity = offers[several[-1].offer], left * several[-1].per_unit
    return (*shares, Share(several[-1], last, left, quantity)) if quantity <= last.free else None
