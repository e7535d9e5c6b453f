"""Finding products: search, filters, one product, and putting it into the import list."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy.orm import Session

from app import db
from app.catalog import queries as catalog
from app.inventory.queries import availability
from app.kit.errors import Conflict
from app.kit.texts import marked as _
from app.listings import queries as listings
from app.listings.service import ImportRequest, add_to_import_list
from app.listings.service.pricing_of_listings import price_variant, rate_between
from app.pricing.service import as_rule, default_rule
from app.stores import queries as stores
from app.stores.models import Store
from app.suppliers import queries as suppliers
from app.web.auth import principal
from app.web.pages import Nav, Pages, go, page_url
from app.web.ui.rendering import gettext

pages = Pages(__name__, nav=Nav(_("Find products"), "find", 10, permission="catalog.read"))
_PAGE = 24


@pages.get("/products", permission="catalog.read")
def find() -> Any:
    """Products of all suppliers, by words and filters."""
    retailer_id = principal().organisation_id
    args = request.args
    sort = args.get("sort", "newest")
    with db.transaction() as session:
        wanted = catalog.ProductFilter(
            search=args.get("search") or None,
            category=args.get("category") or None,
            supplier_id=_uuid(args.get("supplier")),
            min_price=_minor(args.get("min_price")),
            max_price=_minor(args.get("max_price")),
            in_stock=True if args.get("in_stock") else None,
            sort=sort if sort in catalog.SORTS else "newest",
        )
        sellers = suppliers.active_suppliers(session, limit=200).items
        page = catalog.products(session, wanted, limit=_PAGE, cursor=args.get("cursor"))
        context: dict[str, Any] = {
            "products": page.items,
            "next_cursor": page.next_cursor,
            "listed": listings.listed_products(session, retailer_id, [one.id for one in page.items]),
            "category_options": [("", gettext("All categories"))]
            + [(one.slug, one.path) for one in catalog.categories(session)],
            "supplier_options": [("", gettext("All suppliers"))] + [(str(one.id), one.company_name) for one in sellers],
            "names": {one.id: one.company_name for one in sellers},
            "sort": sort,
        }
    return pages.render("find.html", **context)


@pages.get("/products/<uuid:product_id>", permission="catalog.read")
def detail(product_id: UUID) -> Any:
    """One product: variants with cost, our price for it, and stock."""
    retailer_id = principal().organisation_id
    with db.transaction() as session:
        product = catalog.product(session, product_id)
        rule = as_rule(default_rule(session, retailer_id))
        store = _store(session, retailer_id)
        currency = store.currency if store else principal().currency
        rate = rate_between(session, product.currency, currency)
        prices = {one.id: price_variant(one, rule, None, currency, rate) for one in product.variants}
        context: dict[str, Any] = {
            "product": product,
            "category": catalog.category_paths(session, [product.category_id]).get(product.category_id)
            if product.category_id
            else None,
            "supplier": suppliers.supplier(session, product.supplier_id),
            "rates": suppliers.rates_of(session, [product.supplier_id])[product.supplier_id],
            "closures": suppliers.closures(session, product.supplier_id),
            "stock": availability(session, [one.id for one in product.variants]),
            "prices": prices,
            "currency": currency,
            "listed": bool(listings.listed_products(session, retailer_id, [product.id])),
            "store": store,
        }
    return pages.render("detail.html", **context)


@pages.post("/products/<uuid:product_id>/add", permission="listings.write")
def add(product_id: UUID) -> Any:
    """Put a product into the import list of the first connected store."""
    retailer_id = principal().organisation_id
    with db.transaction() as session:
        store = _store(session, retailer_id)
        if store is None:
            raise Conflict("Connect a store first, under Settings.", code="no_store")
        add_to_import_list(session, store, ImportRequest(product_id=product_id))
    return go(page_url("import_list.drafts", done="draft_added"))


def _store(session: Session, retailer_id: UUID) -> Store | None:
    return next((one for one in stores.stores_of(session, retailer_id) if one.status == "connected"), None)


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _minor(text: str | None) -> int | None:
    try:
        amount = Decimal(text) if text else None
    except InvalidOperation:
        return None
    return int(amount * 100) if amount is not None and 0 <= amount < Decimal(10) ** 9 else None
