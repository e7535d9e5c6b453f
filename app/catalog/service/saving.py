"""Taking over products and variants as a supplier describes them, in bulk: only what differs is written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import any_, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import Text

from app.catalog.categories.rules import key_of
from app.catalog.categories.service import place
from app.catalog.models import SupplierProduct, SupplierVariant
from app.catalog.rules import folded
from app.catalog.search.refreshing import tell_of_changes
from app.catalog.service.picturing import save_pictures
from app.db import add_rows, change_rows, table_of
from app.kit import clock
from app.kit.ids import new_id


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
    #: As ``app.catalog.tiers.rules.as_kept`` has them.
    price_tiers: Sequence[Mapping[str, Any]] = ()


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


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogChange:
    """A product or a variant that is not what it was. ``before`` and ``after`` hold its columns that differ, by their
    names in the table; of a product also ``pictures``, those that came with files, in order, each with its ``url``,
    ``alt`` and ``alt_owned``. Of what was ``created`` there is nothing before; ``after`` of a product that was created
    is ``{"variants": [ids]}``, the variants that were created with it, which make no changes of their own."""

    kind: Literal["product", "variant"]
    target_id: UUID
    created: bool = False
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MadeProduct:
    """A product that was created, and how many variants it has."""

    id: UUID
    variants: int


@dataclass(frozen=True, slots=True)
class Saved:
    """What came of records: SKU → variant id of all that they name, the ids among them that were created, what
    differs now from before, the products that were created by their handles, and the time that all this has."""

    variants: dict[str, UUID]
    created: frozenset[UUID]
    changes: Sequence[CatalogChange]
    products: Mapping[str, MadeProduct] = field(default_factory=dict)
    at: datetime = field(default_factory=clock.now)


def save_products(
    session: Session,
    supplier_id: UUID,
    currency: str,
    records: Sequence[ProductRecord],
    *,
    untold: Collection[str] = (),
    locked: bool = False,
) -> Saved:
    """Make or change products by their handles and variants by their SKUs; what is so already is not written, nor told
    of. Variants that a record does not name stay as they are, and so does what people own: their texts for search
    engines and pictures, the pictures they sent, where they said that categories belong. ``untold``: fields of the
    records that their source says nothing about, such as ``description`` or ``msrp``; products and variants that are
    there keep theirs. A product's handle, and an SKU, is named by one record only. ``locked``: the caller has called
    ``one_at_a_time``."""
    if not records:
        return Saved({}, frozenset(), [])
    if not locked:
        one_at_a_time(session, supplier_id)
    categories = place(session, supplier_id, titles_by_category(records))
    now = clock.now()
    products = _compare_products(session, supplier_id, currency, records, categories, untold)
    variants = _compare_variants(session, supplier_id, currency, records, products.ids, untold)
    # A new product's range is that of its variants; nobody else's change can be among them.
    costs: dict[UUID, list[int]] = {}
    for row in variants.of_new_products(products):
        costs.setdefault(row["product_id"], []).append(row["wholesale_price"])
    products.write(session, now, costs)
    variants.write(session, now)
    pictures = save_pictures(
        session,
        {products.ids[record.handle]: record.images for record in records},
        keep_texts="image_alt" in untold,
    )
    refresh_ranges(session, variants.products_changed() - products.created.keys())
    _tell(session, supplier_id, products, variants, pictures)
    return Saved(
        {str(row["sku"]): row["id"] for row in variants.all},
        frozenset(variants.created),
        _changes(products, variants, pictures),
        {
            record.handle: MadeProduct(products.ids[record.handle], len(record.variants))
            for record in records
            if products.ids[record.handle] in products.created
        },
        now,
    )


def titles_by_category(records: Sequence[ProductRecord]) -> dict[str, list[str]]:
    """The supplier's own categories, each with the titles of its products."""
    titles: dict[str, list[str]] = {}
    for record in records:
        titles.setdefault(record.category, []).append(record.title)
    return titles


def one_at_a_time(session: Session, supplier_id: UUID, *, beside_others: bool = False) -> None:
    """Of two transactions at once that change a supplier's products, the second sees which handles and SKUs the first
    took, and what it wrote. ``beside_others``: but those of the same list, which take others."""
    lock = func.pg_advisory_xact_lock_shared if beside_others else func.pg_advisory_xact_lock
    session.execute(select(lock(func.hashtextextended(f"describing products of {supplier_id}", 0))))


