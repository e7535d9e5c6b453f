"""A retailer has said what an article of its store is: other orders that wait for that go on."""

from __future__ import annotations

from app.listings.events import StoreLinked
from app.orders.queries import orders_waiting_for_link
from app.purchasing.service import follow_link
from workers.job import Run, job


@job(queue="quick", on=StoreLinked)
def follow_store_link(run: Run, event: StoreLinked) -> None:
    """See the module."""
    with run.transaction() as session:
        waiting = orders_waiting_for_link(session, event.store_id, event.link_key)
    run.each(waiting, lambda session, order_id: follow_link(session, order_id, event.link_key))
