"""A simulated Shopify shop of the market's retailer, whose customers pay and are refunded, and which tells us so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest
import requests
from sqlalchemy import func, update

from app import db
from app.kit import clock
from app.listings.models import ListingVariant
from app.outbox.models import Task, TaskState
from app.stores.models import Store
from app.stores.platform import Credentials
from app.stores.service import save_credentials
from tests.flows.books import Books, Json
from tests.flows.deciding import RULES
from tests.flows.storefront import Storefront
from tests.market import Market
from tests.simulators.shopify import Control
from tests.stack import Jobs

SCOPES = ("read_orders", "write_products", "write_inventory", "read_locations", "read_assigned_fulfillment_orders")


_FULFIL = """
mutation($wanted: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $wanted) { fulfillment { id } userErrors { message } } }
"""


class Till(Storefront):
    """One shop. What it sends is passed on by hand (``hears``), so that a test says when."""

    def __init__(self, market: Market, jobs: Jobs, books: Books, control: Control) -> None:
        super().__init__(market, jobs, books)
        self.control = control
        self._passed_on: set[str] = set()
        control.add_shop(self.shop, "Northwind Home")
        control.install(self.shop)
        self.grant("write_orders")
        answer = market.retailer.api.put("/api/answer-rules", {**RULES, "reroute_rejected": False})
        assert answer.status_code == 200, answer.text
        self.skus = {"lamp": market.lamp.variants[0], "chair": market.chair.variants[0]}
        made = {
            name: control.add_product(self.shop, name.title(), name.upper(), price="25.00", available=50)
            for name in self.skus
        }
        with db.system_scope(actor="test"), db.transaction() as session:
            for name, variant in self.skus.items():
                row = session.query(ListingVariant).filter_by(variant_id=variant, store_id=self.store_id).one()
                row.external_id = f"gid://shopify/ProductVariant/{made[name]['variants'][0]['id']}"

    def grant(self, *more: str) -> None:
        """What the merchant permits beside what every shop does; our token has it."""
        self.control.grant_scopes(self.shop, [*SCOPES, *more])
        tokens = self.control.issue_tokens(self.shop)
        credentials = Credentials(
            access_token=tokens["access_token"], refresh_token=tokens["refresh_token"], scopes=(*SCOPES, *more)
        )
        self.token = str(tokens["access_token"])
        with db.system_scope(actor="test"), db.transaction() as session:
            save_credentials(session, session.get_one(Store, self.store_id), credentials)

    def sells(self, lamps: int = 2, chairs: int = 0, **details: Any) -> Json:
        """A customer buys; the order comes in. It is the shop's own view of it."""
        lines = [{"sku": sku, "quantity": count} for sku, count in (("LAMP", lamps), ("CHAIR", chairs)) if count]
        placed = self.control.create_order(self.shop, lines, shipping_price="4.00", **details)
        whole = self.control.wait_until_routed(self.shop, placed["id"])
        self.hears()
        return dict(whole)

    def hears(self, *topics: str, again: bool = False) -> list[str]:
        """We are told what the shop has to tell, of all topics or these; what became of each. ``again``: what we heard
        before, too, as another message."""
        done = []
        for one in self.control.deliveries(self.shop):
            if (topics and one["topic"] not in topics) or (one["id"] in self._passed_on and not again):
                continue
            self._passed_on.add(one["id"])
            message_id = f"{one['id']}-again" if again else one["id"]
            done.append(self.tell(one["topic"], one["body"].encode(), message_id=message_id))
        return done

    def edits(self, order: Json, line: Json, quantity: int) -> None:
        """The merchant sets how many of a line are sold, later than what went before: the shop tells times in whole
        seconds. Until it has told of the edit, this has not happened for us."""
        self.control.advance_clock(2)
        self.control.edit_order(self.shop, order["id"], {line["id"]: quantity})

        def is_told() -> bool:
            told = [orjson.loads(one["body"]) for one in self.control.deliveries(self.shop, "orders/updated")]
            lines = [row for one in told if one["id"] == order["id"] for row in one["line_items"]]
            return any((row["id"], row["current_quantity"]) == (line["id"], quantity) for row in lines)

        self.control.wait_for(is_told, "the shop tells of its order's edit")

    def fulfils(self, order: Json) -> None:
        """All of an order leaves, as its merchant sees it."""
        self.grant("write_orders", "write_returns", "write_merchant_managed_fulfillment_orders", "write_fulfillments")
        for one in self.seen(order)["fulfillment_orders"]:
            lines = [{"fulfillmentOrderId": f"gid://shopify/FulfillmentOrder/{one['id']}"}]
            wanted = {"lineItemsByFulfillmentOrder": lines}
            assert self.asks(_FULFIL, wanted=wanted)["fulfillmentCreate"]["userErrors"] == []

    def asks(self, query: str, **variables: Any) -> Json:
        """What the shop's own people do in it."""
        answer = requests.post(
            f"{self.control.url}/{self.shop}/admin/api/2026-10/graphql.json",
            json={"query": query, "variables": variables},
            headers={"X-Shopify-Access-Token": self.token},
            timeout=20,
        ).json()
        return dict(answer["data"])

    def seen(self, order: Json) -> Json:
        """The shop's order as it is now."""
        return dict(self.control.order(self.shop, order["id"]))

    def given_back(self, order: Json) -> list[str]:
        """What the shop's customer got, refund by refund."""
        return [f"{Decimal(one['amount']):.2f}" for one in self.seen(order)["refunds"]]

    def cancelled(self) -> list[int]:
        """Units of the one order's lines that will not come."""
        query = "select cancelled from order_lines where order_id = %s order by position"
        return [row["cancelled"] for row in self.books.rows(query, self.only_order()["id"])]

    def refunds(self) -> list[Json]:
        """What we know of the one order's refunds in its store."""
        answer = self.market.retailer.api.get(f"/api/orders/{self.only_order()['id']}/store-refunds")
        assert answer.status_code == 200, answer.text
        return list(answer.json["items"])

    def states(self) -> list[str]:
        """Their states."""
        return [one["state"] for one in self.refunds()]

    def settle(self) -> None:
        """What the shop is asked for is done, also what it takes a moment for."""
        self.jobs.drain()
        self.control.wait_for(lambda: self.due("refund_in_store"), "the shop has done it")

    def due(self, job: str) -> bool:
        """Tasks of a job that wait to be tried again are tried now. Whether none is left."""
        with db.system_scope(actor="test"), db.transaction() as session:
            session.execute(
                update(Task).where(Task.job == job, Task.state == TaskState.PENDING).values(available_at=func.now())
            )
        self.jobs.drain()
        return not [one for one in self.jobs.open_tasks() if one[0] == job]


