"""An order whose cancellation overtook it: it is written down as cancelled, so that the order itself, when it comes,
is known and changes nothing."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.audit import service as audit
from app.catalog.models import SupplierVariant
from app.kit import clock
from app.orders import service as orders
from app.orders.models import OrderLine
from app.orders.rules import CANCELLED
from app.purchasing.service.wanted import PlaceOrder


def record_cancelled(session: Session, wanted: PlaceOrder) -> bool:
    """Write down an order that was cancelled before it came, without its address. No stock is set aside and nobody
    is charged. False when the order is there."""
    variants = {
        variant.id: variant
        for variant in session.scalars(
            select(SupplierVariant)
            .where(SupplierVariant.id.in_({line.variant_id for line in wanted.lines}))
            .options(joinedload(SupplierVariant.product))
        )
    }
    taken = orders.take_in(
        session,
        orders.NewOrder(
            retailer_id=wanted.retailer_id,
            store_id=wanted.store_id,
            external_id=wanted.external_id,
            external_name=wanted.external_name,
            currency=wanted.currency,
            address=None,
            note="",
            placed_at=wanted.placed_at or clock.now(),
            lines=[
                orders.NewLine(
                    variant_id=line.variant_id,
                    quantity=line.quantity,
                    title=variants[line.variant_id].product.title,
                    sku=variants[line.variant_id].sku,
                    external_line_id=line.external_line_id,
                    retail_price=line.retail_price,
                )
                for line in wanted.lines
            ],
        ),
    )
    if taken is None:
        return False
    order = orders.locked(session, taken[0])
    orders.tell(session, order, "order.received", name=wanted.external_name, store=wanted.store_name)
    if not wanted.lines:
        order.status = CANCELLED
    for line in session.scalars(select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.position)):
        line.store_quantity = 0
        orders.cancel_units(session, order, line, line.quantity)
    orders.tell(session, order, "order.cancelled_in_store")
    audit.record(session, order.retailer_id, "orders.cancelled", "order", order.id)
    return True
