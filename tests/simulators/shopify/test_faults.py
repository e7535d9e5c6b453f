"""Failing answers on demand."""

from __future__ import annotations

import time

import pytest
import requests

from tests.simulators.shopify import RunningSimulator, SimulatorConfig, start
from tests.simulators.shopify.harness import ShopHandle
from tests.simulators.shopify.running import ControlRefused

_TAG = "mutation Tag($id: ID!, $tag: String!) { tagsAdd(id: $id, tags: [$tag]) { userErrors { message } } }"


def _post(shop: ShopHandle, query: str, variables: dict[str, str] | None = None) -> requests.Response:
    return requests.post(
        shop.simulator.graphql_url(shop.domain),
        json={"query": query, "variables": variables or {}},
        headers={"X-Shopify-Access-Token": shop.token},
        timeout=20,
    )


def test_statuses_happen_as_often_as_asked(shop: ShopHandle) -> None:
    shop.control.add_fault("http_502", {"shop": shop.domain}, times=2)
    assert [_post(shop, "{ shop { id } }").status_code for _ in range(3)] == [502, 502, 200]


def test_a_fault_can_be_for_one_operation(shop: ShopHandle) -> None:
    shop.control.add_fault("http_429", {"shop": shop.domain, "operation": "tagsAdd"}, retry_after=2)
    assert _post(shop, "{ shop { id } }").ok
    refused = _post(shop, _TAG, {"id": "gid://shopify/Product/1", "tag": "x"})
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "2")


def test_throttling_can_be_forced(shop: ShopHandle) -> None:
    shop.control.add_fault("throttled", {"shop": shop.domain})
    assert shop.error("{ shop { id } }")["extensions"]["code"] == "THROTTLED"
    shop.control.wait_for(lambda: "data" in shop.ask("{ shop { id } }"), "the bucket refills")


def test_an_answer_can_be_slow(shop: ShopHandle) -> None:
    shop.control.add_fault("slow", {"shop": shop.domain}, delay_ms=300)
    begun = time.monotonic()
    assert _post(shop, "{ shop { id } }").ok
    assert time.monotonic() - begun >= 0.3


@pytest.mark.parametrize(("kind", "tags"), [("drop_before", []), ("drop_after_effect", ["x"])])
def test_a_connection_can_be_lost_before_or_after_the_effect(shop: ShopHandle, kind: str, tags: list[str]) -> None:
    product = shop.control.add_product(shop.domain, "Mug", "MUG")
    shop.control.add_fault(kind, {"shop": shop.domain})
    with pytest.raises(requests.ConnectionError):
        _post(shop, _TAG, {"id": f"gid://shopify/Product/{product['id']}", "tag": "x"})
    assert shop.control.products(shop.domain)[0]["tags"] == tags


def test_the_token_endpoint_can_fail(shop: ShopHandle) -> None:
    shop.control.add_fault("http_500", {"shop": shop.domain, "path": "/oauth/access_token"})
    assert _post(shop, "{ shop { id } }").ok
    url = f"{shop.simulator.url}/{shop.domain}/admin/oauth/access_token"
    assert requests.post(url, json={}, timeout=10).status_code == 500


def test_faults_are_listed_and_cleared(shop: ShopHandle) -> None:
    shop.control.add_fault("http_500", {"shop": "nowhere.myshopify.com"})
    assert [fault["kind"] for fault in shop.control.faults()] == ["http_500"]
    shop.control.clear_faults()
    assert shop.control.faults() == []
    with pytest.raises(ControlRefused):
        shop.control.add_fault("earthquake")


def test_requests_are_counted_by_operation(shop: ShopHandle) -> None:
    shop.control.reset_counters()
    shop.data("query Name { shop { id } }")
    shop.data("query Name { shop { id } }")
    counters = shop.control.counters()
    assert counters["operations"] == {"Name": 2}
    assert counters["cost"] == {"Name": 2}


def test_the_probe_tells_the_simulators_own_time(shop: ShopHandle) -> None:
    took = shop.control.probe(shop.domain, "{ shop { id } }", {}, times=3)
    assert 0 < took["least_ms"] <= took["mean_ms"]


def test_a_simulator_starts_and_stops_at_once(shopify: RunningSimulator) -> None:
    running = start(SimulatorConfig("id", "a secret of some length, for the tests", "http://127.0.0.1:9"))
    assert [shop["domain"] for shop in running.control.shops()] == ["northwind.myshopify.com"]
    begun = time.monotonic()
    running.stop()
    assert time.monotonic() - begun < 3
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{running.url}/_sim/health", timeout=1)
