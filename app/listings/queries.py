"""Reads of listings, and what a store's next push has to carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, selectinload

from app.catalog.models import ProductImage, SupplierProduct, SupplierVariant
from app.catalog.queries import category_paths
from app.catalog.seo.service import search_texts
from app.kit import clock
from app.kit.errors import NotFound
from app.kit.money import Money
from app.kit.paging import LARGEST_LIMIT, Page, decode_cursor, page_of
from app.listings.models import ImportBatch, ImportItem, Listing, ListingSource, ListingVariant
from app.listings.rules import DRAFT, FAILED, HIDDEN, LIVE, OUT_OF_SYNC, PUSHING, UNLINKED
from app.stores.goods import ListingPush, LocationRef, VariantPush
from app.stores.models import Store
from app.suppliers.models import Supplier

#: Views of the listings page: name → states.
VIEWS: dict[str, tuple[str, ...]] = {
    "live": (LIVE,),
    "needs_you": (FAILED, UNLINKED),
    "waiting": (OUT_OF_SYNC, PUSHING),
    "hidden": (HIDDEN,),
    "drafts": (DRAFT,),
}


def listed_by(session: Session, supplier_id: UUID) -> dict[UUID, int]:
    """The retailers in whose stores a supplier's products stand, with how many listings each has. System scope."""
    rows = session.execute(
        select(Listing.retailer_id, func.count())
        .where(Listing.supplier_id == supplier_id, Listing.state.not_in((DRAFT, UNLINKED)))
        .group_by(Listing.retailer_id)
    )
    return {retailer_id: count for retailer_id, count in rows}


def listings(
    session: Session,
    retailer_id: UUID,
    *,
    states: Sequence[str] | None = None,
    store_id: UUID | None = None,
    search: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Listing]:
    """A retailer's listings with their variants, newest first."""
    limit = min(limit, LARGEST_LIMIT)
    query = (
        select(Listing)
        .where(Listing.retailer_id == retailer_id)
        .options(selectinload(Listing.variants))
        .order_by(Listing.id.desc())
        .limit(limit + 1)
    )
    if states:
        query = query.where(Listing.state.in_(states))
    if store_id:
        query = query.where(Listing.store_id == store_id)
    if search:
        query = query.where(Listing.title.icontains(search, autoescape=True))
    if cursor:
        query = query.where(Listing.id < decode_cursor(cursor, 1)[0])
    return page_of(session.scalars(query).all(), limit, lambda listing: [listing.id])


def listing(session: Session, retailer_id: UUID, listing_id: UUID) -> Listing:
    """One listing with its variants. Raises ``NotFound``."""
    found = session.scalar(
        select(Listing)
        .where(Listing.retailer_id == retailer_id, Listing.id == listing_id)
        .options(selectinload(Listing.variants))
    )
    if found is None:
        raise NotFound("listing")
    return found


def counts_by_state(session: Session, retailer_id: UUID) -> dict[str, int]:
    """How many listings are in each state."""
    rows = session.execute(
        select(Listing.state, func.count()).where(Listing.retailer_id == retailer_id).group_by(Listing.state)
    )
    return {state: count for state, count in rows}


def counts_by_supplier(session: Session, retailer_id: UUID) -> dict[UUID, int]:
    """How many of each supplier's products a retailer has listed."""
    rows = session.execute(
        select(Listing.supplier_id, func.count())
        .where(Listing.retailer_id == retailer_id, Listing.state.not_in((DRAFT, UNLINKED)))
        .group_by(Listing.supplier_id)
    )
    return {supplier_id: count for supplier_id, count in rows}


def listed_products(session: Session, retailer_id: UUID, product_ids: Sequence[UUID]) -> set[UUID]:
    """Which of the products the retailer has listed or in its import list."""
    return set(
        session.scalars(
            select(Listing.product_id).where(Listing.retailer_id == retailer_id, Listing.product_id.in_(product_ids))
        )
    )


def listings_of_product(session: Session, retailer_id: UUID, product_id: UUID) -> dict[UUID, Listing]:
    """A product's listings by the store that each is in."""
    found = session.scalars(select(Listing).where(Listing.retailer_id == retailer_id, Listing.product_id == product_id))
    return {one.store_id: one for one in found}


