"""Which supplier delivers what: the choice is the best there is, and always the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import product
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.catalog.tiers.rules import price_for
from app.kit.money import Money
from app.pricing.rules import converted
from app.purchasing.routing.problem import (
    Candidate,
    Choice,
    Kind,
    Need,
    NoChoice,
    Offer,
    Problem,
    Rule,
    Seller,
    zone,
)
from app.purchasing.routing.solver import solve
from app.suppliers.rules import Parcel, Rate, Tier, rate_for, shipping_cost

_PRICES = st.integers(0, 600)


@st.composite
def _rates(draw: st.DrawFn) -> tuple[Rate, ...]:
    rates = []
    for number in range(draw(st.integers(1, 2))):
        days = draw(st.integers(1, 9))
        kind = draw(st.sampled_from(["item", "item", "weight", "value"]))
        if kind == "item":
            rates.append(Rate(f"r{number}", ("US",), draw(_PRICES), draw(st.integers(0, 200)), 1, days))
            continue
        steps = sorted(draw(st.sets(st.integers(100, 3000), max_size=2)))
        ends: list[int | None] = [*steps, None] if draw(st.booleans()) or not steps else [*steps]
        tiers = tuple(Tier(end, draw(_PRICES)) for end in ends)
        rates.append(Rate(f"r{number}", ("US",), 0, 0, 1, days, "standard", kind, tiers))
    return tuple(rates)


@st.composite
def _rules(draw: st.DrawFn, sellers: list[str]) -> tuple[Rule, ...]:
    preferred = [Rule(kind, False, suppliers=tuple(sellers[:2])) for kind in draw(st.permutations(list(Kind)))]
    rules = preferred[: draw(st.integers(0, 4))]
    if draw(st.booleans()):
        rules.append(Rule(Kind.FEWEST_PARCELS, True, limit=draw(st.integers(1, 3))))
    if draw(st.booleans()):
        rules.append(Rule(Kind.FASTEST, True, limit=draw(st.integers(3, 12))))
    if draw(st.booleans()):
        rules.append(Rule(Kind.MAX_LOSS, True, limit=draw(st.integers(0, 2000))))
    rules.append(Rule(Kind.WHOLE_LINES, True))
    return tuple(rules)


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Orders of up to four lines, with up to four suppliers in two currencies."""
    names = [f"s{number}" for number in range(draw(st.integers(1, 4)))]
    places, sellers = draw(st.booleans()), []
    for name in names:
        currency = draw(st.sampled_from(["USD", "EUR"]))
        sellers.append(
            Seller(
                key=name,
                name=name.upper(),
                currency=currency,
                country=draw(st.sampled_from(["US", "DE"])),
                exchange="1" if currency == "USD" else draw(st.sampled_from(["1.0837", "0.91"])),
                order_fee=draw(st.sampled_from([0, 75])),
                lead_days=draw(st.integers(0, 5)),
                reliability=draw(st.one_of(st.none(), st.integers(50, 100))),
                rates=draw(_rates()),
                distance=draw(st.sampled_from([None, 0, 500, 9000])) if places else None,
            )
        )
    steps = st.lists(st.tuples(st.integers(2, 6), _PRICES), max_size=2).map(tuple)
    offers = [
        Offer(f"o{at}", draw(st.sampled_from(names)), draw(_PRICES), draw(st.integers(0, 900)), free, True, draw(steps))
        for at, free in enumerate(draw(st.lists(st.integers(0, 6), min_size=1, max_size=7)))
    ]
    needs = []
    for line in range(draw(st.integers(1, 4))):
        keys = draw(st.lists(st.sampled_from([offer.key for offer in offers]), min_size=1, max_size=4, unique=True))
        kinds = st.sampled_from(["origin", "gtin", "substitute"])
        candidates = tuple(
            Candidate(key, draw(st.integers(1, 2)), rank, draw(kinds), draw(st.booleans()))
            for rank, key in enumerate(keys)
        )
        needs.append(Need(f"{line}:0", line, 0, draw(st.integers(1, 3)), candidates))
    revenue = draw(st.one_of(st.none(), st.integers(500, 6000)))
    rules = draw(_rules(names))
    return Problem("USD", "US", revenue, tuple(needs), tuple(offers), tuple(sellers), rules)


