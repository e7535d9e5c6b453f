"""One simulator for all tests of it; each test opens a shop of its own there."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from tests.simulators.shopify import RunningSimulator, ShopConfig, SimulatorConfig, start

CLIENT_ID = "the-app"
CLIENT_SECRET = "a secret that only Shopify and the app know"
_NUMBERS = itertools.count(1)


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


@pytest.fixture(scope="session")
def app() -> Iterator[App]:
    """The app's server."""
    heard = App()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            one = Received(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            with heard.lock:
                heard.received.append(one)
                waiting = heard.statuses.get(one.headers["x-shopify-shop-domain"], [])
                status = waiting.pop(0) if waiting else 200
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Tests print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    heard.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield heard
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture(scope="session")
def shopify(app: App) -> Iterator[RunningSimulator]:
    """The simulator."""
    running = start(
        SimulatorConfig(
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            app_url=app.url,
            shops=(ShopConfig("first.myshopify.com", "First"),),
            routing_delay=0.05,
            media_delay=0.05,
            retry_scale=0.01,
        )
    )
    yield running
    running.stop()


@dataclass
class ShopHandle:
    """A shop with the app on it, and a token for it."""

    simulator: RunningSimulator
    domain: str
    token: str
    http: requests.Session

    @property
    def control(self) -> Any:
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


@pytest.fixture
def open_shop(shopify: RunningSimulator) -> Iterator[Callable[[], ShopHandle]]:
    """Opens shops with the app installed and a token, one per call."""
    http = requests.Session()

    def open_one() -> ShopHandle:
        domain = f"shop-{next(_NUMBERS)}.myshopify.com"
        shopify.control.add_shop(domain, "Test")
        token = shopify.control.issue_tokens(domain)["access_token"]
        return ShopHandle(shopify, domain, token, http)

    yield open_one
    http.close()


@pytest.fixture
def shop(open_shop: Callable[[], ShopHandle]) -> ShopHandle:
    """A shop with the app installed and a token."""
    return open_shop()


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


@pytest.fixture
def service(shop: ShopHandle, app: App) -> Service:
    """A service that is called back and stocks ten of one variant, published."""
    made = shop.data(CREATE_SERVICE, {"name": "Acme", "callback": f"{app.url}/fulfilment"})
    created = made["fulfillmentServiceCreate"]["fulfillmentService"]
    place = created["location"]["id"]
    product = shop.data(SET_PRODUCT, {"input": lamp([("Black", 10)], place)})["productSet"]["product"]
    variant = product["variants"]["nodes"][0]
    return Service(created["id"], place, product["id"], variant["id"], variant["inventoryItem"]["id"], variant["sku"])


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
