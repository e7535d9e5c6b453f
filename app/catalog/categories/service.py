"""Placing suppliers' categories in the tree, and learning from those who confirm it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from slugify import slugify
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.catalog.categories import tree as taxonomy
from app.catalog.categories.rules import (
    USED_FROM,
    Proposal,
    by_names,
    clean_path,
    from_others,
    key_of,
    parts_of,
    terms_of,
)
from app.catalog.models import Category, CategoryLesson, CategoryMapping, SupplierProduct
from app.catalog.search.refreshing import tell_of_changes
from app.db import table_of
from app.kit import clock
from app.kit.errors import Invalid, NotFound
from app.kit.ids import new_id

#: Titles that are looked at for one category.
TITLES = 20


def place(session: Session, supplier_id: UUID, titles: Mapping[str, Sequence[str]]) -> dict[str, UUID]:
    """The category of each of a supplier's own (each with some of its products' titles): its place in the tree where
    that is sure enough, else the supplier's own path."""
    keys = {source: key_of(source) for source in titles if key_of(source)}
    known = {
        row.source_key: row
        for row in session.scalars(
            select(CategoryMapping).where(
                CategoryMapping.supplier_id == supplier_id, CategoryMapping.source_key.in_(set(keys.values()))
            )
        )
    }
    fresh = {key: source for source, key in keys.items() if key not in known}
    votes = lessons(session, fresh)
    now = clock.now()
    made: list[dict[str, Any]] = []
    # In one order: two who meet the same categories at once wait for each other, never both.
    for key, source in sorted(fresh.items()):
        proposal = propose(source, titles[source], votes.get(key, {}))
        sure = proposal.google_id is not None and proposal.confidence >= USED_FROM
        made.append(
            {
                "id": new_id(),
                "supplier_id": supplier_id,
                "source": clean_path(source),
                "source_key": key,
                "google_id": proposal.google_id,
                "confidence": proposal.confidence,
                "basis": proposal.basis,
                "state": "mapped" if sure else "to_confirm",
                "updated_at": now,
            }
        )
    if made:
        # Another file of the same supplier may have met the same category a moment ago.
        session.connection().execute(upsert(table_of(CategoryMapping)).on_conflict_do_nothing(), made)
    places = {row.source_key: (row.google_id, row.state) for row in known.values()}
    places.update({str(row["source_key"]): (row["google_id"], str(row["state"])) for row in made})
    paths = {source: _path_of(source, *places[key]) for source, key in keys.items()}
    rows = ensure_rows(session, set(paths.values()))
    return {source: rows[path] for source, path in paths.items()}


def _path_of(source: str, google_id: int | None, state: str) -> str:
    node = taxonomy.tree().nodes.get(google_id or 0)
    return node.path if node is not None and state != "to_confirm" else clean_path(source)


def propose(source: str, titles: Sequence[str], votes: Mapping[int, int]) -> Proposal:
    """Where a category belongs: by Google's id or path, by others' word, or by likeness of the names."""
    tree = taxonomy.tree()
    exact = tree.find(source)
    if exact is not None:
        return Proposal(exact.id, 100, "id" if source.strip()[:1].isdigit() else "path")
    others = from_others({node: count for node, count in votes.items() if node in tree.nodes})
    leaf = terms_of((parts_of(source) or [""])[-1])
    named = by_names(source, titles[:TITLES], tree.with_words(leaf))
    return max(others, named, key=lambda one: one.confidence)


def lessons(session: Session, keys: Collection[str]) -> dict[str, dict[int, int]]:
    """What suppliers have confirmed: category → (Google's id → how many said so)."""
    found: dict[str, dict[int, int]] = {}
    if not keys:
        return found
    rows = session.scalars(
        select(CategoryLesson).where(CategoryLesson.source_key.in_(keys), CategoryLesson.confirmations > 0)
    )
    for row in rows:
        found.setdefault(row.source_key, {})[row.google_id] = row.confirmations
    return found


