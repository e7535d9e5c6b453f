"""A supplier's answer line by line, its parcels, and what can be cancelled when."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.fulfillment.service import NewParcel, QuantityExceedsOpen, void
from app.kit import clock
from app.kit.errors import AppError, Conflict, Invalid, NotFound
from app.outbox.models import OutboxEvent
from app.purchasing.events import LinesWithdrawn
from app.purchasing.service import LineAnswer, acknowledge, cancel_order
from app.purchasing.service.status import counts
from tests import factories as make
from tests.domains.purchasing.desk import STOCK, UNITS, Desk


@pytest.fixture
def desk(session: Session) -> Desk:
    return Desk(session)


def withdrawn(desk: Desk) -> list[int]:
    """The value of goods that each withdrawal tells of, to be refunded."""
    desk.session.flush()
    rows = desk.session.scalars(
        select(OutboxEvent).where(OutboxEvent.topic == LinesWithdrawn.topic).order_by(OutboxEvent.id)
    )
    return [row.payload["goods"] for row in rows]


def untouched(desk: Desk) -> bool:
    """Whether nothing was written of an answer or parcel."""
    lines = desk.lines
    return (
        [(line.answer, line.shipped, line.cancelled) for line in lines] == [(None, 0, 0), (None, 0, 0)]
        and desk.status == "PENDING"
        and desk.stock() == [(STOCK, UNITS[0]), (STOCK, UNITS[1])]
        and withdrawn(desk) == []
    )


# Answers


def test_all_lines_accepted_confirm_the_purchase_order(desk: Desk) -> None:
    desk.answer(desk.say(0, "accepted"))
    assert (desk.status, desk.purchase_order.acknowledged_at) == ("PENDING", None)
    desk.answer(desk.say(1, "accepted"))
    assert desk.status == "CONFIRMED"
    assert desk.purchase_order.acknowledged_at is not None
    assert desk.stock() == [(STOCK, UNITS[0]), (STOCK, UNITS[1])]


def test_one_backordered_line_backorders_the_whole_until_it_is_there(desk: Desk) -> None:
    day = clock.now().date() + timedelta(days=9)
    desk.answer(desk.say(0, "backordered", available_on=day))
    assert (desk.status, desk.lines[0].available_on) == ("BACKORDERED", day)
    desk.answer(desk.say(0, "accepted"))
    assert (desk.status, desk.lines[0].available_on) == ("PENDING", None), "the other line has no answer yet"
    desk.answer(desk.say(0, "backordered", available_on=day), desk.say(1, "accepted"))
    assert desk.status == "BACKORDERED"
    desk.answer(desk.say(0, "accepted"))
    assert desk.status == "CONFIRMED"


def test_a_backordered_line_that_is_rejected_in_the_end_leaves_the_other_waiting(desk: Desk) -> None:
    desk.answer(desk.say(0, "backordered"))
    desk.answer(desk.say(0, "rejected", reason="discontinued"))
    assert desk.status == "PENDING"


def test_a_rejected_line_is_withdrawn_and_its_units_are_free_again(desk: Desk) -> None:
    desk.answer(desk.say(0, "rejected", reason="other"), desk.say(1, "accepted"))
    assert desk.status == "CONFIRMED"
    assert desk.stock() == [(STOCK, 0), (STOCK, UNITS[1])]
    assert withdrawn(desk) == [5 * 1000]
    assert (desk.lines[0].answer, desk.lines[0].reason) == ("rejected", "other")


@pytest.mark.parametrize("reason", ["out_of_stock", "discontinued"])
def test_units_that_do_not_exist_leave_the_stock(desk: Desk, reason: str) -> None:
    desk.answer(desk.say(0, "rejected", reason=reason))
    assert desk.stock()[0] == (STOCK - UNITS[0], 0)


def test_both_lines_rejected_cancel_the_purchase_order(desk: Desk) -> None:
    desk.answer(desk.say(0, "rejected", reason="out_of_stock"), desk.say(1, "rejected"))
    assert desk.status == "CANCELLED"
    assert withdrawn(desk) == [8 * 1000]
    assert desk.stock() == [(STOCK - UNITS[0], 0), (STOCK, 0)]


def test_a_part_rejected_accepts_the_rest_and_the_same_answer_again_changes_nothing(desk: Desk) -> None:
    for _ in range(3):
        desk.answer(desk.say(0, "rejected", quantity=2))
        assert (desk.lines[0].answer, desk.lines[0].cancelled) == ("accepted", 2)
    assert withdrawn(desk) == [2 * 1000]
    assert desk.stock()[0] == (STOCK, 3)
    desk.answer(desk.say(0, "rejected", quantity=4))
    assert (desk.lines[0].cancelled, withdrawn(desk)) == (4, [2000, 2000]), "the quantity is what is rejected in all"
    desk.answer(desk.say(0, "rejected"))
    assert (desk.lines[0].answer, desk.lines[0].cancelled) == ("rejected", 5)
    assert withdrawn(desk) == [2000, 2000, 1000]


@pytest.mark.parametrize("answer", ["accepted", "backordered", "rejected"])
def test_the_same_answer_twice_is_one(desk: Desk, answer: str) -> None:
    desk.answer(desk.say(0, answer))
    before = (desk.status, desk.stock(), withdrawn(desk), desk.lines[0].cancelled)
    desk.answer(desk.say(0, answer))
    assert (desk.status, desk.stock(), withdrawn(desk), desk.lines[0].cancelled) == before


@pytest.mark.parametrize("later", ["accepted", "backordered"])
def test_what_was_rejected_can_not_be_had_after_all(desk: Desk, later: str) -> None:
    desk.answer(desk.say(0, "rejected"))
    with pytest.raises(Conflict) as caught:
        desk.answer(desk.say(0, later))
    assert caught.value.code == "line_closed"
    assert desk.lines[0].answer == "rejected"


def shares(desk: Desk) -> list[tuple[str | None, int, int, int]]:
    """Of each line the answer, and its open units that leave at once, those that come later, and those cancelled."""
    return [(line.answer, counts(line).now, counts(line).later, line.cancelled) for line in desk.lines]


DAY = clock.now().date() + timedelta(days=9)


@pytest.mark.parametrize("last", [None, 2])
def test_some_units_now_and_some_later_are_one_answer(desk: Desk, last: int | None) -> None:
    for _ in range(2):
        desk.answer(
            desk.say(0, "accepted", quantity=3),
            desk.say(0, "backordered", quantity=last, available_on=DAY),
            desk.say(1, "accepted"),
        )
        assert shares(desk) == [("backordered", 3, 2, 0), ("accepted", 3, 0, 0)]
    assert (desk.status, desk.lines[0].available_on, desk.stock()) == ("BACKORDERED", DAY, [(STOCK, 5), (STOCK, 3)])
    assert desk.purchase_order.acknowledged_at is not None


def test_some_units_now_some_later_and_some_never(desk: Desk) -> None:
    for _ in range(2):
        desk.answer(
            desk.say(0, "rejected", quantity=1, reason="out_of_stock"),
            desk.say(0, "backordered", quantity=2, available_on=DAY),
        )
        assert shares(desk)[0] == ("backordered", 2, 2, 1)
    assert (withdrawn(desk), desk.lines[0].reason) == ([1000], "out_of_stock")
    assert desk.stock()[0] == (STOCK - 1, 4)
    desk.answer(desk.say(0, "rejected", quantity=2, reason="discontinued"))
    assert shares(desk)[0] == ("backordered", 2, 1, 2), "what was said of the others stands"
    desk.answer(desk.say(0, "rejected", quantity=3, reason="discontinued"))
    assert shares(desk)[0] == ("accepted", 2, 0, 3)
    assert desk.lines[0].available_on is None


def test_what_leaves_is_of_the_units_that_are_there_and_what_was_promised_stays_promised(desk: Desk) -> None:
    desk.answer(desk.say(0, "backordered", quantity=2, available_on=DAY), desk.say(1, "accepted"))
    (first,) = desk.ship(desk.parcel(2, 3))
    assert (shares(desk)[0], desk.status) == (("backordered", 1, 2, 0), "PARTIALLY_SHIPPED")
    desk.ship(desk.parcel(1, 0))
    assert (shares(desk)[0], desk.lines[0].available_on) == (("backordered", 0, 2, 0), DAY)
    assert desk.stock() == [(STOCK - 3, 2), (STOCK - 3, 0)]
    # One of them came sooner than promised; then the rest is there.
    desk.ship(desk.parcel(1, 0))
    assert shares(desk)[0] == ("backordered", 0, 1, 0)
    desk.answer(desk.say(0, "accepted"))
    assert (shares(desk)[0], desk.lines[0].available_on) == (("accepted", 1, 0, 0), None)
    desk.ship(desk.parcel(1, 0))
    assert (desk.status, desk.stock()) == ("SHIPPED", [(STOCK - 5, 0), (STOCK - 3, 0)])
    desk.arrived(first)


def test_units_that_are_announced_come_no_later(desk: Desk) -> None:
    desk.answer(desk.say(0, "backordered", quantity=2, available_on=DAY))
    desk.announce(desk.parcel(4, 0))
    assert shares(desk)[0] == ("backordered", 4, 1, 0)
    desk.announce(desk.parcel(1, 0))
    assert (shares(desk)[0], desk.lines[0].available_on) == (("accepted", 5, 0, 0), None)


def test_a_parcel_that_is_taken_back_leaves_the_promise_as_it_was(desk: Desk) -> None:
    desk.answer(desk.say(0, "backordered", quantity=2, available_on=DAY), desk.say(1, "accepted"))
    (parcel,) = desk.ship(desk.parcel(3, 0))
    void(desk.session, desk.supplier.id, parcel.id, reason="Left on the shelf")
    assert (shares(desk)[0], desk.status) == (("backordered", 3, 2, 0), "BACKORDERED")


@pytest.mark.parametrize(
    ("said", "field", "code"),
    [
        ([("rejected", 3), ("rejected", 1)], "lines[1].line_id", "repeated"),
        ([("accepted", None), ("backordered", None)], "lines[1].quantity", "required"),
        ([("accepted", 4), ("backordered", 2)], "lines[1].quantity", "out_of_range"),
        ([("accepted", 2), ("backordered", 2)], "lines[1].quantity", "incomplete"),
        ([("accepted", 2)], "lines[0].quantity", "incomplete"),
    ],
)
def test_answers_that_do_not_share_a_line_out_are_refused_whole(
    desk: Desk, said: list[tuple[str, int | None]], field: str, code: str
) -> None:
    with pytest.raises(Invalid) as caught:
        desk.answer(*(desk.say(0, answer, quantity=units) for answer, units in said))
    assert [(error.field, error.code) for error in caught.value.errors] == [(field, code)]
    assert untouched(desk)


def test_a_line_that_is_shared_out_has_one_price(desk: Desk) -> None:
    with pytest.raises(Invalid) as caught:
        desk.answer(desk.say(0, "accepted", quantity=3, price=900), desk.say(0, "backordered", price=800))
    assert [error.field for error in caught.value.errors] == ["lines[1].price"]
    desk.answer(desk.say(0, "accepted", quantity=3, price=1200), desk.say(0, "backordered"))
    assert (desk.lines[0].asked_price, shares(desk)[0]) == (1200, ("backordered", 3, 2, 0))


def test_an_answer_that_makes_no_sense_is_refused_by_its_field(desk: Desk) -> None:
    line = desk.lines[0].id
    wrong = {
        "line_id": LineAnswer(line_id=uuid4(), answer="accepted"),
        "status": LineAnswer(line_id=line, answer="maybe"),
        "available_on": LineAnswer(line_id=line, answer="backordered"),
        "reason": LineAnswer(line_id=line, answer="rejected", reason="no fun"),
        "quantity": LineAnswer(line_id=line, answer="rejected", reason="other", quantity=6),
    }
    wrong |= {"quantity ": LineAnswer(line_id=line, answer="rejected", reason="other", quantity=0)}
    for field, answer in wrong.items():
        with pytest.raises(Invalid) as caught:
            desk.answer(desk.say(1, "rejected"), answer)
        assert [error.field for error in caught.value.errors] == [f"lines[1].{field.strip()}"]
        assert untouched(desk), field


@pytest.mark.parametrize("zone", ["Etc/GMT-14", "UTC", "Etc/GMT+12"])
def test_goods_are_promised_for_a_day_that_is_not_over_where_their_supplier_is(desk: Desk, zone: str) -> None:
    desk.supplier.timezone = zone
    today = clock.now().astimezone(ZoneInfo(zone)).date()
    for day, code in ((today - timedelta(days=1), "in_the_past"), (today.replace(year=today.year + 100), "too_far")):
        with pytest.raises(Invalid) as caught:
            desk.answer(desk.say(1, "accepted"), desk.say(0, "backordered", available_on=day))
        assert [(error.field, error.code) for error in caught.value.errors] == [("lines[1].available_on", code)]
        assert desk.lines[0].sku in caught.value.errors[0].message
        assert untouched(desk)
    desk.answer(desk.say(0, "backordered", available_on=today))
    assert desk.lines[0].available_on == today
    # What was said is said again when its day is over: no news.
    with clock.shifted(timedelta(days=9)):
        desk.answer(desk.say(0, "backordered", available_on=today))
        assert desk.lines[0].available_on == today


def test_another_supplier_or_an_unpaid_order_is_not_there_to_answer(session: Session, desk: Desk) -> None:
    stranger = make.supplier(session, "Kanto")
    with pytest.raises(NotFound):
        acknowledge(session, stranger.id, desk.purchase_order.id, [desk.say(0, "accepted")])
    unpaid = Desk(session, released=False)
    with pytest.raises(NotFound):
        unpaid.answer(unpaid.say(0, "accepted"))


def test_packing_accepts_what_has_no_answer(desk: Desk) -> None:
    desk.pack()
    assert (desk.status, [line.answer for line in desk.lines]) == ("PROCESSING", ["accepted", "accepted"])
    since = desk.purchase_order.processing_at
    desk.pack()
    assert desk.purchase_order.processing_at == since
    desk.answer(desk.say(0, "backordered"))
    assert desk.status == "BACKORDERED"
    desk.answer(desk.say(0, "accepted"))
    assert desk.status == "PROCESSING"


# Parcels


def test_several_parcels_ship_the_order_bit_by_bit(desk: Desk) -> None:
    (first,) = desk.ship(desk.parcel(2, 0))
    assert (desk.status, desk.stock()) == ("PARTIALLY_SHIPPED", [(8, 3), (10, 3)])
    second, third = desk.ship(desk.parcel(3, 1), desk.parcel(0, 2))
    assert (desk.status, desk.stock()) == ("SHIPPED", [(5, 0), (7, 0)])
    for shipment in (first, second):
        desk.arrived(shipment)
        assert desk.status == "SHIPPED"
    desk.arrived(third)
    assert desk.status == "DELIVERED"
    assert [(line.shipped, line.delivered) for line in desk.lines] == [(5, 5), (3, 3)]
    desk.arrived(third)
    assert [line.delivered for line in desk.lines] == [5, 3], "a parcel arrives once"


def test_the_same_parcel_again_is_the_parcel_that_is_there(desk: Desk) -> None:
    parcel = desk.parcel(2, 1, number="1Z1")
    (first,) = desk.ship(parcel)
    (again,) = desk.ship(parcel)
    assert first.id == again.id
    assert [line.shipped for line in desk.lines] == [2, 1]
    assert desk.stock() == [(8, 3), (9, 2)]


@pytest.mark.parametrize("units", [(6, 0), (5, 4), (100_000, 0)])
def test_more_than_is_open_does_not_leave(desk: Desk, units: tuple[int, int]) -> None:
    with pytest.raises(QuantityExceedsOpen) as caught:
        desk.ship(desk.parcel(*units))
    assert {(error.field, error.code) for error in caught.value.errors} == {
        ("parcels[0].lines", "quantity_exceeds_open")
    }
    desk.session.expire_all()
    assert untouched(desk)


def test_parcels_that_are_too_much_together_are_refused(desk: Desk) -> None:
    savepoint = desk.session.begin_nested()
    with pytest.raises(QuantityExceedsOpen) as caught:
        desk.ship(desk.parcel(3, 0), desk.parcel(3, 0))
    savepoint.rollback()
    assert [error.field for error in caught.value.errors] == ["parcels[1].lines"]
    assert untouched(desk)


def test_what_was_rejected_or_cancelled_does_not_leave(desk: Desk) -> None:
    desk.answer(desk.say(0, "rejected", quantity=3))
    with pytest.raises(QuantityExceedsOpen):
        desk.ship(desk.parcel(3, 0))
    desk.ship(desk.parcel(2, 3))
    assert desk.status == "SHIPPED"
    assert desk.stock() == [(8, 0), (7, 0)]


def test_what_has_left_can_not_be_rejected(desk: Desk) -> None:
    desk.ship(desk.parcel(5, 1))
    for answer in (desk.say(0, "rejected"), desk.say(0, "rejected", quantity=1), desk.say(1, "rejected", quantity=3)):
        with pytest.raises(Conflict) as caught:
            desk.answer(answer)
        assert caught.value.code in ("line_closed", "quantity_exceeds_open")
    assert [(line.shipped, line.cancelled) for line in desk.lines] == [(5, 0), (1, 0)]
    desk.answer(desk.say(1, "rejected", quantity=2))
    assert desk.status == "SHIPPED", "what was shipped is all there is"
    assert withdrawn(desk) == [2000]


def test_a_parcel_that_makes_no_sense_is_refused_by_its_field(desk: Desk) -> None:
    line = desk.lines[0].id

    def parcel(**changes: object) -> NewParcel:
        values = {
            "carrier": "ups",
            "tracking_number": "1Z",
            "tracking_url": None,
            "shipped_at": None,
            "lines": {line: 1},
        }
        return NewParcel(**{**values, **changes})  # type: ignore[arg-type]

    wrong = {
        "tracking_number": parcel(tracking_number="  "),
        "carrier": parcel(carrier=""),
        "tracking_url": parcel(tracking_url="javascript:alert(1)"),
        "shipped_at": parcel(shipped_at=clock.now() + timedelta(days=2)),
        "lines": parcel(lines={}),
    }
    for field, given in wrong.items():
        with pytest.raises(Invalid) as caught:
            desk.ship(given)
        assert [error.field for error in caught.value.errors] == [f"parcels[0].{field}"]
    for lines in ({uuid4(): 1}, {line: 0}, {line: -1}):
        with pytest.raises(Invalid):
            desk.ship(parcel(lines=lines))
    assert untouched(desk)


# Cancelling


def test_a_line_without_an_answer_is_cancelled_and_given_back(desk: Desk) -> None:
    desk.cancel(0)
    assert (desk.lines[0].cancelled, desk.status, withdrawn(desk)) == (5, "PENDING", [5000])
    assert desk.stock() == [(STOCK, 0), (STOCK, 3)]
    desk.answer(desk.say(1, "accepted"))
    assert desk.status == "CONFIRMED"
    assert desk.purchase_order.acknowledged_at is not None, "a line that is cancelled needs no answer"
    with pytest.raises(Conflict):
        desk.answer(desk.say(0, "accepted"))


def test_the_last_line_cancelled_cancels_purchase_order_and_order(desk: Desk) -> None:
    desk.cancel(0)
    desk.cancel(1)
    assert (desk.status, desk.order().status) == ("CANCELLED", "CANCELLED")
    assert desk.stock() == [(STOCK, 0), (STOCK, 0)]
    assert withdrawn(desk) == [5000, 3000]


@pytest.mark.parametrize("done", ["accepted", "backordered", "packed", "shipped", "rejected in part"])
def test_what_a_supplier_has_accepted_can_not_be_cancelled(desk: Desk, done: str) -> None:
    if done == "packed":
        desk.pack()
    elif done == "shipped":
        desk.ship(desk.parcel(1, 0))
    elif done == "rejected in part":
        desk.answer(desk.say(0, "rejected", quantity=1))
    else:
        desk.answer(desk.say(0, done))
    before = (desk.status, desk.stock(), [line.cancelled for line in desk.lines])
    with pytest.raises(Conflict) as caught:
        desk.cancel(0)
    assert caught.value.code == "already_accepted"
    with pytest.raises(AppError):
        cancel_order(desk.session, desk.order_id)
    assert (desk.status, desk.stock(), [line.cancelled for line in desk.lines]) == before


def test_of_an_order_only_what_is_open_is_cancelled_when_asked_so(desk: Desk) -> None:
    desk.answer(desk.say(0, "accepted"))
    cancel_order(desk.session, desk.order_id, only_open=True)
    assert ([line.cancelled for line in desk.lines], desk.status) == ([0, 3], "CONFIRMED")
    assert desk.stock() == [(STOCK, 5), (STOCK, 0)]
    cancel_order(desk.session, desk.order_id, only_open=True)
    assert withdrawn(desk) == [3000]


def test_an_unpaid_order_is_cancelled_whole_and_its_holds_end(session: Session) -> None:
    desk = Desk(session, released=False)
    cancel_order(session, desk.order_id)
    assert (desk.status, desk.order().status) == ("CANCELLED", "CANCELLED")
    assert desk.stock() == [(STOCK, 0), (STOCK, 0)]
    cancel_order(session, desk.order_id)
    assert withdrawn(desk) == [8000]


def test_another_retailer_s_line_does_not_exist(session: Session, desk: Desk) -> None:
    desk.retailer = make.retailer(session, "Stranger")
    with pytest.raises(NotFound):
        desk.cancel(0)
    assert untouched(desk)
