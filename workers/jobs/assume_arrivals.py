"""Parcels whose way nobody reports, and of which nobody complained in time, count as arrived: suppliers are paid."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from app.adapters import registries
from app.fulfillment.service.unreported import count_as_arrived, due_without_word
from app.settlement.service.earning import pay_without_word
from workers.job import Run, job


@job(queue="money", every="41 * * * *", coalesce=True, timeout=120)
def assume_arrivals(run: Run, payload: dict[str, Any]) -> None:
    """See the module. Each parcel is a commit of its own."""
    scanning = registries.scanning_carriers()
    last: UUID | None = None
    while True:
        with run.transaction() as session:
            due = due_without_word(session, last, scanning=scanning)
        if not due:
            break
        for last in due:
            with run.transaction() as session:
                if count_as_arrived(session, last, scanning=scanning):
                    pay_without_word(session, last)
