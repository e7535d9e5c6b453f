"""Units that nobody pays for in time: the reservation says so, and the units are free again."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

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


def test_an_order_that_can_not_be_let_go_keeps_none_behind_it_waiting(jobs: Jobs) -> None:
    place()
    with db.system_scope(actor="test"), db.transaction() as session:
        # Its level holds less than was promised, so nothing can be taken off it.
        session.execute(update(InventoryLevel).values(reserved=0))
    place()
    with clock.shifted(settings().payment_hold + timedelta(minutes=1)):
        jobs.run_scheduled("expire_reservations")
    assert (sorted(states()[0]), states()[1]) == (["EXPIRED", "HELD"], 0)
    assert [job for job, _, _ in jobs.open_tasks()] == ["expire_reservations"], "what went wrong is seen"


def test_what_was_looked_at_before_is_not_written_back(jobs: Jobs) -> None:
    order_id = place()
    with db.system_scope(actor="test"), db.transaction() as session:
        level = session.scalars(select(InventoryLevel)).one()
        assert level.reserved == 2
        with db.transaction() as beside:
            retailer = factories.retailer(beside, "Southwind")
            place_order(beside, factories.order_of(retailer, {level.variant_id: 3}))
        cancel_order(session, order_id)
    assert sorted(states()[0]) == ["HELD", "RELEASED"]
    assert states()[1] == 3


def test_one_that_is_cancelled_is_released(jobs: Jobs) -> None:
    order_id = place()
    with db.system_scope(actor="test"), db.transaction() as session:
        cancel_order(session, order_id)
    assert states() == (["RELEASED"], 0, ["CANCELLED"])
