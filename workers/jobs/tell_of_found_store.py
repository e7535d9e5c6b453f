"""A store is connected again: the notice that it was lost is put away."""

from __future__ import annotations

from app.notifications.service import resolve
from app.stores.events import StoreConnected
from workers.job import Run, job


@job(queue="letters", on=StoreConnected)
def tell_of_found_store(run: Run, event: StoreConnected) -> None:
    """See the module."""
    with run.closing() as session:
        resolve(session, event.retailer_id, f"store_lost:{event.store_id}")
