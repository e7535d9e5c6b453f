"""Taking over products and variants as a supplier describes them, in bulk."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.catalog.categories.rules import key_of
from app.catalog.categories.service import place
from app.catalog.events import ProductsChanged
from app.catalog.models import ProductImage, SupplierProduct, SupplierVariant
from app.catalog.pictures.queries import known_pictures
from app.catalog.rules import folded
from app.db import add_rows, table_of
from app.kit import clock
from app.kit.ids import new_id
from app.outbox.service import emit

#: Products told of in one event.
_CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantRecord:
    """A variant as a supplier describes it; prices in minor units of the supplier's currency."""

    sku: str
    options: Mapping[str, str]
    wholesale_price: int
    gtin: str | None = None
    msrp: int | None = None
    map_price: int | None = None
    weight_grams: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductRecord:
    """A product as a supplier describes it. ``description`` is sanitised already; ``handle`` is its key;
    ``category`` is a path such as ``Home > Lighting``."""

    handle: str
    title: str
    description: str
    brand: str
    category: str
    option_names: Sequence[str]
    tags: Sequence[str]
    images: Sequence[tuple[str, str]]
    status: str
    variants: Sequence[VariantRecord]


def save_products(
    session: Session,
    supplier_id: UUID,
    currency: str,
    records: Sequence[ProductRecord],
    *,
    untold: Collection[str] = (),
) -> dict[str, UUID]:
    """Make or change products by their handles and variants by their SKUs. Variants that a record does not name
    stay as they are. ``untold``: fields of the records that their source says nothing about, such as ``description``
    or ``msrp``; products and variants that are there keep theirs. Returns SKU → variant id."""
    if not records:
        return {}
    now = clock.now()
    titles: dict[str, list[str]] = {}
    for record in records:
        titles.setdefault(record.category, []).append(record.title)
    categories = place(session, supplier_id, titles)
    if not {"brand", "tags"}.isdisjoint(untold):
        records = _with_known(session, supplier_id, records, untold)
    products = _save_product_rows(session, supplier_id, currency, records, categories, now, untold)
    variants = _save_variant_rows(session, supplier_id, currency, records, products, now, untold)
    _save_images(session, records, products)
    refresh_ranges(session, products.values())
    changed = sorted(products.values())
    emit(
        session,
        *(
            ProductsChanged(supplier_id=supplier_id, product_ids=tuple(changed[start : start + _CHUNK]))
            for start in range(0, len(changed), _CHUNK)
        ),
    )
    return variants


def set_status(session: Session, supplier_id: UUID, product_ids: Sequence[UUID], status: str) -> int:
    """Make products ``active``, ``draft`` or ``ended``. Returns how many there were."""
    done = session.execute(
        update(SupplierProduct)
        .where(SupplierProduct.supplier_id == supplier_id, SupplierProduct.id.in_(product_ids))
        .values(status=status, updated_at=clock.now())
    )
    emit(session, ProductsChanged(supplier_id=supplier_id, product_ids=tuple(sorted(product_ids))))
    return int(done.rowcount)  # type: ignore[attr-defined]


def _with_known(
    session: Session, supplier_id: UUID, records: Sequence[ProductRecord], untold: Collection[str]
) -> list[ProductRecord]:
    """Records with the brands and tags that their products have, where the source tells none: products are found by
    them."""
    known = {
        row.handle: row
        for row in session.execute(
            select(SupplierProduct.handle, SupplierProduct.brand, SupplierProduct.tags).where(
                SupplierProduct.supplier_id == supplier_id,
                SupplierProduct.handle.in_([record.handle for record in records]),
            )
        )
    }
    return [
        replace(
            record,
            brand=known[record.handle].brand if "brand" in untold else record.brand,
            tags=known[record.handle].tags if "tags" in untold else record.tags,
        )
        if record.handle in known
        else record
        for record in records
    ]