def _judged(problem: Problem, chosen: tuple[Candidate, ...]) -> dict[str, int] | None:
    """All objectives of a choice, worked out by the rules that purchase orders are made by; None for one that breaks
    a limit or that stock or rates do not allow."""
    offers = {one.key: one for one in problem.offers}
    sellers = {one.key: one for one in problem.sellers}
    taken: dict[str, int] = {}
    for need, candidate in zip(problem.needs, chosen, strict=True):
        taken[candidate.offer] = taken.get(candidate.offer, 0) + need.units * candidate.per_unit
    parcels: dict[str, Parcel] = {}
    for need, candidate in zip(problem.needs, chosen, strict=True):
        offer, units = offers[candidate.offer], need.units * candidate.per_unit
        had = parcels.get(offer.seller, Parcel(0, 0, 0))
        parcels[offer.seller] = Parcel(
            had.units + units,
            had.grams + units * offer.grams,
            had.goods + units * price_for(offer.unit_cost, _kept(offer), taken[offer.key]),
        )
    if any(units > offers[key].free for key, units in taken.items()):
        return None
    cost, days = 0, 0
    for key, parcel in parcels.items():
        seller = sellers[key]
        rate = rate_for(seller.rates, problem.country, parcel)
        if rate is None:
            return None
        shipping = shipping_cost(rate, parcel, seller.currency)
        whole = Money(parcel.goods + seller.order_fee, seller.currency) + shipping
        cost += converted(whole, rate=Decimal(str(seller.exchange)), currency="USD").minor
        days = max(days, seller.lead_days + rate.transit_days_max)
    each = [(one, need.units) for one, need in zip(chosen, problem.needs, strict=True)]
    used = [(sellers[offers[one.offer].seller], units) for one, units in each]
    loss = next((rule.limit or 0 for rule in problem.rules if rule.kind is Kind.MAX_LOSS), 0)
    wanted = next((rule.suppliers for rule in problem.rules if rule.kind is Kind.PREFERRED_SUPPLIER), ())
    beyond = 0 if problem.revenue is None else max(0, cost - problem.revenue - loss)
    for rule in problem.rules:
        if rule.required and rule.limit is not None:
            value = {Kind.FEWEST_PARCELS: len(parcels), Kind.FASTEST: days}.get(rule.kind)
            if value is not None and value > rule.limit:
                return None
            if rule.kind is Kind.MAX_LOSS and beyond:
                return None
    return {
        "substitutes": sum(units for one, units in each if one.kind == "substitute"),
        "spares": sum(units for one, units in each if one.spare),
        "split_lines": 0,
        "source_order": sum(units * one.rank for one, units in each),
        "preferred_supplier": sum(
            units * (wanted.index(one.key) if one.key in wanted else len(wanted)) for one, units in used
        ),
        "nearest": sum(units * _far(one, problem) for one, units in used),
        "most_reliable": sum(units * (100 - (one.reliability or 0)) for one, units in used),
        "lowest_cost": cost,
        "fastest": days,
        "fewest_parcels": len(parcels),
        "one_supplier": int(len(parcels) > 1),
        "max_loss": beyond,
    }


def _far(seller: Seller, problem: Problem) -> int:
    """In kilometres; where none are known, the border that is between."""
    if all(one.distance is None for one in problem.sellers):
        return zone(seller.country, "US")
    return 20_038 if seller.distance is None else seller.distance


def _kept(offer: Offer) -> list[dict[str, int]]:
    return [{"min_quantity": least, "price": price} for least, price in offer.steps]


def _all(problem: Problem) -> Iterator[dict[str, int]]:
    for chosen in product(*(need.candidates for need in problem.needs)):
        judged = _judged(problem, chosen)
        if judged is not None:
            yield judged


