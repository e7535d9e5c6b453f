"""A parcel arrived: the dispute window begins, after which its supplier is paid."""

from __future__ import annotations

from app.config import settings
from app.fulfillment.events import ArrivalConfirmed, ShipmentDelivered
from app.settlement.service import earn
from app.settlement.service.earning import start_dispute_window
from workers.job import Run, job


@job(queue="money", on=(ShipmentDelivered, ArrivalConfirmed), batch=10)
def book_delivery(run: Run, event: ShipmentDelivered | ArrivalConfirmed) -> None:
    """See the module. The earning may not be booked yet: facts of different kinds have no order."""
    with run.closing() as session:
        earn(session, event.shipment_id)
        start_dispute_window(
            session, event.shipment_id, settings().dispute_window, grace=settings().unconfirmed_arrival_grace
        )
