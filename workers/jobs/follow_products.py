"""Products have changed: listings take over what the retailer does not own."""

from __future__ import annotations

from app.catalog.events import ProductsChanged
from app.listings import service as listings
from workers.job import Run, job


@job(queue="quick", on=ProductsChanged)
def follow_products(run: Run, event: ProductsChanged) -> None:
    """See the module."""
    with run.closing() as session:
        listings.follow_products(session, event.product_ids)
