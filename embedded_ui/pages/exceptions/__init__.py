"""What is stuck of a retailer's orders."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from app import db
from app.fulfillment.service import tell_store_again
from app.kit.texts import marked as _
from app.web import exceptions
from app.web.auth import principal
from app.web.pages import Nav, Pages, go, page_url

pages = Pages(
    __name__,
    nav=Nav(_("Exceptions"), "list_exceptions", 42, permission="orders.read", count=exceptions.waiting_count),
)
exceptions.add_pages(pages, read="orders.read", write="orders.write")


@pages.post("/exceptions/parcels/<uuid:shipment_id>/tell-store", permission="orders.write")
def tell_again(shipment_id: UUID) -> Any:
    """The store is told of a parcel once more."""
    with db.transaction() as session:
        tell_store_again(session, principal().organisation_id, shipment_id)
    return go(page_url("exceptions.list_exceptions", done="store_told_again"))
