"""All retailers' orders, for support."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import request

from app import db
from app.fulfillment import queries as fulfillment
from app.identity.models import Organisation
from app.kit.errors import Invalid
from app.kit.texts import marked as _
from app.orders import queries as orders
from app.orders.rules import CANCELLED, STATUSES, Releaser
from app.purchasing import queries as purchasing
from app.purchasing.changes.queries import waiting_of
from app.purchasing.service import hold_order, release_holds
from app.purchasing.service.holding import LONGEST_NOTE
from app.settlement import queries as settlement
from app.suppliers.models import Supplier
from app.web.auth import principal
from app.web.exceptions import reader_of
from app.web.forms import Sent, problems
from app.web.holds import shown_holds
from app.web.next_steps import step_of_order
from app.web.pages import Nav, Pages, go, page_url
from app.web.transmissions import act_on, changes_told, ways_of
from app.web.ui.rendering import gettext
from app.web.ui.statuses import shown
from app.web.ui.stories import colleagues, story

pages = Pages(__name__, nav=Nav(_("Orders"), "list_orders", 20, permission="orders.read_all"))


@pages.get("/orders", permission="orders.read_all")
def list_orders() -> Any:
    """Newest first."""
    status = request.args.get("status", "")
    with db.transaction() as session:
        page = orders.orders(
            session,
            None,
            statuses=[status] if status in STATUSES else None,
            search=request.args.get("search"),
            limit=50,
            cursor=request.args.get("cursor"),
        )
        names = {one.retailer_id: session.get_one(Organisation, one.retailer_id).name for one in page.items}
    views = [{"label": gettext("All"), "href": page_url("orders.list_orders"), "current": not status}] + [
        {
            "label": gettext(shown("order", name).label),
            "href": page_url("orders.list_orders", status=name),
            "current": name == status,
        }
        for name in ("ON_HOLD", "PENDING", "CONFIRMED", "SHIPPED", "DELIVERED")
    ]
    return pages.render("list.html", orders=page.items, next_cursor=page.next_cursor, names=names, views=views)


@pages.get("/orders/<uuid:order_id>", permission="orders.read_all")
def detail(order_id: UUID) -> Any:
    """One order; addresses are not shown here."""
    return _page(order_id)


def _page(order_id: UUID, status: int = 200, *, holding: Mapping[str, str] | None = None) -> Any:
    """``holding``: what is wrong with the note of a hold."""
    own = colleagues()
    with db.transaction() as session:
        order = orders.order(session, None, order_id)
        routed = purchasing.of_orders(session, [order.id])[order.id]
        retailer = session.get_one(Organisation, order.retailer_id)
        sellers = {one.supplier_id: session.get_one(Supplier, one.supplier_id) for one in routed}
        companies = {order.retailer_id: retailer.name, **{key: one.company_name for key, one in sellers.items()}}
        requests = waiting_of(session, [one.id for one in routed])
        context: dict[str, Any] = {
            "order": order,
            "retailer": retailer,
            "step": step_of_order(session, order, routed, requests, reader_of(principal())),
            "routed": routed,
            "parcels": fulfillment.of_purchase_orders(session, [one.id for one in routed]),
            "suppliers": sellers,
            "charge": settlement.charge_of_order(session, order.id),
            "story": story(orders.timeline(session, order.id), own, companies),
            "holds": shown_holds(order.holds),
            "can_hold": not routed and order.status != CANCELLED,
            "sent": ways_of(
                session,
                [one.id for one in routed],
                (lambda *ids: _act_url(order_id, *ids)) if principal().may("orders.hold_any") else None,
            ),
            "changes_told": changes_told(
                session, [one.id for one in routed], with_words=principal().may("orders.hold_any")
            ),
        }
    return pages.render("detail.html", status, holding=holding or {}, **context)


@pages.post("/orders/<uuid:order_id>/hold", permission="orders.hold_any")
def hold(order_id: UUID) -> Any:
    """Let a retailer's order wait; only the platform can let it go."""
    sent = Sent()
    note = sent.text("note", longest=LONGEST_NOTE)
    try:
        sent.check()
        with db.transaction() as session:
            hold_order(session, None, order_id, by=Releaser.PLATFORM, note=note)
    except Invalid as error:
        return _page(order_id, 422, holding=problems(error))
    return go(page_url("orders.detail", order_id=order_id, done="order_held"))


@pages.post("/orders/<uuid:order_id>/release", permission="orders.hold_any")
def release(order_id: UUID) -> Any:
    """End the platform's hold."""
    with db.transaction() as session:
        release_holds(session, None, order_id, by=Releaser.PLATFORM)
    return go(page_url("orders.detail", order_id=order_id, done="order_released"))


def _act_url(order_id: UUID, purchase_order_id: UUID, transmission_id: UUID, act: str) -> str:
    ids = {"order_id": order_id, "purchase_order_id": purchase_order_id, "transmission_id": transmission_id}
    return page_url("orders.transmission", act=act, **ids)


@pages.post(
    "/orders/<uuid:order_id>/purchase-orders/<uuid:purchase_order_id>/sent/<uuid:transmission_id>/<act>",
    permission="orders.hold_any",
)
def transmission(order_id: UUID, purchase_order_id: UUID, transmission_id: UUID, act: str) -> Any:
    """Say for a supplier whether a purchase order arrived, or send it again."""
    with db.transaction() as session:
        act_on(session, None, purchase_order_id, transmission_id, act)
    return go(page_url("orders.detail", order_id=order_id, done="transmission_noted"))
