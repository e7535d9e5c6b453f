"""A parcel left: its supplier has earned its share."""

from __future__ import annotations

from app.fulfillment.events import ShipmentCreated
from app.settlement.service import earn
from workers.job import Run, job


@job(queue="money", on=ShipmentCreated)
def book_shipment(run: Run, event: ShipmentCreated) -> None:
    """See the module."""
    with run.closing() as session:
        earn(session, event.shipment_id)
