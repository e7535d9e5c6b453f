"""Fulfilment orders and fulfilments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.simulators.shopify import fulfilling, shipping
from tests.simulators.shopify.graphql.call import Call, number
from tests.simulators.shopify.graphql.mutations.signature import Mutate
from tests.simulators.shopify.records import Fulfillment, FulfillmentEvent, FulfillmentOrder
from tests.simulators.shopify.refusals import NotAllowed


def _key(given: Mapping[str, Any]) -> int:
    return number(given["id"], "FulfillmentOrder")


def _items(listed: Any) -> list[tuple[int, int]] | None:
    if not listed:
        return None
    return [(number(one["id"], "FulfillmentOrderLineItem"), one["quantity"]) for one in listed]


def _submit(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    done = fulfilling.submit_request(
        call.world,
        call.shop,
        _key(given),
        items=_items(given.get("fulfillmentOrderLineItems")),
        message=given.get("message"),
        notify_customer=bool(given.get("notifyCustomer")),
    )
    return {
        "originalFulfillmentOrder": done.original,
        "submittedFulfillmentOrder": done.submitted,
        "unsubmittedFulfillmentOrder": done.unsubmitted,
    }


def _accept(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    one = fulfilling.accept_request(
        call.world, call.shop, _key(given), message=given.get("message"), ships_at=given.get("estimatedShippedAt")
    )
    return {"fulfillmentOrder": one}


def _reject(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    one = fulfilling.reject_request(
        call.world, call.shop, _key(given), message=given.get("message"), reason=given.get("reason")
    )
    return {"fulfillmentOrder": one}


def _simple(change: Callable[..., FulfillmentOrder]) -> Mutate:
    def run(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"fulfillmentOrder": change(call.world, call.shop, _key(given), message=given.get("message"))}

    return run


def _hold(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    wanted = given["fulfillmentHold"]
    held = fulfilling.put_on_hold(
        call.world,
        call.shop,
        _key(given),
        reason=wanted["reason"],
        notes=wanted.get("reasonNotes"),
        handle=wanted.get("handle"),
        items=_items(wanted.get("fulfillmentOrderLineItems")),
    )
    return {"fulfillmentHold": held.hold, "fulfillmentOrder": held.one, "remainingFulfillmentOrder": held.rest}


def _release(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    listed = given.get("holdIds")
    holds = None if listed is None else [number(text, "FulfillmentHold") for text in listed]
    return {"fulfillmentOrder": fulfilling.release_holds(call.world, call.shop, _key(given), holds)}


def _report(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    notes = (given.get("progressReport") or {}).get("reasonNotes")
    return {"fulfillmentOrder": fulfilling.report_progress(call.world, call.shop, _key(given), notes)}


def _move(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    place = number(given["newLocationId"], "Location")
    done = fulfilling.move(call.world, call.shop, _key(given), place, _items(given.get("fulfillmentOrderLineItems")))
    return {
        "originalFulfillmentOrder": done.original,
        "movedFulfillmentOrder": done.moved,
        "remainingFulfillmentOrder": done.rest,
    }


def _create(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    wanted = given["fulfillment"]
    parts = [
        shipping.Part(
            number(one["fulfillmentOrderId"], "FulfillmentOrder"), _items(one.get("fulfillmentOrderLineItems"))
        )
        for one in wanted["lineItemsByFulfillmentOrder"]
    ]
    for part in parts:
        if not call.may_fulfil(fulfilling.find(call.shop, part.fulfillment_order)):
            raise NotAllowed("The app does not have access to the fulfillment order.", field=["fulfillment"])
    tracking = shipping.tracking_of(wanted.get("trackingInfo") or {})
    return {"fulfillment": _written(shipping.fulfil(call.world, call.shop, parts, tracking), wanted)}


def _update_tracking(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    tracking = shipping.tracking_of(given["trackingInfoInput"])
    key = number(given["fulfillmentId"], "Fulfillment")
    return {"fulfillment": _written(shipping.update_tracking(call.world, call.shop, key, tracking), given)}


def _written(one: Fulfillment, asked: Mapping[str, Any]) -> Fulfillment:
    """The shop writes to its customer where it is asked to."""
    one.letters += bool(asked.get("notifyCustomer"))
    return one


def _cancel(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"fulfillment": shipping.cancel(call.world, call.shop, number(given["id"], "Fulfillment"))}


def _event(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    wanted = given["fulfillmentEvent"]
    now = call.world.clock.now()
    event = FulfillmentEvent(
        call.world.ids(),
        wanted["status"],
        wanted.get("happenedAt") or now,
        now,
        wanted.get("message"),
        wanted.get("city"),
        wanted.get("country"),
        wanted.get("zip"),
    )
    key = number(wanted["fulfillmentId"], "Fulfillment")
    return {"fulfillmentEvent": shipping.add_event(call.world, call.shop, key, event)}


FULFILLMENT: dict[str, Mutate] = {
    "fulfillmentOrderSubmitFulfillmentRequest": _submit,
    "fulfillmentOrderAcceptFulfillmentRequest": _accept,
    "fulfillmentOrderRejectFulfillmentRequest": _reject,
    "fulfillmentOrderSubmitCancellationRequest": _simple(fulfilling.submit_cancellation),
    "fulfillmentOrderAcceptCancellationRequest": _simple(fulfilling.accept_cancellation),
    "fulfillmentOrderRejectCancellationRequest": _simple(fulfilling.reject_cancellation),
    "fulfillmentOrderClose": _simple(fulfilling.close),
    "fulfillmentOrderHold": _hold,
    "fulfillmentOrderReleaseHold": _release,
    "fulfillmentOrderReportProgress": _report,
    "fulfillmentOrderMove": _move,
    "fulfillmentCreate": _create,
    "fulfillmentTrackingInfoUpdate": _update_tracking,
    "fulfillmentCancel": _cancel,
    "fulfillmentEventCreate": _event,
}
