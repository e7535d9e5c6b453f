"""The import list: products chosen for a store, edited, and published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, selectinload

from app.audit import service as audit
from app.catalog.models import SupplierProduct
from app.catalog.rules import TITLE_MAX, DescriptionRefused, clean_html
from app.db import current_scope
from app.kit import clock
from app.kit.errors import AppError, Conflict, Invalid, NotFound
from app.kit.ids import new_id
from app.listings.events import StoreBehind
from app.listings.models import ImportBatch, ImportItem, Listing, ListingVariant
from app.listings.rules import DRAFT, FAILED, HIDDEN, PUSHING, UNLINKED, may_move
from app.listings.service.pricing_of_listings import bundle_costs, price_variant, rate_between
from app.listings.service.quantities import wanted_quantities
from app.listings.service.sources import forget_sources
from app.outbox.service import emit
from app.pricing.rules import Rule
from app.pricing.service import as_rule, default_rule, rule_of
from app.stores.models import Store
from app.suppliers.models import Supplier
from app.suppliers.rules import ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """One product to list. No ``variant_ids``: all of them. ``prices``: own prices in minor units of the store's
    currency, by supplier variant."""

    product_id: UUID
    variant_ids: Sequence[UUID] = ()
    price_rule_id: UUID | None = None
    prices: Mapping[UUID, int] = field(default_factory=dict)
    publish: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What the retailer changed in a listing; None leaves a field alone. ``prices`` are minor units of the
    store's currency, None giving a variant back to the rule; ``enabled`` switches variants on and off."""

    title: str | None = None
    description: str | None = None
    price_rule_id: UUID | None = None
    published: bool | None = None
    prices: Mapping[UUID, int | None] = field(default_factory=dict)
    enabled: Mapping[UUID, bool] = field(default_factory=dict)
    disown: Sequence[str] = ()


def add_to_import_list(session: Session, store: Store, request: ImportRequest) -> Listing:
    """Put a product into a store's import list. A product that is listed there already is returned as it is.

    Raises ``NotFound`` for a product that is not on offer, ``Invalid`` for a variant of another product.
    """
    existing = session.scalar(
        select(Listing)
        .where(Listing.store_id == store.id, Listing.product_id == request.product_id)
        .options(selectinload(Listing.variants))
        .with_for_update(of=Listing)
    )
    if existing is not None:
        return existing
    product = session.scalar(
        select(SupplierProduct)
        .join(Supplier, Supplier.id == SupplierProduct.supplier_id)
        .where(
            SupplierProduct.id == request.product_id,
            SupplierProduct.status == "active",
            Supplier.status == ACTIVE,
        )
        .options(selectinload(SupplierProduct.variants))
    )
    if product is None:
        raise NotFound("product")
    chosen = set(request.variant_ids or [variant.id for variant in product.variants])
    foreign = (chosen | set(request.prices)) - {variant.id for variant in product.variants}
    if foreign:
        raise Invalid.field("variant_ids", "unknown_variant", "A variant does not belong to this product.")
    row = (
        rule_of(session, store.retailer_id, request.price_rule_id)
        if request.price_rule_id
        else default_rule(session, store.retailer_id)
    )
    rate = rate_between(session, product.currency, store.currency)
    now = clock.now()
    listing = Listing(
        id=new_id(),
        retailer_id=store.retailer_id,
        store_id=store.id,
        supplier_id=product.supplier_id,
        product_id=product.id,
        state=DRAFT,
        title=product.title,
        description=product.description,
        price_rule_id=row.id,
        published=request.publish,
        owned_fields=["price"] if request.prices else [],
        wanted_version=1,
        pushed_version=0,
        created_at=now,
        updated_at=now,
    )
    session.add(listing)
    session.flush()
    session.add_all(_variants(listing, product, store, chosen, request.prices, as_rule(row), rate))
    session.flush()
    wanted_quantities(session, [variant.id for variant in product.variants], store_id=store.id)
    audit.record(session, store.retailer_id, "listings.added", "listing", listing.id)
    session.refresh(listing, ["variants"])
    return listing


def _variants(
    listing: Listing,
    product: SupplierProduct,
    store: Store,
    chosen: set[UUID],
    prices: Mapping[UUID, int],
    rule: Rule,
    rate: Decimal,
) -> list[ListingVariant]:
    made = []
    for variant in product.variants:
        own_price = prices.get(variant.id)
        _check_price(own_price, f"prices.{variant.id}")
        priced = price_variant(variant, rule, own_price, store.currency, rate)
        made.append(
            ListingVariant(
                id=new_id(),
                listing_id=listing.id,
                retailer_id=store.retailer_id,
                store_id=store.id,
                variant_id=variant.id,
                position=variant.position,
                enabled=variant.id in chosen,
                own_price=own_price,
                wanted_price=priced.price,
                wanted_compare_at=priced.compare_at,
                wanted_cost=priced.cost,
                wanted_quantity=0,
                unseen_sales=0,
            )
        )
    return made


