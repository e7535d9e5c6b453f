"""The retailer's orders: views, search, and one order with its story."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy.orm import Session

from app import db
from app.audit import service as audit
from app.fulfillment import queries as fulfillment
from app.fulfillment.arrivals import arrivals_of
from app.identity.models import Organisation
from app.insights.earning import earned
from app.kit.countries import is_country
from app.kit.errors import Forbidden, Invalid
from app.kit.ids import parse_id
from app.kit.texts import marked as _
from app.listings.unlinked import find_variants
from app.orders import queries as orders
from app.orders.models import Order
from app.orders.rules import CANCELLED, HOLD_RULES, PAYMENT_HOLDS, HoldReason, Releaser, may_be_held
from app.orders.service import address_of
from app.purchasing import queries as purchasing
from app.purchasing.changes.queries import change_requests
from app.purchasing.changes.rules import Cancellable, cancellable_units
from app.purchasing.decisions import queries as decisions
from app.purchasing.decisions.rules import SUBSTITUTE
from app.purchasing.decisions.service import choose, undo
from app.purchasing.models import PurchaseOrder
from app.purchasing.rules import line_status
from app.purchasing.service import (
    ask_to_cancel,
    can_change_address,
    change_address,
    hold_order,
    link_line,
    note_paid,
    release_holds,
    say_not_ours,
    try_again,
    withdraw_request,
)
from app.purchasing.service.asking import cancellable_of
from app.purchasing.service.holding import LONGEST_NOTE
from app.purchasing.service.status import counts
from app.purchasing.worth import kept_cost, kept_share
from app.returns import queries as returns
from app.returns.models import Return
from app.returns.rules import ENDED
from app.settlement import queries as settlement
from app.store_refunds import queries as store_refunds
from app.stores import queries as stores
from app.stores.store_orders import Address
from app.suppliers.models import Supplier
from app.web import address_forms
from app.web.auth import principal
from app.web.change_words import REFUSAL_WORDS
from app.web.decision_words import cards
from app.web.exceptions import reader_of
from app.web.forms import Sent
from app.web.forms import problems as form_problems
from app.web.holds import LINE_LOOKS, shown_holds
from app.web.next_steps import step_of_order
from app.web.odd_parts import odd_sentences
from app.web.pages import Nav, Pages, go, page_url
from app.web.store_refunds import may_be_refunded, owed_of, refunds_of
from app.web.transmissions import ways_of
from app.web.ui.rendering import gettext
from app.web.ui.stories import colleagues, story
from embedded_ui.pages.orders import listing, refunding
from embedded_ui.pages.orders.choosing import choices_of

#: Holds that another address can end.
_ADDRESS_HOLDS = frozenset({HoldReason.ADDRESS_INCOMPLETE, HoldReason.NOT_SHIPPED_THERE, HoldReason.ADDRESS_DOUBTFUL})

pages = Pages(__name__, nav=Nav(_("Orders"), "list_orders", 40, permission="orders.read"))


listing.add_pages(pages)
refunding.add_pages(pages)


@pages.get("/orders/<uuid:order_id>", permission="orders.read")
def detail(order_id: UUID) -> Any:
    """One order. The address is shown on request, and the reading is written down."""
    return _page(order_id)


def _page(
    order_id: UUID,
    status: int = 200,
    *,
    sent: Address | None = None,
    wrong: Mapping[str, str] | None = None,
    cancelling: Mapping[str, str] | None = None,
    holding: Mapping[str, str] | None = None,
) -> Any:
    """``sent``: an address that was refused, and what is ``wrong`` with its fields; ``cancelling``: what is wrong with
    the units to be cancelled; ``holding``: what is wrong with the note of a hold."""
    who, own = principal(), colleagues()
    with db.transaction() as session:
        order = orders.order(session, who.organisation_id, order_id)
        routed = purchasing.of_orders(session, [order.id])[order.id]
        parcels = fulfillment.of_purchase_orders(session, [one.id for one in routed])
        requests = change_requests(session, who.organisation_id, order_id=order.id).items
        able = cancellable_of(session, routed)
        charges = settlement.charges_of_order(session, order.id)
        charge = next((one for one in charges if not one.cause), None)
        holds = shown_holds(order.holds)
        sellers = {one.supplier_id: session.get_one(Supplier, one.supplier_id) for one in routed}
        back = returns.returns_of(session, who.organisation_id, order_id=order.id).items
        decided = cards(session, order)
        step = step_of_order(
            session,
            order,
            routed,
            requests,
            reader_of(who),
            open_return=any(one.state not in ENDED for one in back),
        )
        reasons = {HoldReason(hold.reason) for hold in holds}
        address = None
        problems = {field: why for hold in holds for field, why in hold.problems.items()} if wrong is None else wrong
        if request.args.get("address"):
            if not who.may("orders.read_address"):
                raise Forbidden("Your role may not read addresses.")
            address = address_of(order.ship_to, "orders", order.id)
            audit.record(session, who.organisation_id, "orders.address_read", "order", order.id)
        context: dict[str, Any] = {
            "order": order,
            "holds": holds,
            "can_try": not routed and any(not HOLD_RULES[one].stays and one not in PAYMENT_HOLDS for one in reasons),
            "can_hold": not routed and order.status != CANCELLED and may_be_held(reasons),
            "can_release": not routed,
            "wants_address": not routed and bool(reasons & _ADDRESS_HOLDS),
            "can_move": can_change_address(order, routed) and (bool(routed) or not reasons & _ADDRESS_HOLDS),
            "store": _store_name(session, order),
            "routed": routed,
            "kept_share": kept_share,
            "kept_cost": kept_cost,
            "line_states": {line.id: line_status(counts(line)) for one in routed for line in one.lines},
            "line_units": {line.id: counts(line) for one in routed for line in one.lines},
            "parcels": parcels,
            "events": fulfillment.events_of(session, [one.id for group in parcels.values() for one in group]),
            "suppliers": sellers,
            "step": step,
            "cancellable": _cancellable(order, routed, able),
            "asks": any(not one.at_once for found in able.values() for one in found),
            "requests": requests,
            "line_titles": {line.id: line.title for one in routed for line in one.lines},
            "refusals": {name: gettext(words) for name, words in REFUSAL_WORDS.items()},
            "cancelling": cancelling or {},
            "holding": holding or {},
            "typed": request.form if cancelling or holding else {},
            "returnable": {one.id for one in routed if any(returns.returnable_units(session, [one]).values())},
            "returns": back,
            "charge": charge,
            "earned": earned(session, order) if who.may("billing.read") else None,
            "supplements": [one for one in charges if one.cause],
            "refunds": settlement.refunds_of(session, [one.id for one in charges]),
            "cards": decided,
            "odd_parts": odd_sentences(session, order),
            **_refunding(session, order, back),
            **_picking(session, order),
            **_unlinked(session, order),
            **choices_of(session, order),
            "story": story(
                orders.timeline(session, order.id), own, {key: one.company_name for key, one in sellers.items()}
            ),
            "sent": ways_of(session, [one.id for one in routed]),
            "address": address,
            "typed_address": sent,
            "form": address_forms.shown(sent or address or _nowhere(session, order), problems),
        }
    return pages.render("detail.html", status, arrivals=arrivals_of(order_id, actor=who.actor), **context)


@pages.post("/orders/<uuid:order_id>/lines/<uuid:line_id>/cancel", permission="orders.write")
def cancel_line(order_id: UUID, line_id: UUID) -> Any:
    """Cancel what is left of a line; its supplier is asked where it has accepted it."""
    with db.transaction() as session:
        asked = ask_to_cancel(session, principal().organisation_id, order_id, {line_id: None})
    done = "cancellation_asked" if asked.asked else "cancelled"
    return go(page_url("orders.detail", order_id=order_id, done=done))


@pages.post("/orders/<uuid:order_id>/cancel", permission="orders.write")
def cancel(order_id: UUID) -> Any:
    """Cancel units of several lines."""
    retailer_id, sent = principal().organisation_id, Sent()
    try:
        with db.transaction() as session:
            order = orders.order(session, retailer_id, order_id)
            names = {f"cancel-{line.id}": line for line in order.lines if request.form.get(f"cancel-{line.id}")}
            units = {line.id: sent.whole(name, 0, line.quantity) for name, line in names.items()}
            note = sent.text("reason", longest=LONGEST_NOTE)
            wanted = {line_id: count for line_id, count in units.items() if count}
            sent.check()
            if not wanted:
                raise Invalid.field("cancel", "required", gettext(_("Say how many units of a line to cancel.")))
            asked = ask_to_cancel(session, retailer_id, order_id, wanted, note=note)
    except Invalid as error:
        return _page(order_id, 422, cancelling=form_problems(error))
    done = "cancellation_asked" if asked.asked else "cancelled"
    return go(page_url("orders.detail", order_id=order_id, done=done))


@pages.post("/orders/<uuid:order_id>/requests/<uuid:request_id>/withdraw", permission="orders.write")
def withdraw(order_id: UUID, request_id: UUID) -> Any:
    """A supplier need not stop what it was asked to stop."""
    with db.transaction() as session:
        withdraw_request(session, principal().organisation_id, request_id)
    return go(page_url("orders.detail", order_id=order_id, done="request_withdrawn"))


@pages.post("/orders/<uuid:order_id>/address", permission="orders.write")
def save_address(order_id: UUID) -> Any:
    """Another address: for an order that waits for it, which goes on then; for one that suppliers have, they are told
    or asked. With another country than the form was for, the form comes back with that country's fields."""
    who = principal()
    if not who.may("orders.read_address"):
        raise Forbidden("Your role may not change addresses.")
    address = address_forms.sent_address()
    if address_forms.is_of_other_country():
        return _page(order_id, sent=address, wrong={})
    try:
        address_forms.check_filled(address)
        with db.transaction() as session:
            changed = change_address(session, who.organisation_id, order_id, address)
    except Invalid as error:
        return _page(order_id, 422, sent=address, wrong=address_forms.wrong_fields(error))
    if changed.request_ids:
        return go(page_url("orders.detail", order_id=order_id, done="address_asked"))
    return _after_try(order_id, changed.routed)


