"""Holds that people set and release, and the wait of every order that comes in."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.billing import service as billing
from app.identity.models import Organisation
from app.kit import clock
from app.kit.errors import Conflict, Invalid
from app.orders import service as orders
from app.orders.rules import CANCELLED, HOLD_RULES, HoldReason, Releaser
from app.purchasing.models import PurchaseOrder
from app.purchasing.service.correcting import waiting_order
from app.purchasing.service.placing import resume_order

LONGEST_NOTE = 500


def hold_order(session: Session, retailer_id: UUID | None, order_id: UUID, *, by: Releaser, note: str) -> None:
    """Let an order wait until somebody releases it; ``note`` says why. A second hold replaces the first one's note.

    ``by`` the platform, any retailer's order (``retailer_id`` is None then). Raises ``NotFound``, ``Invalid`` for a
    note that is too long, and ``Conflict`` when suppliers have the order already.
    """
    note = note.strip()
    if len(note) > LONGEST_NOTE:
        raise Invalid.field("note", "too_long", f"Use at most {LONGEST_NOTE} characters.")
    order = waiting_order(session, retailer_id, order_id)
    reason = HoldReason.PLATFORM if by is Releaser.PLATFORM else HoldReason.MANUAL
    orders.hold(session, order, reason, details={"note": note})
    audit.record(session, order.retailer_id, "orders.held", "order", order_id, details={"reason": reason})


def release_holds(
    session: Session, retailer_id: UUID | None, order_id: UUID, *, by: Releaser, reasons: Sequence[HoldReason] = ()
) -> bool:
    """Release the order's holds that are ``by``'s to release (of these ``reasons``, where any are given) and take it
    up again. Returns whether it is routed now; what still holds it says why not.

    Raises ``NotFound``, and ``Conflict`` when suppliers have the order already or nothing is to be released by hand,
    or only what is released ``singly`` (``app.orders.rules.HoldRule``).
    """
    order = waiting_order(session, retailer_id, order_id)
    own = [
        reason
        for hold in orders.open_holds(session, order_id)
        if HOLD_RULES[reason := HoldReason(hold.reason)].releaser is by
    ]
    may = [one for one in own if (one in reasons if reasons else not HOLD_RULES[one].singly)]
    if not may:
        if own and not reasons:
            raise Conflict(
                "Its customer has not paid yet. To send it all the same, release that hold on the order's page.",
                code="customer_has_not_paid",
            )
        raise Conflict("Nothing holds this order that you could release.", code="nothing_to_release")
    if HoldReason.PLAN_LIMIT in may:
        # It takes a place beyond those of the plan, and keeps it.
        timezone = session.get_one(Organisation, order.retailer_id).timezone
        billing.count_order(session, order.retailer_id, order.supplements or order_id, timezone)
    if HoldReason.UNPAID in may:
        orders.tell(session, order, "order.released_unpaid")
    orders.release(session, order, may)
    audit.record(session, order.retailer_id, "orders.released", "order", order_id, details={"reasons": may})
    return resume_order(session, order_id)


def hold_for_risk(session: Session, order_id: UUID, level: str) -> bool:
    """The store's platform thinks that an order's risk is high. False where suppliers have it, or it is over."""
    order = orders.locked(session, order_id)
    if order.status == CANCELLED:
        return False
    if session.scalar(select(PurchaseOrder.id).where(PurchaseOrder.order_id == order_id).limit(1)) is not None:
        return False
    orders.hold(session, order, HoldReason.RISK_PLATFORM, details={"level": level})
    return True


def go_on_within_plan(session: Session, order_id: UUID) -> None:
    """Take an order up again that waits for its retailer's plan; it goes on where there is a place for it."""
    orders.locked(session, order_id)
    if any(one.reason == HoldReason.PLAN_LIMIT for one in orders.open_holds(session, order_id)):
        resume_order(session, order_id)


def end_fraud_window(session: Session, order_id: UUID) -> bool:
    """An order has waited long enough: it goes on when nothing else holds it. Returns whether its wait is over; an
    order that is cancelled or was released waits no more."""
    order = orders.locked(session, order_id)
    window = next((one for one in orders.open_holds(session, order_id) if one.reason == HoldReason.FRAUD_WINDOW), None)
    if window is None:
        return True
    until = orders.until_of(window)
    if until is not None and until > clock.now():
        return False
    orders.release(session, order, [HoldReason.FRAUD_WINDOW])
    resume_order(session, order_id)
    return True
