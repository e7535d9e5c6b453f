"""An order waits: the retailer is told what to do, in the app and by one e-mail about all that holds it; of a test
order in the app only, of what holds it no longer nothing. A missing exchange rate is told the platform too."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.identity.service import platform_organisation
from app.kit import clock
from app.notifications.service import notify
from app.orders.events import OrderHeld
from app.orders.models import Order
from app.orders.rules import ADVICE, HOLD_RULES, PAYMENT_HOLDS, HoldReason
from app.orders.service import open_holds
from workers.job import RetryLater, Run, job
from workers.order_desk import tell_order_desk

_SEVERITIES = ("info", "warning", "critical")


@job(queue="letters", on=OrderHeld)
def tell_of_held_order(run: Run, event: OrderHeld) -> None:
    """See the module."""
    reason = HoldReason(event.reason)
    if HOLD_RULES[reason].told_after:
        with run.transaction() as session:
            at = _told_at(session, event)
        if at is not None and at > clock.now():
            raise RetryLater("it may be over soon", at=at)
    with run.closing() as session:
        order = session.get_one(Order, event.order_id)
        name = order.external_name or str(order.number)
        holding = [one for hold in open_holds(session, order.id) if HOLD_RULES[one := HoldReason(hold.reason)].told]
        if reason not in holding:
            return
        if reason is HoldReason.NO_EXCHANGE_RATE:
            _tell_platform(session, order, name)
        if reason is HoldReason.TEST_ORDER:
            notify(
                session,
                event.retailer_id,
                kind="test_order",
                severity="info",
                title=f"Order {name} is a test",
                body=ADVICE[reason],
                link=f"/app/orders/{order.id}",
                dedupe=f"order_held:{order.id}",
            )
            return
        reasons = sorted(set(holding) - {HoldReason.TEST_ORDER})
        advice = [ADVICE[one] for one in reasons]
        tell_order_desk(
            session,
            order,
            kind="order_held",
            severity=max((HOLD_RULES[one].severity for one in reasons), key=_SEVERITIES.index),
            title=f"Order {name} is on hold",
            body=" ".join(advice),
            paragraphs=[f"Order {name} can't go on yet.", *advice],
            button="See what to do",
            dedupe=f"order_held:{order.id}",
            # Each of its holds brings a task: the same ones are told once.
            cause=":".join(reasons),
            link="/app/billing" if PAYMENT_HOLDS.issuperset(reasons) else "",
        )


def _told_at(session: Session, event: OrderHeld) -> datetime | None:
    """When what is told of only if it lasts is told of; None where it is over."""
    since = (one.since for one in open_holds(session, event.order_id) if one.reason == event.reason)
    return next((one + HOLD_RULES[HoldReason(event.reason)].told_after for one in since), None)


def _tell_platform(session: Session, order: Order, name: str) -> None:
    """Rates are the platform's to set; the retailer can only wait."""
    for hold in open_holds(session, order.id):
        if hold.reason == HoldReason.NO_EXCHANGE_RATE:
            base, quote = hold.details["from"], hold.details["to"]
            notify(
                session,
                platform_organisation(session).id,
                kind="no_exchange_rate",
                severity="warning",
                title=f"There is no exchange rate from {base} to {quote}",
                body=f"Order {name} waits for it, perhaps others too. Set one: crossdock rates set {base} {quote} RATE",
                link=f"/console/orders/{order.id}",
                dedupe=f"no_exchange_rate:{base}:{quote}",
            )
