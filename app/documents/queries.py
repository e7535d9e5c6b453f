"""Reads of brands and of what was printed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.documents.models import Brand, PrintedPaper
from app.documents.papers import BrandOnPaper


def brand_of(session: Session, retailer_id: UUID) -> Brand | None:
    """What a retailer set; None before it did."""
    return session.get(Brand, retailer_id)


def brand_on_paper(session: Session, retailer_id: UUID, retailer_name: str) -> BrandOnPaper:
    """How a retailer presents itself; before it chose, by its name alone."""
    brand = brand_of(session, retailer_id)
    if brand is None:
        return BrandOnPaper(name=retailer_name)
    return BrandOnPaper(
        name=brand.name or retailer_name,
        logo=brand.logo,
        colour=brand.colour,
        message=brand.message,
        contact=[one for one in (brand.email, brand.phone, brand.website) if one],
    )


def printed(session: Session, purchase_order_ids: Collection[UUID]) -> dict[tuple[UUID, str], datetime]:
    """When which paper of which purchase order was printed."""
    rows = session.execute(
        select(PrintedPaper.purchase_order_id, PrintedPaper.kind, PrintedPaper.printed_at).where(
            PrintedPaper.purchase_order_id.in_(list(purchase_order_ids))
        )
    )
    return {(purchase_order_id, kind): at for purchase_order_id, kind, at in rows}
