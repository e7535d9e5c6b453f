"""A shop's state as JSON, for the control API: plain numbers as ids, money as text, times in ISO 8601."""

from __future__ import annotations

from dataclasses import asdict, is_dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.simulators.shopify.records import Fulfillment, FulfillmentOrder, Order, Product
from tests.simulators.shopify.shop import Shop
from tests.simulators.shopify.webhooks.delivery import Delivery

if TYPE_CHECKING:
    from tests.simulators.shopify.world import World


def plain(value: Any) -> Any:
    """A record as JSON values."""
    if is_dataclass(value) and not isinstance(value, type):
        return {name: plain(inner) for name, inner in asdict(value).items()}
    if isinstance(value, dict):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in value]
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, datetime) else value


def product(one: Product, shop: Shop) -> dict[str, Any]:
    """A product with its variants' titles, SKUs and what is available in all."""
    shaped: dict[str, Any] = plain(one)
    for shown, variant in zip(shaped["variants"], one.variants, strict=True):
        shown |= {"title": variant.title, "sku": variant.sku, "sellable": shop.sellable(variant)}
    return shaped


def order(one: Order) -> dict[str, Any]:
    """An order with its totals and fulfilment status."""
    return {
        **plain(one),
        "total": str(one.total),
        "refunded": str(one.refunded),
        "fulfillment_status": one.fulfillment_status,
    }


def fulfillment_order(one: FulfillmentOrder) -> dict[str, Any]:
    """A fulfilment order."""
    return plain(one)  # type: ignore[no-any-return]


def fulfillment(one: Fulfillment) -> dict[str, Any]:
    """A fulfilment."""
    return plain(one)  # type: ignore[no-any-return]


def delivery(one: Delivery, *, with_body: bool = True) -> dict[str, Any]:
    """A delivery with its attempts."""
    shown = {
        "id": one.id,
        "event_id": one.event_id,
        "shop": one.shop,
        "topic": one.topic,
        "url": one.url,
        "triggered_at": one.triggered_at.isoformat(),
        "state": one.state,
        "attempts": [plain(attempt) for attempt in one.attempts],
    }
    return {**shown, "body": one.body.decode(errors="replace")} if with_body else shown


def levels(shop: Shop) -> list[dict[str, Any]]:
    """All stock."""
    return [
        {**plain(level), "on_hand": level.on_hand, "sku": shop.items[item].sku if item in shop.items else None}
        for item, places in shop.levels.items()
        for level in places.values()
    ]


def summary(shop: Shop) -> dict[str, Any]:
    """A shop in a line."""
    held = shop.installation
    return {
        "id": shop.id,
        "domain": shop.domain,
        "name": shop.name,
        "currency": shop.currency,
        "installed": held is not None,
        "scopes": sorted(held.scopes) if held else [],
        "installs": shop.installs,
        "products": len(shop.products),
        "orders": len(shop.orders),
    }


def dump(world: World, shop: Shop) -> dict[str, Any]:
    """Everything about a shop."""
    return {
        **summary(shop),
        "products": [product(one, shop) for one in shop.products.values()],
        "locations": plain(list(shop.locations.values())),
        "services": plain(list(shop.services.values())),
        "levels": levels(shop),
        "publications": plain(list(shop.publications.values())),
        "metafield_definitions": plain(list(shop.definitions.values())),
        "subscriptions": plain(list(shop.subscriptions.values())),
        "orders": [order(one) for one in shop.orders.values()],
        "deliveries": [delivery(one, with_body=False) for one in world.courier.deliveries(shop.domain)],
    }
