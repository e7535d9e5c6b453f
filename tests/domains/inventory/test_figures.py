"""Suppliers' own figures: an order is never subtracted twice, and a shortfall is never silent."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.inventory.models import InventoryLevel, Reservation, Shortfall
from app.inventory.queries import availability
from app.inventory.service import StockFigure, set_figures
from app.kit import clock
from app.kit.errors import Invalid
from app.purchasing.service import place_order, release_purchase_orders
from tests import factories as make


def level_of(session: Session, variant_id: UUID) -> InventoryLevel:
    session.expire_all()
    return session.scalars(select(InventoryLevel).where(InventoryLevel.variant_id == variant_id)).one()


def figure(session: Session, supplier_id: UUID, variant_id: UUID, quantity: int, *, age: float = 0) -> bool:
    """Give a figure; whether it was taken."""
    as_of = clock.now() - timedelta(seconds=age)
    [result] = set_figures(session, supplier_id, [StockFigure(variant_id, quantity, as_of)])
    return not result.stale


def test_a_figure_taken_after_an_order_holds_it_already(session: Session) -> None:
    shop, supplier = make.retailer(session), make.supplier(session)
    [lamp] = make.product(session, supplier, stock=10)
    placed = place_order(session, make.order_of(shop, {lamp: 3}))
    release_purchase_orders(session, placed.order_id)

    assert figure(session, supplier.id, lamp, 7)

    stock = availability(session, [lamp])[lamp]
    assert (stock.on_hand, stock.reserved, stock.free) == (10, 3, 7)


def test_a_figure_from_before_the_supplier_knew_subtracts_the_order_once(session: Session) -> None:
    shop, supplier = make.retailer(session), make.supplier(session)
    [lamp] = make.product(session, supplier, stock=None)
    make.set_stock(session, supplier.id, {lamp: 5}, age=timedelta(hours=1))
    place_order(session, make.order_of(shop, {lamp: 3}))

    # The order is not paid, so the supplier has not heard of it: its figure can't hold it.
    assert figure(session, supplier.id, lamp, 10)

    stock = availability(session, [lamp])[lamp]
    assert (stock.on_hand, stock.reserved, stock.free) == (10, 3, 7)


def test_an_older_figure_is_ignored(session: Session) -> None:
    supplier = make.supplier(session)
    [lamp] = make.product(session, supplier, stock=10)
    assert not figure(session, supplier.id, lamp, 99, age=60)
    assert level_of(session, lamp).on_hand == 10


def test_a_figure_below_what_is_promised_is_a_shortfall(session: Session) -> None:
    shop, supplier = make.retailer(session), make.supplier(session)
    [lamp] = make.product(session, supplier, stock=5)
    place_order(session, make.order_of(shop, {lamp: 4}))

    assert figure(session, supplier.id, lamp, 1)

    level = level_of(session, lamp)
    assert (level.on_hand, level.reserved) == (1, 4)
    assert availability(session, [lamp])[lamp].free == 0
    shortfall = session.scalars(select(Shortfall).where(Shortfall.resolved_at.is_(None))).one()
    line_ids = session.scalars(select(Reservation.order_line_id)).all()
    assert shortfall.missing == 3
    assert shortfall.order_line_ids == [str(line_id) for line_id in line_ids]

    assert figure(session, supplier.id, lamp, 20)
    session.expire_all()
    assert session.scalars(select(Shortfall).where(Shortfall.resolved_at.is_(None))).all() == []


@pytest.mark.parametrize(
    ("quantity", "ahead", "field", "code"),
    [
        (-1, timedelta(0), "items[0].quantity", "out_of_range"),
        (10**9, timedelta(0), "items[0].quantity", "out_of_range"),
        (1, timedelta(hours=1), "items[0].as_of", "in_the_future"),
    ],
)
def test_impossible_figures_are_refused(
    session: Session, quantity: int, ahead: timedelta, field: str, code: str
) -> None:
    supplier = make.supplier(session)
    [lamp] = make.product(session, supplier, stock=10)
    with pytest.raises(Invalid) as refused:
        set_figures(session, supplier.id, [StockFigure(lamp, quantity, clock.now() + ahead)])
    assert [(error.field, error.code) for error in refused.value.errors] == [(field, code)]
    assert level_of(session, lamp).on_hand == 10


def test_another_suppliers_location_is_unknown(session: Session) -> None:
    supplier, other = make.supplier(session), make.supplier(session, "Other")
    [lamp] = make.product(session, supplier, stock=10)
    [theirs] = make.product(session, other, stock=1)
    with pytest.raises(Invalid):
        set_figures(
            session,
            supplier.id,
            [StockFigure(lamp, 1, clock.now(), location_id=level_of(session, theirs).location_id)],
        )
