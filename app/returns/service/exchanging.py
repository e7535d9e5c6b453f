"""Sending the customer the same again, for what comes back."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.kit.errors import Conflict, NotFound
from app.orders import service as orders
from app.orders.models import Order
from app.purchasing.service import Line, PlaceOrder, place_order
from app.returns.models import Return
from app.returns.rules import VOID
from app.returns.service.standing import locked


def exchange(session: Session, retailer_id: UUID, return_id: UUID) -> Order:
    """Place an order of the same goods to the same address, once for each return; it goes the way of all orders and is
    charged as they are, while the return is credited as every other. Raises ``NotFound``, and ``Conflict`` for a return
    that came to nothing, for an address that was erased, and where the goods can't be delivered."""
    order_id = session.scalar(select(Return.order_id).where(Return.id == return_id, Return.retailer_id == retailer_id))
    if order_id is None:
        raise NotFound("return")
    # The order before its purchase orders, as everywhere.
    order = orders.locked(session, order_id)
    held = locked(session, return_id, retailer_id)
    row = held.row
    if row.exchange_order_id is not None:
        return session.get_one(Order, row.exchange_order_id)
    if row.state in VOID:
        raise Conflict("This return came to nothing, so nothing is replaced.", code="move_not_allowed")
    address = orders.address_of(order.ship_to, "orders", order.id)
    if address is None:
        raise Conflict("The customer's address was erased. Place a new order.", code="address_gone")
    audit.record(session, retailer_id, "orders.address_read", "order", order.id, details={"for": "exchange"})
    variants = {line.id: line.variant_id for line in held.purchase_order.lines}
    placed = place_order(
        session,
        PlaceOrder(
            retailer_id=retailer_id,
            store_id=None,
            external_id=f"exchange-{row.number}",
            external_name=f"{order.external_name} ({row.number})",
            currency=order.currency,
            address=address,
            counts=False,
            lines=[
                Line(variant_id=variants[line.purchase_order_line_id], quantity=line.quantity) for line in row.lines
            ],
        ),
    )
    row.exchange_order_id = placed.order_id
    made = session.get_one(Order, placed.order_id)
    orders.tell(session, order, "return.exchanged", number=row.number, made=made.number)
    orders.tell(session, made, "order.exchange_of", number=row.number, name=order.external_name)
    audit.record(session, retailer_id, "returns.exchanged", "return", row.id, details={"order": str(made.id)})
    session.flush()
    return made
