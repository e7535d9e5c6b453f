"""What should have left, been scanned, moved or arrived and has not is found, and told once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from app.adapters import registries
from app.fulfillment.service import end_claim, end_what_left, unanswered_claims, watch_leaving, watch_on_the_way
from app.kit import clock
from app.kit.errors import Conflict
from workers.job import Run, job

#: So many at once are found each time; the rest is found the next time.
_ROUNDS = 20


@job(queue="quick", every="*/10 * * * *", coalesce=True, timeout=120)
def watch_parcels(run: Run, payload: dict[str, Any]) -> None:
    """See the module. Each round is a commit of its own."""
    scanning = [name for name, one in registries.carriers.all().items() if one.can_track]
    looks: list[Callable[[Session], int]] = [
        end_what_left,
        watch_leaving,
        lambda session: watch_on_the_way(session, scanning=scanning),
    ]
    for look in looks:
        for _ in range(_ROUNDS):
            with run.transaction() as session:
                if not look(session):
                    break
    with run.transaction() as session:
        claims = unanswered_claims(session, clock.now())
    for exception_id in claims:
        try:
            with run.transaction() as session:
                end_claim(session, exception_id)
        except Conflict:
            # Settled, or arrived, a moment ago.
            continue
