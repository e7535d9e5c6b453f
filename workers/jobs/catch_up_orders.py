"""Orders whose hooks never came are read from the stores and taken in like the others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError

from app import log
from app.adapters import registries
from app.kit import clock
from app.kit.errors import AdapterError, AppError
from app.purchasing.service import nothing_new
from app.stores.models import Store
from app.stores.service import access
from app.stores.store_orders import StoreOrder
from workers.job import Run, job
from workers.store_orders import take_order

#: Asked again with this much overlap; a known order is recognised.
_LOOK_BACK = timedelta(hours=2)
#: After an outage, however long, all since it began is read; stores do not show more than this without being asked to
#: (https://shopify.dev/docs/api/usage/access-scopes, read_all_orders).
_FARTHEST_BACK = timedelta(days=60)
#: Stores tell times in whole seconds, by their own clocks. What is older than this when it is asked for is the last
#: that happened in its second.
_SETTLED_AFTER = timedelta(minutes=1)
_COMPARED_AT_ONCE = 500
#: An order that the database did not take keeps others from being left out for so long.
_READ_AGAIN_FOR = timedelta(days=1)

logger = log.get("workers.catch_up_orders")


@job(queue="bulk", every="*/5 * * * *", coalesce=True, timeout=300)
def catch_up_orders(run: Run, payload: dict[str, Any]) -> None:
    """See the module. One store's or one order's trouble does not keep the others waiting. Where the database refused
    one, the first such error is raised when all were tried."""
    with run.transaction() as session:
        connected = session.execute(
            select(Store.id, Store.platform, Store.orders_read_until)
            .where(Store.status == "connected")
            # Whoever waits longest comes first.
            .order_by(Store.orders_read_until.nulls_first(), Store.id)
        ).all()
    refused: list[DBAPIError] = []
    for store_id, name, read_until in connected:
        if "orders_since" not in registries.stores.get(name).capabilities:
            continue
        try:
            refused += _catch_up(run, store_id, name, read_until)
        except AdapterError as error:
            logger.info("not caught up", store=str(store_id), reason=type(error).__name__)
    if refused:
        raise refused[0]


def _catch_up(run: Run, store_id: UUID, name: str, read_until: datetime | None) -> list[DBAPIError]:
    """Take a store's orders in, those since it was last read whole. Returns why the database did not take some of
    them; these are read again for a day."""
    refused: list[DBAPIError] = []
    whole_until: datetime | None = None
    platform = registries.stores.get(name)
    asked_at = clock.now()
    since = max(min(asked_at, read_until or asked_at) - _LOOK_BACK, asked_at - _FARTHEST_BACK)
    found = sorted(platform.orders_since(access(store_id, platform), since), key=lambda order: order.updated_at)
    over = asked_at - _SETTLED_AFTER
    known = _known(run, store_id, [order for order in found if order.updated_at < over and not order.cancelled])
    for number, order in enumerate(found, start=1):
        if number % _COMPARED_AT_ONCE == 0 and whole_until is None:
            _note_read(run, store_id, order.updated_at)
        if order.external_id in known:
            continue
        try:
            with run.transaction() as session:
                settled = order.updated_at < over
                done = take_order(session, session.get_one(Store, store_id), order, settled=settled)
        except AppError as error:
            done = f"refused: {error.code}"
        except DBAPIError as error:
            # Another one was in its way, as a rule.
            if error.connection_invalidated:
                raise
            refused.append(error)
            whole_until = whole_until or order.updated_at
            continue
        if done.endswith("placed"):
            logger.warning("order caught up", store=str(store_id))
    _note_read(run, store_id, max(whole_until or asked_at, asked_at - _READ_AGAIN_FOR))
    return refused


def _note_read(run: Run, store_id: UUID, until: datetime) -> None:
    """The store's orders were read until then, whatever becomes of this run."""
    with run.transaction() as session:
        session.execute(
            update(Store)
            .where(Store.id == store_id)
            .values(orders_read_until=func.greatest(Store.orders_read_until, until))
        )


def _known(run: Run, store_id: UUID, found: Sequence[StoreOrder]) -> set[str]:
    """The store's ids of those that tell nothing new. Most do: each had its hook, and is found a dozen times."""
    known: set[str] = set()
    for begin in range(0, len(found), _COMPARED_AT_ONCE):
        words = {
            one.external_id: (one.updated_at, {line.external_line_id: line.quantity for line in one.lines})
            for one in found[begin : begin + _COMPARED_AT_ONCE]
        }
        with run.transaction() as session:
            store = session.get_one(Store, store_id)
            known |= nothing_new(session, store.retailer_id, store_id, words)
    return known
