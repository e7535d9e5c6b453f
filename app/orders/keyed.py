"""Pages of orders sorted by what other packages know of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, tuple_
from sqlalchemy.orm import Session

from app.kit.ids import parse_id
from app.kit.paging import Page, bad_cursor, decode_cursor, page_of
from app.orders.models import Order


@dataclass(frozen=True, slots=True)
class SortedBy:
    """By what orders are sorted, then by their ids the same way. ``rows`` selects ``order_id`` and ``key``, one row for
    each order that may be listed, no key null; ``key`` is a ``kind``."""

    rows: Select[*tuple[Any, ...]]
    kind: type[int] | type[str] | type[datetime]
    descending: bool = False


def sorted_page(session: Session, query: Select[Order], by: SortedBy, *, limit: int, cursor: str | None) -> Page[Order]:
    """A page of the orders of ``query``. Raises ``Invalid`` for a cursor of another sorting."""
    keys = by.rows.subquery()
    place = tuple_(keys.c.key, Order.id)
    wanted = query.join(keys, keys.c.order_id == Order.id).add_columns(keys.c.key)
    if cursor:
        last = tuple_(*_after(cursor, by.kind))
        wanted = wanted.where(place < last if by.descending else place > last)
    rows = session.execute(_in_order(wanted, keys.c.key, by).limit(limit + 1)).all()
    page = page_of(rows, limit, lambda row: [row[1], row[0].id])
    return Page([row[0] for row in page.items], page.next_cursor)


def in_order(query: Select[UUID, str], by: SortedBy) -> Select[UUID, str]:
    """``query`` of orders' ids and names, sorted."""
    keys = by.rows.subquery()
    found: Select[UUID, str] = _in_order(query.join(keys, keys.c.order_id == Order.id), keys.c.key, by)
    return found


def _in_order(query: Any, key: Any, by: SortedBy) -> Any:
    return query.order_by(key.desc(), Order.id.desc()) if by.descending else query.order_by(key, Order.id)


def _after(cursor: str, kind: type[int] | type[str] | type[datetime]) -> Sequence[object]:
    key, order_id = decode_cursor(cursor, 2)
    found: UUID | None = parse_id(str(order_id))
    told: object = key
    if kind is datetime:
        try:
            told = datetime.fromisoformat(str(key))
        except ValueError:
            told = None
    if isinstance(told, bool) or not isinstance(told, kind) or found is None or "\x00" in str(told):
        raise bad_cursor()
    return told, found
