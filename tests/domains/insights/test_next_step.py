"""Every order says what comes next and who has the ball, whatever state it is in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations_with_replacement

import pytest

from app.exceptions.kind import Party
from app.insights.next_step import Part, next_step
from app.orders.rules import CANCELLED, DELIVERED, HOLD_RULES, RETURNED, STATUSES, HoldReason, Releaser, order_status
from app.purchasing.rules import MOVES

_NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
_ENDED = {CANCELLED, DELIVERED, RETURNED}


def part(status: str, *, released: bool = True, hours: int = 24) -> Part:
    due = _NOW + timedelta(hours=hours)
    return Part(status=status, released=released, answer_by=due, ship_by=due + timedelta(days=2))


@pytest.mark.parametrize("released", [True, False])
def test_every_mix_of_purchase_orders_has_a_next_step_and_a_holder_of_the_ball(released: bool) -> None:
    for statuses in [*combinations_with_replacement(MOVES, 2), *((one,) for one in MOVES), ()]:
        status = order_status(statuses, held=False)
        step = next_step(status, [], [part(one, released=released) for one in statuses])
        assert step.text, statuses
        assert step.code, statuses
        assert (step.ball is None) == (status in _ENDED), statuses


@pytest.mark.parametrize("reason", HoldReason)
def test_every_hold_says_what_to_do_and_whose_turn_it_is(reason: HoldReason) -> None:
    step = next_step("ON_HOLD", [reason], [])
    rule = HOLD_RULES[reason]
    assert (step.code, step.text) == (f"held.{reason}", rule.advice)
    assert step.ball in (Party.RETAILER, Party.PLATFORM)
    if rule.releaser is not Releaser.NOBODY and rule.ends_by is None:
        assert step.ball is Party(rule.releaser.value)


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_has_a_step_even_with_nothing_else_known(status: str) -> None:
    assert next_step(status, [], []).text


def test_what_a_person_must_end_comes_before_what_ends_by_itself_and_the_earliest_moment_is_told() -> None:
    holds = [HoldReason.FRAUD_WINDOW, HoldReason.PAYMENT_FAILED]
    assert next_step("ON_HOLD", holds, []).code == "held.payment_failed"
    step = next_step("PENDING", [], [part("PENDING", hours=5), part("PENDING", hours=2), part("SHIPPED")])
    assert (step.code, step.ball, step.due) == ("answer", Party.SUPPLIER, _NOW + timedelta(hours=2))
    asked = Part(status="CONFIRMED", released=True, asked=_NOW)
    assert next_step("CONFIRMED", [], [asked, part("CONFIRMED")]).code == "change"
    assert next_step(DELIVERED, [], [part(DELIVERED)], open_return=True).ball is Party.SUPPLIER
