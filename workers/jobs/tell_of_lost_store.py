"""A store can't be reached any more: its retailer is told what that means."""

from __future__ import annotations

from app.config import settings
from app.identity.queries import recipients
from app.notifications.letters import Letter
from app.notifications.service import notify, queue_email
from app.stores.events import StoreDisconnected
from app.stores.models import Store
from workers.job import Run, job


@job(queue="letters", on=StoreDisconnected)
def tell_of_lost_store(run: Run, event: StoreDisconnected) -> None:
    """See the module."""
    with run.closing() as session:
        store = session.get_one(Store, event.store_id)
        if store.status == "connected":
            return
        text = "Stock and prices there stay as they are, and new orders do not reach your suppliers."
        notify(
            session,
            event.retailer_id,
            kind="store_lost",
            severity="critical",
            title=f"{store.name} is no longer connected",
            body=f"{text} Open Crossdock in the store's admin to connect it again.",
            link="/app/settings",
            dedupe=f"store_lost:{store.id}",
        )
        queue_email(
            session,
            recipients(session, event.retailer_id, "stores.write"),
            Letter(
                subject="Access to your store was lost",
                paragraphs=[f"{store.name} is no longer connected to Crossdock.", text],
                button=("Connect it again", f"{settings().public_url}/app/settings"),
            ),
            kind="store_lost",
            dedupe=f"store_lost:{store.id}:{store.generation}",
            organisation_id=event.retailer_id,
        )
