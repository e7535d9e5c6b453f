"""What stores should show of suppliers' stock, worked out for many listings at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Uuid, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, aliased

from app.catalog.models import SupplierProduct, SupplierVariant
from app.catalog.queries import on_offer
from app.catalog.search.refreshing import mark_in_stock
from app.config import settings
from app.inventory.queries import NOTHING, availability
from app.inventory.rules import BufferPolicy, sellable, small_stock_buffer
from app.kit import clock
from app.listings.models import Listing, ListingSource, ListingVariant
from app.listings.rules import DRAFT, UNLINKED
from app.stores.models import Store
from app.suppliers.models import Supplier

_SET = text(
    "update listing_variants as row set wanted_quantity = new.quantity, "
    "waiting_since = case when new.quantity is distinct from row.store_quantity "
    "then coalesce(row.waiting_since, :now) else null end "
    "from unnest(:ids, :quantities) as new(id, quantity) where row.id = new.id"
).bindparams(bindparam("ids", type_=ARRAY(Uuid)), bindparam("quantities", type_=ARRAY(Integer)))


def wanted_quantities(
    session: Session, variant_ids: Sequence[UUID], *, store_id: UUID | None = None
) -> dict[UUID, UUID]:
    """Work out what every listing of these variants should show, and write down what differs.

    Returns the stores that now differ, each with its retailer. A variant that is switched off, ended, or of a
    product or supplier that is not on offer shows 0.
    """
    sources = _sources(session, variant_ids)
    rows = _rows(session, ListingVariant.variant_id.in_(variant_ids), store_id)
    known = {row.id for row in rows}
    if not sources.keys() <= known:
        # What is listed there is another variant, which has one of these for a source.
        rows = [*rows, *_rows(session, ListingVariant.id.in_(sources.keys() - known), store_id)]
    if not rows:
        return {}
    of_sources = {one.variant_id for several in sources.values() for one in several}
    stock = availability(session, {row.variant_id for row in rows} | of_sources)
    spread = _stores_listing(session, {row.variant_id for row in rows})
    stale_before = clock.now() - settings().stock_stale_after
    changed: list[tuple[UUID, int]] = []
    behind: dict[UUID, UUID] = {}
    for row in rows:
        policy = _policy(row, spread[row.variant_id])

        def shown(variant_id: UUID, policy: BufferPolicy = policy) -> int:
            level = stock.get(variant_id, NOTHING)
            fresh = level.as_of is not None and level.as_of >= stale_before
            return sellable(level.for_sale, policy, fresh=fresh)

        if not row.enabled:
            quantity = 0
        elif row.id in sources:
            quantity = _of_sources(sources[row.id], shown)
        else:
            quantity = shown(row.variant_id) if row.offered else 0
        if quantity != row.wanted_quantity or (row.waits and quantity == row.store_quantity):
            changed.append((row.id, quantity))
        if row.published and quantity != row.store_quantity:
            behind[row.store_id] = row.retailer_id
    if changed:
        session.connection().execute(
            _SET,
            {
                "ids": [one for one, _ in changed],
                "quantities": [quantity for _, quantity in changed],
                "now": clock.now(),
            },
        )
        session.expire_all()
    return behind


def refresh_in_stock(session: Session, variant_ids: Sequence[UUID]) -> None:
    """Keep the catalogue's mark of which products can be bought now."""
    products = session.scalars(
        select(SupplierVariant.product_id).where(SupplierVariant.id.in_(variant_ids)).distinct()
    ).all()
    variants = session.execute(
        select(SupplierVariant.product_id, SupplierVariant.id).where(
            SupplierVariant.product_id.in_(products), SupplierVariant.status == "active"
        )
    ).all()
    stock = availability(session, [variant_id for _, variant_id in variants])
    by_product: defaultdict[UUID, bool] = defaultdict(bool)
    for product_id, variant_id in variants:
        by_product[product_id] |= stock.get(variant_id, NOTHING).for_sale > 0
    for value in (True, False):
        ids = [product_id for product_id in products if by_product[product_id] is value]
        session.execute(
            update(SupplierProduct)
            .where(SupplierProduct.id.in_(ids), SupplierProduct.in_stock.is_not(value))
            .values(in_stock=value)
            .execution_options(synchronize_session=False)
        )
        mark_in_stock(session, ids, value)