@pytest.fixture
def till(market: Market, jobs: Jobs, books: Books, configured: Control, set_up: Callable[..., None]) -> Till:
    """See the module."""
    return Till(market, jobs, books, configured)


def cannot_deliver(till: Till, books: Books, units: int | None = None) -> Json:
    """The supplier rejects units of the lamps, and the retailer is asked."""
    (one, *_) = books.queue(till.market.supplier)
    line = next(line for line in one["lines"] if line["sku"] == till.market.lamp.skus[0])
    answer = {"line_id": line["id"], "status": "rejected", "reason": "out_of_stock"}
    if units is not None:
        answer["quantity"] = units
    said = till.market.supplier.api.post(f"/api/supplier/orders/{one['id']}/acknowledge", {"lines": [answer]})
    assert said.status_code == 200, said.text
    till.jobs.drain()
    order = till.only_order()
    (found,) = till.market.retailer.api.get(f"/api/orders/{order['id']}/decisions").json["items"]
    return dict(found)


def decide(till: Till, decision: Json, **more: object) -> None:
    """The retailer refunds the units, which begins once that can't be taken back."""
    path = f"/api/orders/{decision['order_id']}/decisions/{decision['id']}"
    answer = till.market.retailer.api.post(path, {"choice": "refund", **more})
    assert answer.status_code == 200, answer.text
    with clock.shifted(timedelta(minutes=3)):
        till.jobs.run_scheduled("watch_decisions")


def choose(till: Till, decision: Json, **more: object) -> None:
    """The same, until all that follows from it is done."""
    decide(till, decision, **more)
    till.settle()


def story(till: Till, books: Books) -> str:
    """The page of the one order."""
    return str(books.browser(till.market.retailer).get(f"/app/orders/{till.only_order()['id']}").text)
