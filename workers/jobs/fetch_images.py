"""Products have changed: fetch the pictures that they name and we do not have yet."""

from __future__ import annotations

import time

from app.catalog.events import ProductsChanged
from app.catalog.pictures import service as pictures
from app.config import settings
from workers.job import Run, job
from workers.pictures import AT_ONCE, fetch_due, time_is_up

#: What is left after this time is taken up by ``recheck_images``, so that one supplier's ten thousand pictures keep
#: nobody's files waiting.
_SECONDS = 90.0


@job(queue="bulk", on=ProductsChanged, gather="product_ids", timeout=300)
def fetch_images(run: Run, event: ProductsChanged) -> None:
    """See the module. What is fetched is noted address by address, so a run begun again goes on where it was."""
    started = time.monotonic()
    if settings().keeps_pictures:
        with run.transaction() as session:
            pictures.note(session, event.product_ids)
        while not time_is_up(started, _SECONDS):
            with run.transaction() as session:
                batch = pictures.due(session, limit=AT_ONCE, product_ids=event.product_ids)
            if not batch:
                break
            fetch_due(run, batch)
    with run.closing():
        pass
