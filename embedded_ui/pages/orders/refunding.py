"""Refunding a store's customer: what it would give back, and asking it to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy.orm import Session

from app import db
from app.adapters import registries
from app.kit.errors import AdapterError, AppError, Conflict, Invalid
from app.kit.ids import new_id, parse_id
from app.kit.money import Money
from app.kit.texts import marked as _
from app.orders import queries as orders
from app.store_refunds import queries, service
from app.store_refunds.paid import most
from app.store_refunds.rules import Way
from app.stores.service import access
from app.web.auth import principal
from app.web.forms import Sent, problems
from app.web.pages import Pages, go, page_url
from app.web.store_refunds import way_of
from app.web.ui.rendering import gettext


def add_pages(pages: Pages) -> None:
    """Add them to the pages of orders."""

    @pages.get("/orders/<uuid:order_id>/refund", permission="orders.write")
    def refund(order_id: UUID) -> Any:
        """What would be given back, and how."""
        return _page(pages, order_id)

    @pages.post("/orders/<uuid:order_id>/refund", permission="orders.write")
    def ask_refund(order_id: UUID) -> Any:
        """Ask the store, or write down that it was done there."""
        by_hand = request.form.get("way") == "by_hand"
        try:
            with db.transaction() as session:
                _ask(session, order_id, by_hand=by_hand)
        except (Invalid, Conflict) as error:
            return _page(pages, order_id, 422, error)
        return go(page_url("orders.detail", order_id=order_id, done="refund_noted" if by_hand else "refund_asked"))

    @pages.post("/orders/<uuid:order_id>/refunds/<uuid:refund_id>/again", permission="orders.write")
    def refund_again(order_id: UUID, refund_id: UUID) -> Any:
        """The store refused, or has not answered; it is asked anew."""
        with db.transaction() as session:
            service.ask_again(session, principal().organisation_id, refund_id)
        return go(page_url("orders.detail", order_id=order_id, done="refund_asked"))

    @pages.post("/orders/<uuid:order_id>/refunds/<uuid:refund_id>/by-hand", permission="orders.write")
    def refunded_by_hand(order_id: UUID, refund_id: UUID) -> Any:
        """It was refunded in the store itself."""
        with db.transaction() as session:
            service.by_hand(session, principal().organisation_id, refund_id)
        return go(page_url("orders.detail", order_id=order_id, done="refund_noted"))


def _ask(session: Session, order_id: UUID, *, by_hand: bool) -> None:
    retailer_id, sent = principal().organisation_id, Sent()
    order = orders.order(session, retailer_id, order_id)
    units = {
        line.id: sent.whole(f"units-{line.id}", 0, line.quantity)
        for line in order.lines
        if request.form.get(f"units-{line.id}")
    }
    amount = None
    typed = request.form.get("amount", "").strip().replace(",", ".")
    if typed:
        try:
            amount = Money.parse(typed, order.currency).minor
        except ValueError:
            sent.refuse("amount", "not_an_amount", gettext(_("An amount such as 12.50.")))
    sent.check()
    service.ask(
        session,
        retailer_id,
        order_id,
        units,
        amount=amount,
        shipping=bool(request.form.get("shipping")),
        notify=bool(request.form.get("notify")),
        return_id=parse_id(request.form.get("return", "")),
        by_hand=by_hand,
        once=parse_id(request.form.get("once", "")),
    )


def _page(pages: Pages, order_id: UUID, status: int = 200, problem: AppError | None = None) -> Any:
    retailer_id = principal().organisation_id
    return_id = parse_id(request.values.get("return", ""))
    with db.transaction() as session:
        order = orders.order(session, retailer_id, order_id)
        store = queries.store_of(session, order)
        facts = queries.lines_of(session, order.id)
        owed = queries.owed_for_return(session, return_id) if return_id else queries.owed(session, order.id)
        wanted = {line: min(units, facts[line].refundable) for line, units in owed.items() if line in facts}
        wanted = {line: units for line, units in wanted.items() if units}
        way = way_of(session, store)
        wish = service.wish_for(session, order, wanted, returned=return_id is not None)
        context: dict[str, Any] = {
            "order": order,
            # Sent twice it is one wish.
            "once": request.form.get("once") or new_id(),
            "store": store,
            "return_id": return_id,
            "lines": [(line, one, wanted.get(line, 0)) for line, one in facts.items()],
            "worth": queries.worth(order, wanted),
            "most": most(session, order, {one: facts[one].refundable for one in facts}, delivery=False),
            "way": way,
        }
    suggested = None
    if way is Way.STORE and store is not None and wanted and status == 200:
        platform = registries.stores.get(store.platform)
        try:
            suggested = platform.suggest_refund(access(store.id, platform), wish)
        except AdapterError:
            # The page is good without it: what the store gives back, it works out itself.
            suggested = None
    errors: Mapping[str, str] = problems(problem) if problem is not None else {}
    return pages.render(
        "refund.html", status, suggested=suggested, errors=errors, typed=request.form if problem else {}, **context
    )
