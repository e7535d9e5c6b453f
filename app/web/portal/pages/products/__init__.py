"""A supplier's own products: looked through, changed one by one or in a sheet, and taken out as a file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import orjson
from flask import Response, request, stream_with_context
from sqlalchemy.orm import Session

from app import db
from app.catalog import queries as catalog
from app.catalog.assortment.queries import categories_in_use, count, matching, missing, own_page
from app.catalog.models import SupplierProduct, SupplierVariant
from app.catalog.pictures.queries import broken_count
from app.catalog.rules import SKU_MAX
from app.catalog.service import PriceChange, ProductChange, VariantChange, change_product, set_prices, set_status
from app.catalog.tiers.rules import LARGEST_STEP, MOST_STEPS, PriceTier, of_kept
from app.feeds.export import products_csv
from app.inventory.queries import Availability, availability, locations
from app.inventory.rules import LARGEST_QUANTITY
from app.inventory.service import set_free
from app.kit.errors import Conflict, Invalid
from app.kit.money import Money
from app.kit.texts import marked as _
from app.suppliers.models import Supplier
from app.web.auth import principal
from app.web.forms import Sent, problems
from app.web.pages import Nav, Pages, go, page_url, query_without
from app.web.portal import product_page
from app.web.portal.product_filter import SORT_LABELS, STATUS_LABELS, asked, problem_names
from app.web.portal.product_values import CATEGORY_LONGEST, at_fields, price_if_given, texts
from app.web.portal.sheet import changed
from app.web.ui.rendering import gettext

pages = Pages(__name__, nav=Nav(_("Products"), "list_products", 10, permission="products.read"))
_PAGE = 30
#: A sheet has a row for each variant.
_SHEET = 15
#: The most that one file holds.
_MOST_EXPORTED = 50_000


@pages.get("/products", permission="products.read")
def list_products() -> Any:
    """The products that are looked for."""
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        wanted = asked(request.args)
        page = own_page(session, supplier_id, wanted, limit=_PAGE, cursor=request.args.get("cursor"))
        found = count(session, supplier_id, wanted)
        return pages.render(
            "list.html",
            products=page.items,
            next_cursor=page.next_cursor,
            found=found,
            stock=availability(session, [variant.id for one in page.items for variant in one.variants]),
            missing=missing(session, page.items),
            broken=broken_count(session, supplier_id),
            categories=categories_in_use(session, supplier_id),
            **_choices(),
        )


def _choices() -> dict[str, Any]:
    return {
        "statuses": [("", gettext(_("Any status"))), *((key, gettext(text)) for key, text in STATUS_LABELS.items())],
        "sorts": [(key, gettext(text)) for key, text in SORT_LABELS.items()],
        "problem_names": problem_names(),
        "filtered": query_without("cursor", "sort") != {},
    }


@pages.get("/products/export.csv", permission="products.read")
def export() -> Any:
    """The products that are looked for, in the columns of our template."""
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        ids = matching(session, supplier_id, asked(request.args), limit=_MOST_EXPORTED + 1)
    if len(ids) > _MOST_EXPORTED:
        raise Invalid(
            gettext(_("One file holds at most %(n)s products. Narrow the list down first.")) % {"n": _MOST_EXPORTED}
        )

    actor = principal().actor

    def lines() -> Iterator[str]:
        # The lines are made after the request's own scope has ended.
        with db.tenant_scope(supplier_id, actor=actor), db.transaction() as session:
            yield from products_csv(session, supplier_id, ids)

    return Response(
        stream_with_context(lines()),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="crossdock-products.csv"'},
    )


@pages.get("/products/sheet", permission="products.read")
def sheet() -> Any:
    """Stock and wholesale prices of the products that are looked for, to change in place."""
    return _sheet()


@pages.post("/products/sheet", permission="products.read")
def save_sheet() -> Any:
    """What was changed in the sheet; all else stays, whatever happened to it meanwhile."""
    supplier_id, sent = principal().organisation_id, Sent()
    prices, units = changed(sent, "price"), changed(sent, "stock")
    if prices:
        principal().require("products.write")
    if units:
        principal().require("inventory.write")
    try:
        with db.transaction() as session:
            own = {row.id: row for row in catalog.variants_of(session, supplier_id, ids=[*prices, *units])}
            new_prices = {one: sent.price(f"price-{one}", own[one].currency) for one in prices if one in own}
            for one in new_prices:
                now = Money(own[one].wholesale_price, own[one].currency).amount
                if sent.values.get(f"was-price-{one}", now) != now and new_prices[one] != own[one].wholesale_price:
                    message = gettext(
                        _("A file or a colleague made it %(price)s meanwhile. Save again to make it yours.")
                    )
                    sent.refuse(f"price-{one}", "changed_meanwhile", message % {"price": now})
            free = {one: sent.whole(f"stock-{one}", 0, LARGEST_QUANTITY) for one in units if one in own}
            sent.check()
            told = frozenset({"wholesale_price"})
            set_prices(
                session,
                supplier_id,
                {one: PriceChange(told=told, wholesale_price=cost) for one, cost in new_prices.items()},
            )
            if free:
                set_free(session, supplier_id, free)
    except Invalid as error:
        return _sheet(problems(error), error.status)
    return go(page_url("products.sheet", **query_without(), done="saved_for_stores"))


def _sheet(wrong: dict[str, Any] | None = None, status: int = 200) -> Any:
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        page = own_page(session, supplier_id, asked(request.args), limit=_SHEET, cursor=request.args.get("cursor"))
        rows = [(one, variant) for one in page.items for variant in one.variants if variant.status == "active"]
        stock = availability(session, [variant.id for _one, variant in rows])
        one_place = len(locations(session, supplier_id)) < 2
    return pages.render(
        "sheet.html",
        status,
        rows=rows,
        next_cursor=page.next_cursor,
        stock=stock,
        amounts=_amounts([variant for _one, variant in rows]),
        one_place=one_place,
        wrong=wrong or {},
        sent=request.form,
    )


def _amounts(variants: Sequence[SupplierVariant]) -> dict[UUID, dict[str, str]]:
    """Prices as forms hold them."""
    return {
        one.id: {
            name: "" if minor is None else Money(minor, one.currency).amount
            for name, minor in (("cost", one.wholesale_price), ("msrp", one.msrp), ("map", one.map_price))
        }
        for one in variants
    }


def _shown_steps(variant: SupplierVariant) -> list[tuple[str, str]]:
    """Price steps as the form holds them, with empty ones for more."""
    kept = [(str(one.min_quantity), Money(one.price, variant.currency).amount) for one in of_kept(variant.price_tiers)]
    return (kept + [("", "")] * _MORE_STEPS)[:MOST_STEPS]


@pages.get("/products/<uuid:product_id>", permission="products.read")
def detail(product_id: UUID) -> Any:
    """One product with its variants."""
    return product_page.shown(product_id)


@pages.post("/products/<uuid:product_id>/stock", permission="inventory.write")
def save_stock(product_id: UUID) -> Any:
    """What the supplier has free of each variant, now: what was not changed in the form is confirmed as it stands."""
    supplier_id, sent = principal().organisation_id, Sent()
    try:
        with db.transaction() as session:
            product = catalog.product(session, product_id, supplier_id=supplier_id)
            stock = availability(session, [variant.id for variant in product.variants])
            theirs = set(changed(sent, "stock"))
            free = {}
            for variant in product.variants:
                level: Availability | None = stock.get(variant.id)
                if variant.id in theirs:
                    free[variant.id] = sent.whole(f"stock-{variant.id}", 0, LARGEST_QUANTITY)
                elif level is not None:
                    free[variant.id] = level.free
            sent.check()
            set_free(session, supplier_id, free)
    except Invalid as error:
        return product_page.shown(product_id, problems(error), error.status)
    return go(page_url("products.detail", product_id=product_id, done="saved_for_stores"))


@pages.post("/products/<uuid:product_id>/status", permission="products.write")
def save_status(product_id: UUID) -> Any:
    """Put a product on offer or take it off."""
    wanted = request.form.get("status", "")
    if wanted not in STATUS_LABELS:
        raise Invalid.field("status", "unknown_status", "Choose a status.")
    with db.transaction() as session:
        catalog.product(session, product_id, supplier_id=principal().organisation_id)
        set_status(session, principal().organisation_id, [product_id], wanted)
    return go(page_url("products.detail", product_id=product_id, done="saved"))


@pages.get("/products/<uuid:product_id>/edit", permission="products.write")
def edit(product_id: UUID) -> Any:
    """A form with the product's texts, and its variants' prices, weights and numbers."""
    return _form(product_id)


@pages.post("/products/<uuid:product_id>/edit", permission="products.write")
def save(product_id: UUID) -> Any:
    """Keep what was changed."""
    supplier_id, sent = principal().organisation_id, Sent()
    places: list[UUID] = []
    try:
        with db.transaction() as session:
            product = catalog.product(session, product_id, supplier_id=supplier_id)
            variants = [one for one in product.variants if f"cost-{one.id}" in sent.values]
            places = [one.id for one in variants]
            category = _category(session, product)
            change = _described(sent, variants, category)
            sent.check()
            if sent.values.get("seen", now := _fingerprint(product, category)) != now:
                raise Conflict(gettext(_CHANGED_MEANWHILE), code="changed_meanwhile")
            change_product(session, supplier_id, product_id, change)
    except (Invalid, Conflict) as error:
        return _form(product_id, at_fields(error, places, sent), error.status)
    return go(page_url("products.detail", product_id=product_id, done="saved_for_stores"))


_CHANGED_MEANWHILE = _(
    "A file or a colleague changed this product after you opened it. Where yours differs, what is stored now stands "
    "below it. Save again to keep yours."
)
#: Empty lines for more price steps, in the form.
_MORE_STEPS = 2


def _described(sent: Sent, variants: Sequence[SupplierVariant], category: str) -> ProductChange:
    values = texts(sent)
    wanted = sent.text("category", longest=CATEGORY_LONGEST)
    if wanted != category:
        values["category"] = wanted
    return ProductChange(
        values=values,
        variants=[_variant(sent, one) for one in variants],
    )


def _variant(sent: Sent, variant: SupplierVariant) -> VariantChange:
    weighs = sent.values.get(f"weight-{variant.id}", "").strip()
    return VariantChange(
        sku=variant.sku,
        values={
            "wholesale_price": sent.price(f"cost-{variant.id}", variant.currency),
            "msrp": price_if_given(sent, f"msrp-{variant.id}", variant.currency),
            "map_price": price_if_given(sent, f"map-{variant.id}", variant.currency),
            "weight_grams": (sent.grams(f"weight-{variant.id}") if weighs else 0) or None,
            "gtin": sent.text(f"gtin-{variant.id}", longest=SKU_MAX) or None,
            "price_tiers": _steps(sent, variant),
        },
    )


def _steps(sent: Sent, variant: SupplierVariant) -> list[PriceTier]:
    """The price steps of a variant that the form holds; a step is taken away by emptying it."""
    steps = []
    for place in range(MOST_STEPS):
        units, cost = f"from-{variant.id}-{place}", f"step-{variant.id}-{place}"
        if any(sent.values.get(name, "").strip() for name in (units, cost)):
            steps.append(PriceTier(sent.whole(units, 2, LARGEST_STEP), sent.price(cost, variant.currency)))
    return sorted(steps)


def _category(session: Session, product: SupplierProduct) -> str:
    if product.category_id is None:
        return ""
    return catalog.category_paths(session, [product.category_id])[product.category_id]


def _fingerprint(product: SupplierProduct, category: str) -> str:
    """All that the form shows, in short: so it is noticed what a file or a colleague changed meanwhile."""
    shown = [
        product.title,
        product.description,
        product.brand,
        product.tags,
        category,
        [
            (one.id, one.wholesale_price, one.msrp, one.map_price, one.weight_grams, one.gtin, one.price_tiers)
            for one in product.variants
            if one.status == "active"
        ],
    ]
    return hashlib.sha256(orjson.dumps(shown)).hexdigest()


def _stored_now(product: SupplierProduct, category: str) -> dict[str, str]:
    """Beside each field that holds something else than is stored: what is stored."""
    stored = {"title": product.title, "brand": product.brand or "", "category": category}
    active = [one for one in product.variants if one.status == "active"]
    for variant, amounts in _amounts(active).items():
        stored.update({f"{name}-{variant}": amount for name, amount in amounts.items()})
    stored.update({f"gtin-{one.id}": one.gtin or "" for one in active})
    message = gettext(_("Stored now: %(value)s"))
    return {
        name: message % {"value": value or "–"}
        for name, value in stored.items()
        if request.form.get(name, value).strip() != value
    }


def _form(product_id: UUID, wrong: dict[str, Any] | None = None, status: int = 200) -> Any:
    with db.transaction() as session:
        product = catalog.product(session, product_id, supplier_id=principal().organisation_id)
        active = [one for one in product.variants if one.status == "active"]
        category = _category(session, product)
        if wrong and wrong.get("form") == gettext(_CHANGED_MEANWHILE):
            wrong = {**_stored_now(product, category), **wrong}
        return pages.render(
            "form.html",
            status,
            product=product,
            variants=active,
            category=category,
            seen=_fingerprint(product, category),
            amounts=_amounts(active),
            steps={one.id: _shown_steps(one) for one in active},
            currency=session.get_one(Supplier, product.supplier_id).currency,
            wrong=wrong or {},
            sent=request.form,
        )