@dataclass(slots=True)
class _Products:
    """Products of records beside what stands: their ids by handle, whole rows of new ones, and the columns of others
    that differ as ``(before, after)``."""

    ids: dict[str, UUID] = field(default_factory=dict)
    created: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    changed: dict[UUID, tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=dict)

    def write(self, session: Session, now: Any, costs: Mapping[UUID, Sequence[int]]) -> None:
        add_rows(
            session,
            SupplierProduct,
            [
                {
                    **row,
                    "lowest_wholesale": min(costs.get(product_id, (0,))),
                    "highest_wholesale": max(costs.get(product_id, (0,))),
                    "in_stock": False,
                    "created_at": now,
                    "updated_at": now,
                }
                for product_id, row in self.created.items()
            ],
        )
        change_rows(
            session,
            SupplierProduct,
            [{"id": product_id, **after, "updated_at": now} for product_id, (_, after) in self.changed.items()],
        )


@dataclass(slots=True)
class _Variants:
    """Variants of records beside what stands, as ``_Products``; ``all`` are whole rows as they are to be."""

    all: list[dict[str, Any]] = field(default_factory=list)
    created: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    changed: dict[UUID, tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=dict)
    #: Of those that changed: the product that each was of, and is of.
    _products: dict[UUID, tuple[UUID, UUID]] = field(default_factory=dict)

    def note(self, row: dict[str, Any], today: Mapping[str, Any] | None) -> None:
        self.all.append(row)
        if today is None:
            self.created[row["id"]] = row
            return
        differs = _differences(today, row)
        if differs[1]:
            self.changed[row["id"]] = differs
            self._products[row["id"]] = (today["product_id"], row["product_id"])

    def of_new_products(self, products: _Products) -> list[dict[str, Any]]:
        return [row for row in self.all if row["product_id"] in products.created]

    def products_changed(self) -> set[UUID]:
        """The products whose variants are others than before."""
        found = {row["product_id"] for row in self.created.values()}
        for pair in self._products.values():
            found.update(pair)
        return found

    def write(self, session: Session, now: Any) -> None:
        add_rows(session, SupplierVariant, [{**row, "updated_at": now} for row in self.created.values()])
        change_rows(
            session,
            SupplierVariant,
            [{"id": variant_id, **after, "updated_at": now} for variant_id, (_, after) in self.changed.items()],
        )


_PRODUCTS_TODAY = select(
    *(
        table_of(SupplierProduct).c[name]
        for name in (
            "id", "supplier_id", "handle", "title", "description", "brand", "category_id", "source_category",
            "option_names", "tags", "status", "currency", "search_text",
        )
    )
).where(
    SupplierProduct.supplier_id == bindparam("supplier"),
    SupplierProduct.handle == any_(bindparam("handles", type_=ARRAY(Text))),
)  # fmt: skip


def _compare_products(
    session: Session,
    supplier_id: UUID,
    currency: str,
    records: Sequence[ProductRecord],
    categories: Mapping[str, UUID],
    untold: Collection[str],
) -> _Products:
    handles = [record.handle for record in records]
    found = session.connection().execute(_PRODUCTS_TODAY, {"supplier": supplier_id, "handles": handles})
    known: dict[str, dict[str, Any]] = {row["handle"]: dict(row) for row in found.mappings()}
    kept = {*untold, *(("category_id", "source_category") if "category" in untold else ())}
    products = _Products()
    for record in records:
        today = known.get(record.handle)
        row: dict[str, Any] = {
            "id": new_id() if today is None else today["id"],
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
        }
        if today is not None:
            row.update({name: today[name] for name in kept if name in row})
        skus = (variant.sku for variant in record.variants)
        row["search_text"] = folded([row["title"], row["brand"], *row["tags"], *skus])
        products.ids[record.handle] = row["id"]
        if today is None:
            products.created[row["id"]] = row
        else:
            differs = _differences(today, row)
            if differs[1]:
                products.changed[row["id"]] = differs
    return products


