"""What a hook says, in our words. Pure: no call, no clock but for what is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from app.adapters.stores.shopify.manifest import RETURN_TOPICS
from app.adapters.stores.shopify.orders import from_hook, gid, refunded_amount
from app.kit import clock
from app.stores.hooks import (
    AppUninstalled,
    CancellationAsked,
    FulfillmentAsked,
    HookFact,
    Ignored,
    OrderCancelled,
    OrderRefunded,
    OrderReported,
    PrivacyAsked,
    ProductEdited,
    ProductRemoved,
    ReturnTold,
    RiskTold,
    ScopesChanged,
)
from app.stores.store_orders import StoreOrder

Body = Mapping[str, Any]


def translate(topic: str, body: bytes) -> HookFact:
    """The fact in a verified hook. Raises ``ValueError`` when the body is not what the topic promises."""
    reader = _READERS.get(topic)
    if reader is None:
        return Ignored(f"nothing is to be done for {topic}")
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ValueError("the body is not JSON") from error
    if not isinstance(parsed, dict):
        raise ValueError("the body is not a JSON object")
    try:
        return reader(_storable(parsed) if b"\\u0000" in body else parsed)
    except RecursionError as error:
        raise ValueError("the body is nested too deeply") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"the body is not that of {topic}") from error


def _storable(value: Any) -> Any:
    """The same without NUL characters, which PostgreSQL takes in no text. No honest hook holds one."""
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, list):
        return [_storable(one) for one in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(one) for name, one in value.items()}
    return value


def _order(body: Body) -> HookFact:
    return OrderReported(from_hook(body))


def _order_cancelled(body: Body) -> HookFact:
    return OrderCancelled(_id(body, "Order"), _ordered(body))


def _ordered(body: Body) -> StoreOrder | None:
    """What was ordered before the cancellation took it away; None where the body does not say it."""
    lines = body.get("line_items")
    if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
        return None
    try:
        return from_hook({**body, "line_items": [{**line, "current_quantity": line.get("quantity")} for line in lines]})
    except (ValueError, TypeError, AttributeError):
        return None


def _refunded(body: Body) -> HookFact:
    order_id = gid("Order", body.get("order_id"))
    if order_id is None:
        raise ValueError("the refund names no order")
    units: dict[str, int] = {}
    for line in body.get("refund_line_items") or []:
        line_id, count = gid("LineItem", line.get("line_item_id")), line.get("quantity")
        if line_id is not None and isinstance(count, int) and count > 0:
            units[line_id] = units.get(line_id, 0) + count
    return OrderRefunded(
        external_id=order_id,
        refund_id=_id(body, "Refund"),
        units=units,
        note=str(body.get("note") or "")[:1000],
        amount=refunded_amount(body.get("transactions")),
    )


def _returned(body: Body) -> HookFact:
    return ReturnTold(_id(body, "Return"))


def _risk(body: Body) -> HookFact:
    order_id = body.get("admin_graphql_api_order_id") or gid("Order", _number(body.get("order_id")))
    if not isinstance(order_id, str):
        raise ValueError("the assessment names no order")
    if body.get("provider_id") is not None:
        return Ignored("an app's assessment, not the platform's own")
    return RiskTold(order_id, str(body.get("risk_level") or "none").lower())


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


def _order_edited(body: Body) -> HookFact:
    edit = body["order_edit"]
    order_id = gid("Order", edit["order_id"])
    if order_id is None:
        raise ValueError("the edit names no order")
    # What is to be sent is asked of the store, which decides it anew after an edit.
    return FulfillmentAsked(order_id, None)


def _product_removed(body: Body) -> HookFact:
    return ProductRemoved(_id(body, "Product"))


def _product_edited(body: Body) -> HookFact:
    prices = {}
    for variant in body.get("variants") or []:
        variant_id = variant.get("admin_graphql_api_id") or gid("ProductVariant", variant.get("id"))
        if variant_id and variant.get("price") is not None:
            prices[str(variant_id)] = str(variant["price"])
    updated = body.get("updated_at")
    return ProductEdited(
        external_id=_id(body, "Product"),
        title=str(body.get("title") or ""),
        description_html=str(body.get("body_html") or ""),
        prices=prices,
        updated_at=clock.parse_iso(updated) if updated else clock.now(),
    )


def _uninstalled(_: Body) -> HookFact:
    return AppUninstalled()


def _scopes(body: Body) -> HookFact:
    return ScopesChanged(tuple(str(scope) for scope in body.get("current") or []))


def _released(body: Body) -> HookFact:
    order = body["fulfillment_order"]
    return FulfillmentAsked(gid("Order", order.get("order_id")), _fulfillment_order(order))


def _requested(body: Body) -> HookFact:
    order = body.get("submitted_fulfillment_order") or body.get("original_fulfillment_order") or {}
    return FulfillmentAsked(gid("Order", order.get("order_id")), _fulfillment_order(order))


def _cancellation(body: Body) -> HookFact:
    return CancellationAsked(_fulfillment_order(body["fulfillment_order"]))


def _privacy(kind: str) -> Callable[[Body], HookFact]:
    def read(body: Body) -> HookFact:
        numbers = body.get("orders_to_redact") or body.get("orders_requested") or []
        found = (gid("Order", number) for number in numbers)
        return PrivacyAsked(kind, tuple(order_id for order_id in found if order_id))

    return read


def _id(body: Body, kind: str) -> str:
    found = body.get("admin_graphql_api_id") or gid(kind, body.get("id"))
    if not isinstance(found, str):
        raise ValueError(f"the {kind.lower()} has no id")
    return found


def _fulfillment_order(order: Body) -> str:
    found = order.get("admin_graphql_api_id") or order.get("id")
    text = found if isinstance(found, str) else gid("FulfillmentOrder", found)
    if text is None:
        raise ValueError("the fulfilment order has no id")
    return text


_READERS: Mapping[str, Callable[[Body], HookFact]] = {
    "orders/paid": _order,
    "orders/updated": _order,
    "orders/cancelled": _order_cancelled,
    "orders/edited": _order_edited,
    "orders/risk_assessment_changed": _risk,
    "refunds/create": _refunded,
    **dict.fromkeys(RETURN_TOPICS, _returned),
    "products/delete": _product_removed,
    "products/update": _product_edited,
    "app/uninstalled": _uninstalled,
    "app/scopes_update": _scopes,
    "fulfillment_orders/hold_released": _released,
    "fulfillment_orders/fulfillment_request_submitted": _requested,
    "fulfillment_orders/cancellation_request_submitted": _cancellation,
    "customers/data_request": _privacy("customer_data"),
    "customers/redact": _privacy("customer_redact"),
    "shop/redact": _privacy("shop_redact"),
}
