"""Send money to a supplier: store what is asked, ask, store the answer."""

from __future__ import annotations

from app.adapters import registries
from app.kit.crash import crash_point
from app.kit.errors import Rejected
from app.settlement.events import PayoutWanted
from app.settlement.service import hold_payout, plan_payout, record_payout
from workers.job import Run, job

_HELD = {
    "balance_insufficient": "The money of these orders is not available at our bank yet; we try again by ourselves.",
    "account_not_ready": "Your payout account needs something from you before money can be sent.",
}


@job(queue="money", on=PayoutWanted, timeout=45)
def send_payout(run: Run, event: PayoutWanted) -> None:
    """See the module."""
    with run.transaction() as session:
        plan = plan_payout(session, event.payout_id)
    if plan is None:
        return
    processor = registries.processors.get(plan.processor)
    group, reference = f"payout_{plan.payout_id}", f"{plan.payout_id}:{plan.attempt}"
    crash_point("payout.planned")
    sent = processor.find_transfer(group=group, reference=reference) if plan.unsure else None
    if sent is None:
        try:
            sent = processor.transfer(
                account_ref=plan.account_ref, amount=plan.amount, group=group, reference=reference, key=plan.key
            )
        except Rejected as error:
            with run.closing() as session:
                hold_payout(session, plan.payout_id, _HELD.get(error.code, f"The bank refused: {error.message}"))
            return
    crash_point("payout.answered")
    with run.closing() as session:
        record_payout(session, plan.payout_id, sent.processor_ref)