@pages.post("/orders/<uuid:order_id>/resume", permission="orders.write")
def resume(order_id: UUID) -> Any:
    """Have an order on hold tried again."""
    with db.transaction() as session:
        on_its_way = try_again(session, principal().organisation_id, order_id)
    return _after_try(order_id, on_its_way)


@pages.post("/orders/<uuid:order_id>/hold", permission="orders.write")
def hold(order_id: UUID) -> Any:
    """Let an order wait, with a note why."""
    sent = Sent()
    note = sent.text("note", longest=LONGEST_NOTE)
    try:
        sent.check()
        with db.transaction() as session:
            hold_order(session, principal().organisation_id, order_id, by=Releaser.RETAILER, note=note)
    except Invalid as error:
        return _page(order_id, 422, holding=form_problems(error))
    return go(page_url("orders.detail", order_id=order_id, done="order_held"))


@pages.post("/orders/<uuid:order_id>/release", permission="orders.write")
def release(order_id: UUID) -> Any:
    """End one hold that is the retailer's to end; the order goes on when nothing else holds it."""
    reason = request.form.get("reason", "")
    if reason not in set(HoldReason):
        raise Invalid.field("reason", "unknown_reason", "Choose a hold.")
    with db.transaction() as session:
        on_its_way = release_holds(
            session, principal().organisation_id, order_id, by=Releaser.RETAILER, reasons=[HoldReason(reason)]
        )
    return _after_try(order_id, on_its_way)


