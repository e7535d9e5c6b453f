"""Reads of requests to change purchase orders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, selectinload

from app.kit.errors import NotFound
from app.kit.paging import LARGEST_LIMIT, Page, id_after, page_of
from app.purchasing.changes.rules import OPEN
from app.purchasing.models import ChangeRequest

_WHOLE = selectinload(ChangeRequest.lines)


def change_requests(
    session: Session,
    organisation_id: UUID,
    *,
    states: Sequence[str] | None = None,
    order_id: UUID | None = None,
    purchase_order_id: UUID | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[ChangeRequest]:
    """Requests of which the organisation is a party, with their lines, newest first."""
    query = select(ChangeRequest).where(_party(organisation_id)).options(_WHOLE)
    if states is not None:
        query = query.where(ChangeRequest.state.in_(states))
    if order_id is not None:
        query = query.where(ChangeRequest.order_id == order_id)
    if purchase_order_id is not None:
        query = query.where(ChangeRequest.purchase_order_id == purchase_order_id)
    if cursor:
        query = query.where(ChangeRequest.id < id_after(cursor))
    limit = min(limit, LARGEST_LIMIT)
    rows = session.scalars(query.order_by(ChangeRequest.id.desc()).limit(limit + 1)).all()
    return page_of(rows, limit, lambda row: [row.id])


def change_request(session: Session, organisation_id: UUID, request_id: UUID) -> ChangeRequest:
    """One request of which the organisation is a party. Raises ``NotFound``."""
    found = session.scalar(
        select(ChangeRequest).where(ChangeRequest.id == request_id, _party(organisation_id)).options(_WHOLE)
    )
    if found is None:
        raise NotFound("change request")
    return found


def waiting_of(session: Session, purchase_order_ids: Iterable[UUID]) -> Sequence[ChangeRequest]:
    """The requests about these purchase orders that wait for their suppliers."""
    return session.scalars(
        select(ChangeRequest)
        .where(ChangeRequest.purchase_order_id.in_(list(purchase_order_ids)), ChangeRequest.state == OPEN)
        .options(_WHOLE)
        .order_by(ChangeRequest.id)
        .execution_options(populate_existing=True)
    ).all()


def waiting_count(session: Session, supplier_id: UUID) -> tuple[int, datetime | None]:
    """How many requests wait for a supplier, and by when the first is to be answered."""
    count, first = session.execute(
        select(func.count(), func.min(ChangeRequest.due_at)).where(
            ChangeRequest.supplier_id == supplier_id, ChangeRequest.state == OPEN
        )
    ).one()
    return count, first


def to_remind(session: Session, moment: datetime, *, limit: int = 200) -> Sequence[UUID]:
    """Requests whose supplier is to be asked again."""
    return session.scalars(
        select(ChangeRequest.id)
        .where(ChangeRequest.state == OPEN, ChangeRequest.reminded_at.is_(None), ChangeRequest.remind_at <= moment)
        .order_by(ChangeRequest.remind_at)
        .limit(limit)
    ).all()


def overdue(session: Session, moment: datetime, *, limit: int = 200) -> Sequence[UUID]:
    """Requests that were not answered in time."""
    return session.scalars(
        select(ChangeRequest.id)
        .where(ChangeRequest.state == OPEN, ChangeRequest.due_at <= moment)
        .order_by(ChangeRequest.due_at)
        .limit(limit)
    ).all()


def _party(organisation_id: UUID) -> ColumnElement[bool]:
    return (ChangeRequest.retailer_id == organisation_id) | (ChangeRequest.supplier_id == organisation_id)
