"""A paid order has come in and waits a moment: when its time is over, it goes on. The task waits in the database until
then; nothing looks through orders."""

from __future__ import annotations

from app.kit import clock
from app.orders.events import OrderHeld
from app.orders.rules import HoldReason
from app.orders.service import open_holds, until_of
from app.purchasing.service import end_fraud_window as end
from workers.job import RetryLater, Run, job


@job(queue="quick", on=OrderHeld)
def end_fraud_window(run: Run, event: OrderHeld) -> None:
    """See the module."""
    if event.reason != HoldReason.FRAUD_WINDOW:
        with run.closing():
            return
    with run.transaction() as session:
        until = next(
            (until_of(one) for one in open_holds(session, event.order_id) if one.reason == HoldReason.FRAUD_WINDOW),
            None,
        )
    if until is not None and until > clock.now():
        raise RetryLater("its time is not over", at=until)
    with run.closing() as session:
        end(session, event.order_id)
