"""What a store's people should read about units that do not come as ordered, and its store did not take."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_

from app.exceptions.kind import Kind, Party, Told, rows
from app.kit.texts import marked as _
from app.orders.models import Order
from app.purchasing.decisions.rules import WAITING, WAITS
from app.purchasing.models import OrderDecision


def _query(_now: datetime) -> Select[Any]:
    return (
        rows(
            "store_note",
            subject_id=OrderDecision.id,
            order_id=OrderDecision.order_id,
            purchase_order_id=OrderDecision.purchase_order_id,
            retailer_id=OrderDecision.retailer_id,
            since=OrderDecision.store_refused_at,
            ball=Party.RETAILER.value,
            name=Order.external_name,
            reference=func.concat(Order.number),
            detail=func.jsonb_build_object("reason", OrderDecision.store_refusal),
        )
        .join(Order, Order.id == OrderDecision.order_id)
        .where(
            OrderDecision.store_refused.is_not(None),
            # That units wait is no news any more once they do not.
            or_(OrderDecision.store_refused.not_like(f"{WAITS}:%"), OrderDecision.state == WAITING),
        )
    )


KIND = Kind(
    name="store_note",
    label=_("Notes in stores"),
    subject="order",
    query=_query,
    told={
        "": Told(
            heading=_("Store does not know what was decided"),
            advice={
                Party.RETAILER: _("Tell it again, or tell your people yourself: the order's story says what."),
                Party.PLATFORM: _("The retailer can tell it again."),
            },
        )
    },
)
