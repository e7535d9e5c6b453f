"""Articles of stores that no supplier's variant is linked to: whether they look like ours, and what they may be."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from app.catalog.models import SupplierProduct, SupplierVariant
from app.catalog.queries import on_offer
from app.catalog.rules import same_gtins, variant_title
from app.catalog.search.asking import Wanted
from app.catalog.search.queries import search
from app.inventory.models import InventoryLevel
from app.listings.models import Listing, ListingVariant, StoreLink
from app.listings.rules import DRAFT, link_key
from app.stores.models import StoreLocation
from app.stores.risk import ALONE, ALWAYS
from app.stores.store_orders import StoreOrderLine
from app.suppliers.models import Supplier

_NOT_IN_HANDLES = re.compile(r"[^a-z0-9]+")
_SHOWN, _LOOKED_AT, _PRODUCTS_FOUND = 20, 200, 10


@dataclass(frozen=True, slots=True)
class FoundVariant:
    """A supplier's variant on offer. ``listed``: the retailer has it in a listing; ``same``: it has the SKU or the
    article number that was looked for. ``price`` is in minor units of ``currency``; ``free``: units in stock."""

    id: UUID
    title: str
    sku: str
    supplier: str
    price: int
    currency: str
    free: int
    listed: bool
    same: bool


def store_links(session: Session, store_id: UUID) -> Sequence[StoreLink]:
    """What the retailer has said of a store's articles, the newest first."""
    return session.scalars(
        select(StoreLink).where(StoreLink.store_id == store_id).order_by(StoreLink.created_at.desc(), StoreLink.id)
    ).all()


def skus_of(session: Session, variant_ids: Collection[UUID]) -> dict[UUID, str]:
    """Suppliers' SKUs of variants."""
    rows = session.execute(select(SupplierVariant.id, SupplierVariant.sku).where(SupplierVariant.id.in_(variant_ids)))
    return {variant_id: sku for variant_id, sku in rows}


def links_of(session: Session, store_id: UUID, lines: Iterable[StoreOrderLine]) -> dict[str, StoreLink]:
    """Key of an article → what its retailer said of it."""
    keys = {link_key(line.external_variant_id, line.sku) for line in lines} - {""}
    rows = session.scalars(select(StoreLink).where(StoreLink.store_id == store_id, StoreLink.link_key.in_(keys)))
    return {row.link_key: row for row in rows}


def looks(
    session: Session,
    store_id: UUID,
    setting: str,
    lines: Sequence[StoreOrderLine],
    links: Mapping[str, StoreLink],
    placed_at: datetime,
) -> dict[str, str]:
    """The store's line → why it is asked about (``app.orders.rules.LINE_LOOKS``). Those that are left alone are not
    there: so the ``setting`` says (``app.stores.risk.UNLINKED``), nothing says that they are ours, their retailer has
    said that they are not, or somebody has sent them."""
    if setting == ALONE:
        return {}
    asked = {line.external_line_id: line for line in lines if line.unsent != 0}
    found: dict[str, str] = {}
    for key, line in list(asked.items()):
        link = links.get(link_key(line.external_variant_id, line.sku))
        if link is not None and link.variant_id is None:
            del asked[key]
        elif link is not None and not link.holds_for(placed_at):
            found[key] = "linked_since"
    if not asked:
        return {}
    services = _services(session, store_id) if any(line.fulfilled_by for line in asked.values()) else frozenset()
    products = _products(session, store_id, {line.external_product_id for line in asked.values()} - {None})
    skus = _skus(session, store_id, {line.sku for line in asked.values()} - {""})
    for key, line in asked.items():
        if key in found:
            continue
        if line.external_product_id in products:
            found[key] = "product"
        elif line.sku in skus:
            found[key] = "sku"
        elif line.fulfilled_by in services:
            found[key] = "service"
        elif setting == ALWAYS:
            found[key] = "always"
    return found


