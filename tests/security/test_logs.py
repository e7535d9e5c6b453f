"""What is logged, answered to a mistake or put into an address never holds a secret or a person.

The flows of a day run on the real application, with their mistakes; then everything that was written is searched.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import logging
import re
import sys
from collections.abc import Iterator

import orjson
import psycopg2
import pytest
from werkzeug.test import TestResponse

from app import db, log
from app.config import settings
from app.identity.models import Organisation
from tests import factories as make
from tests.adapters.settings import set_up
from tests.market import Market, market, stripe_simulator, stripe_url
from tests.stack import Jobs
from tests.web.browsing import Browser

__all__ = ["market", "set_up", "stripe_simulator", "stripe_url"]

PEOPLE = ("Ada", "Lovelace", "St James", "SW1Y", "ada@shopper.example", "7946")


class Watch:
    """All that was written, and all answers that were given."""

    def __init__(self, printed: pytest.CaptureFixture[str]) -> None:
        self.written = io.StringIO()
        self.answers: list[TestResponse] = []
        self._printed = printed
        self._elsewhere = ""

    def __call__(self, answer: TestResponse) -> TestResponse:
        """Look at an answer too: its address, and its body when it is about a mistake."""
        self.answers.append(answer)
        return answer

    @property
    def lines(self) -> list[dict[str, object]]:
        """The log, line by line; every line is JSON."""
        return [orjson.loads(line) for line in self.written.getvalue().splitlines()]

    @property
    def text(self) -> str:
        """The log, and what was printed past it."""
        self._elsewhere += "".join(self._printed.readouterr())
        return self.written.getvalue() + self._elsewhere

    def finds(self, *secrets: str) -> list[str]:
        """Where any of these words turned up."""
        found = []
        text = self.text
        for secret in secrets:
            # Three letters may stand in an id by chance: a word of letters is looked for as a word.
            looked_for = re.compile(rf"\b{secret}\b" if secret.isalpha() else re.escape(secret), re.IGNORECASE)
            if looked_for.search(text):
                found.append(f"{secret} in the log")
            for answer in self.answers:
                places = {"address": answer.headers.get("Location", "") + answer.request.url}
                if answer.status_code >= 400:
                    places["answer"] = answer.text + str(answer.headers)
                found += [
                    f"{secret} in the {place} of {answer.request.path} ({answer.status_code})"
                    for place, shown in places.items()
                    if looked_for.search(shown)
                ]
        return found


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Watch]:
    """From here on everything that is printed or logged is kept."""
    root, watch = logging.getLogger(), Watch(capfd)
    before, level = root.handlers[:], root.level
    monkeypatch.setattr(sys, "stdout", watch.written)
    log.configure("INFO")
    yield watch
    monkeypatch.undo()
    root.handlers[:] = before
    root.setLevel(level)


@pytest.fixture
def watched(watch: Watch, market: Market) -> tuple[Watch, Market]:
    """The market, watched from its beginning."""
    return watch, market


@pytest.fixture
def fault(database_url: str) -> Iterator[str]:
    """The tables ``orders`` and ``charges`` refuse rows with a message that names a shopper, as constraints do."""
    connection = psycopg2.connect(database_url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(
            "create function odd() returns trigger language plpgsql as $$ begin raise exception "
            "'Key (email)=(ada@shopper.example) already exists' using detail = 'Ada Lovelace, SW1Y 4JH'; end $$"
        )
        for table in ("orders", "charges"):
            cursor.execute(f"create trigger odd before insert on {table} for each row execute function odd()")
            cursor.execute(f"alter table {table} disable trigger odd")
    yield database_url
    with connection.cursor() as cursor:
        cursor.execute("drop function odd cascade")
    connection.close()


def switch_on(database_url: str, table: str) -> None:
    """Let the fault of one table begin."""
    connection = psycopg2.connect(database_url)
    with connection, connection.cursor() as cursor:
        cursor.execute(f"alter table {table} enable trigger odd")
    connection.close()


def test_the_search_finds_what_is_there(watch: Watch) -> None:
    log.get("test").info("told", shopper="Ada Lovelace")
    sys.stderr.write("Grace Hopper")
    found = ["ada lovelace in the log", "Grace in the log"]
    assert watch.finds("ada lovelace", "SW1Y", "Grace") == found
    assert [line["event"] for line in watch.lines] == ["told"]


def test_signing_in(watched: tuple[Watch, Market], jobs: Jobs) -> None:
    watch, market = watched
    email, wrong = "ada.owner@shop.example", "a password that is wrong"
    with db.system_scope(actor="test"), db.transaction() as session:
        make.member(session, session.get_one(Organisation, market.retailer.id), "retailer_owner", email=email)
    browser = Browser(market.app)
    for _ in range(7):
        refused = watch(browser.sign_in(email, wrong))
        assert refused.status_code in (401, 429)
        assert wrong not in refused.text
    other = Browser(market.app)
    other.client.environ_base["REMOTE_ADDR"] = "203.0.113.5"
    watch(other.submit("/forgot", "/forgot", email=email))
    jobs.drain()
    answer = watch(other.sign_in(email))
    assert answer.status_code == 303
    cookie = other.client.get_cookie("crossdock")
    assert cookie is not None
    watch(other.get("/app/"))
    watch(other.get("/app/orders/none"))
    other.client.set_cookie("crossdock", "stale-cookie-of-a-browser")
    watch(other.get("/app/"))
    for answer in watch.answers:
        assert wrong not in answer.headers.get("Location", "")
    assert watch.finds(make.PASSWORD, wrong, cookie.value, "stale-cookie-of-a-browser") == []
    shown = [answer for answer in watch.answers if email in answer.headers.get("Location", "") + answer.request.url]
    assert shown == []
    assert email not in watch.text


def test_calls_with_keys(watched: tuple[Watch, Market]) -> None:
    watch, market = watched
    narrow = market.key(market.retailer, "read:catalog")
    elsewhere = market.key(market.retailer, "read:catalog", allowed_ips=["203.0.113.0/24"])
    keys = [str(api.key) for api in (market.retailer.api, narrow, elsewhere)]
    forged = keys[0][:-8] + "00000000"
    assert watch(market.retailer.api.get("/api/suppliers")).status_code == 200
    assert watch(narrow.get("/api/orders")).status_code == 403
    assert watch(elsewhere.get("/api/suppliers")).status_code == 403
    assert watch(market.with_key(forged).get("/api/suppliers")).status_code == 401
    assert watch(market.retailer.api.post("/api/orders", {"lines": "none"})).status_code == 422
    assert watch(market.retailer.api.call("POST", "/api/orders", data=b"{", content_type="application/json"))
    assert watch(market.retailer.api.get("/api/nothing")).status_code == 404
    assert watch.finds(*keys, forged, *(key.removeprefix("cd_live_") for key in keys)) == []


def signed(body: bytes, secret: str) -> dict[str, str]:
    """The headers of a shop's hook."""
    mac = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    return {
        "Content-Type": "application/json",
        "X-Shopify-Topic": "orders/paid",
        "X-Shopify-Shop-Domain": "northwind.myshopify.com",
        "X-Shopify-Webhook-Id": hashlib.sha256(body).hexdigest(),
        "X-Shopify-Hmac-Sha256": mac,
    }


