"""Listings follow what changes elsewhere: stock, products, price rules, stores and suppliers.

Each function works out the wanted state anew and tells which stores now lag behind; running one twice is harmless.
They look across tenants and run in jobs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, selectinload

from app.catalog.models import SupplierProduct, SupplierVariant
from app.kit import clock
from app.kit.errors import Conflict
from app.kit.ids import new_id
from app.listings.events import ListingPricesChanged, StoreBehind
from app.listings.models import Listing, ListingSource, ListingVariant
from app.listings.rules import DRAFT, FAILED, LIVE, OUT_OF_SYNC, UNLINKED
from app.listings.service.acknowledging import settle
from app.listings.service.pricing_of_listings import bundle_costs, price_variant, rate_between
from app.listings.service.quantities import refresh_in_stock, wanted_quantities
from app.outbox.service import emit
from app.pricing.models import PriceRule
from app.pricing.rules import DEFAULT_RULE, Rule
from app.pricing.service import as_rule
from app.stores.models import Store

_AT_ONCE = 500


def follow_inventory(session: Session, variant_ids: Sequence[UUID]) -> None:
    """Stock of these variants has changed."""
    refresh_in_stock(session, variant_ids)
    _tell(session, wanted_quantities(session, variant_ids))


def follow_products(session: Session, product_ids: Sequence[UUID]) -> None:
    """Texts, prices or status of these products have changed."""
    listings = _listings(session, Listing.product_id.in_(product_ids) | Listing.id.in_(_bundles_with(product_ids)))
    behind = _follow(session, listings)
    variant_ids = session.scalars(select(SupplierVariant.id).where(SupplierVariant.product_id.in_(product_ids))).all()
    _tell(session, {**behind, **wanted_quantities(session, variant_ids)})


def follow_sources(session: Session, listing_id: UUID) -> None:
    """The goods of a listing may come from elsewhere than before."""
    behind = _follow(session, _listings(session, Listing.id == listing_id))
    variant_ids = session.scalars(
        select(ListingVariant.variant_id).where(ListingVariant.listing_id == listing_id)
    ).all()
    _tell(session, {**behind, **wanted_quantities(session, variant_ids)})


def _bundles_with(product_ids: Sequence[UUID]) -> Select[UUID]:
    """Listings of which a bundle has a component among these products."""
    return (
        select(ListingVariant.listing_id)
        .join(ListingSource, ListingSource.listing_variant_id == ListingVariant.id)
        .join(SupplierVariant, SupplierVariant.id == ListingSource.variant_id)
        .where(SupplierVariant.product_id.in_(product_ids), ListingSource.component > 0)
    )


def follow_price_rule(session: Session, rule_id: UUID) -> None:
    """A rule has changed: everything it prices is priced again."""
    _tell(session, _follow(session, _listings(session, Listing.price_rule_id == rule_id)))


def follow_store(session: Session, store_id: UUID) -> None:
    """A store was connected or its buffer changed: everything in it is looked at again."""
    store = session.get_one(Store, store_id)
    variant_ids = session.scalars(
        select(ListingVariant.variant_id).where(ListingVariant.store_id == store_id).distinct()
    ).all()
    for start in range(0, len(variant_ids), _AT_ONCE):
        wanted_quantities(session, variant_ids[start : start + _AT_ONCE], store_id=store_id)
    if variant_ids:
        _tell(session, {store_id: store.retailer_id})


def follow_supplier(session: Session, supplier_id: UUID) -> None:
    """A supplier may sell again, or no longer: all that is listed of it shows so."""
    variant_ids = session.scalars(
        select(ListingVariant.variant_id)
        .join(Listing, Listing.id == ListingVariant.listing_id)
        .where(Listing.supplier_id == supplier_id)
        .distinct()
    ).all()
    behind: dict[UUID, UUID] = {}
    for start in range(0, len(variant_ids), _AT_ONCE):
        behind |= wanted_quantities(session, variant_ids[start : start + _AT_ONCE])
    _tell(session, behind)


def _follow(session: Session, listings: Sequence[Listing]) -> dict[UUID, UUID]:
    """Bring texts, variants and prices of listings up to what they should be. Returns stores that lag."""
    if not listings:
        return {}
    products = {
        product.id: product
        for product in session.scalars(
            select(SupplierProduct)
            .where(SupplierProduct.id.in_({listing.product_id for listing in listings}))
            .options(selectinload(SupplierProduct.variants))
        )
    }
    stores = {
        store.id: store
        for store in session.scalars(select(Store).where(Store.id.in_({listing.store_id for listing in listings})))
    }
    rules = {
        rule.id: as_rule(rule)
        for rule in session.scalars(
            select(PriceRule).where(PriceRule.id.in_({listing.price_rule_id for listing in listings}))
        )
    }
    behind: dict[UUID, UUID] = {}
    priced: defaultdict[tuple[UUID, UUID], list[UUID]] = defaultdict(list)
    for listing in listings:
        rule = rules.get(listing.price_rule_id, DEFAULT_RULE) if listing.price_rule_id else DEFAULT_RULE
        before = _prices(listing)
        if _bring_up(session, listing, products[listing.product_id], stores[listing.store_id], rule):
            behind[listing.store_id] = listing.retailer_id
            if _prices(listing) != before:
                priced[listing.store_id, listing.retailer_id].append(listing.id)
    session.flush()
    emit(
        session,
        *(
            ListingPricesChanged(store_id=store, retailer_id=retailer, listing_ids=tuple(listing_ids))
            for (store, retailer), listing_ids in sorted(priced.items())
        ),
    )
    # A price that went and came back before it was pushed leaves nothing to push.
    settle(session, [listing.id for listing in listings if listing.state == OUT_OF_SYNC])
    return behind


def _prices(listing: Listing) -> dict[UUID, int]:
    """What the variants that are on sale are to cost."""
    return {row.variant_id: row.wanted_price for row in listing.variants if row.enabled}


def _bring_up(session: Session, listing: Listing, product: SupplierProduct, store: Store, rule: Rule) -> bool:
    try:
        rate = rate_between(session, product.currency, store.currency)
    except Conflict:
        # Without a rate the prices stay; the store's page says so.
        return False
    bundles = bundle_costs(session, [row.id for row in listing.variants])
    content = False
    for name in ("title", "description"):
        theirs = getattr(product, name)
        if name not in listing.owned_fields and getattr(listing, name) != theirs:
            setattr(listing, name, theirs)
            content = True
    known = {row.variant_id: row for row in listing.variants}
    prices = False
    for variant in product.variants:
        row = known.get(variant.id)
        if row is None:
            # A new variant is offered, switched off, in listings that exist: the retailer decides.
            row = _new_variant(session, listing, variant)
        if row.id in bundles.untold:
            # Its price stays until there is a rate; all else follows.
            continue
        priced = price_variant(variant, rule, row.own_price, store.currency, rate, bundles.known.get(row.id))
        if (row.wanted_price, row.wanted_compare_at, row.wanted_cost) != (
            priced.price,
            priced.compare_at,
            priced.cost,
        ):
            row.wanted_price, row.wanted_compare_at, row.wanted_cost = (
                priced.price,
                priced.compare_at,
                priced.cost,
            )
            row.waiting_since = row.waiting_since or clock.now()
            # A price that was refused may be taken now.
            row.error = None
            prices = True
    if not content and not prices:
        return False
    listing.updated_at = clock.now()
    if content or listing.state == FAILED:
        # A listing that was refused is sent again as a whole.
        listing.wanted_version += 1
    if listing.state == LIVE:
        listing.state = OUT_OF_SYNC
    return listing.state not in (DRAFT, UNLINKED)


def _new_variant(session: Session, listing: Listing, variant: SupplierVariant) -> ListingVariant:
    row = ListingVariant(
        id=new_id(),
        listing_id=listing.id,
        retailer_id=listing.retailer_id,
        store_id=listing.store_id,
        variant_id=variant.id,
        position=variant.position,
        enabled=listing.state == DRAFT,
        wanted_price=0,
        wanted_cost=0,
        wanted_quantity=0,
        unseen_sales=0,
    )
    session.add(row)
    return row


def _listings(session: Session, condition: object) -> Sequence[Listing]:
    return session.scalars(
        select(Listing)
        .where(condition)  # type: ignore[arg-type]
        .options(selectinload(Listing.variants))
        .order_by(Listing.id)
        .with_for_update(of=Listing)
    ).all()


def _tell(session: Session, behind: dict[UUID, UUID]) -> None:
    emit(
        session,
        *(StoreBehind(store_id=store, retailer_id=retailer) for store, retailer in sorted(behind.items())),
    )


def stores_behind(session: Session) -> Iterable[tuple[UUID, UUID]]:
    """Connected stores with something to push, for the sweep that makes up for anything missed."""
    quantity = ListingVariant.external_id.is_not(None) & ListingVariant.wanted_quantity.is_distinct_from(
        ListingVariant.store_quantity
    )
    content = Listing.wanted_version > Listing.pushed_version
    rows = session.execute(
        select(Store.id, Store.retailer_id)
        .join(Listing, Listing.store_id == Store.id)
        .join(ListingVariant, ListingVariant.listing_id == Listing.id)
        .where(Store.status == "connected", Listing.state.not_in((DRAFT, UNLINKED)), quantity | content)
        .distinct()
    )
    return [(store_id, retailer_id) for store_id, retailer_id in rows]


def sweep(session: Session) -> None:
    """Tell again of every store that lags."""
    _tell(session, dict(stores_behind(session)))
