"""A store was connected, or shows another part of the stock: everything in it is looked at again."""

from __future__ import annotations

from app.listings import service as listings
from app.stores.events import StoreConnected
from workers.job import Run, job


@job(queue="quick", on=StoreConnected)
def follow_store(run: Run, event: StoreConnected) -> None:
    """See the module."""
    with run.closing() as session:
        listings.follow_store(session, event.store_id)
