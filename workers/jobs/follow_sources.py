"""A listing's sources have changed: what its store should show of stock and price may have, too."""

from __future__ import annotations

from app.listings import service as listings
from app.listings.events import SourcesChanged
from workers.job import Run, job


@job(queue="quick", on=SourcesChanged)
def follow_sources(run: Run, event: SourcesChanged) -> None:
    """See the module."""
    with run.closing() as session:
        listings.follow_sources(session, event.listing_id)
