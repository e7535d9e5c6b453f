"""What is to be asked of the processor about a charge, and what its answers mean."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from app.config import settings
from app.kit.money import Money
from app.settlement.models import Charge, PaymentProfile
from app.settlement.rules import ACTION_REQUIRED, FAILED, PAID, PROCESSING

#: The processor's word for an outcome → the charge's state.
STATE_OF_OUTCOME = {
    "paid": PAID,
    "processing": PROCESSING,
    "declined": FAILED,
    "action_required": ACTION_REQUIRED,
    # Nothing to wait for: it is taken with a later charge.
    "too_small": PAID,
}
#: Where a person brings bank transfers and charges together; it asks for no method.
MANUAL = "manual"
#: A charge whose answer has not come after this is asked about again.
ANSWER_WITHIN = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class ChargePlan:
    """What is to be asked of ``processor``, where the charge was begun, whichever is used for new ones by now. The key
    is stored with the charge: asking again with it is safe.

    ``processor_ref`` is set when a payment exists already and only its outcome is to be read; ``abandon`` is an
    earlier attempt's payment, to be given up first so that it can't be paid as well.
    """

    charge_id: UUID
    attempt: int
    processor: str
    key: str
    amount: Money
    customer_ref: str
    method_ref: str
    processor_ref: str | None
    abandon: str | None = None


def plan_of(charge: Charge) -> ChargePlan:
    """What is to be asked, or asked again, about a charge that is SENDING or PROCESSING."""
    asked = charge.state == PROCESSING
    return ChargePlan(
        charge_id=charge.id,
        attempt=charge.attempt,
        processor=charge.processor,
        key=f"charge:{charge.id}:{charge.attempt}",
        amount=Money(charge.amount + charge.along, charge.currency),
        customer_ref=charge.customer_ref,
        method_ref=charge.method_ref,
        processor_ref=charge.processor_ref if asked else None,
        abandon=None if asked else charge.processor_ref,
    )


def begun_at(profile: PaymentProfile) -> str:
    """The processor at which a retailer's new charges begin: the one in use where it asks for no method, else the one
    that has the retailer's method. Until a retailer saved one at a new processor it pays by the one before."""
    return MANUAL if settings().processor == MANUAL else profile.processor
