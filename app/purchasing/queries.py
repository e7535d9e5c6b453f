"""Reads of purchase orders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, selectinload

from app.kit.errors import NotFound
from app.kit.ids import parse_id
from app.kit.paging import LARGEST_LIMIT, Page, decode_cursor, page_of
from app.orders.models import OrderLine
from app.orders.rules import (
    BACKORDERED,
    CANCELLED,
    CONFIRMED,
    DELIVERED,
    PARTIALLY_SHIPPED,
    PENDING,
    PROCESSING,
    SHIPPED,
)
from app.purchasing.changes.rules import OPEN
from app.purchasing.decisions.queries import about_rejected
from app.purchasing.decisions.rules import IN_BETWEEN, REJECTED
from app.purchasing.leaving import late, to_ship, waits_for_goods
from app.purchasing.models import (
    ChangeMessage,
    ChangeRequest,
    ChannelAnswer,
    OrderDecision,
    PurchaseOrder,
    PurchaseOrderLine,
    SupplierInvoice,
    Transmission,
)
from app.purchasing.rules import whole_units

_BY_STATUS: Mapping[str, str] = {"new": PENDING, "shipped": SHIPPED, "delivered": DELIVERED}
_BY_LINES: Mapping[str, ColumnElement[bool]] = {"to_ship": to_ship(), "backordered": waits_for_goods()}
#: Views of the supplier's queue: name → what is in it. One of which a part comes later may be in two.
VIEWS: Mapping[str, ColumnElement[bool]] = {
    **{view: PurchaseOrder.status == status for view, status in _BY_STATUS.items()},
    **_BY_LINES,
}


def of_orders(session: Session, order_ids: Iterable[UUID]) -> dict[UUID, list[PurchaseOrder]]:
    """The purchase orders of each order with their lines."""
    found: dict[UUID, list[PurchaseOrder]] = {order_id: [] for order_id in order_ids}
    rows = session.scalars(
        select(PurchaseOrder)
        .where(PurchaseOrder.order_id.in_(list(found)))
        .options(selectinload(PurchaseOrder.lines))
        .order_by(PurchaseOrder.number)
    )
    for row in rows:
        found[row.order_id].append(row)
    return found


def to_be_accepted(order_id: UUID) -> tuple[ColumnElement[bool], ...]:
    """Conditions of purchase orders of an order that their suppliers have, and whose fulfilment was not accepted in the
    order's store yet."""
    return (
        PurchaseOrder.order_id == order_id,
        PurchaseOrder.released_at.is_not(None),
        PurchaseOrder.external_request_state.is_distinct_from("accepted"),
        PurchaseOrder.status != CANCELLED,
    )


def being_taken_over(session: Session, order_id: UUID) -> set[UUID]:
    """Lines of purchase orders that are still being paid for, whose units the supplier before still has."""
    return set(
        session.scalars(
            select(PurchaseOrderLine.id)
            .join(PurchaseOrder, PurchaseOrder.id == PurchaseOrderLine.purchase_order_id)
            .join(
                OrderDecision,
                (OrderDecision.rerouting_id == PurchaseOrder.rerouting_id)
                & (OrderDecision.order_line_id == PurchaseOrderLine.order_line_id)
                & (OrderDecision.component == PurchaseOrderLine.component),
            )
            .where(
                PurchaseOrder.order_id == order_id,
                PurchaseOrder.released_at.is_(None),
                OrderDecision.kind != REJECTED,
            )
        )
    )


def coming_parts(session: Session, order_id: UUID) -> dict[OrderLine, list[tuple[PurchaseOrderLine, int]]]:
    """Of each of an order's lines: the purchase orders' lines that fill it, with their units that were not withdrawn,
    those included about which is to be decided. What another supplier is still being paid for is not counted twice."""
    rows = session.execute(
        select(OrderLine, PurchaseOrderLine)
        .join(PurchaseOrderLine, PurchaseOrderLine.order_line_id == OrderLine.id)
        .where(OrderLine.order_id == order_id)
        .order_by(OrderLine.position)
        .execution_options(populate_existing=True)
    )
    found: defaultdict[OrderLine, list[PurchaseOrderLine]] = defaultdict(list)
    twice = being_taken_over(session, order_id)
    for order_line, row in rows:
        if row.id not in twice:
            found[order_line].append(row)
    between = {row.id: row.rejected for own in found.values() for row in own}
    for one in about_rejected(session, order_id):
        # What was rejected a moment ago, and not looked at yet, is not lost either.
        between[one.purchase_order_line_id] -= 0 if one.state in IN_BETWEEN else one.units
    return {
        order_line: [(row, row.quantity - row.cancelled + max(0, between[row.id])) for row in own]
        for order_line, own in found.items()
    }


