"""A new month has begun somewhere: warnings of the one before go, and orders that waited for their retailer's plan go
on, oldest first."""

from __future__ import annotations

from typing import Any

from app.billing.service import end_past_warnings
from app.purchasing.service import go_on_within_plan, orders_with_a_place, retailers_waiting_for_plan
from workers.job import Run, job


@job(queue="quick", every="*/5 * * * *", coalesce=True, timeout=300)
def watch_plans(run: Run, payload: dict[str, Any]) -> None:
    """See the module."""
    with run.transaction() as session:
        end_past_warnings(session)
        waiting = [
            order_id
            for retailer_id in retailers_waiting_for_plan(session)
            for order_id in orders_with_a_place(session, retailer_id)
        ]
    run.each(waiting, go_on_within_plan)
