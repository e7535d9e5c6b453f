"""Amounts too small for a charge of their own came in with another one, or wait for the next."""

from __future__ import annotations

from app.settlement.events import AlongSettled
from app.settlement.service import settle_along as settle
from workers.job import Run, job


@job(queue="money", on=AlongSettled)
def settle_along(run: Run, event: AlongSettled) -> None:
    """See the module."""
    with run.closing() as session:
        settle(session, event.charge_id)
