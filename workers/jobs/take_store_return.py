"""A return in a store has changed: what it is now is read there, and we are brought in line with it."""

from __future__ import annotations

from app.adapters import registries
from app.returns.service import from_store
from app.stores import queries as stores
from app.stores.events import StoreReturnTold
from app.stores.models import Store
from app.stores.service import access
from workers.job import Run, job


@job(queue="stores", on=StoreReturnTold, timeout=60)
def take_store_return(run: Run, event: StoreReturnTold) -> None:
    """See the module."""
    with run.transaction() as session:
        store = session.get_one(Store, event.store_id)
        platform = registries.stores.get(store.platform)
        if not stores.grants(session, store, platform, "returns"):
            run.end()
            return
    told = platform.read_return(access(event.store_id, platform), event.return_ref)
    with run.closing() as session:
        if told is not None:
            from_store.take_from_store(session, session.get_one(Store, event.store_id), told)
