"""Writing down what a run did beside what its rows say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.db import add_rows
from app.feeds.models import FeedRun, FeedRunChange
from app.inventory.service import FigureResult, StockFigure

#: Kind, id, columns before and after.
Change = tuple[str, UUID, dict[str, Any], dict[str, Any]]


def note_changes(session: Session, run: FeedRun, changes: Sequence[Change]) -> None:
    """Keep what changed, for undoing it. What the run changed of the same thing earlier stays known: the oldest value
    before counts, and the newest after."""
    if not changes:
        return
    statement = upsert(FeedRunChange).values(
        [
            {
                "run_id": run.id,
                "kind": kind,
                "target_id": target_id,
                "supplier_id": run.supplier_id,
                "created": False,
                "before": before,
                "after": after,
            }
            for kind, target_id, before, after in changes
        ]
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["run_id", "kind", "target_id"],
            set_={
                "before": statement.excluded.before.op("||")(FeedRunChange.before),
                "after": FeedRunChange.after.op("||")(statement.excluded.after),
            },
        )
    )


def note_figures(
    session: Session,
    run: FeedRun,
    figures: Sequence[tuple[StockFigure, FigureResult]],
) -> None:
    """Keep the figures that changed a level, for undoing them; the levels of variants that the run created go with
    these and are not among them."""
    add_rows(
        session,
        FeedRunChange,
        [
            {
                "run_id": run.id,
                "kind": "stock",
                "target_id": level.level_id,
                "supplier_id": run.supplier_id,
                "created": False,
                "before": {"on_hand": level.on_hand_before, "as_of": level.as_of_before},
                "after": {"on_hand": level.on_hand, "as_of": level.as_of, "quantity": figure.quantity},
            }
            for figure, level in figures
            if not level.stale and level.on_hand != level.on_hand_before
        ],
    )
