"""Parcels that were not as their supplier said: put right or taken back, with stock and reservations following."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import db
from app.fulfillment.carrier import CarrierEvent
from app.fulfillment.models import Shipment, ShipmentException, ShipmentLine
from app.fulfillment.service import (
    Correction,
    NewParcel,
    QuantityExceedsOpen,
    announce,
    correct,
    hand_over,
    record_tracking,
    void,
)
from app.inventory.models import Reservation
from app.inventory.service import StockFigure, set_figures
from app.kit import clock
from app.kit.errors import Conflict, Invalid, NotFound
from app.kit.ids import new_id
from app.settlement.service.reconciling import stock_mismatches
from tests.campaign import same_each_time, walks
from tests.domains.purchasing.desk import STOCK, UNITS, Desk


@pytest.fixture
def desk(session: Session) -> Desk:
    return Desk(session)


def scan(desk: Desk, parcel: Shipment, status: str = "in_transit", **more: Any) -> None:
    event = CarrierEvent(id=str(new_id()), at=clock.now(), delivery_status=status, description=status, **more)
    record_tracking(desk.session, parcel.id, [event], source="carrier")


def take_back(desk: Desk, parcel: Shipment, reason: str = "Still here") -> Shipment:
    return void(desk.session, desk.supplier.id, parcel.id, reason=reason)


def kinds(desk: Desk, state: str = "open") -> list[str]:
    rows = desk.session.scalars(
        select(ShipmentException.kind).where(
            ShipmentException.supplier_id == desk.supplier.id, ShipmentException.state == state
        )
    )
    return sorted(rows)


def reservations(desk: Desk) -> dict[str, int]:
    rows = desk.session.execute(
        select(Reservation.state, func.sum(Reservation.quantity - Reservation.consumed - Reservation.released))
        .where(Reservation.supplier_id == desk.supplier.id)
        .group_by(Reservation.state)
    )
    return {state: int(units) for state, units in rows}


def packages(desk: Desk, *units: int, ref: str = "SSCC-1", number: str = "", **more: Any) -> list[NewParcel]:
    lines = {line.id: count for line, count in zip(desk.lines, units, strict=False) if count}
    values: dict[str, Any] = {
        "carrier": "manual",
        "tracking_number": number,
        "tracking_url": None,
        "shipped_at": None,
        "lines": lines,
        "package_ref": ref,
        "expected_ship_on": clock.now().date() + timedelta(days=1),
    }
    return [NewParcel(**{**values, **more})]


def announced(desk: Desk, *units: int, **more: Any) -> Shipment:
    (made,) = announce(desk.session, desk.supplier.id, desk.purchase_order.id, packages(desk, *units, **more))
    return made.shipment


# Taking back


def test_a_parcel_taken_back_opens_its_units_as_they_were(desk: Desk) -> None:
    before = (desk.stock(), reservations(desk))
    (parcel,) = desk.ship(desk.parcel(5, 3))
    assert desk.status == "SHIPPED"
    take_back(desk, parcel)
    assert (desk.status, [line.shipped for line in desk.lines]) == ("CONFIRMED", [0, 0])
    assert (desk.stock(), reservations(desk)) == before
    assert reservations(desk) == {"COMMITTED": sum(UNITS)}
    take_back(desk, parcel, "asked twice")
    assert desk.stock() == before[0], "twice is once"
    (again,) = desk.ship(desk.parcel(5, 3, number=parcel.tracking_number))
    assert again.id != parcel.id
    assert desk.status == "SHIPPED"


def test_one_of_two_parcels_taken_back_leaves_the_other(desk: Desk) -> None:
    first, second = desk.ship(desk.parcel(2, 0), desk.parcel(3, 3))
    take_back(desk, second)
    assert (desk.status, [line.shipped for line in desk.lines]) == ("PARTIALLY_SHIPPED", [2, 0])
    assert first.shipment_status == "shipped"


def test_a_figure_between_shipping_and_taking_back_is_not_counted_twice(desk: Desk) -> None:
    (parcel,) = desk.ship(desk.parcel(5, 0))
    # The supplier counts what is free after its orders, this one included.
    set_figures(desk.session, desk.supplier.id, [StockFigure(desk.variants[0], 4, clock.now())])
    (on_hand, reserved), _ = desk.stock()
    free = on_hand - reserved
    take_back(desk, parcel)
    (on_hand, reserved), _ = desk.stock()
    assert on_hand - reserved == free
    assert stock_mismatches(desk.session) == []


@pytest.mark.parametrize("status", ["in_transit", "failure", "out_for_delivery", "available_for_pickup", "delivered"])
def test_what_a_carrier_had_is_not_taken_back(desk: Desk, status: str) -> None:
    (parcel,) = desk.ship(desk.parcel(5, 3))
    scan(desk, parcel, status)
    with pytest.raises(Conflict) as refused:
        take_back(desk, parcel)
    assert refused.value.code == "already_handed_over"
    assert ("send it back" in refused.value.detail) is (status != "delivered"), "it says what to do instead"
    assert desk.purchase_order.status in ("SHIPPED", "DELIVERED")


def test_a_label_alone_is_no_scan(desk: Desk) -> None:
    (parcel,) = desk.ship(desk.parcel(5, 3))
    scan(desk, parcel, "pre_transit")
    assert take_back(desk, parcel).shipment_status == "voided"


def test_what_somebody_says_arrived_is_not_taken_back(desk: Desk) -> None:
    (parcel,) = desk.ship(desk.parcel(5, 3))
    desk.arrived(parcel)
    with pytest.raises(Conflict):
        take_back(desk, parcel)


def test_a_scan_after_all_is_a_matter_for_people(desk: Desk) -> None:
    (parcel,) = desk.ship(desk.parcel(5, 3))
    take_back(desk, parcel)
    scan(desk, parcel)
    scan(desk, parcel, "delivered")
    assert kinds(desk) == ["scanned_after_void"]
    assert [line.delivered for line in desk.lines] == [0, 0]
    assert parcel.shipment_status == "voided"


def test_taking_back_needs_a_reason_and_the_right_supplier(desk: Desk) -> None:
    (parcel,) = desk.ship(desk.parcel(5, 3))
    with pytest.raises(Invalid):
        take_back(desk, parcel, " ")
    with pytest.raises(NotFound):
        void(desk.session, desk.retailer.id, parcel.id, reason="Not mine")


# Correcting


def fix(desk: Desk, parcel: Shipment, **how: Any) -> Shipment:
    if "units" in how:
        how["lines"] = {line.id: count for line, count in zip(desk.lines, how.pop("units"), strict=False) if count}
    return correct(desk.session, desk.supplier.id, parcel.id, Correction(**how))


def test_a_number_is_put_right_once(desk: Desk) -> None:
    (parcel,) = desk.ship(desk.parcel(5, 3, number="WRONG"))
    for _ in range(2):
        fix(desk, parcel, tracking_number="RIGHT", carrier="ups")
    assert (parcel.tracking_number, parcel.carrier, parcel.revision) == ("RIGHT", "ups", 1)
    assert parcel.next_poll_at is not None
    assert desk.stock() == [(STOCK - 5, 0), (STOCK - 3, 0)]


def test_a_number_that_was_scanned_stays(desk: Desk) -> None:
    (parcel,) = desk.ship(desk.parcel(5, 3))
    scan(desk, parcel)
    with pytest.raises(Conflict) as refused:
        fix(desk, parcel, tracking_number="OTHER")
    assert refused.value.code == "already_scanned"


def test_fewer_units_open_the_rest_and_more_take_them(desk: Desk) -> None:
    (parcel,) = desk.ship(desk.parcel(5, 2))
    fix(desk, parcel, units=(4,))
    assert (desk.status, [line.shipped for line in desk.lines]) == ("PARTIALLY_SHIPPED", [4, 0])
    assert desk.stock() == [(STOCK - 4, 1), (STOCK, 3)]
    fix(desk, parcel, units=(5, 3))
    assert (desk.status, desk.stock()) == ("SHIPPED", [(STOCK - 5, 0), (STOCK - 3, 0)])
    assert parcel.units_revision == 2
    with pytest.raises(QuantityExceedsOpen):
        fix(desk, parcel, units=(6, 3))


def test_units_of_what_is_on_its_way_can_still_be_put_right_but_not_of_what_arrived(desk: Desk) -> None:
    (parcel,) = desk.ship(desk.parcel(5, 3))
    scan(desk, parcel)
    fix(desk, parcel, units=(4, 3))
    scan(desk, parcel, "delivered")
    assert [line.delivered for line in desk.lines] == [4, 3]
    with pytest.raises(Conflict) as refused:
        fix(desk, parcel, units=(5, 3))
    assert refused.value.code == "already_arrived"


def test_two_parcels_never_become_one(desk: Desk) -> None:
    first, second = desk.ship(desk.parcel(2, 0, number="A"), desk.parcel(2, 0, number="B"))
    with pytest.raises(Conflict) as refused:
        fix(desk, second, tracking_number="A")
    assert refused.value.code == "same_parcel"
    assert first.tracking_number == "A"


def test_a_parcel_that_was_taken_back_stays_as_it_was(desk: Desk) -> None:
    (parcel,) = desk.ship(desk.parcel(5, 3))
    take_back(desk, parcel)
    for how in ({"tracking_number": "X"}, {"units": (1,)}):
        with pytest.raises(Conflict):
            fix(desk, parcel, **how)


# Announcing


def test_an_announced_package_leaves_with_its_first_scan(desk: Desk) -> None:
    parcel = announced(desk, 5, 3, number="N1")
    assert (desk.status, parcel.shipment_status, parcel.shipped_at) == ("PROCESSING", "announced", None)
    assert desk.stock() == [(STOCK, 5), (STOCK, 3)]
    scan(desk, parcel, "pre_transit")
    assert parcel.shipment_status == "announced", "a label is no scan"
    scan(desk, parcel)
    assert (desk.status, parcel.shipment_status) == ("SHIPPED", "shipped")
    assert parcel.shipped_at == parcel.first_scan_at
    assert desk.stock() == [(STOCK - 5, 0), (STOCK - 3, 0)]


def test_or_with_its_suppliers_word_and_then_with_a_number(desk: Desk) -> None:
    parcel = announced(desk, 5, 3)
    with pytest.raises(Invalid):
        hand_over(desk.session, desk.supplier.id, parcel.id)
    for created in (True, False):
        told = hand_over(desk.session, desk.supplier.id, parcel.id, carrier="ups", tracking_number="1Z")
        assert told.created is created
    assert (desk.status, parcel.tracking_number, parcel.carrier) == ("SHIPPED", "1Z", "ups")


def test_a_shipped_package_is_the_one_that_was_announced(desk: Desk) -> None:
    parcel = announced(desk, 5, 3, number="N1")
    (shipped,) = desk.ship(desk.parcel(5, 2, number="N1"))
    assert shipped.id == parcel.id
    assert (desk.status, [line.shipped for line in desk.lines]) == ("PARTIALLY_SHIPPED", [5, 2])


def test_announcing_twice_is_once_and_never_more_than_was_ordered(desk: Desk) -> None:
    first = announced(desk, 3, 3)
    assert announced(desk, 3, 3).id == first.id
    with pytest.raises(QuantityExceedsOpen):
        announced(desk, 3, 0, ref="SSCC-2")
    assert announced(desk, 2, 0, ref="SSCC-2").id != first.id


def test_an_announcement_needs_a_name_and_a_day(desk: Desk) -> None:
    wrong: list[Callable[[], Shipment]] = [
        lambda: announced(desk, 1, ref=""),
        lambda: announced(desk, 1, expected_ship_on=None),
        lambda: announced(desk, 1, expected_ship_on=clock.now().date() + timedelta(days=91)),
        lambda: announced(desk, 1, expected_ship_on=clock.now().date() - timedelta(days=2)),
    ]
    for attempt in wrong:
        with pytest.raises(Invalid):
            attempt()


def test_an_announced_package_can_be_taken_back(desk: Desk) -> None:
    parcel = announced(desk, 5, 3)
    take_back(desk, parcel)
    assert (desk.status, desk.stock()) == ("PROCESSING", [(STOCK, 5), (STOCK, 3)])
    assert announced(desk, 5, 3).id != parcel.id


def test_what_left_though_it_was_cancelled_is_told(desk: Desk) -> None:
    parcel = announced(desk, 5, 3, number="N1")
    desk.answer(desk.say(1, "rejected"))
    scan(desk, parcel)
    assert kinds(desk) == ["sent_though_cancelled"]
    assert [line.shipped for line in desk.lines] == [5, 0]
    assert [line.quantity for line in parcel.lines] == [5]


# Any order of all of it


class ParcelMachine(RuleBasedStateMachine):
    """Whatever a supplier and a carrier do: what is ordered is shipped, open or cancelled; parcels hold what left;
    stock agrees."""

    parcels = Bundle("parcels")

    def __init__(self) -> None:
        super().__init__()
        self._scope: Any = db.system_scope(actor="test")
        self._scope.__enter__()
        self.session = Session(db.engine(), expire_on_commit=False)

    def teardown(self) -> None:
        self.session.rollback()
        self.session.close()
        self._scope.__exit__(None, None, None)

    @initialize()
    def begin(self) -> None:
        self.desk = Desk(self.session)

    def _try(self, what: Callable[[], Any]) -> Any:
        savepoint = self.session.begin_nested()
        try:
            found = what()
            self.session.flush()
            savepoint.commit()
        except (Conflict, Invalid):
            savepoint.rollback()
            self.session.expire_all()
            return None
        return found

    @rule(target=parcels, units=st.tuples(st.integers(0, 5), st.integers(0, 3)), ahead=st.booleans())
    def send(self, units: tuple[int, int], ahead: bool) -> Any:
        ref = str(new_id())
        if ahead:
            made = self._try(lambda: announced(self.desk, *units, ref=ref, number=ref))
        else:
            made = self._try(lambda: self.desk.ship(self.desk.parcel(*units))[0])
        return made.id if made is not None else None

    def _row(self, parcel: Any) -> Shipment | None:
        return None if parcel is None else self.session.get(Shipment, parcel)

    @rule(parcel=parcels)
    def void(self, parcel: Any) -> None:
        if (row := self._row(parcel)) is not None:
            self._try(lambda: take_back(self.desk, row))

    @rule(parcel=parcels, units=st.tuples(st.integers(0, 5), st.integers(0, 3)))
    def change(self, parcel: Any, units: tuple[int, int]) -> None:
        if (row := self._row(parcel)) is not None:
            self._try(lambda: fix(self.desk, row, units=units))

    @rule(parcel=parcels, status=st.sampled_from(["pre_transit", "in_transit", "return_to_sender", "delivered"]))
    def seen(self, parcel: Any, status: str) -> None:
        if (row := self._row(parcel)) is not None:
            self._try(lambda: scan(self.desk, row, status))

    @invariant()
    def it_adds_up(self) -> None:
        if not hasattr(self, "desk"):
            return
        rows = self.session.execute(
            select(ShipmentLine.purchase_order_line_id, func.sum(ShipmentLine.quantity))
            .join(Shipment, Shipment.id == ShipmentLine.shipment_id)
            .where(
                Shipment.purchase_order_id == self.desk.purchase_order.id,
                Shipment.shipment_status.in_(("shipped", "returned", "lost")),
            )
            .group_by(ShipmentLine.purchase_order_line_id)
        )
        held = {line_id: int(units) for line_id, units in rows}
        lines = self.desk.lines
        assert [held.get(line.id, 0) for line in lines] == [line.shipped for line in lines]
        assert self.desk.stock() == [
            (STOCK - line.shipped, line.quantity - line.shipped - line.cancelled) for line in lines
        ]


@pytest.mark.usefixtures("engine")
class TestParcels(ParcelMachine.TestCase):  # type: ignore[misc,name-defined]
    settings = settings(
        max_examples=walks(6),
        stateful_step_count=12,
        derandomize=same_each_time(),
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
