"""Orders on hold, for any reason but those that are over in minutes or for good."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import DateTime, Select, case, cast, func, or_

from app.exceptions.kind import Kind, Party, Told, rows
from app.kit.texts import marked as _
from app.orders.models import Order, OrderHold
from app.orders.rules import CANCELLED, HOLD_RULES, Ending, HoldReason, HoldRule, Releaser

#: A moment's wait that its end did not end within so long is stuck.
_OVERDUE = timedelta(minutes=5)
#: A test order goes no further, and nothing is to be done about that.
_NEVER = (HoldReason.TEST_ORDER,)
#: Headings that speak to the retailer, as the platform says them.
_SEEN_BY_US = {
    HoldReason.MANUAL: _("Held by the retailer"),
    HoldReason.PLATFORM: _("Held by us"),
    HoldReason.PLAN_LIMIT: _("Beyond its retailer's plan"),
}


def ball_of(rule: HoldRule) -> Party:
    """Who has to do something about a hold."""
    ours = rule.releaser is Releaser.PLATFORM or rule.ends_by in (Ending.RATE, Ending.TIME)
    return Party.PLATFORM if ours else Party.RETAILER


def _told(reason: HoldReason, rule: HoldRule) -> Told:
    ours = _SEEN_BY_US.get(reason)
    return Told(
        heading=rule.heading,
        advice={
            Party.RETAILER: rule.advice,
            Party.PLATFORM: _("The retailer was told what to do.")
            if ball_of(rule) is Party.RETAILER
            else _("It is up to us to let it go on."),
        },
        severity=rule.severity,
        headings={Party.PLATFORM: ours} if ours is not None else {},
    )


def _query(now: datetime) -> Select[Any]:
    until = cast(OrderHold.details["until"].astext, DateTime(timezone=True))
    return (
        rows(
            "held_order",
            subject_id=OrderHold.id,
            order_id=OrderHold.order_id,
            retailer_id=OrderHold.retailer_id,
            since=OrderHold.since,
            due=until,
            ball=case({reason: ball_of(rule) for reason, rule in HOLD_RULES.items()}, value=OrderHold.reason),
            about=OrderHold.reason,
            name=Order.external_name,
            reference=func.concat(Order.number),
        )
        .join(Order, Order.id == OrderHold.order_id)
        .where(
            OrderHold.released_at.is_(None),
            Order.status != CANCELLED,
            OrderHold.reason.not_in(_NEVER),
            or_(OrderHold.reason != HoldReason.FRAUD_WINDOW, until < now - _OVERDUE),
        )
    )


KIND = Kind(
    name="held_order",
    label=_("On hold"),
    subject="order",
    query=_query,
    told={str(reason): _told(reason, rule) for reason, rule in HOLD_RULES.items()},
)
