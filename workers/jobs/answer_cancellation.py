"""Answer a store that asked us to stop a fulfilment order."""

from __future__ import annotations

from app.adapters import registries
from app.stores.events import CancellationWanted
from app.stores.models import Store
from app.stores.service import access
from workers.job import Run, job


@job(queue="stores", on=CancellationWanted, timeout=60)
def answer_cancellation(run: Run, event: CancellationWanted) -> None:
    """See the module."""
    with run.transaction() as session:
        store = session.get_one(Store, event.store_id)
    platform = registries.stores.get(store.platform)
    message = "Stopped before it was packed." if event.accept else "The supplier can not stop it any more."
    platform.answer_cancellation(
        access(store.id, platform), event.fulfillment_order_ref, accept=event.accept, message=message
    )
