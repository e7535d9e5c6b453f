"""A store's merchant has permitted more: parcels that could not be told there without it are told now."""

from __future__ import annotations

from app.fulfillment import service as fulfillment
from app.stores.events import ScopesGranted
from workers.job import Run, job


@job(queue="quick", on=ScopesGranted, timeout=60)
def tell_store_of_refused(run: Run, event: ScopesGranted) -> None:
    """See the module. What is refused again is shown again."""
    with run.closing() as session:
        fulfillment.tell_store_of_refused(session, event.store_id)
