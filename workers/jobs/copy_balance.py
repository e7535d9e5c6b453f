"""Copy the processor's account of our money, to be compared with the ledger."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from app.adapters import registries
from app.config import settings
from app.kit import clock
from app.settlement.models import ProcessorTransaction
from app.settlement.service import record_balance_lines
from workers.job import Run, job

#: Read again with this overlap: lines may become visible a little late.
_OVERLAP = timedelta(days=1)


@job(queue="bulk", every="*/5 * * * *", coalesce=True, timeout=300)
def copy_balance(run: Run, payload: dict[str, Any]) -> None:
    """See the module."""
    processor = registries.processors.get(settings().processor)
    with run.transaction() as session:
        newest = session.scalar(
            select(func.max(ProcessorTransaction.created_at)).where(ProcessorTransaction.processor == processor.name)
        )
    lines = list(processor.balance_lines(since=(newest or clock.now() - timedelta(days=365)) - _OVERLAP))
    with run.closing() as session:
        record_balance_lines(session, processor.name, lines)
