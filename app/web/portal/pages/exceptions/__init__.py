"""What is stuck of a supplier's purchase orders, returns and payouts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from app import db
from app.kit.texts import marked as _
from app.purchasing.service.applying import settle_answer as put_answer_away
from app.web import exceptions
from app.web.auth import principal
from app.web.pages import Nav, Pages, go, page_url

pages = Pages(
    __name__,
    nav=Nav(_("Exceptions"), "list_exceptions", 32, permission="purchase_orders.read", count=exceptions.waiting_count),
)
exceptions.add_pages(pages, read="purchase_orders.read", write="purchase_orders.write")


@pages.post("/exceptions/answers/<uuid:answer_id>/settle", permission="purchase_orders.write")
def settle_answer(answer_id: UUID) -> Any:
    """Somebody has seen to an answer that could not be used."""
    with db.transaction() as session:
        put_answer_away(session, principal().organisation_id, answer_id)
    return go(page_url("exceptions.list_exceptions", done="answer_settled"))
