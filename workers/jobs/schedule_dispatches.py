"""Put to work what is due for suppliers: batches, messages to be tried again, outcomes to be asked about."""

from __future__ import annotations

from typing import Any

from app.adapters import registries
from app.kit import clock
from app.purchasing.service.applying import put_polls_to_work
from app.purchasing.service.dispatching import put_due_to_work
from workers.job import Run, job


@job(queue="quick", every="* * * * * */10", coalesce=True)
def schedule_dispatches(run: Run, payload: dict[str, Any]) -> None:
    """See the module."""
    channels = registries.channels.all()
    together = {name: one.batches or not one.transmits for name, one in channels.items()}
    with run.closing() as session:
        put_due_to_work(session, clock.now(), together)
        put_polls_to_work(session, clock.now(), {name: one.poll_minutes for name, one in channels.items()})
