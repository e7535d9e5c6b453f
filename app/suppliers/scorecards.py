"""Reads of scorecards: the supplier's own, and the card that everybody may see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Literal, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session, aliased

from app.kit.paging import Page, decode_cursor, page_of
from app.suppliers.models import Supplier, SupplierCard, SupplierScore
from app.suppliers.rules import ACTIVE, SUSPENDED


def own_scorecard(session: Session, supplier_id: UUID) -> SupplierScore | None:
    """A supplier's newest scorecard, for itself and the platform; None before the first order fell due."""
    return session.scalar(
        select(SupplierScore)
        .where(SupplierScore.supplier_id == supplier_id)
        .order_by(SupplierScore.day.desc())
        .limit(1)
    )


def own_history(session: Session, supplier_id: UUID, since: date) -> Sequence[SupplierScore]:
    """The same day by day, the oldest first."""
    return session.scalars(
        select(SupplierScore)
        .where(SupplierScore.supplier_id == supplier_id, SupplierScore.day >= since)
        .order_by(SupplierScore.day)
    ).all()


def cards(session: Session, supplier_ids: Iterable[UUID]) -> dict[UUID, SupplierCard]:
    """The newest card of each supplier that has one."""
    newest = _newest(SupplierCard)
    rows = session.scalars(
        select(newest).select_from(Supplier).join(newest, true()).where(Supplier.id.in_(sorted(set(supplier_ids))))
    )
    return {row.supplier_id: row for row in rows}


def card_history(session: Session, supplier_id: UUID, since: date) -> Sequence[SupplierCard]:
    """A supplier's cards day by day, the oldest first."""
    return session.scalars(
        select(SupplierCard)
        .where(SupplierCard.supplier_id == supplier_id, SupplierCard.day >= since)
        .order_by(SupplierCard.day)
    ).all()


T = TypeVar("T", SupplierScore, SupplierCard)
Order = Literal["lowest", "highest", "name"]


def ranked(
    session: Session, order: Order, *, limit: int = 50, cursor: str | None = None
) -> Page[tuple[Supplier, SupplierScore | None]]:
    """Suppliers that sell or are suspended with their newest scorecards; new ones come last. System scope."""
    last: ColumnElement[int] = func.coalesce(Supplier.score, 1_000 if order == "lowest" else -1)
    key = {
        "lowest": (last, Supplier.id),
        "highest": (-last, Supplier.id),
        "name": (Supplier.company_name, Supplier.id),
    }[order]
    newest = _newest(SupplierScore)
    query = (
        select(Supplier, newest, key[0])
        .outerjoin(newest, true())
        .where(Supplier.status.in_((ACTIVE, SUSPENDED)))
        .order_by(*key)
        .limit(limit + 1)
    )
    if cursor:
        query = query.where(func.row(*key) > func.row(*decode_cursor(cursor, 2)))
    rows = session.execute(query).all()
    page = page_of(rows, limit, lambda row: [row[2], row[0].id])
    return Page([(row[0], row[1]) for row in page.items], page.next_cursor)


def _newest(table: type[T]) -> type[T]:
    """A supplier's newest row, to be joined to suppliers: one look into an index each."""
    row = select(table).where(table.supplier_id == Supplier.id).order_by(table.day.desc()).limit(1).lateral()
    return aliased(table, row)
