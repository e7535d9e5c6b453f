"""Where the parcel of a return is: what its carrier says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from app.fulfillment.carrier import CarrierEvent
from app.fulfillment.labels import Followed, TrackerMoved
from app.fulfillment.models import LabelAccount
from app.fulfillment.rules import FINAL, progressed, scanned
from app.fulfillment.service.buying import BOUGHT
from app.fulfillment.service.following import Follow
from app.fulfillment.service.labelling import Sold
from app.kit import clock
from app.orders.service import write_timeline
from app.outbox.service import emit
from app.purchasing.models import PurchaseOrder
from app.returns.events import ReturnArrived
from app.returns.models import Return, ReturnLabel
from app.returns.rules import APPROVED, IN_TRANSIT, LABEL_SENT, RECEIVED_AFTER
from app.returns.service.standing import SYSTEM, locked, move

_STILL_COMING = (APPROVED, LABEL_SENT, IN_TRANSIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToAsk:
    """A parcel that somebody is to be asked about: the gateway that sold its label, where there is one, else the
    carrier that was named, else a gateway that can ``follow`` it."""

    return_id: UUID
    carrier: str
    tracking_number: str
    since: datetime
    follow: Follow
    sold: Sold | None = None


def record_way(session: Session, return_id: UUID, events: Sequence[CarrierEvent]) -> None:
    """What is known of a return's parcel. Events may repeat and come in any order. The first scan says that the goods
    are on their way, the delivery that the supplier has them to look at. Needs a system scope."""
    row = locked(session, return_id, None).row
    for event in sorted(events, key=lambda one: one.at):
        row.delivery_status = progressed(row.delivery_status, event.delivery_status)
    row.updated_at = clock.now()
    if row.state in (APPROVED, LABEL_SENT) and scanned(row.delivery_status):
        move(session, row, IN_TRANSIT, by=SYSTEM, carrier=row.carrier, tracking_number=row.tracking_number)
    if row.delivery_status == "delivered" and row.delivered_at is None:
        row.delivered_at = max(event.at for event in events if event.delivery_status == "delivered")
        if row.state == IN_TRANSIT:
            _arrived(session, row)
    session.flush()


def ways_to_ask(session: Session, *, limit: int = 200) -> Sequence[ToAsk]:
    """Parcels of returns that are to be asked about now. The accounts' keys are not opened. Needs a system scope."""
    own = aliased(LabelAccount)
    rows = session.execute(
        select(Return, ReturnLabel, LabelAccount, own)
        .outerjoin(
            ReturnLabel,
            (ReturnLabel.return_id == Return.id)
            & (ReturnLabel.state == BOUGHT)
            & (ReturnLabel.tracking_number == Return.tracking_number),
        )
        .outerjoin(
            LabelAccount,
            (LabelAccount.owner_id == ReturnLabel.buyer_id) & (LabelAccount.gateway == ReturnLabel.gateway),
        )
        .outerjoin(own, own.owner_id == Return.supplier_id)
        .where(Return.next_poll_at <= clock.now())
        .order_by(Return.next_poll_at)
        .limit(limit)
    )
    return [
        ToAsk(
            return_id=row.id,
            carrier=row.carrier,
            tracking_number=row.tracking_number,
            since=row.created_at,
            follow=Follow(followers, row.carrier, row.tracker_ref),
            sold=Sold(account, label.gateway_ref) if account is not None else None,
        )
        for row, label, account, followers in rows
    ]


def note_followed(session: Session, return_id: UUID, number: str, followed: Followed) -> None:
    """A gateway follows a return's parcel, and tells what was seen of it. One whose number is another by now is left as
    it is. Needs a system scope."""
    row = locked(session, return_id, None).row
    if row.tracking_number != number:
        return
    row.tracker_ref = followed.ref
    if followed.seen.events:
        record_way(session, return_id, followed.seen.events)


def take_in_tracker(session: Session, told: TrackerMoved, supplier_id: UUID | None) -> bool:
    """What a gateway tells of a return's parcel that it follows; ``supplier_id``: by whose account, None: by the
    platform's. Returns whether there is one. Needs a system scope."""
    if not told.ref:
        return False
    query = select(Return.id).where(Return.tracker_ref == told.ref, Return.tracking_number == told.tracking_number)
    if supplier_id is not None:
        query = query.where(Return.supplier_id == supplier_id)
    found = session.scalars(query.order_by(Return.id)).all()
    for return_id in found:
        record_way(session, return_id, told.events)
    return bool(found)


def ask_again(session: Session, return_id: UUID, at: datetime | None) -> None:
    """When somebody is asked next; None: never. A return that somebody works on just now is left as it is, and so asked
    about sooner. Needs a system scope."""
    row = session.scalar(
        select(Return)
        .join(PurchaseOrder, PurchaseOrder.id == Return.purchase_order_id)
        .where(Return.id == return_id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if row is not None:
        over = row.delivery_status in FINAL or row.state not in _STILL_COMING
        row.next_poll_at = None if over else at


def _arrived(session: Session, row: Return) -> None:
    row.due_at = clock.now() + RECEIVED_AFTER
    write_timeline(
        session,
        [
            {
                "order_id": row.order_id,
                "retailer_id": row.retailer_id,
                "purchase_order_id": row.purchase_order_id,
                "supplier_id": row.supplier_id,
                "message": "return.arrived",
                "values": {"number": row.number},
            }
        ],
    )
    emit(session, ReturnArrived(return_id=row.id, retailer_id=row.retailer_id, supplier_id=row.supplier_id))
