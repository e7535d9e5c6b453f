"""How purchase orders were sent to their suppliers, as pages show it, and what people may do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kit.errors import NotFound
from app.kit.texts import marked as _
from app.purchasing.changes.rules import ADDRESS, WITHDRAW
from app.purchasing.models import ChangeRequest
from app.purchasing.queries import change_messages_of, transmissions_of
from app.purchasing.service.doubting import decide_doubt
from app.purchasing.service.passing_on import words_of_message
from app.purchasing.service.transmitting import send_again, send_now, words_of
from app.purchasing.transmission_rules import QUEUED, REJECTED, UNKNOWN
from app.web.ui.channels import channel_label
from app.web.ui.rendering import gettext

#: What people may do: name in addresses → label.
ACTS = {
    "arrived": _("It arrived"),
    "not-arrived": _("It is not there: send it again"),
    "again": _("Send it again"),
    "now": _("Send it now"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """One way of a purchase order to its supplier. ``due_at``: when it goes with its batch. ``words``: what was wrong,
    for the supplier and the platform. ``acts``: address and label of what may be done."""

    state: str
    channel: str
    reference: str
    tries: int
    at: datetime | None
    due_at: datetime | None
    next_probe_at: datetime | None
    words: str
    asks: bool
    acts: list[tuple[str, str]] = field(default_factory=list)


def ways_of(
    session: Session, purchase_order_ids: Iterable[UUID], url: Callable[[UUID, UUID, str], str] | None = None
) -> Mapping[UUID, list[Told]]:
    """The ways of purchase orders, newest first. ``url`` gives the address of an act; without it nothing may be done
    and no words of the supplier's system are shown."""
    found: dict[UUID, list[Told]] = {}
    for purchase_order_id, rows in transmissions_of(session, purchase_order_ids).items():
        shown = []
        for row in rows:
            waits = row.state == QUEUED and row.dispatch_id is None
            asks = row.state == UNKNOWN and row.person_asked_at is not None
            acts = _acts(row.state, asks=asks, waits=waits)
            shown.append(
                Told(
                    state=row.state,
                    channel=channel_label(row.channel),
                    reference=row.reference,
                    tries=row.tries,
                    at=row.answered_at or row.asked_at or row.created_at,
                    due_at=row.due_at if waits else None,
                    next_probe_at=row.next_probe_at,
                    words=words_of(row) if url is not None else "",
                    asks=asks,
                    acts=[(url(purchase_order_id, row.id, act), gettext(ACTS[act])) for act in acts if url is not None],
                )
            )
        found[purchase_order_id] = shown
    return found


@dataclass(frozen=True, slots=True)
class ChangeTold:
    """One message to a supplier's system about a change: what it asks for, and how far it is. ``words``: as
    ``Told``."""

    label: str
    state: str
    channel: str
    at: datetime | None
    words: str


def changes_told(
    session: Session, purchase_order_ids: Iterable[UUID], *, with_words: bool
) -> Mapping[UUID, list[ChangeTold]]:
    """What suppliers' systems were asked to change of purchase orders, newest first."""
    messages = change_messages_of(session, purchase_order_ids)
    ids = {row.change_request_id for rows in messages.values() for row in rows}
    kinds = {
        request_id: kind
        for request_id, kind in session.execute(
            select(ChangeRequest.id, ChangeRequest.kind).where(ChangeRequest.id.in_(ids))
        )
    }
    return {
        purchase_order_id: [
            ChangeTold(
                label=gettext(_change_label(kinds[row.change_request_id], row.purpose)),
                state=row.state,
                channel=channel_label(row.channel),
                at=row.answered_at or row.asked_at or row.created_at,
                words=words_of_message(row) if with_words else "",
            )
            for row in rows
        ]
        for purchase_order_id, rows in messages.items()
    }


def _change_label(kind: str, purpose: str) -> str:
    if purpose == WITHDRAW:
        return _("Nothing is to be changed")
    return _("Another address") if kind == ADDRESS else _("Stop units")


def _acts(state: str, *, asks: bool, waits: bool) -> list[str]:
    if asks:
        return ["arrived", "not-arrived"]
    if state == REJECTED:
        return ["again"]
    return ["now"] if waits else []


def act_on(
    session: Session, organisation_id: UUID | None, purchase_order_id: UUID, transmission_id: UUID, act: str
) -> None:
    """Do one of ``ACTS``; ``organisation_id`` is the supplier, or None for the platform's people. Raises ``NotFound``
    and ``Conflict``."""
    if act in ("arrived", "not-arrived"):
        decide_doubt(session, organisation_id, purchase_order_id, transmission_id, there=act == "arrived")
    elif act == "again":
        send_again(session, organisation_id, purchase_order_id, transmission_id)
    elif act == "now":
        send_now(session, organisation_id, purchase_order_id, transmission_id)
    else:
        raise NotFound("page")
