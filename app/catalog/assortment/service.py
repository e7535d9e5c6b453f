"""Changing many of a supplier's products at once, and taking that back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.catalog.assortment.rules import PRICES, BulkChange, odd, price_after, tiers_after
from app.catalog.categories import tree as taxonomy
from app.catalog.categories.rules import key_of
from app.catalog.categories.service import ensure_rows
from app.catalog.models import BulkEdit, BulkEditChange, SupplierProduct, SupplierVariant
from app.catalog.search.refreshing import tell_of_changes
from app.catalog.service import PriceChange, set_prices
from app.catalog.service.saving import one_at_a_time
from app.db import add_rows, change_rows, current_scope
from app.kit import clock
from app.kit.errors import Conflict, Invalid, NotFound
from app.kit.ids import new_id

#: The most products of one edit.
MOST_PRODUCTS = 2_000
#: Edits that can be taken back, the newest of each supplier.
KEPT = 20
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Planned:
    """What would become of a product or variant: its columns before and after. ``product_id`` names the product that
    it is, or is of."""

    target_id: UUID
    product_id: UUID
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a change would do. ``refused``: variants that stay as they are, since no price above zero would be left.
    ``odd``: variants whose prices would contradict one another."""

    changes: Sequence[Planned]
    refused: int = 0
    odd: int = 0


def plan(session: Session, supplier_id: UUID, product_ids: Sequence[UUID], change: BulkChange) -> Plan:
    """What the change would do to these of the supplier's products; what is so already is left out. Raises ``Invalid``
    for a category that is not in the tree."""
    if change.field in PRICES:
        return _plan_prices(session, supplier_id, product_ids, change)
    if change.field == "status":
        after: dict[str, Any] = {"status": str(change.value)}
    else:
        node = taxonomy.tree().find(str(change.value))
        if node is None:
            raise Invalid.field("value", "unknown_category", "Choose one of the categories that are offered.")
        after = {
            "category_id": str(ensure_rows(session, {node.path})[node.path]),
            "source_category": key_of(node.path),
        }
    rows = session.scalars(
        select(SupplierProduct)
        .where(SupplierProduct.supplier_id == supplier_id, SupplierProduct.id.in_(product_ids))
        .order_by(SupplierProduct.id)
        .execution_options(populate_existing=True)
    )
    changes = []
    for row in rows:
        before = _plain(row, after)
        if before != after and before.get("category_id") != after.get("category_id", ""):
            changes.append(Planned(row.id, row.id, before, after))
    return Plan(changes)


def _plan_prices(session: Session, supplier_id: UUID, product_ids: Sequence[UUID], change: BulkChange) -> Plan:
    rows = session.scalars(
        select(SupplierVariant)
        .where(
            SupplierVariant.supplier_id == supplier_id,
            SupplierVariant.product_id.in_(product_ids),
            SupplierVariant.status == "active",
        )
        .order_by(SupplierVariant.product_id, SupplierVariant.position)
        .execution_options(populate_existing=True)
    )
    changes, refused, contradicting = [], 0, 0
    for row in rows:
        today: dict[str, int | None] = {name: getattr(row, name) for name in PRICES}
        try:
            price = price_after(today[change.field], change)
            steps = tiers_after(row.price_tiers, change)
        except ValueError:
            refused += 1
            continue
        if price == today[change.field]:
            continue
        before: dict[str, Any] = {change.field: today[change.field]}
        after: dict[str, Any] = {change.field: price}
        if steps != row.price_tiers:
            before, after = {**before, "price_tiers": row.price_tiers}, {**after, "price_tiers": steps}
        changes.append(Planned(row.id, row.product_id, before, after))
        contradicting += odd({**today, change.field: price})
    return Plan(changes, refused, contradicting)


def print_of(changes: Iterable[Planned | BulkEditChange]) -> str:
    """What tells one set of changes, with what was there before, from another."""
    rows = sorted(((str(one.target_id), one.before, one.after) for one in changes), key=lambda row: row[0])
    return hashlib.sha256(orjson.dumps(rows, option=orjson.OPT_SORT_KEYS)).hexdigest()


