"""Stock has come: orders that waited for it go on."""

from __future__ import annotations

from app.inventory.events import StockFreed
from app.purchasing.filling import orders_short_of
from app.purchasing.service import resume_order
from workers.job import Run, job


@job(queue="quick", on=StockFreed, gather="variant_ids", timeout=120)
def resume_orders(run: Run, event: StockFreed) -> None:
    """See the module. Each order is a commit of its own: what is too little for one may do for those behind it."""
    with run.transaction() as session:
        waiting = orders_short_of(session, event.variant_ids)
        if not waiting:
            run.end()
            return
    run.each(waiting, resume_order)
    with run.closing():
        pass
