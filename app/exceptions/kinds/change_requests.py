"""Requests to stop units or to change an address that their suppliers let lie; silence becomes the answer soon."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select

from app.exceptions.kind import Kind, Party, Told
from app.exceptions.kinds.purchase_orders import of_purchase_orders
from app.kit.texts import marked as _
from app.purchasing.changes.rules import ADDRESS, OPEN
from app.purchasing.models import ChangeRequest, PurchaseOrder


def _query(now: datetime) -> Select[Any]:
    return (
        of_purchase_orders(
            "change_request",
            subject_id=ChangeRequest.id,
            since=ChangeRequest.asked_at,
            due=ChangeRequest.due_at,
            about=ChangeRequest.kind,
        )
        .join(ChangeRequest, ChangeRequest.purchase_order_id == PurchaseOrder.id)
        .where(ChangeRequest.state == OPEN, ChangeRequest.remind_at < now)
    )


KIND = Kind(
    name="change_request",
    label=_("Changes asked"),
    subject="change_request",
    query=_query,
    told={
        ADDRESS: Told(
            heading=_("New address not confirmed"),
            advice={
                Party.RETAILER: _("The supplier has not said whether it can send to the new address."),
                Party.SUPPLIER: _("Say whether you can send to the new address."),
            },
        ),
        "": Told(
            heading=_("Cancellation not answered"),
            advice={
                Party.RETAILER: _("The supplier has not said whether it can stop what you cancelled."),
                Party.SUPPLIER: _("Say whether you can stop it; silence becomes the answer."),
            },
        ),
    },
)
