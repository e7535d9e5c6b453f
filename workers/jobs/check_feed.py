"""Read an uploaded file and say what taking it over would do."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from contextvars import copy_context
from dataclasses import replace
from functools import partial
from typing import Any, BinaryIO

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
    store_rows,
    store_same,
    told_of,
)
from app.kit.ahead import one_ahead
from app.kit.collecting import rarely_collected
from app.kit.in_turn import Turn, in_turn
from workers.job import Run, job

#: Rows compared and kept in one transaction: of those that were understood anew, each of which holds all texts of its
#: product, and of those that say what the last file said.
_UNDERSTOOD_AT_ONCE, _SAME_AT_ONCE = 4000, 24_000
#: Rows of both kinds, and how many bytes were read for them.
_Batch = tuple[list[ReadRow | ReadProduct], SameRows, int]
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
    counts = Counts()
    with ThreadPoolExecutor(1) as beside, ExitStack() as files:
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
        plan = replace(plan, kind=opened.detected["kind"])
        question = None if plan.mapping else _question(known, opened)
        if question is not None:
            if marks is not None:
                # A transaction that is under way would end the task in place of this one.
                marks.result()
            with run.closing() as session:
                ask(session, plan.run_id, opened.detected, question)
            return None
        rows: Iterator[ReadRow | ReadProduct | SameRows] | None = None
        if marks is not None and opened.beside.can_be_marked:
            earlier = _earlier(plan, opened, files) if way == _BY_LINES else None
            every = marks.result()
            if earlier is not None and every is not None:
                stream = files.enter_context(storage().open(plan.file_key))
                rows = opened.beside.rows_of_lines(every, earlier[0], compared(earlier[1], stream))
            else:
                rows = opened.beside.rows(partial(_asked_for, run, plan) if every is None else lambda _: every)
        told = frozenset(opened.mapping.values())

        def keep(read: _Batch, turn: Turn) -> bool:
            turn.let_next_begin()
            batch, same, place = read
            theirs = Counts()
            with run.transaction() as session:
                store_rows(session, plan, batch, theirs, told=told)
                store_same(session, plan, same, theirs, weighed="weight" in told)
                turn.come()
                counts.add(theirs)
                return note_progress(session, plan.run_id, counts, place, plan.size_bytes)

        with rarely_collected():
            wanted = in_turn(
                one_ahead(_batches(rows if rows is not None else opened.rows, stream, plan.size_bytes)), keep
            )
        if wanted and rows is not None:
            _keep_told(plan, opened)
    return (opened, counts) if wanted else None


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


def _batches(rows: Iterator[ReadRow | ReadProduct | SameRows], stream: BinaryIO, size: int) -> Iterator[_Batch]:
    batch: list[ReadRow | ReadProduct] = []
    understood, same = 0, SameRows()
    for one in rows:
        if isinstance(one, SameRows):
            same.add(one)
        else:
            batch.append(one)
            understood += len(one.rows) if isinstance(one, ReadProduct) else 1
        if understood >= _UNDERSTOOD_AT_ONCE or len(same.rows) >= _SAME_AT_ONCE:
            yield batch, same, _place(stream, size)
            batch, understood, same = [], 0, SameRows()
    if batch or same.rows:
        yield batch, same, _place(stream, size)


def _place(stream: BinaryIO, size: int) -> int:
    """How many bytes were read; formats that are read as a whole are at their end."""
    return size if stream.closed else stream.tell()


def _question(known: Confirmed, opened: OpenedFile) -> Question | None:
    columns = opened.detected["columns"]
    return known.question(
        [column["column"] for column in columns],
        {column["column"]: column["field"] for column in columns if column["field"]},
    )
