"""Reading the rows of a file and keeping them as they come, in this process or, of a long list, in two."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import BinaryIO

import orjson
from sqlalchemy.orm import Session

from app import db
from app.feeds.feed import NotLines, UnreadableFile
from app.feeds.files import storage
from app.feeds.halves import Half
from app.feeds.reading import OpenedFile
from app.feeds.rules.marks import SameRows
from app.feeds.rules.records import ReadProduct, ReadRow, TakenForKnown
from app.feeds.service import CheckPlan, Counts, is_wanted, note_progress, store_rows, store_same
from app.kit.ahead import one_ahead
from app.kit.collecting import rarely_collected
from app.kit.forked import Forked, Progress, can_fork
from app.kit.in_turn import Turn, in_turn
from workers.job import Run

#: Rows compared and kept in one transaction: of those that were understood anew, each of which holds all texts of its
#: product, and of those that say what the last file said.
_UNDERSTOOD_AT_ONCE, _SAME_AT_ONCE = 4000, 34_000
#: Shorter files are read before another process would have begun.
_PARTED_FROM = 2 * 1024 * 1024
#: Rows of both kinds, and how many bytes were read for them.
_Batch = tuple[list[ReadRow | ReadProduct], SameRows, int]
_Rows = Iterator[ReadRow | ReadProduct | SameRows]
#: Asked in each transaction with what was counted and how many bytes were read: whether the file is still wanted.
Note = Callable[[Session, Counts, int], bool]


def keep_all(run: Run, plan: CheckPlan, opened: OpenedFile, rows: _Rows, stream: BinaryIO, note: Note) -> Counts | None:
    """Keep rows that are read from a stream; None where nobody wants them any more."""
    counts, told = Counts(), frozenset(opened.mapping.values())

    def keep(read: _Batch, turn: Turn) -> bool:
        turn.let_next_begin()
        batch, same, place = read
        theirs = Counts()
        with run.transaction() as session:
            store_rows(session, plan, batch, theirs, told=told)
            store_same(session, plan, same, theirs, weighed="weight" in told)
            turn.come()
            counts.add(theirs)
            return note(session, counts, place)

    with rarely_collected():
        wanted = in_turn(one_ahead(_batches(rows, stream, plan.size_bytes)), keep)
    return counts if wanted else None


def halves_of(run: Run, plan: CheckPlan, opened: OpenedFile) -> tuple[Half, Half] | None:
    """The parts of a long list that two processes are to read. What is tried again is read by one."""
    if run.attempt > 1 or plan.size_bytes < _PARTED_FROM or not can_fork():
        return None
    with storage().open(plan.file_key) as stream:
        return opened.beside.halves(stream)


def keep_halves(
    run: Run, plan: CheckPlan, opened: OpenedFile, marks: Mapping[str, str], parts: tuple[Half, Half]
) -> Counts | None:
    """Keep the rows of both halves of a file, the second by another process; None where nobody wants them any more.
    Raises ``TakenForKnown`` and ``NotLines`` where they are to be read as a whole: nothing that was kept is of use
    then."""
    with Forked(partial(_keep_second, run, plan, opened, marks, parts[1])) as other:

        def note(session: Session, counts: Counts, place: int) -> bool:
            rows, further = other.progress.told
            return note_progress(session, plan.run_id, counts, place + further, plan.size_bytes, elsewhere=rows)

        with storage().open(plan.file_key) as stream:
            counts = keep_all(run, plan, opened, opened.beside.rows_of_half(marks, stream, parts[0]), stream, note)
        told = orjson.loads(other.answer()) if counts is not None else None
    if counts is None or told is None:
        return None
    if not told:
        raise NotLines
    counts.add(Counts.from_bytes(told[0]))
    opened.beside.join(told[1])
    return counts


def _keep_second(
    run: Run, plan: CheckPlan, opened: OpenedFile, marks: Mapping[str, str], half: Half, progress: Progress
) -> bytes:
    """The other process's work: what it counted and what its rows name; null where nobody wants them any more, nothing
    where the file is to be read as a whole."""
    db.forked()

    def note(session: Session, counts: Counts, place: int) -> bool:
        progress.tell(sum(counts.actions.values()), place - half.begin)
        return not progress.stopped and is_wanted(session, plan.run_id)

    with storage().open(plan.file_key) as stream:
        try:
            counts = keep_all(run, plan, opened, opened.beside.rows_of_half(marks, stream, half), stream, note)
        except (TakenForKnown, NotLines, UnreadableFile):
            return b"[]"
    if counts is None:
        return b"null"
    return orjson.dumps([counts.to_bytes().decode(), opened.beside.said().decode()])


def _batches(rows: _Rows, stream: BinaryIO, size: int) -> Iterator[_Batch]:
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