def _policy(row: Any, stores: int) -> BufferPolicy:
    return BufferPolicy(
        percent=row.buffer_percent,
        units=row.buffer_units,
        small_stock=settings().small_stock,
        small_stock_buffer=small_stock_buffer(stores),
        cap=row.quantity_cap,
    )


def _of_sources(sources: Sequence[Any], shown: Callable[[UUID], int]) -> int:
    """What can be sold of a variant with several sources: as much as one source of each component has. Sources are not
    added up, so that whatever is sold of it can come from one."""
    components: defaultdict[int, int] = defaultdict(int)
    for one in sources:
        units = shown(one.variant_id) // one.per_unit if one.offered else 0
        components[one.component] = max(components[one.component], units)
    return min(components.values())


def _sources(session: Session, variant_ids: Sequence[UUID]) -> dict[UUID, list[Any]]:
    """All linked sources, but no substitutes, of the listing variants that have one of these among them."""
    one, all_of_it = aliased(ListingSource), aliased(ListingSource)
    rows = session.execute(
        select(
            all_of_it.listing_variant_id,
            all_of_it.variant_id,
            all_of_it.component,
            all_of_it.per_unit,
            _OFFERED.label("offered"),
        )
        .distinct()
        .select_from(one)
        .join(all_of_it, all_of_it.listing_variant_id == one.listing_variant_id)
        .join(SupplierVariant, SupplierVariant.id == all_of_it.variant_id)
        .join(SupplierProduct, SupplierProduct.id == SupplierVariant.product_id)
        .join(Supplier, Supplier.id == SupplierVariant.supplier_id)
        .where(one.variant_id.in_(variant_ids), all_of_it.state == "linked", all_of_it.kind != "substitute")
    )
    found: defaultdict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.listing_variant_id].append(row)
    return dict(found)


_OFFERED = on_offer()


def _rows(session: Session, which: ColumnElement[bool], store_id: UUID | None) -> Sequence[Any]:
    query = (
        select(
            ListingVariant.id,
            ListingVariant.variant_id,
            ListingVariant.store_id,
            ListingVariant.retailer_id,
            ListingVariant.enabled,
            ListingVariant.wanted_quantity,
            ListingVariant.store_quantity,
            ListingVariant.waiting_since.is_not(None).label("waits"),
            _OFFERED.label("offered"),
            (ListingVariant.external_id.is_not(None) & Listing.state.not_in((DRAFT, UNLINKED))).label("published"),
            Store.buffer_percent,
            Store.buffer_units,
            Store.quantity_cap,
        )
        .join(Listing, Listing.id == ListingVariant.listing_id)
        .join(Store, Store.id == ListingVariant.store_id)
        .join(SupplierVariant, SupplierVariant.id == ListingVariant.variant_id)
        .join(SupplierProduct, SupplierProduct.id == SupplierVariant.product_id)
        .join(Supplier, Supplier.id == SupplierVariant.supplier_id)
        .where(which)
    )
    if store_id is not None:
        query = query.where(ListingVariant.store_id == store_id)
    return session.execute(query).all()


def _stores_listing(session: Session, variant_ids: set[UUID]) -> dict[UUID, int]:
    """How many stores list each variant."""
    counts: defaultdict[UUID, int] = defaultdict(int)
    rows = session.execute(
        select(ListingVariant.variant_id, func.count(ListingVariant.store_id.distinct()))
        .join(Listing, Listing.id == ListingVariant.listing_id)
        .where(
            ListingVariant.variant_id.in_(variant_ids),
            ListingVariant.enabled,
            Listing.state.not_in((DRAFT, UNLINKED)),
        )
        .group_by(ListingVariant.variant_id)
    )
    counts.update({variant_id: count for variant_id, count in rows})
    return counts
