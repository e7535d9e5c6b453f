"""Sixty-four buyers, ten units: real connections, real threads, no overselling and no deadlock."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import func, select

from app import db
from app.inventory.errors import InsufficientStock
from app.inventory.models import InventoryLevel, Reservation
from app.orders.models import Order
from app.purchasing.service import place_order
from app.settlement.service.reconciling import stock_mismatches
from tests import factories as make

BUYERS, UNITS = 64, 10


@pytest.mark.usefixtures("committed", "system")
def test_ten_units_are_sold_to_exactly_ten_of_sixty_four() -> None:
    with db.transaction() as session:
        shops = [make.retailer(session, f"Shop {number}") for number in range(4)]
        supplier = make.supplier(session)
        lamp, cup = make.product(session, supplier, variants=2, stock=UNITS)
    start = Barrier(16)

    def buy(number: int) -> bool:
        # Half of them name the two variants the other way round: a wrong lock order would deadlock.
        lines = {lamp: 1, cup: 1} if number % 2 else {cup: 1, lamp: 1}
        if number < 16:
            start.wait()
        try:
            with db.system_scope(actor="test"), db.transaction() as session:
                place_order(session, make.order_of(shops[number % 4], lines))
        except InsufficientStock as refused:
            assert refused.lines
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        sold = sum(pool.map(buy, range(BUYERS)))

    assert sold == UNITS
    with db.transaction() as session:
        levels = session.scalars(select(InventoryLevel)).all()
        assert [(level.on_hand, level.reserved) for level in levels] == [(UNITS, UNITS)] * 2
        assert session.scalar(select(func.sum(Reservation.quantity))) == 2 * UNITS
        assert session.scalar(select(func.count()).select_from(Order)) == UNITS
        assert stock_mismatches(session) == []


@pytest.mark.usefixtures("committed", "system")
def test_the_same_order_twice_at_once_is_one_order() -> None:
    with db.transaction() as session:
        shop, supplier = make.retailer(session), make.supplier(session)
        [lamp] = make.product(session, supplier, stock=100)
    start = Barrier(8)

    def place(_: int) -> tuple[object, bool]:
        wanted = make.order_of(shop, {lamp: 3}, external_id="checkout-1")
        start.wait()
        with db.system_scope(actor="test"), db.transaction() as session:
            placed = place_order(session, wanted)
        return placed.order_id, placed.created

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(place, range(8)))

    assert len({order_id for order_id, _ in results}) == 1
    assert [created for _, created in results].count(True) == 1
    with db.transaction() as session:
        assert session.scalar(select(InventoryLevel.reserved)) == 3
