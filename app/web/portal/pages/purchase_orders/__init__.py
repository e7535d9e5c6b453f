"""The supplier's queue: acknowledge per line, pack, ship in parcels."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy.orm import Session

from app import db
from app.audit import service as audit
from app.documents.papers import COMMERCIAL_INVOICE, KINDS, PACKING_SLIP, RETURN_SLIP
from app.documents.queries import printed
from app.fulfillment import queries as fulfillment
from app.fulfillment.rules import LATE
from app.fulfillment.service import announce, ship
from app.fulfillment.service.labelling import labels_of
from app.kit import clock
from app.kit.errors import Invalid
from app.kit.money import Money
from app.kit.texts import marked as _
from app.orders.queries import timeline
from app.orders.service import address_of
from app.purchasing import queries as purchasing
from app.purchasing.changes.queries import change_request, change_requests
from app.purchasing.changes.rules import LONGEST_NOTE, REFUSALS
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from app.purchasing.rules import REJECT_REASONS, line_status
from app.purchasing.service import (
    GivenUp,
    LineAnswer,
    accept_request,
    acknowledge,
    as_it_stands,
    give_up,
    mark_processing,
    refuse_request,
)
from app.purchasing.service.status import counts
from app.purchasing.worth import kept_share
from app.suppliers import queries as suppliers
from app.web.auth import principal
from app.web.change_words import REFUSAL_WORDS
from app.web.exceptions import reader_of
from app.web.forms import Sent, problems
from app.web.line_answers import part_later, sent_answers
from app.web.next_steps import step_of_purchase_order
from app.web.pages import Nav, Pages, go, page_url
from app.web.paper_words import PAPER_WORDS
from app.web.parcels import carrier_doubt, number_doubt, told_parcel
from app.web.portal.carriers import carrier_choices
from app.web.portal.pages.purchase_orders import queue
from app.web.portal.senders import sender_shown
from app.web.transmissions import act_on, changes_told, ways_of
from app.web.ui.rendering import gettext
from app.web.ui.stories import colleagues, story

pages = Pages(__name__, nav=Nav(_("Purchase orders"), "queue", 30, permission="purchase_orders.read"))
queue.add_pages(pages)


@pages.get("/purchase-orders/<uuid:purchase_order_id>", permission="purchase_orders.read")
def detail(purchase_order_id: UUID) -> Any:
    """One purchase order with its address; who may read it is written down when doing so."""
    return _detail(purchase_order_id)


def _detail(
    purchase_order_id: UUID, status: int = 200, errors: Mapping[str, str] | None = None, *, doubted: bool = False
) -> Any:
    """The page; after a parcel that can't be taken with what was typed, and what is wrong with it."""
    who, own = principal(), colleagues()
    with db.transaction() as session:
        order = purchasing.purchase_order(session, who.organisation_id, purchase_order_id)
        requests = change_requests(session, who.organisation_id, purchase_order_id=order.id).items
        told = timeline(session, order.order_id, purchase_order_id=order.id)
        address = None
        if who.may("purchase_orders.read_address"):
            address = address_of(order.ship_to, "purchase_orders", order.id)
            audit.record(session, who.organisation_id, "orders.address_read", "purchase_order", order.id)
        context: dict[str, Any] = {
            "order": order,
            "kept": kept_share(order),
            "lines": [(line, line_status(counts(line)), counts(line).open) for line in order.lines],
            "leaving": _leaving(order),
            "later": {line.id: counts(line).later for line in order.lines},
            "part_later": {line.id: part_later(line) for line in order.lines},
            "answerable": [line.id for line in order.lines if _answerable(order, line)],
            "parcels": fulfillment.of_purchase_orders(session, [order.id])[order.id],
            "address": address,
            "sender": sender_shown(order) if who.may("purchase_orders.read_address") else None,
            "labels": labels_of(session, who.organisation_id, order.id),
            "late": next(
                (
                    one
                    for one in fulfillment.exceptions_of(
                        session, who.organisation_id, purchase_order_ids=[order.id], only_open=True
                    )
                    if one.kind == LATE
                ),
                None,
            ),
            "papers": [(kind, gettext(PAPER_WORDS[kind])) for kind in _papers_for(session, order)],
            "printed": printed(session, [order.id]),
            "carriers": carrier_choices(suppliers.supplier(session, who.organisation_id).country),
            "reasons": [("", "–"), *((reason, reason.replace("_", " ").capitalize()) for reason in REJECT_REASONS)],
            "requests": requests,
            "step": step_of_purchase_order(session, order, requests, reader_of(who)),
            "story": story(told, own, {order.retailer_id: order.retailer_name}),
            "new_addresses": {
                one.id: address_of(one.ship_to, "change_requests", one.id) if address else None for one in requests
            },
            "refusals": [(name, gettext(REFUSAL_WORDS[name])) for name in REFUSALS],
            "refusal_words": {name: gettext(words) for name, words in REFUSAL_WORDS.items()},
            "now": clock.now(),
            "ways": ways_of(session, [order.id], _act_url if who.may("purchase_orders.write") else None)[order.id],
            "changes_told": changes_told(session, [order.id], with_words=who.may("purchase_orders.write"))[order.id],
            "invoices": purchasing.invoices_of(session, [order.id])[order.id],
        }
    typed = request.form if errors else {}
    return pages.render("detail.html", status, errors=errors or {}, typed=typed, doubted=doubted, **context)


