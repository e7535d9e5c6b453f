"""Parcels with labels from elsewhere that a gateway follows: by their supplier's account, else by the platform's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.fulfillment.labels import Followed, TrackerMoved
from app.fulfillment.models import LabelAccount, Shipment
from app.fulfillment.rules import ANNOUNCED, BY_CARRIER, BY_SUPPLIER, FINAL, SHIPPED, TRACKER, UNREPORTED
from app.fulfillment.service import exceptions
from app.fulfillment.service.locking import locked
from app.fulfillment.service.tracking import record_tracking, take_in
from app.kit import clock

#: A parcel that was made so long ago is no longer asked about.
GIVE_UP_AFTER = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Follow:
    """A parcel that a gateway could follow: whose account its supplier has, and by which name it is followed."""

    account: LabelAccount | None
    carrier: str
    ref: str | None


def to_follow(session: Session, shipments: Iterable[Shipment]) -> dict[UUID, Follow]:
    """For each parcel what a gateway is to be asked. The accounts' keys are not opened. Needs a system scope."""
    parcels = list(shipments)
    accounts = {
        one.owner_id: one
        for one in session.scalars(
            select(LabelAccount).where(LabelAccount.owner_id.in_({parcel.supplier_id for parcel in parcels}))
        )
    }
    return {
        parcel.id: Follow(accounts.get(parcel.supplier_id), parcel.carrier, parcel.tracker_ref) for parcel in parcels
    }


def note_followed(session: Session, shipment_id: UUID, number: str, followed: Followed, *, again: datetime) -> None:
    """A gateway follows a parcel, and tells what was seen of it. One whose number was corrected meanwhile is left as it
    is."""
    shipment = locked(session, shipment_id)
    if shipment.tracking_number != number:
        return
    shipment.reported_by, shipment.tracker_ref, shipment.assumed_on = TRACKER, followed.ref, None
    exceptions.end(session, "moved", shipment_id=shipment_id, kinds=(UNREPORTED,))
    take_in(session, shipment_id, followed.seen, again=again)


def take_in_tracker(session: Session, told: TrackerMoved, supplier_id: UUID | None) -> bool:
    """What a gateway tells of a parcel that it follows; ``supplier_id``: by whose account, None: by the platform's.
    Returns whether there is one. Needs a system scope."""
    if not told.ref:
        return False
    query = select(Shipment.id).where(
        Shipment.tracker_ref == told.ref, Shipment.tracking_number == told.tracking_number
    )
    if supplier_id is not None:
        query = query.where(Shipment.supplier_id == supplier_id)
    # Its supplier knows what its own gateway signs with; the platform's does nobody else.
    told_by = BY_CARRIER if supplier_id is None else BY_SUPPLIER
    followed: Sequence[UUID] = session.scalars(query.order_by(Shipment.id)).all()
    for shipment_id in followed:
        record_tracking(session, shipment_id, told.events, source="carrier", told_by=told_by)
    return bool(followed)


def ask_about_all(session: Session, supplier_id: UUID) -> None:
    """A supplier has an account now: what nobody could tell of its parcels on their way may be told. Those that count
    as arrived are settled."""
    session.execute(
        update(Shipment)
        .where(
            Shipment.supplier_id == supplier_id,
            Shipment.next_poll_at.is_(None),
            Shipment.tracking_number != "",
            Shipment.shipment_status.in_((ANNOUNCED, SHIPPED)),
            Shipment.delivery_status.not_in(FINAL),
            Shipment.assumed_at.is_(None),
            Shipment.created_at > clock.now() - GIVE_UP_AFTER,
        )
        .values(next_poll_at=clock.now())
        .execution_options(synchronize_session=False)
    )
