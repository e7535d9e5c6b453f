"""Figures that say what stands already: their time is noted, nothing else. Most of a supplier's figures are such."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, null, select, union_all, update
from sqlalchemy.orm import Session

from app.inventory.models import InventoryLevel, Shortfall, StockLocation
from app.inventory.service.figures import FRESHENS, StockFigure, tell_of_fresh
from app.kit import clock


def confirm_figures(
    session: Session, supplier_id: UUID, figures: Select[UUID, int], as_of: datetime
) -> list[StockFigure]:
    """Take over figures of variants (columns ``variant_id`` and ``quantity``) at the default location, which hold for
    ``as_of``, where they confirm what stands: as many on hand, none set aside, no shortfall. Returns the others, which
    are ``set_figures``'s, in another transaction: each locks its levels in one order. A figure of that time or a later
    one stays as it is; repeated, nothing more happens."""
    now = clock.now()
    location = session.scalar(
        select(StockLocation.id).where(StockLocation.supplier_id == supplier_id, StockLocation.is_default)
    )
    figure = figures.cte("figure").prefix_with("materialized")
    # Not "not exists", here and below: a plan that expects few rows would compare each figure with each other row.
    short = select(Shortfall.level_id).where(Shortfall.supplier_id == supplier_id, Shortfall.resolved_at.is_(None))
    standing = (
        select(InventoryLevel.id, InventoryLevel.as_of)
        .join(figure, figure.c.variant_id == InventoryLevel.variant_id)
        .where(
            InventoryLevel.location_id == location,
            InventoryLevel.reserved == 0,
            InventoryLevel.on_hand == figure.c.quantity,
            InventoryLevel.as_of < as_of,
            InventoryLevel.id.not_in(short),
        )
        .order_by(InventoryLevel.id)
        .with_for_update(of=InventoryLevel)
        .cte("standing")
    )
    confirmed = (
        update(InventoryLevel)
        .where(InventoryLevel.id == standing.c.id)
        .values(as_of=as_of, updated_at=now)
        .returning(InventoryLevel.variant_id, standing.c.as_of)
        .cte("confirmed")
    )
    fresh_again = select(confirmed.c.variant_id, null().label("quantity")).where(confirmed.c.as_of < now - FRESHENS)
    # Of a figure that was noted before, in a task that was cut off, parcels may have taken units since.
    noted = (
        select(InventoryLevel.variant_id)
        .join(figure, figure.c.variant_id == InventoryLevel.variant_id)
        .where(InventoryLevel.location_id == location, InventoryLevel.as_of >= as_of)
    )
    others = select(figure.c.variant_id, figure.c.quantity).where(
        figure.c.variant_id.not_in(select(confirmed.c.variant_id)), figure.c.variant_id.not_in(noted)
    )
    found = session.execute(union_all(fresh_again, others)).all()
    tell_of_fresh(session, supplier_id, sorted(variant_id for variant_id, quantity in found if quantity is None))
    return [StockFigure(variant_id, quantity, as_of) for variant_id, quantity in found if quantity is not None]
