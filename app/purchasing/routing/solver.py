"""The choice itself: exact, by branch and bound over the needs of one order.

Rules are read from the top. Required ones are limits; preferred ones are objectives, and a later one only decides
between what the earlier ones find equally good. At each step of the search every objective has a bound from below; what
can't get before the best choice found so far is left out (``bounds`` has that of cost).

Everything that decides an order between equals is taken from the values, so neither the order of the needs nor that of
the candidates matters.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import add, attrgetter, itemgetter

from app.purchasing.routing.bounds import RestOfCost
from app.purchasing.routing.objectives import Objectives
from app.purchasing.routing.options import Share, exclusions, may_split, options
from app.purchasing.routing.problem import Choice, Exclusion, Kind, Need, NoChoice, Part, Problem, Rule
from app.purchasing.routing.shipping import Tariff

#: Steps after which a search is no longer exact: it takes the best found so far, marked as not proven.
NODE_LIMIT = 10_000

#: So far a sum of fractions may be beside its true value, in minor units.
_NOISE = 1e-6

#: Of a branch, what it is sorted by: its bound and its way's place.
_PLACE = itemgetter(0, 1)
#: Of a way, what it is sorted by.
_ORDER = attrgetter("order")


def solve(problem: Problem, *, node_limit: int = NODE_LIMIT) -> Choice | NoChoice:
    """The best choice for an order; the same for the same problem, in whatever order its parts are named."""
    out = exclusions(problem, problem.rules)
    field = _Field(problem, problem.rules, out)
    stuck = tuple(sorted(key for key, ways in field.ways.items() if not ways))
    if stuck:
        return NoChoice(out, stuck, "")
    found = _best(field, node_limit)
    if found is not None:
        return found
    return NoChoice(out, (), "gave_up" if field.gave_up else _cause(problem, node_limit))


def _best(field: _Field, node_limit: int) -> Choice | None:
    """Where the most important objectives are sums, needs that all take their best can't be beaten: if that is
    possible together, only such ways have to be compared by what comes after."""
    best = {
        key: [way for way in ways if way.leading == ways[0].leading] if ways else [] for key, ways in field.ways.items()
    }
    found = _Search(field, best).run(node_limit)
    if found is None and any(len(best[key]) < len(ways) for key, ways in field.ways.items()):
        found = _Search(field, field.ways).run(node_limit)
    return found


def _cause(problem: Problem, node_limit: int) -> str:
    """Why needs that can each be filled can't be filled together."""
    preferred = [rule for rule in problem.rules if not rule.required]
    field = _Field(problem, preferred, exclusions(problem, preferred))
    if _best(field, node_limit) is not None:
        return "rules"
    return "shipping" if field.beyond_tiers else "stock"


@dataclass(slots=True, eq=False)
class _Way:
    """One way to fill a need. ``takes``: per seller (its number) units, grams and goods; ``mask``: these sellers as
    bits; ``base``: the least that it adds to the cost of open sellers; ``alone``: the least that it adds where none of
    its sellers is open, None where no rate carries it; ``scores``: what it adds to the sums, of which ``leading`` are
    those before any other objective."""

    shares: tuple[Share, ...]
    takes: tuple[tuple[int, int, int, int], ...]
    mask: int
    base: float
    alone: float | None
    days: int
    scores: tuple[int, ...]
    leading: tuple[int, ...]
    order: tuple[object, ...]


