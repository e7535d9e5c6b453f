"""Parcels that were not scanned, do not move, are lost or come back. (What has not left at all is ``late``.)"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, cast, func

from app.exceptions.kind import Kind, Party, Told, rows
from app.fulfillment.models import Shipment, ShipmentException
from app.fulfillment.rules import GOES_BACK, LATE, LOST_TRACK, NO_SCAN, SCANNED_VOID, SENT_CANCELLED, STUCK, UNREPORTED
from app.kit.texts import marked as _
from app.purchasing.models import PurchaseOrder

_UNCLAIMED = _(
    "The retailer says whether it wants its money back or another parcel. You need not wait for that: send another "
    "one, or give the money back."
)


def _query(_now: datetime) -> Select[Any]:
    found = ShipmentException
    return (
        rows(
            "parcel",
            subject_id=Shipment.id,
            order_id=found.order_id,
            purchase_order_id=found.purchase_order_id,
            retailer_id=found.retailer_id,
            supplier_id=found.supplier_id,
            since=found.since,
            due=case((found.kind == UNREPORTED, cast(Shipment.assumed_on, found.since.type)), else_=found.answer_by),
            ball=case(
                (found.kind.in_((LOST_TRACK, GOES_BACK)) & found.claimed.is_(None), Party.RETAILER.value),
                (found.kind == UNREPORTED, Party.RETAILER.value),
                else_=Party.SUPPLIER.value,
            ),
            about=found.kind,
            name=func.coalesce(func.nullif(Shipment.tracking_number, ""), Shipment.package_ref),
            reference=PurchaseOrder.order_reference,
        )
        .join(Shipment, Shipment.id == found.shipment_id)
        .join(PurchaseOrder, PurchaseOrder.id == found.purchase_order_id)
        .where(found.state == "open", found.kind != LATE)
    )


KIND = Kind(
    name="parcel",
    label=_("Parcels"),
    subject="shipment",
    query=_query,
    told={
        NO_SCAN: Told(
            heading=_("No carrier has scanned the parcel"),
            advice={
                Party.SUPPLIER: _("Hand it over, take it back if it never left, or say by which day it moves."),
            },
        ),
        STUCK: Told(
            heading=_("Parcel does not move"),
            advice={
                Party.RETAILER: _("The supplier asks the carrier."),
                Party.SUPPLIER: _("Ask the carrier, and say by which day it moves."),
            },
        ),
        LOST_TRACK: Told(
            heading=_("Parcel counts as lost"),
            severity="critical",
            advice={
                Party.RETAILER: _("Say whether you want your money back or another parcel."),
                Party.SUPPLIER: _("Send another parcel, or give the money back."),
                Party.PLATFORM: _("Without an answer of the supplier's the money is given back once it is claimed."),
            },
            meanwhile={
                Party.RETAILER: _("The supplier sends another parcel, or gives the money back."),
                Party.SUPPLIER: _UNCLAIMED,
            },
        ),
        GOES_BACK: Told(
            heading=_("Parcel goes back to its sender"),
            severity="critical",
            advice={
                Party.RETAILER: _("Say whether you want your money back or another parcel."),
                Party.SUPPLIER: _("Send it again, or give the money back."),
            },
            meanwhile={
                Party.RETAILER: _("The supplier sends it again, or gives the money back."),
                Party.SUPPLIER: _UNCLAIMED,
            },
        ),
        UNREPORTED: Told(
            heading=_("Nobody reports whether the parcel has arrived"),
            advice={
                Party.RETAILER: _("Say whether it has. Without a word of yours its supplier is paid after that day."),
                Party.SUPPLIER: _("The retailer says whether it has. Without a word you are paid after that day."),
            },
        ),
        SCANNED_VOID: Told(
            heading=_("A parcel that was taken back is on its way"),
            severity="critical",
            advice={Party.SUPPLIER: _("If it left, ship the purchase order with this number; then say so.")},
        ),
        SENT_CANCELLED: Told(
            heading=_("Cancelled units are on their way"),
            advice={
                Party.RETAILER: _("Your customer may get them all the same."),
                Party.SUPPLIER: _("Have the carrier bring the parcel back, or agree on something with the retailer."),
            },
        ),
        "": Told(heading=_("Parcel in trouble"), advice={Party.SUPPLIER: _("Look at the parcel.")}),
    },
)
