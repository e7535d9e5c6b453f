"""What is done about a parcel that does not come: its supplier says that it does, sends another one or gives the money
back; its retailer says which it wants."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.fulfillment.delays import answer_by
from app.fulfillment.events import ShipmentCorrected, ShipmentCreated, ShipmentExceptionClaimed, ShipmentGivenUp
from app.fulfillment.models import Shipment, ShipmentException
from app.fulfillment.rules import (
    GOES_BACK,
    LATE,
    LOST,
    LOST_TRACK,
    NO_SCAN,
    OVER_BY_ARRIVAL,
    RETURNED,
    SHIPPED,
    STUCK,
    UNREPORTED,
    may_become,
)
from app.fulfillment.service import exceptions
from app.fulfillment.service.arrivals import has_goods_of, not_arrived
from app.fulfillment.service.locking import (
    ids_of,
    locked,
    locked_of_supplier,
    purchase_order_of,
    tell_story,
)
from app.fulfillment.service.parcels import NewParcel, check_parcel, known_parcel, units_of, write_parcel
from app.inventory.service import Aside, restock
from app.kit import clock
from app.kit.errors import Conflict, Invalid, NotFound
from app.orders.service import write_timeline
from app.outbox.service import emit
from app.purchasing.events import LinesWithdrawn
from app.purchasing.service import refresh_status
from app.suppliers.queries import closures, today_of
from app.suppliers.rules import Closure

#: What can be put off to a later day, and what can be paid back or sent again.
CAN_WAIT = frozenset({LATE, NO_SCAN, STUCK})
GONE = frozenset({LOST_TRACK, GOES_BACK})
WANTED = ("refund", "reship")
#: The latest day that a supplier may name.
_LONGEST = timedelta(days=60)


def on_its_way(session: Session, supplier_id: UUID, exception_id: UUID, expected_on: date) -> None:
    """The supplier says by which day it will have left, or moved. It is found again when that day is over. Raises
    ``NotFound``, ``Invalid`` and ``Conflict``."""
    found = _open(session, exception_id, supplier_id=supplier_id)
    if found.kind not in CAN_WAIT:
        raise Conflict("This can't wait. Send another parcel, or give the money back.", code="cant_wait")
    today = today_of(session, supplier_id)
    if not today <= expected_on <= today + _LONGEST:
        raise Invalid.field("expected_on", "out_of_range", "A day from today on, within 60 days.")
    _end(session, found, "on_its_way", expected_on=expected_on)
    _story(session, found, "exception.on_its_way", day=expected_on.isoformat())


def resend(session: Session, supplier_id: UUID, exception_id: UUID, parcel: NewParcel) -> Shipment:
    """The supplier sends the same goods again, at its own expense: nobody pays twice, and the first of both parcels
    that arrives counts. ``parcel.lines`` are those of the first one. Twice (with one number) is once. Raises
    ``NotFound``, ``Invalid`` and ``Conflict``."""
    found = _of(session, exception_id, supplier_id=supplier_id)
    if found.shipment_id is None or found.kind not in GONE:
        raise Conflict("Only what is lost or goes back is sent again.", code="nothing_to_resend")
    purchase_order, first = locked_of_supplier(session, supplier_id, found.shipment_id)
    check_parcel(parcel, 0, {line.id: line for line in purchase_order.lines})
    session.refresh(found)
    known = known_parcel(session, purchase_order.id, parcel)
    if known is not None and known.replaces_id == (first.replaces_id or first.id):
        return known
    if found.state != "open" or first.shipment_status != SHIPPED or first.delivery_status == "delivered":
        raise Conflict("This is settled already.", code="exception_over")
    if known is not None:
        raise Conflict("Another parcel has this number already.", code="same_parcel")
    root = first if first.replaces_id is None else session.get_one(Shipment, first.replaces_id)
    not_arrived(session, root, code="exception_over")
    if dict(parcel.lines) != units_of(first):
        raise Invalid.field("lines", "other_units", "It holds the same units as the parcel that it is sent instead of.")
    made = write_parcel(session, purchase_order, parcel, status=SHIPPED, replaces=root)
    _end(session, found, "resent")
    tell_story(session, made, "po.resent", carrier=made.carrier, was=first.tracking_number)
    audit.record(session, supplier_id, "fulfillment.resent", "shipment", made.id, details={"instead_of": str(first.id)})
    emit(session, ShipmentCreated(**ids_of(made)), ShipmentCorrected(**ids_of(root)))
    return made


def refund(session: Session, supplier_id: UUID, exception_id: UUID, *, restocked: bool = False) -> None:
    """The supplier gives the money back. ``restocked``: the goods came back and are on its shelf. Twice is once. Raises
    ``NotFound`` and ``Conflict``."""
    found = _of(session, exception_id, supplier_id=supplier_id)
    if found.resolution == "refunded":
        return
    give_up(session, found, restocked=restocked, by=supplier_id)


def claim(session: Session, retailer_id: UUID, exception_id: UUID, wanted: str) -> None:
    """The retailer says what it wants for a parcel that does not come; its supplier has three working days to answer,
    then the money is given back. Twice is once. Raises ``NotFound``, ``Invalid`` and ``Conflict``."""
    found = _of(session, exception_id, retailer_id=retailer_id)
    if found.shipment_id is not None and found.kind in GONE:
        not_arrived(session, _first(session, found.shipment_id), code="exception_over")
    found = _open(session, exception_id, retailer_id=retailer_id)
    if wanted not in WANTED:
        raise Invalid.field("wanted", "unknown", "Choose the money or another parcel.")
    if found.kind not in GONE:
        raise Conflict("The parcel may still come. You can claim it when it counts as lost.", code="not_lost")
    if found.claimed == wanted:
        return
    closed = [Closure(one.starts_on, one.ends_on) for one in closures(session, found.supplier_id)]
    found.claimed, found.answer_by = wanted, found.answer_by or answer_by(clock.now(), closed)
    _story(session, found, "exception.claimed", wanted=wanted)
    audit.record(
        session, retailer_id, "fulfillment.claimed", "shipment_exception", found.id, details={"wanted": wanted}
    )
    emit(
        session,
        ShipmentExceptionClaimed(exception_id=found.id, retailer_id=found.retailer_id, supplier_id=found.supplier_id),
    )


def seen_to(session: Session, supplier_id: UUID, exception_id: UUID, note: str) -> None:
    """The supplier has seen to what only people can settle, and says how. Raises ``NotFound``, ``Invalid`` and
    ``Conflict``."""
    found = _open(session, exception_id, supplier_id=supplier_id)
    if found.kind == UNREPORTED:
        raise Conflict(
            "Its retailer says whether it has arrived. If you know that it has, mark it as delivered.",
            code="wants_retailer",
        )
    if found.kind in GONE | CAN_WAIT:
        raise Conflict("Say when it comes, send another parcel, or give the money back.", code="wants_answer")
    if not note.strip() or len(note) > 500:
        raise Invalid.field("note", "required", "Say in up to 500 characters what you did.")
    found.note = note.strip()
    _end(session, found, "seen")


def end_claim(session: Session, exception_id: UUID) -> None:
    """Nobody answered in time: the money is given back. Harmless when it is over by now."""
    found = _of(session, exception_id)
    if found.state == "open" and found.answer_by is not None and found.answer_by < clock.now():
        give_up(session, found, restocked=False, by=found.retailer_id)


def give_up(session: Session, found: ShipmentException, *, restocked: bool, by: UUID) -> None:
    """A parcel's units will not arrive: they are withdrawn from the order, the supplier's earning with them, and the
    refund follows by itself."""
    if found.shipment_id is None or found.kind not in GONE:
        raise Conflict("Only what is lost or goes back is paid back.", code="nothing_to_refund")
    shipment = _first(session, found.shipment_id)
    not_arrived(session, shipment, code="exception_over")
    session.refresh(found)
    wanted = RETURNED if found.kind == GOES_BACK else LOST
    if found.state != "open" or not may_become(shipment.shipment_status, wanted, shipment.delivery_status):
        raise Conflict("This is settled already.", code="exception_over")
    purchase_order = purchase_order_of(session, shipment)
    by_id = {line.id: line for line in purchase_order.lines}
    units = units_of(shipment)
    back: defaultdict[Aside, int] = defaultdict(int)
    for line_id, count in units.items():
        line = by_id[line_id]
        line.shipped -= count
        line.cancelled += count
        back[Aside(line.order_line_id, line.variant_id)] += count
    goods = sum(count * by_id[line_id].wholesale_price for line_id, count in units.items())
    shipment.shipment_status, shipment.next_poll_at, shipment.updated_at = wanted, None, clock.now()
    session.flush()
    refresh_status(session, purchase_order, undone=True)
    if restocked:
        restock(session, shipment.supplier_id, back, reference=f"purchase_order:{purchase_order.id}")
    _end(session, found, "refunded")
    for shipment_id in session.scalars(select(Shipment.id).where(has_goods_of(shipment))).all():
        # Nothing is left to ask or to claim of the others that were sent with these goods.
        exceptions.end(session, "refunded", shipment_id=shipment_id, kinds=OVER_BY_ARRIVAL)
    tell_story(session, shipment, "po.parcel_given_up", units=sum(units.values()))
    audit.record(session, by, "fulfillment.given_up", "shipment", shipment.id, details={"units": sum(units.values())})
    emit(
        session,
        ShipmentGivenUp(**ids_of(shipment)),
        LinesWithdrawn(
            purchase_order_id=purchase_order.id,
            order_id=purchase_order.order_id,
            retailer_id=purchase_order.retailer_id,
            supplier_id=purchase_order.supplier_id,
            cause=f"lost:{shipment.id}",
            goods=goods,
        ),
    )


def _first(session: Session, shipment_id: UUID) -> Shipment:
    """The parcel that a parcel's goods were counted with, locked: it itself, or the one that it is sent instead of."""
    shipment = locked(session, shipment_id)
    return shipment if shipment.replaces_id is None else locked(session, shipment.replaces_id)


