"""Make up for anything missed: stores that lag are told of again, and sales that never reached us stop counting."""

from __future__ import annotations

from typing import Any

from app.listings import service as listings
from workers.job import Run, job


@job(queue="quick", every="* * * * * */30", coalesce=True)
def sweep_listings(run: Run, payload: dict[str, Any]) -> None:
    """See the module."""
    with run.closing() as session:
        variants = listings.forget_unseen_sales(session)
        if variants:
            listings.follow_inventory(session, variants)
        listings.sweep(session)