def import_batch(
    session: Session, retailer_id: UUID, batch_id: UUID
) -> tuple[ImportBatch, list[tuple[ImportItem, Listing | None]]]:
    """An import with what became of each product. Raises ``NotFound``."""
    batch = session.scalar(
        select(ImportBatch).where(ImportBatch.id == batch_id, ImportBatch.retailer_id == retailer_id)
    )
    if batch is None:
        raise NotFound("import")
    rows = session.execute(
        select(ImportItem, Listing)
        .outerjoin(Listing, Listing.id == ImportItem.listing_id)
        .where(ImportItem.batch_id == batch_id)
        .order_by(ImportItem.position)
    )
    return batch, [(item, found) for item, found in rows]


@dataclass(frozen=True, slots=True)
class SyncFigures:
    """How far a store's listings are what they should be. ``lag_seconds_p95``: how long the waiting ones wait."""

    listings: int
    in_sync: int
    pending: int
    failed: int
    lag_seconds_p95: float
    last_confirmed_at: datetime | None


def sync_figures(session: Session, store_id: UUID) -> SyncFigures:
    """The sync status of one store."""
    total, in_sync, failed = session.execute(
        select(
            func.count().filter(Listing.state != DRAFT),
            func.count().filter(Listing.state == LIVE),
            func.count().filter(Listing.state.in_((FAILED, UNLINKED))),
        ).where(Listing.store_id == store_id)
    ).one()
    hidden = session.scalar(
        select(func.count())
        .select_from(Listing)
        .where(
            Listing.store_id == store_id,
            Listing.state == HIDDEN,
            Listing.pushed_version >= Listing.wanted_version,
        )
    )
    waited = func.extract("epoch", clock.now() - ListingVariant.waiting_since)
    lag, confirmed = session.execute(
        select(
            func.percentile_cont(0.95).within_group(waited).filter(ListingVariant.waiting_since.is_not(None)),
            func.max(ListingVariant.confirmed_at),
        )
        .join(Listing, Listing.id == ListingVariant.listing_id)
        .where(ListingVariant.store_id == store_id, Listing.state.not_in((DRAFT, UNLINKED, FAILED)))
    ).one()
    settled = in_sync + (hidden or 0)
    return SyncFigures(
        listings=total,
        in_sync=settled,
        pending=total - settled - failed,
        failed=failed,
        lag_seconds_p95=round(float(lag or 0), 3),
        last_confirmed_at=confirmed,
    )


@dataclass(frozen=True, slots=True)
class ToPush:
    """A listing that a store must be told of: the version, whether it is taken off sale, and its supplier.
    ``push`` still lacks the location."""

    listing_id: UUID
    version: int
    hidden: bool
    external_id: str | None
    supplier_id: UUID
    content: dict[str, Any]


def listings_to_push(session: Session, store: Store, limit: int) -> list[ToPush]:
    """Listings of a store whose content it does not have yet, longest waiting first."""
    rows = session.execute(
        select(Listing, SupplierProduct, Supplier.company_name)
        .join(SupplierProduct, SupplierProduct.id == Listing.product_id)
        .join(Supplier, Supplier.id == Listing.supplier_id)
        .where(
            Listing.store_id == store.id,
            Listing.wanted_version > Listing.pushed_version,
            Listing.state.not_in((DRAFT, UNLINKED)),
        )
        .options(selectinload(Listing.variants), selectinload(SupplierProduct.images))
        .order_by(Listing.updated_at)
        .limit(limit)
    ).all()
    variants = {
        variant.id: variant
        for variant in session.scalars(
            select(SupplierVariant).where(SupplierVariant.product_id.in_([product.id for _, product, _ in rows]))
        )
    }
    paths = category_paths(session, [product.category_id for _, product, _ in rows])
    return [_to_push(found, product, company, variants, paths, store.currency) for found, product, company in rows]


