"""Where a supplier's files come from by themselves: adding, changing, pausing and removing a source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.config import key_ring
from app.feeds.events import FeedDue
from app.feeds.models import FeedSource
from app.feeds.rules.schedule import DEFAULT_MINUTES, LEAST_MINUTES, MOST_MINUTES
from app.feeds.source import Access
from app.kit import clock
from app.kit.crypto import Place
from app.kit.errors import Conflict, Invalid, NotFound
from app.kit.ids import new_id
from app.notifications.service import resolve
from app.outbox.service import emit

PUSH = "push"
MOST_SOURCES = 20
_LONGEST_SECRET = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSpec:
    """What a supplier says of a source. ``access`` None keeps what is known. ``every_minutes`` None: the default of
    the content."""

    name: str
    kind: str
    address: str = ""
    access: Access | None = None
    content: str = "full"
    every_minutes: int | None = None


def add_source(session: Session, supplier_id: UUID, spec: SourceSpec, *, schemes: Sequence[str] = ()) -> FeedSource:
    """Add a source; it is looked at soon. ``schemes`` are the transport's ways to sign in; the address was looked at by
    the transport. Raises ``Invalid`` and ``Conflict``."""
    _check(spec, schemes)
    # Two additions at once are counted one after the other.
    others = session.scalars(
        select(FeedSource)
        .where(FeedSource.supplier_id == supplier_id, FeedSource.removed_at.is_(None))
        .with_for_update()
    ).all()
    _check_name(spec.name, others)
    if len(others) >= MOST_SOURCES:
        raise Conflict(f"There are {MOST_SOURCES} sources already. Remove one first.", code="too_many_sources")
    source = FeedSource(
        id=new_id(),
        supplier_id=supplier_id,
        name=spec.name,
        kind=spec.kind,
        address=spec.address,
        access=None,
        content=spec.content,
        every_minutes=_minutes(spec),
        marks={},
        next_run_at=None if spec.kind == PUSH else clock.now(),
        state="new",
        created_at=clock.now(),
    )
    if spec.access is not None:
        source.access = _sealed(source.id, spec.access)
    session.add(source)
    session.flush()
    audit.record(session, supplier_id, "feeds.source_added", "feed_source", source.id)
    return source


def change_source(
    session: Session, supplier_id: UUID, source_id: UUID, spec: SourceSpec, *, schemes: Sequence[str] = ()
) -> FeedSource:
    """Change a source. Another address or kind forgets what was remembered of the old one, and needs its sign-in
    anew: a password is never sent to an address that it was not given for."""
    source = own_source(session, supplier_id, source_id, lock=True)
    moved = (spec.kind, spec.address) != (source.kind, source.address)
    if moved and spec.access is None and source.access is not None:
        raise Invalid.field("secret", "needed_again", "The address is another one: give the password or token again.")
    _check(spec, schemes)
    if spec.name != source.name:
        others = select(FeedSource).where(FeedSource.supplier_id == supplier_id, FeedSource.removed_at.is_(None))
        _check_name(spec.name, [one for one in session.scalars(others) if one.id != source_id])
    source.name, source.kind, source.address = spec.name, spec.kind, spec.address
    source.content, source.every_minutes = spec.content, _minutes(spec)
    if spec.access is not None:
        source.access = _sealed(source.id, spec.access)
    if moved:
        source.marks = {}
    _start_again(session, source)
    audit.record(session, supplier_id, "feeds.source_changed", "feed_source", source.id)
    return source


def pause_source(session: Session, supplier_id: UUID, source_id: UUID, *, paused: bool) -> FeedSource:
    """Look no more, or again."""
    source = own_source(session, supplier_id, source_id, lock=True)
    source.paused = paused
    _start_again(session, source)
    audit.record(
        session, supplier_id, "feeds.source_paused" if paused else "feeds.source_resumed", "feed_source", source.id
    )
    return source


def remove_source(session: Session, supplier_id: UUID, source_id: UUID) -> None:
    """End a source; its runs and their history stay, its sign-in is forgotten."""
    source = own_source(session, supplier_id, source_id, lock=True)
    source.removed_at, source.next_run_at, source.access, source.marks = clock.now(), None, None, {}
    resolve(session, supplier_id, trouble(source_id))
    audit.record(session, supplier_id, "feeds.source_removed", "feed_source", source.id)


def forget_host_key(session: Session, supplier_id: UUID, source_id: UUID) -> None:
    """The server was set up anew: its next key is remembered instead."""
    source = own_source(session, supplier_id, source_id, lock=True)
    source.marks = {name: value for name, value in source.marks.items() if name != "host_key"}
    _start_again(session, source)
    audit.record(session, supplier_id, "feeds.host_key_forgotten", "feed_source", source.id)


def fetch_now(session: Session, supplier_id: UUID, source_id: UUID) -> None:
    """Fetch at once, and take the file even when it is the one of the last time."""
    source = own_source(session, supplier_id, source_id, lock=True)
    if source.kind == PUSH:
        raise Conflict("Files of this source are pushed, not fetched.", code="source_is_pushed")
    if source.paused:
        raise Conflict("The source is paused. Resume it first.", code="source_paused")
    source.marks = {name: value for name, value in source.marks.items() if name == "host_key"}
    source.sha256 = None
    emit(session, FeedDue(supplier_id=supplier_id, source_id=source.id))


def own_source(session: Session, supplier_id: UUID, source_id: UUID, *, lock: bool = False) -> FeedSource:
    """A supplier's source that is not removed. Raises ``NotFound``."""
    query = select(FeedSource).where(
        FeedSource.id == source_id, FeedSource.supplier_id == supplier_id, FeedSource.removed_at.is_(None)
    )
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound("source")
    return found


