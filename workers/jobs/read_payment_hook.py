"""Handle a payment processor's hook: what it names is asked for again, so it waits for an outside party and runs
where that holds up nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.adapters import registries
from app.inbox.service import close_message, open_message
from app.settlement.processor import ProcessorHook
from workers import processor_facts
from workers.job import LeaseLost, Run, job


@job(queue="money", batch=10, timeout=60)
def read_payment_hook(run: Run, payload: Mapping[str, Any]) -> None:
    """See the module."""
    message_id = UUID(payload["inbox_id"])
    with run.transaction() as session:
        message = open_message(session, message_id)
        if message is None:
            run.end()
            return
        hook = ProcessorHook.from_stored(message.external_id, message.topic, message.received_at, message.body)
        if (known := processor_facts.known(session, hook)) is not None:
            close_message(session, message_id, known)
            run.end()
            return
    done = processor_facts.handle(run, registries.processors.get(message.source), hook)
    with run.closing() as session:
        if not close_message(session, message_id, done):
            raise LeaseLost("handled by another worker")