def edit(session: Session, retailer_id: UUID, listing_id: UUID, change: Edit) -> Listing:
    """Change a listing as its retailer wishes; what it sets is its own from then on. Raises ``Invalid``."""
    listing = _own_listing(session, retailer_id, listing_id)
    store = session.get_one(Store, listing.store_id)
    owned = set(listing.owned_fields) - set(change.disown)
    if change.title is not None:
        title = change.title.strip()
        if not title or len(title) > TITLE_MAX:
            raise Invalid.field("title", "length", f"A title has between 1 and {TITLE_MAX} characters.")
        if title != listing.title:
            listing.title = title
            owned.add("title")
    if change.description is not None and change.description != listing.description:
        try:
            listing.description = clean_html(change.description)
        except DescriptionRefused as error:
            raise Invalid.field("description", "too_large", str(error)) from error
        owned.add("description")
    if change.price_rule_id is not None:
        bundle_costs(session, [row.id for row in listing.variants]).check()
        listing.price_rule_id = rule_of(session, retailer_id, change.price_rule_id).id
    if change.published is not None:
        listing.published = change.published
    _edit_variants(listing, change, owned)
    listing.owned_fields = sorted(owned)
    _reprice(session, listing, store)
    if change.enabled:
        session.flush()
        wanted_quantities(session, [row.variant_id for row in listing.variants], store_id=store.id)
        session.refresh(listing, ["variants"])
    listing.wanted_version += 1
    listing.updated_at = clock.now()
    if listing.state not in (DRAFT, HIDDEN, UNLINKED):
        # What the store does not show is sent when it is published again.
        _to_push(session, listing)
    audit.record(session, retailer_id, "listings.edited", "listing", listing.id)
    return listing


def _edit_variants(listing: Listing, change: Edit, owned: set[str]) -> None:
    by_variant = {row.variant_id: row for row in listing.variants}
    unknown = (set(change.prices) | set(change.enabled)) - set(by_variant)
    if unknown:
        raise Invalid.field("variants", "unknown_variant", "A variant does not belong to this listing.")
    for variant_id, price in change.prices.items():
        _check_price(price, f"prices.{variant_id}")
        by_variant[variant_id].own_price = price
    for variant_id, enabled in change.enabled.items():
        by_variant[variant_id].enabled = enabled
    if not any(row.enabled for row in listing.variants):
        raise Invalid.field("enabled", "none_left", "Keep at least one variant switched on.")
    if any(row.own_price is not None for row in listing.variants):
        owned.add("price")
    else:
        owned.discard("price")


def _reprice(session: Session, listing: Listing, store: Store) -> None:
    product = session.scalars(
        select(SupplierProduct)
        .where(SupplierProduct.id == listing.product_id)
        .options(selectinload(SupplierProduct.variants))
    ).one()
    rule = as_rule(
        rule_of(session, listing.retailer_id, listing.price_rule_id)
        if listing.price_rule_id
        else default_rule(session, listing.retailer_id)
    )
    rate = rate_between(session, product.currency, store.currency)
    source = {variant.id: variant for variant in product.variants}
    bundles = bundle_costs(session, [row.id for row in listing.variants])
    for row in listing.variants:
        if row.id in bundles.untold:
            # What it costs can't be told for want of a rate: the rule's price stays, the retailer's own holds.
            row.wanted_price = row.wanted_price if row.own_price is None else row.own_price
            continue
        cost = bundles.known.get(row.id)
        priced = price_variant(source[row.variant_id], rule, row.own_price, store.currency, rate, cost)
        row.wanted_price, row.wanted_compare_at, row.wanted_cost = (
            priced.price,
            priced.compare_at,
            priced.cost,
        )


