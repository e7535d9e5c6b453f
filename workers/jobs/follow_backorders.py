"""A supplier sends units later than ordered: where that is too late for the retailer, it is asked."""

from __future__ import annotations

from app.purchasing.events import LinesBackordered
from app.settlement import service as settlement
from workers.job import Run, job


@job(queue="money", on=LinesBackordered)
def follow_backorders(run: Run, event: LinesBackordered) -> None:
    """See the module. It looks at the days as they are promised now."""
    with run.closing() as session:
        settlement.follow_backorders(session, event.order_id, event.purchase_order_id)
