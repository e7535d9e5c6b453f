"""Units will not come from where they were ordered. Those that the supplier rejected go to another one, or the retailer
decides; of those that were cancelled the order says so, and their money goes back."""

from __future__ import annotations

from app.purchasing.events import LinesWithdrawn
from app.settlement import service as settlement
from workers.job import Run, job


@job(queue="money", on=LinesWithdrawn)
def withdraw_lines(run: Run, event: LinesWithdrawn) -> None:
    """See the module."""
    with run.closing() as session:
        if event.rejected:
            settlement.follow_rejections(session, event.order_id)
        else:
            settlement.withdraw_lines(
                session, event.order_id, event.purchase_order_id, cause=event.cause, goods=event.goods
            )
