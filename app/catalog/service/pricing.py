"""Changing what variants cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalog.models import SupplierVariant
from app.catalog.search.refreshing import tell_of_changes
from app.catalog.service.saving import one_at_a_time, refresh_ranges
from app.kit import clock
from app.kit.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChange:
    """New prices of a variant in minor units of its currency. ``told`` names those that change: of
    ``wholesale_price``, ``msrp``, ``map_price`` (these two are None to be taken away) and ``price_tiers``, as
    ``app.catalog.tiers.rules.as_kept`` has them."""

    told: frozenset[str]
    wholesale_price: int | None = None
    msrp: int | None = None
    map_price: int | None = None
    price_tiers: list[dict[str, Any]] = field(default_factory=list)


def change_prices(session: Session, supplier_id: UUID, prices: Mapping[UUID, int]) -> None:
    """Change wholesale prices (minor units) of a supplier's variants. Raises ``NotFound`` for a foreign one."""
    told = frozenset({"wholesale_price"})
    set_prices(
        session,
        supplier_id,
        {variant: PriceChange(told=told, wholesale_price=price) for variant, price in prices.items()},
    )


def set_prices(session: Session, supplier_id: UUID, changes: Mapping[UUID, PriceChange]) -> set[UUID]:
    """Change prices of a supplier's variants. Returns the variants that have others now than before. Raises
    ``NotFound`` for a foreign one."""
    one_at_a_time(session, supplier_id)
    rows = session.scalars(
        select(SupplierVariant)
        .where(SupplierVariant.supplier_id == supplier_id, SupplierVariant.id.in_(list(changes)))
        .order_by(SupplierVariant.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    if len(rows) != len(changes):
        raise NotFound("variant")
    now = clock.now()
    changed: set[UUID] = set()
    products: set[UUID] = set()
    for row in rows:
        wanted = changes[row.id]
        news = {name: getattr(wanted, name) for name in wanted.told if getattr(row, name) != getattr(wanted, name)}
        for name, price in news.items():
            setattr(row, name, price)
        if news:
            row.updated_at = now
            changed.add(row.id)
            products.add(row.product_id)
    session.flush()
    if products:
        refresh_ranges(session, products)
        tell_of_changes(session, supplier_id, products)
    return changed
