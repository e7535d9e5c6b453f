"""Read an uploaded file and say what taking it over would do."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from contextvars import copy_context
from dataclasses import replace
from functools import partial
from typing import Any, BinaryIO

from sqlalchemy.orm import Session

from app.adapters import registries
from app.config import settings
from app.feeds.events import FeedUploaded
from app.feeds.feed import Limits, NotLines, UnreadableFile
from app.feeds.files import storage
from app.feeds.reading import OpenedFile, open_file
from app.feeds.rules.known_lines import KnownProducts
from app.feeds.rules.marks import SameRows
from app.feeds.rules.records import ReadProduct, ReadRow, TakenForKnown
from app.feeds.rules.same_lines import compared
from app.feeds.service import (
    CheckPlan,
    Confirmed,
    Counts,
    Question,
    all_holding_marks,
    ask,
    confirmed,
    fail,
    finish_checking,
    holding_marks,
    keep_told,
    kept_keys,
    note_progress,
    plan_check,
    told_of,
)
from workers.feed_rows import halves_of, keep_all, keep_halves
from workers.job import Run, job

_Read = tuple[OpenedFile, Counts]
#: Ways to read a file, the quickest first: lines of the file before are known, products by their marks, or nothing is.
_BY_LINES, _BY_MARKS, _PLAINLY = range(3)


@job(queue="bulk", on=FeedUploaded, timeout=1800)
def check_feed(run: Run, event: FeedUploaded) -> None:
    """See the module. Begun again, it begins anew."""
    with run.transaction() as session:
        plan = plan_check(session, event.run_id)
        known = confirmed(session, event.run_id) if plan is not None else None
    if plan is None or known is None:
        return
    try:
        opened_and_counted = _read_at_last(run, plan, known)
    except UnreadableFile as error:
        _failed(run, event, str(error), error.detected)
        return
    except FileNotFoundError:
        _failed(run, event, "The file is no longer there. Upload it again.")
        return
    if opened_and_counted is None:
        return
    opened, counts = opened_and_counted
    with run.closing() as session:
        finish_checking(session, plan, opened.detected, opened.mapping, counts)


def _read_at_last(run: Run, plan: CheckPlan, known: Confirmed) -> _Read | None:
    """Read a file in the quickest way that is right for it. What was kept on one that was not is kept anew."""
    ways = (_PLAINLY,) if plan.anew else (_BY_LINES, _BY_MARKS, _PLAINLY)
    again: CheckPlan | None = plan
    for way in ways:
        if again is None:
            return None
        try:
            return _read(run, again, known, way)
        except (TakenForKnown, NotLines):
            # Its rows do not stand as they would have to. Read as if nothing were known, it is right in any case.
            with run.transaction() as session:
                again = plan_check(session, plan.run_id)
    return None


def _read(run: Run, plan: CheckPlan, known: Confirmed, way: int) -> _Read | None:
    """Keep all rows of a file; None where a question is asked first, or nobody wants it any more. Raises
    ``TakenForKnown`` and ``NotLines`` where another way is right."""
    with ExitStack() as files:
        with ThreadPoolExecutor(1) as beside:
            marks = beside.submit(copy_context().run, _marks, run, plan) if way != _PLAINLY else None
            stream = files.enter_context(storage().open(plan.file_key))
            opened = open_file(
                registries.feeds.get(plan.feed),
                stream,
                Limits(rows=settings().upload_max_rows),
                currency=plan.currency,
                mapping=plan.mapping or None,
                choices=replace(plan.choices, record=plan.choices.record or known.record),
                confirmed=known.of,
                figures_only=None if plan.kind_open else plan.kind == "stock_price",
                kept_keys=partial(_kept_keys, run, plan),
            )
            # A transaction that is under way would end the task in place of one that closes it.
            every = marks.result() if marks is not None else None
        plan = replace(plan, kind=opened.detected["kind"])
        question = None if plan.mapping else _question(known, opened)
        if question is not None:
            with run.closing() as session:
                ask(session, plan.run_id, opened.detected, question)
            return None
        if marks is None or not opened.beside.can_be_marked:
            counts = _keep(run, plan, opened, opened.rows, stream)
            return None if counts is None else (opened, counts)
        earlier = _earlier(plan, opened, files) if way == _BY_LINES and every is not None else None
        parts = halves_of(run, plan, opened) if way == _BY_LINES and every is not None and earlier is None else None
        if earlier is not None and every is not None:
            stream = files.enter_context(storage().open(plan.file_key))
            rows = opened.beside.rows_of_lines(every, earlier[0], compared(earlier[1], stream))
            counts = _keep(run, plan, opened, rows, stream)
        elif parts is not None and every is not None:
            counts = keep_halves(run, plan, opened, every, parts)
        else:
            rows = opened.beside.rows(partial(_asked_for, run, plan) if every is None else lambda _: every)
            counts = _keep(run, plan, opened, rows, stream)
        if counts is not None:
            _keep_told(plan, opened)
    return None if counts is None else (opened, counts)


def _keep(
    run: Run, plan: CheckPlan, opened: OpenedFile, rows: Iterator[ReadRow | ReadProduct | SameRows], stream: BinaryIO
) -> Counts | None:
    def note(session: Session, counts: Counts, place: int) -> bool:
        return note_progress(session, plan.run_id, counts, place, plan.size_bytes)

    return keep_all(run, plan, opened, rows, stream, note)


def _earlier(plan: CheckPlan, opened: OpenedFile, files: ExitStack) -> tuple[KnownProducts, BinaryIO] | None:
    """What the lines of the file before said, and that file; None where it was read otherwise, or is gone."""
    told = told_of(plan.earlier_key, opened.beside.way)
    if told is not None:
        with suppress(FileNotFoundError):
            return told, files.enter_context(storage().open(plan.earlier_key))
    return None


def _keep_told(plan: CheckPlan, opened: OpenedFile) -> None:
    with storage().open(plan.file_key) as stream:
        told = opened.beside.told(stream)
    if told is not None:
        keep_told(plan.file_key, told)


def _kept_keys(run: Run, plan: CheckPlan) -> Mapping[str, str]:
    with run.transaction() as session:
        return kept_keys(session, plan.supplier_id)


def _marks(run: Run, plan: CheckPlan) -> Mapping[str, str] | None:
    """The marks of those products that are as they were; None where they are too many to be asked for at once."""
    with run.transaction() as session:
        return all_holding_marks(session, plan.supplier_id)


def _asked_for(run: Run, plan: CheckPlan, handles: Collection[str]) -> Mapping[str, str]:
    with run.transaction() as session:
        return holding_marks(session, plan.supplier_id, handles)


def _failed(run: Run, event: FeedUploaded, why: str, detected: Mapping[str, Any] | None = None) -> None:
    with run.closing() as session:
        fail(session, event.run_id, why, detected)


def _question(known: Confirmed, opened: OpenedFile) -> Question | None:
    columns = opened.detected["columns"]
    return known.question(
        [column["column"] for column in columns],
        {column["column"]: column["field"] for column in columns if column["field"]},
    )
