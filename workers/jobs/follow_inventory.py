"""Stock has changed: every store that lists it should show it, and its supplier hears of what is running low."""

from __future__ import annotations

from app.inventory.events import InventoryChanged
from app.inventory.service import watch_low_stock
from app.listings import service as listings
from workers.job import Run, job


@job(queue="quick", on=InventoryChanged, gather="variant_ids")
def follow_inventory(run: Run, event: InventoryChanged) -> None:
    """See the module."""
    with run.closing() as session:
        listings.follow_inventory(session, event.variant_ids)
        watch_low_stock(session, event.supplier_id, event.variant_ids)
