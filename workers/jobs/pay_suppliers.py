"""Earnings whose dispute window is over are put into payouts."""

from __future__ import annotations

from typing import Any

from app.kit import clock
from app.outbox.service import emit
from app.settlement.events import PayoutWanted
from app.settlement.models import Payout
from app.settlement.service import make_payable, schedule_payouts
from app.settlement.service.paying_out import stuck_payouts
from workers.job import Run, job


@job(queue="money", every="* * * * * */15", coalesce=True)
def pay_suppliers(run: Run, payload: dict[str, Any]) -> None:
    """See the module."""
    with run.closing() as session:
        make_payable(session, clock.now())
        session.flush()
        schedule_payouts(session)
        for payout_id in stuck_payouts(session):
            emit(session, PayoutWanted(payout_id=payout_id, supplier_id=session.get_one(Payout, payout_id).supplier_id))
