"""A supplier no longer sells, and what it has not accepted is to be cancelled: line by line, each order apart."""

from __future__ import annotations

from sqlalchemy import select

from app.kit.errors import Conflict
from app.orders.rules import CANCELLED, DELIVERED, RETURNED, SHIPPED
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from app.purchasing.service import cancel_order_line
from app.suppliers.events import OpenOrdersUnwanted
from app.suppliers.queries import supplier
from app.suppliers.rules import ACTIVE
from workers.job import Run, job


@job(queue="money", on=OpenOrdersUnwanted, timeout=300)
def cancel_supplier_orders(run: Run, event: OpenOrdersUnwanted) -> None:
    """See the module. What is cancelled already is not found again; what was accepted meanwhile stays."""
    with run.transaction() as session:
        # It may sell again by now; then nobody wants its orders cancelled.
        gone = supplier(session, event.supplier_id).status != ACTIVE
        lines = session.execute(
            select(PurchaseOrder.retailer_id, PurchaseOrder.order_id, PurchaseOrderLine.order_line_id)
            .join(PurchaseOrderLine, PurchaseOrderLine.purchase_order_id == PurchaseOrder.id)
            .where(
                PurchaseOrder.supplier_id == event.supplier_id,
                PurchaseOrder.status.not_in((SHIPPED, DELIVERED, CANCELLED, RETURNED)),
                PurchaseOrder.processing_at.is_(None),
                PurchaseOrderLine.answer.is_(None),
                PurchaseOrderLine.shipped == 0,
                PurchaseOrderLine.cancelled < PurchaseOrderLine.quantity,
            )
            .order_by(PurchaseOrderLine.id)
        ).all()
    for retailer_id, order_id, line_id in lines if gone else ():
        try:
            with run.transaction() as session:
                cancel_order_line(session, retailer_id, order_id, line_id)
        except Conflict:
            continue
    with run.closing():
        pass
