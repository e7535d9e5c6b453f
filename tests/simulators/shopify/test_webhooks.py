"""Deliveries: signed, tried again, and wrong in all the ways that happen."""

from __future__ import annotations

import uuid

import pytest

from tests.simulators.shopify.harness import App, Received, Service, ShopHandle
from tests.simulators.shopify.running import ControlRefused

_LINES = [{"title": "Card", "price": "4.50", "quantity": 2}]


def _arrived(shop: ShopHandle, app: App, topic: str, count: int = 1) -> list[Received]:
    def enough() -> list[Received] | None:
        found = app.of(shop.domain, topic)
        return found if len(found) >= count else None

    found: list[Received] = shop.control.wait_for(enough, f"{count} × {topic} arrive")
    return found


def test_an_order_is_told_in_the_shape_of_rest(shop: ShopHandle, service: Service, app: App) -> None:
    order = shop.control.create_order(shop.domain, [{"sku": service.sku, "quantity": 2}], note="ring twice")
    hook = _arrived(shop, app, "orders/paid")[0]
    assert hook.path == "/hooks/shopify"
    assert hook.genuine
    assert hook.headers["x-shopify-api-version"] == "2026-10"
    assert uuid.UUID(hook.headers["x-shopify-webhook-id"])
    assert uuid.UUID(hook.headers["x-shopify-event-id"])
    assert hook.headers["x-shopify-triggered-at"].endswith("Z")
    told = hook.json
    assert told["admin_graphql_api_id"] == f"gid://shopify/Order/{order['id']}"
    assert (told["financial_status"], told["total_price"], told["currency"]) == ("paid", "59.80", "USD")
    assert told["note"] == "ring twice"
    assert told["line_items"][0]["sku"] == service.sku
    assert told["line_items"][0]["variant_id"] == int(service.variant.rpartition("/")[2])
    assert told["shipping_address"]["country_code"] == "US"


def test_routing_is_told_per_fulfilment_order(shop: ShopHandle, service: Service, app: App) -> None:
    subscribe = """
    mutation($uri: String!) {
      webhookSubscriptionCreate(
        topic: FULFILLMENT_ORDERS_ORDER_ROUTING_COMPLETE, webhookSubscription: {uri: $uri}
      ) { userErrors { message } }
    }
    """
    assert not shop.data(subscribe, {"uri": f"{app.url}/own"})["webhookSubscriptionCreate"]["userErrors"]
    order = shop.control.create_order(shop.domain, [{"sku": service.sku, "quantity": 1}])
    hook = _arrived(shop, app, "fulfillment_orders/order_routing_complete")[0]
    routed = shop.control.order(shop.domain, order["id"])["fulfillment_orders"][0]
    assert hook.json == {
        "fulfillment_order": {"id": f"gid://shopify/FulfillmentOrder/{routed['id']}", "status": "open"}
    }


def test_a_failed_delivery_is_tried_again_with_the_same_id(shop: ShopHandle, app: App) -> None:
    app.statuses[shop.domain] = [500, 503]
    shop.control.create_order(shop.domain, _LINES)
    hooks = _arrived(shop, app, "orders/paid", 3)
    assert len({hook.headers["x-shopify-webhook-id"] for hook in hooks}) == 1
    assert len({hook.body for hook in hooks}) == 1
    shop.control.wait_for(
        lambda: [one["state"] for one in shop.control.deliveries(shop.domain, "orders/paid")] == ["delivered"],
        "it counts as delivered",
    )


def test_after_eight_retries_it_is_given_up_and_an_api_subscription_deleted(shop: ShopHandle, app: App) -> None:
    subscribe = """
    mutation($uri: String!) { webhookSubscriptionCreate(topic: REFUNDS_CREATE, webhookSubscription: {uri: $uri}) {
      webhookSubscription { id topic uri } userErrors { message } } }
    """
    made = shop.data(subscribe, {"uri": f"{app.url}/own"})["webhookSubscriptionCreate"]["webhookSubscription"]
    assert made["topic"] == "REFUNDS_CREATE"
    order = shop.control.create_order(shop.domain, _LINES)
    _arrived(shop, app, "orders/paid")
    app.statuses[shop.domain] = [500] * 100
    shop.control.refund_order(shop.domain, order["id"], {order["lines"][0]["id"]: 1})
    query = "{ webhookSubscriptions(first: 5) { nodes { id } } }"

    def gone() -> bool:
        return not shop.data(query)["webhookSubscriptions"]["nodes"]

    shop.control.wait_for(gone, "the subscription is deleted")
    delivery = shop.control.deliveries(shop.domain, "refunds/create")[0]
    assert delivery["state"] == "failed"
    assert len(delivery["attempts"]) == 9
    app.statuses.pop(shop.domain)


