"""Decisions on suppliers, with their history."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.db import current_scope
from app.kit import clock
from app.kit.errors import Conflict, NotFound
from app.kit.ids import new_id
from app.outbox.service import emit
from app.suppliers.events import SupplierStatusChanged
from app.suppliers.models import Supplier, SupplierApplication, SupplierStatusChange
from app.suppliers.rules import may_move


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
    if application is not None and application.decided_at is None:
        application.decided_at, application.decided_by, application.decision_note = now, actor, reason
    audit.record(session, supplier_id, "suppliers.decided", "supplier", supplier_id, details={"status": status})
    emit(session, SupplierStatusChanged(supplier_id=supplier_id, status=status))
    return supplier
