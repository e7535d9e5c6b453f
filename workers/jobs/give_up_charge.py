"""An order was cancelled before it was paid: its payment is ended at the processor, and nobody can confirm it later."""

from __future__ import annotations

from app.adapters import registries
from app.settlement.events import ChargeGivenUp
from app.settlement.models import Charge
from app.settlement.rules import CANCELLED
from app.settlement.service import record_charge, settle_along
from workers.job import Run, job


@job(queue="money", on=ChargeGivenUp, timeout=45)
def give_up_charge(run: Run, event: ChargeGivenUp) -> None:
    """See the module. One that was paid first is taken over as paid, and refunded."""
    with run.transaction() as session:
        charge = session.get_one(Charge, event.charge_id)
    if charge.state != CANCELLED:
        return
    if not charge.processor_ref:
        with run.closing() as session:
            settle_along(session, charge.id)
        return
    outcome = registries.processors.get(charge.processor).cancel_charge(
        charge.processor_ref, key=f"charge:{charge.id}:{charge.attempt}:give_up"
    )
    with run.closing() as session:
        if record_charge(session, charge.id, charge.attempt, outcome) == CANCELLED:
            settle_along(session, charge.id)
