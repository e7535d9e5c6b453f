"""What of a store's order a parcel makes whole: of a bundle, with the parcel that brings the last part."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.fulfillment.models import Shipment
from app.fulfillment.service import void
from app.inventory.models import Reservation
from app.kit.ids import new_id
from app.orders.models import OrderLine
from app.purchasing.models import PurchaseOrderLine
from tests.domains.purchasing.desk import Desk
from workers.parcel_lines import completed_by_location


@pytest.fixture
def bundle(session: Session) -> Desk:
    """A purchase order whose two lines are the parts of one bundle: five of the first, three of the second."""
    desk = Desk(session)
    first, second = desk.lines
    session.execute(
        update(Reservation)
        .where(Reservation.order_line_id == second.order_line_id)
        .values(order_line_id=first.order_line_id)
    )
    session.execute(
        update(PurchaseOrderLine)
        .where(PurchaseOrderLine.id == second.id)
        .values(order_line_id=first.order_line_id, component=1)
    )
    session.execute(update(OrderLine).where(OrderLine.id == first.order_line_id).values(external_line_id="L1"))
    session.expire_all()
    return desk


def told(desk: Desk, parcel: Shipment) -> dict[str, int]:
    """Units of the store's line that the parcel makes whole."""
    parcel = desk.session.scalars(select(Shipment).where(Shipment.id == parcel.id)).one()
    desk.session.refresh(parcel, ["lines"])
    return completed_by_location(desk.session, new_id(), parcel).get("", {})


def test_a_part_alone_makes_nothing_whole(bundle: Desk) -> None:
    (first,) = bundle.ship(bundle.parcel(5, 0))
    assert told(bundle, first) == {}
    (second,) = bundle.ship(bundle.parcel(0, 2))
    assert (told(bundle, first), told(bundle, second)) == ({}, {"L1": 2})


def test_a_part_that_was_taken_back_is_missing_again(bundle: Desk) -> None:
    (parts,) = bundle.ship(bundle.parcel(0, 3))
    void(bundle.session, bundle.supplier.id, parts.id, reason="Still here")
    (first,) = bundle.ship(bundle.parcel(5, 0))
    assert told(bundle, first) == {}, "without the other part it is no bundle"
    (again,) = bundle.ship(bundle.parcel(0, 3))
    assert told(bundle, again) == {"L1": 3}


def test_of_a_bundle_whose_part_was_rejected_the_rest_is_whole(bundle: Desk) -> None:
    bundle.answer(bundle.say(1, "rejected", quantity=1))
    (both,) = bundle.ship(bundle.parcel(5, 2))
    assert told(bundle, both) == {"L1": 2}
