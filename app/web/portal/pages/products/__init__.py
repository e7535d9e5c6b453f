"""A supplier's own products and their stock."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request

from app import db
from app.catalog import queries as catalog
from app.catalog.pictures.queries import broken_count
from app.catalog.seo.service import search_texts
from app.catalog.service import set_status
from app.inventory.queries import availability
from app.inventory.service import StockFigure, set_figures
from app.kit import clock
from app.kit.errors import Invalid
from app.kit.texts import marked as _
from app.web.auth import principal
from app.web.pages import Nav, Pages, go, page_url
from app.web.portal.pages.pictures import of_product

pages = Pages(__name__, nav=Nav(_("Products"), "list_products", 10, permission="products.read"))


@pages.get("/products", permission="products.read")
def list_products() -> Any:
    """Products in every status, the newest change first."""
    with db.transaction() as session:
        page = catalog.own_products(
            session,
            principal().organisation_id,
            search=request.args.get("search"),
            limit=30,
            cursor=request.args.get("cursor"),
        )
        stock = availability(session, [variant.id for one in page.items for variant in one.variants])
        return pages.render(
            "list.html",
            products=page.items,
            next_cursor=page.next_cursor,
            stock=stock,
            broken=broken_count(session, principal().organisation_id),
        )


@pages.get("/products/<uuid:product_id>", permission="products.read")
def detail(product_id: UUID) -> Any:
    """One product with its variants."""
    with db.transaction() as session:
        product = catalog.product(session, product_id, supplier_id=principal().organisation_id)
        stock = availability(session, [variant.id for variant in product.variants])
        return pages.render(
            "detail.html",
            product=product,
            stock=stock,
            pictures=of_product(session, product),
            texts=search_texts(product, product.variants),
        )


@pages.post("/products/<uuid:product_id>/stock", permission="inventory.write")
def save_stock(product_id: UUID) -> Any:
    """What the supplier has free of each variant, now."""
    supplier_id = principal().organisation_id
    now = clock.now()
    with db.transaction() as session:
        product = catalog.product(session, product_id, supplier_id=supplier_id)
        figures = []
        for variant in product.variants:
            text = request.form.get(f"stock-{variant.id}", "").strip()
            if not text:
                continue
            if not text.isascii() or not text.isdigit() or len(text) > 9:
                raise Invalid.field(f"stock-{variant.id}", "not_a_quantity", "Stock is a whole number of units.")
            figures.append(StockFigure(variant.id, int(text), now))
        set_figures(session, supplier_id, figures)
    return go(page_url("products.detail", product_id=product_id, done="saved_for_stores"))


@pages.post("/products/<uuid:product_id>/status", permission="products.write")
def save_status(product_id: UUID) -> Any:
    """Put a product on offer or take it off."""
    wanted = request.form.get("status", "")
    if wanted not in ("active", "draft", "ended"):
        raise Invalid.field("status", "unknown_status", "Choose a status.")
    with db.transaction() as session:
        catalog.product(session, product_id, supplier_id=principal().organisation_id)
        set_status(session, principal().organisation_id, [product_id], wanted)
    return go(page_url("products.detail", product_id=product_id, done="saved"))
