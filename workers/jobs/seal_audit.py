"""Seal the audit log."""

from __future__ import annotations

from typing import Any

from app.audit.service import seal
from workers.job import Run, job


@job(queue="letters", every="* * * * * */5", coalesce=True)
def seal_audit(run: Run, payload: dict[str, Any]) -> None:
    """See the module."""
    with run.closing() as session:
        seal(session)
