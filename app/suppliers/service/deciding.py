"""Decisions on suppliers, with their history."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.db import current_scope
from app.identity.service import platform_organisation
from app.kit import clock
from app.kit.errors import Conflict, Invalid, NotFound
from app.kit.ids import new_id
from app.notifications.service import resolve
from app.outbox.service import emit
from app.suppliers.events import OpenOrdersUnwanted, SupplierAsked, SupplierSent, SupplierStatusChanged
from app.suppliers.models import Supplier, SupplierApplication, SupplierQuestion, SupplierStatusChange
from app.suppliers.queries import newest_test_order, passed_test_order, trip_of
from app.suppliers.rules import (
    ACTIVE,
    APPLIED,
    IN_REVIEW,
    NEEDS_INFO,
    OWN_MOVES,
    REJECTED,
    SUSPENDED,
    TERMINATED,
    may_move,
)
from app.suppliers.rules.round_trip import checks
from app.suppliers.rules.steps import STEPS


def decide(session: Session, supplier_id: UUID, status: str, *, reason: str) -> Supplier:
    """Move a supplier to another status, with a reason. Raises ``Conflict`` for a move that is not allowed."""
    supplier = session.scalar(select(Supplier).where(Supplier.id == supplier_id).with_for_update())
    if supplier is None:
        raise NotFound("supplier")
    if not may_move(supplier.status, status):
        raise Conflict(f"A supplier that is {supplier.status} can't become {status}.", code="move_not_allowed")
    now, actor = clock.now(), current_scope().actor
    session.add(
        SupplierStatusChange(
            id=new_id(),
            supplier_id=supplier_id,
            from_status=supplier.status,
            to_status=status,
            actor=actor,
            reason=reason,
            at=now,
        )
    )
    supplier.status, supplier.updated_at = status, now
    application = session.get(SupplierApplication, supplier_id)
    if application is not None and application.decided_at is None and status in (ACTIVE, REJECTED):
        application.decided_at, application.decided_by, application.decision_note = now, actor, reason
    audit.record(session, supplier_id, "suppliers.decided", "supplier", supplier_id, details={"status": status})
    if status not in (APPLIED, IN_REVIEW):
        # The reviewers have done their part: what told them to look is done with.
        platform_id = platform_organisation(session).id
        resolve(session, platform_id, f"supplier_applied:{supplier_id}")
        resolve(session, platform_id, f"supplier_answered:{supplier_id}")
    emit(session, SupplierStatusChanged(supplier_id=supplier_id, status=status))
    return supplier


def approve(
    session: Session, supplier_id: UUID, *, reason: str, gaps: Sequence[str], acknowledged: bool = False
) -> Supplier:
    """Let a supplier sell. Steps of its set-up that are not done (``gaps``) must be acknowledged, and are written down.
    The test order can't be acknowledged away: only one that has sold before comes back without it. Raises ``Invalid``
    where they are not, or where it was not passed."""
    supplier = session.get(Supplier, supplier_id)
    if supplier is not None and supplier.status != SUSPENDED and may_move(supplier.status, ACTIVE):
        _check_test_order(session, supplier_id)
    if gaps and not acknowledged:
        raise Invalid.field(
            "acknowledged", "gaps", "Some steps are not done. Tick that you know of them, or ask the supplier."
        )
    supplier = decide(session, supplier_id, ACTIVE, reason=reason)
    # Who approves has seen the papers; one that has lapsed is found again.
    application = session.get_one(SupplierApplication, supplier_id)
    application.review_due_on, application.review_reason = None, ""
    if gaps:
        audit.record(
            session, supplier_id, "suppliers.gaps_acknowledged", "supplier", supplier_id, details={"steps": list(gaps)}
        )
    return supplier


def _check_test_order(session: Session, supplier_id: UUID) -> None:
    """Raises ``Invalid``, saying what the supplier still has to do, where it has not passed a test order."""
    if passed_test_order(session, supplier_id) is not None:
        return
    order = newest_test_order(session, supplier_id)
    connection = session.get_one(SupplierApplication, supplier_id).connection
    open_checks = checks(trip_of(order), connection) if order is not None else ()
    left = " ".join(one.missing for one in open_checks if not one.done) or "Start the test order."
    raise Invalid.field(
        "status",
        "test_order",
        "No supplier goes live before its test order has passed. The supplier does it, at “Test order” in its set-up; "
        f"it is told there: {left}",
    )


def end_offer(session: Session, supplier_id: UUID, status: str, *, reason: str, cancel_open: bool) -> Supplier:
    """Suspend a supplier or end its account: its goods go off sale. With ``cancel_open`` what it has not accepted yet
    is cancelled too; what it has accepted it still ships."""
    if status not in (SUSPENDED, TERMINATED):
        raise ValueError(status)
    supplier = decide(session, supplier_id, status, reason=reason)
    if cancel_open:
        audit.record(session, supplier_id, "suppliers.open_orders_cancelled", "supplier", supplier_id)
        emit(session, OpenOrdersUnwanted(supplier_id=supplier_id))
    return supplier


def send(session: Session, supplier_id: UUID, *, missing: Sequence[str]) -> Supplier:
    """The supplier sends its answers for review. Raises ``Conflict`` while steps are missing, or when there is nothing
    to send."""
    supplier = session.get(Supplier, supplier_id)
    if supplier is None:
        raise NotFound("supplier")
    if (supplier.status, IN_REVIEW) not in OWN_MOVES:
        raise Conflict("There is nothing to send at present.", code="nothing_to_send")
    if missing:
        raise Conflict("Some steps are not done yet.", code="steps_missing")
    decide(session, supplier_id, IN_REVIEW, reason="")
    application = session.get_one(SupplierApplication, supplier_id)
    application.sent_at = clock.now()
    emit(session, SupplierSent(supplier_id=supplier_id))
    return supplier


def apply_again(session: Session, supplier_id: UUID) -> Supplier:
    """A supplier that was declined begins anew with what it has told. Raises ``Conflict``."""
    supplier = session.get(Supplier, supplier_id)
    if supplier is None:
        raise NotFound("supplier")
    if (supplier.status, APPLIED) not in OWN_MOVES:
        raise Conflict("You have an application already.", code="nothing_to_send")
    return decide(session, supplier_id, APPLIED, reason="")


def ask(session: Session, supplier_id: UUID, *, step: str, message: str) -> SupplierQuestion:
    """Ask a supplier about one step. One that is not selling yet waits for its answer (NEEDS_INFO); one that is sells
    on. Raises ``Invalid`` and ``Conflict``."""
    if step not in STEPS:
        raise Invalid.field("step", "unknown", "Choose a step.")
    if not message.strip():
        raise Invalid.field("message", "required", "Write what you want to know; the supplier reads it.")
    supplier = session.scalar(select(Supplier).where(Supplier.id == supplier_id).with_for_update())
    if supplier is None:
        raise NotFound("supplier")
    if may_move(supplier.status, NEEDS_INFO):
        decide(session, supplier_id, NEEDS_INFO, reason=message.strip())
    elif supplier.status not in (ACTIVE, SUSPENDED, NEEDS_INFO):
        raise Conflict("This supplier's application is closed.", code="move_not_allowed")
    question = SupplierQuestion(
        id=new_id(),
        supplier_id=supplier_id,
        step=step,
        message=message.strip(),
        asked_at=clock.now(),
        asked_by=current_scope().actor,
    )
    session.add(question)
    session.flush()
    # Who asks further has read what was answered.
    resolve(session, platform_organisation(session).id, f"supplier_answered:{supplier_id}")
    audit.record(session, supplier_id, "suppliers.asked", "supplier", supplier_id, details={"step": step})
    emit(session, SupplierAsked(supplier_id=supplier_id, question_id=question.id))
    return question


def answered(session: Session, supplier_id: UUID, step: str) -> None:
    """The supplier has saved a step: what was asked about it is answered."""
    session.execute(
        update(SupplierQuestion)
        .where(
            SupplierQuestion.supplier_id == supplier_id,
            SupplierQuestion.step == step,
            SupplierQuestion.answered_at.is_(None),
        )
        .values(answered_at=clock.now())
    )
    resolve(session, supplier_id, f"supplier_question:{step}")
