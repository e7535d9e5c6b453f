"""Suppliers' papers: taken in, read, reminded of, and what follows when one has lapsed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.db import current_scope
from app.identity.service import platform_organisation
from app.kit import clock
from app.kit.errors import Conflict, Invalid, NotFound
from app.kit.ids import new_id
from app.notifications.service import resolve
from app.outbox.service import emit
from app.suppliers.events import SupplierPaperRenewed
from app.suppliers.files import storage
from app.suppliers.models import Supplier, SupplierApplication, SupplierDocument
from app.suppliers.rules import ACTIVE, SUSPENDED, TERMINATED
from app.suppliers.rules.papers import (
    EXPIRING,
    KINDS,
    LARGEST,
    LONGEST_YEARS,
    NEEDED,
    UnfitFile,
    lapsed,
    media_type_of,
    reminder_due,
    review_due,
    too_far,
)
from app.suppliers.rules.steps import DOCUMENTS
from app.suppliers.service.deciding import answered, decide

_MOST = 30
LAPSED = "Its insurance has lapsed."
#: Why a review is due where the supplier has done its part.
RENEWED = "It has sent a new insurance. Look at it, and confirm it."


@dataclass(frozen=True, slots=True)
class KeptPaper:
    """A paper whose bytes are kept, and are not written down yet."""

    file_key: str
    media_type: str
    size: int
    sha256: str


def keep_paper(stream: BinaryIO) -> KeptPaper:
    """Look at a paper and keep its bytes, before any transaction. Raises ``Invalid``."""
    content = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise Invalid.field("file", "too_large", f"The file is larger than {LARGEST // (1024 * 1024)} MB.")
    try:
        media_type = media_type_of(content)
    except UnfitFile as error:
        raise Invalid.field("file", "unfit", str(error)) from error
    key = f"papers/{new_id()}"
    stored = storage().put(key, [content], limit=LARGEST)
    return KeptPaper(key, media_type, stored.size, stored.sha256)


def add_paper(
    session: Session, supplier_id: UUID, *, kind: str, expires_on: date | None, kept: KeptPaper
) -> SupplierDocument:
    """Write down a paper. One of a kind that is needed takes the place of the one before; where that has lapsed, the
    last day stands until a reviewer confirms the new one. Raises ``Invalid``; the caller then forgets the bytes
    (``forget``)."""
    today = clock.now().date()
    if kind not in KINDS:
        raise Invalid.field("kind", "unknown", "Choose what it is.")
    if kind in EXPIRING:
        if expires_on is None:
            raise Invalid.field("expires_on", "required", "Say until when it is valid.")
        if lapsed(expires_on, today):
            raise Invalid.field("expires_on", "lapsed", "It is out of date. Send one that is valid.")
        if too_far(expires_on, today):
            raise Invalid.field("expires_on", "too_far", f"No paper is valid for more than {LONGEST_YEARS} years.")
    standing = _standing(session, supplier_id)
    if len(standing) >= _MOST:
        raise Invalid.field("file", "too_many", "There are too many papers. Remove one first.")
    for row in standing:
        if row.kind == kind and kind != "other":
            row.ended_at = clock.now()
            resolve(session, supplier_id, f"supplier_paper:{row.id}")
    document = SupplierDocument(
        id=new_id(),
        supplier_id=supplier_id,
        kind=kind,
        file_key=kept.file_key,
        media_type=kept.media_type,
        size=kept.size,
        sha256=kept.sha256,
        expires_on=expires_on if kind in EXPIRING else None,
        uploaded_at=clock.now(),
        uploaded_by=current_scope().actor,
    )
    session.add(document)
    application = session.get(SupplierApplication, supplier_id)
    if application is not None and application.review_due_on is not None and kind in EXPIRING:
        application.review_reason = RENEWED
    session.flush()
    supplier = session.get(Supplier, supplier_id)
    if kind in EXPIRING and supplier is not None and supplier.status in (ACTIVE, SUSPENDED):
        emit(session, SupplierPaperRenewed(supplier_id=supplier_id, document_id=document.id))
    answered(session, supplier_id, DOCUMENTS)
    audit.record(
        session, supplier_id, "suppliers.paper_added", "supplier_document", document.id, details={"kind": kind}
    )
    return document


def confirm_papers(session: Session, supplier_id: UUID) -> None:
    """A reviewer has looked at the papers that were sent in place of lapsed ones: the supplier sells on. Raises
    ``Conflict`` where nothing is due, or the paper that stands has lapsed."""
    application = session.get(SupplierApplication, supplier_id, with_for_update=True)
    if application is None:
        raise NotFound("supplier")
    if application.review_due_on is None:
        raise Conflict("No papers are due.", code="nothing_due")
    today = clock.now().date()
    valid = {
        row.kind for row in _standing(session, supplier_id) if row.expires_on and not lapsed(row.expires_on, today)
    }
    if not set(EXPIRING) <= valid:
        raise Conflict("Its insurance has lapsed. Ask for the new one first.", code="paper_lapsed")
    application.review_due_on, application.review_reason = None, ""
    audit.record(session, supplier_id, "suppliers.papers_confirmed", "supplier", supplier_id)
    resolve(session, platform_organisation(session).id, f"supplier_review:{supplier_id}")


def forget(kept: KeptPaper) -> None:
    """The paper was not taken after all."""
    storage().delete(kept.file_key)


def remove_paper(session: Session, supplier_id: UUID, document_id: UUID) -> None:
    """Take a paper away; reviewers still find it in the history. Raises ``NotFound``, and
    ``Conflict`` for one without which nobody sells."""
    row = session.get(SupplierDocument, document_id)
    if row is None or row.supplier_id != supplier_id or row.ended_at is not None or row.answer_id is not None:
        raise NotFound("paper")
    supplier = session.get(Supplier, supplier_id)
    if row.kind in NEEDED and supplier is not None and supplier.status in (ACTIVE, SUSPENDED):
        raise Conflict("Send the new paper instead; it takes this one's place.", code="paper_needed")
    row.ended_at = clock.now()
    session.flush()
    audit.record(session, supplier_id, "suppliers.paper_removed", "supplier_document", document_id)


def read_paper(session: Session, supplier_id: UUID, document_id: UUID) -> tuple[SupplierDocument, BinaryIO]:
    """A paper and its bytes; who read it is written down. Raises ``NotFound``."""
    row = session.get(SupplierDocument, document_id)
    if row is None or row.supplier_id != supplier_id:
        raise NotFound("paper")
    try:
        content = storage().open(row.file_key)
    except FileNotFoundError as error:
        raise NotFound("paper") from error
    audit.record(session, supplier_id, "suppliers.paper_read", "supplier_document", document_id)
    return row, content


@dataclass(frozen=True, slots=True)
class Reminder:
    """A supplier is to be told that a paper ends on a day; ``days`` is which of its reminders this is. With
    ``review_due`` it has lapsed, and the supplier sells on until that day."""

    supplier_id: UUID
    document_id: UUID
    expires_on: date
    days: int
    review_due: date | None = None


def watch_papers(session: Session) -> list[Reminder]:
    """Look at all papers that run out: note which reminders are due, give those that sell with a lapsed paper a last
    day, and suspend those whose last day is over. Returns whom to tell. Running it twice tells nobody twice."""
    today = clock.now().date()
    rows = session.execute(
        select(SupplierDocument, Supplier, SupplierApplication)
        .join(Supplier, Supplier.id == SupplierDocument.supplier_id)
        .join(SupplierApplication, SupplierApplication.supplier_id == Supplier.id)
        .where(
            SupplierDocument.ended_at.is_(None),
            SupplierDocument.expires_on.is_not(None),
            Supplier.status != TERMINATED,
        )
        .order_by(SupplierDocument.id)
        .with_for_update(of=SupplierDocument)
    ).all()
    told = []
    for document, supplier, application in rows:
        ends = document.expires_on
        assert ends is not None
        due = reminder_due(ends, today, document.reminded_days)
        if due is not None:
            document.reminded_days = due
            told.append(Reminder(supplier.id, document.id, ends, due))
        if supplier.status == ACTIVE and lapsed(ends, today) and application.review_due_on is None:
            # A day's notice at least, also where nobody had looked for weeks.
            application.review_due_on = max(review_due(ends), today)
            application.review_reason = LAPSED
            told.append(Reminder(supplier.id, document.id, ends, -1, application.review_due_on))
    _suspend_overdue(session, today)
    return told


def _suspend_overdue(session: Session, today: date) -> None:
    overdue = session.scalars(
        select(SupplierApplication.supplier_id)
        .join(Supplier, Supplier.id == SupplierApplication.supplier_id)
        .where(Supplier.status == ACTIVE, SupplierApplication.review_due_on < today)
    ).all()
    for supplier_id in overdue:
        decide(session, supplier_id, SUSPENDED, reason=LAPSED)


def _standing(session: Session, supplier_id: UUID) -> Sequence[SupplierDocument]:
    return session.scalars(
        select(SupplierDocument)
        .where(
            SupplierDocument.supplier_id == supplier_id,
            SupplierDocument.ended_at.is_(None),
            SupplierDocument.answer_id.is_(None),
        )
        .with_for_update()
    ).all()
