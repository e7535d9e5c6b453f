"""Something has happened: it goes into the streams of events of those whom it concerns and who listen."""

from __future__ import annotations

from collections.abc import Sequence

from app.outbox.events import Event
from app.webhooks.service import record
from workers.job import Runs, job
from workers.public_facts import TOLD, for_listeners, public_facts


@job(queue="quick", on=TOLD, batch=50, together=True, wanted=for_listeners)
def record_facts(runs: Runs, events: Sequence[Event]) -> None:
    """See the module."""
    with runs.closing() as session:
        record(session, [fact for event in events for fact in public_facts(event, session)])
