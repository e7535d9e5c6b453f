"""Purchase orders of which it is not sure that their suppliers know them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, exists, func, or_
from sqlalchemy.orm import aliased

from app.exceptions.kind import Kind, Party, Told
from app.exceptions.kinds.purchase_orders import of_purchase_orders
from app.kit.texts import marked as _
from app.orders.rules import PENDING
from app.purchasing.models import PurchaseOrder, Transmission
from app.purchasing.transmission_rules import REJECTED, UNKNOWN

#: Probes of a doubtful one go on for hours by themselves; until a person is asked, this is how long it is no matter.
_PROBED_FOR = timedelta(minutes=30)


def _query(now: datetime) -> Select[Any]:
    later = aliased(Transmission)
    return (
        of_purchase_orders(
            "transmission",
            subject_id=Transmission.id,
            since=Transmission.updated_at,
            ball=Party.PLATFORM.value,
            about=Transmission.state,
            detail=func.jsonb_build_object("asked", Transmission.person_asked_at.is_not(None)),
        )
        .join(Transmission, Transmission.purchase_order_id == PurchaseOrder.id)
        .where(
            or_(
                Transmission.state == REJECTED,
                (Transmission.state == UNKNOWN)
                & (Transmission.person_asked_at.is_not(None) | (Transmission.asked_at < now - _PROBED_FOR)),
            ),
            PurchaseOrder.status == PENDING,
            ~exists().where(
                later.purchase_order_id == Transmission.purchase_order_id,
                later.channel == Transmission.channel,
                later.attempt > Transmission.attempt,
            ),
        )
    )


KIND = Kind(
    name="transmission",
    label=_("Sending to suppliers"),
    subject="transmission",
    query=_query,
    told={
        REJECTED: Told(
            heading=_("Supplier's system refused the order"),
            advice={
                Party.RETAILER: _("We look why; the supplier also sees the order in its portal."),
                Party.SUPPLIER: _("Your system did not take this order. Answer it here, and look at your connection."),
                Party.PLATFORM: _("Look at the supplier's connection, and send it again."),
            },
            severity="critical",
        ),
        "": Told(
            heading=_("Not known whether the supplier has it"),
            advice={
                Party.RETAILER: _("The supplier's system did not say whether it took the order; we ask it."),
                Party.SUPPLIER: _("Your system did not say whether it took this order. Answer it here if you have it."),
                Party.PLATFORM: _("Ask the supplier before it is sent again."),
            },
        ),
    },
)
