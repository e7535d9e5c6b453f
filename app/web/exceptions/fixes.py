"""The way out of each exception as a button: a link to where it is put right, or the change itself.

Every row leads to the page of what it is about; a kind that can be put right with one click has a fix here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.exceptions.kind import Party
from app.exceptions.kinds.store_pushes import PERMISSION
from app.exceptions.queries import StuckThing
from app.kit.texts import marked as _
from app.orders.rules import HOLD_RULES, PAYMENT_HOLDS, Ending, HoldReason, Releaser
from app.purchasing.transmission_rules import REJECTED
from app.web.auth import principal
from app.web.pages import page_url
from app.web.ui.rendering import gettext

Args = Callable[[StuckThing], dict[str, Any]]


def _order(thing: StuckThing) -> dict[str, Any]:
    return {"order_id": thing.order_id}


def _purchase_order(thing: StuckThing) -> dict[str, Any]:
    return {"purchase_order_id": thing.purchase_order_id}


def _return(thing: StuckThing) -> dict[str, Any]:
    return {"return_id": thing.subject_id}


def _transmission(act: str) -> Args:
    return lambda thing: {
        "purchase_order_id": thing.purchase_order_id,
        "transmission_id": thing.subject_id,
        "act": act,
    }


def _transmission_of_order(act: str) -> Args:
    return lambda thing: {**_order(thing), **_transmission(act)(thing)}


def _decision(thing: StuckThing) -> dict[str, Any]:
    return {"order_id": thing.order_id, "decision_id": thing.subject_id}


def _is_refused(thing: StuckThing) -> bool:
    return thing.about == REJECTED


def _is_asked(thing: StuckThing) -> bool:
    """Whether a person is to say if it arrived."""
    return thing.about != REJECTED and bool(thing.detail.get("asked"))


def _supplier(thing: StuckThing) -> dict[str, Any]:
    return {"supplier_id": thing.supplier_id}


def _nothing(_thing: StuckThing) -> dict[str, Any]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """A way out: where it leads, what it is called, who may go it, and for which rows. ``posts``: it is the change
    itself, sent with these values."""

    label: str
    endpoint: str
    permission: str
    args: Args = _nothing
    when: Callable[[StuckThing], bool] = lambda _thing: True
    posts: Args | None = None


@dataclass(frozen=True, slots=True)
class Button:
    """A fix as it is shown."""

    label: str
    href: str
    posts: bool
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ways:
    """Where a row leads, and its fixes."""

    href: str | None
    buttons: list[Button]


def _hold(test: Callable[[HoldReason], bool]) -> Callable[[StuckThing], bool]:
    return lambda thing: test(HoldReason(thing.about))


def _released_by(releaser: Releaser) -> Callable[[StuckThing], bool]:
    return _hold(lambda reason: HOLD_RULES[reason].releaser is releaser)


def _released_at_once(thing: StuckThing) -> bool:
    """Whether its retailer may release it without looking at it."""
    rule = HOLD_RULES[HoldReason(thing.about)]
    return rule.releaser is Releaser.RETAILER and not rule.singly


_ORDERS, _SHIPS, _HOLDS = "orders.write", "purchase_orders.write", "orders.hold_any"


def _reminding(permission: str) -> tuple[Fix, Fix]:
    """For what waits for a supplier: have it reminded, or see what else can be done."""
    return (
        Fix(
            label=_("Remind the supplier"), endpoint="exceptions.remind", permission=permission, args=_purchase_order,
            posts=_nothing,
        ),
        Fix(label=_("See what you can do"), endpoint="orders.detail", permission=permission, args=_order),
    )  # fmt: skip


def _settling(endpoint: str, permission: str, args: Callable[[str], Args]) -> tuple[Fix, Fix, Fix]:
    """For a purchase order that a supplier's system refused, or of which nobody knows whether it arrived there."""
    return (
        Fix(
            label=_("Send it again"), endpoint=endpoint, permission=permission, args=args("again"), when=_is_refused,
            posts=_nothing,
        ),
        Fix(
            label=_("It arrived"), endpoint=endpoint, permission=permission, args=args("arrived"), when=_is_asked,
            posts=_nothing,
        ),
        Fix(
            label=_("It is not there: send it again"), endpoint=endpoint, permission=permission,
            args=args("not-arrived"), when=_is_asked, posts=_nothing,
        ),
    )  # fmt: skip


