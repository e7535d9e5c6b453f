"""Stock has changed: every store that lists it should show it."""

from __future__ import annotations

from app.inventory.events import InventoryChanged
from app.listings import service as listings
from workers.job import Run, job


@job(queue="quick", on=InventoryChanged, gather="variant_ids")
def follow_inventory(run: Run, event: InventoryChanged) -> None:
    """See the module."""
    with run.closing() as session:
        listings.follow_inventory(session, event.variant_ids)
