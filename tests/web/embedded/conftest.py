"""The retailer's pages as Shopify's admin opens them, on the simulated Shopify."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.config import settings
from tests.adapters.settings import set_up
from tests.adapters.stores.conftest import CLIENT_ID, CLIENT_SECRET, simulator
from tests.market import application
from tests.simulators.shopify import Control, RunningSimulator

__all__ = ["set_up", "simulator"]

_numbers = itertools.count(1)


@dataclass
class Admin:
    """A merchant in a shop's admin, which frames our pages."""

    app: Flask
    control: Control
    domain: str

    def token(self, **wishes: Any) -> str:
        """An ID token of this shop."""
        return self.control.id_token(self.domain, **wishes)

    def fetch(self, path: str, *, token: str | None = None, method: str = "GET", **more: Any) -> TestResponse:
        """What App Bridge sends: the token in the header, no cookies."""
        sent = self.token() if token is None else token
        client = self.app.test_client(use_cookies=False)
        return client.open(path, method=method, headers={"Authorization": f"Bearer {sent}"}, **more)

    def load(self, path: str, *, token: str | None = None) -> TestResponse:
        """The frame's document: the token in the address."""
        sent = self.token() if token is None else token
        path, _, given = path.partition("?")
        query = {**dict(parse_qsl(given)), "shop": self.domain, "embedded": "1", **({"id_token": sent} if sent else {})}
        return self.app.test_client(use_cookies=False).get(
            path, query_string=query, headers={"Sec-Fetch-Dest": "iframe"}
        )


@pytest.fixture
def admin_of(committed: None, simulator: RunningSimulator, set_up: Callable[..., None]) -> Callable[[], Admin]:
    """Opens shops with the app granted, not yet opened."""
    set_up(
        shopify_client_id=CLIENT_ID,
        shopify_client_secret=CLIENT_SECRET,
        shopify_admin_url=simulator.url + "/{shop}",
        shopify_admin_origin=simulator.url,
    )
    app = application(settings())

    def opened() -> Admin:
        domain = f"embedded-{next(_numbers)}.myshopify.com"
        simulator.control.add_shop(domain, "Northwind Home")
        simulator.control.install(domain)
        return Admin(app, simulator.control, domain)

    return opened


@pytest.fixture
def admin(admin_of: Callable[[], Admin]) -> Admin:
    """One such shop."""
    return admin_of()
