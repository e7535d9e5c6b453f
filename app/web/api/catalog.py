"""Suppliers and their products."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from flask import Response

from app import db
from app.catalog import queries as catalog
from app.catalog.placements.finding import find
from app.catalog.placements.service import active
from app.catalog.search.queries import Facets, Sort, Wanted, facets
from app.inventory.queries import availability
from app.kit.errors import Invalid, NotFound
from app.kit.money import Money
from app.suppliers import queries as suppliers
from app.suppliers.models import Supplier
from app.suppliers.rules import ACTIVE
from app.suppliers.scorecards import cards
from app.web.api import kept, present
from app.web.api.blueprint import api, caller, guarded
from app.web.api.schemas.catalog import (
    FacetsOut,
    FindPageQuery,
    FindQuery,
    FoundList,
    ProductList,
    ProductsQuery,
    SupplierList,
    SuppliersQuery,
)
from app.web.api.schemas.shapes import UNCHANGED, IdPath
from app.web.catalogue_cache import kept_for_a_moment

#: What ``promoted`` means, for people.
PROMOTION = "Promoted products stand higher because of an agreement with their supplier. They fit what you look for."


@api.get("/suppliers", responses={200: SupplierList, 304: UNCHANGED}, summary="Suppliers that sell now")
@guarded("retailer", "supplier", "platform", scope="read:catalog", kept=True)
def list_suppliers(query: SuppliersQuery) -> Response:
    return kept.answer(("suppliers", query.model_dump_json()), kept.reader_of(caller()), lambda: _suppliers(query))


def _suppliers(query: SuppliersQuery) -> present.Json:
    with db.transaction() as session:
        in_category = catalog.suppliers_in_category(session, query.category) if query.category else None
        page = suppliers.active_suppliers(
            session,
            search=query.search,
            category_ids=in_category,
            country=query.country,
            business_type=query.business_type,
            min_rating=_decimal(query.min_rating),
            limit=query.limit,
            cursor=query.cursor,
        )
        known = cards(session, [row.id for row in page.items])
        shown = [present.supplier(row, known.get(row.id)) for row in page.items]
        return {"items": shown, "next_cursor": page.next_cursor}


@api.get("/suppliers/<uuid:id>/products", responses={200: ProductList, 304: UNCHANGED}, summary="A supplier's products")
@guarded("retailer", "supplier", "platform", scope="read:catalog", kept=True)
def list_products(path: IdPath, query: ProductsQuery) -> Response:
    reader = kept.reader_of(caller())

    def made() -> present.Json:
        return _listed(path.id, query, with_cost=reader is None or reader == path.id)

    # Who asks for what has changed asks again from the moment of the answer; and a supplier looks for what it just did.
    if query.updated_since is not None or reader == path.id:
        return kept.fresh(made)
    return kept.answer(("list", path.id, query.model_dump_json()), reader, made)


def _listed(supplier_id: UUID, query: ProductsQuery, *, with_cost: bool) -> present.Json:
    with db.transaction() as session:
        found = session.get(Supplier, supplier_id)
        if found is None or found.status != ACTIVE:
            raise NotFound("supplier")
        page = catalog.products(
            session,
            Wanted(
                supplier_id=supplier_id,
                search=query.search,
                category=query.category,
                min_price=_minor("min_price", query.min_price, found.currency),
                max_price=_minor("max_price", query.max_price, found.currency),
                in_stock=query.in_stock,
                updated_since=query.updated_since,
                sort=query.sort,
            ),
            limit=query.limit,
            cursor=query.cursor,
        )
        stock = availability(session, [variant.id for row in page.items for variant in row.variants])
        categories = catalog.category_paths(session, {row.category_id for row in page.items})
    return {
        "items": [
            present.product(
                row, categories.get(row.category_id) if row.category_id else None, stock, with_cost=with_cost
            )
            for row in page.items
        ],
        "next_cursor": page.next_cursor,
    }


@api.get("/products", responses={200: FoundList, 304: UNCHANGED}, summary="Search and browse all products")
@guarded("retailer", "supplier", "platform", scope="read:catalog", kept=True)
def find_products(query: FindPageQuery) -> Response:
    """Of a query with words the best fitting first, else the newest. A few products of the first page may be
    `promoted`: in stock, fitting all that you ask for, and at most two of the first ten."""
    reader = kept.reader_of(caller())
    return kept.answer(("find", query.model_dump_json()), reader, lambda: _found(query, reader))


def _found(query: FindPageQuery, reader: UUID | None) -> present.Json:
    sort = query.sort or ("relevance" if query.search else "newest")
    with db.transaction() as session:
        placements = kept_for_a_moment("placements", lambda: active(session))
        finds = find(session, _wanted(query, sort), placements, limit=query.limit, cursor=query.cursor)
        found = finds.found
        paths = catalog.category_paths(session, {one.category_id for one in found.page.items})
    return {
        "items": [
            present.entry(
                one,
                paths.get(one.category_id) if one.category_id else None,
                with_cost=reader is None or reader == one.supplier_id,
                promoted=one.product_id in finds.promoted,
            )
            for one in found.page.items
        ],
        "promotion": PROMOTION if finds.promoted else None,
        "next_cursor": found.page.next_cursor,
        "ranked_all": found.ranked_all,
        "corrected": found.corrected or None,
    }


@api.get("/products/facets", responses={200: FacetsOut, 304: UNCHANGED}, summary="Count what a search finds, by kind")
@guarded("retailer", "supplier", "platform", scope="read:catalog", kept=True)
def count_products(query: FindQuery) -> Response:
    # Counts are the same for all.
    return kept.answer(("facets", query.model_dump_json()), kept.reader_of(caller()), lambda: _counted(query))


def _counted(query: FindQuery) -> Facets:
    with db.transaction() as session:
        return facets(session, _wanted(query, "newest"))


def _wanted(query: FindQuery, sort: Sort) -> Wanted:
    return Wanted(
        search=query.search,
        category=query.category,
        supplier_id=query.supplier_id,
        brand=query.brand,
        # Of currencies with two decimals, as nearly all have.
        min_price=_minor("min_price", query.min_price, "USD"),
        max_price=_minor("max_price", query.max_price, "USD"),
        in_stock=query.in_stock,
        ships_to=query.ships_to,
        ships_from=query.ships_from,
        handling_days=query.handling_days,
        min_rating=_decimal(query.min_rating),
        has_gtin=query.has_gtin,
        new=query.new,
        sort=sort,
    )


def _decimal(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _minor(name: str, amount: str | None, currency: str) -> int | None:
    if amount is None:
        return None
    try:
        return Money.parse(amount, currency).minor
    except ValueError as error:
        raise Invalid.field(name, "not_an_amount", f"{error}.") from error
