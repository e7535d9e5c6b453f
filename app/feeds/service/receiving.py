"""Receiving a file, and deciding what becomes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import PurePath
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import db
from app.audit import service as audit
from app.config import settings
from app.feeds.events import FeedApplyWanted, FeedUploaded
from app.feeds.files import storage
from app.feeds.models import FeedRun
from app.feeds.rules.choices import NO_CHOICES, Choices
from app.feeds.rules.fields import FIELDS
from app.feeds.service.checking import is_overtaken
from app.feeds.service.guarding import held_question
from app.feeds.service.templates import keep_template, mapping_question
from app.kit import clock
from app.kit.errors import Conflict, Invalid, NotFound
from app.kit.ids import new_id
from app.kit.storage import Stored, TooLarge
from app.notifications.service import resolve
from app.outbox.service import emit

_LONGEST_NAME = 200


def keep_file(chunks: Iterable[bytes]) -> tuple[str, Stored]:
    """Keep an upload's bytes, before any transaction. Returns its key and size. Raises ``Invalid`` when it is
    empty or larger than ``CROSSDOCK_UPLOAD_MAX_BYTES``."""
    key = f"uploads/{new_id()}"
    limit = settings().upload_max_bytes
    try:
        stored = storage().put(key, chunks, limit=limit)
    except TooLarge as error:
        raise Invalid.field(
            "file", "too_large", f"The file is larger than {limit // (1024 * 1024)} MB. Split it."
        ) from error
    if stored.size == 0:
        storage().delete(key)
        raise Invalid.field("file", "empty", "The file is empty.")
    return key, stored


def receive_upload(
    session: Session,
    supplier_id: UUID,
    *,
    file_name: str,
    feed: str,
    file_key: str,
    stored: Stored,
    source_id: UUID | None = None,
    kind: str | None = "full",
) -> FeedRun:
    """Note a file that was kept; a job checks it. The same file again, still undecided, is the run that it was.
    ``kind`` is ``full`` or ``stock_price``; None: what it is, is found when it is read."""
    known = session.scalar(
        select(FeedRun)
        .where(
            FeedRun.supplier_id == supplier_id,
            FeedRun.sha256 == stored.sha256,
            FeedRun.source_id.is_not_distinct_from(source_id),
            FeedRun.state.in_(("CHECKING", "NEEDS_MAPPING", "READY", "QUARANTINED", "APPLYING")),
        )
        .order_by(FeedRun.created_at.desc())
        .limit(1)
    )
    if known is not None and (kind is None or (kind == known.kind and "kind_open" not in known.detected)):
        if known.file_key != file_key:
            storage().delete(file_key)
        return known
    name = PurePath(file_name.replace("\\", "/")).name.replace("\x00", "")[:_LONGEST_NAME] or "upload"
    run = FeedRun(
        id=new_id(),
        supplier_id=supplier_id,
        file_name=name,
        file_key=file_key,
        sha256=stored.sha256,
        size_bytes=stored.size,
        feed=feed,
        state="CHECKING",
        mapping={},
        counts={},
        detected={} if kind is not None else {"kind_open": True},
        created_by=db.current_scope().actor,
        created_at=clock.now(),
        source_id=source_id,
        kind=kind or "full",
    )
    session.add(run)
    session.flush()
    audit.record(session, supplier_id, "feeds.uploaded", "feed_run", run.id)
    emit(session, FeedUploaded(supplier_id=supplier_id, run_id=run.id))
    return run


def change_mapping(
    session: Session,
    supplier_id: UUID,
    run_id: UUID,
    mapping: Mapping[str, str],
    choices: Choices = NO_CHOICES,
) -> FeedRun:
    """Say which column is what and what its values mean, and have the file read again. Columns that are left out are
    not used. What is said is kept for later files with the same columns."""
    run = _undecided(session, supplier_id, run_id)
    columns = {str(column["column"]) for column in run.detected.get("columns", [])}
    chosen = {column: field for column, field in mapping.items() if field}
    for column, field in chosen.items():
        if column not in columns:
            raise Invalid.field("mapping", "unknown_column", f"The file has no column {column!r}.")
        if field not in FIELDS:
            raise Invalid.field("mapping", "unknown_field", f"There is no field {field!r}.")
    holders: dict[str, str] = {}
    for column, field in chosen.items():
        if field in holders:
            message = (
                f"{holders[field]!r} and {column!r} can't both hold: {FIELDS[field]}. Choose another for one of them."
            )
            raise Invalid.field("mapping", "used_twice", message)
        holders[field] = column
    if not {"title", "sku", "product_id"} & set(chosen.values()):
        raise Invalid.field("mapping", "no_identity", "Choose the column with the title or the SKU.")
    wrong = choices.check()
    if wrong is not None:
        raise Invalid.field("choices", "out_of_range", wrong)
    choices = replace(choices, record=Choices.from_json(run.detected.get("choices")).record)
    run.mapping = chosen
    return _read_anew(session, run, choices)


def choose_record(session: Session, supplier_id: UUID, run_id: UUID, record: str) -> FeedRun:
    """Say where the products stand in a nested file, and have it read again with columns that are recognised anew. It
    is kept for later files with the columns when these are confirmed."""
    run = _undecided(session, supplier_id, run_id)
    if record not in [one["record"] for one in run.detected.get("records", [])]:
        raise Invalid.field("record", "unknown_record", "Choose one of the places that the file has.")
    run.mapping = {}
    return _read_anew(session, run, replace(Choices.from_json(run.detected.get("choices")), record=record))


def _undecided(session: Session, supplier_id: UUID, run_id: UUID) -> FeedRun:
    run = own_run(session, supplier_id, run_id)
    if run.state not in ("NEEDS_MAPPING", "READY", "QUARANTINED", "FAILED"):
        raise Conflict("The file is being worked on. Wait until it is done.", code="feed_busy")
    return run


def _read_anew(session: Session, run: FeedRun, choices: Choices) -> FeedRun:
    run.state, run.error = "CHECKING", None
    known = {name: value for name, value in run.detected.items() if name != "anew"}
    run.detected = {**known, "choices": choices.to_json()}
    keep_template(session, run)
    resolve(session, run.supplier_id, mapping_question(run))
    resolve(session, run.supplier_id, held_question(run))
    emit(session, FeedUploaded(supplier_id=run.supplier_id, run_id=run.id))
    return run


def want_applied(
    session: Session, supplier_id: UUID, run_id: UUID, *, keep_missing: bool = False, despite_findings: bool = True
) -> FeedRun:
    """Take a checked file over; a job does it. Asked again, nothing more happens. ``keep_missing``: what the file no
    longer names stays this time, whatever was chosen. ``despite_findings``: also one that is held, whose findings
    somebody has seen. Raises ``Conflict``."""
    run = own_run(session, supplier_id, run_id)
    if run.state in ("APPLYING", "APPLIED") or (run.state == "CHECKING" and "anew" in run.detected):
        return run
    if run.state not in ("READY", "QUARANTINED", "CANCELLED"):
        raise Conflict("The file is not checked yet, or can't be read.", code="feed_not_ready")
    if run.state == "QUARANTINED" and not despite_findings:
        raise Conflict(
            "The file differs more than usual from what stands. Look at its findings; is it right, take it over with "
            "despite_findings=true. Is it a mistake, send a mended file.",
            code="beyond_limits",
        )
    if run.source_id is not None and is_overtaken(session, run):
        raise Conflict("A newer file of the source was taken over. Discard this one.", code="feed_overtaken")
    run.state = "APPLYING"
    if keep_missing:
        run.detected = {**run.detected, "keep_missing": True}
    keep_template(session, run)
    resolve(session, supplier_id, held_question(run))
    audit.record(session, supplier_id, "feeds.apply_wanted", "feed_run", run.id)
    emit(session, FeedApplyWanted(supplier_id=supplier_id, run_id=run.id))
    return run


def cancel(session: Session, supplier_id: UUID, run_id: UUID) -> FeedRun:
    """Stop taking a file over: what was taken over so far stays, and can be undone. Asked again, nothing happens."""
    run = own_run(session, supplier_id, run_id)
    if run.state == "CANCELLED":
        return run
    if run.state != "APPLYING":
        raise Conflict("The file is not being taken over.", code="feed_not_applying")
    run.state, run.cancelled_at = "CANCELLED", clock.now()
    audit.record(session, supplier_id, "feeds.cancelled", "feed_run", run.id)
    return run


def discard(session: Session, supplier_id: UUID, run_id: UUID) -> FeedRun:
    """Leave a file alone for good."""
    run = own_run(session, supplier_id, run_id)
    if run.state not in ("NEEDS_MAPPING", "READY", "QUARANTINED", "FAILED", "CHECKING", "DISCARDED"):
        raise Conflict("The file is being taken over already.", code="feed_busy")
    run.state = "DISCARDED"
    resolve(session, supplier_id, mapping_question(run))
    resolve(session, supplier_id, held_question(run))
    audit.record(session, supplier_id, "feeds.discarded", "feed_run", run.id)
    return run


def own_run(session: Session, supplier_id: UUID, run_id: UUID) -> FeedRun:
    """A supplier's run, locked. Raises ``NotFound``."""
    run = session.scalar(
        select(FeedRun).where(FeedRun.id == run_id, FeedRun.supplier_id == supplier_id).with_for_update()
    )
    if run is None:
        raise NotFound("file")
    return run
