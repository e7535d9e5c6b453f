"""Setting units aside for order lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Uuid, any_, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.db import add_rows
from app.inventory.errors import InsufficientStock, ShortLine
from app.inventory.events import InventoryChanged
from app.inventory.models import InventoryLevel, Reservation, StockLocation, StockMovement
from app.inventory.queries import safety_stock_of
from app.inventory.rules import LevelView, allocate, for_sale
from app.kit import clock
from app.kit.ids import new_id
from app.outbox.service import emit


@dataclass(frozen=True, slots=True)
class Wanted:
    """Units wanted for one order line."""

    order_line_id: UUID
    variant_id: UUID
    quantity: int


_TAKE = text(
    "update inventory_levels as level set reserved = level.reserved + taken.units, updated_at = :now "
    "from unnest(:ids, :units) as taken(id, units) "
    "where level.id = taken.id and level.on_hand - level.reserved >= taken.units returning level.id"
).bindparams(bindparam("ids", type_=ARRAY(Uuid)), bindparam("units", type_=ARRAY(Integer)))


def reserve(
    session: Session,
    retailer_id: UUID,
    wanted: Sequence[Wanted],
    *,
    expires_at: datetime | None,
    partial: bool = False,
) -> set[UUID]:
    """Set units aside for order lines, HELD until ``expires_at``.

    A variant's safety stock is never set aside. All or nothing: raises ``InsufficientStock`` with every short line.
    With ``partial``, lines that can be filled are, and the others are left out. Returns the ids of the order lines that
    were filled. Levels are locked in the order of their ids, so two orders never wait for each other in a circle.
    """
    levels = _locked_levels(session, {want.variant_id for want in wanted})
    free = {level.id: level.on_hand - level.reserved for level in levels}
    by_variant: defaultdict[UUID, list[Any]] = defaultdict(list)
    for level in levels:
        by_variant[level.variant_id].append(level)
    plan: list[tuple[Wanted, Any, int]] = []
    short: list[ShortLine] = []
    for index, want in enumerate(wanted):
        candidates = by_variant[want.variant_id]
        views = [LevelView(level.id, free[level.id], level.is_default) for level in candidates]
        available = for_sale((view.free for view in views), candidates[0].safety_stock if candidates else 0)
        shares = allocate(want.quantity, views) if want.quantity <= available else None
        if shares is None:
            short.append(ShortLine(index, want.variant_id, want.quantity, available))
            continue
        rows = {level.id: level for level in candidates}
        for level_id, units in shares:
            free[level_id] -= units
            plan.append((want, rows[level_id], units))
    if short and not partial:
        raise InsufficientStock(short)
    if plan:
        _take(session, plan)
        _write_down(session, retailer_id, plan, expires_at)
    return {want.order_line_id for want, _, _ in plan}


_LOCK = (
    select(
        InventoryLevel.id,
        InventoryLevel.variant_id,
        InventoryLevel.supplier_id,
        InventoryLevel.on_hand,
        InventoryLevel.reserved,
        StockLocation.is_default,
        safety_stock_of(InventoryLevel.variant_id, InventoryLevel.supplier_id).label("safety_stock"),
    )
    .join(StockLocation, StockLocation.id == InventoryLevel.location_id)
    .where(InventoryLevel.variant_id == any_(bindparam("variants", type_=ARRAY(Uuid))))
    .order_by(InventoryLevel.id)
    .with_for_update(of=InventoryLevel)
)


def _locked_levels(session: Session, variant_ids: set[UUID]) -> Sequence[Any]:
    return session.connection().execute(_LOCK, {"variants": list(variant_ids)}).all()


def _take(session: Session, plan: Sequence[tuple[Wanted, Any, int]]) -> None:
    units: defaultdict[UUID, int] = defaultdict(int)
    for _, level, taken in plan:
        units[level.id] += taken
    done = session.connection().execute(_TAKE, {"ids": list(units), "units": list(units.values()), "now": clock.now()})
    if len(done.all()) != len(units):
        # The rows are locked and were counted; only a change behind our back could bring us here.
        raise RuntimeError("inventory levels changed under their lock")


def _write_down(
    session: Session, retailer_id: UUID, plan: Sequence[tuple[Wanted, Any, int]], expires_at: datetime | None
) -> None:
    now = clock.now()
    add_rows(
        session,
        Reservation,
        [
            {
                "id": new_id(),
                "retailer_id": retailer_id,
                "supplier_id": level.supplier_id,
                "level_id": level.id,
                "variant_id": want.variant_id,
                "order_line_id": want.order_line_id,
                "quantity": units,
                "state": "HELD",
                "expires_at": expires_at,
                "created_at": now,
            }
            for want, level, units in plan
        ],
    )
    add_rows(
        session,
        StockMovement,
        [
            {
                "id": new_id(),
                "level_id": level.id,
                "variant_id": want.variant_id,
                "supplier_id": level.supplier_id,
                "retailer_id": retailer_id,
                "kind": "reserve",
                "on_hand_change": 0,
                "reserved_change": units,
                "reference": f"order_line:{want.order_line_id}",
                "at": now,
            }
            for want, level, units in plan
        ],
    )
    changed: defaultdict[UUID, set[UUID]] = defaultdict(set)
    for want, level, _ in plan:
        changed[level.supplier_id].add(want.variant_id)
    emit(
        session,
        *(
            InventoryChanged(supplier_id=supplier_id, variant_ids=tuple(sorted(variant_ids)))
            for supplier_id, variant_ids in sorted(changed.items())
        ),
    )
