"""What deliveries say, in the shapes of the REST resources (https://shopify.dev/docs/api/webhooks)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.simulators.shopify.gid import gid, level_gid
from tests.simulators.shopify.records import (
    Address,
    Fulfillment,
    FulfillmentOrder,
    Hold,
    Level,
    LineItem,
    Order,
    Product,
    Refund,
    Variant,
)
from tests.simulators.shopify.shop import Shop


def when(at: datetime | None) -> str | None:
    """A time as REST writes it: with an offset."""
    return None if at is None else at.isoformat(timespec="seconds")


def amount(value: Decimal) -> str:
    """Money as REST writes it: two decimals."""
    return f"{value:.2f}"


def _set(shop: Shop, value: Decimal) -> dict[str, Any]:
    money = {"amount": amount(value), "currency_code": shop.currency}
    return {"shop_money": money, "presentment_money": money}


def shop(of: Shop) -> dict[str, Any]:
    """``app/uninstalled`` and ``shop/update``."""
    home = of.primary_location
    return {
        "id": of.id,
        "name": of.name,
        "email": of.email,
        "domain": of.domain,
        "myshopify_domain": of.domain,
        "country": home.address.country_code,
        "country_code": home.address.country_code,
        "country_name": home.address.country,
        "address1": home.address.address1,
        "city": home.address.city,
        "zip": home.address.zip,
        "currency": of.currency,
        "iana_timezone": of.timezone,
        "plan_name": of.plan.lower(),
        "plan_display_name": of.plan,
        "primary_location_id": home.id,
        "created_at": when(of.created_at),
        "updated_at": when(of.created_at),
    }


def scopes_update(of: Shop, before: frozenset[str], after: frozenset[str], at: datetime) -> dict[str, Any]:
    """``app/scopes_update``."""
    return {
        "id": of.id,
        "previous": sorted(before),
        "current": sorted(after),
        "updated_at": when(at),
    }


def product(of: Shop, one: Product) -> dict[str, Any]:
    """``products/create`` and ``products/update``."""
    return {
        "admin_graphql_api_id": gid("Product", one.id),
        "id": one.id,
        "title": one.title,
        "handle": one.handle,
        "body_html": one.description_html,
        "vendor": one.vendor,
        "product_type": one.product_type,
        "status": one.status.lower(),
        "tags": ", ".join(one.tags),
        "created_at": when(one.created_at),
        "updated_at": when(one.updated_at),
        "published_at": when(one.publications.get(of.online_store.id)),
        "options": [
            {
                "id": option.id,
                "name": option.name,
                "position": option.position,
                "values": [v.name for v in option.values],
            }
            for option in one.options
        ],
        "variants": [_variant(of, variant) for variant in one.variants],
        "images": [{"id": media.id, "src": media.url, "alt": media.alt} for media in one.media],
        "variant_gids": [
            {"admin_graphql_api_id": gid("ProductVariant", variant.id), "updated_at": when(variant.updated_at)}
            for variant in one.variants
        ],
    }


def _variant(of: Shop, one: Variant) -> dict[str, Any]:
    chosen = [value for _, value in one.selected] + [None, None, None]
    stocked = of.levels.get(one.item.id, {}).values()
    return {
        "admin_graphql_api_id": gid("ProductVariant", one.id),
        "id": one.id,
        "product_id": one.product_id,
        "title": one.title,
        "sku": one.sku,
        "barcode": one.barcode,
        "price": amount(one.price),
        "compare_at_price": None if one.compare_at_price is None else amount(one.compare_at_price),
        "position": one.position,
        "inventory_policy": one.inventory_policy.lower(),
        "inventory_item_id": one.item.id,
        "inventory_quantity": sum(level.available for level in stocked),
        "option1": chosen[0],
        "option2": chosen[1],
        "option3": chosen[2],
        "taxable": one.taxable,
        "created_at": when(one.created_at),
        "updated_at": when(one.updated_at),
    }


def level(one: Level) -> dict[str, Any]:
    """``inventory_levels/update``."""
    return {
        "admin_graphql_api_id": level_gid(one.item_id, one.location_id),
        "inventory_item_id": one.item_id,
        "location_id": one.location_id,
        "available": one.available,
        "updated_at": when(one.updated_at),
    }


def address(one: Address | None) -> dict[str, Any] | None:
    """A postal address."""
    if one is None:
        return None
    return {
        "first_name": one.first_name,
        "last_name": one.last_name,
        "name": one.name,
        "company": one.company,
        "address1": one.address1,
        "address2": one.address2,
        "city": one.city,
        "province": one.province,
        "province_code": one.province_code,
        "zip": one.zip,
        "country": one.country,
        "country_code": one.country_code,
        "phone": one.phone,
        "latitude": None,
        "longitude": None,
    }


def _line(of: Shop, order: Order, one: LineItem) -> dict[str, Any]:
    open_units = one.current_quantity - one.fulfilled
    places = [fo for fo in order.fulfillment_orders if any(line.line_item_id == one.id for line in fo.lines)]
    service = of.service_of(places[0].location_id) if places else None
    return {
        "id": one.id,
        "admin_graphql_api_id": gid("LineItem", one.id),
        "title": one.title,
        "variant_title": one.variant_title,
        "name": one.name,
        "sku": one.sku,
        "vendor": one.vendor,
        "quantity": one.quantity,
        "current_quantity": one.current_quantity,
        "fulfillable_quantity": max(open_units, 0),
        "fulfillment_service": service.handle if service else "manual",
        "fulfillment_status": "fulfilled"
        if one.fulfilled and open_units <= 0
        else ("partial" if one.fulfilled else None),
        "price": amount(one.price),
        "price_set": _set(of, one.price),
        "product_id": one.product_id,
        "product_exists": one.product_id in of.products,
        "variant_id": one.variant_id,
        "variant_inventory_management": "shopify" if one.variant_id else None,
        "requires_shipping": one.requires_shipping,
        "properties": [{"name": name, "value": value} for name, value in one.properties],
        "gift_card": False,
        "grams": 0,
        "taxable": True,
        "total_discount": amount(one.discount),
        "total_discount_set": _set(of, one.discount),
        "tax_lines": [],
        "duties": [],
        "discount_allocations": [
            {"amount": amount(one.discount), "amount_set": _set(of, one.discount), "discount_application_index": 0}
        ]
        if one.discount
        else [],
    }


_TOTALS: dict[str, Callable[[Order], Decimal]] = {
    "current_subtotal_price": lambda order: order.subtotal,
    "current_total_price": lambda order: order.total - order.refunded,
    "current_total_tax": lambda order: order.tax,
    "current_total_discounts": lambda _order: Decimal(0),
    "subtotal_price": lambda order: order.original_subtotal,
    "total_line_items_price": lambda order: sum((line.price * line.quantity for line in order.lines), Decimal(0)),
    "total_price": lambda order: order.original_total,
    "total_tax": lambda order: order.tax,
    "total_discounts": lambda order: sum((line.discount for line in order.lines), Decimal(0)),
}


def order(of: Shop, one: Order, public_url: str) -> dict[str, Any]:
    """The ``orders/*`` topics, except ``orders/edited``."""
    totals = {name: total(one) for name, total in _TOTALS.items()}
    sent = one.fulfillment_status
    return {
        "id": one.id,
        "admin_graphql_api_id": gid("Order", one.id),
        "name": one.name,
        "number": one.number - 1000,
        "order_number": one.number,
        "token": one.token,
        "created_at": when(one.created_at),
        "processed_at": when(one.created_at),
        "updated_at": when(one.updated_at),
        "cancelled_at": when(one.cancelled_at),
        "cancel_reason": one.cancel_reason.lower() if one.cancel_reason else None,
        "closed_at": when(one.closed_at),
        "confirmed": True,
        "currency": one.currency,
        "presentment_currency": one.presentment_currency,
        "email": one.email or "",
        "contact_email": one.email,
        "phone": one.phone,
        "financial_status": one.financial_status.lower(),
        "fulfillment_status": {"FULFILLED": "fulfilled", "PARTIALLY_FULFILLED": "partial"}.get(sent),
        **{name: amount(value) for name, value in totals.items()},
        **{f"{name}_set": _set(of, value) for name, value in totals.items()},
        "total_shipping_price_set": _set(of, one.shipping_price),
        "total_outstanding": amount(one.total - one.paid),
        "total_weight": 0,
        "taxes_included": False,
        "tax_lines": [],
        "tags": ", ".join(one.tags),
        "note": one.note,
        "note_attributes": [],
        "test": one.test,
        "source_name": "web",
        "customer_locale": "en",
        "payment_gateway_names": ["bogus"],
        "order_status_url": f"{public_url}/shop/{of.domain}/orders/{one.token}",
        "customer": _customer(one),
        "billing_address": address(one.billing_address or one.shipping_address),
        "shipping_address": address(one.shipping_address),
        "shipping_lines": [_shipping(of, one)],
        "line_items": [_line(of, one, line) for line in one.lines],
        "fulfillments": [fulfillment(of, one, sent_off) for sent_off in one.fulfillments],
        "refunds": [refund(of, one, given) for given in one.refunds],
        "discount_codes": [],
        "discount_applications": [],
    }


def _customer(one: Order) -> dict[str, Any] | None:
    if one.customer_id is None:
        return None
    place = one.shipping_address
    return {
        "id": one.customer_id,
        "admin_graphql_api_id": gid("Customer", one.customer_id),
        "email": one.email,
        "phone": one.phone,
        "first_name": place.first_name if place else None,
        "last_name": place.last_name if place else None,
        "default_address": address(place),
    }


def _shipping(of: Shop, one: Order) -> dict[str, Any]:
    return {
        "title": one.shipping_title,
        "code": one.shipping_title,
        "price": amount(one.shipping_price),
        "price_set": _set(of, one.shipping_price),
        "source": "shopify",
    }


def order_edited(one: Order, edit: int, deltas: Mapping[int, int], at: datetime) -> dict[str, Any]:
    """``orders/edited``: line items with how many were added or removed."""
    return {
        "order_edit": {
            "id": edit,
            "app_id": None,
            "created_at": when(at),
            "committed_at": when(at),
            "notify_customer": False,
            "order_id": one.id,
            "staff_note": "",
            "user_id": None,
            "line_items": {
                "additions": [{"id": line, "delta": delta} for line, delta in deltas.items() if delta > 0],
                "removals": [{"id": line, "delta": -delta} for line, delta in deltas.items() if delta < 0],
            },
            "discounts": {"line_item": {"additions": [], "removals": []}},
            "shipping_lines": {"additions": [], "removals": []},
        }
    }


def refund(of: Shop, order: Order, one: Refund) -> dict[str, Any]:
    """``refunds/create``."""
    return {
        "id": one.id,
        "admin_graphql_api_id": gid("Refund", one.id),
        "order_id": order.id,
        "created_at": when(one.created_at),
        "processed_at": when(one.created_at),
        "note": one.note,
        "restock": any(line.restock_type != "NO_RESTOCK" for line in one.lines),
        "refund_line_items": [
            {
                "id": line.id,
                "line_item_id": line.line_item_id,
                "quantity": line.quantity,
                "location_id": line.location_id,
                "restock_type": line.restock_type.lower(),
                "subtotal": float(line.subtotal),
                "subtotal_set": _set(of, line.subtotal),
                "total_tax": 0.0,
                "line_item": _line(of, order, bought) if (bought := order.line(line.line_item_id)) else None,
            }
            for line in one.lines
        ],
        "transactions": [
            {
                "kind": "refund",
                "status": "success",
                "amount": amount(order.paid_in(one.amount)),
                "currency": order.presentment_currency,
            }
        ],
        "order_adjustments": [],
        "duties": [],
    }


def fulfillment(of: Shop, order: Order, one: Fulfillment) -> dict[str, Any]:
    """``fulfillments/create`` and ``fulfillments/update``."""
    service = of.service_of(one.location_id)
    numbers = [tracking.number for tracking in one.tracking if tracking.number]
    urls = [tracking.url for tracking in one.tracking if tracking.url]
    return {
        "id": one.id,
        "admin_graphql_api_id": gid("Fulfillment", one.id),
        "order_id": order.id,
        "name": one.name,
        "status": one.status.lower(),
        "shipment_status": one.events[-1].status.lower() if one.events else None,
        "service": service.handle if service else "manual",
        "location_id": one.location_id,
        "created_at": when(one.created_at),
        "updated_at": when(one.updated_at),
        "tracking_company": one.tracking[0].company if one.tracking else None,
        "tracking_number": numbers[0] if numbers else None,
        "tracking_numbers": numbers,
        "tracking_url": urls[0] if urls else None,
        "tracking_urls": urls,
        "line_items": [
            {**_line(of, order, bought), "quantity": line.quantity}
            for line in one.lines
            if (bought := order.line(line.line_item_id)) is not None
        ],
    }


def fulfillment_order(one: FulfillmentOrder, *, with_request: bool = True) -> dict[str, Any]:
    """A fulfilment order as the ``fulfillment_orders/*`` topics name it."""
    named = {"id": gid("FulfillmentOrder", one.id), "status": one.status.lower()}
    return {**named, "request_status": one.request_status.lower()} if with_request else named


def hold(one: Hold, app: int) -> dict[str, Any]:
    """A hold in ``fulfillment_orders/placed_on_hold``."""
    return {
        "id": gid("FulfillmentHold", one.id),
        "reason": one.reason.lower(),
        "reason_notes": one.notes,
        "held_by_requesting_app": one.by_app,
        "handle": one.handle,
        "held_by_app": {"id": gid("App", app)} if one.by_app else None,
    }


def compliance(of: Shop, topic: str, orders: Sequence[int]) -> dict[str, Any]:
    """``customers/data_request``, ``customers/redact`` and ``shop/redact``."""
    said: dict[str, Any] = {"shop_id": of.id, "shop_domain": of.domain}
    if topic == "shop/redact":
        return said
    bought = [of.orders[number] for number in orders if number in of.orders]
    buyer = bought[0] if bought else None
    said["customer"] = {
        "id": buyer.customer_id if buyer else None,
        "email": buyer.email if buyer else None,
        "phone": buyer.phone if buyer else None,
    }
    if topic == "customers/data_request":
        return {**said, "orders_requested": list(orders), "data_request": {"id": of.id}}
    return {**said, "orders_to_redact": list(orders)}
