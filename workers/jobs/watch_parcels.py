"""What should have left, been scanned, moved or arrived and has not is found, and told once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from app.adapters import registries
from app.fulfillment.service import (
    end_claim,
    end_what_arrived,
    end_what_left,
    unanswered_claims,
    watch_leaving,
    watch_on_the_way,
)
from app.fulfillment.service.unreported import watch_unreported
from app.kit import clock
from app.kit.errors import Conflict
from workers.job import Run, job


@job(queue="quick", every="*/10 * * * *", coalesce=True, timeout=120)
def watch_parcels(run: Run, payload: dict[str, Any]) -> None:
    """See the module. Each page is a commit of its own."""
    scanning = registries.scanning_carriers()
    for end in (end_what_left, end_what_arrived):
        left = 1
        while left:
            with run.transaction() as session:
                left = end(session)
    looks = (
        watch_leaving,
        partial(watch_on_the_way, scanning=scanning),
        partial(watch_unreported, scanning=scanning),
    )
    for look in looks:
        last: Mapping[str, Any] | None = None
        while True:
            with run.transaction() as session:
                looked = look(session, last)
            last = looked.last
            if last is None:
                break
    claimed: UUID | None = None
    while True:
        with run.transaction() as session:
            claims = unanswered_claims(session, clock.now(), claimed)
        if not claims:
            break
        for claimed in claims:
            try:
                with run.transaction() as session:
                    end_claim(session, claimed)
            except Conflict:
                # Settled, or arrived, a moment ago: what arrived is ended the next time.
                continue
