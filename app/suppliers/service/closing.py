"""Closures: days on which a supplier sends nothing."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.kit import clock
from app.kit.errors import Invalid, NotFound
from app.kit.ids import new_id
from app.suppliers.models import SupplierClosure

_LONGEST = timedelta(days=92)
_FURTHEST = timedelta(days=550)
_MOST = 50


def add_closure(session: Session, supplier_id: UUID, *, starts_on: date, ends_on: date, note: str) -> UUID:
    """Close from one day to another, both included; retailers read the note. Raises ``Invalid``."""
    today = clock.now().date()
    if ends_on < starts_on:
        raise Invalid.field("ends_on", "out_of_range", "The last day is not before the first.")
    if ends_on < today:
        raise Invalid.field("ends_on", "out_of_range", "These days are over.")
    if ends_on - starts_on > _LONGEST:
        raise Invalid.field("ends_on", "out_of_range", "A closure lasts at most three months. Ask us to suspend you.")
    if starts_on - today > _FURTHEST:
        raise Invalid.field("starts_on", "out_of_range", "This is more than a year and a half ahead.")
    clash = session.scalar(
        select(func.count())
        .select_from(SupplierClosure)
        .where(
            SupplierClosure.supplier_id == supplier_id,
            SupplierClosure.starts_on <= ends_on,
            SupplierClosure.ends_on >= starts_on,
        )
    )
    if clash:
        raise Invalid.field("starts_on", "overlap", "Another closure holds some of these days. Remove it first.")
    standing = session.scalar(
        select(func.count())
        .select_from(SupplierClosure)
        .where(SupplierClosure.supplier_id == supplier_id, SupplierClosure.ends_on >= today)
    )
    if (standing or 0) >= _MOST:
        raise Invalid.field("starts_on", "too_many", f"At most {_MOST} closures can be planned.")
    row = SupplierClosure(
        id=new_id(),
        supplier_id=supplier_id,
        starts_on=starts_on,
        ends_on=ends_on,
        note=note.strip(),
        created_at=clock.now(),
    )
    session.add(row)
    session.flush()
    audit.record(session, supplier_id, "suppliers.closure_added", "supplier_closure", row.id)
    return row.id


def remove_closure(session: Session, supplier_id: UUID, closure_id: UUID) -> None:
    """Open on those days after all; orders placed before keep their dates. Raises ``NotFound``."""
    row = session.get(SupplierClosure, closure_id)
    if row is None or row.supplier_id != supplier_id:
        raise NotFound("closure")
    session.delete(row)
    session.flush()
    audit.record(session, supplier_id, "suppliers.closure_removed", "supplier_closure", closure_id)
