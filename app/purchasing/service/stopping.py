"""Telling a supplier that a part of a purchase order, or all of it, is not wanted any more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.kit.ids import new_id
from app.purchasing.channel import Sending, Stopping
from app.purchasing.models import PurchaseOrder
from app.purchasing.queries import newest_transmission
from app.purchasing.service.channels import take_number
from app.purchasing.service.transmitting import tell_story, units_wanted, withdraw
from app.purchasing.transmission_rules import ARRIVED, MAY_HAVE_IT, REJECTED

#: What the cause of telling another address begins with.
READDRESSED = "address:"
_MESSAGES = {
    Stopping.STOPPED: "po.stopped",
    Stopping.ASKED: "po.stop_asked",
    Stopping.REFUSED: "po.not_stopped",
}


@dataclass(frozen=True, slots=True)
class Stop:
    """What a supplier is to be told, by which channel: the units of each line that are left. ``in_doubt``: whether it
    has the order is not known yet."""

    channel: str
    reference: str
    sending: Sending
    left: Mapping[str, int] = field(default_factory=dict)
    in_doubt: bool = False


def plan_stop(session: Session, purchase_order_id: UUID, cause: str) -> Stop | None:
    """How the supplier is told of a withdrawal, or of another address; ``cause`` names it. None where nothing was
    sent: nothing will be. The message's key, and what it says, is written down first: a repetition says the same."""
    row = newest_transmission(session, purchase_order_id, lock=True)
    if row is not None and row.state == REJECTED and not units_wanted(session, purchase_order_id, told=row):
        # Nobody has to mend what is not wanted any more.
        withdraw(session, row)
    if row is None or row.state not in MAY_HAVE_IT:
        return None
    if row.state not in ARRIVED:
        return Stop(row.channel, row.reference, Sending(key="", sequence=0), in_doubt=True)
    stops: dict[str, dict[str, Any]] = dict(row.detail.get("stops", {}))
    again = cause in stops
    if not again:
        left = units_wanted(session, purchase_order_id, told=row)
        stops[cause] = {"key": str(new_id()), "sequence": take_number(session, row.supplier_id), "left": left}
        row.detail = {**row.detail, "stops": stops}
    known: Mapping[str, Any] = stops[cause]
    sending = Sending(key=known["key"], sequence=known["sequence"], again=again)
    return Stop(row.channel, row.reference, sending, known.get("left", {}))


def readdressing(session: Session, purchase_order_id: UUID, task: UUID) -> str:
    """The cause of telling the address that a purchase order has now: where it changes before a task's message was
    answered, what that task tells then is another message."""
    address = session.get_one(PurchaseOrder, purchase_order_id).ship_to
    return f"{READDRESSED}{task}:{sha256(address or b'').hexdigest()[:16]}"


def record_readdressed(session: Session, purchase_order_id: UUID, *, asked: bool, done: bool) -> PurchaseOrder:
    """What became of the other address, in the order's story. ``asked``: the answer is to come."""
    order = session.get_one(PurchaseOrder, purchase_order_id)
    tell_story(session, order, "po.address_sent" if asked else "po.readdressed" if done else "po.not_readdressed")
    return order


def record_stop(session: Session, purchase_order_id: UUID, outcome: Stopping) -> PurchaseOrder:
    """What became of it, in the order's story."""
    order = session.get_one(PurchaseOrder, purchase_order_id)
    tell_story(session, order, _MESSAGES[outcome])
    return order