def publish(
    session: Session, retailer_id: UUID, listing_ids: Sequence[UUID], *, published: bool = True
) -> list[Listing]:
    """Send drafts (or hidden and unlinked listings again) to their stores. ``published=False`` keeps them drafts
    there. Raises ``NotFound`` and ``Conflict``."""
    listings = _own_listings(session, retailer_id, listing_ids)
    now = clock.now()
    for listing in listings:
        store = session.get_one(Store, listing.store_id)
        if store.status != "connected":
            raise Conflict("The store is not connected. Connect it again first.", code="store_not_connected")
        listing.published = published
        if listing.state == UNLINKED:
            listing.external_id = None
            for row in listing.variants:
                row.external_id = row.external_inventory_id = row.store_quantity = None
                row.pushed_price = row.pushed_compare_at = row.pushed_cost = None
        listing.wanted_version += 1
        listing.updated_at = now
        _to_push(session, listing)
        for row in listing.variants:
            row.waiting_since = row.waiting_since or now
    return listings


def retry(session: Session, retailer_id: UUID, listing_ids: Sequence[UUID]) -> list[Listing]:
    """Try failed listings again."""
    failed = [listing for listing in _own_listings(session, retailer_id, listing_ids) if listing.state == FAILED]
    for listing in failed:
        listing.wanted_version += 1
        _to_push(session, listing)
    return failed


def hide(session: Session, retailer_id: UUID, listing_ids: Sequence[UUID]) -> list[Listing]:
    """Take listings off sale in their stores without deleting them; ``publish`` shows them again."""
    listings = _own_listings(session, retailer_id, listing_ids)
    for listing in listings:
        if listing.state in (DRAFT, UNLINKED) or not may_move(listing.state, HIDDEN):
            raise Conflict("Only a listing that is in a store can be hidden.", code="not_in_store")
        listing.published = False
        listing.wanted_version += 1
        listing.state = HIDDEN
        listing.updated_at = clock.now()
        emit(session, StoreBehind(store_id=listing.store_id, retailer_id=retailer_id))
    return listings


def remove_drafts(session: Session, retailer_id: UUID, listing_ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """Take drafts off the import list. Returns what is needed to put them back. Raises ``Conflict``."""
    listings = _own_listings(session, retailer_id, listing_ids)
    if any(listing.state != DRAFT for listing in listings):
        raise Conflict("A listing that was published is hidden, not removed.", code="not_a_draft")
    ids = [listing.id for listing in listings]
    forget_sources(session, ids)
    session.execute(delete(ListingVariant).where(ListingVariant.listing_id.in_(ids)))
    session.execute(delete(Listing).where(Listing.id.in_(ids)))
    return [{"store_id": str(listing.store_id), "product_id": str(listing.product_id)} for listing in listings]


def import_products(session: Session, store: Store, requests: Sequence[ImportRequest]) -> ImportBatch:
    """List several products at once; each stands for itself, and one that can't be listed does not stop the
    others. What became of each is in the batch's items."""
    batch = ImportBatch(
        id=new_id(),
        retailer_id=store.retailer_id,
        store_id=store.id,
        created_by=current_scope().actor,
        created_at=clock.now(),
    )
    session.add(batch)
    session.flush()
    for position, request in enumerate(requests):
        details: dict[str, Any] = {}
        listing_id: UUID | None = None
        try:
            with session.begin_nested():
                listing = add_to_import_list(session, store, request)
                if listing.state == DRAFT:
                    publish(session, store.retailer_id, [listing.id], published=request.publish)
                listing_id = listing.id
        except AppError as error:
            details = {"code": error.code, "message": error.detail}
        session.add(
            ImportItem(
                batch_id=batch.id,
                position=position,
                retailer_id=store.retailer_id,
                product_id=request.product_id,
                listing_id=listing_id,
                details=details,
            )
        )
    session.flush()
    return batch


def _to_push(session: Session, listing: Listing) -> None:
    if may_move(listing.state, PUSHING):
        listing.state = PUSHING
        listing.error = listing.error_detail = None
    emit(session, StoreBehind(store_id=listing.store_id, retailer_id=listing.retailer_id))


def _own_listing(session: Session, retailer_id: UUID, listing_id: UUID) -> Listing:
    return _own_listings(session, retailer_id, [listing_id])[0]


def _own_listings(session: Session, retailer_id: UUID, listing_ids: Sequence[UUID]) -> list[Listing]:
    listings = session.scalars(
        select(Listing)
        .where(Listing.retailer_id == retailer_id, Listing.id.in_(listing_ids))
        .options(selectinload(Listing.variants))
        .order_by(Listing.id)
        .with_for_update(of=Listing)
    ).all()
    if len(listings) != len(set(listing_ids)) or not listings:
        raise NotFound("listing")
    return list(listings)


def _check_price(price: int | None, name: str) -> None:
    if price is not None and not 0 < price < 10**12:
        raise Invalid.field(name, "out_of_range", "A price is more than zero.")
