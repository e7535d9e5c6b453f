"""A supplier may sell again or no longer: what is listed of it shows so."""

from __future__ import annotations

from app.listings import service as listings
from app.suppliers.events import SupplierStatusChanged
from workers.job import Run, job


@job(queue="quick", on=SupplierStatusChanged)
def follow_supplier(run: Run, event: SupplierStatusChanged) -> None:
    """See the module."""
    with run.closing() as session:
        listings.follow_supplier(session, event.supplier_id)
