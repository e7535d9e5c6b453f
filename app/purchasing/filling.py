"""What could be sent for an order's line, as a condition of queries: what was listed, what is linked with it, and,
where its retailer's rules use them, offers of the same article."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from app.catalog.models import SupplierVariant
from app.listings.models import ListingSource, ListingVariant
from app.orders.models import Order, OrderHold, OrderLine
from app.orders.rules import HoldReason
from app.purchasing.models import RoutingRuleSet


def could_be_sent(variant_ids: Sequence[UUID]) -> ColumnElement[bool]:
    """Of lines (``OrderLine``, with their ``Order``) those for which one of these variants could be sent, wholly or as
    a part of what is sold as one."""
    linked = (
        select(ListingSource.variant_id)
        .join(ListingVariant, ListingVariant.id == ListingSource.listing_variant_id)
        .where(
            ListingVariant.store_id == Order.store_id,
            ListingVariant.variant_id == OrderLine.variant_id,
            ListingSource.variant_id.in_(variant_ids),
        )
    )
    own, other = aliased(SupplierVariant), aliased(SupplierVariant)
    uses_same = (
        select(RoutingRuleSet.same_articles)
        .where(RoutingRuleSet.retailer_id == Order.retailer_id)
        .order_by(RoutingRuleSet.version.desc())
        .limit(1)
        .scalar_subquery()
    )
    # One number is written with zeros before it or without.
    same = (
        select(own.id)
        .join(other, func.ltrim(other.gtin, "0") == func.ltrim(own.gtin, "0"))
        .where(own.id == OrderLine.variant_id, other.id.in_(variant_ids))
    )
    return OrderLine.variant_id.in_(variant_ids) | linked.exists() | (uses_same & same.exists())


def orders_short_of(session: Session, variant_ids: Sequence[UUID]) -> Sequence[UUID]:
    """Ids of orders that wait for stock and to which one of these variants could be sent, oldest first. Needs a system
    scope."""
    return session.scalars(
        select(OrderHold.order_id)
        .join(Order, Order.id == OrderHold.order_id)
        .join(OrderLine, OrderLine.order_id == OrderHold.order_id)
        .where(
            OrderHold.reason == HoldReason.OUT_OF_STOCK,
            OrderHold.released_at.is_(None),
            OrderLine.quantity > OrderLine.cancelled,
            could_be_sent(variant_ids),
        )
        .distinct()
        .order_by(OrderHold.order_id)
    ).all()
