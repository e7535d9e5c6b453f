"""Read an uploaded file and say what taking it over would do."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, BinaryIO

from app.adapters import registries
from app.config import settings
from app.feeds.events import FeedUploaded
from app.feeds.feed import Limits, UnreadableFile
from app.feeds.files import storage
from app.feeds.reading import OpenedFile, open_file
from app.feeds.rules.marks import KnownMarks, SameRows
from app.feeds.rules.records import ReadProduct, ReadRow, TakenForKnown
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
    kept_keys,
    note_progress,
    plan_check,
    store_rows,
    store_same,
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


@job(queue="bulk", on=FeedUploaded, timeout=1800)
def check_feed(run: Run, event: FeedUploaded) -> None:
    """See the module. Begun again, it begins anew."""
    with run.transaction() as session:
        plan = plan_check(session, event.run_id)
        known = confirmed(session, event.run_id) if plan is not None else None
    if plan is None or known is None:
        return
    try:
        read = _read(run, plan, known, marked=not plan.anew)
    except TakenForKnown:
        # Its products do not stand as their marks have it. Read as if nothing were known, it is right in any case.
        with run.transaction() as session:
            plan = plan_check(session, event.run_id)
        read = _read(run, plan, known, marked=False) if plan is not None else None
    except UnreadableFile as error:
        _failed(run, event, str(error), error.detected)
        return
    except FileNotFoundError:
        _failed(run, event, "The file is no longer there. Upload it again.")
        return
    if plan is None or read is None:
        return
    opened, counts = read
    with run.closing() as session:
        finish_checking(session, plan, opened.detected, opened.mapping, counts)


def _read(run: Run, plan: CheckPlan, known: Confirmed, *, marked: bool = True) -> tuple[OpenedFile, Counts] | None:
    """Keep all rows of a file; None where a question is asked first, or nobody wants it any more. ``marked``: products
    with the same rows as the last time need not be understood again."""
    counts = Counts()
    with storage().open(plan.file_key) as stream:
        opened = open_file(
            registries.feeds.get(plan.feed),
            stream,
            Limits(rows=settings().upload_max_rows),
            currency=plan.currency,
            mapping=plan.mapping or None,
            choices=plan.choices,
            confirmed=known.of,
            figures_only=None if plan.kind_open else plan.kind == "stock_price",
            kept_keys=partial(_kept_keys, run, plan),
        )
        plan = replace(plan, kind=opened.detected["kind"])
        question = None if plan.mapping else _question(known, opened)
        if question is not None:
            with run.closing() as session:
                ask(session, plan.run_id, opened.detected, question)
            return None
        rows = opened.rows_beside(_marks(run, plan)) if marked else opened.rows
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
            wanted = in_turn(one_ahead(_batches(rows, stream, plan.size_bytes)), keep)
    return (opened, counts) if wanted else None


def _kept_keys(run: Run, plan: CheckPlan) -> Mapping[str, str]:
    with run.transaction() as session:
        return kept_keys(session, plan.supplier_id)


def _marks(run: Run, plan: CheckPlan) -> KnownMarks:
    """The marks of those products that are as they were, all at once or by and by."""
    with run.transaction() as session:
        every = all_holding_marks(session, plan.supplier_id)
    return partial(_asked_for, run, plan) if every is None else lambda _: every


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
