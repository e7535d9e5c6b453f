"""Decisions: which state follows which, what may be chosen about what, tolerances, and steps on working days."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.purchasing.decisions.rules import (
    CHOICES,
    KINDS,
    STATES,
    Rules,
    may_move,
    next_step,
    problems_of,
    tolerated,
    with_changes,
)
from app.purchasing.rules import answer_by
from app.suppliers.rules import Closure

#: Every state, and all that it may become.
TABLE = {
    "OPEN": {"CHOSEN", "PAYING", "WAITING", "DONE", "OVERTAKEN"},
    "CHOSEN": {"OPEN", "PAYING", "WAITING", "DONE", "OVERTAKEN"},
    "PAYING": {"OPEN", "DONE", "OVERTAKEN"},
    "WAITING": {"OPEN", "CHOSEN", "PAYING", "DONE", "OVERTAKEN"},
    "DONE": set(),
    "OVERTAKEN": set(),
}


@pytest.mark.parametrize("current", STATES)
def test_a_decision_moves_as_the_table_says(current: str) -> None:
    assert {wanted for wanted in STATES if may_move(current, wanted)} == TABLE[current]


def test_everything_can_be_refunded_and_only_a_price_accepted() -> None:
    assert set(CHOICES) == set(KINDS)
    assert all("refund" in choices and "substitute" in choices for choices in CHOICES.values())
    assert [kind for kind in KINDS if "accept" in CHOICES[kind]] == ["price"]
    assert [kind for kind in KINDS if "wait" in CHOICES[kind]] == ["rejected", "silent", "later"]


@pytest.mark.parametrize(
    ("ordered", "asked", "more", "taken"),
    [
        (1000, 999, -1, True),
        (1000, 1000, 0, True),
        (1000, 1050, 100, True),
        (1000, 1051, 102, False),
        (1000, 1050, 201, False),
        (0, 1, 1, False),
    ],
)
def test_a_higher_price_is_taken_within_both_limits(ordered: int, asked: int, more: int, taken: bool) -> None:
    rules = Rules(price_tolerance_bps=500, price_tolerance_amount=200)
    assert tolerated(rules, ordered=ordered, asked=asked, more=more) is taken
    assert not tolerated(Rules(), ordered=1000, asked=1001, more=1), "without a tolerance nothing is"


def test_rules_say_what_is_wrong_with_them() -> None:
    assert problems_of(Rules()) == []
    wrong = with_changes(Rules(), remind_hours=0, price_default="wait", decision_default="accept")
    assert [one.field for one in problems_of(wrong)] == ["remind_hours", "price_default", "decision_default"]


def moment(day: int, hour: int) -> datetime:
    return datetime(2026, 12, day, hour, tzinfo=UTC)


def test_an_answer_is_due_a_working_day_later_where_the_supplier_is() -> None:
    # The 4th is a Friday.
    assert answer_by(moment(3, 10)) == moment(4, 10)
    assert answer_by(moment(4, 10)) == moment(7, 10)
    # After the cut-off in Berlin (17:00) it counts for the next day.
    assert answer_by(moment(3, 16), timezone="Europe/Berlin", cutoff_hour=17) == moment(7, 16)
    closed = [Closure(date(2026, 12, 7), date(2026, 12, 8))]
    assert answer_by(moment(4, 10), closed) == moment(9, 10)


def test_reminders_come_on_days_on_which_the_supplier_works() -> None:
    assert next_step(moment(3, 10), 8, [], "UTC") == moment(3, 18)
    assert next_step(moment(4, 20), 8, [], "UTC") == moment(7, 4)
    # Saturday there already.
    assert next_step(moment(4, 10), 8, [], "Asia/Tokyo") == moment(6, 18), "Saturday there: on Monday, there"
    assert next_step(moment(3, 10), 24, [Closure(date(2026, 12, 4), date(2026, 12, 4))], "UTC") == moment(7, 10)