_FIXES: Mapping[Party, Mapping[str, Sequence[Fix]]] = {
    Party.RETAILER: {
        "held_order": (
            Fix(
                label=_("Release"), endpoint="orders.release", permission=_ORDERS, args=_order,
                when=_released_at_once, posts=lambda thing: {"reason": thing.about},
            ),
            Fix(
                label=_("Look at it"), endpoint="orders.detail", permission=_ORDERS, args=_order,
                when=_hold(lambda reason: HOLD_RULES[reason].singly),
            ),
            Fix(
                label=_("To billing"), endpoint="billing.billing", permission="billing.read",
                when=_hold(lambda reason: reason in PAYMENT_HOLDS or reason is HoldReason.PLAN_LIMIT),
            ),
            Fix(
                label=_("Mend the address"), endpoint="orders.detail", permission=_ORDERS, args=_order,
                when=_hold(lambda reason: HOLD_RULES[reason].ends_by is Ending.ADDRESS),
            ),
            Fix(
                label=_("Say what it is"), endpoint="orders.detail", permission=_ORDERS, args=_order,
                when=_hold(lambda reason: HOLD_RULES[reason].ends_by is Ending.LINK),
            ),
            Fix(
                label=_("Try again"), endpoint="orders.resume", permission=_ORDERS, args=_order,
                posts=_nothing,
                when=_hold(
                    lambda reason: not HOLD_RULES[reason].stays
                    and HOLD_RULES[reason].releaser is Releaser.NOBODY
                    and HOLD_RULES[reason].ends_by not in (Ending.PAYMENT, Ending.ADDRESS, Ending.RATE)
                ),
            ),
        ),
        **dict.fromkeys(("unanswered", "late", "backorder_overdue"), _reminding(_ORDERS)),
        "transmission": (
            Fix(label=_("Look at it"), endpoint="orders.detail", permission="orders.read", args=_order),
        ),
        "charge_unknown": (
            Fix(label=_("To billing"), endpoint="billing.billing", permission="billing.read"),
        ),
        "refund": (
            Fix(label=_("To billing"), endpoint="billing.billing", permission="billing.read"),
        ),
        "change_request": (
            Fix(label=_("Look at it"), endpoint="orders.detail", permission="orders.read", args=_order),
        ),
        "return": (
            Fix(label=_("Look at it"), endpoint="returns.detail", permission="orders.read", args=_return),
        ),
        "payment_withdrawn": (
            Fix(label=_("Look at it"), endpoint="orders.detail", permission="orders.read", args=_order),
        ),
        "store_note": (
            Fix(
                label=_("Tell the store again"), endpoint="exceptions.tell_decision_again", permission=_ORDERS,
                args=_decision, posts=_nothing,
            ),
            Fix(
                label=_("They know it"), endpoint="exceptions.decision_told", permission=_ORDERS, args=_decision,
                posts=_nothing,
            ),
        ),
        "order_decision": (
            Fix(label=_("Decide"), endpoint="orders.detail", permission=_ORDERS, args=_order),
        ),
        "shopper_return": (
            Fix(
                label=_("Agree"), endpoint="returns.grant_request", permission=_ORDERS,
                args=lambda thing: {"request_id": thing.subject_id}, posts=_nothing,
            ),
            Fix(
                label=_("Look at it"), endpoint="returns.one_request", permission="orders.read",
                args=lambda thing: {"request_id": thing.subject_id},
            ),
        ),
        "store_refused": (
            Fix(
                label=_("Allow it"), endpoint="settings.settings", permission="settings.write",
                when=lambda thing: thing.about == PERMISSION,
            ),
            Fix(
                label=_("Tell the store again"), endpoint="exceptions.tell_again", permission=_ORDERS,
                args=lambda thing: {"shipment_id": thing.subject_id}, posts=_nothing,
            ),
        ),
        "store_refund": (
            Fix(
                label=_("Ask the store again"), endpoint="orders.refund_again", permission=_ORDERS,
                args=lambda thing: {"order_id": thing.order_id, "refund_id": thing.subject_id}, posts=_nothing,
            ),
            Fix(label=_("Look at it"), endpoint="orders.detail", permission=_ORDERS, args=_order),
        ),
        "parcel": (
            Fix(
                label=_("See to it"), endpoint="parcels.detail", permission=_ORDERS,
                args=lambda thing: {"shipment_id": thing.subject_id},
            ),
        ),
    },
    Party.SUPPLIER: {
        "unanswered": (
            Fix(
                label=_("Accept all"), endpoint="purchase_orders.accept_all", permission=_SHIPS,
                args=_purchase_order, posts=_nothing,
            ),
            Fix(label=_("Answer"), endpoint="purchase_orders.detail", permission=_SHIPS, args=_purchase_order),
        ),
        "late": (
            Fix(label=_("Ship"), endpoint="purchase_orders.detail", permission=_SHIPS, args=_purchase_order),
        ),
        "backorder_overdue": (
            Fix(label=_("Ship or answer"), endpoint="purchase_orders.detail", permission=_SHIPS, args=_purchase_order),
        ),
        "return": (
            Fix(label=_("Decide"), endpoint="returns.detail", permission=_SHIPS, args=_return),
        ),
        "change_request": (
            Fix(label=_("Answer"), endpoint="purchase_orders.detail", permission=_SHIPS, args=_purchase_order),
        ),
        "parcel": (
            Fix(
                label=_("See to it"), endpoint="parcels.detail", permission=_SHIPS,
                args=lambda thing: {"shipment_id": thing.subject_id},
            ),
        ),
        "transmission": (
            *_settling("purchase_orders.transmission", _SHIPS, _transmission),
            Fix(label=_("Answer it here"), endpoint="purchase_orders.detail", permission=_SHIPS, args=_purchase_order),
        ),
        "channel": (
            Fix(label=_("To your connection"), endpoint="settings.channel", permission="settings.write"),
        ),
        "channel_answer": (
            Fix(
                label=_("Answer it here"), endpoint="purchase_orders.detail", permission=_SHIPS, args=_purchase_order,
                when=lambda thing: thing.purchase_order_id is not None,
            ),
            Fix(label=_("To your connection"), endpoint="settings.channel", permission="settings.write"),
            Fix(
                label=_("Put it away"), endpoint="exceptions.settle_answer", permission=_SHIPS,
                args=lambda thing: {"answer_id": thing.subject_id}, posts=_nothing,
            ),
        ),
        "payout": (
            Fix(label=_("To statements"), endpoint="statements.statements", permission="statements.read"),
        ),
    },
    Party.PLATFORM: {
        "held_order": (
            Fix(
                label=_("Release"), endpoint="orders.release", permission="orders.hold_any", args=_order,
                when=_released_by(Releaser.PLATFORM), posts=_nothing,
            ),
        ),
        **dict.fromkeys(("unanswered", "late", "backorder_overdue"), _reminding(_HOLDS)),
        "transmission": (
            *_settling("orders.transmission", _HOLDS, _transmission_of_order),
            Fix(label=_("Look at it"), endpoint="orders.detail", permission="orders.read_all", args=_order),
        ),
        "channel": (
            Fix(label=_("To the supplier"), endpoint="approvals.detail", permission="orders.read_all", args=_supplier),
        ),
        "channel_answer": (
            Fix(label=_("To the supplier"), endpoint="approvals.detail", permission="orders.read_all", args=_supplier),
            Fix(
                label=_("Put it away"), endpoint="exceptions.settle_answer", permission=_HOLDS,
                args=lambda thing: {"answer_id": thing.subject_id}, posts=_nothing,
            ),
        ),
        "payout": (
            Fix(label=_("To the supplier"), endpoint="approvals.detail", permission="orders.read_all", args=_supplier),
        ),
        **dict.fromkeys(
            (
                "charge_unknown", "refund", "payment_withdrawn", "store_note", "store_refused", "order_decision",
                "parcel", "return", "change_request",
            ),
            (
                Fix(
                    label=_("Look at it"), endpoint="orders.detail", permission="orders.read_all", args=_order,
                    when=lambda thing: thing.order_id is not None,
                ),
            ),
        ),
        "dead_task": (
            Fix(
                label=_("Retry"), endpoint="jobs.try_again", permission="jobs.write",
                args=lambda thing: {"task_id": thing.subject_id}, posts=_nothing,
            ),
        ),
    },
}  # fmt: skip


def kinds_with_fixes(party: Party) -> frozenset[str]:
    """The kinds of whose rows a reader is offered a way out."""
    return frozenset(_FIXES[party])


def buttons(thing: StuckThing, party: Party) -> Ways:
    """Where a row leads the reader, and what the reader may do about it."""
    who = principal()
    found = [
        Button(
            gettext(fix.label),
            page_url(fix.endpoint, **fix.args(thing)),
            fix.posts is not None,
            fix.posts(thing) if fix.posts is not None else {},
        )
        for fix in _FIXES[party].get(thing.kind, ())
        if who.may(fix.permission) and fix.when(thing)
    ]
    return Ways(_page_of(thing, party), found)


def _page_of(thing: StuckThing, party: Party) -> str | None:
    if thing.subject == "task":
        return page_url("jobs.jobs", state="DEAD")
    if thing.subject == "return" and party is not Party.PLATFORM:
        return page_url("returns.detail", return_id=thing.subject_id)
    if party is Party.SUPPLIER:
        known = thing.purchase_order_id is not None
        return page_url("purchase_orders.detail", purchase_order_id=thing.purchase_order_id) if known else None
    return page_url("orders.detail", order_id=thing.order_id) if thing.order_id is not None else None
