"""Suppliers' own systems: channels that take nothing any more, and answers of theirs that could not be used."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, case, exists, func, or_
from sqlalchemy.orm import aliased

from app.exceptions.kind import Kind, Party, Told, rows
from app.kit.texts import marked as _
from app.orders.rules import CANCELLED, DELIVERED, RETURNED, SHIPPED
from app.purchasing.models import ChannelAnswer, ChannelSetting, PurchaseOrder
from app.purchasing.transmission_rules import FAILS_FOR_GOOD, TOLD_AFTER

#: How an invoice is called among answers: it comes after all has left.
_INVOICE = "invoice"
_OTHERS, _UNREADABLE = "of_others", "unreadable"
_OVER = (SHIPPED, DELIVERED, RETURNED, CANCELLED)


def _channels(_now: datetime) -> Select[Any]:
    return rows(
        "channel",
        subject_id=ChannelSetting.supplier_id,
        supplier_id=ChannelSetting.supplier_id,
        since=ChannelSetting.failing_since,
        ball=Party.SUPPLIER.value,
        about=ChannelSetting.problem,
    ).where(
        ChannelSetting.failing_since.is_not(None),
        or_(ChannelSetting.failures >= TOLD_AFTER, ChannelSetting.problem.in_(FAILS_FOR_GOOD)),
    )


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


KINDS = (
    Kind(
        name="channel",
        label=_("Suppliers' systems"),
        subject="channel",
        query=_channels,
        told={
            "access_refused": Told(
                heading=_("Supplier's system refuses our sign-in"),
                headings={Party.SUPPLIER: _("Your system refuses our sign-in")},
                advice={
                    Party.SUPPLIER: _("Check the user name and the password, key or token, and test the connection."),
                    Party.PLATFORM: _("Its orders wait in the portal meanwhile. Ask the supplier to mend it."),
                },
                severity="critical",
            ),
            "": Told(
                heading=_("Supplier's system takes nothing"),
                headings={Party.SUPPLIER: _("Orders can't be sent to your system")},
                advice={
                    Party.SUPPLIER: _("Look at your connection and test it. What waits goes out by itself then."),
                    Party.PLATFORM: _("Its orders wait in the portal meanwhile. Ask the supplier to mend it."),
                },
                severity="critical",
            ),
        },
    ),
    Kind(
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
    ),
)
