"""Reads of rules, and of decisions that were or are to be made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.catalog.models import SupplierProduct, SupplierVariant
from app.catalog.queries import on_offer
from app.catalog.rules import variant_title
from app.inventory.models import InventoryLevel
from app.inventory.queries import figure_as_of
from app.kit.errors import NotFound
from app.kit.paging import LARGEST_LIMIT, Page, decode_cursor, page_of
from app.listings.models import ListingSource, ListingVariant
from app.orders.models import Order, OrderLine
from app.purchasing.decisions.rules import (
    CHOSEN,
    DEFAULTS,
    DONE,
    IN_BETWEEN,
    LATER,
    MAY_COME_BACK,
    OPEN,
    PAYING,
    REFUND,
    REJECTED,
    WAIT,
    WAITING,
    Rules,
    promised_for,
)
from app.purchasing.filling import could_be_sent
from app.purchasing.models import AnswerRules, OrderDecision, PurchaseOrderLine
from app.suppliers.models import Supplier

#: Nothing is over yet.
PENDING_STATES = (OPEN, CHOSEN, PAYING, WAITING)


def rules_of(session: Session, retailer_id: UUID) -> Rules:
    """What a retailer wants done."""
    row = session.get(AnswerRules, retailer_id)
    if row is None:
        return DEFAULTS
    return Rules(**{one.name: getattr(row, one.name) for one in fields(Rules)})


def of_order(session: Session, order_id: UUID) -> Sequence[OrderDecision]:
    """What was and is to be decided about an order, oldest first."""
    return session.scalars(
        select(OrderDecision)
        .where(OrderDecision.order_id == order_id)
        .order_by(OrderDecision.id)
        .execution_options(populate_existing=True)
    ).all()


def decision(session: Session, retailer_id: UUID, order_id: UUID, decision_id: UUID) -> OrderDecision:
    """One decision about an order. Raises ``NotFound``."""
    found = session.scalar(
        select(OrderDecision).where(
            OrderDecision.id == decision_id,
            OrderDecision.order_id == order_id,
            OrderDecision.retailer_id == retailer_id,
        )
    )
    if found is None:
        raise NotFound("decision")
    return found


def decisions(
    session: Session,
    retailer_id: UUID,
    *,
    states: Sequence[str] | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[OrderDecision]:
    """A retailer's decisions, newest first."""
    limit = min(limit, LARGEST_LIMIT)
    query = select(OrderDecision).where(OrderDecision.retailer_id == retailer_id)
    if states:
        query = query.where(OrderDecision.state.in_(states))
    if cursor:
        query = query.where(OrderDecision.id < decode_cursor(cursor, 1)[0])
    rows = session.scalars(query.order_by(OrderDecision.id.desc()).limit(limit + 1)).all()
    return page_of(rows, limit, lambda row: [row.id])


def in_between(session: Session, order_id: UUID) -> Sequence[OrderDecision]:
    """Units that a supplier rejected, and that are neither with another one nor cancelled."""
    return about_rejected(session, order_id, OrderDecision.state.in_(IN_BETWEEN))


def not_wanted(session: Session, order_id: UUID) -> dict[UUID, int]:
    """Units in between, by the purchase orders' lines that they were rejected of, that are to be refunded and are still
    counted as coming."""
    found: Counter[UUID] = Counter()
    for one in in_between(session, order_id):
        if one.state == CHOSEN and one.choice == REFUND:
            found[one.purchase_order_line_id] += one.units
    return dict(found)


