"""What is stuck of a retailer's orders."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from app import db
from app.fulfillment.service import tell_store_again
from app.kit.texts import marked as _
from app.purchasing.decisions.store_news import note_told_by_hand
from app.purchasing.decisions.store_news import tell_again as tell_store_of_decision_again
from app.purchasing.service.reminding import remind_supplier
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


@pages.post("/exceptions/purchase-orders/<uuid:purchase_order_id>/remind", permission="orders.write")
def remind(purchase_order_id: UUID) -> Any:
    """The supplier is written to that it is waited for."""
    with db.transaction() as session:
        remind_supplier(session, principal().organisation_id, purchase_order_id)
    return go(page_url("exceptions.list_exceptions", done="supplier_reminded"))


@pages.post("/exceptions/orders/<uuid:order_id>/decisions/<uuid:decision_id>/tell-store", permission="orders.write")
def tell_decision_again(order_id: UUID, decision_id: UUID) -> Any:
    """The store is told once more what was decided."""
    with db.transaction() as session:
        tell_store_of_decision_again(session, principal().organisation_id, order_id, decision_id)
    return go(page_url("exceptions.list_exceptions", done="store_told_again"))


@pages.post("/exceptions/orders/<uuid:order_id>/decisions/<uuid:decision_id>/told", permission="orders.write")
def decision_told(order_id: UUID, decision_id: UUID) -> Any:
    """The store's people know what was decided."""
    with db.transaction() as session:
        note_told_by_hand(session, principal().organisation_id, order_id, decision_id)
    return go(page_url("exceptions.list_exceptions", done="store_knows"))
