"""Writing the audit log, sealing it, and checking the seals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from app.audit.models import AuditEvent, AuditSeal, AuditWaiting
from app.audit.rules import GENESIS, leaf_hash, merkle_root, pieces, seal_hash
from app.db import add_rows, current_scope, together
from app.kit import clock
from app.kit.ids import new_id

#: The advisory lock of whoever seals or checks.
_SEALING = 7241002
#: Most events of one seal.
_BATCH = 1000
#: Events that wait longer than this are a finding: nobody seals.
_SEALED_WITHIN = timedelta(seconds=60)


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
    with together(session):
        add_rows(session, AuditEvent, rows)
        add_rows(session, AuditWaiting, [{"event_id": row["id"]} for row in rows])


def seal(session: Session) -> int:
    """Seal what waits, for every organisation. Returns the number of events sealed.

    One sealer at a time, by an advisory lock held for the transaction; a second one leaves the work to the first.
    """
    if not session.scalar(select(func.pg_try_advisory_xact_lock(_SEALING))):
        return 0
    sealed = 0
    while waiting := session.scalars(select(AuditWaiting.event_id).order_by(AuditWaiting.event_id).limit(_BATCH)).all():
        batches: defaultdict[UUID, list[tuple[UUID, bytes]]] = defaultdict(list)
        for organisation_id, event_id, leaf in session.execute(
            select(AuditEvent.organisation_id, AuditEvent.id, AuditEvent.leaf)
            .where(AuditEvent.id.in_(waiting))
            .order_by(AuditEvent.id)
        ):
            batches[organisation_id].append((event_id, bytes(leaf)))
        for organisation_id, events in batches.items():
            _seal_one(session, organisation_id, events)
            sealed += len(events)
        session.execute(delete(AuditWaiting).where(AuditWaiting.event_id.in_(waiting)))
    return sealed


def _seal_one(session: Session, organisation_id: UUID, events: Sequence[tuple[UUID, bytes]]) -> None:
    last = session.execute(
        select(AuditSeal.n, AuditSeal.hash)
        .where(AuditSeal.organisation_id == organisation_id)
        .order_by(AuditSeal.n.desc())
        .limit(1)
    ).first()
    n, previous = (last.n + 1, bytes(last.hash)) if last else (1, GENESIS)
    leaves = [leaf for _, leaf in events]
    root = merkle_root(leaves)
    session.execute(
        insert(AuditSeal).values(
            organisation_id=organisation_id,
            n=n,
            rows=len(events),
            events=b"".join(event_id.bytes for event_id, _ in events),
            leaves=b"".join(leaves),
            root=root,
            previous=previous,
            hash=seal_hash(previous, n, len(events), root),
            sealed_at=clock.now(),
        )
    )


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not add up in an organisation's log."""

    organisation_id: UUID
    seal: int | None
    event_id: UUID | None
    problem: str


def verify(session: Session) -> tuple[int, list[Finding]]:
    """Recompute every leaf, root and link. Returns the number of sealed events checked, and what is wrong.

    Sealing waits meanwhile, so that nothing moves under the check.
    """
    session.execute(select(func.pg_advisory_xact_lock(_SEALING)))
    findings: list[Finding] = []
    checked = 0
    with_seals = select(AuditSeal.organisation_id)
    for organisation_id in session.scalars(with_seals.union(select(AuditEvent.organisation_id))).all():
        count, found = _verify_one(session, organisation_id)
        checked += count
        findings += found
    return checked, findings


def _verify_one(session: Session, organisation_id: UUID) -> tuple[int, list[Finding]]:
    findings: list[Finding] = []

    def found(problem: str, seal_number: int | None = None, event_id: UUID | None = None) -> None:
        findings.append(Finding(organisation_id, seal_number, event_id, problem))

    previous, expected_n, sealed = GENESIS, 1, set[UUID]()
    for row in session.scalars(
        select(AuditSeal)
        .where(AuditSeal.organisation_id == organisation_id)
        .order_by(AuditSeal.n)
        .execution_options(yield_per=50)
    ):
        if row.n != expected_n:
            found("a seal is missing before this one", row.n)
        ids = [UUID(bytes=piece) for piece in pieces(bytes(row.events), 16)]
        leaves = pieces(bytes(row.leaves), 32)
        if not ids or not len(ids) == len(leaves) == row.rows or merkle_root(leaves) != bytes(row.root):
            found("the seal's events do not give its root", row.n)
        if bytes(row.previous) != previous or bytes(row.hash) != seal_hash(previous, row.n, row.rows, bytes(row.root)):
            found("the chain is broken here", row.n)
        events = {
            event.id: event
            for event in session.scalars(
                select(AuditEvent).where(AuditEvent.organisation_id == organisation_id, AuditEvent.id.in_(ids))
            )
        }
        for event_id, leaf in zip(ids, leaves, strict=False):
            event = events.get(event_id)
            if event is None:
                found("the event is gone", row.n, event_id)
            elif _leaf_of(event) != leaf or bytes(event.leaf) != leaf:
                found("the event was altered", row.n, event_id)
        sealed.update(ids)
        previous, expected_n = bytes(row.hash), row.n + 1
    for event_id, waiting, late in _unsealed(session, organisation_id, sealed):
        if not waiting:
            found("the event was put in past the log, or its seal is gone", None, event_id)
        elif late:
            found(f"not sealed after {_SEALED_WITHIN.seconds} s", None, event_id)
    return len(sealed), findings


def _unsealed(session: Session, organisation_id: UUID, sealed: Set[UUID]) -> list[tuple[UUID, bool, bool]]:
    """Events that no seal names: id, whether they wait for one, and whether they wait too long."""
    rows = session.execute(
        select(
            AuditEvent.id,
            select(AuditWaiting.event_id).where(AuditWaiting.event_id == AuditEvent.id).exists(),
            AuditEvent.at < clock.now() - _SEALED_WITHIN,
        )
        .where(AuditEvent.organisation_id == organisation_id)
        .order_by(AuditEvent.id)
        .execution_options(yield_per=1000)
    )
    return [(event_id, waiting, late) for event_id, waiting, late in rows if event_id not in sealed]


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
