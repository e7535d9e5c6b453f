"""A purchase order's status has moved: its order's status follows."""

from __future__ import annotations

from app.orders.service import locked
from app.purchasing.events import PurchaseOrderChanged
from app.purchasing.service.status import refresh_order_status
from workers.job import Run, job


@job(queue="quick", on=PurchaseOrderChanged, coalesce=True, batch=10)
def refresh_order(run: Run, event: PurchaseOrderChanged) -> None:
    """See the module."""
    with run.closing() as session:
        refresh_order_status(session, locked(session, event.order_id))
