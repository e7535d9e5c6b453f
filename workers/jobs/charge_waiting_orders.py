"""A retailer has a card on file: its orders that waited for one are charged."""

from __future__ import annotations

from app.settlement.events import PaymentMethodSaved
from app.settlement.service import retry_held_charges
from workers.job import Run, job


@job(queue="money", on=PaymentMethodSaved)
def charge_waiting_orders(run: Run, event: PaymentMethodSaved) -> None:
    """See the module."""
    with run.closing() as session:
        retry_held_charges(session, event.retailer_id)
