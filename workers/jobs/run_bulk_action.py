"""Do what somebody wants done with many rows, one after another, each with its result.

A row's effect and its result are one commit, so a run that was cut off goes on with the next row. Papers are drawn
together, into a file that is kept for an hour.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rq.timeouts import JobTimeoutException
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from app import db, log
from app.bulk import files
from app.bulk.events import BulkActionStarted
from app.bulk.models import BulkAction, BulkRow
from app.bulk.rules import PAPERS
from app.bulk.service import answer, answer_rows, finish, next_row, note_progress, pending_rows, refuse
from app.documents.drawing import draw, draw_pick_list
from app.documents.papers import PICK_LIST, Paper
from app.documents.service import papers, pick_list
from app.kit.crash import crash_point
from app.kit.errors import AppError, NotFound
from app.purchasing import queries as purchasing
from app.purchasing.models import PurchaseOrder
from workers.bulk_actions import DOING
from workers.job import Run, ends_run, job

#: Purchase orders of which addresses are read in one transaction.
_AT_ONCE = 50
#: How often a row is tried whose locks others hold.
_TRIES = 3
#: What a row says that broke for a reason that nobody foresaw.
_BROKEN = "Something went wrong on our side; nothing was changed. Try it again."

#: A purchase order and its papers.
_Part = tuple[PurchaseOrder, Sequence[Paper]]

logger = log.get("workers.bulk")


@job(queue="bulk", on=BulkActionStarted, timeout=1800)
def run_bulk_action(run: Run, event: BulkActionStarted) -> None:
    """See the module. What is done counts as done by the person who wanted it."""
    with run.transaction() as session:
        action = session.get(BulkAction, event.bulk_action_id)
    if action is None or action.finished_at is not None:
        return
    with db.system_scope(actor=action.actor):
        if action.action == PAPERS:
            _print(run, action)
        else:
            _go_through(run, action)


def _go_through(run: Run, action: BulkAction) -> None:
    """One row after another. A row that breaks keeps none behind it waiting."""
    do, tries = DOING[action.action], 0
    while True:
        position = -1
        try:
            with run.transaction() as session:
                row = next_row(session, action.id)
                if row is None:
                    break
                position = row.position
                answer(session, row, do(session, action, row))
        except AppError as error:
            with run.transaction() as session:
                refuse(session, action.id, position, error.detail)
        except Exception as error:
            if position < 0 or ends_run(error):
                raise
            tries += 1
            if isinstance(error, OperationalError) and tries < _TRIES:
                continue
            logger.exception("row broke", bulk_action=str(action.id), position=position)
            with run.transaction() as session:
                refuse(session, action.id, position, _BROKEN)
        tries = 0
        crash_point("bulk.row_done")
    with run.closing() as session:
        finish(session, action.id)


def _print(run: Run, action: BulkAction) -> None:
    """Papers of all rows in one file. Nothing is written of the rows before the file is there: a run that was cut off
    reads and draws them anew."""
    kind = str(action.given["kind"])
    parts: dict[int, _Part] = {}
    refused: dict[int, str] = {}
    with run.transaction() as session:
        rows = pending_rows(session, action.id)
    for first in range(0, len(rows), _AT_ONCE):
        with run.transaction() as session:
            for row in rows[first : first + _AT_ONCE]:
                try:
                    order = _order_of(session, action, row)
                    # Each has its own say: one without an address keeps no other back.
                    parts[row.position] = order, papers(session, kind, [order]) if kind != PICK_LIST else []
                except AppError as error:
                    refused[row.position] = error.detail
                except (DBAPIError, JobTimeoutException):
                    raise
                except Exception:
                    logger.exception("row broke", bulk_action=str(action.id), position=row.position)
                    refused[row.position] = _BROKEN
            note_progress(session, action.id, first)
    try:
        content = _drawn(kind, parts.values())
    except JobTimeoutException:
        raise
    except Exception:
        logger.exception("papers can't be drawn", bulk_action=str(action.id))
        # Whose they are shows when each is drawn alone.
        for position in [one for one, part in parts.items() if not _is_drawable(kind, part)]:
            refused[position] = _BROKEN
            del parts[position]
        content = _drawn(kind, parts.values())
    key = files.keep(action.id, run.attempt, content) if content is not None else None
    with run.closing() as session:
        answer_rows(session, action.id, refused)
        finish(session, action.id, file_key=key, file_name=f"{kind}-{len(parts)}" if key else None)


def _order_of(session: Session, action: BulkAction, row: BulkRow) -> PurchaseOrder:
    if row.subject_id is None:
        raise NotFound("purchase order")
    return purchasing.purchase_order(session, action.organisation_id, row.subject_id)


def _drawn(kind: str, parts: Collection[_Part]) -> bytes | None:
    if not parts:
        return None
    if kind == PICK_LIST:
        return draw_pick_list(pick_list([order for order, _ in parts]))
    return draw([paper for _, own in parts for paper in own])


def _is_drawable(kind: str, part: _Part) -> bool:
    try:
        _drawn(kind, [part])
    except JobTimeoutException:
        raise
    except Exception:
        logger.exception("row broke", purchase_order=part[0].number)
        return False
    return True
