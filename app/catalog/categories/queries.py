"""A supplier's categories and where they belong, for its page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.catalog.categories import tree as taxonomy
from app.catalog.categories.rules import from_others
from app.catalog.categories.service import lessons
from app.catalog.models import CategoryMapping, SupplierProduct
from app.kit.paging import LARGEST_LIMIT, Page, decode_cursor, page_of

STATES = ("to_confirm", "mapped", "confirmed")


@dataclass(frozen=True, slots=True)
class Placed:
    """One of a supplier's categories: how many products it has, and where it belongs by whose word. ``path`` is empty
    where nothing is proposed."""

    id: UUID
    source: str
    products: int
    path: str
    confidence: int
    basis: str
    state: str


def mappings(
    session: Session, supplier_id: UUID, *, state: str | None = None, limit: int = 50, cursor: str | None = None
) -> Page[Placed]:
    """A supplier's categories by name. What others have confirmed meanwhile is proposed where it is surer."""
    limit = min(limit, LARGEST_LIMIT)
    query = (
        select(CategoryMapping)
        .where(CategoryMapping.supplier_id == supplier_id)
        .order_by(CategoryMapping.source_key)
        .limit(limit + 1)
    )
    if state:
        query = query.where(CategoryMapping.state == state)
    if cursor:
        query = query.where(CategoryMapping.source_key > decode_cursor(cursor, 1)[0])
    page = page_of(session.scalars(query).all(), limit, lambda row: [row.source_key])
    counts = _products(session, supplier_id, [row.source_key for row in page.items])
    votes = lessons(session, [row.source_key for row in page.items if row.state == "to_confirm"])
    nodes = taxonomy.tree().nodes
    placed = []
    for row in page.items:
        google_id, confidence, basis = row.google_id, row.confidence, row.basis
        others = from_others({node: count for node, count in votes.get(row.source_key, {}).items() if node in nodes})
        if others.confidence > confidence:
            google_id, confidence, basis = others.google_id, others.confidence, others.basis
        node = nodes.get(google_id or 0)
        placed.append(
            Placed(
                row.id, row.source, counts.get(row.source_key, 0), node.path if node else "",
                confidence if node else 0, basis if node else "none", row.state,
            )
        )  # fmt: skip
    return Page(placed, page.next_cursor)


def counts_by_state(session: Session, supplier_id: UUID) -> dict[str, int]:
    """How many of a supplier's categories are in each state."""
    rows = session.execute(
        select(CategoryMapping.state, func.count())
        .where(CategoryMapping.supplier_id == supplier_id)
        .group_by(CategoryMapping.state)
    )
    return {state: count for state, count in rows}


def _products(session: Session, supplier_id: UUID, keys: Sequence[str]) -> dict[str, int]:
    rows = session.execute(
        select(SupplierProduct.source_category, func.count())
        .where(SupplierProduct.supplier_id == supplier_id, SupplierProduct.source_category.in_(keys))
        .group_by(SupplierProduct.source_category)
    )
    return {key: count for key, count in rows}
