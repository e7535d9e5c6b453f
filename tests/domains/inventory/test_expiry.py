"""Units that nobody pays for in time: the reservation says so, and the units are free again."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from app import db
from app.config import settings
from app.inventory.models import InventoryLevel, Reservation
from app.kit import clock
from app.orders.models import Order
from app.purchasing.service import cancel_order, place_order
from tests import factories
from tests.stack import Jobs


def place() -> UUID:
    """An order of two units, which nobody has paid."""
    with db.system_scope(actor="test"), db.transaction() as session:
        (variant,) = factories.product(session, factories.supplier(session))
        return place_order(session, factories.order_of(factories.retailer(session), {variant: 2})).order_id


def states() -> tuple[list[str], int, list[str]]:
    """The reservations' states, what is reserved, and the orders' status."""
    with db.system_scope(actor="test"), db.transaction() as session:
        return (
            list(session.scalars(select(Reservation.state))),
            sum(session.scalars(select(InventoryLevel.reserved))),
            list(session.scalars(select(Order.status))),
        )


@pytest.mark.parametrize("held", [False, True], ids=["routed", "held back"])
def test_a_reservation_that_nobody_paid_in_time_expires(jobs: Jobs, held: bool) -> None:
    place()
    if held:
        with db.system_scope(actor="test"), db.transaction() as session:
            session.connection().exec_driver_sql("delete from purchase_order_lines; delete from purchase_orders")
    jobs.run_scheduled("expire_reservations")
    assert states()[:2] == (["HELD"], 2)
    with clock.shifted(settings().payment_hold + timedelta(minutes=1)):
        jobs.run_scheduled("expire_reservations")
    assert states()[:2] == (["EXPIRED"], 0)


def test_one_that_is_cancelled_is_released(jobs: Jobs) -> None:
    order_id = place()
    with db.system_scope(actor="test"), db.transaction() as session:
        cancel_order(session, order_id)
    assert states() == (["RELEASED"], 0, ["CANCELLED"])
