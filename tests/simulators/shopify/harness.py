"""What the tests of the simulator work with: a stand-in for the app, a shop at hand, a service and a product."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.simulators.shopify import Control, RunningSimulator

CLIENT_ID = "the-app"
CLIENT_SECRET = "a secret that only Shopify and the app know"
CREATE_SERVICE = """
mutation($name: String!, $callback: URL) {
  fulfillmentServiceCreate(name: $name, callbackUrl: $callback, inventoryManagement: false) {
    fulfillmentService { id location { id } } userErrors { field message } } }
"""
SET_PRODUCT = """
mutation($identifier: ProductSetIdentifiers, $input: ProductSetInput!) {
  productSet(identifier: $identifier, input: $input) {
    product { id handle variants(first: 20) { nodes { id sku inventoryItem { id } selectedOptions { value } } } }
    userErrors { code field message } } }
"""


@dataclass(frozen=True)
class Received:
    """A request that the app got."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def topic(self) -> str:
        """The topic, empty for callbacks."""
        return self.headers.get("x-shopify-topic", "")

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)

    @property
    def genuine(self) -> bool:
        """Whether the signature fits."""
        expected = base64.b64encode(hmac.digest(CLIENT_SECRET.encode(), self.body, hashlib.sha256)).decode()
        return hmac.compare_digest(expected, self.headers["x-shopify-hmac-sha256"])


@dataclass
class App:
    """What stands for the app: it keeps what it is sent, and answers with ``statuses`` in turn, then with 200."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    statuses: dict[str, list[int]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, domain: str, topic: str | None = None) -> list[Received]:
        """What came from a shop."""
        with self.lock:
            return [
                one
                for one in self.received
                if one.headers["x-shopify-shop-domain"] == domain and topic in (None, one.topic)
            ]


@dataclass
class ShopHandle:
    """A shop with the app on it, and a token for it."""

    simulator: RunningSimulator
    domain: str
    token: str
    http: requests.Session

    @property
    def control(self) -> Control:
        """The control API."""
        return self.simulator.control

    def ask(self, query: str, variables: Mapping[str, Any] | None = None, token: str | None = None) -> Any:
        """The whole answer to a GraphQL request."""
        response = self.http.post(
            self.simulator.graphql_url(self.domain),
            json={"query": query, "variables": dict(variables or {})},
            headers={"X-Shopify-Access-Token": token or self.token},
            timeout=20,
        )
        assert response.status_code == 200, response.text
        return response.json()

    def data(self, query: str, variables: Mapping[str, Any] | None = None) -> Any:
        """The data of an answer without errors."""
        answer = self.ask(query, variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def error(self, query: str, variables: Mapping[str, Any] | None = None) -> Any:
        """The first error of an answer."""
        return self.ask(query, variables)["errors"][0]

    def stock(self, sku: str, location: int | None = None) -> tuple[int, int, int]:
        """Available, committed and on hand of a SKU, at one location or at the only one."""
        found = [
            level
            for level in self.control.levels(self.domain)
            if level["sku"] == sku and location in (None, level["location_id"])
        ]
        assert len(found) == 1, found
        return found[0]["available"], found[0]["committed"], found[0]["on_hand"]


@dataclass(frozen=True)
class Service:
    """A fulfilment service of the app's with a product that it stocks."""

    id: str
    location: str
    product: str
    variant: str
    item: str
    sku: str

    @property
    def location_number(self) -> int:
        """The location's plain number."""
        return int(self.location.rpartition("/")[2])


def lamp(colours: list[tuple[str, int]], location: str) -> dict[str, Any]:
    """The input of ``productSet`` for a product with one variant per colour."""
    return {
        "title": "Desk lamp",
        "status": "ACTIVE",
        "productOptions": [{"name": "Color", "values": [{"name": name} for name, _ in colours]}],
        "variants": [
            {
                "optionValues": [{"optionName": "Color", "name": name}],
                "sku": f"LAMP-{name.upper()}",
                "price": "29.90",
                "inventoryItem": {"tracked": True, "cost": "11.20"},
                "inventoryQuantities": [{"locationId": location, "name": "available", "quantity": count}],
            }
            for name, count in colours
        ],
    }
