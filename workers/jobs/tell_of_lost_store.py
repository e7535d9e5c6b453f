"""A store can't be reached any more: its retailer is told what that means."""

from __future__ import annotations

from app.stores.events import StoreDisconnected
from app.stores.models import Store
from workers.job import Run, job
from workers.telling import tell


@job(queue="letters", on=StoreDisconnected)
def tell_of_lost_store(run: Run, event: StoreDisconnected) -> None:
    """See the module."""
    with run.closing() as session:
        store = session.get_one(Store, event.store_id)
        if store.status == "connected":
            return
        text = "Stock and prices there stay as they are, and new orders do not reach your suppliers."
        tell(
            session,
            event.retailer_id,
            "stores.write",
            kind="store_lost",
            severity="critical",
            title=f"{store.name} is no longer connected",
            subject="Access to your store was lost",
            body=f"{text} Open Crossdock in the store's admin to connect it again.",
            paragraphs=[f"{store.name} is no longer connected to Crossdock.", text],
            link="/app/settings",
            button="Connect it again",
            dedupe=f"store_lost:{store.id}",
            letter_dedupe=f"store_lost:{store.id}:{store.generation}",
        )
