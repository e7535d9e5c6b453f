"""What every store platform must hold to, whichever it is."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.adapters import registries
from app.kit import clock
from app.kit.errors import Invalid, Rejected, Unavailable
from app.kit.money import Money
from app.stores.goods import ListingPush, LocationRef, PricePush, StockPush
from app.stores.hooks import ForgedHook, HookFact
from app.stores.money_back import RefundWish
from app.stores.parcels import FulfillmentOrderRef, OrderNote, TrackingPush
from app.stores.platform import CAPABILITIES, Credentials, StoreAccess, StorePlatform

PLATFORMS = sorted(registries.stores.names())
_ORDER = FulfillmentOrderRef(external_id="1", location_id="1", state="open")
_PARCEL = TrackingPush(
    fulfillment_order_id="1",
    lines={"1": 1},
    carrier="UPS",
    tracking_number="1Z999AA10123456784",
    tracking_url=None,
    notify_shopper=False,
)
_STOCK = StockPush(inventory_id="1", location_id="1", quantity=1, change_from=None)
_PRICE = PricePush(product_id="1", variant_id="1", price=None, compare_at=None, cost=Money(100, "USD"))
_LISTING = ListingPush(
    key="1",
    title="Lamp",
    description_html="",
    vendor="",
    product_type="",
    tags=[],
    images=None,
    option_names=[],
    published=True,
    location=LocationRef("1", "1"),
    external_id=None,
    variants=[],
)
_REFUND = RefundWish(
    reference="R-1",
    key="1",
    external_order_id="1",
    units={"1": 1},
    shipping=False,
    amount=None,
    note="",
    notify=False,
)
_NOTE = OrderNote(key="1", external_order_id="1", location_id="1", text="1 × Lamp waits for stock.")
#: Capability → the calls that it stands for.
CALLS: dict[str, list[Callable[[StorePlatform, StoreAccess], object]]] = {
    "hooks": [],
    "push_stock": [
        lambda platform, access: platform.push_stock(access, [_STOCK], key="k"),
        lambda platform, access: platform.ensure_location(access, "Nordlicht"),
    ],
    "push_listings": [
        lambda platform, access: platform.push_listings(access, [_LISTING]),
        lambda platform, access: platform.withdraw_listing(access, "1"),
    ],
    "push_prices": [lambda platform, access: platform.push_prices(access, [_PRICE])],
    "read_back": [lambda platform, access: platform.read_quantities(access, [("1", "1")])],
    "fulfillment_requests": [
        lambda platform, access: platform.fulfillment_orders(access, "1"),
        lambda platform, access: platform.accept_fulfillment(access, _ORDER),
        lambda platform, access: platform.answer_cancellation(access, "1", accept=True, message=""),
    ],
    "push_tracking": [
        lambda platform, access: platform.push_tracking(access, _PARCEL),
        lambda platform, access: platform.push_delivered(access, "1", clock.now()),
    ],
    "merchant_fulfillment": [lambda platform, access: platform.unsent_units(access, "1")],
    "order_notes": [lambda platform, access: platform.note_on_order(access, _NOTE)],
    "refunds": [
        lambda platform, access: platform.suggest_refund(access, _REFUND),
        lambda platform, access: platform.refund(access, _REFUND),
    ],
    "refund_requests": [],
    "returns": [
        lambda platform, access: platform.hear_returns(access),
        lambda platform, access: platform.read_return(access, "1"),
        lambda platform, access: platform.answer_return(access, "1", accept=True, reason=""),
        lambda platform, access: platform.close_return(access, "1"),
    ],
    "orders_since": [lambda platform, access: platform.orders_since(access, clock.now())],
}


@pytest.fixture(params=PLATFORMS)
def platform(request: pytest.FixtureRequest) -> StorePlatform:
    return registries.stores.get(request.param)


def test_the_platforms_are_found_by_their_folders() -> None:
    assert {"shopify", "custom"} <= set(PLATFORMS)


def test_it_keeps_the_port_and_says_what_it_is(platform: StorePlatform) -> None:
    assert isinstance(platform, StorePlatform)
    assert registries.stores.get(platform.name) is platform
    assert platform.label
    assert platform.capabilities <= CAPABILITIES
    assert set(platform.optional_scopes) <= platform.capabilities
    for name, expected in inspect.getmembers(StorePlatform, inspect.isfunction):
        if not name.startswith("_"):
            ours = inspect.signature(getattr(platform, name))
            assert len(ours.parameters) == len(inspect.signature(expected).parameters) - 1, name


def test_an_unsigned_hook_is_forged(platform: StorePlatform) -> None:
    for headers in ({}, {"x-shopify-hmac-sha256": "AAAA"}, {"x-signature": "AAAA"}):
        with pytest.raises(ForgedHook):
            platform.verify_hook(headers, b'{"id": 1}')


@pytest.mark.parametrize("capability", sorted(CAPABILITIES))
def test_what_it_can_do_it_tries_and_what_it_can_not_it_refuses(
    platform: StorePlatform, capability: str, set_up: Callable[..., None]
) -> None:
    # Nobody listens at this address: whoever really calls its store finds that out.
    set_up(shopify_admin_url="http://127.0.0.1:9/{shop}")
    access = StoreAccess(external_id="shop.example", credentials=Credentials(access_token="t"))
    for call in CALLS[capability]:
        with pytest.raises(Unavailable if capability in platform.capabilities else Rejected):
            call(platform, access)


@settings(deadline=None)
@given(st.text(max_size=40), st.binary(max_size=100))
def test_a_hook_says_something_or_is_refused(topic: str, body: bytes) -> None:
    for name in PLATFORMS:
        try:
            fact = registries.stores.get(name).translate_hook(topic, body)
        except ValueError:
            continue
        assert isinstance(fact, HookFact)
        assert "hooks" in registries.stores.get(name).capabilities


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=80))
def test_an_address_is_a_shop_or_refused_by_its_field(platform: StorePlatform, text: str) -> None:
    try:
        shop, authorize_url = platform.connect_url(text, state="")
    except Invalid as refused:
        assert [error.field for error in refused.errors] == ["url"]
        return
    assert shop
    assert shop == shop.strip().lower()
    assert authorize_url is None or authorize_url.startswith(("https://", "http://"))