class _Field:
    """What a search goes over: the needs' ways, the best first, and the sellers' tariffs by their number."""

    def __init__(self, problem: Problem, rules: Sequence[Rule], out: Mapping[str, Mapping[str, Exclusion]]) -> None:
        self.problem = problem
        self.offers = {offer.key: offer for offer in problem.offers}
        sellers = {seller.key: seller for seller in problem.sellers}
        self.objectives = Objectives(problem, rules, sellers)
        usable = {offer.seller for offer in problem.offers if offer.offered and sellers[offer.seller].exchange}
        self.number = {key: number for number, key in enumerate(sorted(usable)) if sellers[key].rates}
        self.tariffs = {
            number: Tariff(sellers[key], problem.currency, problem.country) for key, number in self.number.items()
        }
        self.together = self._together()
        split = may_split(rules)
        self.ways = {need.key: self._ways(need, out[need.key], split=split) for need in problem.needs}
        #: Whether some ways were left out because no rate carries them, and whether a search ended without an answer.
        self.beyond_tiers = self.gave_up = False

    def _together(self) -> dict[str, int]:
        """Units of offers with prices by quantity that several needs could take, all of them together: the price of
        each depends on the others then, and is at least that of all."""
        units: dict[str, list[int]] = {}
        for need in self.problem.needs:
            for candidate in need.candidates:
                if self.offers[candidate.offer].steps:
                    units.setdefault(candidate.offer, []).append(need.units * candidate.per_unit)
        return {offer: sum(several) for offer, several in units.items() if len(several) > 1}

    def _ways(self, need: Need, out: Mapping[str, Exclusion], *, split: bool) -> list[_Way]:
        usable = [one for one in need.candidates if one.offer not in out]
        made = [self._way(shares) for shares in options(need, usable, self.offers, split=split)]
        made.sort(key=_ORDER)
        return made

    def _way(self, shares: tuple[Share, ...]) -> _Way:
        takes: dict[int, tuple[int, int, int, int]] = {}
        mask, base, days = 0, 0.0, 0
        for share in shares:
            offer, quantity = share.offer, share.quantity
            number = self.number[offer.seller]
            tariff = self.tariffs[number]
            together = self.together.get(offer.key, quantity) if self.together else quantity
            goods = quantity * (offer.price(together) if offer.steps else offer.unit_cost)
            units, grams, before = quantity, quantity * offer.grams, goods
            had = takes.get(number)
            if had is not None:
                units, grams, before = units + had[1], grams + had[2], before + had[3]
            takes[number] = (number, units, grams, before)
            mask |= 1 << number
            base += (goods + quantity * tariff.per_unit) * tariff.factor
            if tariff.quickest > days:
                days = tariff.quickest
        alone: float | None = 0.0
        for number, units, grams, goods in takes.values():
            least = self.tariffs[number].at_least(units, grams, goods)
            alone = None if least is None or alone is None else alone + (goods + least) * self.tariffs[number].factor
        scores = self.objectives.scores(shares)
        names = tuple([(share.candidate.rank, share.offer.key, share.units) for share in shares])
        leading = scores[: self.objectives.leading]
        return _Way(shares, tuple(takes.values()), mask, base, alone, days, scores, leading, (scores, base, names))


