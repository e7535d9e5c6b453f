"""A supplier has applied, or may sell now: it gets a stock location in its country, so that it can say what it has."""

from __future__ import annotations

from app.inventory.service import ensure_location
from app.suppliers.events import SupplierApplied, SupplierStatusChanged
from app.suppliers.queries import supplier
from app.suppliers.rules import ACTIVE
from workers.job import Run, job


@job(queue="quick", on=(SupplierApplied, SupplierStatusChanged))
def make_stock_location(run: Run, event: SupplierApplied | SupplierStatusChanged) -> None:
    """See the module."""
    if isinstance(event, SupplierStatusChanged) and event.status != ACTIVE:
        return
    with run.closing() as session:
        ensure_location(session, event.supplier_id, country=supplier(session, event.supplier_id).country)
