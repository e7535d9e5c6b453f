"""Orders whose hooks never came are read from the stores and taken in like the others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from app import log
from app.adapters import registries
from app.kit import clock
from app.kit.errors import AdapterError, AppError
from app.stores.models import Store
from app.stores.service import access
from workers.job import Run, job
from workers.store_facts import take_order

#: Asked again with this much overlap; a known order is recognised.
_LOOK_BACK = timedelta(hours=2)
#: Stores tell times in whole seconds, by their own clocks. What is older than this when it is asked for is the last
#: that happened in its second.
_SETTLED_AFTER = timedelta(minutes=1)

logger = log.get("workers.catch_up_orders")


@job(queue="bulk", every="*/5 * * * *", coalesce=True, timeout=300)
def catch_up_orders(run: Run, payload: dict[str, Any]) -> None:
    """See the module. One store's or one order's trouble does not keep the others waiting. Where the database refused
    one, the first such error is raised when all were tried."""
    with run.transaction() as session:
        connected = session.execute(select(Store.id, Store.platform).where(Store.status == "connected")).all()
    refused: list[DBAPIError] = []
    for store_id, name in connected:
        if "orders_since" not in registries.stores.get(name).capabilities:
            continue
        try:
            refused += _catch_up(run, store_id, name)
        except AdapterError as error:
            logger.info("not caught up", store=str(store_id), reason=type(error).__name__)
    if refused:
        raise refused[0]


def _catch_up(run: Run, store_id: UUID, name: str) -> list[DBAPIError]:
    """Take a store's orders in. Returns why the database did not take some of them."""
    refused: list[DBAPIError] = []
    platform = registries.stores.get(name)
    asked_at = clock.now()
    found = platform.orders_since(access(store_id, platform), asked_at - _LOOK_BACK)
    for order in found:
        try:
            with run.transaction() as session:
                settled = order.updated_at < asked_at - _SETTLED_AFTER
                done = take_order(session, session.get_one(Store, store_id), order, settled=settled)
        except AppError as error:
            done = f"refused: {error.code}"
        except DBAPIError as error:
            # Another one was in its way, as a rule.
            if error.connection_invalidated:
                raise
            refused.append(error)
            continue
        if done.endswith("placed"):
            logger.warning("order caught up", store=str(store_id))
    return refused
