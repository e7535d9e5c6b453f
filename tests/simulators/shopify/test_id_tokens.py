"""What opens the app inside the admin, checked with Shopify's own library."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from shopify import Session, session_token

from tests.simulators.shopify import SimulatorConfig
from tests.simulators.shopify.clock import Clock
from tests.simulators.shopify.id_tokens import STAFF_MEMBER, launch_url, mint

_CONFIG = SimulatorConfig("the-app", "a secret that only Shopify and the app know", "http://127.0.0.1:8000")
_SHOP = "northwind.myshopify.com"


def test_an_id_token_satisfies_the_strict_decoder() -> None:
    token = mint(_CONFIG, Clock(), _SHOP, user=STAFF_MEMBER, wishes={})
    claims = session_token.decode_from_header(f"Bearer {token}", _CONFIG.client_id, _CONFIG.client_secret)
    assert claims["dest"] == f"https://{_SHOP}"
    assert claims["sub"] == str(STAFF_MEMBER)
    assert claims["exp"] - claims["nbf"] == 60


def test_the_address_of_the_frame_is_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Session, "secret", _CONFIG.client_secret)
    url = urlsplit(launch_url(_CONFIG, Clock(), _SHOP, "/orders?tab=open&q=a%26b", {"extra": "50% off"}))
    parameters = dict(parse_qsl(url.query))
    assert url.path == "/orders"
    assert (parameters["tab"], parameters["shop"], parameters["embedded"]) == ("open", _SHOP, "1")
    assert Session.validate_params(parameters)
    assert not Session.validate_params({**parameters, "shop": "other.myshopify.com"})
