"""Units that left and have come back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.inventory.models import Reservation
from app.inventory.service.figures import locked_levels, write_figures
from app.inventory.service.settling import Aside
from app.kit import clock


def restock(session: Session, supplier_id: UUID, units: Mapping[Aside, int], *, reference: str) -> None:
    """Put units of order lines back on the levels that they left from. The supplier's figure keeps its time: its
    next one holds them already. Not idempotent: the caller does it once."""
    homes = {
        Aside(line_id, variant_id): level_id
        for line_id, variant_id, level_id in session.execute(
            select(Reservation.order_line_id, Reservation.variant_id, Reservation.level_id)
            .where(
                Reservation.order_line_id.in_([one.order_line_id for one in units]),
                Reservation.supplier_id == supplier_id,
            )
            .order_by(Reservation.id)
        )
    }
    more: defaultdict[UUID, int] = defaultdict(int)
    for whose, count in units.items():
        if whose in homes:
            more[homes[whose]] += count
    levels = locked_levels(session, supplier_id, more)
    changes = [(level, level.on_hand + more[level.id], level.as_of) for level in levels]
    write_figures(session, supplier_id, changes, clock.now(), because=reference)
