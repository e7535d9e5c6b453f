"""Writing the audit log, sealing it, and checking the seals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Cast, ColumnElement, cast, func, insert, select, text
from sqlalchemy.orm import Session

from app.audit.models import AuditEvent, AuditSeal, Xid8
from app.audit.rules import GENESIS, leaf_hash, merkle_root, seal_hash
from app.db import add_rows, current_scope
from app.kit import clock
from app.kit.ids import new_id


def record(
    session: Session,
    organisation_id: UUID,
    action: str,
    object_type: str,
    object_id: object,
    *,
    details: dict[str, Any] | None = None,
    actor: str | None = None,
) -> None:
    """Write down that somebody did something. ``details`` must hold no personal data and no secret."""
    record_many(session, [(organisation_id, action, object_type, str(object_id), details or {})], actor=actor)


def record_many(
    session: Session,
    happenings: Sequence[tuple[UUID, str, str, str, dict[str, Any]]],
    *,
    actor: str | None = None,
) -> None:
    """Write several at once: (organisation, action, object type, object id, details) each."""
    scope = current_scope()
    who = actor or scope.actor
    rows = []
    for organisation_id, action, object_type, object_id, details in happenings:
        row: dict[str, Any] = {
            "organisation_id": organisation_id,
            "at": clock.now(),
            "actor": who,
            "action": action,
            "object_type": object_type,
            "object_id": object_id,
            "details": details,
            "request_id": scope.request_id,
        }
        event_id = new_id()
        rows.append({"id": event_id, "leaf": leaf_hash(event_id=event_id, **row), **row})
    add_rows(session, AuditEvent, rows)


def seal(session: Session) -> int:
    """Seal what is not sealed yet, for every organisation. Returns the number of events sealed.

    Only events of transactions older than every one still running are taken, so that none can slip into a
    window later. One sealer at a time, by an advisory lock held for the transaction; a pass seals everything
    before its horizon, so the next pass looks only behind it.
    """
    session.execute(text("select pg_advisory_xact_lock(7241002)"))
    horizon = int(session.scalar(text("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint")) or 0)
    sealed_to = session.scalar(select(func.coalesce(func.max(AuditSeal.to_xid), 0))) or 0
    waiting = session.scalars(
        select(AuditEvent.organisation_id)
        .where(AuditEvent.xid >= _xid(sealed_to), AuditEvent.xid < _xid(horizon))
        .distinct()
    ).all()
    return sum(_seal_one(session, organisation_id, horizon) for organisation_id in waiting)


def _seal_one(session: Session, organisation_id: UUID, horizon: int) -> int:
    last = session.scalar(
        select(AuditSeal).where(AuditSeal.organisation_id == organisation_id).order_by(AuditSeal.n.desc()).limit(1)
    )
    start, n, previous = (last.to_xid, last.n + 1, bytes(last.hash)) if last else (0, 1, GENESIS)
    leaves = [
        bytes(leaf)
        for leaf in session.scalars(
            select(AuditEvent.leaf)
            .where(*_in_window(organisation_id, start, horizon))
            .order_by(AuditEvent.xid, AuditEvent.seq)
        )
    ]
    root = merkle_root(leaves)
    session.execute(
        insert(AuditSeal).values(
            organisation_id=organisation_id,
            n=n,
            from_xid=start,
            to_xid=horizon,
            rows=len(leaves),
            root=root,
            previous=previous,
            hash=seal_hash(previous, n, start, horizon, len(leaves), root),
            sealed_at=clock.now(),
        )
    )
    return len(leaves)


def _xid(number: int) -> Cast[int]:
    return cast(str(number), Xid8())


def _in_window(organisation_id: UUID, start: int, end: int) -> tuple[ColumnElement[bool], ...]:
    return (
        AuditEvent.organisation_id == organisation_id,
        AuditEvent.xid >= _xid(start),
        AuditEvent.xid < _xid(end),
    )


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not add up in an organisation's log."""

    organisation_id: UUID
    seal: int | None
    event_id: UUID | None
    problem: str


def verify(session: Session) -> tuple[int, list[Finding]]:
    """Recompute every leaf, root and link. Returns the number of sealed events checked, and what is wrong."""
    findings: list[Finding] = []
    checked = 0
    organisations = session.scalars(select(AuditSeal.organisation_id).distinct()).all()
    unsealed = session.scalars(
        select(AuditEvent.organisation_id)
        .where(AuditEvent.organisation_id.not_in(select(AuditSeal.organisation_id)))
        .where(AuditEvent.at < func.now() - text("interval '60 seconds'"))
        .distinct()
    ).all()
    findings += [Finding(one, None, None, "events older than 60 s were never sealed") for one in unsealed]
    for organisation_id in organisations:
        count, found = _verify_one(session, organisation_id)
        checked += count
        findings += found
    return checked, findings


def _verify_one(session: Session, organisation_id: UUID) -> tuple[int, list[Finding]]:
    findings: list[Finding] = []
    previous, expected_n, expected_from, checked = GENESIS, 1, 0, 0
    seals = session.scalars(
        select(AuditSeal).where(AuditSeal.organisation_id == organisation_id).order_by(AuditSeal.n)
    ).all()
    for seal_row in seals:
        if (seal_row.n, seal_row.from_xid) != (expected_n, expected_from):
            findings.append(Finding(organisation_id, seal_row.n, None, "a seal is missing before this one"))
        events = _window(session, organisation_id, seal_row.from_xid, seal_row.to_xid)
        for event in events:
            if _leaf_of(event) != bytes(event.leaf):
                findings.append(Finding(organisation_id, seal_row.n, event.id, "the event was altered"))
        leaves = [_leaf_of(event) for event in events]
        if len(leaves) != seal_row.rows:
            findings.append(
                Finding(
                    organisation_id,
                    seal_row.n,
                    None,
                    f"{seal_row.rows} events were sealed, {len(leaves)} are here",
                )
            )
        root = merkle_root(leaves) if leaves else b""
        if root != bytes(seal_row.root):
            findings.append(Finding(organisation_id, seal_row.n, None, "the events do not give the sealed root"))
        if bytes(seal_row.previous) != previous or bytes(seal_row.hash) != seal_hash(
            previous, seal_row.n, seal_row.from_xid, seal_row.to_xid, seal_row.rows, bytes(seal_row.root)
        ):
            findings.append(Finding(organisation_id, seal_row.n, None, "the chain is broken here"))
        previous, expected_n, expected_from = bytes(seal_row.hash), seal_row.n + 1, seal_row.to_xid
        checked += len(events)
    return checked, findings


def _window(session: Session, organisation_id: UUID, start: int, end: int) -> Sequence[AuditEvent]:
    return session.scalars(
        select(AuditEvent).where(*_in_window(organisation_id, start, end)).order_by(AuditEvent.xid, AuditEvent.seq)
    ).all()


def _leaf_of(event: AuditEvent) -> bytes:
    return leaf_hash(
        event_id=event.id,
        organisation_id=event.organisation_id,
        at=event.at,
        actor=event.actor,
        action=event.action,
        object_type=event.object_type,
        object_id=event.object_id,
        details=event.details,
        request_id=event.request_id,
    )
