"""Fulfilment orders, fulfilments and their events.

https://shopify.dev/docs/apps/build/orders-fulfillment/fulfillment-service-apps: the merchant (or we on its behalf)
requests, we accept, and only then fulfil.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.adapters.stores.shopify.client import AdminClient
from app.kit import clock
from app.kit.errors import Rejected
from app.stores.parcels import FulfillmentOrderRef, OrderNote, TrackingPush, UnsentUnits
from app.stores.platform import StoreAccess

_REQUEST_STATES = {
    "SUBMITTED": "requested",
    "ACCEPTED": "accepted",
    "CANCELLATION_REQUESTED": "accepted",
    # A refused cancellation leaves the work accepted.
    "CANCELLATION_REJECTED": "accepted",
}
_CANCELLED_FULFILLMENTS = frozenset({"CANCELLED", "ERROR", "FAILURE"})


def _state(status: str, request_status: str) -> str:
    if status in ("CLOSED", "INCOMPLETE"):
        return "closed"
    if status == "CANCELLED":
        return "cancelled"
    if status == "ON_HOLD":
        return "held"
    return _REQUEST_STATES.get(request_status, "open")


def fulfillment_orders(client: AdminClient, access: StoreAccess, order_id: str) -> Sequence[FulfillmentOrderRef]:
    """The order's fulfilment orders, by location."""
    order = client.call(access, "fulfillment_orders", {"id": order_id})["order"]
    if order is None:
        return []
    found = []
    for node in order["fulfillmentOrders"]["nodes"]:
        location = (node.get("assignedLocation") or {}).get("location")
        if location is not None:
            found.append(
                FulfillmentOrderRef(
                    external_id=node["id"],
                    location_id=location["id"],
                    state=_state(node["status"], node["requestStatus"]),
                    of_merchant=not location["isFulfillmentService"],
                )
            )
    return found


def unsent_units(client: AdminClient, access: StoreAccess, order_id: str) -> Sequence[UnsentUnits]:
    """Fulfilment orders that the app's permissions do not reach are not in the answer."""
    found = []
    for ref in fulfillment_orders(client, access, order_id):
        if ref.state in ("closed", "cancelled"):
            continue
        order = client.call(access, "fulfillment_order", {"id": ref.external_id})["fulfillmentOrder"]
        lines = () if order is None else _all_lines(client, access, order)
        units = {node["lineItem"]["id"]: node["remainingQuantity"] for node in lines if node["remainingQuantity"]}
        if units:
            found.append(UnsentUnits(order=ref, lines=units))
    return found


def accept(client: AdminClient, access: StoreAccess, order: FulfillmentOrderRef) -> None:
    """Request and accept. When another did either meanwhile, what the store says counts. Raises ``Rejected``, with the
    code ``held`` where the store lets it wait."""
    state = order.state
    if state == "open":
        state = _moved(client, access, "fulfillment_order_submit_request", order.external_id)
    if state == "requested":
        state = _moved(client, access, "fulfillment_order_accept_request", order.external_id)
    if state == "held":
        raise Rejected("held", "The store lets the fulfilment order wait.")
    if state not in ("accepted", "closed"):
        raise Rejected("not_accepted", f"The store left the fulfilment order {state}.")


def _moved(client: AdminClient, access: StoreAccess, name: str, fulfillment_order_id: str) -> str:
    """The state in which a mutation leaves a fulfilment order: its answer tells, unless it was refused."""
    answer = next(iter(client.call(access, name, {"id": fulfillment_order_id}).values()))
    order = answer.get("submittedFulfillmentOrder") or answer.get("fulfillmentOrder")
    if answer["userErrors"] or order is None or order["id"] != fulfillment_order_id:
        return _current_state(client, access, fulfillment_order_id)
    return _state(order["status"], order["requestStatus"])