def find_variants(
    session: Session, retailer_id: UUID, words: str, *, sku: str = "", product_ref: str | None = None
) -> list[FoundVariant]:
    """What is on offer by words (of a title, or a SKU or article number) or, without words, what has this ``sku`` or
    belongs to the retailer's listing of the store's product ``product_ref``. What the retailer lists comes first, then
    what has the same SKU or number, then what fits the words best, then the cheapest."""
    wanted = words.split()[:6] or ([sku] if sku else [])
    same = SupplierVariant.sku.in_(wanted) | SupplierVariant.gtin.in_(_gtins(wanted))
    listed = exists().where(ListingVariant.variant_id == SupplierVariant.id, ListingVariant.retailer_id == retailer_id)
    own: list[ColumnElement[bool]] = []
    places: dict[UUID, int] = {}
    if words:
        titled = [SupplierProduct.title.icontains(word, autoescape=True) for word in wanted]
        mine = select(Listing.product_id).where(Listing.retailer_id == retailer_id)
        own.append(SupplierProduct.id.in_(mine) & and_(*titled))
        others = search(session, Wanted(search=words, sort="relevance"), limit=_PRODUCTS_FOUND).page.items
        places = {entry.product_id: place for place, entry in enumerate(others)}
        own.append(SupplierProduct.id.in_(places))
    elif product_ref:
        mine = select(Listing.product_id).where(Listing.retailer_id == retailer_id, Listing.external_id == product_ref)
        own.append(SupplierProduct.id.in_(mine))
    free = func.coalesce(
        select(func.sum(func.greatest(InventoryLevel.on_hand - InventoryLevel.reserved, 0)))
        .where(InventoryLevel.variant_id == SupplierVariant.id)
        .correlate(SupplierVariant)
        .scalar_subquery(),
        0,
    )
    rows = session.execute(
        select(SupplierVariant, SupplierProduct.title, Supplier.company_name, free, listed, same)
        .join(SupplierProduct, SupplierProduct.id == SupplierVariant.product_id)
        .join(Supplier, Supplier.id == SupplierVariant.supplier_id)
        .where(on_offer(), or_(same, *own))
        .order_by(listed.desc(), same.desc().nulls_last(), SupplierVariant.wholesale_price, SupplierVariant.id)
        .limit(_LOOKED_AT)
    ).all()
    ordered = sorted(rows, key=lambda row: (not row[4], not row[5], places.get(row[0].product_id, 0)))
    return [
        FoundVariant(
            row.id,
            variant_title(title, row.options),
            row.sku,
            company,
            row.wholesale_price,
            row.currency,
            int(units),
            bool(is_listed),
            bool(is_same),
        )
        for row, title, company, units, is_listed, is_same in ordered[:_SHOWN]
    ]


def _gtins(words: Iterable[str]) -> list[str]:
    return [form for word in words if word.isascii() and word.isdigit() and len(word) > 7 for form in same_gtins(word)]


def _products(session: Session, store_id: UUID, refs: Collection[str | None]) -> Collection[str | None]:
    if not refs:
        return ()
    return session.scalars(
        select(Listing.external_id).where(Listing.store_id == store_id, Listing.external_id.in_(refs))
    ).all()


def _skus(session: Session, store_id: UUID, skus: Collection[str]) -> Collection[str]:
    if not skus:
        return ()
    return session.scalars(
        select(SupplierVariant.sku)
        .join(ListingVariant, ListingVariant.variant_id == SupplierVariant.id)
        .join(Listing, Listing.id == ListingVariant.listing_id)
        .where(ListingVariant.store_id == store_id, Listing.state != DRAFT, SupplierVariant.sku.in_(skus))
    ).all()


def _services(session: Session, store_id: UUID) -> Collection[str]:
    """Handles of our fulfilment services in the store: each is called by its supplier's name."""
    names = session.scalars(
        select(Supplier.company_name)
        .join(StoreLocation, StoreLocation.supplier_id == Supplier.id)
        .where(StoreLocation.store_id == store_id)
    )
    return {_NOT_IN_HANDLES.sub("-", name.casefold()).strip("-") for name in names}
