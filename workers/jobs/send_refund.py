"""Give money back to a retailer."""

from __future__ import annotations

from app.adapters import registries
from app.kit.errors import Rejected
from app.settlement.events import RefundWanted
from app.settlement.processor import RefundOutcome
from app.settlement.service import let_off, plan_refund, record_refund
from workers.job import Run, job


@job(queue="money", on=RefundWanted)
def send_refund(run: Run, event: RefundWanted) -> None:
    """See the module."""
    with run.transaction() as session:
        plan = None if let_off(session, event.refund_id) else plan_refund(session, event.refund_id)
    if plan is None:
        return
    processor = registries.processors.get(plan.processor)
    try:
        outcome = processor.refund(
            charge_ref=plan.charge_ref, amount=plan.amount, reference=str(plan.refund_id), key=plan.key
        )
    except Rejected as error:
        outcome = RefundOutcome(state="failed", processor_ref="", failure=str(error))
    with run.closing() as session:
        record_refund(session, plan.refund_id, outcome)
