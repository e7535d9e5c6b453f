"""A retailer's list of orders: what is looked for, in which order, page by page, and all that match."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, selectinload

from app.kit.paging import LARGEST_LIMIT, Page, decode_cursor, page_of
from app.orders.keyed import SortedBy, in_order, sorted_page
from app.orders.models import Order, OrderHold, OrderLine

NEWEST, OLDEST = "newest", "oldest"
SORTS = (NEWEST, OLDEST)
_UTC = ZoneInfo("UTC")
#: An order's number, and that of one of its purchase orders: ``1001`` and ``1001-2``.
_NUMBER = re.compile(r"([0-9]{1,17})(?:-[0-9]{1,4})?")
#: Counting ends here.
MOST_COUNTED = 10_001


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """What is looked for; what is empty does not narrow. ``search``: an order's or a purchase order's number or a SKU;
    ``found_by_it``: ids of orders that it finds besides, by a parcel's number. ``among``: which of them, by what this
    package knows nothing of; ``by``: sorted so, in place of ``sort``. ``reason``: why it is on hold. Days are the
    reader's own (``zone``), both included."""

    status: str = ""
    among: Select[UUID] | None = None
    by: SortedBy | None = None
    reason: str = ""
    search: str = ""
    found_by_it: tuple[UUID, ...] = ()
    country: str = ""
    store_id: UUID | None = None
    since: date | None = None
    until: date | None = None
    sort: str = NEWEST
    zone: ZoneInfo = _UTC


def listed(
    session: Session, retailer_id: UUID, wanted: OrderFilter, *, limit: int = 50, cursor: str | None = None
) -> Page[Order]:
    """Orders that match, with their lines and holds."""
    limit = min(limit, LARGEST_LIMIT)
    query = select(Order).options(selectinload(Order.lines), selectinload(Order.holds))
    query = query.where(*_conditions(retailer_id, wanted))
    if wanted.by is not None:
        return sorted_page(session, query, wanted.by, limit=limit, cursor=cursor)
    oldest = wanted.sort == OLDEST
    if cursor:
        after = decode_cursor(cursor, 1)[0]
        query = query.where(Order.id > after if oldest else Order.id < after)
    query = query.order_by(Order.id if oldest else Order.id.desc()).limit(limit + 1)
    return page_of(session.scalars(query).all(), limit, lambda order: [order.id])


def count(session: Session, retailer_id: UUID, wanted: OrderFilter) -> int:
    """How many orders match, up to ``MOST_COUNTED``."""
    found = select(Order.id).where(*_conditions(retailer_id, wanted)).limit(MOST_COUNTED).subquery()
    return session.scalar(select(func.count()).select_from(found)) or 0


def names(
    session: Session, retailer_id: UUID, wanted: OrderFilter, *, only: Sequence[UUID] | None = None, limit: int
) -> list[tuple[UUID, str]]:
    """Ids and names of the orders that match; of ``only`` these where any are given."""
    mine = [Order.retailer_id == retailer_id, Order.id.in_(only)] if only is not None else None
    query = select(Order.id, Order.external_name).where(*(mine or _conditions(retailer_id, wanted)))
    if wanted.by is not None:
        query = in_order(query, wanted.by)
    else:
        query = query.order_by(Order.id if wanted.sort == OLDEST else Order.id.desc())
    query = query.limit(limit)
    return [(order_id, name) for order_id, name in session.execute(query)]


def of_ids(session: Session, retailer_id: UUID, ids: Sequence[UUID]) -> Sequence[Order]:
    """These orders, as far as they are the retailer's, with lines and holds."""
    return session.scalars(
        select(Order)
        .where(Order.retailer_id == retailer_id, Order.id.in_(ids))
        .options(selectinload(Order.lines), selectinload(Order.holds))
    ).all()


def _conditions(retailer_id: UUID, wanted: OrderFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [Order.retailer_id == retailer_id]
    if wanted.status:
        found.append(Order.status == wanted.status)
    if wanted.among is not None:
        found.append(Order.id.in_(wanted.among))
    if wanted.reason:
        found.append(
            Order.id.in_(
                select(OrderHold.order_id).where(
                    OrderHold.retailer_id == retailer_id,
                    OrderHold.reason == wanted.reason,
                    OrderHold.released_at.is_(None),
                )
            )
        )
    if wanted.country:
        found.append(Order.ship_to_country == wanted.country)
    if wanted.store_id is not None:
        found.append(Order.store_id == wanted.store_id)
    if wanted.since is not None:
        found.append(Order.placed_at >= _midnight(wanted.since, wanted.zone))
    if wanted.until is not None:
        found.append(Order.placed_at < _midnight(wanted.until + timedelta(days=1), wanted.zone))
    text = wanted.search.strip().lstrip("#")
    if text:
        condition = Order.external_name.contains(text, autoescape=True) | (Order.external_id == text)
        number = _NUMBER.fullmatch(text)
        if number is not None:
            condition = condition | (Order.number == int(number[1]))
        else:
            lines = select(OrderLine.order_id).where(OrderLine.retailer_id == retailer_id)
            condition = condition | Order.id.in_(lines.where(func.lower(OrderLine.sku) == text.lower()))
        if wanted.found_by_it:
            condition = condition | Order.id.in_(wanted.found_by_it)
        found.append(condition)
    return found


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)
