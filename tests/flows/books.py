"""The money of a market from both sides: what Crossdock's tables and pages say, and what the simulated Stripe holds."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
import requests
from bs4 import BeautifulSoup
from werkzeug.test import TestResponse

from app import db
from app.identity.models import Organisation
from app.identity.queries import members
from app.identity.rules import ROLES_OF_KIND
from app.kit import clock
from app.ledger.queries import balances, unbalanced_entries
from app.notifications.service import latest_emails
from app.settlement.service.reconciling import stock_mismatches
from tests import factories
from tests.market import STRIPE_HOOK_SECRET, STRIPE_KEY, Market, Party
from tests.stack import Jobs
from tests.web.browsing import Browser

_numbers = itertools.count(1)
Json = dict[str, Any]


class Books:
    """One market's money."""

    def __init__(self, market: Market, jobs: Jobs) -> None:
        self.market, self.jobs = market, jobs
        self._browsers: dict[UUID, Browser] = {}

    # What our tables hold

    def rows(self, statement: str, *values: Any) -> list[Json]:
        """Rows of a query across tenants."""
        with db.system_scope(actor="test"), db.transaction() as session:
            found = session.connection().exec_driver_sql(statement, tuple(str(value) for value in values))
            return [dict(row) for row in found.mappings()]

    def row(self, statement: str, *values: Any) -> Json:
        """The one row of a query."""
        (found,) = self.rows(statement, *values)
        return found

    def charge(self, order: Json) -> Json:
        """The charge of an order."""
        return self.row("select * from charges where order_id = %s", order["id"])

    def refunds(self, order: Json) -> list[Json]:
        """Refunds of an order's purchase orders, oldest first."""
        return self.rows(
            "select r.* from refunds r join purchase_orders p on p.id = r.purchase_order_id "
            "where p.order_id = %s order by r.id",
            order["id"],
        )

    def ledger(self) -> dict[str, int]:
        """What stands on each account that is not empty; those of suppliers are named ``kind:first`` (lamps) and
        ``kind:second`` (chairs), the retailer's ``kind:retailer``. The journal must balance as a whole and entry by
        entry, and stock must agree."""
        names = {self.market.supplier.id: ":first", self.market.other_supplier.id: ":second", None: ""}
        names[self.market.retailer.id] = ":retailer"
        with db.system_scope(actor="test"), db.transaction() as session:
            assert list(unbalanced_entries(session)) == []
            assert stock_mismatches(session) == []
            found = balances(session)
        assert sum(one.amount.minor for one in found) == 0
        return {
            f"{one.account}{names[one.organisation_id]}": one.amount.minor for one in found if one.amount.minor != 0
        }

    def notices(self, party: Party) -> dict[str, str]:
        """What a party is told and is not over: kind → title."""
        found = self.rows(
            "select kind, title from notices where organisation_id = %s and resolved_at is null", party.id
        )
        return {row["kind"]: row["title"] for row in found}

    def letters(self, kind: str) -> list[str]:
        """Subjects of e-mails of a kind."""
        with db.system_scope(actor="test"), db.transaction() as session:
            return [email.subject for email in latest_emails(session) if email.kind == kind]

    # What Stripe holds

    def lever(self, path: str, **given: Any) -> Json:
        """Move one of the simulator's levers."""
        answer = requests.post(f"{self.market.stripe_url}/_sim/{path}", json=given, timeout=30)
        answer.raise_for_status()
        return dict(answer.json())

    def fault(self, kind: str, path: str, *, method: str = "POST", times: int = 1) -> None:
        """The next matching calls go wrong."""
        self.lever("faults", kind=kind, times=times, match={"path": path, "method": method})

    def at_stripe(self, kind: str, **wanted: Any) -> list[Json]:
        """Stripe's objects of a kind with these values, newest first."""
        found = requests.get(f"{self.market.stripe_url}/_sim/objects/{kind}", timeout=30).json()
        return [one for one in found if all(one[name] == value for name, value in wanted.items())]

    def payments(self, order: Json) -> list[Json]:
        """Every PaymentIntent that was ever made for an order, newest first."""
        return self.at_stripe("payment_intent", transfer_group=f"order_{order['id']}")

    def taken(self, order: Json) -> list[int]:
        """What Stripe took for an order, payment by payment."""
        return [one["amount"] for one in self.payments(order) if one["status"] == "succeeded"]

    def given_back(self, order: Json) -> list[int]:
        """What Stripe gave back of an order's payments, oldest first."""
        ids = {one["id"] for one in self.payments(order)}
        found = [one for one in self.at_stripe("refund") if one["payment_intent"] in ids and one["status"] != "failed"]
        return [one["amount"] for one in reversed(found)]

    def transfers(self, party: Party) -> list[int]:
        """What Stripe transferred to a supplier, oldest first."""
        account = self.row("select account_ref from payout_accounts where supplier_id = %s", party.id)["account_ref"]
        return [one["amount"] for one in reversed(self.at_stripe("transfer", destination=account))]

    def top_up(self, amount: int, currency: str = "usd") -> None:
        """Money of the platform's own comes in, available at once."""
        self.by_hand("/v1/topups", amount=amount, currency=currency)

    def enough_balance(self) -> None:
        """Everything pending is available, and more than anybody is owed."""
        self.lever("settle")
        self.top_up(1_000_000)

    def drained_balance(self) -> None:
        """The platform has nothing that it could transfer now, whatever earlier orders left there."""
        books = requests.get(f"{self.market.stripe_url}/_sim/ledger", timeout=30).json()["platform"]
        free = sum(line["net"] for line in books if line["currency"] == "usd" and line["status"] == "available")
        if free > 0:
            account = self.row(
                "select account_ref from payout_accounts where supplier_id = %s", self.market.other_supplier.id
            )
            self.by_hand("/v1/transfers", amount=free, currency="usd", destination=account["account_ref"])

    def by_hand(self, path: str, **values: Any) -> Json:
        """Somebody uses Stripe's API by hand, with the platform's key."""
        answer = requests.post(
            f"{self.market.stripe_url}{path}",
            data=values,
            headers={"Authorization": f"Bearer {STRIPE_KEY}"},
            timeout=30,
        )
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    # Hooks

    def event(self, kind: str, about: Json) -> Json:
        """A snapshot event of Stripe's, as new as it gets."""
        return {
            "id": f"evt_test{next(_numbers)}",
            "object": "event",
            "type": kind,
            "created": int(time.time()),
            "data": {"object": about},
        }

    def told(self, kind: str, about: str) -> Json:
        """Stripe's own event of a kind about an object, the newest."""
        return next(one for one in self.at_stripe("event", type=kind) if one["data"]["object"]["id"] == about)

    def send(
        self, body: Json | bytes, *, secret: str = STRIPE_HOOK_SECRET, age: int = 0, signed: bytes | None = None
    ) -> TestResponse:
        """Post a hook as Stripe does. ``signed``: what was signed, where that is not what is sent."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        moment = int(time.time()) - age
        given = raw if signed is None else signed
        signature = hmac.digest(secret.encode(), f"{moment}.".encode() + given, hashlib.sha256).hex()
        return self.market.app.test_client(use_cookies=False).post(
            "/api/webhooks/stripe",
            data=raw,
            headers={"Stripe-Signature": f"t={moment},v1={signature}", "Content-Type": "application/json"},
        )

    def hook(self, kind: str, about: Json) -> str:
        """A hook that is taken in and handled; what was done, from the inbox."""
        event = self.event(kind, about)
        assert self.send(event).status_code == 200
        self.jobs.drain()
        return str(self.outcome(event))

    def outcome(self, event: Json) -> str | None:
        """What became of a hook."""
        return self.row("select outcome from inbox_messages where external_id = %s", event["id"])["outcome"]

    # People

    def browser(self, party: Party) -> Browser:
        """An owner of the party, signed in."""
        if party.id not in self._browsers:
            with db.system_scope(actor="test"), db.transaction() as session:
                organisation = session.get_one(Organisation, party.id)
                known = members(session, party.id)
                email = (
                    known[0].email
                    if known
                    else factories.member(session, organisation, ROLES_OF_KIND[organisation.kind][0]).email
                )
            browser = Browser(self.market.app)
            assert browser.sign_in(email).status_code == 303
            self._browsers[party.id] = browser
        return self._browsers[party.id]

    def sign_out(self) -> None:
        """So much time has passed that everybody signs in anew."""
        self._browsers.clear()

    def press(self, party: Party, path: str, **values: str) -> TestResponse:
        """A member of the party does what a button of its pages does."""
        browser = self.browser(party)
        home = {"retailer": "/app/settings", "supplier": "/supplier/settings", "platform": "/console/team"}
        page = BeautifulSoup(browser.get(home[self._kind(party)]).text, "html.parser")
        token = page.select_one("input[name=csrf_token]")
        assert token is not None
        return browser.post(path, {"csrf_token": str(token["value"]), **values})

    def _kind(self, party: Party) -> str:
        return str(self.row("select kind from organisations where id = %s", party.id)["kind"])

    def cancel(self, order: Json, line: Json) -> None:
        """The retailer cancels a line."""
        answer = self.press(self.market.retailer, f"/app/orders/{order['id']}/lines/{line['id']}/cancel")
        assert answer.status_code == 303, answer.text
        self.jobs.drain()

    def use_card(self, card: str, party: Party | None = None) -> None:
        """A retailer saves another card: our page, Stripe's page, and back. What waited for it is not done yet."""
        browser = self.browser(party or self.market.retailer)
        away = browser.submit("/app/billing", "/app/billing/card")
        assert away.status_code == 303, away.text[:300]
        back = requests.post(away.headers["Location"], data={"card": card}, allow_redirects=False, timeout=30)
        parts = urlsplit(back.headers["Location"])
        assert browser.get(f"{parts.path}?{parts.query}").status_code == 303

    # What happens to an order

    def order(self, order: Json) -> Json:
        """An order as its retailer sees it now."""
        return dict(self.market.retailer.api.get(f"/api/orders/{order['id']}").json)

    def paid_order(self, *wanted: tuple[UUID, int]) -> Json:
        """An order that was placed and charged."""
        order = self.market.place(*wanted)
        self.jobs.drain()
        assert self.charge(order)["state"] == "PAID"
        return self.order(order)

    def queue(self, party: Party) -> list[Json]:
        """What a supplier has on its desk."""
        return list(party.api.get("/api/supplier/orders").json["items"])

    def purchase_order(self, order: Json, party: Party) -> Json:
        """A supplier's part of an order, as its retailer sees it now."""
        (found,) = [one for one in self.order(order)["purchase_orders"] if one["supplier_id"] == str(party.id)]
        return dict(found)

    def answer(self, party: Party, purchase_order: Json, **said: Any) -> Json:
        """A supplier answers about the first line."""
        line = {"line_id": purchase_order["lines"][0]["id"], **said}
        answer = party.api.post(f"/api/supplier/orders/{purchase_order['id']}/acknowledge", {"lines": [line]})
        assert answer.status_code == 200, answer.text
        return dict(answer.json)

    def ship(self, party: Party, purchase_order: Json, units: int, *, number: str | None = None) -> Json:
        """A supplier ships so many units of the first line in one parcel; with a number, of the simulated carrier's."""
        parcel = {
            "carrier": "Simulated Carrier" if number else "manual",
            "tracking_number": number or f"PARCEL-{next(_numbers)}",
            "lines": [{"line_id": purchase_order["lines"][0]["id"], "quantity": units}],
        }
        answer = party.api.post(f"/api/supplier/orders/{purchase_order['id']}/ship", {"parcels": [parcel]})
        assert answer.status_code == 201, answer.text
        return dict(answer.json["shipments"][0])

    def arrived(self, party: Party, shipment: Json) -> None:
        """A supplier marks its parcel as delivered on its page, and the retailer says so, too."""
        self.said_arrived(party, shipment)
        said = self.market.retailer.api.post(f"/api/shipments/{shipment['id']}/arrived", {})
        assert said.status_code in (200, 404), "that of another retailer is left as it is"

    def said_arrived(self, party: Party, shipment: Json) -> None:
        """A supplier marks its parcel as delivered on its page."""
        page = f"/supplier/shipments/{shipment['id']}/delivered"
        assert self.browser(party).submit(f"/supplier/parcels/{shipment['id']}", page).status_code == 303

    def later(self, job: str, **ahead: float) -> None:
        """Run a scheduled job as if so much time had passed."""
        with clock.shifted(timedelta(**ahead)):
            self.jobs.run_scheduled(job)


@pytest.fixture
def books(market: Market, jobs: Jobs) -> Iterator[Books]:
    """The market's money. At the end the journal balances, stock agrees, and Stripe's own rules hold."""
    made = Books(market, jobs)
    yield made
    made.ledger()
    assert made.lever("assert")["broken"] == []
