"""Charge a retailer for an order: store what is asked, ask, store the answer."""

from __future__ import annotations

from app.adapters import registries
from app.config import settings
from app.kit.crash import crash_point
from app.purchasing.events import OrderRouted
from app.settlement.events import ChargeWanted
from app.settlement.processor import ChargeOutcome, ChargeRequest, Processor
from app.settlement.service import ChargePlan, plan_charge, record_charge
from workers.job import Run, job


@job(queue="money", on=(OrderRouted, ChargeWanted), batch=5, timeout=45)
def charge_order(run: Run, event: OrderRouted | ChargeWanted) -> None:
    """See the module. Two charges of one order never run at once: they have the same key."""
    with run.transaction() as session:
        plan = plan_charge(session, event.order_id)
    if plan is None:
        return
    crash_point("charge.planned")
    outcome = _ask(registries.processors.get(plan.processor), plan, str(event.order_id))
    crash_point("charge.answered")
    with run.closing() as session:
        record_charge(session, plan.charge_id, plan.attempt, outcome)


def _ask(processor: Processor, plan: ChargePlan, order_id: str) -> ChargeOutcome:
    if plan.abandon is not None:
        # A payment that waits for its bank could still be confirmed; with a new one it would be paid twice.
        abandoned = processor.cancel_charge(plan.abandon, key=f"{plan.key}:abandon")
        if abandoned.state in ("paid", "processing"):
            return abandoned
    if plan.processor_ref is not None:
        return processor.charge_status(plan.processor_ref)
    return processor.charge(
        ChargeRequest(
            customer_ref=plan.customer_ref,
            method_ref=plan.method_ref,
            amount=plan.amount,
            group=f"order_{order_id}",
            reference=str(plan.charge_id),
            statement="ORDER",
            return_url=f"{settings().public_url}/app/billing",
        ),
        key=plan.key,
    )