def confirm(session: Session, supplier_id: UUID, user_id: UUID | None, choices: Mapping[UUID, str]) -> int:
    """A supplier says where its categories belong: mapping → id or path of the tree. Its products move at once, and
    the next supplier with a category of that name is proposed the same. Returns how many products moved.

    Raises ``NotFound`` for a foreign mapping, ``Invalid`` for what is not in the tree.
    """
    tree = taxonomy.tree()
    rows = session.scalars(
        select(CategoryMapping)
        .where(CategoryMapping.supplier_id == supplier_id, CategoryMapping.id.in_(list(choices)))
        .order_by(CategoryMapping.id)
        .with_for_update()
    ).all()
    if len(rows) != len(choices):
        raise NotFound("category")
    nodes = {}
    for row in rows:
        node = tree.find(choices[row.id])
        if node is None:
            raise Invalid.field(
                f"to-{row.id}", "unknown_category", "There is no such category. Choose one of those that are offered."
            )
        nodes[row.id] = node
    categories = ensure_rows(session, {node.path for node in nodes.values()})
    now = clock.now()
    moved: list[UUID] = []
    # In the order of their keys: two suppliers who confirm at once wait for each other, never both.
    for row in sorted(rows, key=lambda one: one.source_key):
        node = nodes[row.id]
        if row.state != "confirmed" or row.google_id != node.id:
            if row.state == "confirmed" and row.google_id is not None:
                _teach(session, row.source_key, row.google_id, -1)
            _teach(session, row.source_key, node.id, 1)
        row.google_id, row.confidence, row.basis, row.state = node.id, 100, "own", "confirmed"
        row.confirmed_by, row.confirmed_at, row.updated_at = user_id, now, now
        moved += session.scalars(
            update(SupplierProduct)
            .where(
                SupplierProduct.supplier_id == supplier_id,
                SupplierProduct.source_category == row.source_key,
                SupplierProduct.category_id.is_distinct_from(categories[node.path]),
            )
            .values(category_id=categories[node.path], updated_at=now)
            .returning(SupplierProduct.id)
            .execution_options(synchronize_session=False)
        )
    session.flush()
    tell_of_changes(session, supplier_id, moved)
    return len(moved)


def _teach(session: Session, key: str, google_id: int, by: int) -> None:
    lesson = table_of(CategoryLesson)
    session.execute(
        upsert(lesson)
        .values(source_key=key, google_id=google_id, confirmations=max(by, 0))
        .on_conflict_do_update(
            index_elements=["source_key", "google_id"],
            set_={"confirmations": lesson.c.confirmations + by},
        )
    )


def ensure_rows(session: Session, paths: set[str]) -> dict[str, UUID]:
    """The category row of each clean path; missing ones are made, with their parents."""
    wanted: dict[str, str | None] = {}
    for path in sorted(paths):
        names = path.split(" > ")
        for depth in range(1, len(names) + 1):
            whole = " > ".join(names[:depth])
            wanted[whole] = " > ".join(names[: depth - 1]) or None
    rows = session.execute(select(Category.path, Category.id, Category.google_id).where(Category.path.in_(wanted)))
    known: dict[str, UUID] = {}
    tree = taxonomy.tree()
    for path, category_id, google_id in rows:
        known[path] = category_id
        node = tree.find(path)
        if google_id is None and node is not None and node.path == path:
            session.execute(update(Category).where(Category.id == category_id).values(google_id=node.id))
    for path, parent in wanted.items():
        if path in known:
            continue
        node = tree.find(path)
        made = session.scalar(
            upsert(Category)
            .values(
                id=new_id(),
                slug=slugify(path),
                name=path.rsplit(" > ", 1)[-1],
                path=path,
                parent_id=known.get(parent) if parent else None,
                google_id=node.id if node is not None and node.path == path else None,
            )
            .on_conflict_do_nothing()
            .returning(Category.id)
        )
        known[path] = (
            made
            or session.scalars(
                select(Category.id).where((Category.slug == slugify(path)) | (Category.path == path))
            ).one()
        )
    return {path: known[path] for path in paths}
