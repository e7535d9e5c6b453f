"""Telling a retailer what its store said about the payment of an order."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.notifications.service import notify
from app.orders.models import Order


def tell_of_lapse(session: Session, order: Order) -> None:
    """An order that waited to be paid is cancelled, since it will not be."""
    notify(
        session,
        order.retailer_id,
        kind="payment_lapsed",
        severity="info",
        title=f"Order {order.external_name} will not be paid",
        body="Its payment was withdrawn in your store, or its time is over: it is cancelled here. It comes back by "
        "itself if it is paid after all.",
        link=f"/app/orders/{order.id}",
        dedupe=f"payment_lapsed:{order.id}",
    )


def tell_of_payment_in_vain(session: Session, order: Order) -> None:
    """An order was paid after its retailer had cancelled it here."""
    notify(
        session,
        order.retailer_id,
        kind="paid_in_vain",
        severity="warning",
        title=f"Order {order.external_name} was paid after it was cancelled here",
        body="Nothing of it is sent. Refund your customer, or order the goods by hand.",
        link=f"/app/orders/{order.id}",
        dedupe=f"paid_in_vain:{order.id}",
    )
