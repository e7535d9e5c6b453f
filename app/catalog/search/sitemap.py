"""Which products a sitemap names, in parts of equal size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.catalog.models import CatalogEntry
from app.suppliers.models import Supplier
from app.suppliers.rules import ACTIVE

#: Products of one part; a sitemap may have 50,000 addresses.
PART = 20_000


def parts(session: Session) -> Sequence[UUID]:
    """The first product of each part."""
    numbered = select(
        CatalogEntry.product_id, func.row_number().over(order_by=CatalogEntry.product_id).label("number")
    ).subquery()
    return session.scalars(
        select(numbered.c.product_id).where(numbered.c.number % PART == 1).order_by(numbered.c.product_id)
    ).all()


def products_from(session: Session, start: UUID) -> Sequence[Any]:
    """Id, title and last change of the products of the part that begins with ``start``; of active suppliers."""
    part = (
        select(CatalogEntry.product_id, CatalogEntry.supplier_id, CatalogEntry.title, CatalogEntry.changed_at)
        .where(CatalogEntry.product_id >= start)
        .order_by(CatalogEntry.product_id)
        .limit(PART)
        .subquery()
    )
    return session.execute(
        select(part.c.product_id, part.c.title, part.c.changed_at)
        .join(Supplier, Supplier.id == part.c.supplier_id)
        .where(Supplier.status == ACTIVE)
        .order_by(part.c.product_id)
    ).all()
