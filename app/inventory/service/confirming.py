"""Figures that say what stands already: their time is noted, nothing else. Most of a supplier's figures are such."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, exists, or_, select, update
from sqlalchemy.orm import Session

from app.inventory.models import InventoryLevel, Shortfall, StockLocation
from app.inventory.service.figures import FRESHENS, tell_of_fresh
from app.kit import clock


def confirm_figures(session: Session, supplier_id: UUID, figures: Select[tuple[UUID, int]], as_of: datetime) -> None:
    """Take over figures of variants (columns ``variant_id`` and ``quantity``) at the default location, which hold for
    ``as_of``, where they confirm what stands: as many on hand, none set aside, no shortfall. The others are left to
    ``set_figures``, which does the same for these and more; ``unconfirmed`` finds them."""
    now = clock.now()
    figure = figures.subquery("figure")
    standing = (
        select(InventoryLevel.id, InventoryLevel.variant_id, InventoryLevel.as_of)
        .join(figure, figure.c.variant_id == InventoryLevel.variant_id)
        .where(
            InventoryLevel.location_id == _default_location(session, supplier_id),
            InventoryLevel.reserved == 0,
            InventoryLevel.on_hand == figure.c.quantity,
            InventoryLevel.as_of < as_of,
            ~exists().where(Shortfall.level_id == InventoryLevel.id, Shortfall.resolved_at.is_(None)),
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
    before = session.execute(select(confirmed.c.variant_id).where(confirmed.c.as_of < now - FRESHENS)).scalars()
    tell_of_fresh(session, supplier_id, sorted(before))


def unconfirmed(
    session: Session, supplier_id: UUID, figures: Select[tuple[UUID, int]], as_of: datetime
) -> list[tuple[UUID, int]]:
    """The figures, variant and quantity, that are newer than what stands at the default location."""
    figure = figures.subquery("figure")
    location = _default_location(session, supplier_id)
    return [
        (variant_id, quantity)
        for variant_id, quantity in session.execute(
            select(figure.c.variant_id, figure.c.quantity)
            .outerjoin(
                InventoryLevel,
                (InventoryLevel.variant_id == figure.c.variant_id) & (InventoryLevel.location_id == location),
            )
            .where(or_(InventoryLevel.as_of.is_(None), InventoryLevel.as_of < as_of))
        )
    ]


def _default_location(session: Session, supplier_id: UUID) -> UUID | None:
    return session.scalar(
        select(StockLocation.id).where(StockLocation.supplier_id == supplier_id, StockLocation.is_default)
    )
