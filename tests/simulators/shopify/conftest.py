"""One simulator for all tests of it; each test opens a shop of its own there."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from tests.simulators.shopify import RunningSimulator, ShopConfig, SimulatorConfig, start
from tests.simulators.shopify.harness import (
    CLIENT_ID,
    CLIENT_SECRET,
    CREATE_SERVICE,
    SET_PRODUCT,
    App,
    Received,
    Service,
    ShopHandle,
    lamp,
)

_NUMBERS = itertools.count(1)


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


@pytest.fixture
def service(shop: ShopHandle, app: App) -> Service:
    """A service that is called back and stocks ten of one variant, published."""
    made = shop.data(CREATE_SERVICE, {"name": "Acme", "callback": f"{app.url}/fulfilment"})
    created = made["fulfillmentServiceCreate"]["fulfillmentService"]
    place = created["location"]["id"]
    product = shop.data(SET_PRODUCT, {"input": lamp([("Black", 10)], place)})["productSet"]["product"]
    variant = product["variants"]["nodes"][0]
    return Service(created["id"], place, product["id"], variant["id"], variant["inventoryItem"]["id"], variant["sku"])
