"""Looking through a supplier's own products."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, selectinload

from app.catalog.assortment.service import Planned
from app.catalog.models import (
    BulkEdit,
    BulkEditChange,
    Category,
    CategoryMapping,
    ImageAddress,
    ProductImage,
    SupplierProduct,
    SupplierVariant,
)
from app.catalog.rules import folded
from app.kit.paging import LARGEST_LIMIT, Page, decode_cursor, page_of
from app.kit.texts import marked as _

_MOST_TERMS = 8
Sort = Literal["changed", "title", "price_asc", "price_desc"]

#: What may be missing of a product that is not ended: key → what it is called.
PROBLEMS: Mapping[str, str] = {
    "picture": _("No picture"),
    "broken": _("A picture can't be shown"),
    "gtin": _("No GTIN"),
    "weight": _("No weight"),
    "category": _("No category of the tree"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFilter:
    """Which of its own products a supplier looks for. ``problem`` is a key of ``PROBLEMS``, or ``any``."""

    search: str = ""
    status: str = ""
    category_id: UUID | None = None
    in_stock: bool | None = None
    problem: str = ""
    sort: Sort = "changed"


_KEYS: Mapping[Sort, tuple[Any, bool]] = {
    "changed": (SupplierProduct.updated_at, True),
    "title": (SupplierProduct.title, False),
    "price_asc": (SupplierProduct.lowest_wholesale, False),
    "price_desc": (SupplierProduct.lowest_wholesale, True),
}
SORTS = tuple(_KEYS)


def own_page(
    session: Session, supplier_id: UUID, wanted: OwnFilter, *, limit: int = 50, cursor: str | None = None
) -> Page[SupplierProduct]:
    """A page of the supplier's products with variants and pictures."""
    limit = min(limit, LARGEST_LIMIT)
    column, descending = _KEYS[wanted.sort]
    key = (column, SupplierProduct.id)
    query = (
        select(SupplierProduct)
        .where(*_conditions(supplier_id, wanted))
        .options(selectinload(SupplierProduct.variants), selectinload(SupplierProduct.images))
        .order_by(*(one.desc() if descending else one.asc() for one in key))
        .limit(limit + 1)
    )
    if cursor:
        after, here = func.row(*decode_cursor(cursor, 2)), func.row(*key)
        query = query.where(here < after if descending else here > after)
    rows = session.scalars(query).all()
    return page_of(rows, limit, lambda row: [getattr(row, column.key), row.id])


def matching(session: Session, supplier_id: UUID, wanted: OwnFilter, *, limit: int) -> Sequence[UUID]:
    """The ids of the supplier's products that are looked for, in their order, at most ``limit``."""
    query = select(SupplierProduct.id).where(*_conditions(supplier_id, wanted))
    return session.scalars(query.order_by(SupplierProduct.id).limit(limit)).all()


def count(session: Session, supplier_id: UUID, wanted: OwnFilter) -> int:
    """How many products are looked for."""
    return (
        session.scalar(select(func.count()).select_from(SupplierProduct).where(*_conditions(supplier_id, wanted))) or 0
    )


def _conditions(supplier_id: UUID, wanted: OwnFilter) -> Iterable[ColumnElement[bool]]:
    yield SupplierProduct.supplier_id == supplier_id
    # Not by words as retailers search: the dashes of an SKU count.
    for term in folded([wanted.search]).split()[:_MOST_TERMS]:
        yield SupplierProduct.search_text.contains(term, autoescape=True)
    if wanted.status:
        yield SupplierProduct.status == wanted.status
    if wanted.category_id is not None:
        yield SupplierProduct.category_id == wanted.category_id
    if wanted.in_stock is not None:
        yield SupplierProduct.in_stock.is_(wanted.in_stock)
    if wanted.problem:
        yield SupplierProduct.status != "ended"
        known = _problems()
        yield known[wanted.problem] if wanted.problem in known else or_(*known.values())


