"""What every store platform must hold to, whichever it is."""

from __future__ import annotations

import inspect

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.adapters import registries
from app.kit.errors import Invalid, Rejected
from app.stores.platform import CAPABILITIES, Credentials, ForgedHook, StockPush, StoreAccess, StorePlatform

PLATFORMS = sorted(registries.stores.names())
#: Capability → the calls that it stands for.
CALLS = {
    "push_stock": lambda platform, access: platform.push_stock(
        access, [StockPush(inventory_id="1", location_id="1", quantity=1, change_from=None)], key="k"
    ),
    "push_listings": lambda platform, access: platform.push_listings(access, []),
    "push_prices": lambda platform, access: platform.push_prices(access, []),
    "read_back": lambda platform, access: platform.read_quantities(access, []),
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
    for name, expected in inspect.getmembers(StorePlatform, inspect.isfunction):
        if not name.startswith("_"):
            ours = inspect.signature(getattr(platform, name))
            assert len(ours.parameters) == len(inspect.signature(expected).parameters) - 1, name


def test_an_unsigned_hook_is_forged(platform: StorePlatform) -> None:
    for headers in ({}, {"x-shopify-hmac-sha256": "AAAA"}, {"x-signature": "AAAA"}):
        with pytest.raises(ForgedHook):
            platform.verify_hook(headers, b'{"id": 1}')


def test_what_it_can_not_do_it_refuses_and_does_not_pretend(platform: StorePlatform) -> None:
    access = StoreAccess(external_id="shop.example", credentials=Credentials(access_token="t"))
    for capability, call in CALLS.items():
        if capability not in platform.capabilities:
            with pytest.raises(Rejected):
                call(platform, access)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
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


@pytest.mark.parametrize(
    ("url", "shop"),
    [
        ("https://shop.example.com", "shop.example.com"),
        ("Shop.Example.com/path?x=1", "shop.example.com"),
        ("http://localhost:8080", "localhost:8080"),
        ("https://shop.example.com:8443", "shop.example.com:8443"),
        ("http://shop.example.com", None),
        ("https://user:secret@shop.example.com", None),
        ("ftp://shop.example.com", None),
        ("https://10.0.0.1", None),
        ("https://shop", None),
        ("https://shop.example.com:99999", None),
        ("https://[::1", None),
    ],
)
def test_a_custom_store_is_known_by_its_host(url: str, shop: str | None) -> None:
    custom = registries.stores.get("custom")
    if shop is None:
        with pytest.raises(Invalid):
            custom.connect_url(url, state="")
    else:
        assert custom.connect_url(url, state="") == (shop, None)
