"""A supplier's answers to reviewers' questions, in words and with documents."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.db import current_scope
from app.kit import clock
from app.kit.errors import Conflict, Invalid, NotFound
from app.kit.ids import new_id
from app.notifications.service import resolve
from app.outbox.service import emit
from app.suppliers.events import SupplierAnswered
from app.suppliers.models import Supplier, SupplierAnswer, SupplierDocument, SupplierQuestion
from app.suppliers.rules import REJECTED, TERMINATED
from app.suppliers.service.papers import KeptPaper

#: Documents that one answer may have, and answers that one question may have.
MOST_DOCUMENTS, MOST_ANSWERS = 5, 20


def answer(
    session: Session, supplier_id: UUID, question_id: UUID, *, message: str, documents: Sequence[KeptPaper] = ()
) -> SupplierAnswer:
    """Answer a reviewer's question, or add to what was answered; the reviewers are told. Raises ``Invalid``,
    ``NotFound``, and ``Conflict`` where the application is closed."""
    if not message.strip():
        raise Invalid.field("message", "required", "Write your answer; the reviewer reads it.")
    question = session.scalar(
        select(SupplierQuestion)
        .where(SupplierQuestion.id == question_id, SupplierQuestion.supplier_id == supplier_id)
        .with_for_update()
    )
    if question is None:
        raise NotFound("question")
    if session.get_one(Supplier, supplier_id).status in (REJECTED, TERMINATED):
        raise Conflict("Your application is closed; nobody reads an answer.", code="application_closed")
    before = session.scalars(select(SupplierAnswer.id).where(SupplierAnswer.question_id == question_id)).all()
    if len(before) >= MOST_ANSWERS:
        raise Conflict("There are too many answers to this question. Write to support.", code="too_many")
    now, actor = clock.now(), current_scope().actor
    written = SupplierAnswer(
        id=new_id(),
        supplier_id=supplier_id,
        question_id=question_id,
        message=message.strip(),
        written_at=now,
        written_by=actor,
    )
    session.add(written)
    session.flush()
    for kept in documents:
        session.add(
            SupplierDocument(
                id=new_id(),
                supplier_id=supplier_id,
                kind="other",
                file_key=kept.file_key,
                media_type=kept.media_type,
                size=kept.size,
                sha256=kept.sha256,
                uploaded_at=now,
                uploaded_by=actor,
                answer_id=written.id,
            )
        )
    question.answered_at = question.answered_at or now
    session.flush()
    if not _open_questions(session, supplier_id, question.step):
        resolve(session, supplier_id, f"supplier_question:{question.step}")
    audit.record(
        session,
        supplier_id,
        "suppliers.question_answered",
        "supplier_question",
        question_id,
        details={"documents": len(documents)},
    )
    emit(session, SupplierAnswered(supplier_id=supplier_id, answer_id=written.id))
    return written


def _open_questions(session: Session, supplier_id: UUID, step: str) -> bool:
    found = select(SupplierQuestion.id).where(
        SupplierQuestion.supplier_id == supplier_id,
        SupplierQuestion.step == step,
        SupplierQuestion.answered_at.is_(None),
    )
    return bool(session.scalar(select(found.exists())))
