"""Taking back suppliers' figures that should not have come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.inventory.service.figures import StockFigure, locked_levels, note_shortfalls, promised_of, write_figures
from app.kit import clock


@dataclass(frozen=True, slots=True)
class WrongFigure:
    """A figure of a level that should not have come: what was on hand, and as of when, before it and with it."""

    level_id: UUID
    on_hand_before: int
    as_of_before: datetime
    on_hand_after: int
    as_of_after: datetime


def take_back(session: Session, supplier_id: UUID, figures: Sequence[WrongFigure], *, because: str = "") -> set[UUID]:
    """The figures before hold again, as of their own time: what a wrong figure added or took away is taken back, and
    all that orders and parcels moved since stays. A level with a later figure is left alone. Returns the levels that
    were set back; repeated, there are none. What is promised beyond it makes a shortfall, as with any figure."""
    now = clock.now()
    wrong = {one.level_id: one for one in figures}
    levels = {
        level.id: level
        for level in locked_levels(session, supplier_id, wrong)
        if level.as_of == wrong[level.id].as_of_after
    }
    standing: dict[UUID, tuple[int, datetime]] = {}
    applied: dict[UUID, StockFigure] = {}
    for level_id, level in levels.items():
        one = wrong[level_id]
        on_hand = max(0, level.on_hand - one.on_hand_after + one.on_hand_before)
        standing[level_id] = (on_hand, one.as_of_before)
        applied[level_id] = StockFigure(level.variant_id, on_hand, one.as_of_before, level.location_id)
    promised = promised_of(session, [level.id for level in levels.values() if level.reserved])
    changes = [(levels[level_id], *standing[level_id]) for level_id in applied]
    write_figures(session, supplier_id, changes, now, because=because)
    note_shortfalls(session, supplier_id, levels, standing, promised, applied, now)
    return set(levels)
