"""Fulfilments: what left, with tracking numbers and a parcel's progress."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.simulators.shopify import commerce, fulfilling, stock
from tests.simulators.shopify.records import (
    Fulfillment,
    FulfillmentEvent,
    FulfillmentLine,
    FulfillmentOrder,
    FulfillmentOrderLine,
    Order,
    Tracking,
)
from tests.simulators.shopify.refusals import NotAllowed, UnknownRecord
from tests.simulators.shopify.routing import form
from tests.simulators.shopify.shop import Shop
from tests.simulators.shopify.webhooks import payloads

if TYPE_CHECKING:
    from tests.simulators.shopify.world import World

#: Carriers whose tracking pages Shopify knows.
_TRACKING_PAGES = {
    "UPS": "https://www.ups.com/WebTracking?loc=en_US&requester=ST&trackNums={}",
    "USPS": "https://tools.usps.com/go/TrackConfirmAction.action?tLabels={}",
    "FedEx": "https://www.fedex.com/fedextrack/?trknbr={}",
    "DHL Express": "https://www.dhl.com/en/express/tracking.html?AWB={}&brand=DHL",
    "Royal Mail": "https://www.royalmail.com/track-your-item#/tracking-results/{}",
    "InPost": "https://inpost.pl/sledzenie-przesylek?number={}",
}
_FIELD = ("fulfillment",)


@dataclass(frozen=True, slots=True)
class Part:
    """What of a fulfilment order leaves: (line, units), or all that remains."""

    fulfillment_order: int
    lines: Sequence[tuple[int, int]] | None


def find(shop: Shop, number: int) -> Fulfillment:
    """A fulfilment by its id. Raises UnknownRecord."""
    found = shop.fulfillments.get(number)
    if found is None:
        raise UnknownRecord("Fulfillment does not exist.", field=["id"])
    return found


def fulfil(world: World, shop: Shop, parts: Sequence[Part], tracking: Sequence[Tracking]) -> Fulfillment:
    """Ship units of fulfilment orders of one order at one location."""
    chosen = [(fulfilling.find(shop, part.fulfillment_order), part) for part in parts]
    _check_together([one for one, _ in chosen])
    units = [(one, line, count) for one, part in chosen for line, count in _units(one, part)]
    if not units:
        raise NotAllowed("At least one fulfillment order line item must be fulfilled.", field=_FIELD)
    first = chosen[0][0]
    order = shop.orders[first.order_id]
    now = world.clock.now()
    made = Fulfillment(
        id=world.ids(),
        order_id=order.id,
        name=f"{order.name}-F{len(order.fulfillments) + 1}",
        location_id=first.location_id,
        lines=[FulfillmentLine(world.ids(), line.line_item_id, count, line.id) for _, line, count in units],
        created_at=now,
        updated_at=now,
        tracking=list(tracking),
    )
    order.fulfillments.append(made)
    shop.fulfillments[made.id] = made
    for one, line, count in units:
        line.remaining -= count
        _ship(world, shop, order, line, one.location_id, count)
    for one, _ in chosen:
        one.status = "IN_PROGRESS" if any(line.remaining for line in one.lines) else "CLOSED"
        one.updated_at = now
    numbers = ", ".join(one.number for one in tracking if one.number)
    commerce.note(world, order, f"Fulfilled {sum(count for *_, count in units)} items. {numbers}".strip())
    world.courier.publish(shop, "fulfillments/create", lambda: payloads.fulfillment(shop, order, made))
    whole = order.fulfillment_status == "FULFILLED"
    commerce.publish(world, shop, order, "orders/fulfilled" if whole else "orders/partially_fulfilled")
    commerce.publish(world, shop, order, "orders/updated")
    return made


def _check_together(chosen: Sequence[FulfillmentOrder]) -> None:
    if not chosen:
        raise NotAllowed("At least one fulfillment order must be given.", field=_FIELD)
    if len({one.order_id for one in chosen}) > 1:
        raise NotAllowed("All fulfillment orders must belong to the same order.", field=_FIELD)
    if len({one.location_id for one in chosen}) > 1:
        raise NotAllowed("All fulfillment orders must be assigned to a single location.", field=_FIELD)
    for one in chosen:
        if one.status not in ("OPEN", "IN_PROGRESS"):
            raise NotAllowed(
                f"Fulfillment order {one.id} has an unfulfillable status= {one.status.lower()}.", field=_FIELD
            )
        if one.request_status in ("SUBMITTED", "CANCELLATION_REQUESTED"):
            raise NotAllowed(
                f"Fulfillment order {one.id} has an unfulfillable request status= {one.request_status.lower()}.",
                field=_FIELD,
            )


def _units(one: FulfillmentOrder, part: Part) -> list[tuple[FulfillmentOrderLine, int]]:
    if not part.lines:
        return [(line, line.remaining) for line in one.lines if line.remaining]
    units: list[tuple[FulfillmentOrderLine, int]] = []
    for number, count in part.lines:
        line = fulfilling.line_of(one, number)
        if count < 1 or count > line.remaining:
            raise NotAllowed("Invalid fulfillment order line item quantity requested.", field=_FIELD)
        units.append((line, count))
    return units


def _ship(world: World, shop: Shop, order: Order, line: FulfillmentOrderLine, location: int, count: int) -> None:
    item = order.line(line.line_item_id)
    assert item is not None
    item.fulfilled += count
    variant = shop.variants.get(item.variant_id or 0)
    if variant is not None:
        stock.ship(world, shop, variant.item.id, location, count)


def tracking_of(given: Mapping[str, object]) -> list[Tracking]:
    """Tracking from the API's input: one number and address, or several of each, not mixed."""
    company = str(given["company"]) if given.get("company") else None
    single = given.get("number") is not None or given.get("url") is not None
    several = given.get("numbers") is not None or given.get("urls") is not None
    if single and several:
        raise NotAllowed("Use either number and url, or numbers and urls.", field=["fulfillment", "trackingInfo"])
    numbers = list(given.get("numbers") or []) if several else [given.get("number")]  # type: ignore[call-overload]
    urls = list(given.get("urls") or []) if several else [given.get("url")]  # type: ignore[call-overload]
    count = max(len(numbers), len(urls))
    pairs = zip(numbers + [None] * (count - len(numbers)), urls + [None] * (count - len(urls)), strict=True)
    return [
        Tracking(_text(number), _text(url) or tracking_page(company, _text(number)), company)
        for number, url in pairs
        if number or url
    ]