def test_bad_hooks(watched: tuple[Watch, Market], jobs: Jobs) -> None:
    watch, market = watched
    secret = settings().shopify_client_secret.get_secret_value()
    with db.system_scope(actor="test"), db.transaction() as session:
        retailer = session.get_one(Organisation, market.retailer.id)
        make.store(session, retailer, shop="northwind.myshopify.com")
    client = market.app.test_client()
    order = {"id": 1, "name": "#1", "email": "ada@shopper.example", "customer": {"first_name": "Ada"}}
    body = orjson.dumps(order)
    forged = signed(body, "another secret")
    assert watch(client.post("/hooks/shopify", data=body, headers=forged)).status_code == 401
    stripe = {"Stripe-Signature": "t=1,v1=0123456789abcdef"}
    assert watch(client.post("/api/webhooks/stripe", data=body, headers=stripe)).status_code == 400
    for broken in (
        b'{"email": "ada@shopper.example", "name": "Ada Lovel',
        body,
        orjson.dumps([order]),
        orjson.dumps({**order, "line_items": "ada@shopper.example", "currency": "Ada Lovelace"}),
    ):
        answer = client.post("/hooks/shopify", data=broken, headers=signed(broken, secret))
        assert watch(answer).status_code == 200
    jobs.drain(retries=False)
    with db.system_scope(actor="test"), db.transaction() as session:
        errors = session.connection().exec_driver_sql("select string_agg(last_error, ' ') from tasks").scalar() or ""
        outcomes = session.connection().exec_driver_sql("select string_agg(outcome, ' ') from inbox_messages").scalar()
    assert not [word for word in PEOPLE if word in errors + (outcomes or "")]
    hook_secrets = [secret, "whsec_market", forged["X-Shopify-Hmac-Sha256"]]
    assert watch.finds(*PEOPLE, *hook_secrets) == []


