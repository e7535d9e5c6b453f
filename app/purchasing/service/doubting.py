"""What becomes of a message whose outcome is unknown: found, not there and sent again, or a person is asked."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit import service as audit
from app.db import current_scope
from app.kit import clock
from app.kit.errors import Conflict
from app.outbox.service import emit
from app.purchasing.channel import Presence
from app.purchasing.events import DispatchDue
from app.purchasing.models import Transmission
from app.purchasing.service.transmitting import (
    arrived,
    move,
    of_dispatch,
    own_transmission,
    put_together,
    settle_doubt,
    story_of,
    tell_of_doubt,
)
from app.purchasing.transmission_rules import NOT_RECEIVED, UNKNOWN, absence_counts, probe_due


def record_probe(
    session: Session, dispatch_id: UUID, purchase_order_id: UUID, presence: Presence, reference: str = ""
) -> None:
    """What a probe found out about a purchase order whose outcome was in doubt. "Not there" lets the same message be
    sent again at once; where the channel can't tell, a person is asked."""
    now = clock.now()
    for row in of_dispatch(session, dispatch_id):
        if row.purchase_order_id != purchase_order_id or row.state != UNKNOWN:
            continue
        asked_at = row.asked_at or now
        row.probes += 1
        if presence is Presence.FOUND:
            arrived(session, row, reference=reference, by="probe")
        elif presence is Presence.ABSENT and absence_counts(asked_at, now):
            _not_there(session, row, by="probe")
        elif presence is Presence.CANNOT_TELL:
            _ask_person(session, row)
        else:
            _look_later(session, row, asked_at)


def record_no_probe(session: Session, dispatch_id: UUID) -> None:
    """The supplier's system could not be asked; it is asked later, and after a day a person is."""
    for row in of_dispatch(session, dispatch_id):
        if row.state == UNKNOWN:
            row.probes += 1
            _look_later(session, row, row.asked_at or clock.now())


def decide_doubt(
    session: Session, organisation_id: UUID | None, purchase_order_id: UUID, transmission_id: UUID, *, there: bool
) -> Transmission:
    """A person says whether a purchase order arrived; if it did not, the same message is sent again at once.
    ``organisation_id``: the supplier, or None for the platform's people. Raises ``NotFound``, and ``Conflict``
    (``doubt_is_over``) where it is known by now."""
    row = own_transmission(session, organisation_id, purchase_order_id, transmission_id)
    if row.state != UNKNOWN or row.person_asked_at is None:
        raise Conflict("It is known by now how it ended.", code="doubt_is_over")
    if there:
        arrived(session, row, by=current_scope().actor)
    else:
        _not_there(session, row, by=current_scope().actor)
    what = "purchasing.transmission_confirmed" if there else "purchasing.transmission_repeated"
    audit.record(session, row.supplier_id, what, "purchase_order", row.purchase_order_id)
    return row


def _not_there(session: Session, row: Transmission, *, by: str) -> None:
    move(row, NOT_RECEIVED)
    row.detail = {**row.detail, "by": by}
    row.due_at, row.next_probe_at = clock.now(), None
    settle_doubt(session, row)
    story_of(session, row, "po.not_received")
    assert row.dispatch_id is not None
    others = [one for one in of_dispatch(session, row.dispatch_id) if one.id != row.id]
    if others:
        # Of a message for several, the same can't be sent again for one: it is a message of its own now.
        put_together(session, [row])
    emit(session, DispatchDue(dispatch_id=row.dispatch_id, supplier_id=row.supplier_id))


def _look_later(session: Session, row: Transmission, asked_at: datetime) -> None:
    row.next_probe_at = probe_due(asked_at, row.probes)
    if row.next_probe_at is None:
        _ask_person(session, row)


def _ask_person(session: Session, row: Transmission) -> None:
    row.person_asked_at, row.next_probe_at = clock.now(), None
    tell_of_doubt(session, row)
