"""A list brought new products: retailers are to find them."""

from __future__ import annotations

from app.catalog.events import ProductsMade
from app.catalog.search import refreshing
from workers.job import Run, job

#: Products in one transaction; others who change one of them wait for its end.
AT_ONCE = 500


@job(queue="quick", on=ProductsMade, gather="product_ids", timeout=120)
def list_products(run: Run, event: ProductsMade) -> None:
    """See the module. Begun again, it passes over what is listed; what it never comes to ``mend_catalogue`` finds."""
    ids = sorted(set(event.product_ids))
    last = max(len(ids) - 1, 0) // AT_ONCE * AT_ONCE
    for start in range(0, last, AT_ONCE):
        with run.transaction() as session:
            refreshing.list_new(session, ids[start : start + AT_ONCE])
    with run.closing() as session:
        refreshing.list_new(session, ids[last:])
