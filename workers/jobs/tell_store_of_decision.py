"""Units of a store's order wait, or something else is sent instead: the store's people read it with the order. A custom
store's own system is told by an event."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.adapters import registries
from app.kit import clock
from app.kit.crash import crash_point
from app.kit.errors import Rejected
from app.orders.models import Order
from app.purchasing.decisions import store_news
from app.purchasing.events import DecisionMade, DecisionWaits, StoreNoteWanted
from app.stores.models import Store
from app.stores.service import access
from workers.job import RetryLater, Run, job

#: Refusals that pass, and how long that takes at least. The waits grow with the time for which the store should have
#: known; after a day nobody asks any more.
_PASSING = {"not_decided": timedelta(seconds=5), "held": timedelta(minutes=30)}
_LONGEST_WAIT, _ASK_FOR = timedelta(hours=1), timedelta(days=1)


@job(queue="stores", on=(DecisionWaits, DecisionMade, StoreNoteWanted), coalesce=True, timeout=60, max_attempts=40)
def tell_store_of_decision(run: Run, event: DecisionWaits | DecisionMade | StoreNoteWanted) -> None:
    """See the module. It looks at how things stand: what is over before the store could be told is not told."""
    with run.transaction() as session:
        order = session.get_one(Order, event.order_id)
        store = session.get(Store, order.store_id) if order.store_id else None
        news = store_news.of_order(session, order)
    if store is None or not news:
        return
    platform = registries.stores.get(store.platform)
    if "order_notes" not in platform.capabilities:
        return
    way_in = access(store.id, platform)
    later: list[tuple[datetime, str]] = []
    for one in news:
        crash_point("store_note.begun")
        try:
            platform.note_on_order(way_in, one.note)
        except Rejected as error:
            now = clock.now()
            age = now - one.since
            if error.code in _PASSING and age < _ASK_FOR:
                wait = max(min(age / 2, _LONGEST_WAIT), _PASSING[error.code])
                later.append((now + wait, error.message))
                continue
            with run.transaction() as session:
                store_news.note_not_told(session, order.id, one, error.message)
            continue
        crash_point("store_note.answered")
        with run.transaction() as session:
            store_news.note_told(session, order.id, one)
    if later:
        at, reason = min(later)
        raise RetryLater(reason, at=at)
