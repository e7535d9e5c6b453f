"""A supplier's own products and prices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Response, jsonify
from sqlalchemy.orm import Session

from app import db
from app.catalog import queries as catalog
from app.catalog.models import SupplierVariant
from app.catalog.service import (
    PriceChange,
    ProductChange,
    VariantChange,
    change_product,
    make_product,
    set_prices,
    tier_errors,
)
from app.catalog.tiers.rules import PriceTier, as_kept
from app.inventory.queries import availability
from app.inventory.service import StockFigure, set_figures
from app.kit import clock
from app.kit.errors import FieldError, Invalid
from app.web.api import present
from app.web.api.amounts import minor_of
from app.web.api.blueprint import api, caller, guarded
from app.web.api.repetition import work
from app.web.api.rows import Variants, failed, read_rows, unknown
from app.web.api.schemas.products import (
    NewProductInput,
    NewVariantInput,
    OwnProductList,
    OwnProductOut,
    OwnProductsQuery,
    PriceInput,
    PricesInput,
    PricesOut,
    PriceTierInput,
    ProductChangeInput,
)
from app.web.api.schemas.shapes import IdPath

#: A price's name in the API → in the catalogue.
_PRICES = {"wholesale_price": "wholesale_price", "msrp": "msrp", "map": "map_price"}
_TEXTS = ("title", "description", "brand", "category", "tags", "status")


@api.get("/supplier/products", responses={200: OwnProductList}, summary="Your products, the newest change first")
@guarded("supplier", scope="read:catalog")
def list_own_products(query: OwnProductsQuery) -> Response:
    """In every status, drafts and ended ones included."""
    with db.transaction() as session:
        page = catalog.own_products(
            session,
            caller().organisation_id,
            search=query.search,
            status=query.status,
            in_stock=query.in_stock,
            updated_since=query.updated_since,
            limit=query.limit,
            cursor=query.cursor,
        )
        stock = availability(session, [variant.id for row in page.items for variant in row.variants])
        paths = catalog.category_paths(session, {row.category_id for row in page.items})
        return jsonify(
            items=[present.own_product(row, paths, stock) for row in page.items], next_cursor=page.next_cursor
        )


@api.get("/supplier/products/<uuid:id>", responses={200: OwnProductOut}, summary="One of your products")
@guarded("supplier", scope="read:catalog")
def one_own_product(path: IdPath) -> Response:
    with db.transaction() as session:
        return jsonify(_shown(session, path.id))


@api.post("/supplier/products", responses={201: OwnProductOut}, summary="Offer a new product")
@guarded("supplier", scope="write:catalog")
def create_product(body: NewProductInput) -> Response:
    """A handle or an SKU that another of your products has is 409."""
    who = caller()
    with work() as done:
        change = _change(body, body.variants, who.currency)
        product_id, ids = make_product(done.session, who.organisation_id, who.currency, body.handle, change)
        _set_stock(done.session, who.organisation_id, body.variants, ids)
        done.answers(_shown(done.session, product_id), 201)
    return done.response()


@api.patch("/supplier/products/<uuid:id>", responses={200: OwnProductOut}, summary="Change one of your products")
@guarded("supplier", scope="write:catalog")
def update_product(path: IdPath, body: ProductChangeInput) -> Response:
    """What is left out stays. Variants are found by their SKUs; an unknown SKU is a new variant."""
    who = caller()
    with work() as done:
        change = _change(body, body.variants, who.currency)
        _product_id, ids = change_product(done.session, who.organisation_id, path.id, change)
        _set_stock(done.session, who.organisation_id, body.variants, ids)
        done.answers(_shown(done.session, path.id))
    return done.response()


@api.post("/supplier/prices/batch", responses={200: PricesOut}, summary="Set the prices of up to 1,000 SKUs")
@guarded("supplier", scope="write:catalog", cost=5)
def set_prices_of_many(body: PricesInput) -> Response:
    """Each item stands for itself: what is wrong with one does not hold up the others. Of two for the same variant
    the later counts."""
    who = caller()
    with work() as done:
        rows, outcomes = read_rows(body.items, PriceInput)
        variants = Variants.named(done.session, who.organisation_id, list(rows.values()))
        known: dict[int, SupplierVariant] = {}
        changes: dict[UUID, PriceChange] = {}
        for index, row in rows.items():
            variant = variants.of(row)
            if variant is None:
                outcomes[index] = unknown(row)
                continue
            try:
                changes[variant.id] = _price_change(row, variant, who.currency, changes.get(variant.id))
                known[index] = variant
            except Invalid as error:
                first = error.errors[0]
                outcomes[index] = failed(variant.sku, first.field, first.code, first.message)
        changed = set_prices(done.session, who.organisation_id, changes) if changes else set()
        for index, variant in known.items():
            outcomes[index] = {"sku": variant.sku, "status": "ok" if variant.id in changed else "unchanged"}
        done.answers({"items": outcomes})
    return done.response()


def _shown(session: Session, product_id: UUID) -> present.Json:
    """A product as it stands after what this transaction has changed."""
    session.expire_all()
    row = catalog.product(session, product_id, supplier_id=caller().organisation_id)
    stock = availability(session, [variant.id for variant in row.variants])
    return present.own_product(row, catalog.category_paths(session, {row.category_id}), stock)


def _change(
    body: NewProductInput | ProductChangeInput, variants: Sequence[NewVariantInput], currency: str
) -> ProductChange:
    """A body as the catalogue takes it. Raises ``Invalid`` naming every price that is none."""
    values: dict[str, Any] = {name: getattr(body, name) for name in _TEXTS if name in body.model_fields_set}
    for name, value in values.items():
        if value is None:
            raise Invalid.field(name, "required", "Leave it out to keep it as it is; it can't be nothing.")
    if body.images:
        values["images"] = [(image.url, image.alt) for image in body.images]
    problems: list[FieldError] = []
    changes = []
    for index, variant in enumerate(variants):
        told = {name: getattr(variant, name) for name in ("gtin", "options", "weight_grams")}
        told = {name: value for name, value in told.items() if name in variant.model_fields_set}
        for name, column in _PRICES.items():
            if name in variant.model_fields_set:
                try:
                    told[column] = minor_of(f"variants[{index}].{name}", getattr(variant, name), currency)
                except Invalid as error:
                    problems += error.errors
        if "price_tiers" in variant.model_fields_set:
            try:
                told["price_tiers"] = _tiers(f"variants[{index}].", variant.price_tiers, currency)
            except Invalid as error:
                problems += error.errors
        changes.append(VariantChange(sku=variant.sku, values=told))
    if problems:
        raise Invalid("Some prices can't be taken.", errors=problems)
    return ProductChange(values=values, variants=changes)


def _price_change(row: PriceInput, variant: SupplierVariant, currency: str, earlier: PriceChange | None) -> PriceChange:
    """What a row changes, on top of what an earlier row of the same variant does. Raises ``Invalid``."""
    named = [name for name in _PRICES if name in row.model_fields_set]
    tiered = "price_tiers" in row.model_fields_set
    if not named and not tiered:
        raise Invalid.field("wholesale_price", "missing", "The row names no price.")
    if "wholesale_price" in named and row.wholesale_price is None:
        raise Invalid.field("wholesale_price", "required", "A wholesale price can't be taken away.")
    told: dict[str, Any] = {_PRICES[name]: minor_of(name, getattr(row, name), currency) for name in named}
    if tiered:
        steps = _tiers("", row.price_tiers, currency)
        single = told.get("wholesale_price")
        if single is None:
            was = earlier.wholesale_price if earlier is not None and "wholesale_price" in earlier.told else None
            single = variant.wholesale_price if was is None else was
        problems = tier_errors("", single, steps)
        if problems:
            raise Invalid("Some price steps can't be taken.", errors=problems)
        told["price_tiers"] = as_kept(steps)
    before = {name: getattr(earlier, name) for name in earlier.told} if earlier is not None else {}
    return PriceChange(told=frozenset({*before, *told}), **{**before, **told})


def _tiers(of: str, tiers: Sequence[PriceTierInput] | None, currency: str) -> list[PriceTier]:
    """Price steps as the catalogue takes them; ``of`` stands before the field's name. Raises ``Invalid``."""
    return [
        PriceTier(one.min_quantity, minor_of(f"{of}price_tiers[{place}].price", one.price, currency) or 0)
        for place, one in enumerate(tiers or ())
    ]


def _set_stock(session: Session, supplier_id: UUID, variants: Sequence[NewVariantInput], ids: dict[str, UUID]) -> None:
    now = clock.now()
    figures = [StockFigure(ids[one.sku], one.quantity, now) for one in variants if one.quantity is not None]
    if figures:
        set_figures(session, supplier_id, figures)
