"""Orders: placed, paid, edited, cancelled, refunded, sent back."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.simulators.shopify import stock
from tests.simulators.shopify.gid import gid
from tests.simulators.shopify.records import (
    LineItem,
    NewLine,
    NewOrder,
    Order,
    Refund,
    RefundLine,
    Return,
    ReturnLine,
    TimelineEntry,
    Variant,
)
from tests.simulators.shopify.refusals import NotAllowed, OutOfStock, UnknownRecord, UnknownVariant
from tests.simulators.shopify.routing import Share, route_later
from tests.simulators.shopify.shop import Shop
from tests.simulators.shopify.webhooks import payloads

if TYPE_CHECKING:
    from tests.simulators.shopify.world import World

_UNPAID = frozenset({"PENDING", "PARTIALLY_PAID"})


@dataclass(frozen=True, slots=True)
class RefundWish:
    """Units of a line item to be refunded."""

    line: int
    quantity: int
    restock_type: str = "NO_RESTOCK"
    location: int | None = None


def find(shop: Shop, number: int) -> Order:
    """An order by its id. Raises UnknownRecord."""
    order = shop.orders.get(number)
    if order is None:
        raise UnknownRecord("Order does not exist", field=["orderId"], code="NOT_FOUND")
    return order


def place_order(world: World, shop: Shop, new: NewOrder) -> Order:
    """Take an order: check the stock, commit it, tell subscribers; routing follows."""
    chosen = [(_variant(shop, line), line) for line in new.lines]
    if not new.allow_oversell:
        _check_stock(shop, chosen)
    order = _record(world, shop, new, chosen)
    shares = _commit(world, shop, order, [variant for variant, _ in chosen])
    publish(world, shop, order, "orders/create")
    if order.financial_status == "PAID":
        publish(world, shop, order, "orders/paid")
    route_later(world, shop, order, shares)
    return order


def _variant(shop: Shop, line: NewLine) -> Variant | None:
    if line.variant_id is None and line.sku is None:
        if line.title is None or line.price is None:
            raise UnknownVariant("A custom item needs a title and a price")
        return None
    found = shop.variants.get(line.variant_id) if line.variant_id else shop.variant_by_sku(line.sku or "")
    if found is None:
        raise UnknownVariant(f"No variant {line.variant_id or line.sku}")
    return found


def _check_stock(shop: Shop, chosen: Sequence[tuple[Variant | None, NewLine]]) -> None:
    wanted: dict[int, int] = {}
    for variant, line in chosen:
        if line.quantity < 1:
            raise NotAllowed("Quantity must be at least 1")
        if variant is not None:
            wanted[variant.id] = wanted.get(variant.id, 0) + line.quantity
    for number, count in wanted.items():
        variant = shop.variants[number]
        limit = shop.sellable(variant)
        if limit is not None and count > limit:
            raise OutOfStock(shop.products[variant.product_id].title, limit)


def _record(world: World, shop: Shop, new: NewOrder, chosen: Sequence[tuple[Variant | None, NewLine]]) -> Order:
    now = world.clock.now()
    number = shop.next_order_number
    shop.next_order_number += 1
    order = Order(
        id=world.ids(),
        number=number,
        name=f"#{number}",
        token=secrets.token_hex(16),
        currency=shop.currency,
        lines=[_line(world, shop, variant, line) for variant, line in chosen],
        created_at=now,
        updated_at=now,
        email=new.email,
        phone=new.phone,
        shipping_address=new.shipping_address,
        billing_address=new.shipping_address,
        financial_status=new.financial_status,
        presentment_currency=new.presentment_currency or shop.currency,
        presentment_rate=new.presentment_rate,
        shipping_price=new.shipping_price,
        tax=new.tax,
        note=new.note,
        tags=list(new.tags),
        attributes=list(new.attributes),
        test=new.test,
        customer_id=world.ids() if new.email else None,
        timeline=[TimelineEntry(now, "Order placed")],
    )
    shares = {"PAID": Decimal(1), "PARTIALLY_PAID": Decimal("0.5")}
    order.paid = (order.total * shares.get(new.financial_status, Decimal(0))).quantize(Decimal("0.01"))
    shop.orders[order.id] = order
    shop.line_items.update((line.id, line) for line in order.lines)
    shop.orders_by_token[order.token] = order
    return order


def _line(world: World, shop: Shop, variant: Variant | None, line: NewLine) -> LineItem:
    if variant is None:
        return LineItem(
            id=world.ids(),
            title=line.title or "",
            quantity=line.quantity,
            current_quantity=line.quantity,
            price=line.price or Decimal(0),
            sku=line.sku,
            requires_shipping=line.requires_shipping,
            properties=list(line.properties),
            discount=line.discount,
        )
    product = shop.products[variant.product_id]
    return LineItem(
        id=world.ids(),
        title=product.title,
        quantity=line.quantity,
        current_quantity=line.quantity,
        price=variant.price if line.price is None else line.price,
        variant_title=None if variant.title == "Default Title" else variant.title,
        sku=variant.sku,
        vendor=product.vendor,
        variant_id=variant.id,
        product_id=product.id,
        requires_shipping=variant.item.requires_shipping,
        properties=list(line.properties),
        discount=line.discount,
    )


def _commit(world: World, shop: Shop, order: Order, variants: Sequence[Variant | None]) -> list[Share]:
    shares: list[Share] = []
    for line, variant in zip(order.lines, variants, strict=True):
        if variant is None:
            shares.append(Share(line, shop.primary_location.id, line.quantity))
            continue
        for location, count in stock.allocate(shop, variant, line.quantity):
            stock.commit(world, shop, variant.item.id, location, count)
            shares.append(Share(line, location, count))
    return shares


def mark_paid(world: World, shop: Shop, number: int) -> Order:
    """The rest of the money has come."""
    order = find(shop, number)
    if order.financial_status not in _UNPAID or order.cancelled_at is not None:
        raise NotAllowed("Order cannot be marked as paid")
    order.financial_status, order.paid = "PAID", order.total
    note(world, order, f"Payment of {order.total} {order.currency} received")
    publish(world, shop, order, "orders/paid")
    publish(world, shop, order, "orders/updated")
    return order


def cancel_order(
    world: World,
    shop: Shop,
    number: int,
    *,
    reason: str = "CUSTOMER",
    restock: bool = True,
    refunded: bool = True,
    staff_note: str | None = None,
) -> Order:
    """Cancel what was not shipped; fulfilment orders that a service works on must be cancelled there first."""
    order = find(shop, number)
    if order.cancelled_at is not None:
        raise NotAllowed("Cannot cancel an order that has already been canceled", field=["orderId"], code="INVALID")
    if any(one.status == "SUCCESS" for one in order.fulfillments):
        raise NotAllowed("Cannot cancel a fulfilled order", field=["orderId"], code="INVALID")
    if any(held.status == "OPEN" for held in order.returns):
        raise NotAllowed("Cannot cancel an order with a return in progress", field=["orderId"], code="INVALID")
    _close_fulfillment_orders(world, shop, order, restock=restock)
    order.cancelled_at, order.cancel_reason, order.staff_note = world.clock.now(), reason, staff_note
    if order.paid and refunded:
        lines = [
            (line.id, line.current_quantity, line.discounted_price) for line in order.lines if line.current_quantity
        ]
        parts = [RefundLine(world.ids(), item, count, "CANCEL", None, price * count) for item, count, price in lines]
        given = Refund(world.ids(), order.id, parts, order.paid - order.refunded, "Canceled", world.clock.now())
        order.refunds.append(given)
        order.financial_status = "REFUNDED"
        world.courier.publish(shop, "refunds/create", lambda: payloads.refund(shop, order, given))
    elif not order.paid:
        order.financial_status = "VOIDED"
    for line in order.lines:
        line.current_quantity = 0
    note(world, order, f"Order canceled ({reason.lower()})")
    publish(world, shop, order, "orders/cancelled")
    publish(world, shop, order, "orders/updated")
    return order


def _close_fulfillment_orders(world: World, shop: Shop, order: Order, *, restock: bool) -> None:
    for one in order.fulfillment_orders:
        if one.status in ("CLOSED", "CANCELLED", "INCOMPLETE"):
            continue
        for part in one.lines:
            _give_back(world, shop, order, part.line_item_id, one.location_id, part.remaining, restock=restock)
            part.remaining = 0
        one.status, one.updated_at = "CANCELLED", world.clock.now()
        world.courier.publish(
            shop,
            "fulfillment_orders/cancelled",
            lambda one=one: {"fulfillment_order": payloads.fulfillment_order(one, with_request=False)},  # type: ignore[misc]
        )


def _give_back(
    world: World, shop: Shop, order: Order, line: int, location: int, quantity: int, *, restock: bool
) -> None:
    item = order.line(line)
    variant = shop.variants.get(item.variant_id or 0) if item else None
    if variant is None or quantity < 1:
        return
    if restock:
        stock.release(world, shop, variant.item.id, location, quantity)
    else:
        stock.ship(world, shop, variant.item.id, location, quantity)


def edit_order(world: World, shop: Shop, number: int, changes: Mapping[int, int]) -> Order:
    """Set line quantities; what was shipped can't be taken away, and nothing is added beyond the first order's lines
    except more of the same."""
    order = find(shop, number)
    if order.cancelled_at is not None:
        raise NotAllowed("A canceled order can't be edited")
    wanted = [(_editable(order, item, quantity), quantity) for item, quantity in changes.items()]
    deltas: dict[int, int] = {}
    added: list[Share] = []
    for line, quantity in wanted:
        delta = deltas[line.id] = quantity - line.current_quantity
        line.current_quantity = quantity
        if delta < 0:
            _shrink(world, shop, order, line, -delta)
        elif delta > 0:
            line.quantity = max(line.quantity, quantity)
            added += _grow(world, shop, line, delta)
    note(world, order, "Order edited")
    edit, at = world.ids(), world.clock.now()
    world.courier.publish(shop, "orders/edited", lambda: payloads.order_edited(order, edit, deltas, at))
    publish(world, shop, order, "orders/updated")
    if added:
        route_later(world, shop, order, added)
    return order


def _editable(order: Order, item: int, quantity: int) -> LineItem:
    line = order.line(item)
    if line is None:
        raise UnknownRecord("Line item does not exist")
    if quantity < line.fulfilled:
        raise NotAllowed("Fulfilled units can't be removed")
    return line


def _shrink(world: World, shop: Shop, order: Order, line: LineItem, count: int, *, restock: bool = True) -> None:
    for one in order.fulfillment_orders:
        for part in one.lines:
            if part.line_item_id != line.id or part.remaining < 1 or count < 1:
                continue
            taken = min(part.remaining, count)
            part.remaining -= taken
            part.total -= taken
            count -= taken
            _give_back(world, shop, order, line.id, one.location_id, taken, restock=restock)
        if one.status in ("OPEN", "IN_PROGRESS", "ON_HOLD") and not any(part.remaining for part in one.lines):
            one.status, one.updated_at = "CLOSED", world.clock.now()


def _grow(world: World, shop: Shop, line: LineItem, count: int) -> list[Share]:
    variant = shop.variants.get(line.variant_id or 0)
    if variant is None:
        return [Share(line, shop.primary_location.id, count)]
    shares = []
    for location, units in stock.allocate(shop, variant, count):
        stock.commit(world, shop, variant.item.id, location, units)
        shares.append(Share(line, location, units))
    return shares


def refund(
    world: World,
    shop: Shop,
    number: int,
    wishes: Sequence[RefundWish],
    *,
    note: str | None = None,
    amount: Decimal | None = None,
    shipping: Decimal = Decimal(0),
) -> Refund:
    """Give back ``amount`` (by default what the line items cost), of it ``shipping`` for the delivery; units not yet
    shipped leave the fulfilment orders."""
    order = find(shop, number)
    parts = [_refund_line(world, order, index, wish) for index, wish in enumerate(wishes)]
    total = sum((part.subtotal for part in parts), Decimal(0)) if amount is None else amount
    if total > order.refundable:
        raise NotAllowed("Refund amount exceeds the refundable amount", field=["transactions"])
    given = Refund(world.ids(), order.id, parts, total, note, world.clock.now(), shipping)
    order.refunds.append(given)
    for wish, part in zip(wishes, parts, strict=True):
        _restock(world, shop, order, wish, part)
    if order.refunded:
        order.financial_status = "REFUNDED" if order.refunded >= order.paid else "PARTIALLY_REFUNDED"
    order.timeline.append(TimelineEntry(given.created_at, f"Refunded {total} {order.currency}"))
    order.updated_at = given.created_at
    world.courier.publish(shop, "refunds/create", lambda: payloads.refund(shop, order, given))
    publish(world, shop, order, "orders/updated")
    return given


def _refund_line(world: World, order: Order, index: int, wish: RefundWish) -> RefundLine:
    line = order.line(wish.line)
    if line is None:
        raise UnknownRecord("Line item does not exist", field=["refundLineItems", str(index), "lineItemId"])
    refunded = sum(part.quantity for one in order.refunds for part in one.lines if part.line_item_id == line.id)
    if wish.quantity < 1 or wish.quantity > line.quantity - refunded:
        raise NotAllowed(
            "Quantity cannot refund more items than were purchased",
            field=["refundLineItems", str(index), "quantity"],
        )
    worth = line.discounted_price * wish.quantity
    return RefundLine(world.ids(), line.id, wish.quantity, wish.restock_type, wish.location, worth)


def _restock(world: World, shop: Shop, order: Order, wish: RefundWish, part: RefundLine) -> None:
    line = order.line(wish.line)
    assert line is not None
    shipped = min(line.fulfilled, wish.quantity) if wish.restock_type == "RETURN" else 0
    unshipped = min(wish.quantity - shipped, line.current_quantity - line.fulfilled)
    line.current_quantity -= wish.quantity if shipped == 0 else unshipped
    line.current_quantity = max(line.current_quantity, 0)
    if unshipped > 0:
        _shrink(world, shop, order, line, unshipped, restock=wish.restock_type != "NO_RESTOCK")
    variant = shop.variants.get(line.variant_id or 0)
    if shipped and variant is not None:
        place = wish.location or shop.primary_location.id
        stock.take_back(world, shop, variant.item.id, place, shipped)
        part.location_id = place


def open_return(
    world: World,
    shop: Shop,
    number: int,
    wishes: Sequence[tuple[int, int]],
    *,
    requested: bool = False,
    reason: str = "unknown",
    customer_note: str = "",
) -> Return:
    """A merchant opens a return of shipped units (fulfilment line, units); or a shopper has requested it."""
    order = find(shop, number)
    lines = {line.id: line for one in order.fulfillments if one.status == "SUCCESS" for line in one.lines}
    for index, (line, quantity) in enumerate(wishes):
        if line not in lines:
            raise UnknownRecord(
                "Fulfillment line item does not exist",
                field=["returnInput", "returnLineItems", str(index), "fulfillmentLineItemId"],
                code="NOT_FOUND",
            )
        returned = sum(
            part.quantity
            for held in order.returns
            if held.status not in ("DECLINED", "CANCELED")
            for part in held.lines
            if part.fulfillment_line_id == line
        )
        if quantity < 1 or quantity > lines[line].quantity - returned:
            raise NotAllowed(
                "Return line item has an invalid quantity",
                field=["returnInput", "returnLineItems", str(index), "quantity"],
                code="INVALID",
            )
    now = world.clock.now()
    parts = [ReturnLine(world.ids(), line, quantity, reason, customer_note) for line, quantity in wishes]
    made = Return(world.ids(), order.id, f"{order.name}-R{len(order.returns) + 1}", parts, now)
    made.status = "REQUESTED" if requested else "OPEN"
    order.returns.append(made)
    note(world, order, f"Return {made.name} {'requested' if requested else 'opened'}")
    _tell_of_return(world, shop, order, made, "returns/request" if requested else "returns/approve")
    return made


def return_of_lines(shop: Shop, number: int, quantities: Mapping[int, int]) -> list[tuple[int, int]]:
    """Shipped units of line items (id → quantity) as fulfilment lines. Raises NotAllowed where fewer have left."""
    order, found = find(shop, number), []
    for item, wanted in quantities.items():
        for line in (line for one in order.fulfillments if one.status == "SUCCESS" for line in one.lines):
            count = min(wanted, line.quantity) if line.line_item_id == item else 0
            if count:
                found.append((line.id, count))
                wanted -= count
        if wanted:
            raise NotAllowed("These units have not been fulfilled")
    return found


def answer_return(
    world: World, shop: Shop, number: int, *, accept: bool, reason: str = "OTHER", words: str = ""
) -> Return:
    """A merchant, or an app, answers a shopper's request. Raises UnknownRecord, NotAllowed."""
    order, held = find_return(shop, number)
    if held.status != "REQUESTED":
        raise NotAllowed("Return is not in a requested state", field=["input", "id"], code="INVALID_STATE")
    now = world.clock.now()
    if accept:
        held.status, held.approved_at = "OPEN", now
    else:
        held.status, held.decline = "DECLINED", (reason, words)
    note(world, order, f"Return {held.name} {'approved' if accept else 'declined'}")
    _tell_of_return(world, shop, order, held, "returns/approve" if accept else "returns/decline")
    return held