@pages.post("/orders/<uuid:order_id>/paid", permission="orders.write")
def paid_otherwise(order_id: UUID) -> Any:
    """The payment that was authorised is lost, but the customer has paid in another way."""
    with db.transaction() as session:
        note_paid(session, principal().organisation_id, order_id)
    return go(page_url("orders.detail", order_id=order_id, done="paid_noted"))


def _nowhere(session: Session, order: Order) -> Address:
    """An empty address in the country that the order goes to, else in its retailer's own."""
    home = order.ship_to_country
    if not is_country(home):
        home = session.get_one(Organisation, order.retailer_id).country
    return address_forms.empty_address(home)


def _cancellable(
    order: Order, routed: Sequence[PurchaseOrder], able: Mapping[UUID, Sequence[Cancellable]]
) -> dict[UUID, int]:
    """Units of each line that can be cancelled or asked for; lines of which none can are left out."""
    chosen = {line.order_line_id for one in routed for line in one.lines}
    found = {
        line.id: cancellable_units(able.get(line.id, [])) if line.id in chosen else line.quantity - line.cancelled
        for line in order.lines
    }
    return {line_id: count for line_id, count in found.items() if count}


@pages.post("/orders/<uuid:order_id>/decisions/<uuid:decision_id>", permission="orders.write")
def decide(order_id: UUID, decision_id: UUID) -> Any:
    """Choose what becomes of units that do not come as ordered. A substitute is picked first."""
    choice = request.form.get("choice", "")
    substitute_id = parse_id(request.form.get("variant_id", ""))
    if choice == SUBSTITUTE and substitute_id is None:
        return go(page_url("orders.detail", order_id=order_id, pick=decision_id))
    refund_customer = bool(request.form.get("refund_customer")) if request.form.get("asks_refund") else None
    with db.transaction() as session:
        choose(
            session,
            principal().organisation_id,
            order_id,
            decision_id,
            choice,
            substitute_id=substitute_id,
            refund_customer=refund_customer,
        )
    return go(page_url("orders.detail", order_id=order_id, done="decision_chosen"))


