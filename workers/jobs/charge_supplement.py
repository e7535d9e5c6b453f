"""Charge what an order costs more after it was paid: store what is asked, ask, store the answer."""

from __future__ import annotations

from app.adapters import registries
from app.config import settings
from app.kit.crash import crash_point
from app.settlement.events import SupplementWanted
from app.settlement.processor import ChargeRequest
from app.settlement.service import plan_supplement, record_charge
from workers.job import Run, job


@job(queue="money", on=SupplementWanted, timeout=45)
def charge_supplement(run: Run, event: SupplementWanted) -> None:
    """See the module."""
    with run.transaction() as session:
        plan = plan_supplement(session, event.charge_id)
    if plan is None:
        return
    crash_point("supplement.planned")
    processor = registries.processors.get(plan.processor)
    if plan.processor_ref is not None:
        outcome = processor.charge_status(plan.processor_ref)
    else:
        outcome = processor.charge(
            ChargeRequest(
                customer_ref=plan.customer_ref,
                method_ref=plan.method_ref,
                amount=plan.amount,
                group=f"order_{event.order_id}",
                reference=str(plan.charge_id),
                statement="ORDER",
                return_url=f"{settings().public_url}/app/billing",
            ),
            key=plan.key,
        )
    crash_point("supplement.answered")
    with run.closing() as session:
        record_charge(session, plan.charge_id, plan.attempt, outcome)
