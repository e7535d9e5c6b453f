"""Reads of stock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Select, SQLColumnExpression, and_, case, func, select
from sqlalchemy.orm import Session

from app.catalog.models import SupplierVariant
from app.inventory.models import (
    InventoryLevel,
    LowStock,
    Reservation,
    Shortfall,
    StockConfirmation,
    StockDefaults,
    StockLocation,
    StockRule,
)
from app.inventory.rules import StockChoices


@dataclass(frozen=True, slots=True)
class Availability:
    """Stock of one variant over all locations. ``free`` is what its supplier has that is set aside for nobody;
    ``for_sale`` of it can be reserved now, the ``safety_stock`` never; ``as_of`` is the age of the oldest figure
    behind it."""

    on_hand: int
    reserved: int
    free: int
    as_of: datetime | None
    safety_stock: int = 0

    @property
    def for_sale(self) -> int:
        """What can be reserved now, and what stores are shown, less their own buffers."""
        return max(0, self.free - self.safety_stock)


NOTHING = Availability(0, 0, 0, None)

#: The same for statements that are written out, over ``inventory_levels`` as ``level``.
FIGURE_AS_OF = """greatest(level.as_of, (
    select confirmation.as_of from stock_confirmations as confirmation
    where confirmation.origin_id = level.confirmed_by))"""


def figure_as_of() -> ColumnElement[datetime]:
    """For statements over ``InventoryLevel``: the moment for which the figure of its row holds, be it told for this
    level or confirmed for all levels of its origin."""
    confirmed = (
        select(StockConfirmation.as_of)
        .where(StockConfirmation.origin_id == InventoryLevel.confirmed_by)
        .correlate(InventoryLevel)
        .scalar_subquery()
    )
    return func.greatest(InventoryLevel.as_of, confirmed)


def safety_stock_of(
    variant_id: SQLColumnExpression[UUID], supplier_id: SQLColumnExpression[UUID]
) -> ColumnElement[int]:
    """For statements: the units of a variant that are never sold, as chosen for it or for all of its supplier's."""
    own = select(StockRule.safety_stock).where(StockRule.variant_id == variant_id).scalar_subquery()
    usual = select(StockDefaults.safety_stock).where(StockDefaults.supplier_id == supplier_id).scalar_subquery()
    return func.coalesce(own, usual, 0)


def availability(session: Session, variant_ids: Iterable[UUID]) -> dict[UUID, Availability]:
    """Stock of each variant; those without any level are left out."""
    ids = list(variant_ids)
    if not ids:
        return {}
    rows = session.execute(
        select(
            InventoryLevel.variant_id,
            func.sum(InventoryLevel.on_hand),
            func.sum(InventoryLevel.reserved),
            func.sum(func.greatest(InventoryLevel.on_hand - InventoryLevel.reserved, 0)),
            func.min(figure_as_of()),
            safety_stock_of(InventoryLevel.variant_id, InventoryLevel.supplier_id),
        )
        .where(InventoryLevel.variant_id.in_(ids))
        .group_by(InventoryLevel.variant_id, InventoryLevel.supplier_id)
    )
    return {
        variant_id: Availability(int(on_hand), int(reserved), int(free), as_of, safety)
        for variant_id, on_hand, reserved, free, as_of, safety in rows
    }


