"""Orders: made by an app, cancelled, refunded, sent back, annotated."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tests.simulators.shopify import commerce
from tests.simulators.shopify.faults import JOB_KINDS
from tests.simulators.shopify.gid import gid
from tests.simulators.shopify.graphql.call import Call, number
from tests.simulators.shopify.graphql.mutations.signature import Mutate
from tests.simulators.shopify.records import Address, NewLine, NewOrder
from tests.simulators.shopify.refusals import NotAllowed, OutOfStock, Refused
from tests.simulators.shopify.shop import Shop

_JOB_DELAY = 0.2
_LONGEST_TAG = 40


def _create(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """An order as an app makes it. Stock is claimed as ``inventoryBehaviour`` says; prices are in shop currency."""
    world, shop, wanted = call.world, call.shop, given["order"]
    claimed = (given.get("options") or {}).get("inventoryBehaviour") or "BYPASS"
    if not wanted.get("lineItems"):
        raise NotAllowed("Line items can't be blank", field=["order", "lineItems"], code="INVALID")
    if any(len(tag) > _LONGEST_TAG for tag in wanted.get("tags") or []):
        raise NotAllowed("Tags is too long", field=["order", "tags"], code="INVALID")
    lines = tuple(_new_line(call, index, one) for index, one in enumerate(wanted["lineItems"]))
    place = wanted.get("shippingAddress")
    new = NewOrder(
        lines=lines,
        shipping_address=_place(place) if place else None,
        email=wanted.get("email"),
        phone=wanted.get("phone"),
        financial_status=wanted.get("financialStatus") or "PAID",
        shipping_price=sum((_price(shop, one["priceSet"]) for one in wanted.get("shippingLines") or []), Decimal(0)),
        note=wanted.get("note"),
        tags=tuple(wanted.get("tags") or ()),
        attributes=tuple((one["key"], one["value"]) for one in wanted.get("customAttributes") or []),
        test=bool(wanted.get("test")),
        allow_oversell=claimed != "DECREMENT_OBEYING_POLICY",
    )
    try:
        return {"order": commerce.place_order(world, shop, new)}
    except OutOfStock as refusal:
        raise NotAllowed(
            "Unable to claim inventory", field=["order", "lineItems"], code="INVENTORY_CLAIM_FAILED"
        ) from refusal


def _new_line(call: Call, index: int, one: Mapping[str, Any]) -> NewLine:
    variant = number(one["variantId"], "ProductVariant") if one.get("variantId") else None
    if variant is not None and variant not in call.shop.variants:
        field = ["order", "lineItems", str(index), "variantId"]
        raise NotAllowed("Variant does not exist", field=field, code="INVALID")
    return NewLine(
        quantity=one["quantity"],
        variant_id=variant,
        title=one.get("title"),
        price=_price(call.shop, one["priceSet"]) if one.get("priceSet") else None,
        properties=tuple((told["name"], told["value"]) for told in one.get("properties") or []),
    )


def _price(shop: Shop, given: Mapping[str, Any]) -> Decimal:
    money = given["shopMoney"]
    if money["currencyCode"] != shop.currency:
        raise NotAllowed("Currency must be the shop's", field=["order", "currency"], code="INVALID")
    return Decimal(str(money["amount"]))


def _place(given: Mapping[str, Any]) -> Address:
    return Address(
        first_name=given.get("firstName"),
        last_name=given.get("lastName"),
        company=given.get("company"),
        address1=given.get("address1"),
        address2=given.get("address2"),
        city=given.get("city"),
        province=given.get("province"),
        province_code=given.get("provinceCode"),
        zip=given.get("zip"),
        country_code=given.get("countryCode"),
        phone=given.get("phone"),
    )


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
                    world,
                    shop,
                    order.id,
                    reason=given["reason"],
                    restock=given["restock"],
                    refunded=refunded,
                    staff_note=given.get("staffNote"),
                )
            except Refused as refusal:
                commerce.note(world, order, f"Order could not be canceled: {refusal.message}")
            shop.jobs[job] = True

    if world.faults.take(JOB_KINDS, operations=("orderCancel",), shop=shop.domain) is None:
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
    key = number(wanted["orderId"], "Order")
    paid_in = sum((one["amount"] for one in transactions), Decimal(0))
    amount = commerce.find(call.shop, key).in_shops(paid_in)
    made = commerce.refund(
        call.world,
        call.shop,
        key,
        wishes,
        note=wanted.get("note"),
        amount=amount,
        shipping=_shipping(call.shop, key, wanted.get("shipping") or {}),
    )
    return {"refund": made, "order": call.shop.orders[key]}


def _shipping(shop: Shop, key: int, wanted: Mapping[str, Any]) -> Decimal:
    order = commerce.find(shop, key)
    left = order.shipping_price - sum((refund.shipping for refund in order.refunds), Decimal(0))
    asked = left if wanted.get("fullRefund") else wanted.get("amount") or Decimal(0)
    if asked > left:
        raise NotAllowed("Shipping refund exceeds what is left of it", field=["shipping", "amount"])
    return asked


def _return(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    wanted = given["returnInput"]
    wishes = [
        (number(one["fulfillmentLineItemId"], "FulfillmentLineItem"), one["quantity"])
        for one in wanted["returnLineItems"]
    ]
    return {"return": commerce.open_return(call.world, call.shop, number(wanted["orderId"], "Order"), wishes)}


def _approve_return(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    key = number(given["input"]["id"], "Return")
    return {"return": commerce.answer_return(call.world, call.shop, key, accept=True)}


def _decline_return(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    wanted = given["input"]
    held = commerce.answer_return(
        call.world,
        call.shop,
        number(wanted["id"], "Return"),
        accept=False,
        reason=wanted["declineReason"],
        words=wanted.get("declineNote") or "",
    )
    return {"return": held}


def _close_return(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"return": commerce.end_return(call.world, call.shop, number(given["id"], "Return"), status="CLOSED")}


def _update(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    wanted = given["input"]
    order = commerce.find(call.shop, number(wanted["id"], "Order"))
    if "note" in wanted:
        order.note = wanted["note"]
    if wanted.get("tags") is not None:
        order.tags = sorted(set(wanted["tags"]), key=str.lower)
    if "email" in wanted:
        order.email = wanted["email"]
    if wanted.get("shippingAddress") is not None:
        order.shipping_address = _place(wanted["shippingAddress"])
    commerce.note(call.world, order, "Order updated")
    commerce.publish(call.world, call.shop, order, "orders/updated")
    return {"order": order}


def _mark_paid(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"order": commerce.mark_paid(call.world, call.shop, number(given["input"]["id"], "Order"))}


ORDERS: dict[str, Mutate] = {
    "orderCreate": _create,
    "orderCancel": _cancel,
    "orderUpdate": _update,
    "orderMarkAsPaid": _mark_paid,
    "refundCreate": _refund,
    "returnCreate": _return,
    "returnApproveRequest": _approve_return,
    "returnDeclineRequest": _decline_return,
    "returnClose": _close_return,
}
