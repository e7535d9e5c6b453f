"""Decisions about units that do not come as ordered, as their retailer's page shows them: what happened, what each
choice does and costs, and what happens when nobody chooses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.kit.money import Money
from app.kit.texts import day as day_text
from app.kit.texts import marked as _
from app.kit.texts import money as money_text
from app.orders.models import Order, OrderLine
from app.purchasing.decisions.queries import bundles, of_order, rules_of
from app.purchasing.decisions.rules import (
    ACCEPT,
    CHOICES,
    CHOSEN,
    DONE,
    LATER,
    OPEN,
    OVERTAKEN,
    PAYING,
    PRICE,
    REFUND,
    REJECTED,
    REROUTE,
    SILENT,
    SUBSTITUTE,
    WAIT,
    WAITING,
    promised_for,
)
from app.purchasing.models import OrderDecision, PurchaseOrderLine
from app.settlement.service.quoting import Quote, quote
from app.store_refunds.queries import store_of
from app.store_refunds.queries import worth as paid_for
from app.store_refunds.rules import Way
from app.suppliers.models import Supplier
from app.web.store_refunds import way_of
from app.web.ui.rendering import gettext, locale, ngettext

HEADINGS: Mapping[str, str] = {
    PRICE: _("%(supplier)s asks another price"),
    REJECTED: _("%(supplier)s can't deliver"),
    SILENT: _("%(supplier)s does not answer"),
    LATER: _("%(supplier)s sends it late"),
}
_WHAT: Mapping[str, str] = {
    PRICE: _("%(units)s × %(title)s: %(asked)s each instead of %(ordered)s. Nothing is sent before you agree."),
    REJECTED: _("%(units)s × %(title)s will not come from there."),
    SILENT: _("%(units)s × %(title)s. It was reminded and has said nothing."),
    LATER: _("%(units)s × %(title)s will be there on %(day)s. That is later than you wait without being asked."),
}
#: Why a supplier rejected them, where it said so.
_REASONS: Mapping[str, str] = {
    "out_of_stock": _("It has none in stock."),
    "discontinued": _("It no longer sells it."),
    "invalid_price": _("It does not sell it at this price."),
    "invalid_item": _("It does not know this article."),
    "undeliverable_address": _("It can't deliver to this address."),
    "invalid_shipping_method": _("It can't send it in this way."),
}
_PART = _("It is a part of %(whole)s, which does not come without it.")
#: The set is called as the part is.
_PART_OF_SET = _("It is a part of this set, which does not come without it.")
#: What a choice means for the other parts.
_PARTS: Mapping[str, str] = {
    WAIT: _("The other parts go on as ordered."),
    SUBSTITUTE: _("It takes the part's place; the other parts go on as ordered."),
    REFUND: _(
        "The other parts are cancelled and refunded, too, or their suppliers are asked to stop them where they have "
        "accepted them."
    ),
}
LABELS: Mapping[str, str] = {
    ACCEPT: _("Pay the new price"),
    REROUTE: _("Take another supplier"),
    WAIT: _("Wait"),
    SUBSTITUTE: _("Send something else"),
    REFUND: _("Cancel and refund"),
}
_DEFAULTS: Mapping[str, str] = {
    ACCEPT: _("the new price is paid"),
    REROUTE: _("another supplier is taken"),
    WAIT: _("it waits"),
    REFUND: _("it is cancelled and refunded"),
}
_TROUBLE: Mapping[str, str] = {
    "card_declined": _("Your card was declined for the difference. Nothing has changed; choose again."),
    "no_card": _("There is no card to charge the difference to. Add one under Billing, then choose again."),
    "nobody_can": _("No other supplier can deliver it by your rules. Choose again."),
}


@dataclass(frozen=True, slots=True)
class Option:
    """Something that can be chosen: its button, and what it does."""

    choice: str
    label: str
    effect: str
    #: The tick that has the store refund its customer, too; empty where it can't be asked.
    tick: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """One decision. ``state`` is OPEN, CHOSEN, PAYING or WAITING."""

    id: UUID
    state: str
    kind: str
    heading: str
    text: str
    trouble: str
    options: Sequence[Option]
    chosen: str
    due_at: datetime
    acts_at: datetime | None
    default: str


def cards(session: Session, order: Order) -> list[Card]:
    """What is to be decided about an order, the oldest first."""
    rules = rules_of(session, order.retailer_id)
    return [
        _card(session, order, one, rules.default_for(one.kind))
        for one in of_order(session, order.id)
        if one.state not in (DONE, OVERTAKEN)
    ]


def _card(session: Session, order: Order, one: OrderDecision, default: str) -> Card:
    line = session.get_one(PurchaseOrderLine, one.purchase_order_line_id)
    supplier = session.get_one(Supplier, one.supplier_id).company_name
    words = {
        "supplier": supplier,
        "units": one.units,
        "title": line.title,
        "ordered": _money(Money(one.ordered_price, one.currency)),
        "asked": _money(Money(one.asked_price or 0, one.currency)),
        "day": day_text(promised_for(one.cause), locale()) if one.kind == LATER else "",
    }
    part = bool(bundles(session, [one.order_line_id]))
    text = gettext(_WHAT[one.kind]) % words
    if one.reason is not None and one.reason in _REASONS:
        text = f"{text} {gettext(_REASONS[one.reason])}"
    if part:
        whole = session.get_one(OrderLine, one.order_line_id).title
        of = gettext(_PART_OF_SET) if whole == line.title else gettext(_PART) % {"whole": whole}
        text = f"{text} {of}"
    options: list[Option] = []
    if one.state in (OPEN, WAITING):
        offered = quote(session, order, one)
        options = [
            Option(
                choice,
                gettext(LABELS[choice]),
                f"{effect} {gettext(_PARTS[choice])}" if part and choice in _PARTS else effect,
                _tick(session, order, one) if choice == REFUND else "",
            )
            for choice in CHOICES[one.kind]
            if (effect := _effect(one, choice, offered)) is not None and not (one.state == WAITING and choice == WAIT)
        ]
    return Card(
        id=one.id,
        state=one.state,
        kind=one.kind,
        heading=gettext(HEADINGS[one.kind]) % words,
        text=text,
        trouble=gettext(_TROUBLE[one.trouble]) if one.trouble is not None else "",
        options=options,
        chosen=gettext(LABELS[one.choice]) if one.choice and one.state in (CHOSEN, PAYING, WAITING) else "",
        due_at=one.due_at,
        acts_at=one.next_at,
        default=gettext(_DEFAULTS[REFUND if one.trouble else default]),
    )


def _tick(session: Session, order: Order, one: OrderDecision) -> str:
    """Offered where the store can be asked: with what its customer paid for these units."""
    if way_of(session, store_of(session, order)) not in (Way.STORE, Way.SYSTEM):
        return ""
    line = session.get_one(OrderLine, one.order_line_id)
    worth = paid_for(order, {line: -(-one.units // one.per_unit)})
    if worth is None:
        return gettext(_("Refund your customer in the store, too"))
    return gettext(_("Refund your customer in the store, too: about %(amount)s")) % {"amount": _money(worth)}


def _effect(one: OrderDecision, choice: str, offered: Quote) -> str | None:
    """What a choice does, in a sentence; None for one that can't be made now."""
    if choice == ACCEPT:
        return gettext(_("Your card is charged %(amount)s more.")) % {"amount": _money(offered.accept)}
    if choice == REFUND:
        return gettext(_("%(amount)s goes back to your card.")) % {"amount": _money(offered.refund)}
    if choice == WAIT:
        if one.kind == SILENT:
            return gettext(_("The supplier gets another day, and is watched as before."))
        if one.kind == LATER:
            return gettext(_("The supplier sends it when it is there."))
        return gettext(_("It is sent by whoever has stock first. You can still choose otherwise meanwhile."))
    if choice == SUBSTITUTE:
        return gettext(_("You pick from what you linked or from the catalogue; only the difference is charged."))
    if offered.offer is None:
        return None
    days = ngettext("within one day", "within %(num)s days", offered.offer.days)
    values = {"suppliers": ", ".join(offered.offer.suppliers), "within": days}
    difference = offered.difference
    if difference is None or not difference:
        return gettext(_("%(suppliers)s, there %(within)s; it costs the same.")) % values
    if difference.minor > 0:
        more = {**values, "amount": _money(difference)}
        return gettext(_("%(suppliers)s, there %(within)s; your card is charged %(amount)s more.")) % more
    less = {**values, "amount": _money(-difference)}
    return gettext(_("%(suppliers)s, there %(within)s; %(amount)s goes back to your card.")) % less


def _money(amount: Money | None) -> str:
    return "–" if amount is None else money_text(amount, locale())
