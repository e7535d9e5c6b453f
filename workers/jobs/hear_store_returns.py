"""A store's merchant lets us take over the returns that are asked for there: the store is to tell of them."""

from __future__ import annotations

from app.adapters import registries
from app.stores import queries as stores
from app.stores.events import ScopesGranted, StoreConnected
from app.stores.models import Store
from app.stores.service import access
from workers.job import Run, job


@job(queue="stores", on=(StoreConnected, ScopesGranted), timeout=60)
def hear_store_returns(run: Run, event: StoreConnected | ScopesGranted) -> None:
    """See the module. Again it changes nothing."""
    with run.transaction() as session:
        store = session.get_one(Store, event.store_id)
        platform = registries.stores.get(store.platform)
        if not stores.grants(session, store, platform, "returns"):
            run.end()
            return
    platform.hear_returns(access(event.store_id, platform))