def _save_product_rows(
    session: Session,
    supplier_id: UUID,
    currency: str,
    records: Sequence[ProductRecord],
    categories: Mapping[str, UUID],
    now: Any,
    untold: Collection[str],
) -> dict[str, UUID]:
    statement = upsert(table_of(SupplierProduct))
    kept = {"id", "supplier_id", "handle", "created_at", "in_stock", "lowest_wholesale", "highest_wholesale", *untold}
    if "category" in untold:
        kept |= {"category_id", "source_category"}
    rows = [
        {
            "id": new_id(),
            "supplier_id": supplier_id,
            "handle": record.handle,
            "title": record.title,
            "description": record.description,
            "brand": record.brand,
            "category_id": categories.get(record.category),
            "source_category": key_of(record.category),
            "option_names": list(record.option_names),
            "tags": list(record.tags),
            "status": record.status,
            "currency": currency,
            "lowest_wholesale": 0,
            "highest_wholesale": 0,
            "in_stock": False,
            "search_text": folded(
                [record.title, record.brand, *record.tags, *(variant.sku for variant in record.variants)]
            ),
            "created_at": now,
            "updated_at": now,
        }
        for record in records
    ]
    session.connection().execute(
        statement.on_conflict_do_update(
            index_elements=["supplier_id", "handle"],
            set_={name: statement.excluded[name] for name in rows[0] if name not in kept},
        ),
        rows,
    )
    found = session.execute(
        select(SupplierProduct.handle, SupplierProduct.id).where(
            SupplierProduct.supplier_id == supplier_id,
            SupplierProduct.handle.in_([record.handle for record in records]),
        )
    )
    return {handle: product_id for handle, product_id in found}


def _save_variant_rows(
    session: Session,
    supplier_id: UUID,
    currency: str,
    records: Sequence[ProductRecord],
    products: Mapping[str, UUID],
    now: Any,
    untold: Collection[str],
) -> dict[str, UUID]:
    statement = upsert(table_of(SupplierVariant))
    kept = {"id", "supplier_id", "sku", *untold}
    rows = [
        {
            "id": new_id(),
            "product_id": products[record.handle],
            "supplier_id": supplier_id,
            "sku": variant.sku,
            "gtin": variant.gtin,
            "options": dict(variant.options),
            "wholesale_price": variant.wholesale_price,
            "msrp": variant.msrp,
            "map_price": variant.map_price,
            "currency": currency,
            "weight_grams": variant.weight_grams,
            "status": "active",
            "position": position,
            "updated_at": now,
        }
        for record in records
        for position, variant in enumerate(record.variants)
    ]
    if not rows:
        return {}
    session.connection().execute(
        statement.on_conflict_do_update(
            index_elements=["supplier_id", "sku"],
            set_={name: statement.excluded[name] for name in rows[0] if name not in kept},
        ),
        rows,
    )
    found = session.execute(
        select(SupplierVariant.sku, SupplierVariant.id).where(
            SupplierVariant.supplier_id == supplier_id, SupplierVariant.sku.in_([row["sku"] for row in rows])
        )
    )
    return {sku: variant_id for sku, variant_id in found}


def _save_images(session: Session, records: Sequence[ProductRecord], products: Mapping[str, UUID]) -> None:
    """A record's pictures replace those that came with earlier ones; a record without pictures leaves them. What was
    uploaded by hand stays."""
    with_images = [record for record in records if record.images]
    if not with_images:
        return
    theirs = [products[record.handle] for record in with_images]
    written = {
        (product_id, url): alt
        for product_id, url, alt in session.execute(
            select(ProductImage.product_id, ProductImage.url, ProductImage.alt).where(
                ProductImage.product_id.in_(theirs), ProductImage.alt_owned
            )
        )
    }
    session.execute(delete(ProductImage).where(ProductImage.product_id.in_(theirs), ProductImage.uploaded.is_(False)))
    known = known_pictures(session, {url for record in with_images for url, _ in record.images})
    add_rows(
        session,
        ProductImage,
        [
            {
                "id": new_id(),
                "product_id": products[record.handle],
                "url": url,
                "alt": written.get((products[record.handle], url), alt),
                "alt_owned": (products[record.handle], url) in written,
                "position": position,
                "sha256": known.get(url),
            }
            for record in with_images
            for position, (url, alt) in enumerate(dict(record.images).items())
        ],
    )


def refresh_ranges(session: Session, product_ids: Iterable[UUID]) -> None:
    """Work out each product's range of wholesale prices again."""
    ids = list(product_ids)
    ranges = (
        select(
            SupplierVariant.product_id,
            func.min(SupplierVariant.wholesale_price).label("lowest"),
            func.max(SupplierVariant.wholesale_price).label("highest"),
        )
        .where(SupplierVariant.product_id.in_(ids), SupplierVariant.status == "active")
        .group_by(SupplierVariant.product_id)
        .subquery()
    )
    session.execute(
        update(SupplierProduct)
        .where(SupplierProduct.id == ranges.c.product_id)
        .values(lowest_wholesale=ranges.c.lowest, highest_wholesale=ranges.c.highest)
        .execution_options(synchronize_session=False)
    )
