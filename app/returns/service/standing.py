"""Finding a return to change it, and moving it on: what every change of a return does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.audit import service as audit
from app.kit import clock
from app.kit.errors import Conflict, NotFound
from app.orders.service import write_timeline
from app.outbox.service import emit
from app.purchasing.models import PurchaseOrder
from app.returns.events import ReturnMoved
from app.returns.models import Return
from app.returns.rules import (
    APPROVED,
    BECOMES,
    CANCELLED,
    CLOSED,
    CREDITED,
    DECLINED,
    ENDED,
    ENDS_AFTER,
    EXPIRED,
    IN_TRANSIT,
    INSPECTED,
    IS,
    LABEL_SENT,
    RECEIVED,
    REQUESTED,
    STATES,
    may_move,
)

RETAILER, SUPPLIER, SYSTEM = "retailer", "supplier", "system"
#: State → the sentence of the order's story (``app.orders.story``).
_STORY: Mapping[str, str] = {
    REQUESTED: "return.requested",
    APPROVED: "return.approved",
    DECLINED: "return.declined",
    LABEL_SENT: "return.label_sent",
    IN_TRANSIT: "return.in_transit",
    RECEIVED: "return.received",
    INSPECTED: "return.inspected",
    CREDITED: "return.credited",
    CLOSED: "return.closed",
    EXPIRED: "return.expired",
    CANCELLED: "return.cancelled",
}


@dataclass(frozen=True, slots=True)
class Locked:
    """A return and its purchase order, with the lines of both, locked against other changes."""

    row: Return
    purchase_order: PurchaseOrder


def locked(session: Session, return_id: UUID, organisation_id: UUID | None) -> Locked:
    """A return of which the organisation is a party; None: anybody's, in a system scope. Raises ``NotFound``."""
    wanted = select(Return.purchase_order_id).where(Return.id == return_id)
    if organisation_id is not None:
        wanted = wanted.where((Return.retailer_id == organisation_id) | (Return.supplier_id == organisation_id))
    purchase_order_id = session.scalar(wanted)
    if purchase_order_id is None:
        raise NotFound("return")
    # The purchase order before its returns: what was returned of it is counted one at a time.
    purchase_order = session.scalars(
        select(PurchaseOrder)
        .where(PurchaseOrder.id == purchase_order_id)
        .options(selectinload(PurchaseOrder.lines))
        .with_for_update(of=PurchaseOrder)
        .execution_options(populate_existing=True)
    ).one()
    row = session.scalars(
        select(Return)
        .where(Return.id == return_id)
        .options(selectinload(Return.lines), selectinload(Return.files), selectinload(Return.memo))
        .with_for_update(of=Return)
        .execution_options(populate_existing=True)
    ).one()
    return Locked(row, purchase_order)


def move(session: Session, row: Return, state: str, *, by: str, story: str | None = None, **values: object) -> None:
    """Bring a return to another state, write its story and tell the others. Raises ``Conflict``."""
    if not may_move(row.state, state):
        # What comes too early is told so: it may be done later.
        late = "any more" if STATES.index(row.state) >= STATES.index(state) or row.state in ENDED else "yet"
        said = f"This return {IS[row.state]}, so it can't be {BECOMES[state]} {late}."
        raise Conflict(said, code="move_not_allowed")
    row.state = state
    arrived(session, row, by=by, story=story, **values)


def arrived(session: Session, row: Return, *, by: str, story: str | None = None, **values: object) -> None:
    """What follows from the state that a return is in now."""
    now = clock.now()
    wait = ENDS_AFTER.get(row.state)
    row.updated_at, row.due_at = now, now + wait if wait is not None else None
    session.flush()
    write_timeline(
        session,
        [
            {
                "order_id": row.order_id,
                "retailer_id": row.retailer_id,
                "purchase_order_id": row.purchase_order_id,
                "supplier_id": row.supplier_id,
                "message": story or _STORY[row.state],
                "values": {"number": row.number, **values},
            }
        ],
    )
    whose = row.supplier_id if by == SUPPLIER else row.retailer_id
    audit.record(session, whose, f"returns.{row.state.lower()}", "return", row.id)
    emit(
        session,
        ReturnMoved(return_id=row.id, retailer_id=row.retailer_id, supplier_id=row.supplier_id, state=row.state, by=by),
    )
