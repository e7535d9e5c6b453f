"""Entries of the catalogue that went astray from their products are written anew: after an upgrade all of them."""

from __future__ import annotations

from app.catalog.search import refreshing
from workers.job import Run, job


@job(queue="bulk", every="*/5 * * * *", coalesce=True, timeout=600)
def mend_catalogue(run: Run, _event: object) -> None:
    """See the module."""
    more = True
    while more:
        with run.transaction() as session:
            more = refreshing.mend(session) > 0
    with run.closing() as session:
        refreshing.take_over_ratings(session)
