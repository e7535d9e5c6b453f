"""Orders: cancelled, refunded, sent back, annotated."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tests.simulators.shopify import commerce
from tests.simulators.shopify.gid import gid
from tests.simulators.shopify.graphql.call import Call, number
from tests.simulators.shopify.graphql.mutations.signature import Mutate
from tests.simulators.shopify.refusals import NotAllowed, Refused

_JOB_DELAY = 0.2


def _cancel(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    world, shop = call.world, call.shop
    order = commerce.find(shop, number(given["orderId"], "Order"))
    if order.cancelled_at is not None:
        raise NotAllowed("Cannot cancel an order that has already been canceled", field=["orderId"], code="INVALID")
    method = given.get("refundMethod") or {}
    refunded = bool(given.get("refund") or method.get("originalPaymentMethodsRefund"))
    job = world.ids()
    shop.jobs[job] = False

    def work() -> None:
        with world.lock:
            try:
                commerce.cancel_order(
                    world, shop, order.id, reason=given["reason"], restock=given["restock"], refunded=refunded
                )
            except Refused as refusal:
                commerce.note(world, order, f"Order could not be canceled: {refusal.message}")
            shop.jobs[job] = True

    world.scheduler.after(_JOB_DELAY, work)
    return {"job": {"id": gid("Job", job), "done": False}}


def _refund(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    wanted = given["input"]
    wishes = [
        commerce.RefundWish(
            number(one["lineItemId"], "LineItem"),
            one["quantity"],
            one.get("restockType") or "NO_RESTOCK",
            number(one["locationId"], "Location") if one.get("locationId") else None,
        )
        for one in wanted.get("refundLineItems") or []
    ]
    # Money moves only by the transactions that are named; without them the lines are taken off the order.
    transactions = wanted.get("transactions") or []
    amount = sum((one["amount"] for one in transactions), Decimal(0))
    key = number(wanted["orderId"], "Order")
    made = commerce.refund(call.world, call.shop, key, wishes, note=wanted.get("note"), amount=amount)
    return {"refund": made, "order": call.shop.orders[key]}


def _return(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    wanted = given["returnInput"]
    wishes = [
        (number(one["fulfillmentLineItemId"], "FulfillmentLineItem"), one["quantity"])
        for one in wanted["returnLineItems"]
    ]
    return {"return": commerce.open_return(call.world, call.shop, number(wanted["orderId"], "Order"), wishes)}


def _update(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    wanted = given["input"]
    order = commerce.find(call.shop, number(wanted["id"], "Order"))
    if "note" in wanted:
        order.note = wanted["note"]
    if wanted.get("tags") is not None:
        order.tags = sorted(set(wanted["tags"]), key=str.lower)
    if "email" in wanted:
        order.email = wanted["email"]
    commerce.note(call.world, order, "Order updated")
    commerce.publish(call.world, call.shop, order, "orders/updated")
    return {"order": order}


def _mark_paid(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"order": commerce.mark_paid(call.world, call.shop, number(given["input"]["id"], "Order"))}


ORDERS: dict[str, Mutate] = {
    "orderCancel": _cancel,
    "orderUpdate": _update,
    "orderMarkAsPaid": _mark_paid,
    "refundCreate": _refund,
    "returnCreate": _return,
}