def untold_units(session: Session, variant_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Units of each variant at its supplier's default location that are set aside for orders of which the supplier was
    not told yet: what is free leaves them out, the supplier's own count does not."""
    rows = session.execute(
        select(
            InventoryLevel.variant_id,
            func.sum(Reservation.quantity - Reservation.consumed - Reservation.released),
        )
        .join(StockLocation, StockLocation.id == InventoryLevel.location_id)
        .join(Reservation, Reservation.level_id == InventoryLevel.id)
        .where(
            InventoryLevel.variant_id.in_(list(variant_ids)),
            StockLocation.is_default,
            Reservation.state.in_(("HELD", "COMMITTED")),
            Reservation.told_at.is_(None),
        )
        .group_by(InventoryLevel.variant_id)
    )
    return {variant_id: int(units) for variant_id, units in rows}


def own_count() -> Select[int]:
    """For statements over ``supplier_variants``: the units of its row that the supplier would count as free, which are
    those that are free (``availability``) and those of ``untold_units``; 0 without any level. The column is
    ``units``."""
    return (
        select(func.coalesce(func.sum(_own_units()), 0).cast(Integer).label("units"))
        .where(InventoryLevel.variant_id == SupplierVariant.id)
        .correlate(SupplierVariant)
    )


def own_counts(variant_ids: ColumnElement[Any]) -> Select[UUID, int]:
    """The same of many variants together (an ``any_`` of ids): ``variant_id``, and ``units`` of those with a level."""
    return (
        select(InventoryLevel.variant_id, func.sum(_own_units()).cast(Integer).label("units"))
        .where(InventoryLevel.variant_id == variant_ids)
        .group_by(InventoryLevel.variant_id)
    )


def _own_units() -> ColumnElement[int]:
    """Of a level."""
    open_units = Reservation.quantity - Reservation.consumed - Reservation.released
    untold = (
        select(func.coalesce(func.sum(open_units), 0))
        .join_from(
            Reservation,
            StockLocation,
            and_(StockLocation.id == InventoryLevel.location_id, StockLocation.is_default),
        )
        .where(
            Reservation.level_id == InventoryLevel.id,
            Reservation.state.in_(("HELD", "COMMITTED")),
            Reservation.told_at.is_(None),
        )
        .correlate(InventoryLevel)
        .scalar_subquery()
    )
    free = func.greatest(InventoryLevel.on_hand - InventoryLevel.reserved, 0)
    return free + case((InventoryLevel.reserved > 0, untold), else_=0)


def locations(session: Session, supplier_id: UUID) -> list[StockLocation]:
    """A supplier's stock locations, the default one first."""
    return list(
        session.scalars(
            select(StockLocation)
            .where(StockLocation.supplier_id == supplier_id)
            .order_by(StockLocation.is_default.desc(), StockLocation.name)
        )
    )


def open_shortfalls(session: Session, supplier_id: UUID) -> list[Shortfall]:
    """Shortfalls of a supplier that are not over, newest first."""
    return list(
        session.scalars(
            select(Shortfall)
            .where(Shortfall.supplier_id == supplier_id, Shortfall.resolved_at.is_(None))
            .order_by(Shortfall.created_at.desc())
        )
    )


def choices_of(session: Session, supplier_id: UUID, variant_ids: Iterable[UUID]) -> dict[UUID, StockChoices]:
    """What a supplier chose for variants of its own: ``safety_stock`` and ``low_stock_at``, None: as for all."""
    rows = session.execute(
        select(StockRule.variant_id, StockRule.safety_stock, StockRule.low_stock_at).where(
            StockRule.supplier_id == supplier_id, StockRule.variant_id.in_(list(variant_ids))
        )
    )
    return {one: {"safety_stock": safety, "low_stock_at": low} for one, safety, low in rows}


def low_variants(session: Session, variant_ids: Iterable[UUID]) -> set[UUID]:
    """Of some variants, those that are running low at their suppliers."""
    return set(session.scalars(select(LowStock.variant_id).where(LowStock.variant_id.in_(list(variant_ids)))))


def low_examples(session: Session, supplier_id: UUID, *, limit: int = 5) -> tuple[list[tuple[str, int]], int]:
    """SKU and free units of a supplier's variants that are low, the fewest first, and how many there are."""
    free = func.coalesce(
        select(func.sum(func.greatest(InventoryLevel.on_hand - InventoryLevel.reserved, 0)))
        .where(InventoryLevel.variant_id == LowStock.variant_id)
        .scalar_subquery(),
        0,
    )
    rows = session.execute(
        select(SupplierVariant.sku, free.label("free"), func.count().over())
        .select_from(LowStock)
        .join(SupplierVariant, SupplierVariant.id == LowStock.variant_id)
        .where(LowStock.supplier_id == supplier_id, SupplierVariant.status == "active")
        .order_by("free", SupplierVariant.sku)
        .limit(limit)
    ).all()
    return [(sku, int(units)) for sku, units, _ in rows], rows[0][2] if rows else 0


def oversold_levels(session: Session) -> int:
    """How many levels have more reserved than there is: a supplier's own figure fell, and it must be seen to."""
    return (
        session.scalar(
            select(func.count()).select_from(InventoryLevel).where(InventoryLevel.reserved > InventoryLevel.on_hand)
        )
        or 0
    )
