"""A small market to ask things of by HTTP: two suppliers with goods, two retailers that can pay, and their API keys.

The web application runs in this process on the real database; payments go to the simulated Stripe.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import pytest
import requests
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app import db
from app.adapters import registries
from app.catalog.models import SupplierVariant
from app.config import Settings, settings
from app.identity.rules import SCOPES_OF_KIND
from app.identity.service import issue_key, platform_organisation
from app.purchasing.decisions.rules import Rules as AnswerRules
from app.purchasing.decisions.saving import save_rules as save_answer_rules
from app.settlement.service import record_account, record_customer, record_method
from tests import factories
from tests.kept_rows import delete_all, forget_all, is_empty, put_back, rows_of
from tests.simulators.process import SimulatorProcess, free_port, spawn, to_be_kept
from tests.stack import Jobs

STRIPE_KEY, STRIPE_HOOK_SECRET = "sk_test_crossdock", "whsec_market"
_numbers = itertools.count(1)
#: Markets of so many different settings are kept.
_MOST_KEPT = 8


class Api:
    """The API, asked with one key."""

    def __init__(self, app: Flask, key: str | None) -> None:
        self._client = app.test_client(use_cookies=False)
        self.key = key

    def call(self, method: str, path: str, **more: Any) -> TestResponse:
        """Any call. ``headers`` are added to the key's."""
        headers = dict(more.pop("headers", {}))
        if self.key is not None:
            headers.setdefault("Authorization", f"Bearer {self.key}")
        return self._client.open(path, method=method, headers=headers, **more)

    def get(self, path: str, **query: Any) -> TestResponse:
        """Read."""
        return self.call("GET", path, query_string=query)

    def post(self, path: str, body: Any, **headers: str) -> TestResponse:
        """Send JSON; ``Idempotency_Key`` and the like become headers."""
        return self.call("POST", path, json=body, headers=_named(headers))

    def put(self, path: str, body: Any, **headers: str) -> TestResponse:
        """Replace by JSON."""
        return self.call("PUT", path, json=body, headers=_named(headers))


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass(slots=True)
class Party:
    """An organisation that calls the API."""

    id: UUID
    api: Api


@dataclass(slots=True)
class Goods:
    """One product and its variants, with their SKUs."""

    product_id: UUID
    variants: list[UUID]
    skus: list[str]


@dataclass(slots=True)
class Market:
    """The parties, and what is sold."""

    app: Flask
    retailer: Party
    other_retailer: Party
    supplier: Party
    other_supplier: Party
    admin: Party
    lamp: Goods
    chair: Goods
    store_id: UUID
    stripe_url: str

    def anonymous(self) -> Api:
        """Somebody without a key."""
        return Api(self.app, None)

    def with_key(self, key: str) -> Api:
        """Somebody with this key."""
        return Api(self.app, key)

    def key(self, party: Party, *scopes: str, **more: Any) -> Api:
        """One more key of a party, with these scopes only."""
        with db.system_scope(actor="test"), db.transaction() as session:
            _, secret = issue_key(session, party.id, name="narrow", scopes=scopes, **more)
        return Api(self.app, secret)

    def order_body(self, *wanted: tuple[UUID, int], external_id: str | None = None) -> dict[str, Any]:
        """An order as a custom store sends it; two lamps and a chair unless told."""
        lines = wanted or ((self.lamp.variants[0], 2), (self.chair.variants[0], 1))
        return {
            "external_id": external_id or f"web-{next(_numbers)}",
            "currency": "USD",
            "shipping_address": {
                "name": "Ada Lovelace",
                "address1": "12 St James's Square",
                "city": "London",
                "postal_code": "SW1Y 4JH",
                "country_code": "GB",
                "email": "ada@shopper.example",
            },
            "lines": [
                {
                    "variant_id": str(variant),
                    "quantity": quantity,
                    "external_line_id": f"line-{index}",
                    "retail_price": {"amount": "25.00", "currency": "USD"},
                }
                for index, (variant, quantity) in enumerate(lines)
            ],
        }

    def place(self, *wanted: tuple[UUID, int], **more: Any) -> dict[str, Any]:
        """Place an order; it must be taken."""
        answer = self.retailer.api.post("/api/orders", self.order_body(*wanted, **more))
        assert answer.status_code == 201, answer.text
        return dict(answer.json)

    def stock(self, variant: UUID) -> dict[str, int]:
        """On hand and reserved."""
        with db.system_scope(actor="test"), db.transaction() as session:
            row = session.connection().exec_driver_sql(
                "select coalesce(sum(on_hand), 0), coalesce(sum(reserved), 0) from inventory_levels "
                "where variant_id = %s",
                (str(variant),),
            )
            on_hand, reserved = row.one()
            return {"on_hand": int(on_hand), "reserved": int(reserved)}

    def count(self, table: str) -> int:
        """How many rows a table has, whosever they are."""
        with db.system_scope(actor="test"), db.transaction() as session:
            return int(session.connection().exec_driver_sql(f"select count(*) from {table}").scalar_one())


