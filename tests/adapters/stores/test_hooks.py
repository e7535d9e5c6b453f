"""What the simulated Shopify really sends: every hook is known by its signature and understood."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.adapters.stores.shopify.adapter import Shopify
from app.adapters.stores.shopify.embedding import exchange
from app.kit import clock
from app.kit.errors import Rejected
from app.kit.money import Money
from app.stores.hooks import (
    AppUninstalled,
    CancellationAsked,
    ForgedHook,
    FulfillmentAsked,
    HookEnvelope,
    HookFact,
    Ignored,
    OrderCancelled,
    OrderRefunded,
    OrderReported,
    PrivacyAsked,
    ProductEdited,
    ProductRemoved,
)
from app.stores.platform import StoreAccess
from tests.adapters.processors.wire import Asked, Reply, Wire, listening
from tests.adapters.stores.conftest import CLIENT_ID, CLIENT_SECRET
from tests.adapters.stores.shop import Shop, asked, listing, number, ordered, pushed
from tests.simulators.shopify import RunningSimulator, ShopConfig, SimulatorConfig, start

PATHS = ("/hooks/shopify", "/hooks/shopify/compliance")
#: The merchant's own location and so many suppliers' are all that these shops may have.
MOST_LOCATIONS = 4
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def inbox() -> Iterator[Wire]:
    """Where hooks arrive."""
    with listening() as wire:
        for path in PATHS:
            wire.on("POST", path, Reply({}))
        yield wire


@pytest.fixture(scope="module")
def talkative(inbox: Wire) -> Iterator[RunningSimulator]:
    """A simulated Shopify that knows where we listen."""
    running = start(
        SimulatorConfig(
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            app_url=inbox.url,
            shops=(ShopConfig("first.myshopify.com", "First"),),
            routing_delay=0.02,
            media_delay=0.02,
            retry_scale=0.001,
            location_limit=MOST_LOCATIONS,
        )
    )
    yield running
    running.stop()


@pytest.fixture
def shop(talkative: RunningSimulator, set_up: Callable[..., None]) -> Iterator[Shop]:
    """An installed shop that sends its hooks to the inbox."""
    set_up(
        shopify_client_id=CLIENT_ID,
        shopify_client_secret=CLIENT_SECRET,
        shopify_admin_url=talkative.url + "/{shop}",
    )
    control, domain, adapter = talkative.control, f"hooks-{next(_numbers)}.myshopify.com", Shopify()
    control.add_shop(domain, "Northwind Home")
    control.install(domain)
    access = StoreAccess(external_id=domain, credentials=exchange(domain, control.id_token(domain)))
    yield Shop(domain, replace(access, remembered=adapter.describe_shop(access).remember), control, adapter)
    control.clear_faults()


def read(adapter: Shopify, asked: Asked) -> tuple[HookEnvelope, HookFact]:
    envelope = adapter.verify_hook(asked.headers, asked.body)
    return envelope, adapter.translate_hook(envelope.topic, asked.body)


def heard(shop: Shop, inbox: Wire, topic: str, times: int = 1) -> list[tuple[HookEnvelope, HookFact]]:
    """The shop's hooks of a topic, once there are so many."""

    def arrived() -> list[Asked]:
        found = [
            one
            for one in list(inbox.asked)
            if one.headers["x-shopify-shop-domain"] == shop.domain and one.headers["x-shopify-topic"] == topic
        ]
        return found if len(found) >= times else []

    return [read(shop.adapter, one) for one in shop.control.wait_for(arrived, f"{topic} arrives")]


def hold_and_let_go(shop: Shop, order_id: str, fulfillment_order_id: str) -> None:
    """The merchant lets a delivery wait, and then go on."""
    asked(
        shop,
        "mutation($id: ID!) { fulfillmentOrderHold(id: $id, fulfillmentHold: {reason: HIGH_RISK_OF_FRAUD}) "
        "{ fulfillmentOrder { id } userErrors { field message } } }",
        {"id": fulfillment_order_id},
    )
    assert [one.state for one in shop.adapter.fulfillment_orders(shop.access, order_id)] == ["held"]
    asked(
        shop,
        "mutation($id: ID!) { fulfillmentOrderReleaseHold(id: $id) "
        "{ fulfillmentOrder { id } userErrors { field message } } }",
        {"id": fulfillment_order_id},
    )


