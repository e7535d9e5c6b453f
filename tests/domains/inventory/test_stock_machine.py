"""Stock under any sequence of orders, payments, shipments, rejections, cancellations, expiries and figures.

A hypothesis state machine drives the real services on the real database beside a model of a few lines.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, precondition, rule
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import db
from app.fulfillment.service import NewParcel, ship
from app.inventory.errors import InsufficientStock
from app.inventory.models import InventoryLevel
from app.inventory.queries import availability
from app.inventory.service import StockFigure, set_figures
from app.kit import clock
from app.kit.errors import Conflict
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from app.purchasing.service import (
    LineAnswer,
    acknowledge,
    cancel_order,
    let_go_unpaid,
    place_order,
    release_purchase_orders,
)
from app.settlement.service.reconciling import stock_mismatches
from tests import factories as make
from tests.campaign import same_each_time, walks

VARIANTS = 3


class StockMachine(RuleBasedStateMachine):
    """``there`` and ``promised`` are the model: what is on hand of each variant and what of it is set aside, as the
    rules say it must be."""

    placed = Bundle("placed")
    released = Bundle("released")

    def __init__(self) -> None:
        super().__init__()
        self._scope: Any = db.system_scope(actor="test")
        self._scope.__enter__()
        self.session = Session(db.engine(), expire_on_commit=False)
        self.lines: dict[UUID, dict[UUID, int]] = {}

    def teardown(self) -> None:
        self.session.rollback()
        self.session.close()
        self._scope.__exit__(None, None, None)

    @initialize(stocks=st.lists(st.integers(0, 12), min_size=VARIANTS, max_size=VARIANTS))
    def open_shop(self, stocks: list[int]) -> None:
        self.shop = make.retailer(self.session)
        self.supplier = make.supplier(self.session)
        self.variants = make.product(self.session, self.supplier, variants=VARIANTS, stock=None)
        self.there = dict(zip(self.variants, stocks, strict=True))
        self.promised = dict.fromkeys(self.variants, 0)
        make.set_stock(self.session, self.supplier.id, self.there, age=timedelta(minutes=1))

    @rule(target=placed, wanted=st.lists(st.integers(0, 5), min_size=VARIANTS, max_size=VARIANTS))
    def order(self, wanted: list[int]) -> Any:
        lines = {variant: count for variant, count in zip(self.variants, wanted, strict=True) if count}
        enough = all(self.there[variant] - self.promised[variant] >= count for variant, count in lines.items())
        if not lines:
            return None
        savepoint = self.session.begin_nested()
        try:
            order_id = place_order(self.session, make.order_of(self.shop, lines)).order_id
            savepoint.commit()
        except InsufficientStock:
            savepoint.rollback()
            assert not enough
            return None
        assert enough
        self.lines[order_id] = lines
        for variant, count in lines.items():
            self.promised[variant] += count
        return order_id

    @rule(target=released, order=consumes(placed))
    def pay(self, order: UUID | None) -> Any:
        if order is not None:
            assert release_purchase_orders(self.session, order) == 1
        return order

    @rule(order=consumes(placed))
    def let_expire(self, order: UUID | None) -> None:
        if order is not None:
            let_go_unpaid(self.session, [order])
            self._give_back(order)

    @rule(order=consumes(placed))
    def cancel_unpaid(self, order: UUID | None) -> None:
        if order is not None:
            cancel_order(self.session, order)
            self._give_back(order)

    @rule(order=released, units=st.integers(1, 5))
    def ship_some(self, order: UUID | None, units: int) -> None:
        line = self._open_line(order)
        if line is None:
            return
        count = min(units, line.quantity - line.shipped - line.cancelled)
        parcel = NewParcel(
            carrier="manual",
            tracking_number=f"T{line.id}{line.shipped}",
            tracking_url=None,
            shipped_at=None,
            lines={line.id: count},
        )
        [result] = ship(self.session, self.supplier.id, line.purchase_order_id, [parcel])
        assert result.created
        self._leave(line.variant_id, count)

    @rule(order=released, there=st.booleans())
    def reject_line(self, order: UUID | None, there: bool) -> None:
        line = self._open_line(order)
        if line is None:
            return
        count = line.quantity - line.shipped - line.cancelled
        answer = LineAnswer(
            line_id=line.id,
            answer="rejected",
            quantity=count,
            reason="invalid_price" if there else "out_of_stock",
        )
        acknowledge(self.session, self.supplier.id, line.purchase_order_id, [answer])
        if there:
            self.promised[line.variant_id] -= count
        else:
            self._leave(line.variant_id, count)

    @rule(order=released)
    def cancel_paid(self, order: UUID | None) -> None:
        if order is None:
            return
        before = {line.id: line for line in self._lines(order)}
        touched = any(line.answer in ("accepted", "backordered") or line.shipped for line in before.values())
        still_open = {line.variant_id: line.quantity - line.cancelled for line in before.values()}
        savepoint = self.session.begin_nested()
        try:
            cancel_order(self.session, order)
            savepoint.commit()
        except Conflict:
            savepoint.rollback()
            assert touched
            return
        if not touched:
            for variant, count in still_open.items():
                self.promised[variant] -= count

    @rule(index=st.integers(0, VARIANTS - 1), quantity=st.integers(0, 15))
    def take_stock(self, index: int, quantity: int) -> None:
        """The supplier counts what is free after the orders it knows; those it does not know come off."""
        variant = self.variants[index]
        set_figures(self.session, self.supplier.id, [StockFigure(variant, quantity, clock.now())])
        unknown = sum(
            count
            for order, lines in self.lines.items()
            for line_variant, count in lines.items()
            if line_variant == variant and self._unpaid(order)
        )
        self.there[variant] = quantity + self.promised[variant] - unknown

    @precondition(lambda self: hasattr(self, "variants"))
    @invariant()
    def books_agree(self) -> None:
        self.session.flush()
        self.session.expire_all()
        levels = self.session.scalars(select(InventoryLevel).where(InventoryLevel.variant_id.in_(self.variants))).all()
        assert stock_mismatches(self.session) == []
        assert all(level.on_hand >= 0 and level.reserved >= 0 for level in levels)
        assert {level.variant_id: level.on_hand for level in levels} == self.there
        assert {level.variant_id: level.reserved for level in levels} == self.promised

    def _give_back(self, order: UUID) -> None:
        for variant, count in self.lines.pop(order).items():
            self.promised[variant] -= count

    def _leave(self, variant: UUID, count: int) -> None:
        """Promised units leave the house or turn out not to exist; in a shortfall fewer are there than promised."""
        self.promised[variant] -= count
        self.there[variant] = max(0, self.there[variant] - count)

    def _lines(self, order: UUID) -> list[PurchaseOrderLine]:
        self.session.expire_all()
        return list(
            self.session.scalars(
                select(PurchaseOrderLine)
                .join(PurchaseOrder, PurchaseOrder.id == PurchaseOrderLine.purchase_order_id)
                .where(PurchaseOrder.order_id == order)
                .order_by(PurchaseOrderLine.position)
            )
        )

    def _open_line(self, order: UUID | None) -> PurchaseOrderLine | None:
        if order is None:
            return None
        return next((line for line in self._lines(order) if line.quantity > line.shipped + line.cancelled), None)

    def _unpaid(self, order: UUID) -> bool:
        return (
            self.session.scalar(
                select(PurchaseOrder.id).where(
                    PurchaseOrder.order_id == order,
                    PurchaseOrder.released_at.is_(None),
                    PurchaseOrder.status != "CANCELLED",
                )
            )
            is not None
        )


@pytest.mark.usefixtures("engine")
class TestStockMachine(StockMachine.TestCase):  # type: ignore[misc]
    """The machine as a test case; the database comes from the fixture."""

    settings = settings(
        max_examples=walks(10),
        derandomize=same_each_time(),
        stateful_step_count=20,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )


def test_availability_is_nothing_without_a_figure(session: Session) -> None:
    supplier = make.supplier(session)
    [lamp] = make.product(session, supplier, stock=None)
    assert availability(session, [lamp]) == {}
