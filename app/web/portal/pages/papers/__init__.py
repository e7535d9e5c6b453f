"""Papers of a purchase order as PDF, and that they lie in the parcel. Those of many are printed from the list."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from app import db
from app.documents.drawing import draw
from app.documents.papers import KINDS
from app.documents.service import mark_printed, papers
from app.kit.errors import NotFound
from app.purchasing import queries as purchasing
from app.web.auth import principal
from app.web.pages import Pages, go, page_url
from app.web.printed import pdf_answer

pages = Pages(__name__)


@pages.get("/purchase-orders/<uuid:purchase_order_id>/papers/<kind>.pdf", permission="purchase_orders.read_address")
def one(purchase_order_id: UUID, kind: str) -> Response:
    """One paper of one purchase order."""
    if kind not in KINDS:
        raise NotFound("paper")
    with db.transaction() as session:
        order = purchasing.purchase_order(session, principal().organisation_id, purchase_order_id)
        drawn = papers(session, kind, [order])
    return pdf_answer(draw(drawn), f"{kind}-{order.number}")


@pages.post("/purchase-orders/<uuid:purchase_order_id>/papers/<kind>/printed", permission="purchase_orders.write")
def printed(purchase_order_id: UUID, kind: str) -> Any:
    """The supplier says that it put the paper into the parcel."""
    who = principal()
    with db.transaction() as session:
        order = purchasing.purchase_order(session, who.organisation_id, purchase_order_id)
        mark_printed(session, order, kind, by=who.actor)
    return go(page_url("purchase_orders.detail", purchase_order_id=purchase_order_id, done="noted"))
