"""What of purchase orders is to leave as soon as it can, and what its supplier sends on a later day: a purchase order
may hold both."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, DateTime, Select, and_, cast, exists, func, or_, select, type_coerce

from app.orders.keyed import SortedBy
from app.orders.rules import BACKORDERED, CONFIRMED, PARTIALLY_SHIPPED, PENDING, PROCESSING
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from app.purchasing.rules import LineCounts
from app.suppliers.models import Supplier

#: How late orders may be sorted: the longest late first, the dearest first, by the name of the supplier.
DAYS_LATE, BY_VALUE, BY_SUPPLIER = "days_late", "value", "supplier"
LATE_SORTS = (DAYS_LATE, BY_VALUE, BY_SUPPLIER)
_TO_ITS_END = timedelta(hours=23, minutes=59, seconds=59)
#: Whose open units are all to leave at once.
_ALL_AT_ONCE = (CONFIRMED, PROCESSING)
#: Whose open units may all come later; and those of which it is the lines that tell.
_LINES_TELL = (PARTIALLY_SHIPPED, BACKORDERED)
#: In which its supplier has something to do: to answer it, or to send what is to leave or comes later.
WAITED_FOR = (PENDING, *_ALL_AT_ONCE, *_LINES_TELL)


def is_to_leave(status: str, lines: Iterable[LineCounts]) -> bool:
    """``to_leave`` of a purchase order in this status with these lines."""
    if status in _LINES_TELL:
        return any(one.now and (one.answer or status == PARTIALLY_SHIPPED) for one in lines)
    return status in WAITED_FOR


def is_late(status: str, ship_by: datetime | None, lines: Iterable[LineCounts], moment: datetime) -> bool:
    """``late`` of a purchase order in this status with these lines."""
    return ship_by is not None and ship_by < moment and is_to_leave(status, lines)


def to_leave() -> ColumnElement[bool]:
    """Purchase orders that are not shipped whole yet, and of which not all that is left was promised for a later day.
    Of one that waits for goods, a line without an answer is asked about, and not late."""
    return and_(PurchaseOrder.status.in_(WAITED_FOR), or_(PurchaseOrder.status == PENDING, to_ship()))


def late(moment: datetime) -> ColumnElement[bool]:
    """Of those, the ones that should have left by then."""
    return and_(to_leave(), PurchaseOrder.ship_by < moment)


def late_orders(retailer_id: UUID, moment: datetime) -> Select[UUID]:
    """Ids of a retailer's orders of which some purchase order should have left by then."""
    return select(PurchaseOrder.order_id).where(PurchaseOrder.retailer_id == retailer_id, late(moment))


def late_sorted(retailer_id: UUID, moment: datetime, how: str) -> SortedBy:
    """``late_orders``, sorted by one of ``LATE_SORTS``."""
    mine = and_(PurchaseOrder.retailer_id == retailer_id, late(moment))
    order_id = PurchaseOrder.order_id.label("order_id")
    if how == DAYS_LATE:
        first = func.min(PurchaseOrder.ship_by).label("key")
        return SortedBy(select(order_id, first).where(mine).group_by(order_id), datetime)
    if how == BY_SUPPLIER:
        # The name's case says nothing about its place.
        name = func.min(func.lower(Supplier.company_name)).label("key")
        named = select(order_id, name).join(Supplier, Supplier.id == PurchaseOrder.supplier_id)
        return SortedBy(named.where(mine).group_by(order_id), str)
    goods = (
        select(func.sum((PurchaseOrderLine.quantity - PurchaseOrderLine.cancelled) * PurchaseOrderLine.wholesale_price))
        .where(PurchaseOrderLine.purchase_order_id == PurchaseOrder.id)
        .scalar_subquery()
    )
    whole = func.greatest(PurchaseOrder.wholesale_total, 1)
    cost = cast(func.coalesce(func.sum(PurchaseOrder.charge_total * goods / whole), 0), BigInteger).label("key")
    all_of_them = PurchaseOrder.order_id.in_(late_orders(retailer_id, moment))
    return SortedBy(select(order_id, cost).where(all_of_them).group_by(order_id), int, descending=True)


def to_ship() -> ColumnElement[bool]:
    """Of those that are to leave, the ones that were answered."""
    return and_(
        # What every branch says anyhow, for the indexes of what is open.
        PurchaseOrder.status.in_(WAITED_FOR),
        or_(
            PurchaseOrder.status.in_(_ALL_AT_ONCE),
            and_(PurchaseOrder.status == PARTIALLY_SHIPPED, _with_line(_leaves_now())),
            and_(PurchaseOrder.status == BACKORDERED, _with_line(_leaves_now(), PurchaseOrderLine.answer.is_not(None))),
        ),
    )


def late_and_answered(moment: datetime) -> ColumnElement[bool]:
    """``late`` of those that were answered: the others are late with their answer first."""
    return and_(to_ship(), PurchaseOrder.ship_by < moment)


def waits_for_goods() -> ColumnElement[bool]:
    """Purchase orders of which units are still to come that were promised for a later day."""
    return or_(
        PurchaseOrder.status == BACKORDERED,
        and_(PurchaseOrder.status == PARTIALLY_SHIPPED, _with_line(comes_later())),
    )


def comes_later() -> ColumnElement[bool]:
    """Lines of which units come later: ``LineCounts.later``."""
    line = PurchaseOrderLine
    return and_(
        line.answer == "backordered", func.greatest(line.at_once, line.shipped) + line.cancelled < line.quantity
    )


def promised_until() -> ColumnElement[datetime]:
    """The end of the first day for which units of a purchase order that come later were promised, where its supplier
    is."""
    line = PurchaseOrderLine
    zone = select(Supplier.timezone).where(Supplier.id == PurchaseOrder.supplier_id).scalar_subquery()
    day = (
        select(func.min(line.available_on))
        .where(line.purchase_order_id == PurchaseOrder.id, comes_later())
        .scalar_subquery()
    )
    return type_coerce(func.timezone(zone, cast(day, DateTime) + _TO_ITS_END), DateTime(timezone=True))


def _leaves_now() -> ColumnElement[bool]:
    """Lines of which units are to leave at once: ``LineCounts.now``."""
    line = PurchaseOrderLine
    return and_(
        line.shipped + line.cancelled < line.quantity,
        or_(line.answer.is_distinct_from("backordered"), line.shipped < line.at_once, ~comes_later()),
    )


def _with_line(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(PurchaseOrderLine.purchase_order_id == PurchaseOrder.id, *conditions)