class _Search:
    """One search over some of the ways."""

    def __init__(self, field: _Field, ways: Mapping[str, Sequence[_Way]]) -> None:
        self.field, self.objectives, self.tariffs = field, field.objectives, field.tariffs
        # Where least can be chosen, least can go wrong later.
        self.needs = sorted(ways, key=lambda key: (len(ways[key]), -max(way.base for way in ways[key]), key))
        self.ways = [ways[key] for key in self.needs]
        opening = {1 << number: tariff.opening * tariff.factor for number, tariff in self.tariffs.items()}
        self.rest_of_cost = RestOfCost([_column(own) for own in self.ways], opening)
        self.opening = opening
        self.rounding = sum(tariff.rounds for tariff in self.tariffs.values())
        self._rest_parcels: list[dict[int, int]] = [{} for _ in range(len(self.needs) + 1)]
        self.best: tuple[int, ...] | None = None
        self.best_ways: list[_Way] = []
        self.chosen: list[_Way] = []
        #: What was taken of each seller so far: units, grams, goods; and the least that shipping them costs.
        self.state: dict[int, tuple[int, int, int, int]] = {}
        self.rest_scores, self.rest_days = self._rests()
        self.shared = self._shared()
        #: Where cost's place is among the objectives, if it alone decides first: what comes before is the same for all
        #: ways of a need.
        self.cost_at = self.objectives.leading if self._cost_decides() else None

    def _rests(self) -> tuple[list[tuple[int, ...]], list[int]]:
        """What the needs from each depth on add to the sums, and their days, at least."""
        scores, days = [(0,) * len(self.objectives.sums)], [0]
        for ways in reversed(self.ways):
            least = [min(column) for column in zip(*(way.scores for way in ways), strict=True)]
            scores.append(tuple(map(add, scores[-1], least)))
            days.append(max(days[-1], min(way.days for way in ways)))
        return scores[::-1], days[::-1]

    def _cost_decides(self) -> bool:
        return self.objectives.names[self.objectives.leading] == Kind.LOWEST_COST and all(
            way.leading == ways[0].leading for ways in self.ways for way in ways
        )

    def _shared(self) -> dict[str, int]:
        """Units left of offers that several needs could take: they may be too few for all of them."""
        named: dict[str, int] = {}
        for ways in self.ways:
            for offer in {share.offer.key for way in ways for share in way.shares}:
                named[offer] = named.get(offer, 0) + 1
        return {offer: self.field.offers[offer].free for offer, times in named.items() if times > 1}

    def run(self, node_limit: int) -> Choice | None:
        """Search; None when there is no choice."""
        self.nodes, self.node_limit, self.cut_off = 0, node_limit, False
        # Beyond the limit only a first choice is looked for.
        self.last_node = 2 * node_limit + 10 * len(self.needs)
        self._descend(0, 0, 0.0, (0,) * len(self.objectives.sums), 0)
        best = self.best
        if best is None:
            self.field.gave_up = self.cut_off
            return None
        parts = [
            Part(need, share.offer.key, share.units, share.quantity)
            for need, way in zip(self.needs, self.best_ways, strict=True)
            for share in way.shares
        ]
        parts.sort(key=lambda part: (part.need, part.offer))
        return Choice(tuple(parts), self.objectives.names, best, not self.cut_off, self.nodes)

    def _descend(self, depth: int, mask: int, cost: float, scores: tuple[int, ...], days: int) -> None:
        self.nodes += 1
        if depth == len(self.needs):
            self._finish(scores)
            return
        branches = self._branches(depth, mask, cost, scores, days)
        for bound, _, way, new_cost, new_scores in branches:
            if self.best is not None and bound >= self.best:
                # The others begin no lower.
                return
            if self.nodes >= self.node_limit:
                self.cut_off = True
                if self.best is not None or self.nodes >= self.last_node:
                    return
            before = self._take(way)
            self._descend(depth + 1, mask | way.mask, new_cost, new_scores, max(days, way.days))
            self._put_back(way, before)

    def _take(self, way: _Way) -> list[tuple[int, tuple[int, int, int, int] | None]]:
        before = []
        for number, units, grams, goods in way.takes:
            had = self.state.get(number)
            before.append((number, had))
            if had is not None:
                units, grams, goods = units + had[0], grams + had[1], goods + had[2]
            least = self.tariffs[number].at_least(units, grams, goods)
            assert least is not None
            self.state[number] = (units, grams, goods, least)
        if self.shared:
            for share in way.shares:
                if share.offer.key in self.shared:
                    self.shared[share.offer.key] -= share.quantity
        self.chosen.append(way)
        return before

    def _put_back(self, way: _Way, before: Sequence[tuple[int, tuple[int, int, int, int] | None]]) -> None:
        self.chosen.pop()
        if self.shared:
            for share in way.shares:
                if share.offer.key in self.shared:
                    self.shared[share.offer.key] += share.quantity
        for number, had in before:
            if had is None:
                del self.state[number]
            else:
                self.state[number] = had

    def _branches(
        self, depth: int, mask: int, cost: float, scores: tuple[int, ...], days: int
    ) -> list[tuple[tuple[int, ...], int, _Way, float, tuple[int, ...]]]:
        """The ways that can be taken here, the best first, with the bounds of what follows and the sums after them."""
        objectives, best, following = self.objectives, self.best, depth + 1
        dual = self.rest_of_cost(depth, mask)
        later, least_of_all = dual.total - dual.first, cost + dual.total
        sums, latest_of_rest = (
            tuple(map(add, scores, self.rest_scores[following])),
            max(days, self.rest_days[following]),
        )
        # Looked up once for thousands of ways.
        values, broken, slack, opening = objectives.values, objectives.broken, dual.slack, self.opening
        shared, rounding, left = self.shared, self.rounding, len(self.needs) - following
        most = math.inf if best is None or self.cost_at is None else best[self.cost_at] + _NOISE
        found = []
        for place, way in enumerate(self.ways[depth]):
            if shared and not self._is_left(way):
                continue
            own = way.mask
            adds = way.alone if not own & mask else self._adds(way)
            if adds is None:
                self.field.beyond_tiers = True
                continue
            least = cost + adds + later
            closed = own & ~mask
            while closed:
                # What the later needs have paid of its opening is in what this way adds.
                bit = closed & -closed
                closed ^= bit
                least -= opening[bit] - slack[bit]
                if bit == own and dual.first > way.base:
                    least += dual.first - way.base
            opened = mask | own
            parcels = opened.bit_count()
            if least < least_of_all:
                least = least_of_all
            if rounding:
                # Each purchase order's cost is rounded once, by half a unit at most.
                least -= 0.5 * min(rounding, parcels + left)
            if least > most:
                continue
            least_cost = math.ceil(least - _NOISE)
            latest = way.days if way.days > latest_of_rest else latest_of_rest
            least_sums = tuple(map(add, sums, way.scores))
            # Few stay when it costs too much; what the rest adds to the parcels is asked for those only.
            if best is not None and values(least_sums, least_cost, parcels, latest) >= best:
                continue
            parcels += self._rest_of_parcels(following, opened)
            if broken(least_cost, parcels, latest):
                continue
            bound = values(least_sums, least_cost, parcels, latest)
            if best is None or bound < best:
                found.append((bound, place, way, cost + adds, tuple(map(add, scores, way.scores))))
        found.sort(key=_PLACE)
        return found

    def _is_left(self, way: _Way) -> bool:
        return all(share.quantity <= self.shared.get(share.offer.key, share.quantity) for share in way.shares)

    def _adds(self, way: _Way) -> float | None:
        """What a way adds to the cost of what was taken before, at least; None where no rate carries it."""
        adds = 0.0
        for number, units, grams, goods in way.takes:
            tariff = self.tariffs[number]
            had = self.state.get(number)
            if had is None:
                least = tariff.at_least(units, grams, goods)
            else:
                least = tariff.at_least(units + had[0], grams + had[1], goods + had[2])
                least = None if least is None else least - had[3]
            if least is None:
                return None
            adds += (goods + least) * tariff.factor
        return adds

    def _rest_of_parcels(self, depth: int, mask: int) -> int:
        """Needs of which no two can come from one seller, and none from an open one."""
        seen = self._rest_parcels[depth]
        known = seen.get(mask)
        if known is None:
            taken, known = mask, 0
            for ways in self.ways[depth:]:
                own = 0
                for way in ways:
                    own |= way.mask
                if not own & taken:
                    known += 1
                    taken |= own
            seen[mask] = known
        return known

    def _finish(self, scores: tuple[int, ...]) -> None:
        cost = days = 0
        adds = self._adds_of_prices() if self.field.together else {}
        for number, (units, grams, least, _) in self.state.items():
            goods = least + adds.get(number, 0)
            tariff = self.tariffs[number]
            exact = tariff.exact(units, grams, goods)
            if exact is None:
                self.field.beyond_tiers = True
                return
            cost += tariff.exchange.convert(goods + exact[0])
            days = max(days, exact[1])
        if self.objectives.broken(cost, len(self.state), days):
            return
        values = self.objectives.values(scores, cost, len(self.state), days)
        if self.best is None or values < self.best:
            self.best, self.best_ways = values, list(self.chosen)

    def _adds_of_prices(self) -> dict[int, int]:
        """What goods cost more than their bounds, by seller: of offers that are cheaper the more are taken."""
        taken: dict[str, int] = {}
        for way in self.chosen:
            for share in way.shares:
                if share.offer.key in self.field.together:
                    taken[share.offer.key] = taken.get(share.offer.key, 0) + share.quantity
        adds: dict[int, int] = {}
        for key, quantity in taken.items():
            offer = self.field.offers[key]
            number = self.field.number[offer.seller]
            more = offer.price(quantity) - offer.price(self.field.together[key])
            adds[number] = adds.get(number, 0) + quantity * more
        return adds


def _column(ways: Sequence[_Way]) -> list[tuple[float, int]]:
    """A need's ways as the bound of cost sees them."""
    least: dict[int, float] = {}
    for way in ways:
        if way.base < least.get(way.mask, math.inf):
            least[way.mask] = way.base
    return sorted((base, mask) for mask, base in least.items())
