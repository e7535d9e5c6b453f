"""Something is wrong with a parcel: who can do something about it is told, in the app and by e-mail, once."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from app.exceptions.service import show_anew
from app.fulfillment.events import ShipmentExceptionClaimed, ShipmentExceptionFound, ShipmentExceptionOver
from app.fulfillment.models import Shipment, ShipmentException
from app.fulfillment.rules import GOES_BACK, LATE, LOST_TRACK, NO_SCAN, SCANNED_VOID, SENT_CANCELLED, STUCK, UNREPORTED
from app.notifications.service import resolve
from app.purchasing.models import PurchaseOrder
from workers.job import Run, job
from workers.telling import HANDLES_ORDERS, tell, told_moment

#: Kind → what the supplier is told, of the parcel's number or the purchase order's.
_TO_SUPPLIER: Mapping[str, tuple[str, str]] = {
    LATE: ("{number} should have left by now", "Ship it, or say by which day you will."),
    NO_SCAN: (
        "No carrier has scanned {number}",
        "Hand the parcel over, take it back if it never left, or say by which day it moves.",
    ),
    STUCK: ("{number} has not moved for days", "Ask the carrier, and say by which day it moves."),
    LOST_TRACK: ("{number} counts as lost", "Send another parcel, or give the money back."),
    GOES_BACK: ("{number} comes back to you", "Send it again, or give the money back."),
    SCANNED_VOID: (
        "A carrier scanned {number}, which you had taken back",
        "If it left, ship the purchase order with this number.",
    ),
    SENT_CANCELLED: (
        "{number} left with units that were cancelled",
        "Nobody pays for them. Have the carrier bring the parcel back, or agree on something with the retailer.",
    ),
}
#: The same for the retailer; of the rest it reads in the order's story.
_TO_RETAILER: Mapping[str, tuple[str, str]] = {
    LATE: ("{number} should have left by now", "The supplier is asked for a day."),
    STUCK: ("{number} has not moved for days", "The supplier asks the carrier."),
    LOST_TRACK: ("{number} counts as lost", "Say whether you want your money back or another parcel."),
    GOES_BACK: ("{number} goes back to its sender", "Say whether you want your money back or another parcel."),
    SENT_CANCELLED: ("{number} left with units that were cancelled", "Your customer may get them all the same."),
    UNREPORTED: (
        "Has {number} arrived?",
        "Nobody reports its way. Unless you say that your customer has not got it, its supplier is paid in two weeks.",
    ),
}
_WANTED = {"refund": "the money back", "reship": "another parcel"}


@job(queue="letters", on=(ShipmentExceptionFound, ShipmentExceptionClaimed, ShipmentExceptionOver))
def tell_of_exception(
    run: Run, event: ShipmentExceptionFound | ShipmentExceptionClaimed | ShipmentExceptionOver
) -> None:
    """See the module. When it is over, nobody is told of it any more."""
    with run.closing() as session:
        found = session.get_one(ShipmentException, event.exception_id)
        if found.state != "open":
            for organisation_id in (found.retailer_id, found.supplier_id):
                resolve(session, organisation_id, f"parcel:{found.id}")
            return
        if found.shipment_id is not None:
            show_anew(session, "parcel", found.shipment_id)
        number, supplier_link, retailer_link = _about(session, found)
        if found.claimed is not None and found.answer_by is not None:
            title = f"{number} is lost: the retailer wants {_WANTED[found.claimed]}"
            until = told_moment(session, found.supplier_id, found.answer_by)
            text = f"Answer by {until}. After that the money is given back."
            _tell(session, found, found.supplier_id, supplier_link, title, text, f"claimed:{found.claimed}")
            return
        for told, organisation_id, link in (
            (_TO_SUPPLIER, found.supplier_id, supplier_link),
            (_TO_RETAILER, found.retailer_id, retailer_link),
        ):
            if found.kind in told:
                title, text = told[found.kind]
                _tell(session, found, organisation_id, link, title.format(number=number), text, "found")


def _about(session: Session, found: ShipmentException) -> tuple[str, str, str]:
    """What it is called, and where supplier and retailer see to it."""
    if found.shipment_id is None:
        number = session.get_one(PurchaseOrder, found.purchase_order_id).number
        return number, f"/supplier/purchase-orders/{found.purchase_order_id}", f"/app/orders/{found.order_id}"
    parcel = session.get_one(Shipment, found.shipment_id)
    return (
        f"Parcel {parcel.tracking_number or parcel.package_ref}",
        f"/supplier/parcels/{parcel.id}",
        f"/app/parcels/{parcel.id}",
    )


def _tell(
    session: Session, found: ShipmentException, organisation_id: UUID, link: str, title: str, text: str, once: str
) -> None:
    permission = "orders.write" if link.startswith("/app") else "purchase_orders.write"
    tell(
        session,
        organisation_id,
        permission,
        kind="parcel",
        severity="warning",
        title=title,
        body=text,
        link=link,
        button="See the parcel" if found.shipment_id else "See the order",
        reason=HANDLES_ORDERS,
        dedupe=f"parcel:{found.id}",
        letter_dedupe=f"parcel:{found.id}:{once}",
    )
