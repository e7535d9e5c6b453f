"""Finding products: search, filters, one product, and putting it into the import list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any, Literal
from uuid import UUID

from flask import request
from sqlalchemy.orm import Session

from app import db
from app.catalog import queries as catalog
from app.catalog.placements.finding import find as find_products
from app.catalog.placements.service import active, tally
from app.catalog.search.queries import SORTS, Count, Facets, Wanted, facets
from app.identity.models import Organisation
from app.inventory.queries import availability
from app.kit import texts
from app.kit.countries import named_countries
from app.kit.errors import Conflict
from app.kit.texts import marked as _
from app.listings import queries as listings
from app.listings.rules import DRAFT
from app.listings.service import ImportRequest, add_to_import_list
from app.listings.service.pricing_of_listings import known_rate, price_variant
from app.pricing.service import as_rule, default_rule
from app.purchasing.service import allowance
from app.stores import queries as stores
from app.stores.models import Store
from app.suppliers import queries as suppliers
from app.suppliers.scorecards import cards
from app.web.auth import principal
from app.web.catalogue_cache import kept_for_a_moment
from app.web.pages import Nav, Pages, go, page_url
from app.web.scorecard_words import card_facts
from app.web.ui.rendering import gettext, locale
from embedded_ui.pages.products.comparing import delivery, offers

pages = Pages(__name__, nav=Nav(_("Find products"), "find", 10, permission="catalog.read"))
_PAGE = 24


@pages.get("/products", permission="catalog.read")
def find() -> Any:
    """Products of all suppliers, by words and filters."""
    retailer_id = principal().organisation_id
    args = request.args
    words = args.get("search") or None
    sort = args.get("sort") or ("relevance" if words else "newest")
    wanted = Wanted(
        search=words,
        category=args.get("category") or None,
        supplier_id=_uuid(args.get("supplier")),
        brand=args.get("brand") or None,
        min_price=_minor(args.get("min_price")),
        max_price=_minor(args.get("max_price")),
        in_stock=True if args.get("in_stock") else None,
        ships_to=_country(args.get("ships_to")),
        ships_from=_country(args.get("ships_from")),
        handling_days=_days(args.get("handling_days")),
        has_gtin=True if args.get("has_gtin") else None,
        new=bool(args.get("new")),
        min_rating=_rating(args.get("min_rating")),
        sort=sort if sort in SORTS else "newest",
    )
    with db.transaction() as session:
        placements = kept_for_a_moment("placements", lambda: active(session))
        finds = find_products(session, wanted, placements, limit=_PAGE, cursor=args.get("cursor"))
        found = finds.found
        counted = kept_for_a_moment(("facets page", wanted), lambda: facets(session, wanted, most=40))
        ids = [one.product_id for one in found.page.items]
        context: dict[str, Any] = {
            "found": found,
            "promoted": finds.promoted,
            "counted": counted,
            "listed": listings.listed_products(session, retailer_id, ids),
            "many_stores": len(_connected(session, retailer_id)) > 1,
            "options": _options(session, counted, args),
            "sort": sort,
            "narrowed": any(value for name, value in args.items() if name not in ("sort", "cursor", "done")),
        }
    _tally(Counter(finds.promoted.values()), "impressions")
    return pages.render("find.html", **context)


def _tally(seen: Counter[UUID], what: Literal["impressions", "clicks"]) -> None:
    """Count placements for their suppliers; nothing is kept of who saw them."""
    if seen:
        with db.system_scope(actor="placements"), db.transaction() as session:
            tally(session, seen, what)


@pages.get("/products/<uuid:product_id>", permission="catalog.read")
def detail(product_id: UUID) -> Any:
    """One product: variants with cost, our price for it where there is a rate between the currencies, and stock."""
    retailer_id = principal().organisation_id
    with db.transaction() as session:
        product = catalog.product(session, product_id)
        rule = as_rule(default_rule(session, retailer_id))
        connected = _connected(session, retailer_id)
        store = connected[0] if connected else None
        currency = store.currency if store else principal().currency
        rate = known_rate(session, product.currency, currency)
        prices = {one.id: price_variant(one, rule, None, currency, rate) for one in product.variants} if rate else {}
        country = _country(request.args.get("ships_to")) or (store.country if store and store.country else None)
        country = country or session.get_one(Organisation, retailer_id).country
        gtins = [one.gtin for one in product.variants if one.gtin]
        rates = suppliers.rates_of(session, [product.supplier_id])[product.supplier_id]
        stock = availability(session, [one.id for one in product.variants])
        placements = kept_for_a_moment("placements", lambda: active(session))
        context: dict[str, Any] = {
            "product": product,
            "category": catalog.category_paths(session, [product.category_id]).get(product.category_id)
            if product.category_id
            else None,
            "supplier": suppliers.supplier(session, product.supplier_id),
            "rates": rates,
            "country": country,
            "country_options": named_countries(locale()),
            "delivery": next(
                (delivery(rates, country, one) for one in product.variants if one.status == "active"), None
            ),
            "reliability": card_facts(cards(session, [product.supplier_id]).get(product.supplier_id)),
            "offers": offers(session, product.id, gtins, country, currency),
            "closures": suppliers.closures(session, product.supplier_id),
            "stock": stock,
            "samples": allowance(session, retailer_id, product.id),
            "stock_as_of": min((one.as_of for one in stock.values() if one.as_of), default=None),
            "prices": prices,
            "currency": currency,
            "places": _places(session, retailer_id, product.id, connected),
            "store": store,
        }
    followed = _uuid(request.args.get("placement"))
    if followed is not None and any(
        one.id == followed and one.supplier_id == product.supplier_id for one in placements
    ):
        _tally(Counter([followed]), "clicks")
    return pages.render("detail.html", **context)


@pages.post("/products/<uuid:product_id>/add", permission="listings.write")
def add(product_id: UUID) -> Any:
    """Put a product into the import list of a connected store: the one that is named, else the first."""
    retailer_id = principal().organisation_id
    wanted = request.form.get("store", "")
    with db.transaction() as session:
        found = [one for one in _connected(session, retailer_id) if not wanted or str(one.id) == wanted]
        if not found:
            raise Conflict("Connect a store first, under Settings.", code="no_store")
        listing = add_to_import_list(session, found[0], ImportRequest(product_id=product_id))
        if listing.state != DRAFT:
            # Published meanwhile, in another tab or by somebody else.
            return go(page_url("listings.detail", listing_id=listing.id, done="listed_already"))
    return go(page_url("import_list.drafts", done="draft_added"))


def _connected(session: Session, retailer_id: UUID) -> list[Store]:
    return [one for one in stores.stores_of(session, retailer_id) if one.status == "connected"]


def _places(
    session: Session, retailer_id: UUID, product_id: UUID, connected: Sequence[Store]
) -> list[tuple[Store, str | None]]:
    """Each connected store, with the address at which the product stands for it; None: it is not listed there."""
    found = listings.listings_of_product(session, retailer_id, product_id)

    def address(store: Store) -> str | None:
        listing = found.get(store.id)
        if listing is None:
            return None
        if listing.state == DRAFT:
            return page_url("import_list.drafts")
        return page_url("listings.detail", listing_id=listing.id)

    return [(store, address(store)) for store in connected]


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _options(session: Session, counted: Facets, args: Mapping[str, str]) -> dict[str, list[tuple[str, str]]]:
    """What each filter can be set to, with how many products that leaves; what is set stays, also with none."""

    def of(everything: str, counts: Sequence[Count], chosen: str | None, label: str = "") -> list[tuple[str, str]]:
        listed = [(one.value, f"{one.label} ({number(one.products)})") for one in counts]
        if chosen and chosen not in {value for value, _label in listed}:
            listed.append((chosen, label or chosen))
        return [("", everything), *listed]

    def number(products: int) -> str:
        return texts.number(products, locale()) if counted.exact else "≈ " + texts.number(products, locale())

    supplier_id, category = _uuid(args.get("supplier")), args.get("category")
    named = suppliers.names(session, [supplier_id]).get(supplier_id, "") if supplier_id else ""
    codes = named_countries(locale())
    by_code = dict(codes)
    return {
        "category": of(gettext("All categories"), counted.categories, category),
        "brand": of(gettext("All brands"), counted.brands, args.get("brand")),
        "supplier": of(gettext("All suppliers"), counted.suppliers, args.get("supplier") if named else None, named),
        "ships_from": of(
            gettext("Anywhere"),
            [replace(one, label=by_code.get(one.value, one.value)) for one in counted.ships_from],
            _country(args.get("ships_from")),
        ),
        "ships_to": [("", gettext("Any country")), *codes],
    }


def _country(text: str | None) -> str | None:
    return text.upper() if text and len(text) == 2 and text.isascii() and text.isalpha() else None


def _days(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 3 else None


def _rating(text: str | None) -> Decimal | None:
    """The least rating of a supplier, 0 to 5."""
    return Decimal(text) if text in ("3.5", "4.0", "4.5") else None


def _minor(text: str | None) -> int | None:
    try:
        amount = Decimal(text) if text else None
    except InvalidOperation:
        return None
    return int(amount * 100) if amount is not None and 0 <= amount < Decimal(10) ** 9 else None
