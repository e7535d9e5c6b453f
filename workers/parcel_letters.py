"""One letter to a shop's customer when an order comes apart: it comes in several parcels, what is in each, and when.
The store does not write of the parcels that it tells of."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from app.config import settings
from app.documents.customer_letters import CustomerLetters
from app.documents.deliveries import parcels_of
from app.fulfillment.models import Shipment
from app.fulfillment.rules import SHIPPED
from app.kit import clock
from app.orders import service as orders
from app.orders.models import Order
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine


def may_come_apart(session: Session, order_ids: Collection[UUID]) -> set[UUID]:
    """Of orders of which a parcel left, those that are not all in one, as far as can be told at a glance."""
    line, parcel, other = PurchaseOrderLine, Shipment, aliased(Shipment)
    to_leave = (
        exists()
        .where(
            PurchaseOrder.id == line.purchase_order_id,
            PurchaseOrder.order_id == Order.id,
            line.quantity > line.shipped + line.cancelled,
        )
        .correlate(Order)
    )
    several = (
        exists()
        .where(
            parcel.order_id == Order.id,
            other.order_id == Order.id,
            parcel.id != other.id,
            parcel.shipment_status == SHIPPED,
            other.shipment_status == SHIPPED,
        )
        .correlate(Order)
    )
    query = select(Order.id).where(Order.id.in_(list(order_ids)), Order.kind != "sample", to_leave | several)
    return set(session.scalars(query))


def tell_of_parcels(session: Session, order_id: UUID) -> bool:
    """Write the letter, once for an order, whoever asks for it and how often. Returns whether the customer was
    written to so lately that a letter of the store would be one too many. Needs a system scope."""
    if order_id not in may_come_apart(session, [order_id]) and not _is_told(session, order_id):
        return False
    order = orders.locked(session, order_id)
    now = clock.now()
    if order.parcels_told_at is None:
        coming = parcels_of(session, order)
        if len(coming) < 2 or not any(one.left for one in coming):
            return False
        if not CustomerLetters(session, order).parcels(f"{order.id}:parcels", coming):
            return False
        order.parcels_told_at = now
    if order.parcels_told_at <= now - settings().parcel_letters_apart:
        return False
    # What it told of and was taken back since, it does not tell of any more.
    standing = select(Shipment.id).where(
        Shipment.order_id == order_id,
        Shipment.shipment_status == SHIPPED,
        func.coalesce(Shipment.handed_over_at, Shipment.created_at) <= order.parcels_told_at,
    )
    return session.scalar(standing.limit(1)) is not None


def _is_told(session: Session, order_id: UUID) -> bool:
    return session.scalar(select(Order.parcels_told_at).where(Order.id == order_id)) is not None