def end_return(world: World, shop: Shop, number: int, *, status: str) -> Return:
    """It is CLOSED, all being settled, or CANCELED. Raises UnknownRecord, NotAllowed."""
    order, held = find_return(shop, number)
    if held.status != "OPEN" and not (status == "CANCELED" and held.status == "REQUESTED"):
        raise NotAllowed("Return is not open", field=["id"], code="INVALID_STATE")
    held.status, held.closed_at = status, world.clock.now()
    note(world, order, f"Return {held.name} {status.lower()}")
    _tell_of_return(world, shop, order, held, "returns/close" if status == "CLOSED" else "returns/cancel")
    return held


def find_return(shop: Shop, number: int) -> tuple[Order, Return]:
    """A return by its id, with its order. Raises UnknownRecord."""
    for order in shop.orders.values():
        for held in order.returns:
            if held.id == number:
                return order, held
    raise UnknownRecord("Return does not exist", field=["id"], code="NOT_FOUND")


def _tell_of_return(world: World, shop: Shop, order: Order, held: Return, topic: str) -> None:
    order_id = {"id": order.id, "admin_graphql_api_id": gid("Order", order.id)}
    world.courier.publish(
        shop,
        topic,
        lambda: {
            "id": held.id,
            "admin_graphql_api_id": gid("Return", held.id),
            "name": held.name,
            "status": held.status.lower(),
            "order": order_id,
        },
    )


def note(world: World, order: Order, text: str) -> None:
    """Write into the order's timeline; the order counts as updated."""
    order.updated_at = world.clock.now()
    order.timeline.append(TimelineEntry(order.updated_at, text))


def publish(world: World, shop: Shop, order: Order, topic: str) -> None:
    """Tell subscribers of an order."""
    url = world.config.public_url or ""
    world.courier.publish(shop, topic, lambda: payloads.order(shop, order, url))