def _of(
    session: Session, exception_id: UUID, *, supplier_id: UUID | None = None, retailer_id: UUID | None = None
) -> ShipmentException:
    query = select(ShipmentException).where(ShipmentException.id == exception_id)
    if supplier_id is not None:
        query = query.where(ShipmentException.supplier_id == supplier_id)
    if retailer_id is not None:
        query = query.where(ShipmentException.retailer_id == retailer_id)
    found = session.scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise NotFound("exception")
    return found


def _open(
    session: Session, exception_id: UUID, *, supplier_id: UUID | None = None, retailer_id: UUID | None = None
) -> ShipmentException:
    found = _of(session, exception_id, supplier_id=supplier_id, retailer_id=retailer_id)
    session.refresh(found, with_for_update=True)
    if found.state != "open":
        raise Conflict("This is settled already.", code="exception_over")
    return found


def _end(session: Session, found: ShipmentException, resolution: str, *, expected_on: date | None = None) -> None:
    session.flush()
    if found.shipment_id is not None:
        exceptions.end(session, resolution, shipment_id=found.shipment_id, kinds=(found.kind,), expected_on=expected_on)
    else:
        exceptions.end(
            session,
            resolution,
            purchase_order_id=found.purchase_order_id,
            kinds=(found.kind,),
            expected_on=expected_on,
        )
    session.refresh(found)


def _story(session: Session, found: ShipmentException, message: str, **values: object) -> None:
    number = None
    if found.shipment_id is not None:
        number = session.scalar(select(Shipment.tracking_number).where(Shipment.id == found.shipment_id))
    write_timeline(
        session,
        [
            {
                "order_id": found.order_id,
                "retailer_id": found.retailer_id,
                "purchase_order_id": found.purchase_order_id,
                "supplier_id": found.supplier_id,
                "message": message,
                "values": {"tracking_number": number or "", **values},
            }
        ],
    )
