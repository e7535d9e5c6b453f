"""What is stuck of a supplier's purchase orders, returns and payouts."""

from __future__ import annotations

from app.kit.texts import marked as _
from app.web import exceptions
from app.web.pages import Nav, Pages

pages = Pages(
    __name__,
    nav=Nav(_("Exceptions"), "list_exceptions", 32, permission="purchase_orders.read", count=exceptions.waiting_count),
)
exceptions.add_pages(pages, read="purchase_orders.read", write="purchase_orders.write")
