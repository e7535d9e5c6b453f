"""Browsing and searching the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Float, Select, cast, func, literal, select
from sqlalchemy.orm import Session, selectinload

from app.catalog.models import Category, SupplierProduct, SupplierVariant
from app.catalog.rules import folded, search_terms
from app.kit.errors import NotFound
from app.kit.paging import LARGEST_LIMIT, Page, decode_cursor, page_of
from app.suppliers.models import Supplier
from app.suppliers.rules import ACTIVE

Sort = Literal["relevance", "newest", "price_asc", "price_desc", "title"]
SORTS: tuple[Sort, ...] = ("relevance", "newest", "price_asc", "price_desc", "title")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductFilter:
    """What to look for. Prices are minor units of the product's own currency; ``category`` is a slug or a path."""

    search: str | None = None
    category: str | None = None
    supplier_id: UUID | None = None
    min_price: int | None = None
    max_price: int | None = None
    in_stock: bool | None = None
    updated_since: datetime | None = None
    sort: Sort = "newest"


def products(
    session: Session, wanted: ProductFilter, *, limit: int = 50, cursor: str | None = None
) -> Page[SupplierProduct]:
    """Active products of active suppliers, with variants and pictures.

    Words are matched by their beginnings; a query that no product's words match is tried again by likeness
    (trigrams), which forgives typing errors.
    """
    limit = min(limit, LARGEST_LIMIT)
    terms = search_terms(wanted.search or "")
    if wanted.search and not terms:
        return Page([], None)
    exact = _page(session, wanted, _by_words(terms) if terms else None, limit, cursor)
    if exact.items or not terms or (cursor and not cursor.startswith("~")):
        return exact
    return _page(session, wanted, _by_likeness(wanted.search or ""), limit, cursor, prefix="~")


@dataclass(frozen=True, slots=True)
class _Match:
    condition: ColumnElement[bool]
    rank: ColumnElement[float]


def _by_words(terms: Sequence[str]) -> _Match:
    query = func.to_tsquery("simple", " & ".join(f"{term}:*" for term in terms))
    rank = cast(func.ts_rank(SupplierProduct.search_words, query), Float)
    return _Match(SupplierProduct.search_words.op("@@")(query), rank)


def _by_likeness(search: str) -> _Match:
    text = folded([search])
    return _Match(
        literal(text).op("<%")(SupplierProduct.search_text),
        cast(func.word_similarity(text, SupplierProduct.search_text), Float),
    )


def _page(
    session: Session,
    wanted: ProductFilter,
    match: _Match | None,
    limit: int,
    cursor: str | None,
    *,
    prefix: str = "",
) -> Page[SupplierProduct]:
    sort = wanted.sort if wanted.sort != "relevance" or match else "newest"
    columns, descending = _order(sort, match)
    query: Select[Any] = (
        select(SupplierProduct, *columns)
        .join(Supplier, Supplier.id == SupplierProduct.supplier_id)
        .where(Supplier.status == ACTIVE, SupplierProduct.status == "active", *_conditions(wanted))
        .options(selectinload(SupplierProduct.variants), selectinload(SupplierProduct.images))
        .limit(limit + 1)
    )
    if match:
        query = query.where(match.condition)
    key = (*columns, SupplierProduct.id)
    query = query.order_by(*(column.desc() if descending else column.asc() for column in key))
    if cursor:
        after = func.row(*decode_cursor(cursor.removeprefix("~"), len(key)))
        here = func.row(*key)
        query = query.where(here < after if descending else here > after)
    rows = session.execute(query).all()
    page = page_of(rows, limit, lambda row: [*row[1:], row[0].id])
    next_cursor = prefix + page.next_cursor if page.next_cursor else None
    return Page([row[0] for row in page.items], next_cursor)


def _order(sort: Sort, match: _Match | None) -> tuple[tuple[ColumnElement[Any], ...], bool]:
    if sort == "relevance" and match:
        return (match.rank,), True
    if sort in ("price_asc", "price_desc"):
        return (SupplierProduct.lowest_wholesale.expression,), sort == "price_desc"
    if sort == "title":
        return (SupplierProduct.title.expression,), False
    return (SupplierProduct.updated_at.expression,), True