def tracking_page(company: str | None, number: str | None) -> str | None:
    """Where a parcel of a carrier that Shopify knows can be followed."""
    page = _TRACKING_PAGES.get(company or "")
    return page.format(number) if page and number else None


def update_tracking(world: World, shop: Shop, number: int, tracking: Sequence[Tracking]) -> Fulfillment:
    """Replace the tracking of a fulfilment."""
    found = find(shop, number)
    if found.status == "CANCELLED":
        raise NotAllowed("Fulfillment is cancelled.", field=["fulfillmentId"])
    found.tracking = list(tracking)
    order = _touch(world, shop, found, "Tracking updated")
    world.courier.publish(shop, "fulfillments/update", lambda: payloads.fulfillment(shop, order, found))
    return found


def cancel(world: World, shop: Shop, number: int) -> Fulfillment:
    """Undo a fulfilment: its units are added to what remains of its fulfilment orders; where those are closed, they
    become a new one."""
    found = find(shop, number)
    if found.status == "CANCELLED":
        raise NotAllowed("Fulfillment is already cancelled.", field=["id"])
    found.status = "CANCELLED"
    order = _touch(world, shop, found, f"Fulfillment {found.name} canceled")
    by_line = {line.id: (one, line) for one in order.fulfillment_orders for line in one.lines}
    again: list[tuple[int, int]] = []
    for part in found.lines:
        one, line = by_line[part.fulfillment_order_line_id]
        _ship(world, shop, order, line, one.location_id, -part.quantity)
        if one.status == "CLOSED":
            again.append((line.line_item_id, part.quantity))
        else:
            line.remaining += part.quantity
    if again:
        form(world, shop, order, found.location_id, again)
    world.courier.publish(shop, "fulfillments/update", lambda: payloads.fulfillment(shop, order, found))
    commerce.publish(world, shop, order, "orders/updated")
    return found


def add_event(world: World, shop: Shop, number: int, event: FulfillmentEvent) -> FulfillmentEvent:
    """Tell of a parcel's progress."""
    found = find(shop, number)
    found.events.append(event)
    found.events.sort(key=lambda one: one.happened_at)
    order = _touch(world, shop, found, f"{found.name}: {event.status.replace('_', ' ').lower()}")
    world.courier.publish(shop, "fulfillments/update", lambda: payloads.fulfillment(shop, order, found))
    return event


def display_status(one: Fulfillment) -> str:
    """The status that the admin shows for a fulfilment."""
    if one.status == "CANCELLED":
        return "CANCELED"
    return one.events[-1].status if one.events else "FULFILLED"


def _touch(world: World, shop: Shop, one: Fulfillment, text: str) -> Order:
    order = shop.orders[one.order_id]
    commerce.note(world, order, text)
    one.updated_at = order.updated_at
    return order


def _text(value: object) -> str | None:
    return str(value) if value else None
