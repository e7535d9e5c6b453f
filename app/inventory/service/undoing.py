"""Units that were said to have left the house and have not."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from app.db import add_rows
from app.inventory.models import InventoryLevel, Reservation, StockMovement
from app.inventory.service.settling import Aside
from app.kit import clock
from app.kit.ids import new_id


def undo_consume(session: Session, units: Mapping[Aside, int], *, reference: str) -> None:
    """Units of order lines never left: they are on hand again, and set aside (COMMITTED) as they were.

    What is free stays what it was: every figure of the supplier's counts what is left after its orders, sent or not.
    Raises ``ValueError`` when fewer units of a line have left.
    """
    wanted = {whose: count for whose, count in units.items() if count > 0}
    if not wanted:
        return
    theirs = tuple_(Reservation.order_line_id, Reservation.variant_id).in_(list(wanted))
    # Levels first and in id order, as reserving does; then the reservations on them.
    level_ids = session.scalars(select(Reservation.level_id).where(theirs, Reservation.consumed > 0)).all()
    levels = {
        level.id: level
        for level in session.scalars(
            select(InventoryLevel)
            .where(InventoryLevel.id.in_(level_ids))
            .order_by(InventoryLevel.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    }
    reservations = session.scalars(
        select(Reservation)
        .where(theirs, Reservation.consumed > 0)
        .order_by(Reservation.id.desc())
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    now = clock.now()
    movements = []
    for reservation in reservations:
        whose = Aside(reservation.order_line_id, reservation.variant_id)
        count = min(reservation.consumed, wanted[whose])
        if not count:
            continue
        wanted[whose] -= count
        reservation.consumed -= count
        reservation.state, reservation.closed_at = "COMMITTED", None
        level = levels[reservation.level_id]
        level.on_hand += count
        level.reserved += count
        level.updated_at = now
        movements.append(
            {
                "id": new_id(),
                "level_id": level.id,
                "variant_id": level.variant_id,
                "supplier_id": level.supplier_id,
                "retailer_id": reservation.retailer_id,
                "kind": "unship",
                "on_hand_change": count,
                "reserved_change": count,
                "reference": reference,
                "at": now,
            }
        )
    if any(wanted.values()):
        raise ValueError("fewer units have left than are to be taken back")
    session.flush()
    add_rows(session, StockMovement, movements)
