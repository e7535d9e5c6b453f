"""Customers who have not got their money back: their store refused it, or has said nothing of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_

from app.exceptions.kind import Kind, Party, Told, rows
from app.kit.texts import marked as _
from app.orders.models import Order
from app.store_refunds.models import StoreRefund
from app.store_refunds.rules import ANSWERED_WITHIN, ASKED, REFUSED


def _query(now: datetime) -> Select[Any]:
    return (
        rows(
            "store_refund",
            subject_id=StoreRefund.id,
            order_id=StoreRefund.order_id,
            retailer_id=StoreRefund.retailer_id,
            since=StoreRefund.updated_at,
            ball=Party.RETAILER.value,
            about=StoreRefund.state,
            name=Order.external_name,
            reference=Order.external_name,
            detail=func.jsonb_build_object("reason", func.nullif(StoreRefund.refusal_text, "")),
        )
        .join(Order, Order.id == StoreRefund.order_id)
        .where(
            or_(
                StoreRefund.state == REFUSED,
                (StoreRefund.state == ASKED) & (StoreRefund.updated_at < now - ANSWERED_WITHIN),
            )
        )
    )


KIND = Kind(
    name="store_refund",
    label=_("Refunds to customers"),
    subject="store_refund",
    query=_query,
    told={
        ASKED: Told(
            heading=_("Store has not refunded its customer yet"),
            advice={
                Party.RETAILER: _(
                    "Ask it again: what it has refunded meanwhile is found and not made twice. Or refund it in your "
                    "store, and say so on the order's page."
                )
            },
        ),
        "": Told(
            heading=_("Store did not refund its customer"),
            advice={Party.RETAILER: _("Put right what it complains of and ask again, or refund it in your store.")},
        ),
    },
)
