"""A supplier's queues: what to answer and to ship, the most overdue first, and all other views of its orders."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, selectinload

from app.kit import clock
from app.kit.paging import LARGEST_LIMIT, Page, decode_cursor, page_of
from app.purchasing.changes.rules import OPEN
from app.purchasing.leaving import late
from app.purchasing.models import ChangeRequest, PurchaseOrder
from app.purchasing.queries import VIEWS

DUE, OLDEST, NEWEST = "due", "oldest", "newest"
SORTS = (DUE, OLDEST, NEWEST)
#: View → the moment by which each of its orders is due.
CLOCKS: Mapping[str, InstrumentedAttribute[datetime | None]] = {
    "new": PurchaseOrder.acknowledge_by,
    "to_ship": PurchaseOrder.ship_by,
    "late": PurchaseOrder.ship_by,
}
#: Counting ends here.
MOST_COUNTED = 10_001


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFilter:
    """``view``: a name of ``VIEWS``, ``late``, ``asked`` (a request waits for it), or ``all``. ``sort``: by what is
    due, where the view has a clock; else by when it came."""

    view: str = "new"
    search: str = ""
    retailer_id: UUID | None = None
    sort: str = DUE

    @property
    def order(self) -> str:
        """The order that can be had."""
        return self.sort if self.sort != DUE or self.view in CLOCKS else OLDEST


def queue(
    session: Session, supplier_id: UUID, wanted: QueueFilter, *, limit: int = 50, cursor: str | None = None
) -> Page[PurchaseOrder]:
    """The orders of a view with their lines."""
    limit = min(limit, LARGEST_LIMIT)
    column: Any = CLOCKS[wanted.view] if wanted.order == DUE else PurchaseOrder.released_at
    query = (
        select(PurchaseOrder)
        .where(*_conditions(supplier_id, wanted))
        .options(selectinload(PurchaseOrder.lines))
        .limit(limit + 1)
    )
    down = wanted.order == NEWEST
    key = func.row(column, PurchaseOrder.id)
    if cursor:
        after = func.row(*decode_cursor(cursor, 2))
        query = query.where(key < after if down else key > after)
    query = query.order_by(column.desc() if down else column, PurchaseOrder.id.desc() if down else PurchaseOrder.id)
    name = column.key
    return page_of(session.scalars(query).all(), limit, lambda row: [getattr(row, name), row.id])


def count(session: Session, supplier_id: UUID, wanted: QueueFilter) -> int:
    """How many orders match, up to ``MOST_COUNTED``."""
    found = select(PurchaseOrder.id).where(*_conditions(supplier_id, wanted)).limit(MOST_COUNTED).subquery()
    return session.scalar(select(func.count()).select_from(found)) or 0


def overdue_counts(session: Session, supplier_id: UUID) -> dict[str, int]:
    """View → how many of its orders are past their moment."""
    now = clock.now()
    found = {}
    for view in ("new", "to_ship"):
        query = select(func.count()).where(*_conditions(supplier_id, QueueFilter(view=view)), CLOCKS[view] < now)
        found[view] = session.scalar(query) or 0
    return found


def names(
    session: Session, supplier_id: UUID, wanted: QueueFilter, *, only: Sequence[UUID] | None = None, limit: int
) -> list[tuple[UUID, str]]:
    """Ids and numbers of the orders that match; of ``only`` these where any are given."""
    conditions = _conditions(supplier_id, wanted if only is None else QueueFilter(view="all"))
    query = select(PurchaseOrder.id, PurchaseOrder.number).where(*conditions)
    if only is not None:
        query = query.where(PurchaseOrder.id.in_(only))
    rows = session.execute(query.order_by(PurchaseOrder.released_at, PurchaseOrder.id).limit(limit))
    return [(order_id, number) for order_id, number in rows]


def of_ids(session: Session, supplier_id: UUID, ids: Sequence[UUID]) -> Sequence[PurchaseOrder]:
    """These orders, as far as they are the supplier's, with their lines."""
    return session.scalars(
        select(PurchaseOrder)
        .where(*_conditions(supplier_id, QueueFilter(view="all")), PurchaseOrder.id.in_(ids))
        .options(selectinload(PurchaseOrder.lines))
        .order_by(PurchaseOrder.released_at, PurchaseOrder.id)
    ).all()


def ids_by_number(session: Session, supplier_id: UUID, numbers: Collection[str]) -> dict[str, UUID]:
    """Number → id, of the supplier's own orders."""
    rows = session.execute(
        select(PurchaseOrder.number, PurchaseOrder.id).where(
            *_conditions(supplier_id, QueueFilter(view="all")), PurchaseOrder.number.in_(list(numbers))
        )
    )
    return {number: order_id for number, order_id in rows}


def _conditions(supplier_id: UUID, wanted: QueueFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [
        PurchaseOrder.supplier_id == supplier_id,
        PurchaseOrder.released_at.is_not(None),
    ]
    if wanted.view == "late":
        found.append(late(clock.now()))
    elif wanted.view == "asked":
        found.append(PurchaseOrder.id.in_(select(ChangeRequest.purchase_order_id).where(ChangeRequest.state == OPEN)))
    elif wanted.view in VIEWS:
        found.append(VIEWS[wanted.view])
    if wanted.retailer_id is not None:
        found.append(PurchaseOrder.retailer_id == wanted.retailer_id)
    text = wanted.search.strip().lstrip("#")
    if text:
        found.append(
            PurchaseOrder.number.startswith(text, autoescape=True)
            | PurchaseOrder.order_reference.contains(text, autoescape=True)
        )
    return found