def lost_between(session: Session, order_id: UUID) -> dict[UUID, int]:
    """Units of an order's lines, by line, that do not come if nobody delivers what is in between, and that are not to
    be refunded anyway. A bundle lacks as many as the component does that lacks most."""
    found: Counter[tuple[UUID, int]] = Counter()
    for one in in_between(session, order_id):
        if one.choice != REFUND:
            found[one.order_line_id, one.component] += -(-one.units // one.per_unit)
    most: dict[UUID, int] = {}
    for (line_id, _component), units in found.items():
        most[line_id] = max(units, most.get(line_id, 0))
    return most


def free_between(session: Session, order_id: UUID) -> dict[UUID, int]:
    """Units in between, by order line, of which some can be taken away alone and are not to be refunded anyway. Of a
    bundle none can: its components are decided about apart."""
    found: Counter[UUID] = Counter()
    for one in in_between(session, order_id):
        if one.choice != REFUND and counts_as_ordered(one):
            found[one.order_line_id] += one.units
    whole = bundles(session, found)
    return {line_id: units for line_id, units in found.items() if line_id not in whole}


def bundles(session: Session, order_line_ids: Collection[UUID]) -> set[UUID]:
    """Of these order lines, those that are made of several things: what a decision is about is a part of them."""
    return set(
        session.scalars(
            select(PurchaseOrderLine.order_line_id).where(
                PurchaseOrderLine.order_line_id.in_(order_line_ids), PurchaseOrderLine.component > 0
            )
        )
    )


def counts_as_ordered(one: OrderDecision) -> bool:
    """Whether a unit that is decided about is one of the order's line: no part of it, and not one of several."""
    return (one.component, one.per_unit) == (0, 1)


def barred_suppliers(
    session: Session, order_id: UUID, order_line_ids: Collection[UUID], *, again: bool = False
) -> set[UUID]:
    """Suppliers that did not deliver these lines as ordered. ``again``: time has passed, and those that had none may
    have some, where they have told a new figure since."""
    barred = set()
    for one in of_order(session, order_id):
        if one.order_line_id in order_line_ids:
            back = again and one.reason in MAY_COME_BACK and _has_new_figure(session, one)
            if not back:
                barred.add(one.supplier_id)
    return barred


def _has_new_figure(session: Session, one: OrderDecision) -> bool:
    found = (
        select(InventoryLevel.id)
        .join(PurchaseOrderLine, PurchaseOrderLine.variant_id == InventoryLevel.variant_id)
        .where(PurchaseOrderLine.id == one.purchase_order_line_id, figure_as_of() > one.created_at)
        .limit(1)
    )
    return session.scalar(found) is not None


@dataclass(frozen=True, slots=True)
class Substitute:
    """A variant that could be sent instead. ``price`` is of one, in minor units of ``currency``."""

    variant_id: UUID
    title: str
    sku: str
    supplier: str
    price: int
    currency: str
    free: int


def substitutes(session: Session, order: Order, decision: OrderDecision, search: str = "") -> list[Substitute]:
    """What could be sent instead of a decision's units: what the retailer linked with the listing, or, by words of its
    title or its SKU, what the catalogue has; only what is on offer and in stock, the cheapest first."""
    line = session.get_one(OrderLine, decision.order_line_id)
    lost = session.get_one(PurchaseOrderLine, decision.purchase_order_line_id).variant_id
    free = func.coalesce(func.sum(func.greatest(InventoryLevel.on_hand - InventoryLevel.reserved, 0)), 0)
    query = (
        select(SupplierVariant, SupplierProduct.title, Supplier.company_name, free)
        .join(SupplierProduct, SupplierProduct.id == SupplierVariant.product_id)
        .join(Supplier, Supplier.id == SupplierVariant.supplier_id)
        .join(InventoryLevel, InventoryLevel.variant_id == SupplierVariant.id)
        .where(on_offer(), SupplierVariant.id != lost)
        .group_by(SupplierVariant.id, SupplierProduct.title, Supplier.company_name)
        .having(free >= decision.units)
        .order_by(SupplierVariant.wholesale_price, SupplierVariant.id)
        .limit(20)
    )
    words = search.split()[:6]
    if words:
        for word in words:
            query = query.where(SupplierProduct.title.icontains(word, autoescape=True) | (SupplierVariant.sku == word))
    else:
        query = query.where(
            SupplierVariant.id.in_(
                select(ListingSource.variant_id)
                .join(ListingVariant, ListingVariant.id == ListingSource.listing_variant_id)
                .where(
                    ListingVariant.store_id == order.store_id,
                    ListingVariant.variant_id == line.variant_id,
                    ListingSource.component == decision.component,
                )
            )
        )
    return [
        Substitute(
            row.id, variant_title(title, row.options), row.sku, company, row.wholesale_price, row.currency, int(units)
        )
        for row, title, company, units in session.execute(query)
    ]


def about_rejected(session: Session, order_id: UUID, *only: ColumnElement[bool]) -> Sequence[OrderDecision]:
    """All that was and is to be decided about units that suppliers rejected, the oldest first. ``only``: that for which
    this holds."""
    return session.scalars(
        select(OrderDecision)
        .where(OrderDecision.order_id == order_id, OrderDecision.kind == REJECTED, *only)
        .order_by(OrderDecision.id)
    ).all()


def agreed_to_wait(session: Session, line_id: UUID, day: date, units: int) -> bool:
    """Whether it was decided before to wait for so many units of a purchase order's line until this day, or longer."""
    decided = session.scalars(
        select(OrderDecision).where(
            OrderDecision.purchase_order_line_id == line_id,
            OrderDecision.kind == LATER,
            OrderDecision.state == DONE,
            OrderDecision.choice == WAIT,
        )
    )
    return any(one.units >= units and promised_for(one.cause) >= day for one in decided)


def to_take_up(session: Session, order_id: UUID) -> Sequence[OrderDecision]:
    """What suppliers rejected of an order, and nothing was done about yet, nor anybody asked."""
    return about_rejected(session, order_id, OrderDecision.state == OPEN, OrderDecision.next_at.is_(None))


def due(session: Session, moment: datetime, *, limit: int = 200) -> Sequence[tuple[UUID, UUID]]:
    """Decisions for which the clock acts now, the longest due first: their order and their id."""
    rows = session.execute(
        select(OrderDecision.order_id, OrderDecision.id)
        .where(OrderDecision.next_at <= moment)
        .order_by(OrderDecision.next_at, OrderDecision.id)
        .limit(limit)
    )
    return [(order_id, decision_id) for order_id, decision_id in rows]


def waiting_for(session: Session, variant_ids: Sequence[UUID]) -> Sequence[tuple[UUID, UUID]]:
    """Decisions whose units wait for stock and may be made of these variants, the oldest first: their order and their
    id."""
    rows = session.execute(
        select(OrderDecision.order_id, OrderDecision.id)
        .join(OrderLine, OrderLine.id == OrderDecision.order_line_id)
        .join(Order, Order.id == OrderDecision.order_id)
        .where(
            OrderDecision.state == WAITING,
            could_be_sent(variant_ids),
        )
        .order_by(OrderDecision.id)
    )
    return [(order_id, decision_id) for order_id, decision_id in rows]
