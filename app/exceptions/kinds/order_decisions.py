"""Units that do not come as ordered, about which their retailer has not decided yet."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, func

from app.exceptions.kind import Kind, Party, Told, rows
from app.kit.texts import marked as _
from app.orders.models import Order
from app.purchasing.decisions.rules import OPEN
from app.purchasing.models import OrderDecision

_OURS = _("The retailer was told; its default is done at the deadline.")


def _query(_now: datetime) -> Select[Any]:
    return (
        rows(
            "order_decision",
            subject_id=OrderDecision.id,
            order_id=OrderDecision.order_id,
            purchase_order_id=OrderDecision.purchase_order_id,
            retailer_id=OrderDecision.retailer_id,
            since=OrderDecision.created_at,
            due=OrderDecision.due_at,
            ball=Party.RETAILER,
            about=OrderDecision.kind,
            name=Order.external_name,
            reference=func.concat(Order.number),
        )
        .join(Order, Order.id == OrderDecision.order_id)
        .where(OrderDecision.state == OPEN)
    )


def _told(heading: str, advice: str) -> Told:
    return Told(heading=heading, advice={Party.RETAILER: advice, Party.PLATFORM: _OURS})


KIND = Kind(
    name="order_decision",
    label=_("To be decided"),
    subject="order",
    query=_query,
    told={
        "price": _told(_("Another price"), _("Pay it, take another supplier, or cancel, before the deadline.")),
        "rejected": _told(_("Nobody delivers it"), _("Wait, send something else, or refund, before the deadline.")),
        "silent": _told(_("Supplier is silent"), _("Give it time, take another supplier, or refund.")),
        "later": _told(_("Comes too late"), _("Wait for it, take another supplier, or refund.")),
        "": _told(_("To be decided"), _("Decide on the order's page.")),
    },
)