def test_every_topic_that_the_app_subscribes_to_arrives_genuine_and_is_understood(shop: Shop, inbox: Wire) -> None:
    made = pushed(shop, listing(shop.location()))
    product = number(made.external_id)
    order_id, reference, whole = ordered(shop, made)
    line = whole["lines"][0]["id"]
    control, domain, order = shop.control, shop.domain, number(order_id)
    hold_and_let_go(shop, order_id, reference.external_id)
    control.request_fulfillment(domain, number(reference.external_id), "Fragile")
    (asked_for,) = shop.adapter.fulfillment_orders(shop.access, order_id)
    shop.adapter.accept_fulfillment(shop.access, asked_for)
    control.request_cancellation(domain, number(reference.external_id))
    shop.adapter.answer_cancellation(shop.access, reference.external_id, accept=True, message="Stopped.")
    control.edit_order(domain, order, {line: 2})
    control.cancel_order(domain, order)
    control.change_product(domain, product, title="My own lamp")
    control.delete_product(domain, product)
    for topic in ("customers/data_request", "customers/redact", "shop/redact"):
        control.send_compliance(domain, topic, [order])
    control.uninstall(domain)

    expected: dict[str, HookFact | type] = {
        "orders/paid": OrderReported,
        "orders/updated": OrderReported,
        "orders/cancelled": OrderCancelled(order_id),
        "orders/edited": FulfillmentAsked(order_id, None),
        "refunds/create": OrderRefunded,
        "products/update": ProductEdited,
        "products/delete": ProductRemoved(made.external_id),
        "fulfillment_orders/hold_released": FulfillmentAsked,
        "fulfillment_orders/fulfillment_request_submitted": FulfillmentAsked,
        "fulfillment_orders/cancellation_request_submitted": CancellationAsked(reference.external_id),
        "customers/data_request": PrivacyAsked("customer_data", (order_id,)),
        "customers/redact": PrivacyAsked("customer_redact", (order_id,)),
        "shop/redact": PrivacyAsked,
        "app/uninstalled": AppUninstalled(),
    }
    subscriptions = tomllib.loads(Path("shopify.app.toml").read_text())["webhooks"]["subscriptions"]
    declared = {topic for one in subscriptions for topic in one.get("topics", []) + one.get("compliance_topics", [])}
    # Permissions only change when the merchant is asked for others; the simulated Shopify assesses no risks.
    assert set(expected) == declared - {"app/scopes_update", "orders/risk_assessment_changed"}
    for topic, wanted in expected.items():
        for envelope, fact in heard(shop, inbox, topic):
            assert (envelope.shop, envelope.topic) == (shop.domain, topic)
            assert envelope.triggered_at is not None
            assert not isinstance(fact, Ignored)
            assert isinstance(fact, wanted) if isinstance(wanted, type) else fact == wanted, (topic, fact)
    (_, released), *_ = heard(shop, inbox, "fulfillment_orders/hold_released")
    assert isinstance(released, FulfillmentAsked)
    assert released.external_fulfillment_order_id == reference.external_id


def test_an_order_is_the_same_whether_a_hook_tells_it_or_we_ask_for_it(shop: Shop, inbox: Wire) -> None:
    made = pushed(shop, listing(shop.location()))
    begun = clock.now() - timedelta(minutes=5)
    first, second = (number(one.external_id) for one in made.variants)
    shop.control.create_order(
        shop.domain,
        [
            {"variant_id": first, "quantity": 2, "discount": "29.91"},
            {"variant_id": second, "quantity": 1},
            {"title": "Gift wrapping", "price": "3.50", "quantity": 1},
        ],
        financial_status="PAID",
        email="ada@shopper.example",
        note="Ring twice",
        shipping_address={
            "first_name": "Ada",
            "last_name": "Lovelace",
            "address1": "12 St James's Square",
            "address2": "Flat 3",
            "city": "London",
            "zip": "SW1Y 4JH",
            "country": "United Kingdom",
            "country_code": "GB",
            "phone": "+442079460958",
        },
    )
    ((_, told),) = heard(shop, inbox, "orders/paid")
    assert isinstance(told, OrderReported)
    (found,) = shop.adapter.orders_since(shop.access, begun)
    # Routing changes an order right after it is paid.
    assert replace(told.order, updated_at=found.updated_at) == found
    assert told.order.address is not None
    assert told.order.address.address2 == "Flat 3"
    assert [line.quantity for line in found.lines] == [2, 1, 1]
    assert [line.unit_price for line in found.lines[:2]] == [Money(1495, "USD"), Money(2990, "USD")], (
        "discounts are off"
    )
    assert found.lines[2].external_variant_id is None


def test_a_forged_hook_is_refused_and_the_same_hook_twice_has_one_id(shop: Shop, inbox: Wire) -> None:
    shop.control.add_fault("bad_hmac", {"topic": "products/update", "shop": shop.domain}, times=1)
    shop.control.add_fault("duplicate_webhook", {"topic": "products/delete", "shop": shop.domain}, times=1)
    product = shop.control.add_product(shop.domain, "Mine", "MINE")["id"]
    shop.control.change_product(shop.domain, product, title="Still mine")
    with pytest.raises(ForgedHook):
        heard(shop, inbox, "products/update")
    shop.control.delete_product(shop.domain, product)
    first, second = heard(shop, inbox, "products/delete", times=2)
    assert first == second


def test_a_shop_that_can_have_no_more_locations_says_so(shop: Shop) -> None:
    made = [shop.location(f"Supplier {index}").location_id for index in range(1, MOST_LOCATIONS)]
    assert len(set(made)) == MOST_LOCATIONS - 1
    with pytest.raises(Rejected):
        shop.location("One too many")
    assert shop.location("Supplier 1").location_id == made[0]
