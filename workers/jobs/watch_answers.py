"""Suppliers that have not answered in time: reminded, told of, and in the end somebody else delivers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.kit import clock
from app.purchasing.service.silence import follow_up, unanswered
from app.settlement import service as settlement
from workers.job import Run, job


@job(queue="money", every="* * * * *", coalesce=True, timeout=300)
def watch_answers(run: Run, payload: dict[str, Any]) -> None:
    """See the module. Each purchase order is a commit of its own; what is left over is found again the next time."""
    with run.transaction() as session:
        waiting = unanswered(session, clock.now())
    run.each(waiting, _follow)


def _follow(session: Session, ids: tuple[UUID, UUID]) -> None:
    order_id, purchase_order_id = ids
    if follow_up(session, order_id, purchase_order_id):
        settlement.follow_silence(session, order_id, purchase_order_id)