def edit(
    session: Session,
    supplier_id: UUID,
    product_ids: Sequence[UUID],
    change: BulkChange,
    *,
    expected: str | None = None,
) -> BulkEdit:
    """Change the products, and keep what they were. ``expected``: what was previewed (``print_of``); sent twice it is
    done once. Raises ``Invalid`` for too many of them and as ``plan``, and ``Conflict`` where something else would be
    done than was previewed."""
    if len(product_ids) > MOST_PRODUCTS:
        raise Invalid(f"At most {MOST_PRODUCTS:,} products are changed at once. Narrow the list down, or use a file.")
    one_at_a_time(session, supplier_id)
    planned = plan(session, supplier_id, product_ids, change).changes
    if expected is not None and print_of(planned) != expected:
        done = _newest(session, supplier_id)
        if done is not None and print_of(_changes_of(session, done)) == expected:
            return done
        raise Conflict("The products changed meanwhile.", code="changed")
    made = BulkEdit(
        id=new_id(),
        supplier_id=supplier_id,
        what=change.to_json(),
        changed=len(planned),
        created_by=current_scope().actor,
        created_at=clock.now(),
        undone_at=None,
    )
    session.add(made)
    session.flush()
    add_rows(
        session,
        BulkEditChange,
        [
            {
                "edit_id": made.id,
                "target_id": one.target_id,
                "supplier_id": supplier_id,
                "before": one.before,
                "after": one.after,
            }
            for one in planned
        ],
    )
    _write(session, supplier_id, change, {one.target_id: one.after for one in planned})
    _forget(session, supplier_id)
    audit.record(session, supplier_id, "catalog.bulk_edited", "bulk_edit", made.id, details={"changed": len(planned)})
    return made


def _newest(session: Session, supplier_id: UUID) -> BulkEdit | None:
    """The last edit, where it was not taken back."""
    made = session.scalar(
        select(BulkEdit).where(BulkEdit.supplier_id == supplier_id).order_by(BulkEdit.id.desc()).limit(1)
    )
    return made if made is not None and made.undone_at is None else None


def _changes_of(session: Session, made: BulkEdit) -> Sequence[BulkEditChange]:
    return session.scalars(select(BulkEditChange).where(BulkEditChange.edit_id == made.id)).all()


def undo(session: Session, supplier_id: UUID, edit_id: UUID) -> BulkEdit:
    """Give products and variants back what they had before an edit; what was changed again since stays as it is. Raises
    ``NotFound``, and ``Conflict`` for one that was undone already."""
    one_at_a_time(session, supplier_id)
    made = session.scalar(
        select(BulkEdit).where(BulkEdit.id == edit_id, BulkEdit.supplier_id == supplier_id).with_for_update()
    )
    if made is None:
        raise NotFound("edit")
    if made.undone_at is not None:
        raise Conflict("This was undone already.", code="undone")
    change = BulkChange.from_json(made.what)
    rows = _changes_of(session, made)
    table: Any = SupplierVariant if change.field in PRICES else SupplierProduct
    now = {
        row.id: row
        for row in session.scalars(
            select(table)
            .where(table.supplier_id == supplier_id, table.id.in_([one.target_id for one in rows]))
            .execution_options(populate_existing=True)
        )
    }
    back = {
        one.target_id: one.before
        for one in rows
        if one.target_id in now and _plain(now[one.target_id], one.after) == one.after
    }
    _write(session, supplier_id, change, back)
    made.undone_at, made.left = clock.now(), made.changed - len(back)
    session.flush()
    audit.record(session, supplier_id, "catalog.bulk_edit_undone", "bulk_edit", made.id, details={"left": made.left})
    return made


def _write(session: Session, supplier_id: UUID, change: BulkChange, values: Mapping[UUID, Mapping[str, Any]]) -> None:
    ids = sorted(values)
    for start in range(0, len(ids), _CHUNK):
        part = ids[start : start + _CHUNK]
        if change.field in PRICES:
            news = {one: PriceChange(told=frozenset(values[one]), **values[one]) for one in part}
            set_prices(session, supplier_id, news)
            continue
        now = clock.now()
        change_rows(session, SupplierProduct, [{"id": one, **values[one], "updated_at": now} for one in part])
        tell_of_changes(session, supplier_id, part)


def _plain(row: Any, names: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of a row as they are kept."""
    return {name: str(value) if isinstance(value, UUID) else value for name in names for value in (getattr(row, name),)}


def _forget(session: Session, supplier_id: UUID) -> None:
    old = session.scalars(
        select(BulkEdit.id).where(BulkEdit.supplier_id == supplier_id).order_by(BulkEdit.id.desc()).offset(KEPT)
    ).all()
    if old:
        session.execute(delete(BulkEditChange).where(BulkEditChange.edit_id.in_(old)))
        session.execute(delete(BulkEdit).where(BulkEdit.id.in_(old)))
