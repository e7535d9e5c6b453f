"""Charges, refunds and payouts that got stuck. A declined card holds its order (``held_orders``)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, or_

from app.exceptions.kind import Kind, Party, Told, rows
from app.kit.texts import marked as _
from app.orders.models import Order
from app.purchasing.models import PurchaseOrder
from app.settlement.models import Charge, Payout, Refund
from app.settlement.rules import FAILED, SENDING

#: The processor's answer is asked for again after minutes; longer than this is stuck.
_ANSWERED_WITHIN = timedelta(minutes=15)
_WAITS = "HELD"


def _charges(now: datetime) -> Select[Any]:
    return (
        rows(
            "charge_unknown",
            subject_id=Charge.id,
            order_id=Charge.order_id,
            retailer_id=Charge.retailer_id,
            since=Charge.updated_at,
            ball=Party.OUTSIDE.value,
            name=Order.external_name,
            reference=func.concat(Order.number),
            detail=func.jsonb_build_object("amount", Charge.amount, "currency", Charge.currency),
        )
        .join(Order, Order.id == Charge.order_id)
        .where(Charge.state == SENDING, Charge.updated_at < now - _ANSWERED_WITHIN)
    )


def _refunds(now: datetime) -> Select[Any]:
    return (
        rows(
            "refund",
            subject_id=Refund.id,
            order_id=PurchaseOrder.order_id,
            purchase_order_id=PurchaseOrder.id,
            retailer_id=Refund.retailer_id,
            since=Refund.updated_at,
            ball=Party.PLATFORM.value,
            about=Refund.state,
            name=PurchaseOrder.number,
            reference=PurchaseOrder.order_reference,
            detail=func.jsonb_build_object("amount", Refund.amount, "currency", Refund.currency),
        )
        .join(PurchaseOrder, PurchaseOrder.id == Refund.purchase_order_id)
        .where(
            or_(
                Refund.state == FAILED,
                (Refund.state == SENDING) & (Refund.updated_at < now - _ANSWERED_WITHIN),
            )
        )
    )


def _payouts(_now: datetime) -> Select[Any]:
    return rows(
        "payout",
        subject_id=Payout.id,
        supplier_id=Payout.supplier_id,
        since=Payout.updated_at,
        ball=Party.SUPPLIER.value,
        about=Payout.state,
        detail=func.jsonb_build_object("amount", Payout.amount, "currency", Payout.currency),
    ).where(Payout.state.in_((FAILED, _WAITS)))


KINDS = (
    Kind(
        name="charge_unknown",
        label=_("Charges"),
        subject="charge",
        query=_charges,
        told={
            "": Told(
                heading=_("Not known whether the card was charged"),
                advice={
                    Party.RETAILER: _(
                        "The bank has not answered yet. We ask again ourselves; nothing is charged twice."
                    ),
                    Party.PLATFORM: _("Look at the processor's own pages if it stays so."),
                },
            )
        },
    ),
    Kind(
        name="refund",
        label=_("Refunds"),
        subject="refund",
        query=_refunds,
        told={
            FAILED: Told(
                heading=_("Refund did not get through"),
                advice={
                    Party.RETAILER: _("Your bank refused the refund. We pay you another way."),
                    Party.PLATFORM: _("Pay the retailer another way."),
                },
                severity="critical",
            ),
            "": Told(
                heading=_("Not known whether the refund was made"),
                advice={
                    Party.RETAILER: _("The bank has not answered yet. We ask again by ourselves."),
                    Party.PLATFORM: _("Look at the processor's own pages if it stays so."),
                },
            ),
        },
    ),
    Kind(
        name="payout",
        label=_("Payouts"),
        subject="payout",
        query=_payouts,
        told={
            FAILED: Told(
                heading=_("Payout did not get through"),
                advice={
                    Party.SUPPLIER: _("Look at your payout account; it is tried again by itself."),
                    Party.PLATFORM: _("The supplier's account refused it."),
                },
                severity="critical",
            ),
            "": Told(
                heading=_("Payout waits"),
                advice={
                    Party.SUPPLIER: _("Look whether your payout account wants something of you."),
                    Party.PLATFORM: _("The supplier's account or our balance keeps it."),
                },
            ),
        },
    ),
)
