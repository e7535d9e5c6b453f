"""Who may do what: token exchange, expiry, rotation, scopes."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.simulators.shopify import RunningSimulator
from tests.simulators.shopify.harness import CLIENT_ID, CLIENT_SECRET, ShopHandle

_EXCHANGE = {
    "client_id": CLIENT_ID,
    "client_secret": CLIENT_SECRET,
    "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
    "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
    "requested_token_type": "urn:shopify:params:oauth:token-type:offline-access-token",
    "expiring": 1,
}
_HOUR = 3600
_DAY = 24 * _HOUR


def _post(shop: ShopHandle, **form: Any) -> requests.Response:
    url = f"{shop.simulator.url}/{shop.domain}/admin/oauth/access_token"
    return requests.post(url, json=form, timeout=10)


def _exchange(shop: ShopHandle, **changes: Any) -> requests.Response:
    token = shop.control.id_token(shop.domain)
    return _post(shop, **{**_EXCHANGE, "subject_token": token, **changes})


def _refresh(shop: ShopHandle, token: str) -> requests.Response:
    return _post(
        shop, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, grant_type="refresh_token", refresh_token=token
    )


def _works(shop: ShopHandle, token: str) -> bool:
    answer = requests.post(
        shop.simulator.graphql_url(shop.domain),
        json={"query": "{ shop { id } }"},
        headers={"X-Shopify-Access-Token": token},
        timeout=10,
    )
    assert answer.status_code in (200, 401)
    return answer.ok


def test_an_id_token_is_exchanged_for_an_expiring_pair(shop: ShopHandle) -> None:
    granted = _exchange(shop).json()
    assert granted["expires_in"] == _HOUR
    assert granted["refresh_token_expires_in"] == 90 * _DAY
    assert "write_products" in granted["scope"].split(",")
    assert _works(shop, granted["access_token"])


@pytest.mark.parametrize(
    "wishes",
    [
        {"expires_in": -60},
        {"aud": "another-app"},
        {"secret": "a secret that somebody else made up, long enough"},
        {"alg": "none"},
        {"dest": "https://elsewhere.myshopify.com"},
    ],
    ids=lambda wishes: next(iter(wishes)),
)
def test_a_bad_id_token_is_not_exchanged(shop: ShopHandle, wishes: dict[str, Any]) -> None:
    answer = _exchange(shop, subject_token=shop.control.id_token(shop.domain, **wishes))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_subject_token")


def test_tokens_that_never_expire_are_not_given(shop: ShopHandle) -> None:
    form = {name: value for name, value in _EXCHANGE.items() if name != "expiring"}
    answer = _post(shop, **form, subject_token=shop.control.id_token(shop.domain))
    assert answer.status_code == 403


def test_another_apps_secret_gets_nothing(shop: ShopHandle) -> None:
    assert _exchange(shop, client_secret="wrong").json()["error"] == "invalid_client"


def test_an_access_token_dies_after_an_hour_and_its_refresh_token_after_ninety_days(shop: ShopHandle) -> None:
    granted = _exchange(shop).json()
    shop.control.advance_clock(_HOUR + 1)
    assert not _works(shop, granted["access_token"])
    renewed = _refresh(shop, granted["refresh_token"]).json()
    assert _works(shop, renewed["access_token"])
    shop.control.advance_clock(91 * _DAY)
    assert _refresh(shop, renewed["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_refresh_token_can_be_retried_until_its_replacement_is_used(shop: ShopHandle) -> None:
    first = _exchange(shop).json()["refresh_token"]
    lost = _refresh(shop, first)
    again = _refresh(shop, first)
    assert lost.ok
    assert again.ok
    assert _refresh(shop, again.json()["refresh_token"]).ok
    assert _refresh(shop, first).json()["error"] == "invalid_grant"


def test_an_unknown_token_is_refused_as_shopify_does(shop: ShopHandle) -> None:
    answer = requests.post(shop.simulator.graphql_url(shop.domain), json={"query": "{ shop { id } }"}, timeout=10)
    assert answer.status_code == 401
    assert "Invalid API key or access token" in answer.json()["errors"]


def test_a_token_is_for_one_shop(shop: ShopHandle, shopify: RunningSimulator) -> None:
    other = ShopHandle(shopify, "first.myshopify.com", shop.token, shop.http)
    shopify.control.install(other.domain)
    assert not _works(other, shop.token)


def test_uninstalling_kills_the_tokens_and_reinstalling_needs_new_ones(shop: ShopHandle) -> None:
    granted = _exchange(shop).json()
    shop.control.uninstall(shop.domain)
    assert not _works(shop, granted["access_token"])
    assert _exchange(shop).status_code == 400
    shop.control.install(shop.domain)
    assert not _works(shop, granted["access_token"])
    assert not _refresh(shop, granted["refresh_token"]).ok
    assert _works(shop, _exchange(shop).json()["access_token"])


def test_fields_need_their_scopes(shop: ShopHandle) -> None:
    shop.control.grant_scopes(shop.domain, ["read_products"])
    shop.token = shop.control.issue_tokens(shop.domain)["access_token"]
    assert shop.data("{ products(first: 1) { nodes { id } } }") == {"products": {"nodes": []}}
    refused = shop.error("{ orders(first: 1) { nodes { id } } }")
    assert refused["extensions"]["code"] == "ACCESS_DENIED"
    assert "`read_orders`" in refused["message"]
    mutation = 'mutation { productDelete(input: {id: "gid://shopify/Product/1"}) { deletedProductId } }'
    assert "`write_products`" in shop.error(mutation)["extensions"]["requiredAccess"]


def test_writing_includes_reading(shop: ShopHandle) -> None:
    shop.control.grant_scopes(shop.domain, ["write_inventory"])
    shop.token = shop.control.issue_tokens(shop.domain)["access_token"]
    assert shop.data("{ inventoryItems(first: 1) { nodes { id sku } } }") == {"inventoryItems": {"nodes": []}}


def test_installing_again_renews_the_scopes(shop: ShopHandle) -> None:
    shop.control.grant_scopes(shop.domain, ["read_products"])
    shop.control.install(shop.domain)
    handles = [
        scope["handle"]
        for scope in shop.data("{ currentAppInstallation { accessScopes { handle } } }")["currentAppInstallation"][
            "accessScopes"
        ]
    ]
    assert "write_products" in handles
