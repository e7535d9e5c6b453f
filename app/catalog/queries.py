"""Browsing and searching the catalogue."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session, selectinload

from app.catalog.models import Category, SupplierProduct, SupplierVariant
from app.catalog.rules import same_gtins, search_terms
from app.catalog.search.queries import Wanted, search
from app.kit.errors import NotFound
from app.kit.paging import LARGEST_LIMIT, Page, decode_cursor, page_of
from app.suppliers.models import Supplier
from app.suppliers.rules import ACTIVE


def products(session: Session, wanted: Wanted, *, limit: int = 50, cursor: str | None = None) -> Page[SupplierProduct]:
    """What ``search`` finds, with variants and pictures."""
    found = search(session, wanted, limit=limit, cursor=cursor).page
    rows = session.scalars(
        select(SupplierProduct)
        .where(SupplierProduct.id.in_([one.product_id for one in found.items]))
        .options(selectinload(SupplierProduct.variants), selectinload(SupplierProduct.images))
    )
    by_id = {row.id: row for row in rows}
    return Page([by_id[one.product_id] for one in found.items if one.product_id in by_id], found.next_cursor)


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


#: Most offers of the same articles that are compared.
_COMPARED = 50


def on_offer() -> ColumnElement[bool]:
    """Whether a variant can be bought: it, its product and its supplier are active. All three are joined."""
    return and_(SupplierVariant.status == "active", SupplierProduct.status == "active", Supplier.status == ACTIVE)


def not_offered(session: Session, product_ids: Iterable[UUID]) -> set[UUID]:
    """Which of the products can't be had any more: ended, not on offer yet, or of a supplier that does not sell."""
    ids = set(product_ids)
    offered = session.scalars(
        select(SupplierProduct.id)
        .join(Supplier, Supplier.id == SupplierProduct.supplier_id)
        .where(SupplierProduct.id.in_(ids), SupplierProduct.status == "active", Supplier.status == ACTIVE)
    )
    return ids - set(offered)


def with_gtins(session: Session, gtins: Iterable[str]) -> list[tuple[SupplierVariant, Supplier]]:
    """Variants on offer with any of the numbers, however many zeros stand before them, with their suppliers."""
    written = {form for gtin in gtins for form in same_gtins(gtin)}
    if not written:
        return []
    rows = session.execute(
        select(SupplierVariant, Supplier)
        .join(SupplierProduct, SupplierProduct.id == SupplierVariant.product_id)
        .join(Supplier, Supplier.id == SupplierVariant.supplier_id)
        .where(
            SupplierVariant.gtin.in_(written),
            on_offer(),
        )
        .order_by(SupplierVariant.gtin, SupplierVariant.wholesale_price, SupplierVariant.id)
        .limit(_COMPARED)
    )
    return [(variant, seller) for variant, seller in rows]


def own_titles(session: Session, supplier_id: UUID, product_ids: Collection[UUID]) -> dict[UUID, str]:
    """The titles of a supplier's products; others are left out."""
    rows = session.execute(
        select(SupplierProduct.id, SupplierProduct.title).where(
            SupplierProduct.supplier_id == supplier_id, SupplierProduct.id.in_(product_ids)
        )
    )
    return {product_id: title for product_id, title in rows}


def category_paths(session: Session, category_ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """The readable path of each category."""
    ids = [category_id for category_id in category_ids if category_id is not None]
    rows = session.execute(select(Category.id, Category.path).where(Category.id.in_(ids)))
    return {category_id: path for category_id, path in rows}


def category(session: Session, slug: str) -> Category:
    """A category by its slug. Raises ``NotFound``."""
    found = session.scalar(select(Category).where(Category.slug == slug))
    if found is None:
        raise NotFound("category")
    return found


def category_by_id(session: Session, category_id: UUID) -> Category:
    """A category that is named elsewhere."""
    return session.get_one(Category, category_id)


def line_of(session: Session, lowest: Category) -> Sequence[Category]:
    """A category with all above it, from the top."""
    names = lowest.path.split(" > ")
    paths = [" > ".join(names[:depth]) for depth in range(1, len(names) + 1)]
    return session.scalars(select(Category).where(Category.path.in_(paths)).order_by(func.length(Category.path))).all()


def categories(session: Session) -> Sequence[Category]:
    """The whole tree, in the order of its paths."""
    return session.scalars(select(Category).order_by(Category.path)).all()


def suppliers_in_category(session: Session, slug: str) -> Sequence[UUID]:
    """Ids of suppliers with an active product in a category or below it."""
    path = select(Category.path).where((Category.slug == slug) | (Category.path == slug)).limit(1).scalar_subquery()
    below = select(Category.id).where((Category.path == path) | Category.path.startswith(path + " > "))
    return session.scalars(
        select(SupplierProduct.supplier_id)
        .where(SupplierProduct.status == "active", SupplierProduct.category_id.in_(below))
        .distinct()
    ).all()
