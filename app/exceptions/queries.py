"""Reads of the exceptions inbox: all kinds' queries in one statement, as far as they are the reader's business."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import CompoundSelect, Select, Subquery, func, or_, select, union_all
from sqlalchemy.orm import Session

from app.exceptions import kinds
from app.exceptions.kind import Kind, Party, Told
from app.exceptions.models import Snooze
from app.kit import clock
from app.kit.errors import Invalid
from app.kit.ids import parse_id
from app.kit.paging import LARGEST_LIMIT, Page, bad_cursor, decode_cursor, page_of
from app.kit.registry import walk

#: Counting ends here; more is told as "99+".
MOST_COUNTED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads: a retailer, a supplier, or the platform, which sees everybody's. ``organisation_id`` is whose
    snoozes count. ``without``: kinds that the reader may not see."""

    party: Party
    organisation_id: UUID
    without: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class StuckThing:
    """One exception."""

    kind: str
    subject: str
    subject_id: UUID
    order_id: UUID | None
    purchase_order_id: UUID | None
    retailer_id: UUID | None
    supplier_id: UUID | None
    since: datetime
    due: datetime | None
    ball: Party
    about: str
    name: str
    reference: str
    detail: Mapping[str, Any]
    #: When it comes back, where it is snoozed.
    snoozed_until: datetime | None
    told: Told


@cache
def all_kinds() -> Mapping[str, Kind]:
    """Every kind by its name."""
    found: dict[str, Kind] = {}
    for module in walk(kinds):
        offered: Sequence[Kind] = getattr(module, "KINDS", None) or (module.KIND,)
        found |= {one.name: one for one in offered}
    return found


def kinds_for(reader: Reader) -> list[Kind]:
    """The kinds that are a reader's business."""
    return [one for one in all_kinds().values() if one.shown_to(reader.party) and one.name not in reader.without]


def inbox(
    session: Session,
    reader: Reader,
    *,
    kind: str | None = None,
    ball: Party | None = None,
    order_id: UUID | None = None,
    snoozed: bool = False,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[StuckThing]:
    """What is stuck, the longest first; with ``snoozed`` what the reader's organisation does not want to see now.
    Raises ``Invalid`` for a kind that there is not."""
    now, limit = clock.now(), min(limit, LARGEST_LIMIT)
    found = _all(reader, now, kind)
    query = _seen(found, reader, now, snoozed=snoozed)
    if ball is not None:
        query = query.where(found.c.ball == ball.value)
    if order_id is not None:
        query = query.where(found.c.order_id == order_id)
    if cursor:
        since, name, subject = decode_cursor(cursor, 3)
        after = (_moment(since), str(name), parse_id(str(subject)))
        query = query.where(func.row(found.c.since, found.c.kind, found.c.subject_id) > func.row(*after))
    query = query.order_by(found.c.since, found.c.kind, found.c.subject_id).limit(limit + 1)
    things = [_thing(row._asdict()) for row in session.execute(query)]
    return page_of(things, limit, lambda one: [one.since, one.kind, one.subject_id])


def counts(session: Session, reader: Reader, *, ball: Party | None = None) -> dict[str, int]:
    """How many exceptions of each kind the reader has, snoozed ones left out; with ``ball`` those whose turn it is."""
    now = clock.now()
    found = _all(reader, now, None)
    seen = _seen(found, reader, now, snoozed=False).subquery()
    query = select(seen.c.kind, func.count()).group_by(seen.c.kind)
    if ball is not None:
        query = query.where(seen.c.ball == ball.value)
    rows = session.execute(query)
    return {name: int(count) for name, count in rows}


def count_of(session: Session, reader: Reader) -> int:
    """How many exceptions the reader has, up to ``MOST_COUNTED``."""
    now = clock.now()
    seen = _seen(_all(reader, now, None), reader, now, snoozed=False).limit(MOST_COUNTED).subquery()
    return session.scalar(select(func.count()).select_from(seen)) or 0


def one(session: Session, reader: Reader, kind: str, subject_id: UUID) -> StuckThing | None:
    """An exception of the reader's, snoozed or not; None when it is not stuck any more, or never was the reader's."""
    now = clock.now()
    found = _all(reader, now, kind)
    row = session.execute(_with_snooze(found, reader).where(found.c.subject_id == subject_id)).first()
    return None if row is None else _thing(row._asdict())


def _all(reader: Reader, now: datetime, kind: str | None) -> Subquery:
    known = kinds_for(reader)
    chosen = [one for one in known if kind is None or one.name == kind]
    if not chosen:
        names = ", ".join(sorted(one.name for one in known))
        raise Invalid.field("kind", "unknown_kind", f"Kinds are: {names}.")
    parts = [_own(one, reader, now) for one in chosen]
    together: CompoundSelect[Any] | Select[Any] = parts[0] if len(parts) == 1 else union_all(*parts)
    return together.subquery()


def _own(kind: Kind, reader: Reader, now: datetime) -> Select[Any]:
    """The kind's rows that are the reader's: its own, of words that are for it."""
    found = kind.query(now).subquery()
    query = select(found)
    if reader.party is Party.RETAILER:
        query = query.where(found.c.retailer_id == reader.organisation_id)
    elif reader.party is Party.SUPPLIER:
        query = query.where(found.c.supplier_id == reader.organisation_id)
    hidden = [about for about, told in kind.told.items() if about and reader.party not in told.advice]
    if hidden:
        query = query.where(found.c.about.not_in(hidden))
    if "" in kind.told and reader.party not in kind.told[""].advice:
        query = query.where(found.c.about.in_([about for about in kind.told if about]))
    return query


def _with_snooze(found: Subquery, reader: Reader) -> Select[Any]:
    return select(found, Snooze.until.label("snoozed_until")).outerjoin(
        Snooze,
        (Snooze.organisation_id == reader.organisation_id)
        & (Snooze.kind == found.c.kind)
        & (Snooze.subject_id == found.c.subject_id),
    )


def _seen(found: Subquery, reader: Reader, now: datetime, *, snoozed: bool) -> Select[Any]:
    query = _with_snooze(found, reader)
    return query.where(Snooze.until > now) if snoozed else query.where(or_(Snooze.until.is_(None), Snooze.until <= now))


def _thing(row: Mapping[str, Any]) -> StuckThing:
    kind = all_kinds()[row["kind"]]
    return StuckThing(
        subject=kind.subject,
        told=kind.words(row["about"]),
        **{**row, "ball": Party(row["ball"]), "detail": row["detail"] or {}},
    )


def _moment(value: object) -> datetime:
    try:
        return datetime.fromisoformat(str(value))
    except ValueError as error:
        raise bad_cursor() from error
