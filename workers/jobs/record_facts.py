"""Something has happened: it goes into the streams of events of those whom it concerns and who listen."""

from __future__ import annotations

from app.outbox.events import Event
from app.webhooks.service import record
from workers.job import Run, job
from workers.public_facts import TOLD, for_listeners, public_facts


@job(queue="quick", on=TOLD, batch=20, wanted=for_listeners)
def record_facts(run: Run, event: Event) -> None:
    """See the module."""
    with run.closing() as session:
        record(session, list(public_facts(event, session)))
