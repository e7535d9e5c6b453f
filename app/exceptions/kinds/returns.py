"""Returns that are close to, or past, the day by which somebody should have done something."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, case, exists, or_

from app.exceptions.kind import Kind, Party, Told, rows
from app.kit.texts import marked as _
from app.purchasing.models import PurchaseOrder
from app.returns.models import Return, ReturnFile
from app.returns.rules import CREDITED, IN_TRANSIT, INSPECTED, RECEIVED, REQUESTED

#: A deadline within so long is shown, while it can still be kept.
_SOON = timedelta(hours=24)
#: How long a parcel may be on its way back, and a credit on its way to the card; no clock ends these two.
_BACK_WITHIN, _REFUNDED_WITHIN = timedelta(days=21), timedelta(days=3)
#: Asked for without the photo that the supplier's terms want: silence declines it.
_NO_PHOTO = "REQUESTED_WITHOUT_PHOTO"
#: The carrier brought it, and nobody says that it came in.
_ARRIVED = "ARRIVED"
_WHOSE: Mapping[str, Party] = {
    _NO_PHOTO: Party.RETAILER,
    REQUESTED: Party.SUPPLIER,
    _ARRIVED: Party.SUPPLIER,
    IN_TRANSIT: Party.SUPPLIER,
    RECEIVED: Party.SUPPLIER,
    INSPECTED: Party.SUPPLIER,
    CREDITED: Party.PLATFORM,
}


def _query(now: datetime) -> Select[Any]:
    photo = exists().where(ReturnFile.return_id == Return.id, ReturnFile.kind == "evidence")
    about = case(
        (and_(Return.state == REQUESTED, Return.photo_wanted, ~photo), _NO_PHOTO),
        (and_(Return.state == IN_TRANSIT, Return.delivered_at.is_not(None)), _ARRIVED),
        else_=Return.state,
    )
    return (
        rows(
            "return",
            subject_id=Return.id,
            order_id=Return.order_id,
            purchase_order_id=Return.purchase_order_id,
            retailer_id=Return.retailer_id,
            supplier_id=Return.supplier_id,
            since=Return.updated_at,
            due=Return.due_at,
            ball=case({state: party.value for state, party in _WHOSE.items()}, value=about),
            about=about,
            name=Return.number,
            reference=PurchaseOrder.order_reference,
        )
        .join(PurchaseOrder, PurchaseOrder.id == Return.purchase_order_id)
        .where(
            or_(
                Return.state.in_((REQUESTED, IN_TRANSIT, RECEIVED, INSPECTED)) & (Return.due_at < now + _SOON),
                (Return.state == IN_TRANSIT) & (Return.updated_at < now - _BACK_WITHIN),
                (Return.state == CREDITED) & (Return.updated_at < now - _REFUNDED_WITHIN),
            )
        )
    )


KIND = Kind(
    name="return",
    label=_("Returns"),
    subject="return",
    query=_query,
    told={
        REQUESTED: Told(
            heading=_("Return to be decided"),
            advice={
                Party.RETAILER: _("The supplier has not decided; without a word from it the return is approved."),
                Party.SUPPLIER: _("Approve or decline it; without a word from you it is approved."),
            },
        ),
        _NO_PHOTO: Told(
            heading=_("Return wants a photo"),
            advice={
                Party.RETAILER: _("Add a photo on the return's page; without one it is declined."),
                Party.SUPPLIER: _("No photo has come. Without one, and without a word from you, it is declined."),
            },
        ),
        _ARRIVED: Told(
            heading=_("Return has arrived"),
            advice={
                Party.RETAILER: _("Its carrier brought it; without a word from the supplier it counts as received."),
                Party.SUPPLIER: _("Say that it came in, then look at the goods."),
            },
        ),
        IN_TRANSIT: Told(
            heading=_("Return has not come in"),
            advice={
                Party.RETAILER: _("Ask your customer for the proof of posting."),
                Party.SUPPLIER: _("Say that it came in, or look for the parcel."),
                Party.PLATFORM: _("The parcel may be lost."),
            },
        ),
        RECEIVED: Told(
            heading=_("Return to be looked at"),
            advice={
                Party.RETAILER: _("The supplier has not looked at the goods; without a word from it all is credited."),
                Party.SUPPLIER: _("Look at the goods; without a word from you all of it is credited."),
            },
        ),
        INSPECTED: Told(
            heading=_("Return to be credited"),
            advice={
                Party.RETAILER: _("What was accepted is credited by itself."),
                Party.SUPPLIER: _("Credit what you accepted; else it is done by itself."),
            },
        ),
        "": Told(
            heading=_("Credit has not reached the card"),
            advice={
                Party.RETAILER: _("The return is credited, and we look where the refund is."),
                Party.PLATFORM: _("Look at the refund."),
            },
        ),
    },
)
