"""Every order says what comes next and who has the ball, whatever state it is in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations_with_replacement

import pytest

from app.exceptions.kind import Party
from app.exceptions.queries import StuckThing, all_kinds
from app.insights.next_step import NextStep, Part, Undecided, next_step, with_stuck
from app.kit.ids import new_id
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


@pytest.mark.parametrize(
    ("state", "code", "ball"),
    [
        ("OPEN", "decide", Party.RETAILER),
        ("CHOSEN", "chosen", Party.PLATFORM),
        ("PAYING", "difference", Party.PLATFORM),
        ("WAITING", "stock", Party.SUPPLIER),
    ],
)
def test_units_about_which_is_decided_are_what_comes_next_once_nothing_else_is_to_leave(
    state: str, code: str, ball: Party
) -> None:
    due = None if state == "PAYING" else _NOW
    undecided = [Undecided(state=state, due=due)]
    for parts in ([], [part("CANCELLED")], [part("SHIPPED"), part("CANCELLED")]):
        status = order_status([*(one.status for one in parts), "ON_HOLD"], held=False)
        step = next_step(status, [], parts, undecided=undecided)
        assert (step.code, step.ball, step.due) == (code, ball, due), parts
    before = next_step("PENDING", [], [part("PENDING")], undecided=undecided)
    assert before.code == ("decide" if state == "OPEN" else "answer")


@pytest.mark.parametrize("status", ["BACKORDERED", "CONFIRMED", "PARTIALLY_SHIPPED"])
def test_nobody_is_told_to_send_what_waits_for_a_price(status: str) -> None:
    asked = Part(status=status, released=True, ship_by=_NOW, there=_NOW, price_asked=True)
    step = next_step(status, [], [asked])
    assert (step.code, step.ball, step.due) == ("price", Party.RETAILER, None)
    assert next_step(status, [], [asked, part("SHIPPED")]).code == "delivery"
    assert next_step(status, [], [asked, part("CONFIRMED")]).code == "ship", "the other one goes on"
    chosen = [Undecided(state="CHOSEN", due=_NOW)]
    assert next_step(status, [], [asked], undecided=chosen).code == "chosen"


def stuck(kind: str, about: str, ball: Party) -> StuckThing:
    found = all_kinds()[kind]
    return StuckThing(
        kind=kind, subject=found.subject, subject_id=new_id(), order_id=None, purchase_order_id=None, retailer_id=None,
        supplier_id=None, since=_NOW, due=_NOW, ball=ball, about=about, name="", reference="", detail={},
        snoozed_until=None, told=found.words(about),
    )  # fmt: skip


def test_what_is_stuck_is_said_instead_of_nothing_to_be_done() -> None:
    under_way, over = next_step("SHIPPED", [], [part("SHIPPED")]), next_step(CANCELLED, [], [])
    lost = stuck("parcel", "lost", Party.RETAILER)
    for step, thing in ((under_way, lost), (over, stuck("store_refund", "REFUSED", Party.RETAILER))):
        said = with_stuck(step, [thing], Party.RETAILER)
        assert (said.ball, said.due, said.heading) == (Party.RETAILER, _NOW, thing.told.heading)
        assert said.text == thing.told.advice[Party.RETAILER]
    assert with_stuck(under_way, [lost], Party.PLATFORM).ball is Party.RETAILER
    assert with_stuck(under_way, [], Party.RETAILER) == under_way


def test_who_waits_for_another_one_is_told_what_that_one_does() -> None:
    claimed = stuck("parcel", "returned_to_sender", Party.SUPPLIER)
    said = with_stuck(next_step("SHIPPED", [], [part("SHIPPED")]), [claimed], Party.RETAILER)
    assert (said.ball, said.text) == (Party.SUPPLIER, claimed.told.meanwhile[Party.RETAILER])


def test_what_is_up_to_the_reader_comes_before_what_others_do_and_its_own_step_before_both() -> None:
    theirs = next_step("CONFIRMED", [], [part("CONFIRMED")])
    mine, others = stuck("parcel", "lost", Party.RETAILER), stuck("late", "", Party.SUPPLIER)
    assert with_stuck(theirs, [others, mine], Party.RETAILER).ball is Party.RETAILER
    assert with_stuck(theirs, [others], Party.RETAILER) == theirs, "the step says the same, with its day"
    own = NextStep(code="decide", text="Decide.", ball=Party.RETAILER)
    assert with_stuck(own, [mine], Party.RETAILER) == own
