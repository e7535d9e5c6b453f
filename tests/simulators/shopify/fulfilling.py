"""Fulfilment orders: requested, accepted, held, moved, cancelled, and shipped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from tests.simulators.shopify import commerce, stock
from tests.simulators.shopify.gid import gid
from tests.simulators.shopify.records import (
    FulfillmentOrder,
    FulfillmentOrderLine,
    Hold,
    MerchantRequest,
    Order,
)
from tests.simulators.shopify.refusals import NotAllowed, UnknownRecord
from tests.simulators.shopify.routing import form
from tests.simulators.shopify.shop import Shop
from tests.simulators.shopify.webhooks import payloads

if TYPE_CHECKING:
    from tests.simulators.shopify.world import World

_MOST_HOLDS = 10
_LONGEST_HANDLE = 64
_LONGEST_NOTES = 256
_REQUESTABLE = frozenset({"UNSUBMITTED", "REJECTED", "CANCELLATION_ACCEPTED"})


@dataclass(frozen=True, slots=True)
class Submitted:
    """What became of a fulfilment order when a part of it was requested."""

    original: FulfillmentOrder
    submitted: FulfillmentOrder
    unsubmitted: FulfillmentOrder | None


def find(shop: Shop, number: int) -> FulfillmentOrder:
    """A fulfilment order by its id. Raises UnknownRecord."""
    found = shop.fulfillment_orders.get(number)
    if found is None:
        raise UnknownRecord("Fulfillment order does not exist.", field=["id"], code="FULFILLMENT_ORDER_NOT_FOUND")
    return found


def submit_request(
    world: World,
    shop: Shop,
    number: int,
    *,
    items: Sequence[tuple[int, int]] | None = None,
    message: str | None = None,
    notify_customer: bool = False,
) -> Submitted:
    """The merchant asks the service to ship all of it, or some units of lines; the rest is split off."""
    one = find(shop, number)
    if shop.service_of(one.location_id) is None:
        raise NotAllowed("Fulfillment order is not assigned to a fulfillment service.", field=["id"])
    if one.status != "OPEN" or one.request_status not in _REQUESTABLE:
        raise NotAllowed("Cannot request fulfillment for the fulfillment order.", field=["id"])
    rest = split(world, shop, one, items) if items else None
    request = _request(world, one, "FULFILLMENT_REQUEST", message, notify_customer)
    one.request_status = "SUBMITTED"
    _touch(world, shop, one, f"Fulfillment requested from {_service_name(shop, one)}")
    _tell(
        world,
        shop,
        "fulfillment_request_submitted",
        lambda: {
            "original_fulfillment_order": payloads.fulfillment_order(one),
            "submitted_fulfillment_order": payloads.fulfillment_order(one),
            "fulfillment_order_merchant_request": _request_payload(request),
        },
    )
    _call_back(world, shop, one, "FULFILLMENT_REQUEST")
    return Submitted(one, one, rest)


def accept_request(
    world: World, shop: Shop, number: int, *, message: str | None, ships_at: datetime | None
) -> FulfillmentOrder:
    """The service will ship."""
    one = find(shop, number)
    if one.request_status != "SUBMITTED":
        raise NotAllowed("Cannot accept fulfillment request for the fulfillment order.", field=["id"])
    one.status, one.request_status, one.fulfill_at = "IN_PROGRESS", "ACCEPTED", ships_at or one.fulfill_at
    _answer(one, message)
    _touch(world, shop, one, f"{_service_name(shop, one)} accepted the fulfillment request")
    _tell(world, shop, "fulfillment_request_accepted", lambda: _named(one, message))
    return one


def reject_request(
    world: World, shop: Shop, number: int, *, message: str | None, reason: str | None
) -> FulfillmentOrder:
    """The service will not ship; the merchant can ask again."""
    one = find(shop, number)
    if one.request_status != "SUBMITTED":
        raise NotAllowed("Cannot reject fulfillment request for the fulfillment order.", field=["id"])
    one.status, one.request_status = "OPEN", "REJECTED"
    _answer(one, message)
    said = ": ".join(part for part in (reason, message) if part)
    _touch(world, shop, one, f"{_service_name(shop, one)} rejected the fulfillment request. {said}".strip())
    _tell(world, shop, "fulfillment_request_rejected", lambda: _named(one, message))
    return one


def submit_cancellation(world: World, shop: Shop, number: int, *, message: str | None = None) -> FulfillmentOrder:
    """The merchant asks the service to stop."""
    one = find(shop, number)
    if one.request_status not in ("SUBMITTED", "ACCEPTED", "CANCELLATION_REJECTED"):
        raise NotAllowed("Cannot request cancellation for the fulfillment order.", field=["id"])
    request = _request(world, one, "CANCELLATION_REQUEST", message, False)
    one.request_status = "CANCELLATION_REQUESTED"
    _touch(world, shop, one, f"Cancellation requested from {_service_name(shop, one)}")
    _tell(
        world,
        shop,
        "cancellation_request_submitted",
        lambda: {
            "fulfillment_order": payloads.fulfillment_order(one),
            "fulfillment_order_merchant_request": _request_payload(request),
        },
    )
    _call_back(world, shop, one, "CANCELLATION_REQUEST")
    return one


def accept_cancellation(world: World, shop: Shop, number: int, *, message: str | None) -> FulfillmentOrder:
    """The service stopped: its fulfilment order is cancelled, and what is still wanted can be requested anew."""
    one = find(shop, number)
    if one.request_status != "CANCELLATION_REQUESTED":
        raise NotAllowed("Cannot accept cancellation request for the fulfillment order.", field=["id"])
    one.status, one.request_status = "CANCELLED", "CANCELLATION_ACCEPTED"
    _answer(one, message)
    _touch(world, shop, one, f"{_service_name(shop, one)} accepted the cancellation request")
    _replace(world, shop, one)
    _tell(world, shop, "cancellation_request_accepted", lambda: _named(one, message))
    return one


def reject_cancellation(world: World, shop: Shop, number: int, *, message: str | None) -> FulfillmentOrder:
    """The service ships all the same."""
    one = find(shop, number)
    if one.request_status != "CANCELLATION_REQUESTED":
        raise NotAllowed("Cannot reject cancellation request for the fulfillment order.", field=["id"])
    one.status, one.request_status = "IN_PROGRESS", "CANCELLATION_REJECTED"
    _answer(one, message)
    _touch(world, shop, one, f"{_service_name(shop, one)} rejected the cancellation request")
    _tell(world, shop, "cancellation_request_rejected", lambda: _named(one, message))
    return one


def close(world: World, shop: Shop, number: int, *, message: str | None) -> FulfillmentOrder:
    """The service gives up on what is left."""
    one = find(shop, number)
    if one.status != "IN_PROGRESS":
        raise NotAllowed("Fulfillment order must be in progress to be marked as incomplete.", field=["id"])
    one.status, one.request_status = "INCOMPLETE", "CLOSED"
    _touch(world, shop, one, f"{_service_name(shop, one)} closed the fulfillment order. {message or ''}".strip())
    _replace(world, shop, one)
    _tell(world, shop, "fulfillment_service_failed_to_complete", lambda: _named(one, message))
    return one


def report_progress(world: World, shop: Shop, number: int, notes: str | None) -> FulfillmentOrder:
    """Whoever ships it says how it goes on. A service may say so of what it has accepted alone."""
    one = find(shop, number)
    of_service = shop.service_of(one.location_id) is not None
    if one.status != "IN_PROGRESS" and (of_service or one.status != "OPEN"):
        raise NotAllowed(
            "Progress can't be reported for the fulfillment order.",
            field=["id"],
            code="FULFILLMENT_ORDER_STATUS_INVALID",
        )
    if notes is not None and len(notes) > _LONGEST_NOTES:
        raise NotAllowed(
            "Reason notes is too long (maximum is 256 characters)", field=["progressReport", "reasonNotes"]
        )
    before, one.status = one.status, "IN_PROGRESS"
    one.progress.append(notes or "")
    _touch(world, shop, one, f"{_service_name(shop, one)} reported progress. {notes or ''}".strip())
    _tell(
        world,
        shop,
        "progress_reported",
        lambda: {
            "fulfillment_order": payloads.fulfillment_order(one, with_request=False),
            "initial_status": before.lower(),
            "progress_report": {"reason_notes": notes},
        },
    )
    return one


@dataclass(frozen=True, slots=True)
class Held:
    """A fulfilment order that waits, why, and what was split off from it."""

    one: FulfillmentOrder
    hold: Hold
    rest: FulfillmentOrder | None


def put_on_hold(
    world: World,
    shop: Shop,
    number: int,
    *,
    reason: str,
    notes: str | None,
    handle: str | None,
    items: Sequence[tuple[int, int]] | None = None,
    by_app: bool = True,
) -> Held:
    """Make it wait. ``handle`` keeps one app from holding twice for the same thing."""
    one = find(shop, number)
    if one.status not in ("OPEN", "ON_HOLD", "SCHEDULED"):
        raise NotAllowed("The fulfillment order is not in a holdable state.", field=["id"])
    if handle is not None and len(handle) > _LONGEST_HANDLE:
        raise NotAllowed("Handle is too long (maximum is 64 characters)", field=["fulfillmentHold", "handle"])
    if any(hold.by_app == by_app and hold.handle == handle for hold in one.holds):
        raise NotAllowed(
            "The handle provided for the fulfillment hold is already in use by this app for another hold on this "
            "fulfillment order.",
            field=["fulfillmentHold", "handle"],
            code="DUPLICATE_FULFILLMENT_HOLD_HANDLE",
        )
    if len(one.holds) >= _MOST_HOLDS:
        raise NotAllowed(
            "The maximum number of fulfillment holds for this fulfillment order has been reached.",
            field=["id"],
            code="FULFILLMENT_ORDER_HOLD_LIMIT_REACHED",
        )
    rest = split(world, shop, one, items) if items else None
    made = Hold(world.ids(), reason, notes, handle, by_app)
    one.holds.append(made)
    one.status = "ON_HOLD"
    _touch(world, shop, one, f"Fulfillment put on hold ({reason.lower()})")
    _tell(
        world,
        shop,
        "placed_on_hold",
        lambda: {
            "fulfillment_order": {
                **payloads.fulfillment_order(one, with_request=False),
                "fulfillment_holds": [payloads.hold(hold, world.app_id) for hold in one.holds],
            },
            "remaining_fulfillment_order": payloads.fulfillment_order(rest, with_request=False) if rest else None,
            "created_fulfillment_hold": payloads.hold(made, world.app_id),
        },
    )
    return Held(one, made, rest)


def release_holds(world: World, shop: Shop, number: int, holds: Sequence[int] | None) -> FulfillmentOrder:
    """Let it go on: all holds, or some."""
    one = find(shop, number)
    if not one.holds:
        raise NotAllowed("The fulfillment order is not on hold.", field=["id"])
    one.holds = [] if holds is None else [hold for hold in one.holds if hold.id not in holds]
    if not one.holds:
        one.status = "OPEN"
        _touch(world, shop, one, "Fulfillment hold released")
        _tell(
            world,
            shop,
            "hold_released",
            lambda: {"fulfillment_order": payloads.fulfillment_order(one, with_request=False)},
        )
    return one


@dataclass(frozen=True, slots=True)
class Moved:
    """Where a fulfilment order went, and what stayed."""

    original: FulfillmentOrder
    moved: FulfillmentOrder
    rest: FulfillmentOrder | None


def move(world: World, shop: Shop, number: int, location: int, items: Sequence[tuple[int, int]] | None) -> Moved:
    """Let another location ship it. Not while a service has been asked or works on it."""
    one = find(shop, number)
    if one.status not in ("OPEN", "SCHEDULED", "ON_HOLD") or one.request_status in (
        "SUBMITTED",
        "ACCEPTED",
        "CANCELLATION_REQUESTED",
    ):
        raise NotAllowed("Cannot change location for the fulfillment order.", field=["id"])
    if location not in shop.locations or not shop.locations[location].is_active:
        raise UnknownRecord("Location does not exist.", field=["newLocationId"])
    rest = split(world, shop, one, items) if items else None
    source, order = one.location_id, shop.orders[one.order_id]
    for line in one.lines:
        variant = shop.variants.get((bought.variant_id or 0) if (bought := order.line(line.line_item_id)) else 0)
        if variant is not None:
            stock.release(world, shop, variant.item.id, source, line.remaining)
            stock.commit(world, shop, variant.item.id, location, line.remaining)
    one.location_id, one.request_status = location, "UNSUBMITTED"
    _touch(world, shop, one, f"Moved to {shop.locations[location].name}")
    _tell(
        world,
        shop,
        "moved",
        lambda: {
            "original_fulfillment_order": {
                **payloads.fulfillment_order(rest or one, with_request=False),
                "assigned_location_id": gid("Location", source),
            },
            "moved_fulfillment_order": {
                **payloads.fulfillment_order(one, with_request=False),
                "assigned_location_id": gid("Location", location),
            },
            "destination_location_id": gid("Location", location),
            "fulfillment_order_line_items_requested": [
                {"id": gid("FulfillmentOrderLineItem", line.id), "quantity": line.total} for line in one.lines
            ],
            "source_location": {"id": gid("Location", source)},
        },
    )
    return Moved(rest or one, one, rest)


def split(world: World, shop: Shop, one: FulfillmentOrder, items: Sequence[tuple[int, int]]) -> FulfillmentOrder | None:
    """Leave only the named units (line, units) in the fulfilment order; the rest becomes one of its own.
    None when nothing is left over."""
    kept = dict(items)
    for number, quantity in kept.items():
        line = line_of(one, number)
        if quantity < 1 or quantity > line.remaining:
            raise NotAllowed("Invalid fulfillment order line item quantity requested.", field=["id"])
    left = [(line.line_item_id, line.remaining - kept.get(line.id, 0)) for line in one.lines]
    left = [(line, count) for line, count in left if count > 0]
    if not left:
        return None
    one.lines = [line for line in one.lines if line.id in kept]
    for line in one.lines:
        line.total = line.remaining = kept[line.id]
    rest = form(world, shop, shop.orders[one.order_id], one.location_id, left)
    _tell(
        world,
        shop,
        "split",
        lambda: {
            "fulfillment_order": payloads.fulfillment_order(one, with_request=False),
            "remaining_fulfillment_order": payloads.fulfillment_order(rest, with_request=False),
            "split_line_items": [
                {"id": gid("FulfillmentOrderLineItem", line.id), "quantity": line.total} for line in one.lines
            ],
        },
    )
    return rest


def line_of(one: FulfillmentOrder, number: int) -> FulfillmentOrderLine:
    """A line of a fulfilment order. Raises UnknownRecord."""
    found = next((line for line in one.lines if line.id == number), None)
    if found is None:
        raise UnknownRecord("Fulfillment order line item does not exist.", field=["id"])
    return found


def supported_actions(shop: Shop, one: FulfillmentOrder) -> list[str]:
    """What can be done next, as the API lists it."""
    if one.status == "ON_HOLD":
        return ["RELEASE_HOLD", "HOLD", "MOVE"]
    if one.status not in ("OPEN", "IN_PROGRESS"):
        return []
    if shop.service_of(one.location_id) is None:
        return ["CREATE_FULFILLMENT", "REPORT_PROGRESS", "MOVE", "HOLD", "SPLIT"]
    if one.request_status in _REQUESTABLE:
        return ["REQUEST_FULFILLMENT", "CREATE_FULFILLMENT", "MOVE", "HOLD", "SPLIT"]
    if one.request_status in ("ACCEPTED", "CANCELLATION_REJECTED"):
        return ["CREATE_FULFILLMENT", "REPORT_PROGRESS", "REQUEST_CANCELLATION"]
    return ["CANCEL_FULFILLMENT_ORDER"] if one.request_status == "SUBMITTED" else []


def _replace(world: World, shop: Shop, one: FulfillmentOrder) -> None:
    order = shop.orders[one.order_id]
    left = [(line.line_item_id, line.remaining) for line in one.lines if line.remaining]
    if left and order.cancelled_at is None:
        form(world, shop, order, one.location_id, left)
    for line in one.lines:
        line.total -= line.remaining
        line.remaining = 0


def _request(
    world: World, one: FulfillmentOrder, kind: str, message: str | None, notify_customer: bool
) -> MerchantRequest:
    request = MerchantRequest(world.ids(), kind, message, world.clock.now(), notify_customer)
    one.requests.append(request)
    return request


def _answer(one: FulfillmentOrder, message: str | None) -> None:
    if one.requests:
        one.requests[-1].response = message


def _request_payload(request: MerchantRequest) -> dict[str, Any]:
    return {"id": gid("FulfillmentOrderMerchantRequest", request.id), "message": request.message}


def _named(one: FulfillmentOrder, message: str | None) -> dict[str, Any]:
    return {"fulfillment_order": payloads.fulfillment_order(one), "message": message}


def _service_name(shop: Shop, one: FulfillmentOrder) -> str:
    return shop.locations[one.location_id].name


def _touch(world: World, shop: Shop, one: FulfillmentOrder, text: str) -> Order:
    order = shop.orders[one.order_id]
    commerce.note(world, order, text)
    one.updated_at = order.updated_at
    return order


def _tell(world: World, shop: Shop, event: str, build: Callable[[], Mapping[str, Any]]) -> None:
    world.courier.publish(shop, f"fulfillment_orders/{event}", build)


def _call_back(world: World, shop: Shop, one: FulfillmentOrder, kind: str) -> None:
    """Services with a callback address are told by a signed POST, which is not tried again."""
    service = shop.service_of(one.location_id)
    if service is not None and service.callback_url:
        address = f"{service.callback_url.rstrip('/')}/fulfillment_order_notification"
        world.courier.send(shop, "", address, orjson.dumps({"kind": kind}), retries=0)