_VARIANTS_TODAY = select(
    *(
        table_of(SupplierVariant).c[name]
        for name in (
            "id", "product_id", "supplier_id", "sku", "gtin", "options", "wholesale_price", "msrp", "map_price",
            "price_tiers", "currency", "weight_grams", "status", "position",
        )
    )
).where(
    SupplierVariant.supplier_id == bindparam("supplier"),
    SupplierVariant.sku == any_(bindparam("skus", type_=ARRAY(Text))),
)  # fmt: skip


def _compare_variants(
    session: Session,
    supplier_id: UUID,
    currency: str,
    records: Sequence[ProductRecord],
    products: Mapping[str, UUID],
    untold: Collection[str],
) -> _Variants:
    skus = [variant.sku for record in records for variant in record.variants]
    found = session.connection().execute(_VARIANTS_TODAY, {"supplier": supplier_id, "skus": skus})
    known: dict[str, dict[str, Any]] = {row["sku"]: dict(row) for row in found.mappings()}
    variants = _Variants()
    for record in records:
        for position, variant in enumerate(record.variants):
            today = known.get(variant.sku)
            row: dict[str, Any] = {
                "id": new_id() if today is None else today["id"],
                "product_id": products[record.handle],
                "supplier_id": supplier_id,
                "sku": variant.sku,
                "gtin": variant.gtin,
                "options": dict(variant.options),
                "wholesale_price": variant.wholesale_price,
                "msrp": variant.msrp,
                "map_price": variant.map_price,
                "price_tiers": [dict(tier) for tier in variant.price_tiers],
                "currency": currency,
                "weight_grams": variant.weight_grams,
                "status": "active",
                "position": position,
            }
            if today is not None:
                row.update({name: today[name] for name in untold if name in row})
            variants.note(row, today)
    return variants


def _differences(today: Mapping[str, Any], row: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    names = [name for name, value in row.items() if today[name] != value]
    return {name: today[name] for name in names}, {name: row[name] for name in names}


def _changes(
    products: _Products, variants: _Variants, pictures: Mapping[UUID, tuple[list[Any], list[Any]]]
) -> list[CatalogChange]:
    with_new: dict[UUID, list[UUID]] = {product_id: [] for product_id in products.created}
    changes = []
    for variant_id, row in variants.created.items():
        if row["product_id"] in with_new:
            with_new[row["product_id"]].append(variant_id)
        else:
            changes.append(CatalogChange(kind="variant", target_id=variant_id, created=True))
    for variant_id, (before, after) in variants.changed.items():
        changes.append(CatalogChange(kind="variant", target_id=variant_id, before=before, after=after))
    for product_id, theirs in with_new.items():
        changes.append(CatalogChange(kind="product", target_id=product_id, created=True, after={"variants": theirs}))
    # In the order of the records, so that the same file makes the same list.
    for product_id in products.ids.values():
        if product_id in with_new or not (product_id in products.changed or product_id in pictures):
            continue
        before, after = products.changed.get(product_id, ({}, {}))
        if product_id in pictures:
            shown_before, shown_after = pictures[product_id]
            before, after = {**before, "pictures": shown_before}, {**after, "pictures": shown_after}
        changes.append(CatalogChange(kind="product", target_id=product_id, before=before, after=after))
    return changes


def _tell(
    session: Session,
    supplier_id: UUID,
    products: _Products,
    variants: _Variants,
    pictures: Mapping[UUID, tuple[list[Any], list[Any]]],
) -> None:
    changed = {*products.created, *products.changed, *variants.products_changed(), *pictures}
    tell_of_changes(session, supplier_id, changed)


def set_status(session: Session, supplier_id: UUID, product_ids: Sequence[UUID], status: str) -> int:
    """Make products ``active``, ``draft`` or ``ended``. Returns how many there were."""
    done = session.execute(
        update(SupplierProduct)
        .where(SupplierProduct.supplier_id == supplier_id, SupplierProduct.id.in_(product_ids))
        .values(status=status, updated_at=clock.now())
    )
    tell_of_changes(session, supplier_id, product_ids)
    return int(done.rowcount)  # type: ignore[attr-defined]


def refresh_ranges(session: Session, product_ids: Iterable[UUID]) -> None:
    """Work out each product's range of wholesale prices again."""
    ids = list(product_ids)
    if not ids:
        return
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
