"""What rules ask for: limits that must be kept, and values that are to be as little as can be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter

from app.purchasing.routing.options import Share
from app.purchasing.routing.problem import Kind, Problem, Rule, Seller, zone

SUBSTITUTES, SPARES, SPLIT_LINES, RANK = "substitutes", "spares", "split_lines", "source_order"

#: What decides, in this order, between choices that all rules find equally good.
_LAST = (Kind.LOWEST_COST, Kind.FEWEST_PARCELS, Kind.FASTEST, RANK)

#: What a preferred rule is called as an objective, where that is not its kind.
_NAMES: Mapping[Kind, str] = {Kind.WHOLE_LINES: SPLIT_LINES, Kind.OWN_SOURCE: RANK}

#: Objectives that are sums over what is taken of the offers.
_SUMS = frozenset({SUBSTITUTES, SPARES, SPLIT_LINES, RANK, Kind.PREFERRED_SUPPLIER, Kind.NEAREST, Kind.MOST_RELIABLE})

#: Those that are not, in the order in which ``values`` has them behind the sums.
_BEHIND_SUMS = (Kind.LOWEST_COST, Kind.FEWEST_PARCELS, Kind.FASTEST, Kind.ONE_SUPPLIER, Kind.MAX_LOSS)

#: A cost in minor units that no order has: what is paid is not known, so nothing is a loss.
_NO_LOSS = 2**63

#: More kilometres than any two places are apart: half of the earth's circumference.
_FARTHEST = 20_038


def names_of(rules: Sequence[Rule]) -> tuple[str, ...]:
    """The objectives, the most important first. Substitutes and spares come only where nothing else does."""
    preferred = [_NAMES.get(rule.kind, rule.kind.value) for rule in rules if not rule.required]
    return tuple(dict.fromkeys([SUBSTITUTES, SPARES, *preferred, *(str(name) for name in _LAST)]))


class Objectives:
    """The objectives and limits of a problem's rules."""

    def __init__(self, problem: Problem, rules: Sequence[Rule], sellers: Mapping[str, Seller]) -> None:
        self.names = names_of(rules)
        self.sums = tuple(name for name in self.names if name in _SUMS)
        #: How many of the objectives, from the most important on, are sums.
        self.leading = next((at for at, name in enumerate(self.names) if name not in _SUMS), len(self.names))
        limits = {rule.kind: rule.limit for rule in rules if rule.required}
        self.most_parcels = 1 if Kind.ONE_SUPPLIER in limits else limits.get(Kind.FEWEST_PARCELS)
        self.most_days = limits.get(Kind.FASTEST)
        accepted = next((rule.limit or 0 for rule in rules if rule.kind is Kind.MAX_LOSS), 0)
        self._loss_from = _NO_LOSS if problem.revenue is None else problem.revenue + accepted
        self.most_cost: int | None = None
        if Kind.MAX_LOSS in limits and problem.revenue is not None:
            self.most_cost = self._loss_from
        suppliers = next((rule.suppliers for rule in rules if rule.kind is Kind.PREFERRED_SUPPLIER), ())
        self._place = {supplier: place for place, supplier in enumerate(suppliers)}
        self._far = _far(problem.country, sellers)
        self._unreliable = {key: 100 - (seller.reliability or 0) for key, seller in sellers.items()}
        self._scores = [self._score(name) for name in self.sums]
        self._places = itemgetter(*[self._place_of(name) for name in self.names])

    def scores(self, shares: Sequence[Share]) -> tuple[int, ...]:
        """What a way of filling a need adds to each of the sums: each unit counts."""
        return tuple([score(shares) for score in self._scores])

    def values(self, scores: Sequence[int], cost: int, parcels: int, days: int) -> tuple[int, ...]:
        """All objectives, of a whole choice or as bounds from below."""
        loss = cost - self._loss_from
        found: tuple[int, ...] = self._places((*scores, cost, parcels, days, int(parcels > 1), loss if loss > 0 else 0))
        return found

    def broken(self, cost: int, parcels: int, days: int) -> bool:
        """Whether a limit is passed."""
        return (
            (self.most_parcels is not None and parcels > self.most_parcels)
            or (self.most_days is not None and days > self.most_days)
            or (self.most_cost is not None and cost > self.most_cost)
        )

    def _score(self, name: str) -> Callable[[Sequence[Share]], int]:
        if name == SUBSTITUTES:
            return lambda shares: sum([share.units for share in shares if share.candidate.kind == "substitute"])
        if name == SPARES:
            return lambda shares: sum([share.units for share in shares if share.candidate.spare])
        if name == SPLIT_LINES:
            return lambda shares: int(len({share.offer.seller for share in shares}) > 1)
        if name == RANK:
            return lambda shares: sum([share.units * share.candidate.rank for share in shares])
        by_seller, otherwise = {
            Kind.PREFERRED_SUPPLIER.value: (self._place, len(self._place)),
            Kind.NEAREST.value: (self._far, 0),
            Kind.MOST_RELIABLE.value: (self._unreliable, 0),
        }[name]
        return lambda shares: sum([share.units * by_seller.get(share.offer.seller, otherwise) for share in shares])

    def _place_of(self, name: str) -> int:
        """Where a value stands behind the sums."""
        if name in self.sums:
            return self.sums.index(name)
        return len(self.sums) + _BEHIND_SUMS.index(Kind(name))


def _far(country: str, sellers: Mapping[str, Seller]) -> dict[str, int]:
    """How far each seller is: in kilometres, an unknown one the farthest. Where no distance is known, as in problems
    that were stored without any, what border is between."""
    if all(seller.distance is None for seller in sellers.values()):
        return {key: zone(seller.country, country) for key, seller in sellers.items()}
    return {key: _FARTHEST if seller.distance is None else seller.distance for key, seller in sellers.items()}