def _problems() -> dict[str, ColumnElement[bool]]:
    pictures = select(ProductImage.id).where(ProductImage.product_id == SupplierProduct.id)
    variants = select(SupplierVariant.id).where(
        SupplierVariant.product_id == SupplierProduct.id, SupplierVariant.status == "active"
    )
    placed = select(Category.id).where(Category.id == SupplierProduct.category_id, Category.google_id.is_not(None))
    broken = pictures.join(ImageAddress, ImageAddress.url == ProductImage.url).where(ImageAddress.state == "broken")
    return {
        "picture": ~pictures.exists(),
        "broken": broken.exists(),
        "gtin": variants.where(SupplierVariant.gtin.is_(None)).exists(),
        "weight": variants.where(SupplierVariant.weight_grams.is_(None)).exists(),
        "category": ~placed.exists(),
    }


def missing(session: Session, products: Sequence[SupplierProduct]) -> dict[UUID, list[str]]:
    """The keys of ``PROBLEMS`` that each of some products has."""
    ids = [product.id for product in products if product.status != "ended"]
    found: dict[UUID, list[str]] = {}
    if ids:
        known = _problems()
        columns = [condition.label(name) for name, condition in known.items()]
        for product_id, *has in session.execute(
            select(SupplierProduct.id, *columns).where(SupplierProduct.id.in_(ids))
        ):
            found[product_id] = [name for name, one in zip(known, has, strict=True) if one]
    return found


def categories_in_use(session: Session, supplier_id: UUID) -> list[tuple[UUID, str]]:
    """The categories that the supplier's products stand in: id and path, by path."""
    used = select(SupplierProduct.category_id).where(SupplierProduct.supplier_id == supplier_id).distinct()
    rows = session.execute(select(Category.id, Category.path).where(Category.id.in_(used)).order_by(Category.path))
    return [(category_id, path) for category_id, path in rows]


def own_names(session: Session, supplier_id: UUID, keys: Iterable[str]) -> dict[str, str]:
    """The supplier's own spelling of its categories, by ``source_category``."""
    rows = session.execute(
        select(CategoryMapping.source_key, CategoryMapping.source).where(
            CategoryMapping.supplier_id == supplier_id, CategoryMapping.source_key.in_(set(keys))
        )
    )
    return {key: source for key, source in rows}


def bulk_edits(session: Session, supplier_id: UUID) -> Sequence[BulkEdit]:
    """The supplier's changes of many products at once that are kept, the newest first."""
    return session.scalars(
        select(BulkEdit).where(BulkEdit.supplier_id == supplier_id).order_by(BulkEdit.id.desc())
    ).all()


@dataclass(frozen=True, slots=True)
class EditedLine:
    """What a bulk edit did to a product, or to a variant of it: ``sku`` is empty for the product itself."""

    product_id: UUID
    title: str
    sku: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def edited_lines(session: Session, supplier_id: UUID, edit_id: UUID, *, limit: int) -> list[EditedLine]:
    """The first of what a bulk edit changed."""
    rows = session.execute(
        select(
            SupplierProduct.id,
            SupplierProduct.title,
            SupplierVariant.sku,
            BulkEditChange.before,
            BulkEditChange.after,
        )
        .select_from(BulkEditChange)
        .outerjoin(SupplierVariant, SupplierVariant.id == BulkEditChange.target_id)
        .join(
            SupplierProduct,
            SupplierProduct.id == func.coalesce(SupplierVariant.product_id, BulkEditChange.target_id),
        )
        .where(BulkEditChange.supplier_id == supplier_id, BulkEditChange.edit_id == edit_id)
        .order_by(SupplierProduct.title, SupplierProduct.id, SupplierVariant.position)
        .limit(limit)
    )
    return [EditedLine(product_id, title, sku or "", before, after) for product_id, title, sku, before, after in rows]


def planned_lines(session: Session, changes: Sequence[Planned]) -> list[EditedLine]:
    """What is only planned, as it will be shown once it is done."""
    titles = {
        product_id: title
        for product_id, title in session.execute(
            select(SupplierProduct.id, SupplierProduct.title).where(
                SupplierProduct.id.in_([one.product_id for one in changes])
            )
        )
    }
    skus = {
        variant_id: sku
        for variant_id, sku in session.execute(
            select(SupplierVariant.id, SupplierVariant.sku).where(
                SupplierVariant.id.in_([one.target_id for one in changes])
            )
        )
    }
    return [
        EditedLine(one.product_id, titles[one.product_id], skus.get(one.target_id, ""), one.before, one.after)
        for one in changes
    ]
