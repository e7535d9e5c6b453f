"""The rules of scorecards, on plain values."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.suppliers.rules.scorecards import (
    BELOW,
    FEW,
    GOOD,
    MEASURES,
    NEAR,
    NEW_UNTIL,
    PRIOR,
    SHOWN_FROM,
    Tally,
    at_least,
    network_shares,
    parts_of,
    quantile,
    score_of,
    standing,
    stars,
    upper_bound,
)

tallies = st.integers(0, 500).flatmap(lambda counted: st.builds(Tally, st.integers(0, counted), st.just(counted)))
cards = st.dictionaries(st.sampled_from(sorted(MEASURES)), tallies)
PERFECT = {name: Tally(200, 200) for name in MEASURES}


def naive(card: dict[str, Tally], totals: dict[str, Tally]) -> float | None:
    """The score as docs/architecture.md tells it."""
    known = [name for name, total in totals.items() if total.counted]
    if not known:
        return None
    points = 0.0
    for name in known:
        measure, total, one = MEASURES[name], totals[name], card.get(name, Tally())
        average = (total.met + PRIOR * measure.goal / 10_000) / (total.counted + PRIOR)
        share = (one.met + PRIOR * average) / (one.counted + PRIOR)
        points += measure.weight * min(1, max(0, (share * 10_000 - measure.floor) / (10_000 - measure.floor)))
    return 100 * points / sum(MEASURES[name].weight for name in known)


def test_the_weights_add_up_and_floors_lie_below_goals() -> None:
    assert sum(one.weight for one in MEASURES.values()) == 100
    assert all(0 < one.floor < one.goal < 10_000 for one in MEASURES.values())


@given(cards, cards)
def test_the_score_is_the_weighted_sum_of_what_each_measure_earns(
    card: dict[str, Tally], totals: dict[str, Tally]
) -> None:
    network = network_shares(totals)
    expected = naive(card, totals)
    assert score_of(card, network, NEW_UNTIL - 1) is None, "new"
    score = score_of(card, network, NEW_UNTIL)
    if expected is None:
        assert score is None
        return
    assert score is not None
    assert 0 <= score <= 100
    assert abs(score - expected) <= 0.51
    parts = parts_of(card, network)
    assert abs(sum(one.points for one in parts.values()) / 10 - expected) <= 0.05 * len(parts) + 0.01
    assert all(0 <= one.points <= one.most for one in parts.values())


@given(cards, st.sampled_from(sorted(MEASURES)), st.integers(1, 400))
def test_one_more_failure_never_raises_a_score(card: dict[str, Tally], name: str, failures: int) -> None:
    network = network_shares(PERFECT)
    before = card.get(name, Tally())
    worse = {**card, name: Tally(before.met, before.counted + failures)}
    assert (score_of(worse, network, 100) or 0) <= (score_of(card, network, 100) or 0)


def test_a_single_success_does_not_beat_a_long_record() -> None:
    network = network_shares({name: Tally(920, 1_000) for name in MEASURES})
    lucky = {name: Tally(1, 1) for name in MEASURES}
    proven = {name: Tally(495, 500) for name in MEASURES}
    assert (score_of(proven, network, 500) or 0) > (score_of(lucky, network, 500) or 0)


def test_what_nobody_has_figures_of_counts_for_nobody() -> None:
    totals = {name: tally for name, tally in PERFECT.items() if name != "arrived"}
    network = network_shares(totals)
    assert "arrived" not in parts_of(PERFECT, network)
    assert score_of(totals, network, 100) == score_of(PERFECT, network, 100)


@given(tallies)
def test_the_bound_lies_above_the_share_and_nears_it(tally: Tally) -> None:
    bound = upper_bound(tally)
    assert 0 <= bound <= 1
    if tally.counted:
        assert bound >= tally.met / tally.counted - 1e-9
        tenfold = Tally(tally.met * 10, tally.counted * 10)
        assert upper_bound(tenfold) <= bound + 1e-9


def test_below_its_goal_is_only_what_is_so_beyond_chance() -> None:
    assert standing("sent", Tally(0, 0)) == FEW
    assert standing("sent", Tally(9, 10)) == FEW
    assert standing("sent", Tally(2, 10)) == BELOW, "ten are enough to see this"
    assert standing("sent", Tally(94, 100)) == NEAR
    assert standing("sent", Tally(80, 100)) == BELOW
    assert standing("sent", Tally(SHOWN_FROM, SHOWN_FROM)) == GOOD


@given(st.dictionaries(st.integers(1, 31), st.integers(1, 50), max_size=8))
def test_quantiles_are_those_of_the_list_written_out(steps: dict[int, int]) -> None:
    cases = sorted(step for step, count in steps.items() for _ in range(count))
    for percent in (50, 90):
        expected = cases[-(-len(cases) * percent // 100) - 1] if cases else None
        assert quantile(steps, percent) == expected


@given(st.integers(0, 10**7))
def test_others_learn_only_roughly_how_many_there_are(count: int) -> None:
    shown = at_least(count)
    assert shown <= count
    if count < SHOWN_FROM:
        assert shown == 0
    else:
        assert shown * 2.5 >= count
        assert str(shown).strip("0") in ("1", "2", "3", "5")


def test_stars_have_one_decimal() -> None:
    assert [stars(score) for score in (None, 0, 93, 100)] == [None, Decimal("0.0"), Decimal("4.7"), Decimal("5.0")]
