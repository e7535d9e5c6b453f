"""A supplier's desk with one purchase order of two lines on it, and what can be done to it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.fulfillment.models import Shipment
from app.fulfillment.service import NewParcel, announce, mark_delivered, ship
from app.inventory.models import InventoryLevel
from app.kit import clock
from app.orders.models import Order, OrderLine
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from app.purchasing.service import (
    LineAnswer,
    acknowledge,
    cancel_order_line,
    mark_processing,
    place_order,
    release_purchase_orders,
)
from tests import factories as make

#: Units of the two lines, and of each variant on hand.
UNITS, STOCK = (5, 3), 10
_numbers = itertools.count(1)


class Desk:
    """One purchase order: five of the first variant, three of the second, ten of each in stock."""

    def __init__(self, session: Session, *, released: bool = True) -> None:
        self.session = session
        self.retailer = make.retailer(session)
        self.supplier = make.supplier(session)
        self.variants = make.product(session, self.supplier, variants=2, stock=STOCK)
        lines = dict(zip(self.variants, UNITS, strict=True))
        self.order_id = place_order(session, make.order_of(self.retailer, lines)).order_id
        if released:
            release_purchase_orders(session, self.order_id)
        session.flush()

    @property
    def purchase_order(self) -> PurchaseOrder:
        """As it is now."""
        self.session.flush()
        return self.session.scalars(
            select(PurchaseOrder)
            .where(PurchaseOrder.order_id == self.order_id)
            .options(selectinload(PurchaseOrder.lines))
            .execution_options(populate_existing=True)
        ).one()

    @property
    def status(self) -> str:
        """Its status."""
        return self.purchase_order.status

    @property
    def lines(self) -> list[PurchaseOrderLine]:
        """Its lines."""
        return self.purchase_order.lines

    def order(self) -> Order:
        """The retailer's order."""
        self.session.flush()
        self.session.expire_all()
        return self.session.get_one(Order, self.order_id)

    # What the supplier does

    def say(self, which: int, answer: str, **more: Any) -> LineAnswer:
        """An answer about a line."""
        if answer == "backordered":
            more.setdefault("available_on", clock.now().date() + timedelta(days=1))
        if answer == "rejected":
            more.setdefault("reason", "other")
        return LineAnswer(line_id=self.lines[which].id, answer=answer, **more)

    def answer(self, *answers: LineAnswer) -> None:
        """Send answers."""
        acknowledge(self.session, self.supplier.id, self.purchase_order.id, answers)

    def pack(self) -> None:
        """Begin to pack."""
        mark_processing(self.session, self.supplier.id, self.purchase_order.id)

    def parcel(self, *units: int, number: str | None = None) -> NewParcel:
        """A parcel with so many units of each line."""
        held = {line.id: count for line, count in zip(self.lines, units, strict=False) if count}
        return NewParcel(
            carrier="manual",
            tracking_number=number or f"PARCEL-{next(_numbers)}",
            tracking_url=None,
            shipped_at=None,
            lines=held,
        )

    def ship(self, *parcels: NewParcel) -> list[Shipment]:
        """Ship parcels."""
        return [one.shipment for one in ship(self.session, self.supplier.id, self.purchase_order.id, parcels)]

    def announce(self, *parcels: NewParcel) -> None:
        """Tell of parcels that leave tomorrow."""
        day = clock.now().date() + timedelta(days=1)
        announce(
            self.session,
            self.supplier.id,
            self.purchase_order.id,
            [replace(one, expected_ship_on=day) for one in parcels],
        )

    def arrived(self, shipment: Shipment) -> None:
        """A parcel was delivered."""
        mark_delivered(self.session, shipment, source="test")

    # What the retailer does

    def cancel(self, which: int) -> None:
        """Cancel a line of the order."""
        ids = self.session.scalars(
            select(OrderLine.id).where(OrderLine.order_id == self.order_id).order_by(OrderLine.position)
        ).all()
        cancel_order_line(self.session, self.retailer.id, self.order_id, ids[which])

    # What the books say

    def stock(self) -> list[tuple[int, int]]:
        """On hand and reserved of both variants."""
        self.session.flush()
        rows = self.session.execute(
            select(InventoryLevel.variant_id, InventoryLevel.on_hand, InventoryLevel.reserved).where(
                InventoryLevel.variant_id.in_(self.variants)
            )
        )
        found = {variant: (on_hand, reserved) for variant, on_hand, reserved in rows}
        return [found[variant] for variant in self.variants]


@dataclass
class OnDesk:
    """What belongs to the purchase order on a desk."""

    desk: Desk

    @property
    def session(self) -> Session:
        """In which it is worked on."""
        return self.desk.session
