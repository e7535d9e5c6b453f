"""A purchase order's status has moved: its order's status follows."""

from __future__ import annotations

from collections.abc import Sequence

from app.orders.service import locked
from app.purchasing.events import PurchaseOrderChanged
from app.purchasing.service.status import refresh_order_status
from workers.job import Runs, job


@job(queue="quick", on=PurchaseOrderChanged, coalesce=True, batch=20, together=True)
def refresh_order(runs: Runs, events: Sequence[PurchaseOrderChanged]) -> None:
    """See the module."""
    with runs.closing() as session:
        for order_id in sorted({event.order_id for event in events}):
            refresh_order_status(session, locked(session, order_id))