def _leaving(order: PurchaseOrder) -> dict[UUID, int]:
    """Units of each line that the next parcel is likely to hold: those that are there, where others come later."""
    now = {line.id: counts(line).now for line in order.lines}
    return now if any(now.values()) else {line.id: counts(line).open for line in order.lines}


def _answerable(order: PurchaseOrder, line: PurchaseOrderLine) -> bool:
    return order.status not in ("CANCELLED", "ON_HOLD") and counts(line).answerable


def _act_url(purchase_order_id: UUID, transmission_id: UUID, act: str) -> str:
    ids = {"purchase_order_id": purchase_order_id, "transmission_id": transmission_id}
    return page_url("purchase_orders.transmission", act=act, **ids)


@pages.post(
    "/purchase-orders/<uuid:purchase_order_id>/sent/<uuid:transmission_id>/<act>", permission="purchase_orders.write"
)
def transmission(purchase_order_id: UUID, transmission_id: UUID, act: str) -> Any:
    """Say whether it arrived, send it again, or send it before its batch."""
    with db.transaction() as session:
        act_on(session, principal().organisation_id, purchase_order_id, transmission_id, act)
    return go(page_url("purchase_orders.detail", purchase_order_id=purchase_order_id, done="transmission_noted"))


def _papers_for(session: Session, order: PurchaseOrder) -> list[str]:
    """The kinds that make sense: an invoice for the customs goes with what leaves the country."""
    abroad = suppliers.supplier(session, order.supplier_id).country != order.ship_to_country
    returns = suppliers.return_policy(session, order.supplier_id) is not None
    wanted = {PACKING_SLIP: True, RETURN_SLIP: returns, COMMERCIAL_INVOICE: abroad}
    return [kind for kind in KINDS if wanted[kind]]


@pages.post("/purchase-orders/<uuid:purchase_order_id>/accept", permission="purchase_orders.write")
def accept_all(purchase_order_id: UUID) -> Any:
    """Accept every line in one click."""
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        order = purchasing.purchase_order(session, supplier_id, purchase_order_id)
        answers = [LineAnswer(line_id=line.id, answer="accepted") for line in order.lines if line.answer is None]
        if answers:
            acknowledge(session, supplier_id, purchase_order_id, answers)
    return go(page_url("purchase_orders.detail", purchase_order_id=purchase_order_id, done="accepted"))


@pages.post("/purchase-orders/<uuid:purchase_order_id>/answer", permission="purchase_orders.write")
def answer(purchase_order_id: UUID) -> Any:
    """Answer line by line."""
    supplier_id = principal().organisation_id
    answers: list[LineAnswer] = []
    try:
        with db.transaction() as session:
            order = purchasing.purchase_order(session, supplier_id, purchase_order_id)
            for line in order.lines:
                for said in sent_answers(line):
                    answers.append(replace(said, price=_price(line.id, order.currency, said.answer)))
            if not answers:
                raise Invalid.field("answer", "required", "Answer at least one line.")
            acknowledge(session, supplier_id, purchase_order_id, answers)
    except Invalid as error:
        return _detail(purchase_order_id, 422, _by_line(problems(error), answers))
    return go(page_url("purchase_orders.detail", purchase_order_id=purchase_order_id, done="answered"))


@pages.post("/purchase-orders/<uuid:purchase_order_id>/keep-prices", permission="purchase_orders.write")
def keep_prices(purchase_order_id: UUID) -> Any:
    """Ask no other prices any more."""
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        order = purchasing.purchase_order(session, supplier_id, purchase_order_id)
        answers = [one for line in order.lines if line.asked_price is not None for one in as_it_stands(line)]
        if answers:
            acknowledge(session, supplier_id, purchase_order_id, answers)
    return go(page_url("purchase_orders.detail", purchase_order_id=purchase_order_id, done="answered"))


@pages.post("/purchase-orders/<uuid:purchase_order_id>/pack", permission="purchase_orders.write")
def pack(purchase_order_id: UUID) -> Any:
    """Packing has begun."""
    with db.transaction() as session:
        mark_processing(session, principal().organisation_id, purchase_order_id)
    return go(page_url("purchase_orders.detail", purchase_order_id=purchase_order_id))


