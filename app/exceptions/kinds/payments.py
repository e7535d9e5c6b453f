"""Orders that suppliers have on money that was set aside in their store, and is lost."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, func

from app.exceptions.kind import Kind, Party, Told, rows
from app.kit.texts import marked as _
from app.orders.models import Order
from app.orders.rules import CANCELLED, ON_HOLD, RETURNED
from app.stores.payment import WITHDRAWN


def _query(_now: datetime) -> Select[Any]:
    return rows(
        "payment_withdrawn",
        subject_id=Order.id,
        order_id=Order.id,
        retailer_id=Order.retailer_id,
        since=Order.updated_at,
        ball=Party.RETAILER.value,
        name=Order.external_name,
        reference=func.concat(Order.number),
    ).where(
        Order.unpaid == WITHDRAWN,
        # One that waits is shown as a held order.
        Order.status.not_in((CANCELLED, ON_HOLD, RETURNED)),
    )


KIND = Kind(
    name="payment_withdrawn",
    label=_("Lost payments"),
    subject="order",
    query=_query,
    told={
        "": Told(
            heading=_("Sent, and its authorised payment is lost"),
            advice={
                Party.RETAILER: _("Ask your customer to pay again in your store, or cancel what has not left."),
                Party.PLATFORM: _("The retailer was told what to do."),
            },
            severity="critical",
        )
    },
)