def _to_push(
    found: Listing,
    product: SupplierProduct,
    company: str,
    variants: dict[UUID, SupplierVariant],
    paths: dict[UUID, str],
    currency: str,
) -> ToPush:
    first = found.external_id is None
    enabled = [row for row in found.variants if row.enabled]
    category = paths.get(product.category_id, "") if product.category_id else ""
    texts = search_texts(product, [variants[row.variant_id] for row in enabled])
    return ToPush(
        listing_id=found.id,
        version=found.wanted_version,
        hidden=found.state == HIDDEN,
        external_id=found.external_id,
        supplier_id=found.supplier_id,
        content={
            "key": str(found.id),
            # A field that the retailer changed in its own store is left alone once it is there.
            "title": found.title if first or found.title != found.pushed_title else None,
            "description_html": found.description if first or found.description != found.pushed_description else None,
            "vendor": product.brand or company,
            "product_type": category.rsplit(" > ", 1)[-1],
            "tags": product.tags,
            "images": [(image.public_url, texts.alts[image.id]) for image in product.images]
            if first or "images" not in found.owned_fields
            else None,
            "option_names": product.option_names,
            "published": found.published,
            "external_id": found.external_id,
            "variants": [_variant_push(row, variants[row.variant_id], currency) for row in enabled],
            # A title of the retailer's own speaks for itself.
            "seo": (texts.title, texts.description) if first and "title" not in found.owned_fields else None,
        },
    )


def _variant_push(row: ListingVariant, variant: SupplierVariant, currency: str) -> VariantPush:
    return VariantPush(
        key=str(row.id),
        sku=variant.sku,
        gtin=variant.gtin,
        options=variant.options,
        price=Money(row.wanted_price, currency),
        compare_at=Money(row.wanted_compare_at, currency) if row.wanted_compare_at is not None else None,
        cost=Money(row.wanted_cost, currency),
        weight_grams=variant.weight_grams,
        quantity=row.wanted_quantity,
        external_id=row.external_id,
    )


def as_listing_push(work: ToPush, location: LocationRef) -> ListingPush:
    """The push itself, once the supplier's location in the store is known."""
    return ListingPush(location=location, **work.content)


def prices_to_push(session: Session, store_id: UUID, limit: int) -> Sequence[Any]:
    """Rows whose price, compare-at price or cost the store does not have yet."""
    return session.execute(
        select(
            ListingVariant.id,
            ListingVariant.external_id,
            Listing.external_id.label("product_ref"),
            Listing.owned_fields,
            ListingVariant.own_price,
            ListingVariant.wanted_price,
            ListingVariant.wanted_compare_at,
            ListingVariant.wanted_cost,
        )
        .join(Listing, Listing.id == ListingVariant.listing_id)
        .where(
            ListingVariant.store_id == store_id,
            ListingVariant.external_id.is_not(None),
            ListingVariant.error.is_(None),
            Listing.state.not_in((DRAFT, UNLINKED, FAILED)),
            or_(
                ListingVariant.wanted_price.is_distinct_from(ListingVariant.pushed_price),
                ListingVariant.wanted_compare_at.is_distinct_from(ListingVariant.pushed_compare_at),
                ListingVariant.wanted_cost.is_distinct_from(ListingVariant.pushed_cost),
            ),
        )
        .order_by(Listing.external_id, ListingVariant.id)
        .limit(limit)
    ).all()


def stock_to_push(session: Session, store_id: UUID, limit: int) -> Sequence[Any]:
    """Rows whose quantity the store does not have: id, inventory id, supplier, quantity to set, what we believe.

    Sales that the store showed but did not tell us of yet are kept off sale.
    """
    unseen = case((ListingVariant.unseen_until > clock.now(), ListingVariant.unseen_sales), else_=0)
    target = func.greatest(ListingVariant.wanted_quantity - unseen, 0).label("target")
    return session.execute(
        select(
            ListingVariant.id,
            ListingVariant.external_inventory_id,
            Listing.supplier_id,
            target,
            ListingVariant.store_quantity,
            ListingVariant.wanted_quantity,
        )
        .join(Listing, Listing.id == ListingVariant.listing_id)
        .where(
            ListingVariant.store_id == store_id,
            ListingVariant.external_id.is_not(None),
            ListingVariant.wanted_quantity.is_distinct_from(ListingVariant.store_quantity),
            target.is_distinct_from(ListingVariant.store_quantity),
            Listing.state.not_in((DRAFT, UNLINKED)),
        )
        .order_by(ListingVariant.waiting_since, ListingVariant.id)
        .limit(limit)
    ).all()


