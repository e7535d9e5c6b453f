"""Who a message comes from: hooks by the HMAC of their raw body, people by ID tokens. Nothing else gets in."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.adapters.stores.shopify.signatures import InvalidIdToken, valid_shop, verify_hook, verify_id_token
from app.stores.hooks import ForgedHook

CLIENT_ID, SECRET, OLD_SECRET = (
    "the-client",
    "the present secret, which is long enough",
    "the secret before, which is long enough",
)
SHOP = "northwind.myshopify.com"


@pytest.fixture(autouse=True)
def _settings(set_up: Callable[..., None]) -> None:
    set_up(shopify_client_id=CLIENT_ID, shopify_client_secret=SECRET, shopify_old_client_secret=OLD_SECRET)


def signed(body: bytes, secret: str = SECRET, **changes: str | None) -> dict[str, str]:
    """The headers of a delivery."""
    headers: dict[str, str | None] = {
        "x-shopify-hmac-sha256": base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode(),
        "x-shopify-topic": "orders/paid",
        "x-shopify-shop-domain": SHOP,
        "x-shopify-webhook-id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
        "x-shopify-api-version": "2026-10",
        "x-shopify-triggered-at": "2026-11-01T10:00:00.123456789Z",
        "x-shopify-event-id": "98880550-7158-44d4-b7cd-2c97c8a091b5",
    }
    headers.update({name.replace("_", "-"): value for name, value in changes.items()})
    return {name: value for name, value in headers.items() if value is not None}


@pytest.mark.parametrize("secret", [SECRET, OLD_SECRET], ids=["present", "before the rotation"])
def test_a_genuine_delivery_is_known_by_either_secret(secret: str) -> None:
    body = b'{"id": 1, "note": "caf\xc3\xa9"}'
    envelope = verify_hook(signed(body, secret), body)
    assert (envelope.shop, envelope.topic) == (SHOP, "orders/paid")
    assert envelope.message_id == "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"
    assert envelope.triggered_at is not None
    assert "hmac-sha256" not in envelope.headers


def test_headers_without_the_x_are_read_as_well() -> None:
    body = b"{}"
    headers = {name.removeprefix("x-"): value for name, value in signed(body).items()}
    assert verify_hook(headers, body).shop == SHOP


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        (b'{"id": 1}', b'{"id": 2}'),
        (b'{"id": 1}', b'{"id": 1'),
        (b'{"id": 1}', b'{"id": 1}\n'),
        (b'{"id": 1}', b'{"id":1}'),
        (b"\xff\xfe\x00", b"\xff\xfe\x01"),
    ],
    ids=["changed", "truncated", "lengthened", "written otherwise", "not UTF-8"],
)
def test_a_body_that_is_not_the_signed_one_is_forged(body: bytes, sent: bytes) -> None:
    with pytest.raises(ForgedHook):
        verify_hook(signed(body), sent)


def test_a_body_that_is_not_utf_8_has_its_signature_checked_all_the_same() -> None:
    assert verify_hook(signed(b"\xff\xfe\x00"), b"\xff\xfe\x00").shop == SHOP


@pytest.mark.parametrize(
    "changes",
    [
        {"x_shopify_hmac_sha256": None},
        {"x_shopify_hmac_sha256": ""},
        {"x_shopify_hmac_sha256": "not base64!"},
        {"x_shopify_hmac_sha256": "\u00e9"},
        {"x_shopify_hmac_sha256": base64.b64encode(b"short").decode()},
        {"x_shopify_shop_domain": None},
        {"x_shopify_shop_domain": "northwind.example"},
        {"x_shopify_shop_domain": "northwind.myshopify.com.evil.example"},
        {"x_shopify_shop_domain": "a/../northwind.myshopify.com"},
        {"x_shopify_topic": None},
        {"x_shopify_webhook_id": None},
        {"x_shopify_webhook_id": "x" * 300},
    ],
)
def test_a_delivery_that_lacks_its_proof_or_names_is_forged(changes: dict[str, Any]) -> None:
    with pytest.raises(ForgedHook):
        verify_hook(signed(b"{}", **changes), b"{}")


def test_another_apps_secret_proves_nothing() -> None:
    with pytest.raises(ForgedHook):
        verify_hook(signed(b"{}", "another app's secret"), b"{}")


@settings(deadline=None)
@given(st.binary(max_size=200), st.dictionaries(st.sampled_from(list(signed(b""))), st.text(max_size=50)))
def test_whatever_comes_is_forged_and_no_error(body: bytes, headers: dict[str, str]) -> None:
    with pytest.raises(ForgedHook):
        verify_hook(headers, body)


def id_token(secret: str = SECRET, algorithm: str = "HS256", **changes: Any) -> str:
    """An ID token as App Bridge hands it out."""
    now = int(time.time())
    claims: dict[str, Any] = {
        "iss": f"https://{SHOP}/admin",
        "dest": f"https://{SHOP}",
        "aud": CLIENT_ID,
        "sub": "42",
        "exp": now + 60,
        "nbf": now,
        "iat": now,
        "jti": "f8912129-1af6-4cad-9ca3-76b0f7621087",
        "sid": "aaea182f2732d44c23057c0fea584021a4485b2bd25d3eb7fd349313ad24c685",
    }
    claims.update(changes)
    claims = {name: value for name, value in claims.items() if value is not ...}
    return jwt.encode(claims, secret if algorithm != "none" else None, algorithm=algorithm)


@pytest.mark.parametrize("secret", [SECRET, OLD_SECRET], ids=["present", "before the rotation"])
def test_a_genuine_token_names_the_shop_and_the_person(secret: str) -> None:
    user = verify_id_token(id_token(secret))
    assert (user.shop, user.user_id) == (SHOP, "42")


@pytest.mark.parametrize(
    "token",
    [
        lambda: id_token("another secret, which is just as long as ours"),
        lambda: id_token(algorithm="none"),
        lambda: id_token(SECRET * 2, algorithm="HS512"),
        lambda: id_token(exp=int(time.time()) - 60),
        lambda: id_token(exp=...),
        lambda: id_token(nbf=int(time.time()) + 60),
        lambda: id_token(aud="another-app"),
        lambda: id_token(aud=...),
        lambda: id_token(dest="https://other.myshopify.com"),
        lambda: id_token(iss="https://other.myshopify.com/admin"),
        lambda: id_token(dest=..., iss=...),
        lambda: id_token(dest="https://northwind.example", iss="https://northwind.example/admin"),
        lambda: id_token(sub=...),
        lambda: id_token(sid=...),
        lambda: id_token()[:-4],
        lambda: id_token() + "x",
        lambda: "",
        lambda: "a.b.c",
        lambda: "\u00e9.\u00e9.\u00e9",
        lambda: ".".join([
            base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).decode().rstrip("="),
            id_token().split(".")[1],
            "",
        ]),
    ],
    ids=[
        "another secret", "alg none", "another algorithm", "expired", "without an end", "not yet", "another app",
        "no app", "another shop", "another issuer", "no shop", "no Shopify shop", "nobody", "no session", "cut",
        "lengthened", "empty", "nonsense", "not ASCII", "a good body without signature",
    ],
)  # fmt: skip
def test_a_token_that_proves_nothing_is_refused(token: Callable[[], str]) -> None:
    with pytest.raises(InvalidIdToken):
        verify_id_token(token())


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_as_a_token_is_refused_and_no_error(text: str) -> None:
    with pytest.raises(InvalidIdToken):
        verify_id_token(text)


@pytest.mark.parametrize(
    ("text", "shop"),
    [
        ("northwind", SHOP),
        ("Northwind.myshopify.com", SHOP),
        (" https://northwind.myshopify.com/ ", SHOP),
        ("https://admin.shopify.com/store/northwind", SHOP),
        ("https://admin.shopify.com/store/northwind/apps/x?y=1", SHOP),
        ("northwind.example", None),
        ("northwind.myshopify.com.evil.example", None),
        ("https://evil.example/northwind.myshopify.com", None),
        ("user@northwind.myshopify.com", None),
        ("-northwind.myshopify.com", None),
        ("", None),
        ("x" * 300, None),
    ],
)
def test_a_shop_is_found_in_what_people_type_and_nowhere_else(text: str, shop: str | None) -> None:
    assert valid_shop(text) == shop