def _conditions(wanted: ProductFilter) -> Iterable[ColumnElement[bool]]:
    if wanted.supplier_id is not None:
        yield SupplierProduct.supplier_id == wanted.supplier_id
    if wanted.category:
        path = (
            select(Category.path)
            .where((Category.slug == wanted.category) | (Category.path == wanted.category))
            .limit(1)
            .scalar_subquery()
        )
        below = select(Category.id).where((Category.path == path) | Category.path.startswith(path + " > "))
        yield SupplierProduct.category_id.in_(below)
    if wanted.min_price is not None:
        yield SupplierProduct.highest_wholesale >= wanted.min_price
    if wanted.max_price is not None:
        yield SupplierProduct.lowest_wholesale <= wanted.max_price
    if wanted.in_stock is not None:
        yield SupplierProduct.in_stock.is_(wanted.in_stock)
    if wanted.updated_since is not None:
        yield SupplierProduct.updated_at >= wanted.updated_since


def product(session: Session, product_id: UUID, *, supplier_id: UUID | None = None) -> SupplierProduct:
    """One product with variants and pictures: anybody's active one, or any of ``supplier_id``'s own.

    Raises ``NotFound``.
    """
    query = (
        select(SupplierProduct)
        .where(SupplierProduct.id == product_id)
        .options(selectinload(SupplierProduct.variants), selectinload(SupplierProduct.images))
    )
    if supplier_id is not None:
        query = query.where(SupplierProduct.supplier_id == supplier_id)
    else:
        query = query.join(Supplier, Supplier.id == SupplierProduct.supplier_id).where(
            Supplier.status == ACTIVE, SupplierProduct.status == "active"
        )
    found = session.scalar(query)
    if found is None:
        raise NotFound("product")
    return found


def own_products(
    session: Session,
    supplier_id: UUID,
    *,
    search: str | None = None,
    status: str | None = None,
    in_stock: bool | None = None,
    updated_since: datetime | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[SupplierProduct]:
    """A supplier's own products in every status, newest change first."""
    limit = min(limit, LARGEST_LIMIT)
    query = (
        select(SupplierProduct)
        .where(SupplierProduct.supplier_id == supplier_id)
        .options(selectinload(SupplierProduct.variants), selectinload(SupplierProduct.images))
        .order_by(SupplierProduct.updated_at.desc(), SupplierProduct.id.desc())
        .limit(limit + 1)
    )
    for term in search_terms(search or ""):
        query = query.where(SupplierProduct.search_text.contains(term, autoescape=True))
    if status:
        query = query.where(SupplierProduct.status == status)
    if in_stock is not None:
        query = query.where(SupplierProduct.in_stock.is_(in_stock))
    if updated_since is not None:
        query = query.where(SupplierProduct.updated_at >= updated_since)
    if cursor:
        query = query.where(
            func.row(SupplierProduct.updated_at, SupplierProduct.id) < func.row(*decode_cursor(cursor, 2))
        )
    rows = session.scalars(query).all()
    return page_of(rows, limit, lambda row: [row.updated_at, row.id])


def variants_of(
    session: Session, supplier_id: UUID, *, ids: Sequence[UUID] = (), skus: Sequence[str] = ()
) -> Sequence[SupplierVariant]:
    """A supplier's own variants by id or by SKU."""
    return session.scalars(
        select(SupplierVariant).where(
            SupplierVariant.supplier_id == supplier_id,
            SupplierVariant.id.in_(ids) | SupplierVariant.sku.in_(skus),
        )
    ).all()


def category_paths(session: Session, category_ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """The readable path of each category."""
    ids = [category_id for category_id in category_ids if category_id is not None]
    rows = session.execute(select(Category.id, Category.path).where(Category.id.in_(ids)))
    return {category_id: path for category_id, path in rows}


def categories(session: Session) -> Sequence[Category]:
    """The whole tree, in the order of its paths."""
    return session.scalars(select(Category).order_by(Category.path)).all()


def suppliers_in_category(session: Session, slug: str) -> Sequence[UUID]:
    """Ids of suppliers with an active product in a category or below it."""
    return session.scalars(
        select(SupplierProduct.supplier_id)
        .where(SupplierProduct.status == "active", *_conditions(ProductFilter(category=slug)))
        .distinct()
    ).all()
