"""A product's texts for search engines: the supplier's own where it wrote any, else made by the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalog.models import ProductImage, SupplierProduct, SupplierVariant
from app.catalog.search.refreshing import tell_of_changes
from app.catalog.seo.rules import alt_of, description_of, title_of
from app.kit import clock
from app.kit.errors import NotFound


@dataclass(frozen=True, slots=True)
class SearchTexts:
    """What is told: title, description, and the text of each picture by the picture's id. ``made`` are the same by
    the rules alone."""

    title: str
    description: str
    alts: Mapping[UUID, str]
    made: tuple[str, str]


def search_texts(product: SupplierProduct, variants: Sequence[SupplierVariant]) -> SearchTexts:
    """The texts of a product whose pictures are loaded."""
    options = [variant.options for variant in variants if variant.status == "active"]
    title = title_of(product.title, product.brand, options)
    description = description_of(product.title, product.brand, product.description, options)
    return SearchTexts(
        title=product.seo_title or title,
        description=product.seo_description or description,
        alts={
            image.id: image.alt or alt_of(product.title, options, place) for place, image in enumerate(product.images)
        },
        made=(title, description),
    )


def save_search_texts(
    session: Session,
    supplier_id: UUID,
    product_id: UUID,
    *,
    title: str,
    description: str,
    alts: Mapping[UUID, str],
) -> None:
    """Keep a supplier's own texts, also over later files; an empty one is made by the rules again. Raises
    ``NotFound`` for a foreign product."""
    product = session.scalar(
        select(SupplierProduct)
        .where(SupplierProduct.id == product_id, SupplierProduct.supplier_id == supplier_id)
        .with_for_update()
    )
    if product is None:
        raise NotFound("product")
    product.seo_title, product.seo_description, product.updated_at = title, description, clock.now()
    for image in session.scalars(select(ProductImage).where(ProductImage.product_id == product_id)):
        alt = alts.get(image.id)
        if alt is not None and alt != image.alt:
            image.alt, image.alt_owned = alt, bool(alt)
    session.flush()
    tell_of_changes(session, supplier_id, [product_id])
