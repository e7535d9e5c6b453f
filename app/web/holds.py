"""Holds as pages show them: what is wrong, since when, who may release it, and what releases it by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from app.kit.texts import marked as _
from app.orders.models import OrderHold
from app.orders.rules import HOLD_RULES, Ending, HoldReason, Releaser
from app.orders.service import until_of
from app.web.ui.rendering import gettext

_RELEASES = {
    Releaser.RETAILER: _("You can release it."),
    Releaser.PLATFORM: _("Only Crossdock can release it."),
}
_ENDS_BY = {
    Ending.PAYMENT: _("It goes on by itself when your payment succeeds."),
    Ending.ADDRESS: _("It goes on by itself when the address is put right."),
    Ending.STOCK: _("It goes on by itself when there is stock."),
    Ending.RATE: _("It goes on by itself when there is a rate."),
    Ending.PLAN: _("It goes on by itself when your plan is raised, or the next month begins, oldest first."),
    Ending.CUSTOMER: _("It goes on by itself when all of it is paid."),
    Ending.LINK: _("It goes on by itself when you have said what each line is."),
}


#: How the figures are told that a risk was found by.
_FIGURES = {
    HoldReason.RISK_VALUE: _(
        "It is worth %(total)s; your usual order is worth %(usual)s, and %(factor)s times that waits."
    ),
    HoldReason.PLAN_LIMIT: _("%(used)s of %(limit)s orders a month of your plan “%(plan)s” were used."),
    HoldReason.RISK_COUNTRIES: _("Billed in %(billed_in)s, sent to %(sent_to)s."),
    HoldReason.RISK_VELOCITY: _(
        "Within an hour: %(same_customer)s by this customer, %(same_address)s to this address; from %(limit)s on "
        "they wait."
    ),
}

#: What is known of a payment that is still to come.
_PAYMENTS = {
    "authorized": _(
        "The money is set aside for you. Take it in your store, and the order goes on. Under Settings you can have "
        "such orders sent at once."
    ),
    "withdrawn": _(
        "The money was set aside, and was withdrawn or has expired. Ask your customer to pay again, send it unpaid, or "
        "cancel it."
    ),
    "partially_paid": _("Your customer has paid a part of it."),
}

#: Why a line that no supplier's variant is linked to is asked about.
LINE_LOOKS = {
    "sku": _("A listing of yours has the same SKU."),
    "product": _("It belongs to a product of ours, but this variant of it is not linked."),
    "service": _("Your store expects one of your suppliers to deliver it."),
    "linked_since": _("You linked this article after the order was placed."),
    "always": _("You want to be asked about every line without a supplier."),
}


#: What is asked before a hold is released by hand.
_QUESTIONS = {HoldReason.UNPAID: _("Send it although your customer has not paid?")}


@dataclass(frozen=True, slots=True)
class ShownHold:
    """One open hold. ``reasons`` are sentences of their own: what was found, or the note of whoever set it."""

    reason: str
    heading: str
    advice: str
    tone: str
    since: datetime
    until: datetime | None
    way_on: list[str]
    reasons: list[str]
    releaser: Releaser
    #: Asked before it is released by hand; empty where nothing is.
    question: str
    #: Field of the address → what is wrong with it.
    problems: Mapping[str, str]


def shown_holds(holds: Iterable[OrderHold]) -> list[ShownHold]:
    """The open ones, the oldest first."""
    return [_shown(hold) for hold in holds if hold.released_at is None]


def _shown(hold: OrderHold) -> ShownHold:
    rule = HOLD_RULES[HoldReason(hold.reason)]
    way_on = [gettext(_ENDS_BY[rule.ends_by])] if rule.ends_by in _ENDS_BY else []
    if rule.releaser in _RELEASES:
        way_on.append(gettext(_RELEASES[rule.releaser]))
    note = hold.details.get("note")
    problems = {one["field"]: gettext(one["message"]) for one in hold.details.get("problems", ())}
    return ShownHold(
        reason=hold.reason,
        heading=gettext(rule.heading),
        advice=gettext(hold.advice),
        tone=rule.severity,
        since=hold.since,
        until=until_of(hold),
        way_on=way_on,
        reasons=[note] if note else [*list(problems.values()), *_lines(hold), *_figures(hold)],
        problems=problems,
        releaser=rule.releaser,
        question=gettext(_QUESTIONS[reason]) if (reason := HoldReason(hold.reason)) in _QUESTIONS else "",
    )


def _lines(hold: OrderHold) -> list[str]:
    """Which lines nobody delivers yet, each with the reason why it is asked about."""
    if hold.reason != HoldReason.UNLINKED_LINES:
        return []
    return [
        f"{line['quantity']} × {line['title']}: {gettext(LINE_LOOKS[line['why']])}"
        for line in hold.details.get("lines", ())
    ]


def _figures(hold: OrderHold) -> list[str]:
    """What a risk was found by, or how far a customer has paid."""
    if hold.reason == HoldReason.UNPAID:
        known = _PAYMENTS.get(hold.details.get("payment", ""))
        return [gettext(known)] if known is not None else []
    sentence = _FIGURES.get(HoldReason(hold.reason))
    if sentence is None:
        return []
    try:
        return [gettext(sentence) % hold.details]
    except KeyError:
        return []
