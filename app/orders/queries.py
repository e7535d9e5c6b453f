"""Reads of orders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, selectinload

from app.config import settings
from app.kit.errors import NotFound
from app.kit.paging import LARGEST_LIMIT, Page, decode_cursor, page_of
from app.orders.keyed import SortedBy, sorted_page
from app.orders.models import Order, OrderHold, TimelineEntry, UnlinkedLine
from app.orders.rules import HoldReason

_WITH = (selectinload(Order.lines), selectinload(Order.holds), selectinload(Order.unlinked))


def tracking_page(order: Order) -> str:
    """Where the shopper sees an order and its parcels, without signing in."""
    return f"{settings().public_url}/t/{order.tracking_token}"


def orders(
    session: Session,
    retailer_id: UUID | None,
    *,
    statuses: Sequence[str] | None = None,
    external_id: str | None = None,
    held_for: str | None = None,
    among: Select[UUID] | None = None,
    by: SortedBy | None = None,
    search: str | None = None,
    updated_since: datetime | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Order]:
    """Orders with their lines and holds, newest first; of all retailers when ``retailer_id`` is None (console).
    ``among``: only those whose ids it selects; ``by``: sorted so.

    With ``updated_since`` the oldest change comes first, so that a reader who goes on from the last page misses
    nothing.
    """
    limit = min(limit, LARGEST_LIMIT)
    query = select(Order).options(*_WITH).limit(limit + 1)
    if retailer_id is not None:
        query = query.where(Order.retailer_id == retailer_id)
    if statuses:
        query = query.where(Order.status.in_(statuses))
    if held_for:
        waiting = select(OrderHold.order_id).where(OrderHold.reason == held_for, OrderHold.released_at.is_(None))
        query = query.where(Order.id.in_(waiting))
    if among is not None:
        query = query.where(Order.id.in_(among))
    if external_id:
        query = query.where(Order.external_id == external_id)
    if search:
        wanted = search.strip().lstrip("#")
        condition = Order.external_name.contains(wanted, autoescape=True) | (Order.external_id == wanted)
        if wanted.isascii() and wanted.isdigit() and len(wanted) < 18:
            condition = condition | (Order.number == int(wanted))
        query = query.where(condition)
    if updated_since is not None:
        query = query.where(Order.updated_at >= updated_since).order_by(Order.updated_at, Order.id)
        if cursor:
            query = query.where(func.row(Order.updated_at, Order.id) > func.row(*decode_cursor(cursor, 2)))
        return page_of(session.scalars(query).all(), limit, lambda order: [order.updated_at, order.id])
    if by is not None:
        return sorted_page(session, query.limit(None), by, limit=limit, cursor=cursor)
    query = query.order_by(Order.id.desc())
    if cursor:
        query = query.where(Order.id < decode_cursor(cursor, 1)[0])
    return page_of(session.scalars(query).all(), limit, lambda order: [order.id])


def order(session: Session, retailer_id: UUID | None, order_id: UUID) -> Order:
    """One order with its lines and holds. Raises ``NotFound``."""
    query = select(Order).where(Order.id == order_id).options(*_WITH)
    if retailer_id is not None:
        query = query.where(Order.retailer_id == retailer_id)
    found = session.scalar(query)
    if found is None:
        raise NotFound("order")
    return found


def order_by_token(session: Session, token: str) -> Order:
    """The order of a shopper's tracking page. Needs a system scope. Raises ``NotFound``."""
    found = session.scalar(select(Order).where(Order.tracking_token == token).options(selectinload(Order.lines)))
    if found is None:
        raise NotFound("order")
    return found


def timeline(
    session: Session, order_id: UUID, *, purchase_order_id: UUID | None = None, limit: int = 200
) -> Sequence[TimelineEntry]:
    """The story of an order, or of one of its purchase orders, as far as the reader may see it, newest first."""
    query = select(TimelineEntry).where(TimelineEntry.order_id == order_id)
    if purchase_order_id is not None:
        query = query.where(TimelineEntry.purchase_order_id == purchase_order_id)
    return session.scalars(query.order_by(TimelineEntry.at.desc(), TimelineEntry.id.desc()).limit(limit)).all()


def unlinked_of(session: Session, order_ids: Sequence[UUID]) -> dict[str, UnlinkedLine]:
    """The store's line → what is noted of it, of lines that no supplier's variant was linked to."""
    rows = session.scalars(
        select(UnlinkedLine)
        .where(UnlinkedLine.order_id.in_(order_ids))
        .order_by(UnlinkedLine.order_id, UnlinkedLine.position)
        .execution_options(populate_existing=True)
    )
    return {row.external_line_id: row for row in rows}


def orders_waiting_for_link(session: Session, store_id: UUID, link_key: str) -> Sequence[UUID]:
    """Ids of a store's orders that wait for what an article of it is, oldest first."""
    return session.scalars(
        select(UnlinkedLine.order_id)
        .where(UnlinkedLine.store_id == store_id, UnlinkedLine.link_key == link_key, UnlinkedLine.state == "waiting")
        .distinct()
        .order_by(UnlinkedLine.order_id)
    ).all()


def counts_by_status(session: Session, retailer_id: UUID) -> dict[str, int]:
    """How many orders are in each status."""
    rows = session.execute(
        select(Order.status, func.count()).where(Order.retailer_id == retailer_id).group_by(Order.status)
    )
    return {status: count for status, count in rows}


def orders_without_rate(session: Session, first: str, second: str) -> Sequence[UUID]:
    """Ids of all orders that wait for a rate between two currencies, whichever way round, oldest first."""
    pair = (first, second)
    return session.scalars(
        select(OrderHold.order_id)
        .where(
            OrderHold.reason == HoldReason.NO_EXCHANGE_RATE,
            OrderHold.released_at.is_(None),
            OrderHold.details["from"].astext.in_(pair),
            OrderHold.details["to"].astext.in_(pair),
        )
        .order_by(OrderHold.since)
    ).all()


def orders_held_for(session: Session, retailer_id: UUID, reasons: Sequence[str]) -> Sequence[UUID]:
    """Ids of the retailer's orders that wait for one of these reasons, oldest first."""
    return session.scalars(
        select(OrderHold.order_id)
        .where(
            OrderHold.retailer_id == retailer_id,
            OrderHold.reason.in_(reasons),
            OrderHold.released_at.is_(None),
        )
        .order_by(OrderHold.since)
    ).all()
