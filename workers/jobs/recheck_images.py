"""Fetch pictures whose time has come: what was left over, what failed, and once a week what is there."""

from __future__ import annotations

import time
from typing import Any

from app.catalog.pictures import service as pictures
from app.config import settings
from workers.job import Run, job
from workers.pictures import AT_ONCE, fetch_due, time_is_up

_SECONDS = 50.0


@job(queue="bulk", every="* * * * * 20", coalesce=True, timeout=240)
def recheck_images(run: Run, payload: dict[str, Any]) -> None:
    """See the module. Addresses that no product names any more are left."""
    started = time.monotonic()
    while settings().keeps_pictures and not time_is_up(started, _SECONDS):
        with run.transaction() as session:
            batch = pictures.due(session, limit=AT_ONCE)
            unused = pictures.put_off(session, [one.id for one in batch])
        if not batch:
            break
        fetch_due(run, [one for one in batch if one.id not in unused])
    with run.closing():
        pass
