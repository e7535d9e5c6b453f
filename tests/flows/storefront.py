"""A Shopify shop of the market's retailer, with both products live, and the hooks that Shopify sends of it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from app import db
from app.config import settings
from app.identity.models import Organisation
from app.listings.models import Listing
from app.stores.models import Store
from tests import factories
from tests.flows.books import Books
from tests.market import Market
from tests.stack import Jobs

_numbers = itertools.count(1)
Json = dict[str, Any]
#: Nobody listens there: what would be pushed to the shop waits.
NOWHERE = "http://127.0.0.1:9/{shop}"

ADDRESS: Json = {
    "first_name": "Ada",
    "last_name": "Lovelace",
    "name": "Ada Lovelace",
    "address1": "12 St James's Square",
    "address2": None,
    "city": "London",
    "zip": "SW1Y 4JH",
    "province": None,
    "province_code": None,
    "country": "United Kingdom",
    "country_code": "GB",
    "phone": "+442079460958",
    "company": None,
}


class Storefront:
    """One shop: its orders, its hooks, and what became of them."""

    def __init__(self, market: Market, jobs: Jobs, books: Books) -> None:
        self.market, self.jobs, self.books = market, jobs, books
        self.shop = f"northwind-{next(_numbers)}.myshopify.com"
        with db.system_scope(actor="test"), db.transaction() as session:
            retailer = session.get_one(Organisation, market.retailer.id)
            store = factories.store(session, retailer, shop=self.shop)
            self.store_id = store.id
            listings = [
                factories.live_listing(session, store, goods.product_id) for goods in (market.lamp, market.chair)
            ]
            self.product_refs = [str(listing.external_id) for listing in listings]
            self._refs = {row.variant_id: row.external_id for listing in listings for row in listing.variants}
        jobs.drain()

    # What a shopper buys

    def line(self, variant: UUID, quantity: float = 1, **changes: Any) -> Json:
        """A line of one of our variants."""
        return self.foreign_line(variant_id=int(str(self._refs[variant]).rpartition("/")[2])) | {
            "quantity": quantity,
            "current_quantity": quantity,
            **changes,
        }

    def foreign_line(self, **changes: Any) -> Json:
        """A line of a product that is not ours."""
        number = next(_numbers) + 10_000
        line = {
            "id": number,
            "admin_graphql_api_id": f"gid://shopify/LineItem/{number}",
            "variant_id": 987_654_321,
            "product_exists": True,
            "title": "Desk lamp",
            "sku": "ANY",
            "quantity": 1,
            "current_quantity": 1,
            "fulfillable_quantity": 1,
            "gift_card": False,
            "price": "25.00",
            "price_set": {"shop_money": {"amount": "25.00", "currency_code": "USD"}},
            "requires_shipping": True,
        }
        return line | changes

    def order(self, *lines: Json, **changes: Any) -> Json:
        """A paid order; two lamps and a chair unless told."""
        number = next(_numbers) + 1_000_000
        lamp, chair = self.market.lamp.variants[0], self.market.chair.variants[0]
        body = {
            "id": number,
            "admin_graphql_api_id": f"gid://shopify/Order/{number}",
            "name": f"#{number}",
            "created_at": "2026-11-01T10:00:00-04:00",
            "updated_at": "2026-11-01T10:05:00-04:00",
            "processed_at": "2026-11-01T10:00:00-04:00",
            "currency": "USD",
            "financial_status": "paid",
            "cancelled_at": None,
            "test": False,
            "note": "Ring twice",
            "email": "ada@shopper.example",
            "line_items": list(lines) or [self.line(lamp, 2), self.line(chair)],
            "shipping_address": ADDRESS,
        }
        return body | changes

    # Hooks

    def send(
        self,
        topic: str,
        body: Json | bytes,
        *,
        message_id: str | None = None,
        triggered_at: str = "2026-11-01T14:05:00.123456789Z",
        secret: str | None = None,
        signed: bytes | None = None,
        **headers: str | None,
    ) -> TestResponse:
        """Post a hook as Shopify does. ``signed``: what was signed, where that is not what is sent. ``headers`` replace
        others by their name without ``X-Shopify-``; None leaves one out."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        key = (settings().shopify_client_secret.get_secret_value() if secret is None else secret).encode()
        signature = hmac.digest(key, raw if signed is None else signed, hashlib.sha256)
        sent: dict[str, str | None] = {
            "Hmac_Sha256": base64.b64encode(signature).decode(),
            "Topic": topic,
            "Shop_Domain": self.shop,
            "Webhook_Id": message_id or f"message-{next(_numbers)}",
            "Event_Id": f"event-{next(_numbers)}",
            "API_Version": "2026-10",
            "Triggered_At": triggered_at,
            **headers,
        }
        return self.market.app.test_client(use_cookies=False).post(
            "/hooks/shopify",
            data=raw,
            headers={f"X-Shopify-{name.replace('_', '-')}": value for name, value in sent.items() if value is not None},
            content_type="application/json",
        )

    def tell(self, topic: str, body: Json | bytes, **how: Any) -> str:
        """A hook that is taken in and handled; what was done, from the inbox."""
        message_id = how.pop("message_id", None) or f"message-{next(_numbers)}"
        answer = self.send(topic, body, message_id=message_id, **how)
        assert answer.status_code == 200, answer.text
        self.jobs.drain()
        return self.outcome(message_id)

    def outcome(self, message_id: str) -> str:
        """What became of a hook."""
        row = self.books.row("select state, outcome from inbox_messages where external_id = %s", message_id)
        assert row["state"] == (3 if str(row["outcome"]).startswith("refused") else 2), row
        return str(row["outcome"])

    # What we hold

    def orders(self) -> list[Json]:
        """This shop's orders as their retailer sees them, oldest first."""
        found = self.books.rows("select id from orders where store_id = %s order by number", self.store_id)
        return [self.books.order({"id": row["id"]}) for row in found]

    def only_order(self) -> Json:
        """The one order there is."""
        (order,) = self.orders()
        return order

    def holds(self) -> list[str]:
        """Why the one order waits."""
        return [hold["reason"] for hold in self.only_order()["holds"]]

    def reserved(self) -> tuple[int, int]:
        """Units of the first lamp and the first chair that are set aside."""
        market = self.market
        return market.stock(market.lamp.variants[0])["reserved"], market.stock(market.chair.variants[0])["reserved"]

    def change(self, store: Callable[[Store], None]) -> None:
        """Change the store's row."""
        with db.system_scope(actor="test"), db.transaction() as session:
            store(session.get_one(Store, self.store_id))

    def listing(self, product_ref: str) -> Listing:
        """A listing by the shop's id of its product."""
        with db.system_scope(actor="test"), db.transaction() as session:
            return session.query(Listing).filter_by(store_id=self.store_id, external_id=product_ref).one()


@pytest.fixture
def storefront(market: Market, jobs: Jobs, books: Books, set_up: Callable[..., None]) -> Storefront:
    """See the module."""
    set_up(shopify_admin_url=NOWHERE)
    return Storefront(market, jobs, books)
