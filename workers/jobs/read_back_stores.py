"""Read a sample of every store's quantities back, to measure how true they are."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app import log
from app.adapters import registries
from app.kit.errors import AdapterError
from app.stores.models import Store
from workers.job import Run, job
from workers.store_push import ENTRIES_AT_ONCE, read_back

logger = log.get("workers.read_back_stores")


@job(queue="stores", every="*/10 * * * *", coalesce=True, timeout=300)
def read_back_stores(run: Run, payload: dict[str, Any]) -> None:
    """See the module."""
    with run.transaction() as session:
        connected = session.execute(select(Store.id, Store.platform).where(Store.status == "connected")).all()
    for store_id, name in connected:
        platform = registries.stores.get(name)
        if "read_back" not in platform.capabilities:
            continue
        try:
            read_back(run, store_id, platform, ENTRIES_AT_ONCE)
        except AdapterError as error:
            logger.info("not read back", store=str(store_id), reason=type(error).__name__)
