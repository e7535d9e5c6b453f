"""A parcel left, or was not as it was told: its supplier has earned its share, and no more."""

from __future__ import annotations

from app.fulfillment.events import ShipmentCorrected, ShipmentCreated, ShipmentGivenUp, ShipmentVoided
from app.settlement.service import earn
from workers.job import Run, job


@job(queue="money", on=(ShipmentCreated, ShipmentCorrected, ShipmentVoided, ShipmentGivenUp), batch=10)
def book_shipment(run: Run, event: ShipmentCreated | ShipmentCorrected | ShipmentVoided | ShipmentGivenUp) -> None:
    """See the module."""
    with run.closing() as session:
        earn(session, event.shipment_id)