def still_coming(session: Session, order_id: UUID) -> dict[OrderLine, int]:
    """Of each of an order's lines that purchase orders name: the units that can still be made of their parts."""
    return {
        order_line: whole_units((row.component, units, row.per_unit) for row, units in own)
        for order_line, own in coming_parts(session, order_id).items()
    }


def for_supplier(
    session: Session,
    supplier_id: UUID,
    *,
    statuses: Sequence[str] | None = None,
    views: Sequence[str] = (),
    search: str | None = None,
    late_at: datetime | None = None,
    asked: bool = False,
    updated_since: datetime | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[PurchaseOrder]:
    """A supplier's released purchase orders with their lines: the queue has the longest waiting first; with
    ``updated_since`` the oldest change comes first. ``views``: only what is in one of these ``VIEWS``; ``late_at``:
    only those that should have left by then; ``asked``: only those that a request to change something waits for."""
    limit = min(limit, LARGEST_LIMIT)
    query = (
        select(PurchaseOrder)
        .where(PurchaseOrder.supplier_id == supplier_id, PurchaseOrder.released_at.is_not(None))
        .options(selectinload(PurchaseOrder.lines))
        .limit(limit + 1)
    )
    if statuses:
        query = query.where(PurchaseOrder.status.in_(statuses))
    if views:
        query = query.where(or_(*(VIEWS[one] for one in views)))
    if late_at is not None:
        query = query.where(late(late_at))
    if asked:
        query = query.where(
            PurchaseOrder.id.in_(select(ChangeRequest.purchase_order_id).where(ChangeRequest.state == OPEN))
        )
    if search:
        wanted = search.strip().lstrip("#")
        query = query.where(
            PurchaseOrder.number.startswith(wanted, autoescape=True)
            | PurchaseOrder.order_reference.contains(wanted, autoescape=True)
        )
    column = PurchaseOrder.updated_at if updated_since is not None else PurchaseOrder.released_at
    if updated_since is not None:
        query = query.where(PurchaseOrder.updated_at >= updated_since)
    query = query.order_by(column, PurchaseOrder.id)
    if cursor:
        query = query.where(func.row(column, PurchaseOrder.id) > func.row(*decode_cursor(cursor, 2)))
    rows = session.scalars(query).all()
    key = "updated_at" if updated_since is not None else "released_at"
    return page_of(rows, limit, lambda row: [getattr(row, key), row.id])


def purchase_order(session: Session, supplier_id: UUID, purchase_order_id: UUID) -> PurchaseOrder:
    """A released purchase order of this supplier with its lines. Raises ``NotFound``."""
    found = session.scalar(
        select(PurchaseOrder)
        .where(
            PurchaseOrder.id == purchase_order_id,
            PurchaseOrder.supplier_id == supplier_id,
            PurchaseOrder.released_at.is_not(None),
        )
        .options(selectinload(PurchaseOrder.lines))
    )
    if found is None:
        raise NotFound("purchase order")
    return found


def of_references(session: Session, supplier_id: UUID, references: Iterable[str]) -> dict[str, tuple[UUID, str]]:
    """What stock movements refer to (``order_line:<id>``, ``order:<id>``, ``purchase_order:<id>``) → this supplier's
    released purchase order, its id and number. References to anything else are left out."""
    wanted: dict[str, set[UUID]] = {"order_line": set(), "order": set(), "purchase_order": set()}
    for reference in references:
        kind, _, name = reference.partition(":")
        found = parse_id(name)
        if kind in wanted and found is not None:
            wanted[kind].add(found)
    if not any(wanted.values()):
        return {}
    rows = session.execute(
        select(PurchaseOrder.id, PurchaseOrder.number, PurchaseOrder.order_id, PurchaseOrderLine.order_line_id)
        .join(PurchaseOrderLine, PurchaseOrderLine.purchase_order_id == PurchaseOrder.id)
        .where(
            PurchaseOrder.supplier_id == supplier_id,
            PurchaseOrder.released_at.is_not(None),
            PurchaseOrderLine.order_line_id.in_(wanted["order_line"])
            | PurchaseOrder.order_id.in_(wanted["order"])
            | PurchaseOrder.id.in_(wanted["purchase_order"]),
        )
    )
    named: dict[str, tuple[UUID, str]] = {}
    for order_id, number, of_order, of_line in rows:
        for reference in (f"order_line:{of_line}", f"order:{of_order}", f"purchase_order:{order_id}"):
            named[reference] = (order_id, number)
    return named


def counts_by_view(session: Session, supplier_id: UUID) -> dict[str, int]:
    """How many of a supplier's purchase orders are in each of ``VIEWS``, and in all (``all``)."""
    own = (PurchaseOrder.supplier_id == supplier_id, PurchaseOrder.released_at.is_not(None))
    statuses = session.execute(select(PurchaseOrder.status, func.count()).where(*own).group_by(PurchaseOrder.status))
    found: dict[str, int] = {status: count for status, count in statuses}
    counted = {view: found.get(status, 0) for view, status in _BY_STATUS.items()}
    for view in _BY_LINES:
        counted[view] = session.scalar(select(func.count()).select_from(PurchaseOrder).where(*own, VIEWS[view])) or 0
    return {**counted, "all": sum(found.values())}


def open_by_supplier(session: Session, retailer_id: UUID) -> dict[UUID, int]:
    """How many of a retailer's purchase orders each supplier has still to ship."""
    waiting = (PENDING, CONFIRMED, BACKORDERED, PROCESSING, PARTIALLY_SHIPPED)
    rows = session.execute(
        select(PurchaseOrder.supplier_id, func.count())
        .where(
            PurchaseOrder.retailer_id == retailer_id,
            PurchaseOrder.released_at.is_not(None),
            PurchaseOrder.status.in_(waiting),
        )
        .group_by(PurchaseOrder.supplier_id)
    )
    return {supplier_id: count for supplier_id, count in rows}


def late_count(session: Session, supplier_id: UUID, moment: datetime) -> int:
    """How many purchase orders should have left by now and have not."""
    return (
        session.scalar(
            select(func.count())
            .select_from(PurchaseOrder)
            .where(
                PurchaseOrder.supplier_id == supplier_id,
                late(moment),
            )
        )
        or 0
    )


def transmissions_of(session: Session, purchase_order_ids: Iterable[UUID]) -> dict[UUID, list[Transmission]]:
    """How their suppliers were told of purchase orders, newest first."""
    found: dict[UUID, list[Transmission]] = {one: [] for one in purchase_order_ids}
    for row in session.scalars(
        select(Transmission)
        .where(Transmission.purchase_order_id.in_(list(found)))
        .order_by(Transmission.created_at.desc(), Transmission.id.desc())
    ):
        found[row.purchase_order_id].append(row)
    return found


def newest_transmission(session: Session, purchase_order_id: UUID, *, lock: bool = False) -> Transmission | None:
    """How its supplier was told of a purchase order last; None while it was not."""
    query = (
        select(Transmission)
        .where(Transmission.purchase_order_id == purchase_order_id)
        .order_by(Transmission.created_at.desc(), Transmission.id.desc())
        .limit(1)
    )
    return session.scalar(query.with_for_update() if lock else query)


def newest_transmissions(session: Session, purchase_order_ids: Iterable[UUID]) -> dict[UUID, Transmission]:
    """How suppliers were told of purchase orders last, of those of which they were."""
    rows = session.scalars(
        select(Transmission)
        .where(Transmission.purchase_order_id.in_(list(purchase_order_ids)))
        .order_by(Transmission.created_at, Transmission.id)
    )
    return {row.purchase_order_id: row for row in rows}


def change_messages_of(session: Session, purchase_order_ids: Iterable[UUID]) -> dict[UUID, list[ChangeMessage]]:
    """What suppliers' systems were told of requests to change purchase orders, newest first."""
    found: dict[UUID, list[ChangeMessage]] = {one: [] for one in purchase_order_ids}
    for row in session.scalars(
        select(ChangeMessage)
        .where(ChangeMessage.purchase_order_id.in_(list(found)))
        .order_by(ChangeMessage.created_at.desc(), ChangeMessage.id.desc())
    ):
        found[row.purchase_order_id].append(row)
    return found


def refused_answers(session: Session, supplier_id: UUID, limit: int = 10) -> Sequence[ChannelAnswer]:
    """The newest answers of a supplier's channel that could not be used."""
    return session.scalars(
        select(ChannelAnswer)
        .where(ChannelAnswer.supplier_id == supplier_id, ChannelAnswer.problem.is_not(None))
        .order_by(ChannelAnswer.created_at.desc())
        .limit(limit)
    ).all()


def invoices_of(session: Session, purchase_order_ids: Iterable[UUID]) -> dict[UUID, list[SupplierInvoice]]:
    """What suppliers invoiced for purchase orders, oldest first."""
    found: dict[UUID, list[SupplierInvoice]] = {one: [] for one in purchase_order_ids}
    for row in session.scalars(
        select(SupplierInvoice)
        .where(SupplierInvoice.purchase_order_id.in_(list(found)))
        .order_by(SupplierInvoice.created_at)
    ):
        found[row.purchase_order_id].append(row)
    return found
