"""Retailers' payment methods and suppliers' payout accounts, as the processor has them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.kit import clock
from app.outbox.service import emit
from app.settlement.events import PaymentMethodSaved
from app.settlement.models import PaymentProfile, PayoutAccount
from app.settlement.processor import AccountStatus, SavedMethod


def record_customer(session: Session, retailer_id: UUID, *, processor: str, customer_ref: str) -> None:
    """Keep the processor's id of a retailer; the first one stays."""
    session.execute(
        upsert(PaymentProfile)
        .values(retailer_id=retailer_id, processor=processor, customer_ref=customer_ref, updated_at=clock.now())
        .on_conflict_do_nothing()
    )


def start_setup(session: Session, retailer_id: UUID, setup_ref: str) -> None:
    """Remember the hosted page on which a method is being added."""
    profile = session.get_one(PaymentProfile, retailer_id)
    profile.setup_ref, profile.updated_at = setup_ref, clock.now()


def record_method(session: Session, retailer_id: UUID, method: SavedMethod) -> None:
    """A method can be charged from now on; orders that waited for one go on."""
    profile = session.scalars(
        select(PaymentProfile).where(PaymentProfile.retailer_id == retailer_id).with_for_update()
    ).one()
    if profile.method_ref == method.method_ref:
        profile.setup_ref = None
        return
    profile.method_ref, profile.method_label, profile.setup_ref = method.method_ref, method.label, None
    profile.updated_at = clock.now()
    audit.record(session, retailer_id, "settlement.method_saved", "payment_profile", retailer_id)
    emit(session, PaymentMethodSaved(retailer_id=retailer_id))


def record_account(session: Session, supplier_id: UUID, processor: str, status: AccountStatus) -> None:
    """Keep how a supplier's account stands."""
    values = {
        "capability": status.capability,
        "requirements": list(status.requirements),
        "updated_at": clock.now(),
    }
    session.execute(
        upsert(PayoutAccount)
        .values(supplier_id=supplier_id, processor=processor, account_ref=status.account_ref, **values)
        .on_conflict_do_update(index_elements=["supplier_id"], set_=values)
    )
