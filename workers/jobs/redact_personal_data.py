"""Erase shoppers' data: what stores asked for, and what is old."""

from __future__ import annotations

from typing import Any

from app.privacy.service import carry_out_requests, redact_old_orders
from workers.job import Run, job


@job(queue="bulk", every="*/15 * * * *", coalesce=True)
def redact_personal_data(run: Run, payload: dict[str, Any]) -> None:
    """See the module."""
    with run.closing() as session:
        carry_out_requests(session)
        redact_old_orders(session)