def sample_to_read_back(session: Session, store_id: UUID, limit: int, settled: timedelta) -> Sequence[Any]:
    """Rows to compare with the store: those at rest, the longest unconfirmed first."""
    return session.execute(
        select(ListingVariant.id, ListingVariant.external_inventory_id, Listing.supplier_id)
        .join(Listing, Listing.id == ListingVariant.listing_id)
        .where(
            ListingVariant.store_id == store_id,
            ListingVariant.external_id.is_not(None),
            ListingVariant.waiting_since.is_(None),
            or_(ListingVariant.confirmed_at.is_(None), ListingVariant.confirmed_at < clock.now() - settled),
            Listing.state.in_((LIVE, OUT_OF_SYNC)),
        )
        .order_by(ListingVariant.confirmed_at.asc().nulls_first())
        .limit(limit)
    ).all()


def variants_by_external_id(
    session: Session, store_id: UUID, external_ids: Sequence[str]
) -> dict[str, tuple[UUID, UUID]]:
    """Store's variant id → (supplier variant, listing variant) of what is ours."""
    rows = session.execute(
        select(ListingVariant.external_id, ListingVariant.variant_id, ListingVariant.id).where(
            ListingVariant.store_id == store_id, ListingVariant.external_id.in_(external_ids)
        )
    )
    return {str(external_id): (variant_id, row_id) for external_id, variant_id, row_id in rows}


def first_images(session: Session, product_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Where pages take the small picture of each product from: the first that can be shown."""
    rows = session.scalars(
        select(ProductImage)
        .where(ProductImage.product_id.in_(product_ids))
        .order_by(ProductImage.product_id, ProductImage.sha256.is_(None), ProductImage.position)
        .ext(distinct_on(ProductImage.product_id))
    )
    return {one.product_id: shown for one in rows if (shown := one.shown())}


def products_across(session: Session, first: str, second: str) -> Sequence[UUID]:
    """Products in one of two currencies that a store lists in the other: what a rate between them prices."""
    return session.scalars(
        select(Listing.product_id)
        .join(SupplierProduct, SupplierProduct.id == Listing.product_id)
        .join(Store, Store.id == Listing.store_id)
        .where(
            Listing.state != UNLINKED,
            or_(
                (SupplierProduct.currency == first) & (Store.currency == second),
                (SupplierProduct.currency == second) & (Store.currency == first),
            ),
        )
        .distinct()
        .order_by(Listing.product_id)
    ).all()


def sync_lag_by_platform(session: Session) -> Sequence[tuple[str, datetime]]:
    """For each platform with changes that a connected store has not confirmed: since when the oldest waits."""
    rows = session.execute(
        select(Store.platform, func.min(ListingVariant.waiting_since))
        .join(Store, Store.id == ListingVariant.store_id)
        .where(ListingVariant.waiting_since.is_not(None), Store.status == "connected")
        .group_by(Store.platform)
    )
    return [(platform, since) for platform, since in rows if since is not None]


def variants_shown(session: Session, variant_ids: Sequence[UUID]) -> Sequence[SupplierVariant]:
    """The suppliers' variants behind listing variants."""
    return session.scalars(select(SupplierVariant).where(SupplierVariant.id.in_(variant_ids))).all()


def suppliers_listed(session: Session, retailer_id: UUID) -> list[tuple[UUID, str]]:
    """The suppliers of whom a retailer lists something or uses a source, by name."""
    linked = (
        select(SupplierVariant.supplier_id)
        .join(ListingSource, ListingSource.variant_id == SupplierVariant.id)
        .where(ListingSource.retailer_id == retailer_id)
    )
    own = select(Listing.supplier_id).where(Listing.retailer_id == retailer_id)
    rows = session.execute(
        select(Supplier.id, Supplier.company_name)
        .where(Supplier.id.in_(own) | Supplier.id.in_(linked))
        .order_by(Supplier.company_name, Supplier.id)
    )
    return [(supplier_id, name) for supplier_id, name in rows]
