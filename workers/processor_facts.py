"""What becomes of the processor's hooks: the object they name is read again, and its state taken over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kit.errors import Rejected
from app.kit.ids import parse_id
from app.settlement.models import Charge, PaymentProfile, PayoutAccount, Refund
from app.settlement.processor import Processor, ProcessorHook
from app.settlement.rules import PAID, SENDING
from app.settlement.service import record_account, record_charge, record_method, record_refund
from workers.job import Run


def handle(run: Run, processor: Processor, hook: ProcessorHook) -> str:
    """Take a hook in. Returns what was done, for the inbox. Calls out between its transactions."""
    kind = hook.topic
    if kind.startswith("payment_intent."):
        return _charge(run, processor, hook)
    if kind.startswith("refund.") or kind == "charge.refund.updated":
        return _refund(run, processor, hook)
    if kind in ("checkout.session.completed", "setup_intent.succeeded"):
        return _method(run, processor, hook)
    if kind.startswith("v2.core.account") or kind == "account.updated":
        return _account(run, processor, hook)
    return f"ignored: {kind}"


def known(session: Session, hook: ProcessorHook) -> str | None:
    """What to write down of a hook that tells nothing new, most often that a charge was paid whose answer we had;
    None for all others."""
    if hook.object_ref is None or not hook.topic.startswith("payment_intent."):
        return None
    paid = select(Charge.id).where(Charge.processor_ref == hook.object_ref, Charge.state == PAID)
    return None if session.scalar(paid) is None else "known as paid"


def _charge(run: Run, processor: Processor, hook: ProcessorHook) -> str:
    if hook.object_ref is None:
        return "ignored: names no payment"
    reference = _metadata(hook).get("charge_id")
    with run.transaction() as session:
        row = session.execute(
            select(Charge.id, Charge.attempt, Charge.processor_ref, Charge.state).where(
                (Charge.processor_ref == hook.object_ref) | (Charge.id == _uuid_or_none(reference))
            )
        ).first()
    if row is None:
        return "ignored: not a charge of ours"
    outcome = processor.charge_status(hook.object_ref)
    with run.transaction() as session:
        # Another attempt's payment only matters if it was paid; so does one whose answer is not written down yet,
        # since nobody knows which attempt it was.
        known = row.state != SENDING and row.processor_ref == hook.object_ref
        attempt = row.attempt if known else -1
        return f"charge {record_charge(session, row.id, attempt, outcome)}"


def _refund(run: Run, processor: Processor, hook: ProcessorHook) -> str:
    if hook.object_ref is None:
        return "ignored: names no refund"
    # Its id may not be written down yet; then it names ours.
    reference = _metadata(hook).get("refund_id")
    with run.transaction() as session:
        refund_id = session.scalar(
            select(Refund.id).where(
                (Refund.processor_ref == hook.object_ref)
                | (Refund.processor_ref.is_(None) & (Refund.id == _uuid_or_none(reference)))
            )
        )
    if refund_id is None:
        return "ignored: not a refund of ours"
    outcome = processor.refund_status(hook.object_ref)
    with run.transaction() as session:
        record_refund(session, refund_id, outcome)
    return f"refund {outcome.state}"


def _method(run: Run, processor: Processor, hook: ProcessorHook) -> str:
    with run.transaction() as session:
        retailer_id = session.scalar(
            select(PaymentProfile.retailer_id).where(PaymentProfile.setup_ref == hook.object_ref)
        )
    if retailer_id is None or hook.object_ref is None:
        return "ignored: not a set-up of ours"
    method = processor.finished_method_setup(hook.object_ref)
    if method is None:
        return "ignored: not finished"
    with run.transaction() as session:
        record_method(session, retailer_id, method)
    return "payment method saved"


def _account(run: Run, processor: Processor, hook: ProcessorHook) -> str:
    with run.transaction() as session:
        supplier_id = session.scalar(
            select(PayoutAccount.supplier_id).where(PayoutAccount.account_ref == hook.object_ref)
        )
    if supplier_id is None or hook.object_ref is None:
        return "ignored: not an account of ours"
    try:
        status = processor.account_status(hook.object_ref)
    except Rejected as error:
        return f"account can't be read: {error.code}"
    with run.transaction() as session:
        record_account(session, supplier_id, processor.name, status)
    return f"account {status.capability}"


def _metadata(hook: ProcessorHook) -> Mapping[str, Any]:
    """What we gave the object to carry."""
    found = hook.body.get("data", {}).get("object", {}).get("metadata")
    return found if isinstance(found, dict) else {}


def _uuid_or_none(reference: object) -> object:
    return parse_id(reference) if isinstance(reference, str) else None