def access_of(source: FeedSource) -> Access:
    """How to sign in, in the clear."""
    if source.access is None:
        return Access()
    return Access(**orjson.loads(key_ring().open(source.access, _place(source.id))))


def trouble(source_id: UUID) -> str:
    """What the notice of a source's trouble is known by."""
    return f"feed_source:{source_id}"


def _start_again(session: Session, source: FeedSource) -> None:
    """What was wrong may be mended: begin to count anew."""
    source.failures, source.told_at = 0, None
    source.next_run_at = None if source.paused or source.kind == PUSH else clock.now()
    resolve(session, source.supplier_id, trouble(source.id))


def _sealed(source_id: UUID, access: Access) -> bytes | None:
    if access.scheme == "none":
        return None
    return key_ring().seal(orjson.dumps(asdict(access)), _place(source_id))


def _place(source_id: UUID) -> Place:
    return Place("feed_sources", "access", source_id)


def _minutes(spec: SourceSpec) -> int:
    if spec.kind == PUSH:
        return 0
    return spec.every_minutes if spec.every_minutes is not None else DEFAULT_MINUTES[spec.content]


def _check_name(name: str, others: Iterable[FeedSource]) -> None:
    """Notices and runs tell feeds apart by their names; a form that is sent twice adds one."""
    if any(one.name.strip().casefold() == name.strip().casefold() for one in others):
        raise Invalid.field("name", "taken", "Another feed has this name.")


def _check(spec: SourceSpec, schemes: Sequence[str]) -> None:
    if not spec.name.strip() or len(spec.name) > 100:
        raise Invalid.field("name", "required", "Give the source a name of at most 100 characters.")
    if spec.content not in DEFAULT_MINUTES:
        raise Invalid.field("content", "unknown", "Choose what the file holds.")
    if not spec.kind == PUSH and not LEAST_MINUTES <= _minutes(spec) <= MOST_MINUTES:
        raise Invalid.field("every_minutes", "out_of_range", "From every 5 minutes to once a week.")
    access = spec.access
    if access is None:
        return
    if access.scheme not in (*schemes, "none"):
        raise Invalid.field("scheme", "unknown", "Choose how to sign in.")
    if access.scheme != "none" and not (access.name and access.secret):
        raise Invalid.field("secret", "required", "Fill in both fields of the sign-in.")
    if max(len(access.name), len(access.secret)) > _LONGEST_SECRET:
        raise Invalid.field("secret", "too_long", "That is too long for a password, token or key.")
