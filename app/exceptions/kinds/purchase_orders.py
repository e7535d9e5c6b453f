"""Purchase orders that wait for their supplier longer than they should: for an answer, for their parcels, or for
goods that it promised for a day that is over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select

from app.exceptions.kind import Kind, Party, Told, Value, rows
from app.kit.texts import marked as _
from app.orders.rules import BACKORDERED, PARTIALLY_SHIPPED, PENDING
from app.purchasing.leaving import late_and_answered, promised_until
from app.purchasing.models import PurchaseOrder


def of_purchase_orders(kind: str, **values: Value) -> Select[Any]:
    """Rows about purchase orders that their suppliers have."""
    named: dict[str, Value] = {
        "subject_id": PurchaseOrder.id,
        "order_id": PurchaseOrder.order_id,
        "purchase_order_id": PurchaseOrder.id,
        "retailer_id": PurchaseOrder.retailer_id,
        "supplier_id": PurchaseOrder.supplier_id,
        "ball": Party.SUPPLIER.value,
        "name": PurchaseOrder.number,
        "reference": PurchaseOrder.order_reference,
    }
    return rows(kind, **(named | values)).where(PurchaseOrder.released_at.is_not(None))


def _unanswered(now: datetime) -> Select[Any]:
    return of_purchase_orders("unanswered", since=PurchaseOrder.released_at, due=PurchaseOrder.acknowledge_by).where(
        PurchaseOrder.status == PENDING, PurchaseOrder.acknowledge_by < now
    )


def _late(now: datetime) -> Select[Any]:
    # Other units than those that come later are to leave in time.
    return of_purchase_orders("late", since=PurchaseOrder.ship_by, due=PurchaseOrder.ship_by).where(
        late_and_answered(now)
    )


def _overdue_backorders(now: datetime) -> Select[Any]:
    # Of a day that was promised all of it counts.
    until = promised_until()
    return of_purchase_orders("backorder_overdue", since=until, due=until).where(
        PurchaseOrder.status.in_((BACKORDERED, PARTIALLY_SHIPPED)), until < now
    )


KINDS = (
    Kind(
        name="unanswered",
        label=_("No answer"),
        subject="purchase_order",
        query=_unanswered,
        told={
            "": Told(
                heading=_("Supplier has not answered"),
                headings={Party.SUPPLIER: _("Your answer is overdue")},
                advice={
                    Party.RETAILER: _("The supplier was told and is late with its answer."),
                    Party.SUPPLIER: _("Accept it, or say what you can't send."),
                    Party.PLATFORM: _("Ask the supplier."),
                },
                severity="critical",
            )
        },
    ),
    Kind(
        name="late",
        label=_("Late"),
        subject="purchase_order",
        query=_late,
        told={
            "": Told(
                heading=_("Should have left"),
                advice={
                    Party.RETAILER: _("The supplier accepted it and is late with the parcel."),
                    Party.SUPPLIER: _("Ship it, or tell the retailer what keeps it."),
                    Party.PLATFORM: _("Ask the supplier."),
                },
                severity="critical",
            )
        },
    ),
    Kind(
        name="backorder_overdue",
        label=_("Overdue backorders"),
        subject="purchase_order",
        query=_overdue_backorders,
        told={
            "": Told(
                heading=_("Promised goods have not come"),
                advice={
                    Party.RETAILER: _("The supplier promised the goods for a day that is over."),
                    Party.SUPPLIER: _("Ship it, give another day, or say that you can't send it."),
                    Party.PLATFORM: _("Ask the supplier."),
                },
            )
        },
    ),
)
