"""Reading what became of pictures."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.catalog.models import ImageAddress, ProductImage, SupplierProduct
from app.catalog.pictures.rules import address_key


def known_pictures(session: Session, urls: Collection[str]) -> dict[str, str]:
    """Of addresses whose picture we have: address → SHA-256 of the picture."""
    if not urls:
        return {}
    rows = session.execute(
        select(ImageAddress.url, ImageAddress.media_sha256).where(
            ImageAddress.url_key.in_([address_key(url) for url in urls]), ImageAddress.media_sha256.is_not(None)
        )
    )
    return {url: str(digest) for url, digest in rows}


def states(session: Session, urls: Collection[str]) -> dict[str, ImageAddress]:
    """What became of each address; one that was never asked for is missing."""
    rows = session.scalars(
        select(ImageAddress).where(ImageAddress.url_key.in_([address_key(url) for url in urls]))
    ).all()
    return {row.url: row for row in rows}


@dataclass(frozen=True, slots=True)
class BrokenPicture:
    """A picture that can't be shown."""

    product_id: UUID
    title: str
    url: str
    reason: str


def _broken(supplier_id: UUID) -> tuple[object, ...]:
    return (
        ImageAddress.state == "broken",
        SupplierProduct.supplier_id == supplier_id,
        SupplierProduct.status != "ended",
    )


def broken_count(session: Session, supplier_id: UUID) -> int:
    """How many pictures of a supplier's products on offer or in draft can't be shown."""
    return int(
        session.scalar(
            select(func.count())
            .select_from(ImageAddress)
            .join(ProductImage, ProductImage.url == ImageAddress.url)
            .join(SupplierProduct, SupplierProduct.id == ProductImage.product_id)
            .where(*_broken(supplier_id))  # type: ignore[arg-type]
        )
        or 0
    )


def broken_pictures(
    session: Session, supplier_id: UUID, *, limit: int = 50, after: UUID | None = None
) -> Sequence[tuple[UUID, BrokenPicture]]:
    """A supplier's broken pictures in the order of their ids, each with the id to go on after."""
    query = (
        select(ProductImage.id, SupplierProduct.id, SupplierProduct.title, ProductImage.url, ImageAddress.reason)
        .select_from(ImageAddress)
        .join(ProductImage, ProductImage.url == ImageAddress.url)
        .join(SupplierProduct, SupplierProduct.id == ProductImage.product_id)
        .where(*_broken(supplier_id))  # type: ignore[arg-type]
        .order_by(ProductImage.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(ProductImage.id > after)
    return [(row[0], BrokenPicture(*row[1:])) for row in session.execute(query)]