def test_a_duplicate_has_the_same_id(shop: ShopHandle, app: App) -> None:
    shop.control.add_fault("duplicate_webhook", {"topic": "orders/paid", "shop": shop.domain})
    shop.control.create_order(shop.domain, _LINES)
    first, second = _arrived(shop, app, "orders/paid", 2)
    assert first.headers["x-shopify-webhook-id"] == second.headers["x-shopify-webhook-id"]


def test_a_late_delivery_tells_when_it_was_triggered(shop: ShopHandle, app: App) -> None:
    shop.control.add_fault("late_webhook", {"topic": "orders/paid", "shop": shop.domain}, delay_ms=200)
    first = shop.control.create_order(shop.domain, _LINES)
    second = shop.control.create_order(shop.domain, _LINES)
    hooks = _arrived(shop, app, "orders/paid", 2)
    assert [hook.json["id"] for hook in hooks] == [second["id"], first["id"]]
    early, late = (hook.headers["x-shopify-triggered-at"] for hook in hooks)
    assert late < early


def test_a_forged_delivery_has_a_wrong_signature(shop: ShopHandle, app: App) -> None:
    shop.control.add_fault("bad_hmac", {"topic": "orders/paid", "shop": shop.domain})
    shop.control.create_order(shop.domain, _LINES)
    assert not _arrived(shop, app, "orders/paid")[0].genuine


def test_a_delivery_can_be_replayed_and_made_up(shop: ShopHandle, app: App) -> None:
    shop.control.create_order(shop.domain, _LINES)
    first = _arrived(shop, app, "orders/paid")[0]
    shop.control.replay(first.headers["x-shopify-webhook-id"])
    assert _arrived(shop, app, "orders/paid", 2)[1].body == first.body
    shop.control.deliver(shop.domain, "orders/create", "/hooks/shopify", {"id": 1}, secret="somebody else's")
    assert not _arrived(shop, app, "orders/create")[0].genuine


def test_uninstalling_is_told_and_nothing_after_it(shop: ShopHandle, app: App) -> None:
    shop.control.uninstall(shop.domain)
    hook = _arrived(shop, app, "app/uninstalled")[0]
    assert hook.json["myshopify_domain"] == shop.domain
    shop.control.create_order(shop.domain, _LINES)
    shop.control.install(shop.domain)
    shop.control.create_order(shop.domain, _LINES)
    assert len(_arrived(shop, app, "orders/paid")) == 1


def test_compliance_topics_go_to_their_own_address(shop: ShopHandle, app: App) -> None:
    order = shop.control.create_order(shop.domain, _LINES, email="kim@example.com")
    shop.control.send_compliance(shop.domain, "customers/redact", [order["id"]])
    hook = _arrived(shop, app, "customers/redact")[0]
    assert hook.path == "/hooks/shopify/compliance"
    assert hook.json["customer"]["email"] == "kim@example.com"
    assert hook.json["orders_to_redact"] == [order["id"]]
    with pytest.raises(ControlRefused):
        shop.control.send_compliance(shop.domain, "customers/unknown")


def test_a_merchants_edit_and_deletion_are_told(shop: ShopHandle, app: App) -> None:
    product = shop.control.add_product(shop.domain, "Mug", "MUG", price="8.00", available=3)
    shop.control.change_product(shop.domain, product["id"], title="Big mug", prices={product["variants"][0]["id"]: "9"})
    told = _arrived(shop, app, "products/update")[-1].json
    assert (told["title"], told["variants"][0]["price"]) == ("Big mug", "9.00")
    shop.control.delete_product(shop.domain, product["id"])
    assert _arrived(shop, app, "products/delete")[0].json == {"id": product["id"]}
