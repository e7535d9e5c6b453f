"""What is stuck anywhere, for the platform's people."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from app import db
from app.kit.texts import marked as _
from app.purchasing.service.applying import settle_answer as put_answer_away
from app.purchasing.service.reminding import remind_supplier
from app.web import exceptions
from app.web.pages import Nav, Pages, go, page_url

pages = Pages(
    __name__,
    nav=Nav(_("Exceptions"), "list_exceptions", 22, permission="orders.read_all", count=exceptions.waiting_count),
)
exceptions.add_pages(pages, read="orders.read_all", write="orders.read_all")


@pages.post("/exceptions/answers/<uuid:answer_id>/settle", permission="orders.hold_any")
def settle_answer(answer_id: UUID) -> Any:
    """Somebody has seen to an answer that could not be used."""
    with db.transaction() as session:
        put_answer_away(session, None, answer_id)
    return go(page_url("exceptions.list_exceptions", done="answer_settled"))


@pages.post("/exceptions/purchase-orders/<uuid:purchase_order_id>/remind", permission="orders.hold_any")
def remind(purchase_order_id: UUID) -> Any:
    """The supplier is written to that it is waited for."""
    with db.transaction() as session:
        remind_supplier(session, None, purchase_order_id)
    return go(page_url("exceptions.list_exceptions", done="supplier_reminded"))
