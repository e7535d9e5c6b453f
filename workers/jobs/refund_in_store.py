"""Ask a store to give its customer money back. What it gave is found again by our reference, so that it is made
once."""

from __future__ import annotations

from datetime import timedelta

from app.adapters import registries
from app.kit import clock
from app.kit.crash import crash_point
from app.kit.errors import CredentialsRefused, Rejected
from app.store_refunds import service
from app.store_refunds.events import StoreRefundAsked
from app.store_refunds.queries import way_of
from app.store_refunds.rules import NO_ACCESS, NOT_GRANTED, Way
from app.stores.models import Store
from app.stores.money_back import RefundPending
from app.stores.service import access
from workers.job import RetryLater, Run, job

#: How long a store takes to cancel an order; one that takes longer is asked less often, but at least so often.
_SOON, _AT_LEAST = timedelta(seconds=2), timedelta(hours=1)


@job(queue="stores", on=StoreRefundAsked, timeout=60, max_attempts=40)
def refund_in_store(run: Run, event: StoreRefundAsked) -> None:
    """See the module. A store whose own system does it was told by the event."""
    with run.transaction() as session:
        asked = service.wish_of(session, event.store_refund_id)
        if asked is None:
            run.end()
            return
        store = session.get_one(Store, asked.store_id)
        platform = registries.stores.get(store.platform)
        way = way_of(session, store, platform)
        if way is Way.SYSTEM:
            run.end()
            return
        if way is not Way.STORE:
            code = NOT_GRANTED if store.status == "connected" else NO_ACCESS
            service.note_refused(session, event.store_refund_id, code, "")
            run.end()
            return
    crash_point("store_refund.begun")
    try:
        outcome = platform.refund(access(asked.store_id, platform), asked.wish)
    except Rejected as error:
        with run.closing() as session:
            service.note_refused(session, event.store_refund_id, error.code, error.message)
        return
    except CredentialsRefused:
        with run.closing() as session:
            service.note_refused(session, event.store_refund_id, NO_ACCESS, "")
        return
    crash_point("store_refund.answered")
    if isinstance(outcome, RefundPending):
        with run.transaction() as session:
            for_so_long = service.note_pending(session, event.store_refund_id, outcome.pending)
        wait = min(_AT_LEAST, max(_SOON, for_so_long / 10))
        raise RetryLater("the store is cancelling the order", at=clock.now() + wait)
    with run.closing() as session:
        service.note_made(session, event.store_refund_id, outcome)
