"""Answers of suppliers' own systems that could not be used."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, case, exists, func, or_
from sqlalchemy.orm import aliased

from app.exceptions.kind import Kind, Party, Told, rows
from app.kit.texts import marked as _
from app.orders.rules import CANCELLED, DELIVERED, RETURNED, SHIPPED
from app.purchasing.models import ChannelAnswer, PurchaseOrder

#: How an invoice is called among answers: it comes after all has left.
_INVOICE = "invoice"
_OTHERS, _UNREADABLE = "of_others", "unreadable"
_OVER = (SHIPPED, DELIVERED, RETURNED, CANCELLED)


def _answers(_now: datetime) -> Select[Any]:
    better = aliased(ChannelAnswer)
    return (
        rows(
            "channel_answer",
            subject_id=ChannelAnswer.id,
            order_id=PurchaseOrder.order_id,
            purchase_order_id=PurchaseOrder.id,
            supplier_id=ChannelAnswer.supplier_id,
            since=ChannelAnswer.created_at,
            ball=Party.SUPPLIER.value,
            about=case((ChannelAnswer.of_others, _OTHERS), (ChannelAnswer.kind == _UNREADABLE, _UNREADABLE), else_=""),
            name=func.coalesce(PurchaseOrder.number, ChannelAnswer.source),
            reference=func.coalesce(PurchaseOrder.order_reference, ""),
            detail=func.jsonb_build_object("reason", ChannelAnswer.problem),
        )
        .outerjoin(PurchaseOrder, PurchaseOrder.id == ChannelAnswer.purchase_order_id)
        .where(
            ChannelAnswer.problem.is_not(None),
            ChannelAnswer.settled_at.is_(None),
            or_(
                PurchaseOrder.id.is_(None),
                PurchaseOrder.status.not_in(_OVER),
                and_(ChannelAnswer.kind == _INVOICE, PurchaseOrder.status != CANCELLED),
            ),
            # One that could be used came after it.
            ~exists().where(
                better.purchase_order_id == ChannelAnswer.purchase_order_id,
                better.kind == ChannelAnswer.kind,
                better.problem.is_(None),
                better.created_at > ChannelAnswer.created_at,
            ),
        )
    )


def _unused(heading: str, advice: str) -> Told:
    return Told(
        heading=heading,
        advice={Party.SUPPLIER: advice, Party.PLATFORM: _("The supplier was told. Help it, if it stays so.")},
    )


KIND = Kind(
    name="channel_answer",
    label=_("Answers that can't be used"),
    subject="channel_answer",
    query=_answers,
    told={
        _UNREADABLE: _unused(
            _("An answer can't be read"), _("Mend the file or message and send it again, or answer here.")
        ),
        _OTHERS: _unused(
            _("An answer names no order of this supplier"),
            _("Look at the number that it names, and send it again under ours."),
        ),
        "": _unused(
            _("An answer could not be used"), _("Mend it and send it again, or answer the order here yourself.")
        ),
    },
)