@cache
def _stripe() -> SimulatorProcess:
    return to_be_kept(spawn("tests.simulators.stripe", ["--secret-key", STRIPE_KEY], free_port()))


@pytest.fixture(scope="session")
def stripe_simulator() -> SimulatorProcess:
    """The simulated Stripe. It tells nobody anything: these tests ask it."""
    return _stripe()


@pytest.fixture
def stripe_url(stripe_simulator: SimulatorProcess, set_up: Callable[..., None]) -> Iterator[str]:
    """Crossdock talks to the simulated Stripe."""
    set_up(
        processor="stripe",
        stripe_secret_key=STRIPE_KEY,
        stripe_api_url=stripe_simulator.url,
        stripe_webhook_secrets=STRIPE_HOOK_SECRET,
    )
    yield stripe_simulator.url
    _move("POST", stripe_simulator.url, "forget")


def _move(method: str, stripe_url: str, lever: str) -> None:
    """Move one of the simulator's levers."""
    requests.request(method, f"{stripe_url}/_sim/{lever}", timeout=30).raise_for_status()


def save_card(session: Session, retailer_id: UUID, card: str = "pm_card_visa") -> None:
    """A retailer's card, saved on Stripe's page."""
    reference = f"{retailer_id}-{next(_numbers)}"
    processor = registries.processors.get("stripe")
    customer = processor.create_customer(reference=reference, name="Shop", email="a@shop.example", key=reference)
    setup = processor.start_method_setup(
        customer_ref=customer, return_url="https://crossdock.example/app/billing", key=f"setup-{reference}"
    )
    requests.post(setup.url, data={"card": card}, allow_redirects=False, timeout=30)
    method = processor.finished_method_setup(setup.setup_ref)
    assert method is not None
    record_customer(session, retailer_id, processor="stripe", customer_ref=customer)
    record_method(session, retailer_id, method)


def open_payout_account(session: Session, supplier_id: UUID) -> None:
    """A supplier's account at Stripe, ready to be paid into: its owner has said all that is wanted."""
    processor = registries.processors.get("stripe")
    status = processor.create_account(
        reference=str(supplier_id),
        name="Supplier",
        email="s@supplier.example",
        country="US",
        currency="USD",
        key=f"account-{supplier_id}",
    )
    url = processor.onboarding_url(
        account_ref=status.account_ref, return_url="https://c.example/", refresh_url="https://c.example/"
    )
    requests.post(url, allow_redirects=False, timeout=30)
    record_account(session, supplier_id, "stripe", processor.account_status(status.account_ref))


@cache
def application(configured: Settings) -> Flask:
    """The application as these settings make it, once."""
    app = built()
    app.config["TESTING"] = False
    return app


def built() -> Flask:
    """An application, whose templates are compiled once in a run of the tests."""
    from launch.wsgi import build

    app = build()
    app.jinja_env.bytecode_cache = FileSystemBytecodeCache(os.environ["TEST_TEMPLATES"])
    return app


