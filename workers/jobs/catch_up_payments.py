"""Hooks that the processor could not deliver are read from it and handled like the others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson

from app.adapters import registries
from app.config import settings
from app.inbox.service import Received, take_in
from app.kit import clock
from app.settlement.processor import concerns_us
from workers.job import Run, job


@job(queue="bulk", every="*/10 * * * *", coalesce=True, timeout=120)
def catch_up_payments(run: Run, payload: dict[str, Any]) -> None:
    """See the module. What came in before is recognised by its id."""
    processor = registries.processors.get(settings().processor)
    missed = processor.undelivered_hooks(since=clock.now() - timedelta(days=3))
    with run.closing() as session:
        for hook in missed:
            take_in(
                session,
                Received(
                    source=processor.name,
                    external_id=hook.message_id,
                    topic=hook.topic,
                    headers={"caught_up": "true"},
                    body=orjson.dumps(dict(hook.body)),
                    triggered_at=hook.created_at,
                ),
                ignored=None if concerns_us(hook.topic) else hook.topic,
            )