@pages.post("/purchase-orders/<uuid:purchase_order_id>/ship", permission="purchase_orders.write")
def ship_parcel(purchase_order_id: UUID) -> Any:
    """One parcel with its number and what is in it; with a day on which it is to leave it is announced. A number that
    the carrier would not write is asked about once."""
    supplier_id, sent = principal().organisation_id, Sent()
    number, given = sent.text("tracking_number", longest=100, required=True), request.form.get("carrier", "")
    link, doubt = sent.text("tracking_url", longest=500), None
    try:
        with db.transaction() as session:
            order = purchasing.purchase_order(session, supplier_id, purchase_order_id)
            between = {suppliers.supplier(session, supplier_id).country, order.ship_to_country}
            if number and not request.form.get("number_is_right"):
                doubt = number_doubt(given, number) or (None if link else carrier_doubt(given, number, between))
            if doubt is not None:
                sent.refuse("tracking_number", "unlikely_number", doubt)
            names = {f"units-{line.id}": line for line in order.lines if request.form.get(f"units-{line.id}")}
            lines = {line.id: sent.whole(name, 0, line.quantity) for name, line in names.items()}
            day = sent.day("expected_ship_on")
            sent.check()
            if names and not any(lines.values()):
                raise Invalid.field(next(iter(names)), "required", gettext("Say how many units are in the parcel."))
            packed = {line_id: units for line_id, units in lines.items() if units}
            parcel = told_parcel(
                given, number, packed, tracking_url=link or None, between=between, expected_ship_on=day
            )
            (told,) = (announce if day else ship)(session, supplier_id, purchase_order_id, [parcel])
    except Invalid as error:
        return _detail(purchase_order_id, 422, problems(error), doubted=doubt is not None)
    done = "parcel_known" if not told.created else "parcel_announced" if day else "shipped"
    return go(page_url("purchase_orders.detail", purchase_order_id=purchase_order_id, done=done))


@pages.post("/purchase-orders/<uuid:purchase_order_id>/requests/<uuid:request_id>", permission="purchase_orders.write")
def answer_request(purchase_order_id: UUID, request_id: UUID) -> Any:
    """Do what the retailer asks, or say why not."""
    supplier_id, sent = principal().organisation_id, Sent()
    try:
        with db.transaction() as session:
            wanted = change_request(session, supplier_id, request_id)
            if request.form.get("answer") == "accept":
                units = {
                    row.purchase_order_line_id: sent.whole(f"stop-{row.purchase_order_line_id}", 0, row.quantity)
                    for row in wanted.lines
                    if f"stop-{row.purchase_order_line_id}" in request.form
                }
                sent.check()
                accept_request(session, supplier_id, request_id, units or None)
            else:
                reason = sent.one_of("reason", REFUSALS)
                message = sent.text("message", longest=LONGEST_NOTE)
                sent.check()
                refuse_request(session, supplier_id, request_id, reason, message)
    except Invalid as error:
        return _detail(purchase_order_id, 422, problems(error))
    return go(page_url("purchase_orders.detail", purchase_order_id=purchase_order_id, done="request_answered"))


@pages.post("/purchase-orders/<uuid:purchase_order_id>/give-up", permission="purchase_orders.write")
def give_up_units(purchase_order_id: UUID) -> Any:
    """Units that were accepted can't be delivered any more."""
    supplier_id, sent = principal().organisation_id, Sent()
    try:
        with db.transaction() as session:
            order = purchasing.purchase_order(session, supplier_id, purchase_order_id)
            names = {f"give-up-{line.id}": line for line in order.lines if request.form.get(f"give-up-{line.id}")}
            units = {line.id: sent.whole(name, 0, counts(line).open) for name, line in names.items()}
            reason = sent.one_of("give-up-reason", REJECT_REASONS)
            given = {one: GivenUp(line_id=one, quantity=count, reason=reason) for one, count in units.items() if count}
            sent.check()
            if not given:
                raise Invalid.field("give-up", "required", gettext(_("Say how many units you can't deliver.")))
            give_up(session, supplier_id, purchase_order_id, given)
    except Invalid as error:
        return _detail(purchase_order_id, 422, problems(error))
    return go(page_url("purchase_orders.detail", purchase_order_id=purchase_order_id, done="given_up"))


#: What an answer's part is called in the form.
_FIELDS = {"available_on": "day", "reason": "reason", "price": "price"}
_UNITS = {"backordered": "later", "rejected": "reject"}


def _by_line(found: Mapping[str, str], answers: Sequence[LineAnswer]) -> dict[str, str]:
    """What is wrong with answers (``lines[0].reason``) at the fields of the form (``reason-<line>``)."""
    named = {}
    for field, message in found.items():
        place = re.fullmatch(r"lines\[(\d+)\]\.(\w+)", field)
        if place is not None:
            about = answers[int(place[1])]
            part = _UNITS.get(about.answer) if place[2] == "quantity" else _FIELDS.get(place[2])
            field = f"{part or 'answer'}-{about.line_id}"
        named[field] = message
    return named


def _price(line_id: UUID, currency: str, said: str) -> int | None:
    """Another price than the ordered one, where one was typed for units that are sent."""
    text = request.form.get(f"price-{line_id}", "")
    if not text.strip() or said == "rejected":
        return None
    try:
        minor = Money.parse(text.strip().replace(",", "."), currency).minor
    except ValueError as error:
        raise Invalid.field(f"price-{line_id}", "not_an_amount", f"An amount in {currency}, such as 12.50.") from error
    if minor <= 0:
        # A lower price holds at once and is not taken back: nothing is given away by a slip.
        raise Invalid.field(f"price-{line_id}", "out_of_range", gettext(_("A price above zero.")))
    return minor
