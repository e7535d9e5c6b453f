"""Another delivery address for an order: applied while no supplier has accepted it, asked for where one has, refused
when all of it has left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit import service as audit
from app.catalog.models import SupplierVariant
from app.db import current_scope
from app.kit import clock
from app.kit.errors import Conflict, NotFound
from app.kit.ids import new_id
from app.kit.money import Money
from app.orders import service as orders
from app.orders.models import Order
from app.orders.rules import CANCELLED, HoldReason
from app.outbox.service import emit
from app.purchasing.changes.queries import waiting_of
from app.purchasing.changes.rules import ADDRESS, OPEN, due_at, remind_at
from app.purchasing.events import AddressReplaced, PurchaseOrderChanged, ids_of
from app.purchasing.models import ChangeRequest, PurchaseOrder
from app.purchasing.service.asking import Origin
from app.purchasing.service.placing import resume_order
from app.purchasing.service.settling import moved, open_units, supplier_name, tell
from app.purchasing.service.status import locked_of_order
from app.stores.store_orders import Address
from app.suppliers import queries as suppliers
from app.suppliers.models import Supplier
from app.suppliers.rules import Parcel, rate_for, shipping_cost


@dataclass(slots=True)
class AddressChange:
    """What became of another address: ``applied`` where nobody had to be asked, ``routed`` whether the order has its
    suppliers now, and the requests to those that have accepted it."""

    applied: bool = False
    routed: bool = False
    request_ids: list[UUID] = field(default_factory=list)


def can_change_address(order: Order, purchase_orders: Sequence[PurchaseOrder]) -> bool:
    """Whether ``change_address`` has anything to change: something of it is still to be sent."""
    if order.status == CANCELLED or order.redacted_at is not None:
        return False
    return not purchase_orders or any(open_units(line) for one in purchase_orders for line in one.lines)


def change_address(
    session: Session, retailer_id: UUID, order_id: UUID, address: Address, *, origin: Origin = "retailer"
) -> AddressChange:
    """Send an order to another address. Raises ``NotFound``, ``Invalid`` by the address's field, and ``Conflict``:
    ``order_cancelled``, ``already_shipped``, ``not_shipped_there``, ``dearer_there``."""
    order = orders.locked(session, order_id)
    if order.retailer_id != retailer_id:
        raise NotFound("order")
    if order.status == CANCELLED:
        raise Conflict("The order was cancelled; nothing of it is delivered.", code="order_cancelled")
    orders.check_address(address)
    purchase_orders = locked_of_order(session, order_id)
    if not purchase_orders:
        orders.change_address(session, order, address)
        # Somebody has looked at it.
        orders.release(session, order, [HoldReason.ADDRESS_DOUBTFUL])
        audit.record(session, retailer_id, "orders.address_changed", "order", order_id)
        return AddressChange(applied=True, routed=resume_order(session, order_id))
    live = [one for one in purchase_orders if any(open_units(line) for line in one.lines)]
    if not live:
        raise Conflict(
            "All of it has left. Ask the carrier to deliver it elsewhere, or start a return when it has arrived.",
            code="already_shipped",
        )
    for one in live:
        if one.ship_to_country != address.country_code:
            _check_country(session, one, address.country_code)
    result = AddressChange(routed=True)
    for one in live:
        if _accepted(one):
            result.request_ids.append(_ask(session, one, address, origin))
        else:
            replace_address(session, one, address)
            result.applied = True
    if result.applied:
        orders.change_address(session, order, address)
    audit.record(
        session,
        retailer_id,
        "orders.address_changed" if result.applied else "orders.address_change_asked",
        "order",
        order_id,
        details={"asked": len(result.request_ids)},
    )
    return result


def replace_address(
    session: Session, purchase_order: PurchaseOrder, address: Address, *, accepted: bool = False
) -> None:
    """The purchase order goes to another address from now on; its supplier is told if it has seen it. ``accepted``: it
    was asked, and agreed."""
    purchase_order.ship_to = orders.seal_address(address, "purchase_orders", purchase_order.id)
    purchase_order.ship_to_country = address.country_code
    purchase_order.updated_at = clock.now()
    session.flush()
    if purchase_order.released_at is not None:
        ids = ids_of(purchase_order)
        emit(
            session,
            AddressReplaced(**ids, accepted=accepted),
            PurchaseOrderChanged(**ids, status=purchase_order.status),
        )


def take_over_address(session: Session, order_id: UUID, purchase_order_id: UUID) -> None:
    """A supplier sends to the new address: the order says it too."""
    order = orders.locked(session, order_id)
    purchase_order = session.get_one(PurchaseOrder, purchase_order_id)
    address = orders.address_of(purchase_order.ship_to, "purchase_orders", purchase_order_id)
    if address is not None:
        orders.change_address(session, order, address)


def _accepted(purchase_order: PurchaseOrder) -> bool:
    """Whether its supplier has to be asked."""
    if purchase_order.released_at is None:
        return False
    return purchase_order.processing_at is not None or any(
        line.answer in ("accepted", "backordered") or line.shipped for line in purchase_order.lines
    )


def _check_country(session: Session, purchase_order: PurchaseOrder, country: str) -> None:
    """Shipping was paid for: another country is served for that, or not at all."""
    supplier = session.get_one(Supplier, purchase_order.supplier_id)
    weights = {
        row.id: row.weight_grams or 0
        for row in session.query(SupplierVariant).filter(
            SupplierVariant.id.in_([line.variant_id for line in purchase_order.lines])
        )
    }
    live = [line for line in purchase_order.lines if line.quantity > line.cancelled]
    units = {line.id: line.quantity - line.cancelled for line in live}
    parcel = Parcel(
        units=sum(units.values()),
        grams=sum(units[line.id] * weights.get(line.variant_id, 0) for line in live),
        goods=sum(units[line.id] * line.wholesale_price for line in live),
    )
    rate = rate_for(suppliers.rates_of(session, [supplier.id])[supplier.id], country, parcel)
    if rate is None:
        raise Conflict(f"{supplier.company_name} does not ship to {country}.", code="not_shipped_there")
    # The fee is the one that it was placed with, whatever its supplier asks by now.
    fee = Money(purchase_order.order_fee, purchase_order.currency)
    cost = shipping_cost(rate, parcel, purchase_order.currency) + fee
    if cost.minor > purchase_order.shipping_cost:
        before = Money(purchase_order.shipping_cost, purchase_order.currency)
        raise Conflict(
            f"{supplier.company_name} ships to {country} for {cost}, not for {before}. Cancel it and order it anew.",
            code="dearer_there",
        )


def _ask(session: Session, purchase_order: PurchaseOrder, address: Address, origin: Origin) -> UUID:
    now = clock.now()
    due = due_at(now, by_platform=False)
    request = next((one for one in waiting_of(session, [purchase_order.id]) if one.kind == ADDRESS), None)
    if request is None:
        request = ChangeRequest(
            id=new_id(),
            order_id=purchase_order.order_id,
            purchase_order_id=purchase_order.id,
            retailer_id=purchase_order.retailer_id,
            supplier_id=purchase_order.supplier_id,
            kind=ADDRESS,
            state=OPEN,
            note="",
            answer="",
            lines=[],
        )
        session.add(request)
    request.origin, request.asked_by = origin, current_scope().actor
    request.ship_to = orders.seal_address(address, "change_requests", request.id)
    request.ship_to_country = address.country_code
    request.asked_at, request.reminded_at, request.due_at = now, None, due
    request.remind_at = remind_at(now, due)
    purchase_order.updated_at = now
    tell(
        session,
        purchase_order,
        "change.address_asked",
        supplier=supplier_name(session, purchase_order.supplier_id),
    )
    session.flush()
    emit(session, moved(request))
    return request.id
