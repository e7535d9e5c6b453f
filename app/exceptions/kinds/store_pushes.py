"""Parcels whose numbers a store refused: its customer does not know of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, func

from app.exceptions.kind import Kind, Party, Told, rows
from app.fulfillment.models import Shipment
from app.fulfillment.rules import NOT_PERMITTED
from app.kit.texts import marked as _
from app.purchasing.models import PurchaseOrder

#: What the store lacks is a permission.
PERMISSION = "permission"


def _query(_now: datetime) -> Select[Any]:
    return (
        rows(
            "store_refused",
            subject_id=Shipment.id,
            order_id=Shipment.order_id,
            purchase_order_id=Shipment.purchase_order_id,
            retailer_id=Shipment.retailer_id,
            since=Shipment.updated_at,
            ball=Party.RETAILER.value,
            about=case((Shipment.store_error == NOT_PERMITTED, PERMISSION), else_=""),
            name=Shipment.tracking_number,
            reference=PurchaseOrder.order_reference,
            detail=func.jsonb_build_object("reason", Shipment.store_error),
        )
        .join(PurchaseOrder, PurchaseOrder.id == Shipment.purchase_order_id)
        .where(Shipment.store_error.is_not(None), Shipment.store_told_at.is_(None))
    )


KIND = Kind(
    name="store_refused",
    label=_("Telling stores"),
    subject="shipment",
    query=_query,
    told={
        PERMISSION: Told(
            heading=_("Store may not be told the tracking number"),
            advice={
                Party.RETAILER: _("Allow it in your store's admin: the store is told by itself then."),
                Party.PLATFORM: _("The retailer can allow it."),
            },
        ),
        "": Told(
            heading=_("Store did not take the tracking number"),
            advice={
                Party.RETAILER: _("Put right in the store what it complains of, then tell it again."),
                Party.PLATFORM: _("The retailer can tell it again."),
            },
        ),
    },
)
