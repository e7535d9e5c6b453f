"""Customers who wait for their shop's word about sending something back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, func

from app.exceptions.kind import Kind, Party, Told, rows
from app.kit.texts import marked as _
from app.orders.models import Order
from app.returns.models import ShopperReturn
from app.returns.rules import WAITING


def _query(_now: datetime) -> Select[Any]:
    return (
        rows(
            "shopper_return",
            subject_id=ShopperReturn.id,
            order_id=ShopperReturn.order_id,
            retailer_id=ShopperReturn.retailer_id,
            since=ShopperReturn.created_at,
            ball=Party.RETAILER.value,
            name=Order.external_name,
            reference=func.concat(Order.number),
        )
        .join(Order, Order.id == ShopperReturn.order_id)
        .where(ShopperReturn.state == WAITING)
    )


KIND = Kind(
    name="shopper_return",
    label=_("Customers' requests"),
    subject="shopper_return",
    query=_query,
    told={
        "": Told(
            heading=_("Customer wants to send something back"),
            advice={Party.RETAILER: _("Agree, so that the supplier is asked, or tell the customer why not.")},
        )
    },
)
