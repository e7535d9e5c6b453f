"""A retailer's plan allows another number of orders: those that waited for it go on, oldest first."""

from __future__ import annotations

from app.billing.events import PlanChanged
from app.purchasing.service import go_on_within_plan, orders_with_a_place
from workers.job import Run, job


@job(queue="quick", on=PlanChanged, coalesce=True)
def follow_plan(run: Run, event: PlanChanged) -> None:
    """See the module. Each order is a commit of its own; whether there is a place for it is found out anew."""
    with run.transaction() as session:
        waiting = orders_with_a_place(session, event.retailer_id)
    run.each(waiting, go_on_within_plan)
