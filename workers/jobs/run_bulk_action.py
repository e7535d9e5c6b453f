"""Do what somebody wants done with many rows, one after another, each with its result.

A row's effect and its result are one commit, so a run that was cut off goes on with the next row. Papers are drawn
together, into a file that is kept for an hour.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from app import db
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
from workers.job import Run, job

#: Purchase orders of which addresses are read in one transaction.
_AT_ONCE = 50


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
    do = DOING[action.action]
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
        crash_point("bulk.row_done")
    with run.closing() as session:
        finish(session, action.id)


def _print(run: Run, action: BulkAction) -> None:
    """Papers of all rows in one file. Nothing is written of the rows before the file is there: a run that was cut off
    reads and draws them anew."""
    kind = str(action.given["kind"])
    drawn: list[Paper] = []
    orders: list[PurchaseOrder] = []
    refused: dict[int, str] = {}
    with run.transaction() as session:
        rows = pending_rows(session, action.id)
    for first in range(0, len(rows), _AT_ONCE):
        with run.transaction() as session:
            for row in rows[first : first + _AT_ONCE]:
                try:
                    order = _order_of(session, action, row)
                    # Each has its own say: one without an address keeps no other back.
                    drawn += papers(session, kind, [order]) if kind != PICK_LIST else []
                    orders.append(order)
                except AppError as error:
                    refused[row.position] = error.detail
            note_progress(session, action.id, first)
    content = _drawn(kind, drawn, orders)
    key = files.keep(action.id, run.attempt, content) if content is not None else None
    with run.closing() as session:
        answer_rows(session, action.id, refused)
        finish(session, action.id, file_key=key, file_name=f"{kind}-{len(orders)}" if key else None)


def _order_of(session: Session, action: BulkAction, row: BulkRow) -> PurchaseOrder:
    if row.subject_id is None:
        raise NotFound("purchase order")
    return purchasing.purchase_order(session, action.organisation_id, row.subject_id)


def _drawn(kind: str, drawn: list[Paper], orders: list[PurchaseOrder]) -> bytes | None:
    if not orders:
        return None
    return draw_pick_list(pick_list(orders)) if kind == PICK_LIST else draw(drawn)