def _answer(
    client: AdminClient, access: StoreAccess, name: str, variables: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    data = client.call(access, name, variables)
    errors: list[Mapping[str, Any]] = next(iter(data.values()))["userErrors"]
    return errors


def _current_state(client: AdminClient, access: StoreAccess, fulfillment_order_id: str) -> str:
    order = client.call(access, "fulfillment_order_state", {"id": fulfillment_order_id})["fulfillmentOrder"]
    return "cancelled" if order is None else _state(order["status"], order["requestStatus"])


def report_progress(client: AdminClient, access: StoreAccess, note: OrderNote) -> None:
    """Say how what our location has to send goes on. A service may say so once it has accepted it, which is done where
    it was not yet."""
    places = fulfillment_orders(client, access, note.external_order_id)
    if not places:
        raise Rejected("not_decided", "The store has not decided yet who sends it.")
    ours = [one for one in places if one.location_id == note.location_id and one.state not in ("closed", "cancelled")]
    if not ours:
        raise Rejected("not_open", "Nothing of it is left to be sent in the store.")
    # What the store has split into several is one to us: the note goes to what does not wait.
    ours.sort(key=lambda one: one.state == "held")
    accept(client, access, ours[0])
    wanted = {"id": ours[0].external_id, "report": {"reasonNotes": note.text}}
    errors = _answer(client, access, "fulfillment_order_report_progress", wanted)
    if errors:
        gone = errors[0]["code"] == "FULFILLMENT_ORDER_STATUS_INVALID"
        raise Rejected("not_open" if gone else "not_noted", errors[0]["message"])


def answer_cancellation(
    client: AdminClient, access: StoreAccess, fulfillment_order_id: str, *, accept: bool, message: str
) -> None:
    """Answer; when there is no request any more, somebody has answered it."""
    name = "fulfillment_order_accept_cancellation" if accept else "fulfillment_order_reject_cancellation"
    errors = _answer(client, access, name, {"id": fulfillment_order_id, "message": message})
    if not errors:
        return
    order = client.call(access, "fulfillment_order_state", {"id": fulfillment_order_id})["fulfillmentOrder"]
    if order is not None and order["requestStatus"] == "CANCELLATION_REQUESTED":
        raise Rejected("cancellation", errors[0]["message"])


def push_tracking(client: AdminClient, access: StoreAccess, parcel: TrackingPush) -> str:
    """Make the parcel's fulfilment, of one or several fulfilment orders at its location. A fulfilment with its number
    that is no other parcel's is this one: a lost answer makes no second one, also where the number was corrected since.
    Raises ``Rejected`` when the store wants fewer units than the parcel holds, with the code ``held`` when it lets some
    of them wait."""
    order = client.call(access, "fulfillment_order", {"id": parcel.fulfillment_order_id})["fulfillmentOrder"]
    if order is None:
        raise Rejected("elsewhere", "The order's fulfilment no longer exists in the store.")
    found = [_Held(order, _all_lines(client, access, order))]
    made = _made(order, parcel)
    if made is None and _short(parcel, found):
        found += _beside(client, access, order)
        made = next((one for held in found if (one := _made(held.order, parcel)) is not None), None)
    if made is not None:
        change_tracking(client, access, made, parcel)
        return made
    parts = _parts(parcel, found)
    for held in found[1:]:
        if held.ref is not None and not held.ref.of_merchant and held.order["id"] in parts:
            accept(client, access, held.ref)
    answer = client.call(
        access,
        "fulfillment_create",
        {
            "fulfillment": {
                "notifyCustomer": parcel.notify_shopper,
                "trackingInfo": _tracking(parcel),
                "lineItemsByFulfillmentOrder": [
                    {"fulfillmentOrderId": order_id, "fulfillmentOrderLineItems": lines}
                    for order_id, lines in parts.items()
                ],
            }
        },
    )["fulfillmentCreate"]
    if answer["userErrors"]:
        raise Rejected("fulfillment", answer["userErrors"][0]["message"])
    return str(answer["fulfillment"]["id"])


def change_tracking(client: AdminClient, access: StoreAccess, fulfillment_id: str, parcel: TrackingPush) -> None:
    """Replace carrier and number, unless they are there. Raises ``Rejected`` when the fulfilment was cancelled."""
    fulfillment = client.call(access, "fulfillment", {"id": fulfillment_id})["fulfillment"]
    if fulfillment is None or fulfillment["status"] in _CANCELLED_FULFILLMENTS:
        raise Rejected("fulfillment_gone", "The parcel's fulfilment was cancelled in the store.")
    if any(
        entry["number"] == parcel.tracking_number and entry["company"] == parcel.carrier
        for entry in fulfillment["trackingInfo"]
    ):
        return
    wanted = {"id": fulfillment_id, "tracking": _tracking(parcel), "notify": parcel.notify_shopper}
    errors = _answer(client, access, "fulfillment_tracking_update", wanted)
    if errors:
        raise Rejected("tracking", errors[0]["message"])


def withdraw_tracking(
    client: AdminClient, access: StoreAccess, fulfillment_id: str | None, parcel: TrackingPush
) -> None:
    """Cancel the parcel's fulfilment, unless that is done."""
    if fulfillment_id is None:
        order = client.call(access, "fulfillment_order", {"id": parcel.fulfillment_order_id})["fulfillmentOrder"]
        if order is None:
            return
        fulfillment_id = _made(order, parcel)
        for held in () if fulfillment_id else _beside(client, access, order):
            fulfillment_id = fulfillment_id or _made(held.order, parcel)
        if fulfillment_id is None:
            return
    fulfillment = client.call(access, "fulfillment", {"id": fulfillment_id})["fulfillment"]
    if fulfillment is None or fulfillment["status"] in _CANCELLED_FULFILLMENTS:
        return
    errors = _answer(client, access, "fulfillment_cancel", {"id": fulfillment_id})
    if errors:
        raise Rejected("fulfillment_cancel", errors[0]["message"])


def _made(order: Mapping[str, Any], parcel: TrackingPush) -> str | None:
    """The fulfilment that carries one of the parcel's numbers, and is no other parcel's."""
    wanted = {parcel.tracking_number, parcel.also_known_as}
    for made in order["fulfillments"]["nodes"]:
        numbers = {entry["number"] for entry in made["trackingInfo"]}
        alive = made["status"] not in _CANCELLED_FULFILLMENTS and made["id"] not in parcel.others
        if alive and wanted & numbers:
            return str(made["id"])
    return None


def _tracking(parcel: TrackingPush) -> dict[str, str]:
    tracking = {"company": parcel.carrier, "number": parcel.tracking_number}
    if parcel.tracking_url:
        tracking["url"] = parcel.tracking_url
    return tracking


def _all_lines(client: AdminClient, access: StoreAccess, order: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The first page of lines came with the order; a long one has more."""
    page = order["lineItems"]
    nodes: list[Mapping[str, Any]] = list(page["nodes"])
    while page["pageInfo"]["hasNextPage"]:
        variables = {"id": order["id"], "after": page["pageInfo"]["endCursor"]}
        page = client.call(access, "fulfillment_order_lines", variables)["fulfillmentOrder"]["lineItems"]
        nodes += page["nodes"]
    return nodes


@dataclass(frozen=True, slots=True)
class _Held:
    """A fulfilment order with its lines; ``ref`` of one that was found beside the one that a parcel names."""

    order: Mapping[str, Any]
    lines: Sequence[Mapping[str, Any]]
    ref: FulfillmentOrderRef | None = None

    @property
    def waits(self) -> bool:
        """Whether the store lets it wait."""
        return bool(self.order["status"] == "ON_HOLD")


def _beside(client: AdminClient, access: StoreAccess, order: Mapping[str, Any]) -> list[_Held]:
    """The order's other fulfilment orders at the same location: a store splits what one location has to send when it
    holds, moves or asks for some of it."""
    location = ((order.get("assignedLocation") or {}).get("location") or {}).get("id")
    here = [one for one in fulfillment_orders(client, access, order["orderId"]) if one.location_id == location]
    # After a stop that was agreed to, what is open in its place is not asked for.
    stopped = any(one.state == "cancelled" for one in here)
    found = []
    for ref in here:
        if ref.external_id == order["id"] or (stopped and ref.state == "open"):
            continue
        other = client.call(access, "fulfillment_order", {"id": ref.external_id})["fulfillmentOrder"]
        if other is not None:
            found.append(_Held(other, _all_lines(client, access, other), ref))
    return found


def _short(parcel: TrackingPush, found: Sequence[_Held]) -> dict[str, int]:
    """Units of the parcel, by the store's line, that these fulfilment orders do not have to send now."""
    left = dict(parcel.lines)
    for held in found:
        for node in () if held.waits else held.lines:
            line_id = node["lineItem"]["id"]
            if line_id in left:
                left[line_id] = max(0, left[line_id] - node["remainingQuantity"])
    return {line_id: units for line_id, units in left.items() if units}


def _parts(parcel: TrackingPush, found: Sequence[_Held]) -> dict[str, list[dict[str, Any]]]:
    """Fulfilment order → what of it is in the parcel: its own first, then those beside it."""
    short = _short(parcel, found)
    if short:
        waiting = {node["lineItem"]["id"] for held in found if held.waits for node in held.lines}
        if short.keys() & waiting:
            raise Rejected("held", "The store lets a part of it wait.")
        known = {node["lineItem"]["id"] for held in found for node in held.lines}
        if short.keys() - known:
            raise Rejected("elsewhere", "The store has a line of the parcel in another fulfilment.")
        raise Rejected("quantity", "The store wants fewer units of this order than the parcel holds.")
    left, parts = dict(parcel.lines), dict[str, list[dict[str, Any]]]()
    for held in found:
        for node in () if held.waits else held.lines:
            units = min(left.get(node["lineItem"]["id"], 0), node["remainingQuantity"])
            if units > 0:
                left[node["lineItem"]["id"]] -= units
                parts.setdefault(held.order["id"], []).append({"id": node["id"], "quantity": units})
    return parts


def push_delivered(client: AdminClient, access: StoreAccess, fulfillment_id: str, at: datetime) -> None:
    """Add the event, unless it is there."""
    fulfillment = client.call(access, "fulfillment_events", {"id": fulfillment_id})["fulfillment"]
    if fulfillment is None or any(event["status"] == "DELIVERED" for event in fulfillment["events"]["nodes"]):
        return
    event = {"fulfillmentId": fulfillment_id, "status": "DELIVERED", "happenedAt": clock.iso(at)}
    errors = _answer(client, access, "fulfillment_event_create", {"fulfillmentEvent": event})
    if errors:
        raise Rejected("fulfillment_event", errors[0]["message"])
