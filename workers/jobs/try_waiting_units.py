"""Stock has come: units that wait because no supplier had them may find one now."""

from __future__ import annotations

from app.inventory.events import StockFreed
from app.purchasing.decisions.queries import waiting_for
from app.settlement import service as settlement
from workers.job import Run, job


@job(queue="money", on=StockFreed, gather="variant_ids", timeout=120)
def try_waiting_units(run: Run, event: StockFreed) -> None:
    """See the module. Each decision is a commit of its own."""
    with run.transaction() as session:
        waiting = waiting_for(session, event.variant_ids)
        if not waiting:
            run.end()
            return
    run.each(waiting, lambda session, ids: settlement.try_waiting(session, *ids))
    with run.closing():
        pass
