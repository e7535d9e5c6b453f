"""A supplier asks another price than was ordered: it is taken, or the retailer is asked."""

from __future__ import annotations

from app.purchasing.events import PriceAsked
from app.settlement import service as settlement
from workers.job import Run, job


@job(queue="money", on=PriceAsked)
def follow_prices(run: Run, event: PriceAsked) -> None:
    """See the module. It looks at the prices as they are asked now."""
    with run.closing() as session:
        settlement.follow_prices(session, event.order_id, event.purchase_order_id)
