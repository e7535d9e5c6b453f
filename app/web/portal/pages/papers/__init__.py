"""Papers of purchase orders as PDF: one by one, or many in one file; and that they lie in the parcel."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request
from sqlalchemy.orm import Session

from app import db
from app.documents.drawing import draw, draw_pick_list
from app.documents.papers import KINDS, Paper
from app.documents.service import MOST_AT_ONCE, mark_printed, papers, pick_list
from app.kit.errors import Invalid, NotFound
from app.kit.ids import parse_id
from app.purchasing import queries as purchasing
from app.purchasing.models import PurchaseOrder
from app.web.auth import principal
from app.web.pages import Pages, go, page_url
from app.web.printed import pdf_answer
from app.web.ui.rendering import gettext

pages = Pages(__name__)
_PICK_LIST = "pick_list"


@pages.get("/purchase-orders/<uuid:purchase_order_id>/papers/<kind>.pdf", permission="purchase_orders.read_address")
def one(purchase_order_id: UUID, kind: str) -> Response:
    """One paper of one purchase order."""
    if kind not in KINDS:
        raise NotFound("paper")
    with db.transaction() as session:
        order = purchasing.purchase_order(session, principal().organisation_id, purchase_order_id)
        drawn = papers(session, kind, [order])
    return pdf_answer(draw(drawn), f"{kind}-{order.number}")


@pages.post("/purchase-orders/papers.pdf", permission="purchase_orders.read_address")
def many() -> Response:
    """A paper for each of the ticked purchase orders, or what to pick for all of them. Sent, not asked for: reading the
    addresses is written down."""
    kind = request.form.get("kind", "")
    if kind not in (*KINDS, _PICK_LIST):
        raise NotFound("paper")
    with db.transaction() as session:
        orders = _ticked(session)
        if kind == _PICK_LIST:
            return pdf_answer(draw_pick_list(pick_list(orders)), "pick-list")
        drawn: list[Paper] = papers(session, kind, orders)
    return pdf_answer(draw(drawn), f"{kind}-{len(drawn)}")


@pages.post("/purchase-orders/<uuid:purchase_order_id>/papers/<kind>/printed", permission="purchase_orders.write")
def printed(purchase_order_id: UUID, kind: str) -> Any:
    """The supplier says that it put the paper into the parcel."""
    who = principal()
    with db.transaction() as session:
        order = purchasing.purchase_order(session, who.organisation_id, purchase_order_id)
        mark_printed(session, order, kind, by=who.actor)
    return go(page_url("purchase_orders.detail", purchase_order_id=purchase_order_id, done="noted"))


def _ticked(session: Session) -> list[PurchaseOrder]:
    ids = list(dict.fromkeys(one for text in request.form.getlist("order") if (one := parse_id(text)) is not None))
    if not ids:
        raise Invalid.field("order", "required", gettext("Tick at least one purchase order."))
    if len(ids) > MOST_AT_ONCE:
        message = gettext("At most %(most)s purchase orders at once.") % {"most": MOST_AT_ONCE}
        raise Invalid.field("order", "too_many", message)
    return [purchasing.purchase_order(session, principal().organisation_id, one) for one in ids]
