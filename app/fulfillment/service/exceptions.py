"""What is wrong with parcels: found once, told once, and over when somebody or the carrier ends it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.db import current_scope
from app.fulfillment.events import ShipmentExceptionFound, ShipmentExceptionOver
from app.fulfillment.models import Shipment, ShipmentException
from app.fulfillment.rules import (
    GOES_BACK,
    LATE,
    LOST_TRACK,
    NO_SCAN,
    OVER_BY_ARRIVAL,
    SCANNED_VOID,
    SENT_CANCELLED,
    STUCK,
    UNREPORTED,
)
from app.fulfillment.service.arrivals import came, counted, has_arrived
from app.fulfillment.service.locking import tell_story
from app.kit import clock
from app.kit.ids import new_id
from app.orders.service import write_timeline
from app.outbox.service import emit
from app.purchasing.models import PurchaseOrder

#: Kind → how the order's story says it.
_SENTENCES: Mapping[str, str] = {
    LATE: "exception.late",
    NO_SCAN: "exception.no_scan",
    STUCK: "exception.stuck",
    LOST_TRACK: "exception.lost",
    GOES_BACK: "exception.returned_to_sender",
    SCANNED_VOID: "exception.scanned_after_void",
    SENT_CANCELLED: "exception.sent_though_cancelled",
    UNREPORTED: "exception.unreported",
}


def find(
    session: Session, about: Shipment | PurchaseOrder, kind: str, since: datetime, *, told: str | None = None
) -> UUID | None:
    """Write down what is wrong, and have it told. ``told``: another sentence for the order's story than that of its
    kind. None when that was done before, and where the parcel's goods have arrived or count so."""
    shipment = about if isinstance(about, Shipment) else None
    if shipment is not None and kind in OVER_BY_ARRIVAL and has_arrived(session, shipment.id):
        return None
    exception_id: UUID | None = session.scalar(
        upsert(ShipmentException)
        .values(
            id=new_id(),
            retailer_id=about.retailer_id,
            supplier_id=about.supplier_id,
            order_id=about.order_id,
            purchase_order_id=shipment.purchase_order_id if shipment is not None else about.id,
            shipment_id=shipment.id if shipment is not None else None,
            kind=kind,
            since=since,
            state="open",
            found_at=clock.now(),
        )
        .on_conflict_do_nothing()
        .returning(ShipmentException.id)
    )
    if exception_id is None:
        return None
    _tell_story(session, about, told or _SENTENCES[kind])
    emit(
        session,
        ShipmentExceptionFound(
            exception_id=exception_id, retailer_id=about.retailer_id, supplier_id=about.supplier_id, kind=kind
        ),
    )
    return exception_id


def end(
    session: Session,
    resolution: str,
    *,
    shipment_id: UUID | None = None,
    purchase_order_id: UUID | None = None,
    kinds: Collection[str] | None = None,
    expected_on: date | None = None,
) -> list[UUID]:
    """End open exceptions of a parcel, or those of a purchase order that are about no parcel. Returns their ids."""
    change = update(ShipmentException).where(_whose(shipment_id, purchase_order_id), ShipmentException.state == "open")
    if kinds is not None:
        change = change.where(ShipmentException.kind.in_(list(kinds)))
    values: dict[str, Any] = {
        "state": "resolved",
        "resolution": resolution,
        "resolved_at": clock.now(),
        "resolved_by": current_scope().actor,
        "expected_on": expected_on,
        "answer_by": None,
    }
    ended = list(
        session.execute(
            change.values(**values)
            .returning(ShipmentException.id, ShipmentException.retailer_id, ShipmentException.supplier_id)
            .execution_options(synchronize_session=False)
        )
    )
    for exception_id, retailer_id, supplier_id in ended:
        emit(
            session,
            ShipmentExceptionOver(exception_id=exception_id, retailer_id=retailer_id, supplier_id=supplier_id),
        )
    return [row[0] for row in ended]


def end_arrived(session: Session, most: int) -> int:
    """End what is open about parcels whose goods have come with another parcel, or count as arrived: there is nothing
    left to answer or to claim. Returns of how many parcels, at most ``most``."""
    rows = session.execute(
        select(Shipment.id, came())
        .where(
            Shipment.id.in_(
                select(ShipmentException.shipment_id).where(
                    ShipmentException.state == "open", ShipmentException.kind.in_(OVER_BY_ARRIVAL)
                )
            ),
            or_(came(), counted()),
        )
        .order_by(Shipment.id)
        .limit(most)
    ).all()
    for shipment_id, has_come in rows:
        end(session, "arrived" if has_come else "assumed", shipment_id=shipment_id, kinds=OVER_BY_ARRIVAL)
    return len(rows)


def open_again(
    session: Session, resolution: str, *, shipment_id: UUID | None = None, purchase_order_id: UUID | None = None
) -> None:
    """What ended so has not ended after all: of a parcel, or of a purchase order and no parcel."""
    rows = session.scalars(
        select(ShipmentException).where(
            _whose(shipment_id, purchase_order_id), ShipmentException.resolution == resolution
        )
    )
    for row in rows:
        row.state, row.resolution, row.resolved_at, row.resolved_by = "open", None, None, None
        emit(
            session,
            ShipmentExceptionFound(
                exception_id=row.id, retailer_id=row.retailer_id, supplier_id=row.supplier_id, kind=row.kind
            ),
        )


def _whose(shipment_id: UUID | None, purchase_order_id: UUID | None) -> ColumnElement[bool]:
    if shipment_id is not None:
        return ShipmentException.shipment_id == shipment_id
    return and_(ShipmentException.purchase_order_id == purchase_order_id, ShipmentException.shipment_id.is_(None))


def _tell_story(session: Session, about: Shipment | PurchaseOrder, message: str) -> None:
    if isinstance(about, Shipment):
        tell_story(session, about, message)
        return
    write_timeline(
        session,
        [
            {
                "order_id": about.order_id,
                "retailer_id": about.retailer_id,
                "purchase_order_id": about.id,
                "supplier_id": about.supplier_id,
                "message": message,
                "values": {"number": about.number},
            }
        ],
    )
