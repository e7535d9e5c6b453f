"""What is stuck anywhere, for the platform's people."""

from __future__ import annotations

from app.kit.texts import marked as _
from app.web import exceptions
from app.web.pages import Nav, Pages

pages = Pages(
    __name__,
    nav=Nav(_("Exceptions"), "list_exceptions", 22, permission="orders.read_all", count=exceptions.waiting_count),
)
exceptions.add_pages(pages, read="orders.read_all", write="orders.read_all")