@pages.post("/orders/<uuid:order_id>/decisions/<uuid:decision_id>/undo", permission="orders.write")
def take_back(order_id: UUID, decision_id: UUID) -> Any:
    """Take a choice back that is not carried out yet."""
    with db.transaction() as session:
        undo(session, principal().organisation_id, order_id, decision_id)
    return go(page_url("orders.detail", order_id=order_id, done="decision_undone"))


def _refunding(session: Session, order: Order, back: Sequence[Return]) -> dict[str, Any]:
    """What the store refunds its customer, and what it should."""
    store = store_refunds.store_of(session, order)
    owed = owed_of(session, order, back)
    return {
        "refunds_itself": store is not None and store.refunds_customers,
        "store_refunds": refunds_of(session, order, store),
        "refund_owed": owed,
        "refundable": not owed and may_be_refunded(session, order, store),
    }


def _picking(session: Session, order: Order) -> dict[str, Any]:
    """What could be sent instead, for the decision for which a substitute is being picked."""
    wanted = parse_id(request.args.get("pick", ""))
    if wanted is None:
        return {"picking": None}
    found = decisions.decision(session, order.retailer_id, order.id, wanted)
    search = request.args.get("search", "")[:100]
    return {
        "picking": found,
        "picked_by": search,
        "substitutes": decisions.substitutes(session, order, found, search),
    }


@pages.post("/orders/<uuid:order_id>/unlinked/<uuid:line_id>/link", permission="orders.write")
def link(order_id: UUID, line_id: UUID) -> Any:
    """A line of the store that had no supplier is this supplier's variant."""
    variant_id = parse_id(request.form.get("variant_id", ""))
    if variant_id is None:
        raise Invalid.field("variant_id", "required", "Choose what it is.")
    with db.transaction() as session:
        link_line(session, principal().organisation_id, order_id, line_id, variant_id)
    return go(page_url("orders.detail", order_id=order_id, done="line_linked"))


@pages.post("/orders/<uuid:order_id>/unlinked/<uuid:line_id>/not-ours", permission="orders.write")
def not_ours(order_id: UUID, line_id: UUID) -> Any:
    """A line of the store is not to be delivered by a supplier."""
    with db.transaction() as session:
        say_not_ours(session, principal().organisation_id, order_id, line_id)
    return go(page_url("orders.detail", order_id=order_id, done="line_not_ours"))


def _unlinked(session: Session, order: Order) -> dict[str, Any]:
    """Lines that no supplier's variant is linked to, and what each may be: by words for the one that is looked at."""
    looked_at, words = parse_id(request.args.get("line", "")), request.args.get("search", "").strip()[:100]
    waiting = [line for line in order.unlinked if line.state == "waiting"]
    shown = [
        {
            "line": line,
            "why": gettext(LINE_LOOKS[line.why]),
            "words": (own := words if line.id == looked_at else ""),
            "found": find_variants(session, order.retailer_id, own, sku=line.sku, product_ref=line.external_product_id)[
                : 20 if own else 5
            ],
        }
        for line in (waiting if order.status != CANCELLED else [])
    ]
    others = [line for line in order.unlinked if line.state in ("left", "not_ours") and line.quantity]
    return {"unlinked": shown, "not_ours": others}


def _after_try(order_id: UUID, on_its_way: bool) -> Any:
    done = "order_goes_on" if on_its_way else "order_waits"
    return go(page_url("orders.detail", order_id=order_id, done=done))


def _store_name(session: Session, order: Order) -> str:
    """Where it was sold; orders by the API and by hand have no store."""
    return stores.store_of(session, order.retailer_id, order.store_id).shown_name if order.store_id else "–"
