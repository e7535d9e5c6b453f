"""One simulated Shopify for all tests of the adapter; each test has a shop of its own."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest

from app.adapters.stores.shopify.adapter import Shopify
from app.adapters.stores.shopify.embedding import exchange
from app.stores.platform import StoreAccess
from tests.adapters.settings import set_up
from tests.adapters.stores.shop import Shop
from tests.simulators.shopify import Control, RunningSimulator, ShopConfig, SimulatorConfig, start

__all__ = ["set_up"]

CLIENT_ID, CLIENT_SECRET = "crossdock-test", "a secret that only the tests of the adapter know"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def simulator() -> Iterator[RunningSimulator]:
    running = start(
        SimulatorConfig(
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            app_url="http://127.0.0.1:9",
            shops=(ShopConfig("first.myshopify.com", "First"),),
            routing_delay=0.02,
            media_delay=0.02,
            retry_scale=0.001,
        )
    )
    yield running
    running.stop()


@pytest.fixture
def configured(simulator: RunningSimulator, set_up: Callable[..., None]) -> Iterator[Control]:
    """The adapter talks to the simulator. Faults are off again afterwards."""
    set_up(
        shopify_client_id=CLIENT_ID,
        shopify_client_secret=CLIENT_SECRET,
        shopify_admin_url=simulator.url + "/{shop}",
    )
    yield simulator.control
    simulator.control.clear_faults()


@pytest.fixture
def open_shop(configured: Control) -> Callable[[], Shop]:
    """Opens shops, each installed by token exchange."""

    def opened() -> Shop:
        domain = f"adapter-{next(_numbers)}.myshopify.com"
        configured.add_shop(domain, "Northwind Home")
        configured.install(domain)
        credentials = exchange(domain, configured.id_token(domain))
        adapter = Shopify()
        access = StoreAccess(external_id=domain, credentials=credentials)
        facts = adapter.describe_shop(access)
        remembered = StoreAccess(external_id=domain, credentials=credentials, remembered=facts.remember)
        return Shop(domain, remembered, configured, adapter)

    return opened


@pytest.fixture
def shop(open_shop: Callable[[], Shop]) -> Shop:
    """An installed shop."""
    return open_shop()