@given(problem=problems())
@settings(max_examples=200, deadline=None)
def test_no_other_choice_is_better(problem: Problem) -> None:
    found = solve(problem)
    judged = list(_all(problem))
    if isinstance(found, NoChoice):
        assert not judged
        return
    assert found.proven
    by_need = {part.need: part.offer for part in found.parts}
    assert len(by_need) == len(found.parts) == len(problem.needs)
    chosen = tuple(next(one for one in need.candidates if one.offer == by_need[need.key]) for need in problem.needs)
    own = _judged(problem, chosen)
    assert own is not None
    assert found.values == tuple(own[name] for name in found.objectives)
    assert found.values == min(tuple(one[name] for name in found.objectives) for one in judged)


@given(problem=problems(), data=st.data())
@settings(max_examples=80, deadline=None)
def test_the_choice_does_not_depend_on_the_order_of_what_it_is_made_from(problem: Problem, data: Any) -> None:
    def shuffled(several: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(data.draw(st.permutations(list(several))))

    other = replace(
        problem,
        needs=shuffled(tuple(replace(need, candidates=shuffled(need.candidates)) for need in problem.needs)),
        offers=shuffled(problem.offers),
        sellers=shuffled(problem.sellers),
    )
    assert solve(other) == solve(problem)


_FREE = Rate("Post", ("US",), 0, 0, 1, 3)


def _seller(key: str, **more: Any) -> Seller:
    plain = Seller(key, key, "USD", "US", "1", 0, 1, None, (_FREE,))
    return replace(plain, **more)


def _problem(needs: dict[str, int], free: dict[str, int], *rules: Rule, **sellers: Any) -> Problem:
    """Needs of so many units, each of which every offer (by its seller's name) can fill, at 1.00 each."""
    return Problem(
        "USD",
        "US",
        None,
        tuple(
            Need(key, at, 0, units, tuple(Candidate(offer, 1, rank) for rank, offer in enumerate(free)))
            for at, (key, units) in enumerate(needs.items())
        ),
        tuple(Offer(key, key, 100, 0, count, True) for key, count in free.items()),
        tuple(_seller(key, **sellers.get(key, {})) for key in free),
        rules,
    )


def test_a_line_that_no_supplier_can_fill_alone_is_split_where_that_is_allowed() -> None:
    needs, free = {"a": 5}, {"north": 3, "south": 4}
    found = solve(_problem(needs, free))
    assert isinstance(found, Choice)
    assert sum(part.units for part in found.parts) == 5
    assert {part.offer for part in found.parts} == {"north", "south"}
    whole = solve(_problem(needs, free, Rule(Kind.WHOLE_LINES, True)))
    assert isinstance(whole, NoChoice)
    assert whole.stuck == ("a",)
    assert set(whole.excluded["a"].values()) == {"out_of_stock"}


def test_two_lines_do_not_take_the_same_unit_twice() -> None:
    found = solve(_problem({"a": 2, "b": 2}, {"north": 3, "south": 2}, Rule(Kind.WHOLE_LINES, True)))
    assert isinstance(found, Choice)
    assert sorted((part.offer, part.quantity) for part in found.parts) == [("north", 2), ("south", 2)]
    none = solve(_problem({"a": 2, "b": 2}, {"north": 3}, Rule(Kind.WHOLE_LINES, True)))
    assert isinstance(none, NoChoice)
    assert (none.stuck, none.cause) == ((), "stock")


def test_what_only_the_rules_forbid_is_said_so() -> None:
    rules = (Rule(Kind.ONE_SUPPLIER, True),)
    none = solve(_problem({"a": 3, "b": 3}, {"north": 3, "south": 3}, *rules))
    assert isinstance(none, NoChoice)
    assert (none.stuck, none.cause) == ((), "rules")


def test_a_search_that_is_cut_off_says_that_its_choice_is_not_proven() -> None:
    sellers = {f"s{at}": {"rates": (Rate("Post", ("US",), 300 + at, 7 * at, 1, 3),)} for at in range(6)}
    problem = _problem(
        {f"n{at}": 1 + at % 3 for at in range(6)},
        dict.fromkeys(sellers, 99),
        Rule(Kind.LOWEST_COST, False),
        **sellers,
    )
    best = solve(problem)
    cut = solve(problem, node_limit=3)
    assert isinstance(best, Choice)
    assert isinstance(cut, Choice)
    assert best.proven
    assert not cut.proven
    assert cut.values >= best.values
