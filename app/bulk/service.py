"""Starting bulk actions, carrying them on row by row, and taking them back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Update, delete, select, update
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.bulk.events import BulkActionStarted
from app.bulk.files import forget
from app.bulk.models import BulkAction, BulkRow
from app.bulk.queries import bulk_action, undone_by
from app.bulk.rules import ACTIONS, DONE, FILE_KEPT, KEPT, MOST_ROWS, REFUSED
from app.db import add_rows, current_scope
from app.kit import clock
from app.kit.errors import Conflict, Invalid
from app.kit.ids import new_id
from app.outbox.service import emit


@dataclass(frozen=True, slots=True)
class Row:
    """One row that is to be dealt with."""

    subject_id: UUID | None
    name: str
    given: Mapping[str, Any] = field(default_factory=dict)


def start(
    session: Session,
    organisation_id: UUID,
    action: str,
    rows: Sequence[Row],
    *,
    given: Mapping[str, Any] | None = None,
    undoes: UUID | None = None,
) -> BulkAction:
    """Have something done with many rows, in the name of whoever asks. Raises ``Invalid`` for none or too many."""
    if action not in ACTIONS:
        raise Invalid.field("do", "unknown", "Choose what to do.")
    if not rows:
        raise Invalid.field("row", "required", "Tick at least one row.")
    if len(rows) > MOST_ROWS:
        raise Invalid.field("row", "too_many", f"At most {MOST_ROWS} rows at once; narrow the list.")
    found = BulkAction(
        id=new_id(),
        organisation_id=organisation_id,
        actor=current_scope().actor,
        action=action,
        given=dict(given or {}),
        total=len(rows),
        undoes=undoes,
        created_at=clock.now(),
    )
    session.add(found)
    session.flush()
    add_rows(
        session,
        BulkRow,
        [
            {
                "bulk_action_id": found.id,
                "position": position,
                "organisation_id": organisation_id,
                "subject_id": row.subject_id,
                "name": row.name,
                "given": dict(row.given),
                "problem": "",
            }
            for position, row in enumerate(rows)
        ],
    )
    audit.record(session, organisation_id, f"bulk.{action}", "bulk_action", found.id, details={"rows": len(rows)})
    emit(session, BulkActionStarted(bulk_action_id=found.id, organisation_id=organisation_id))
    return found


def next_row(session: Session, bulk_action_id: UUID) -> BulkRow | None:
    """The next row without a result; None when all have one. Needs a system scope, as all below."""
    return session.scalar(
        select(BulkRow)
        .where(BulkRow.bulk_action_id == bulk_action_id, BulkRow.outcome.is_(None))
        .order_by(BulkRow.position)
        .limit(1)
    )


def answer(session: Session, row: BulkRow, outcome: str, problem: str = "") -> None:
    """Write down what became of a row."""
    row.outcome, row.problem = outcome, problem[:500]
    session.execute(
        update(BulkAction)
        .where(BulkAction.id == row.bulk_action_id)
        .values(seen=BulkAction.seen + 1, refused=BulkAction.refused + (1 if outcome == REFUSED else 0))
    )


def pending_rows(session: Session, bulk_action_id: UUID) -> Sequence[BulkRow]:
    """All rows without a result."""
    return session.scalars(
        select(BulkRow)
        .where(BulkRow.bulk_action_id == bulk_action_id, BulkRow.outcome.is_(None))
        .order_by(BulkRow.position)
    ).all()


def note_progress(session: Session, bulk_action_id: UUID, seen: int) -> None:
    """How far an action is whose rows get their results together."""
    session.execute(update(BulkAction).where(BulkAction.id == bulk_action_id).values(seen=seen))


def answer_rows(session: Session, bulk_action_id: UUID, refused: Mapping[int, str]) -> None:
    """All rows get their results together: position → why a row was refused; the others are done."""
    for position, problem in refused.items():
        session.execute(_row(bulk_action_id, position).values(outcome=REFUSED, problem=problem[:500]))
    session.execute(
        update(BulkRow).where(BulkRow.bulk_action_id == bulk_action_id, BulkRow.outcome.is_(None)).values(outcome=DONE)
    )
    session.execute(
        update(BulkAction).where(BulkAction.id == bulk_action_id).values(seen=BulkAction.total, refused=len(refused))
    )


def _row(bulk_action_id: UUID, position: int) -> Update:
    return update(BulkRow).where(BulkRow.bulk_action_id == bulk_action_id, BulkRow.position == position)


def refuse(session: Session, bulk_action_id: UUID, position: int, problem: str) -> None:
    """Write down that nothing could be done with a row."""
    row = session.get_one(BulkRow, (bulk_action_id, position))
    if row.outcome is None:
        answer(session, row, REFUSED, problem)


def finish(
    session: Session, bulk_action_id: UUID, *, file_key: str | None = None, file_name: str | None = None
) -> None:
    """All rows have their result."""
    session.execute(
        update(BulkAction)
        .where(BulkAction.id == bulk_action_id)
        .values(finished_at=clock.now(), file_key=file_key, file_name=file_name)
    )


def undoable(action: BulkAction) -> bool:
    """Whether anything came of an action that could be taken back."""
    done = action.finished_at is not None and action.refused < action.total
    return done and action.undoes is None and ACTIONS[action.action].undone_by is not None


def undo(session: Session, organisation_id: UUID, bulk_action_id: UUID) -> BulkAction:
    """Take back what was done, row by row; those that can't be taken back say so. Raises ``NotFound``, ``Conflict``."""
    found = bulk_action(session, organisation_id, bulk_action_id)
    wanted = ACTIONS[found.action].undone_by
    if wanted is None or not undoable(found):
        raise Conflict("This can't be taken back.", code="not_undoable")
    if undone_by(session, found.id) is not None:
        raise Conflict("It was taken back already.", code="undone")
    rows = session.scalars(
        select(BulkRow).where(BulkRow.bulk_action_id == found.id, BulkRow.outcome == DONE).order_by(BulkRow.position)
    ).all()
    return start(session, organisation_id, wanted, [Row(one.subject_id, one.name) for one in rows], undoes=found.id)


def forget_old(session: Session) -> None:
    """Files go after an hour, results after 30 days."""
    now = clock.now()
    stale = session.scalars(
        select(BulkAction).where(BulkAction.file_key.is_not(None), BulkAction.finished_at < now - FILE_KEPT)
    )
    for row in stale:
        forget(row.file_key or "")
        row.file_key = None
    session.execute(delete(BulkAction).where(BulkAction.created_at < now - KEPT))
