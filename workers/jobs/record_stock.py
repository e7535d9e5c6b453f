"""Stock has changed: retailers that list it and listen are told."""

from __future__ import annotations

from app.inventory.events import InventoryChanged
from app.webhooks.service import record
from workers.job import Run, job
from workers.public_facts import for_anybody, public_facts


@job(queue="quick", on=InventoryChanged, gather="variant_ids", wanted=for_anybody)
def record_stock(run: Run, event: InventoryChanged) -> None:
    """See the module."""
    with run.closing() as session:
        record(session, list(public_facts(event, session)))