def _made(jobs: Jobs, stripe_url: str) -> Market:
    """Lamps (10.00 each, 10 in stock) and chairs (40.00, 5 in stock)."""
    app = application(settings())
    with db.system_scope(actor="test"), db.transaction() as session:

        def party(organisation_id: UUID, kind: str) -> Party:
            _, secret = issue_key(session, organisation_id, name="all", scopes=SCOPES_OF_KIND[kind])
            return Party(organisation_id, Api(app, secret))

        retailers = [factories.retailer(session, name) for name in ("Northwind Home", "Contoso Living")]
        for one in retailers:
            factories.member(session, one, "retailer_owner")
            save_card(session, one.id)
            # What suppliers do not deliver is refunded without asking; tests of questions say otherwise.
            save_answer_rules(session, one.id, AnswerRules(decide_within_hours=0))
        suppliers = [factories.supplier(session, name) for name in ("Nordlicht", "Kanto")]
        for one in suppliers:
            open_payout_account(session, one.id)
        lamp, chair = (
            _goods(session, factories.product(session, owner, title=title, wholesale=cost, stock=stock, variants=2))
            for owner, title, cost, stock in (
                (suppliers[0], "Desk lamp", "10.00", 10),
                (suppliers[1], "Oak chair", "40.00", 5),
            )
        )
        market = Market(
            app=app,
            retailer=party(retailers[0].id, "retailer"),
            other_retailer=party(retailers[1].id, "retailer"),
            supplier=party(suppliers[0].id, "supplier"),
            other_supplier=party(suppliers[1].id, "supplier"),
            admin=party(platform_organisation(session).id, "platform"),
            lamp=lamp,
            chair=chair,
            store_id=factories.store(session, retailers[0], platform="custom", shop="shop.northwind.example").id,
            stripe_url=stripe_url,
        )
    jobs.drain()
    return market


class _Kept(NamedTuple):
    """A market as it was when it had just been made."""

    market: Market
    rows: dict[str, bytes]
    #: What Stripe holds, by the name under which it remembers it.
    at_stripe: str


_kept: dict[tuple[str, Settings], _Kept] = {}


@pytest.fixture
def market(committed: None, jobs: Jobs, stripe_url: str, database_url: str) -> Market:
    """See the module. It is made once for the same settings and put back as it was for every test after, also at
    Stripe: ids and keys are the same ones then."""
    return _ready(jobs, stripe_url, database_url)


@pytest.fixture
def market_anew(jobs: Jobs, stripe_url: str, database_url: str) -> Callable[[], Market]:
    """Each call deletes all there is and gives a market as it is when it has just been made: for a test that walks
    through many stories, none of which the one before is to be seen in."""

    def anew() -> Market:
        delete_all(database_url)
        jobs.forget()
        return _ready(jobs, stripe_url, database_url)

    return anew


def _ready(jobs: Jobs, stripe_url: str, database_url: str) -> Market:
    if not is_empty(database_url):
        return _made(jobs, stripe_url)
    found = _kept.get((database_url, settings()))
    if found is None:
        market = _made(jobs, stripe_url)
        while len(_kept) >= _MOST_KEPT:
            del _kept[next(iter(_kept))]
        made = _kept[database_url, settings()] = _Kept(market, rows_of(database_url), f"market-{next(_numbers)}")
        _move("PUT", stripe_url, f"kept/{made.at_stripe}")
        return market
    put_back(database_url, found.rows)
    _move("POST", stripe_url, f"kept/{found.at_stripe}")
    forget_all()
    return _again(found.market, stripe_url)


def _again(kept: Market, stripe_url: str) -> Market:
    """A market of its own, that a test may change."""
    app = application(settings())

    def party(one: Party) -> Party:
        return Party(one.id, Api(app, one.api.key))

    return replace(
        kept,
        app=app,
        retailer=party(kept.retailer),
        other_retailer=party(kept.other_retailer),
        supplier=party(kept.supplier),
        other_supplier=party(kept.other_supplier),
        admin=party(kept.admin),
        lamp=replace(kept.lamp, variants=list(kept.lamp.variants), skus=list(kept.lamp.skus)),
        chair=replace(kept.chair, variants=list(kept.chair.variants), skus=list(kept.chair.skus)),
        stripe_url=stripe_url,
    )


def _goods(session: Session, variants: list[UUID]) -> Goods:
    rows = [session.get_one(SupplierVariant, variant) for variant in variants]
    return Goods(rows[0].product_id, variants, [row.sku for row in rows])


__all__ = ["Api", "Goods", "Market", "Party", "market", "market_anew", "stripe_simulator", "stripe_url"]
