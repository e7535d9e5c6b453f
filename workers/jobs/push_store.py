"""Bring one store up to what it should show."""

from __future__ import annotations

from sqlalchemy import select

from app.adapters import registries
from app.kit.errors import CredentialsRefused
from app.listings.events import StoreBehind
from app.stores.models import Store
from app.stores.service import lose_access
from workers.job import Run, job
from workers.store_push import StorePush


@job(queue="stores", on=StoreBehind, coalesce=True, timeout=300, max_attempts=60)
def push_store(run: Run, event: StoreBehind) -> None:
    """See the module. A store that fails holds up only itself."""
    with run.transaction() as session:
        row = session.execute(select(Store.platform, Store.status).where(Store.id == event.store_id)).one()
    platform = registries.stores.get(row.platform)
    if row.status != "connected" or "push_listings" not in platform.capabilities:
        return
    try:
        StorePush(run, event.store_id, platform).push()
    except CredentialsRefused:
        with run.closing() as session:
            lose_access(session, event.store_id)
