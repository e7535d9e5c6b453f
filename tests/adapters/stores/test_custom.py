"""Stores of the retailer's own making: known by their host, calling us, never called."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from app.adapters import registries
from app.config import LEAST_PASSWORD_MEMORY_KIB
from app.kit.errors import Invalid, Rejected
from app.stores.hooks import ForgedHook
from app.stores.platform import Credentials, StoreAccess, StorePlatform


@pytest.fixture
def custom() -> StorePlatform:
    return registries.stores.get("custom")


@pytest.mark.parametrize(
    ("url", "shop"),
    [
        ("https://shop.example.com", "shop.example.com"),
        ("  https://shop.example.com/  ", "shop.example.com"),
        ("Shop.Example.com/path?x=1", "shop.example.com"),
        ("https://shop.example.com:8443", "shop.example.com:8443"),
        ("https://shop.example.com:443/", "shop.example.com"),
        ("https://xn--80aaxitdbjk.xn--p1ai", "xn--80aaxitdbjk.xn--p1ai"),
        ("https://a-b.co", "a-b.co"),
        ("http://localhost:8080", "localhost:8080"),
        ("http://127.0.0.1:8080", "127.0.0.1:8080"),
    ],
)
def test_a_store_is_known_by_its_host_and_nothing_is_to_be_granted(custom: StorePlatform, url: str, shop: str) -> None:
    assert custom.connect_url(url, state="") == (shop, None)


@pytest.mark.parametrize(
    "url",
    [
        "",
        " ",
        "https://",
        "http://shop.example.com",
        "ftp://shop.example.com",
        "ftp://localhost",
        "javascript:alert(1)",
        "https://user:secret@shop.example.com",
        "https://user:secret@localhost",
        "https://10.0.0.1",
        "https://169.254.169.254",
        "https://[fd00::1]",
        "https://[::1",
        "https://shop",
        "https://-shop.example.com",
        "https://shop..example.com",
        "https://shop.example.com:99999",
        "https://shop.example.com:x",
        "https://shop.example.c0m",
        "https://" + "a" * 64 + ".example.com",
        "https://" + "a." * 130 + "com",
        "https://shop example.com",
    ],
)
def test_what_is_no_stores_address_is_refused_by_its_field(custom: StorePlatform, url: str) -> None:
    with pytest.raises(Invalid) as refused:
        custom.connect_url(url, state="")
    assert [(error.field, error.code) for error in refused.value.errors] == [("url", "not_a_store")]


@pytest.mark.parametrize("url", ["http://localhost:8080", "https://localhost", "http://127.0.0.1", "https://[::1]"])
def test_this_machine_is_a_store_while_developing_only(
    custom: StorePlatform, set_up: Callable[..., None], monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    assert custom.connect_url(url, state="")[1] is None
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1:9/none")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9/0")
    set_up(
        environment="production",
        password_memory_kib=str(LEAST_PASSWORD_MEMORY_KIB),
        secret_key="a secret of these tests, longer than is needed",
        encryption_keys="1:" + base64.b64encode(bytes(32)).decode(),
        shopify_client_secret="a client secret of these tests",
        mail_transport="smtp",
        smtp_url="smtp://127.0.0.1:9",
        public_url="https://crossdock.example",
    )
    with pytest.raises(Invalid):
        custom.connect_url(url, state="")
    assert custom.connect_url("https://shop.example.com", state="") == ("shop.example.com", None)


def test_nobody_can_pass_a_hook_off_as_a_custom_stores(custom: StorePlatform) -> None:
    with pytest.raises(ForgedHook):
        custom.verify_hook({"x-signature": "sha256=00", "x-crossdock-signature": "t=1,v1=00"}, b"{}")
    with pytest.raises(ValueError, match="no hooks"):
        custom.translate_hook("orders/paid", b"{}")


def test_it_has_no_credentials_to_renew_and_no_facts_to_tell(custom: StorePlatform) -> None:
    access = StoreAccess(external_id="shop.example.com", credentials=Credentials(access_token="t"))
    for call in (custom.refresh, custom.describe_shop):
        with pytest.raises(Rejected) as refused:
            call(access)
        assert refused.value.code == "not_supported"