def test_an_order_with_a_shoppers_address(watched: tuple[Watch, Market], jobs: Jobs) -> None:
    watch, market = watched
    api, variant = market.retailer.api, market.lamp.variants[0]
    good = market.order_body((variant, 1))
    address = good["shipping_address"]
    assert watch(api.post("/api/orders", good)).status_code == 201
    for wrong in (
        {**address, "country_code": "Ada Lovelace"},
        {**address, "country_code": "ZZ"},
        {**address, "postal_code": ""},
        {**address, "address1": ""},
        {**address, "name": "Ada Lovelace " * 100},
        {**address, "email": ["ada@shopper.example"]},
        {**address, "telephone": "+44 20 7946 0958"},
        {**address, "phone": "+44 20 7946 0958 \x00"},
        "Ada Lovelace, 12 St James's Square",
    ):
        body = {**market.order_body((variant, 1)), "shipping_address": wrong}
        watch(api.post("/api/orders", body, Idempotency_Key=f"key-{len(watch.answers)}"))
    assert [answer.status_code for answer in watch.answers].count(422) >= 6
    watch(api.post("/api/orders", {**good, "external_id": "big", "lines": [{**good["lines"][0], "quantity": 99}]}))
    jobs.drain()
    assert watch.finds(*PEOPLE) == []


def test_an_exception_in_a_handler(watched: tuple[Watch, Market], fault: str) -> None:
    watch, market = watched
    switch_on(fault, "orders")
    answer = watch(market.retailer.api.post("/api/orders", market.order_body()))
    assert (answer.status_code, answer.json["code"]) == (500, "internal_error")
    (line,) = [line for line in watch.lines if line["event"] == "unexpected error"]
    assert line["request_id"] == answer.json["request_id"]
    assert "exception" in line
    assert watch.finds(*PEOPLE, str(market.retailer.api.key)) == []


def test_an_exception_in_a_job(watched: tuple[Watch, Market], jobs: Jobs, fault: str) -> None:
    watch, market = watched
    market.place()
    switch_on(fault, "charges")
    jobs.drain()
    errors = [error for job, _, error in jobs.open_tasks() if job == "charge_order"]
    assert errors
    assert not [word for word in PEOPLE if word in str(errors)]
    assert any(line["event"] in ("job failed", "task put back") for line in watch.lines)
    assert watch.finds(*PEOPLE) == []


def test_of_an_exception_its_kind_and_place_are_written_but_not_its_message(watch: Watch) -> None:
    def trouble() -> None:
        raise KeyError("ada@shopper.example") from ExceptionGroup("SW1Y", [ValueError("Ada Lovelace")])

    try:
        trouble()
    except KeyError as error:
        error.add_note("ada@shopper.example")
        log.get("test").exception("failed")
        logging.getLogger("some.library").exception("failed too")
    assert watch.finds(*PEOPLE) == []
    for line in watch.lines:
        stack = line["exception"][0]
        assert stack["exc_type"] == "KeyError"
        assert [frame["name"] for frame in stack["frames"]][-1] == "trouble"
    log.configure("DEBUG")
    log.get("test").exception("failed", exc_info=KeyError("shown to a developer"))
    assert "shown to a developer" in watch.text


@pytest.mark.parametrize(
    "name",
    [
        "password", "new_password", "client_secret", "access_token", "Authorization", "cookie", "api_key", "apikey",
        "credentials", "address", "shipping_address", "phone", "email", "mail_to", "name", "first_name", "body",
        "payload",
    ],
)  # fmt: skip
def test_values_of_suspicious_names_are_blanked(watch: Watch, name: str) -> None:
    log.get("test").info("told", **{name: "Ada Lovelace"})
    assert watch.lines[0][name] == "[redacted]"
    assert watch.finds("Ada") == []
