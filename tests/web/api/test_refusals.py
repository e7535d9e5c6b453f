"""What the API refuses: strangers, keys that lack a scope, other tenants' things, and bodies that are not right."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg2
import pytest
import redis
from sqlalchemy import event
from sqlalchemy.engine import Connection
from werkzeug.test import TestResponse

from app import db
from app.factory import create_app
from app.identity.rules import SCOPES_OF_KIND
from app.kit import clock
from app.web import auth
from app.web.api import pace
from app.web.api.blueprint import _GUARDS
from tests.market import Api, Market
from tests.stack import Jobs


def assert_problem(answer: TestResponse, status: int, code: str, field: str | None = None) -> None:
    """The answer is an RFC 9457 problem in the contract's shape."""
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), answer.text
    body = answer.json
    assert set(body) == {"type", "title", "status", "detail", "code", "request_id", "errors"}
    assert (body["status"], body["code"]) == (status, code), answer.text
    if "Idempotency-Replayed" not in answer.headers:
        assert body["request_id"] == answer.headers["X-Request-Id"]
    if field is not None:
        assert field in [error["field"] for error in body["errors"]], answer.text


def with_ids(rule: str) -> str:
    """A call's address with made-up ids."""
    return re.sub(r"<uuid:\w+>", lambda _: str(uuid4()), rule)


def calls(market: Market) -> list[tuple[str, str]]:
    """Every call of the API as a method and an address, ids made up."""
    found = []
    for rule in market.app.url_map.iter_rules():
        if rule.endpoint in _GUARDS:
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                found.append((method, with_ids(rule.rule)))
    assert len(found) == len(_GUARDS) >= 20
    return sorted(found)


def test_without_a_good_key_every_call_is_refused(market: Market) -> None:
    good = str(market.retailer.api.key)
    wrong = [None, "", "nonsense", "cd_live_" + "a" * 40, good[:-1], good + "0", good.swapcase(), "\u00e9" * 20]
    for method, path in calls(market):
        for key in wrong[:3] if method == "GET" else wrong:
            answer = Api(market.app, None).call(
                method, path, headers={} if key is None else {"Authorization": f"Bearer {key}"}
            )
            assert_problem(answer, 401, "unauthenticated")
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    basic = market.anonymous().call("GET", "/api/suppliers", headers={"Authorization": f"Basic {good}"})
    assert_problem(basic, 401, "unauthenticated")
    assert_problem(market.anonymous().get("/api/suppliers", key=good), 401, "unauthenticated")


def test_a_revoked_and_an_expired_key_are_refused(market: Market) -> None:
    expired = market.key(market.retailer, "read:catalog", life=timedelta(seconds=-1))
    assert_problem(expired.get("/api/suppliers"), 401, "unauthenticated")
    revoked = market.key(market.retailer, "read:catalog")
    assert revoked.get("/api/suppliers").status_code == 200
    with db.system_scope(actor="test"), db.transaction() as session:
        session.connection().exec_driver_sql(
            "update api_keys set revoked_at = now() where organisation_id = %s and name = 'narrow'",
            (str(market.retailer.id),),
        )
    assert_problem(revoked.get("/api/suppliers"), 401, "unauthenticated")


@pytest.fixture
def keys_known(set_up: Callable[..., None]) -> Iterator[None]:
    auth.forget_keys()
    set_up(api_key_cache_seconds="20")
    yield
    auth.forget_keys()


@pytest.mark.parametrize("change", ["revoked_at = now()", "allowed_ips = '[\"203.0.113.0/24\"]'", "scopes = '[\"x\"]'"])
def test_what_was_done_to_a_key_counts_within_the_time_that_is_set(
    market: Market, keys_known: None, change: str
) -> None:
    key = market.key(market.retailer, "read:catalog")
    assert key.get("/api/suppliers").status_code == 200
    with db.system_scope(actor="test"), db.transaction() as session:
        session.connection().exec_driver_sql(
            f"update api_keys set {change} where organisation_id = %s and name = 'narrow'",
            (str(market.retailer.id),),
        )
    with clock.shifted(timedelta(seconds=21)):
        assert key.get("/api/suppliers").status_code in (401, 403)


def test_a_known_key_ends_in_time_and_is_good_from_its_networks_only(market: Market, keys_known: None) -> None:
    short = market.key(market.retailer, "read:catalog", life=timedelta(seconds=10))
    assert short.get("/api/suppliers").status_code == 200
    with clock.shifted(timedelta(seconds=11)):
        assert_problem(short.get("/api/suppliers"), 401, "unauthenticated")
    inside = market.key(market.retailer, "read:catalog", allowed_ips=["127.0.0.0/8"])
    assert inside.get("/api/suppliers").status_code == 200
    outside = inside.call("GET", "/api/suppliers", environ_base={"REMOTE_ADDR": "203.0.113.9"})
    assert_problem(outside, 403, "address_not_allowed")


def test_a_key_works_only_from_its_networks(market: Market) -> None:
    inside = market.key(market.retailer, "read:catalog", allowed_ips=["127.0.0.0/8"])
    outside = market.key(market.retailer, "read:catalog", allowed_ips=["203.0.113.0/24", "2001:db8::/32"])
    assert inside.get("/api/suppliers").status_code == 200
    assert_problem(outside.get("/api/suppliers"), 403, "address_not_allowed")
    forged = outside.call("GET", "/api/suppliers", headers={"X-Forwarded-For": "203.0.113.9"})
    assert_problem(forged, 403, "address_not_allowed")
    for address, status in (("203.0.113.9", 200), ("2001:db8:7::1", 200), ("::ffff:203.0.113.9", 200), ("::1", 403)):
        answer = outside.call("GET", "/api/suppliers", environ_base={"REMOTE_ADDR": address})
        assert answer.status_code == status, address


def test_behind_a_trusted_proxy_the_address_that_it_tells_counts(market: Market, set_up: Callable[..., None]) -> None:
    key = market.key(market.retailer, "read:catalog", allowed_ips=["203.0.113.0/24"])
    set_up(trusted_proxies="1")
    behind = Api(create_app(), key.key)
    for told, status in (("203.0.113.9", 200), ("203.0.113.9, 198.51.100.1", 403), ("198.51.100.1, 203.0.113.9", 200)):
        answer = behind.call("GET", "/api/suppliers", headers={"X-Forwarded-For": told})
        assert answer.status_code == status, told


def test_a_key_that_lacks_the_scope_is_told_which(market: Market) -> None:
    parties = {"retailer": market.retailer, "supplier": market.supplier, "platform": market.admin}
    narrow = {
        (kind, scope): market.key(party, *(one for one in SCOPES_OF_KIND[kind] if one != scope))
        for kind, party in parties.items()
        for scope in SCOPES_OF_KIND[kind]
    }
    for rule in market.app.url_map.iter_rules():
        guard = _GUARDS.get(rule.endpoint)
        if guard is None:
            continue
        method = next(iter((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        path = with_ids(rule.rule)
        for kind, party in parties.items():
            if kind in guard.kinds:
                answer = narrow[kind, guard.scope].call(method, path)
                assert_problem(answer, 403, "forbidden")
                assert guard.scope in answer.json["detail"]
            else:
                assert_problem(party.api.call(method, path), 403, "forbidden")


def test_things_of_others_do_not_exist(market: Market, jobs: Jobs) -> None:
    placed = market.place((market.lamp.variants[0], 1))
    imported = market.retailer.api.post(
        "/api/products/import",
        {"store_id": str(market.store_id), "items": [{"product_id": str(market.lamp.product_id), "publish": False}]},
    ).json["import_id"]
    upload = market.supplier.api.call(
        "POST", "/api/supplier/uploads?file_name=a.csv", data=b"handle,title,sku\na,A,A-1\n", content_type="text/csv"
    ).json["id"]
    jobs.drain()
    (received,) = market.supplier.api.get("/api/supplier/orders").json["items"]
    line = received["lines"][0]["id"]
    other, their = market.other_retailer.api, market.other_supplier.api
    parcel = {"carrier": "UPS", "tracking_number": "X-1", "lines": [{"line_id": line, "quantity": 1}]}
    attempts: list[TestResponse] = [
        other.get(f"/api/orders/{placed['id']}"),
        other.get(f"/api/orders/{placed['id']}/status"),
        other.get(f"/api/products/import/{imported}"),
        other.get("/api/listings", store_id=str(market.store_id)),
        other.post("/api/orders", {**market.order_body(), "store_id": str(market.store_id)}),
        other.post(
            "/api/products/import",
            {"store_id": str(market.store_id), "items": [{"product_id": str(market.lamp.product_id)}]},
        ),
        their.get(f"/api/supplier/orders/{received['id']}"),
        their.post(
            f"/api/supplier/orders/{received['id']}/acknowledge", {"lines": [{"line_id": line, "status": "accepted"}]}
        ),
        their.post(f"/api/supplier/orders/{received['id']}/ship", {"parcels": [parcel]}),
        their.put(
            f"/api/supplier/products/{market.lamp.product_id}/inventory",
            {"variants": [{"sku": market.lamp.skus[0], "quantity": 1}]},
        ),
        their.get(f"/api/supplier/uploads/{upload}"),
        their.post(f"/api/supplier/uploads/{upload}/apply", {}),
    ]
    for answer in attempts:
        assert_problem(answer, 404, "not_found")
    assert other.get("/api/orders").json["items"] == []
    assert other.get("/api/listings").json["items"] == []
    assert their.get("/api/supplier/orders").json["items"] == []
    assert market.stock(market.lamp.variants[0]) == {"on_hand": 10, "reserved": 1}


def test_a_supplier_that_is_not_active_is_not_there(market: Market) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        session.connection().exec_driver_sql(
            "update suppliers set status = 'SUSPENDED' where id = %s", (str(market.supplier.id),)
        )
    names = [item["company_name"] for item in market.retailer.api.get("/api/suppliers").json["items"]]
    assert names == ["Kanto"]
    assert_problem(market.retailer.api.get(f"/api/suppliers/{market.supplier.id}/products"), 404, "not_found")
    answer = market.retailer.api.post("/api/orders", market.order_body((market.lamp.variants[0], 1)))
    assert_problem(answer, 422, "invalid", "lines[0].variant_id")


def _changed(**changes: Any) -> Callable[[dict[str, Any]], None]:
    def change(body: dict[str, Any]) -> None:
        for path, value in changes.items():
            where: Any = body
            *steps, last = path.split("__")
            for step in steps:
                where = where[int(step)] if step.isdigit() else where[step]
            if value is ...:
                del where[last]
            else:
                where[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (_changed(lines__0__quantity=0), "lines[0].quantity"),
        (_changed(lines__0__quantity=-1), "lines[0].quantity"),
        (_changed(lines__0__quantity=1.5), "lines[0].quantity"),
        (_changed(lines__0__quantity="2"), "lines[0].quantity"),
        (_changed(lines__0__quantity=10**12), "lines[0].quantity"),
        (_changed(lines__1__variant_id=str(uuid4())), "lines[1].variant_id"),
        (_changed(lines__0__variant_id="lamp"), "lines[0].variant_id"),
        (_changed(lines=[]), "lines"),
        (_changed(lines=...), "lines"),
        (_changed(shipping_address=...), "shipping_address"),
        (_changed(shipping_address__city=...), "shipping_address.city"),
        (_changed(shipping_address__country_code="Britain"), "shipping_address.country_code"),
        (_changed(shipping_address__country_code="XX"), "shipping_address.country_code"),
        (_changed(shipping_address__postal_code=""), "shipping_address.postal_code"),
        (_changed(shipping_address__name="A\x00B"), "shipping_address.name"),
        (_changed(currency="JPY", lines__0__retail_price=None, lines__1__retail_price=None), "currency"),
        (_changed(currency="XXQ", lines__0__retail_price=None, lines__1__retail_price=None), "currency"),
        (_changed(currency="usd"), "currency"),
        (_changed(external_id=""), "external_id"),
        (_changed(external_id="x" * 256), "external_id"),
        (_changed(lines__0__retail_price={"amount": "1,50", "currency": "USD"}), "lines[0].retail_price.amount"),
        (_changed(lines__0__retail_price={"amount": "-1", "currency": "USD"}), "lines[0].retail_price.amount"),
        (_changed(lines__0__retail_price={"amount": "1.001", "currency": "USD"}), "lines[0].retail_price"),
        (_changed(lines__0__retail_price={"amount": "1", "currency": "EUR"}), "lines[0].retail_price"),
        (_changed(surprise=1), "surprise"),
    ],
)
def test_an_order_that_is_not_right_is_refused_by_field(
    market: Market, change: Callable[[dict[str, Any]], None], field: str
) -> None:
    body = market.order_body()
    change(body)
    assert_problem(market.retailer.api.post("/api/orders", body), 422, "invalid", field)
    assert market.count("orders") == 0
    assert market.stock(market.lamp.variants[0])["reserved"] == 0


def test_two_lines_of_one_order_may_not_share_an_id(market: Market) -> None:
    body = market.order_body()
    body["lines"][1]["external_line_id"] = body["lines"][0]["external_line_id"]
    assert_problem(market.retailer.api.post("/api/orders", body), 422, "invalid", "lines[1].external_line_id")


@pytest.mark.parametrize(
    ("data", "content_type", "status", "code"),
    [
        (b"", "application/json", 422, "invalid"),
        (b"{", "application/json", 422, "invalid"),
        (b"\xff\xfe{}", "application/json", 422, "invalid"),
        (b"[]", "application/json", 422, "invalid"),
        (b"null", "application/json", 422, "invalid"),
        (b"[" * 20_000, "application/json", 422, "invalid"),
        (b"lines=1", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b'{"a":"' + b"x" * 1_100_000 + b'"}', "application/json", 413, "too_large"),
    ],
    ids=["empty", "cut off", "not UTF-8", "a list", "null", "too deep", "a form", "too large"],
)
def test_a_body_that_can_not_be_read_is_refused(
    market: Market, data: bytes, content_type: str, status: int, code: str
) -> None:
    answer = market.retailer.api.call("POST", "/api/orders", data=data, content_type=content_type)
    assert_problem(answer, status, code)
    assert market.count("orders") == 0


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/api/suppliers", {"limit": "0"}),
        ("/api/suppliers", {"limit": "201"}),
        ("/api/suppliers", {"limit": "ten"}),
        ("/api/suppliers", {"cursor": "made-up"}),
        ("/api/suppliers", {"min_rating": "6"}),
        ("/api/orders", {"status": "LOST"}),
        ("/api/orders", {"updated_since": "yesterday"}),
        ("/api/orders", {"updated_since": "2026-01-01T00:00:00"}),
        ("/api/listings", {"state": "GONE"}),
        ("/api/listings", {"store_id": "one"}),
        ("/api/analytics/sales", {"from": "2026-02-30"}),
        ("/api/analytics/sales", {"from": "2026-02-02", "to": "2026-02-01"}),
        ("/api/analytics/sales", {"from": "1990-01-01", "to": "2026-02-01"}),
        ("/api/analytics/sales", {"group_by": "hour"}),
        ("/api/analytics/sales", {"currency": "AAA"}),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(market: Market, path: str, query: dict[str, str]) -> None:
    assert_problem(market.retailer.api.get(path, **query), 422, "invalid")


def test_stock_that_is_not_right_is_refused_whole(market: Market) -> None:
    path = f"/api/supplier/products/{market.lamp.product_id}/inventory"
    future = clock.iso(clock.now() + timedelta(days=2))
    for level, field in (
        ({"sku": market.lamp.skus[0], "quantity": -1}, "variants[1].quantity"),
        ({"sku": market.lamp.skus[0], "quantity": 1.5}, "variants[1].quantity"),
        ({"sku": market.chair.skus[0], "quantity": 1}, "variants[1].sku"),
        ({"quantity": 1}, "variants[1].sku"),
        ({"variant_id": str(market.chair.variants[0]), "quantity": 1}, "variants[1].variant_id"),
        ({"sku": market.lamp.skus[0], "quantity": 1, "as_of": future}, None),
        ({"sku": market.lamp.skus[0], "quantity": 1, "location_id": str(uuid4())}, None),
    ):
        answer = market.supplier.api.put(path, {"variants": [{"sku": market.lamp.skus[1], "quantity": 3}, level]})
        assert_problem(answer, 422, "invalid", field)
    assert market.stock(market.lamp.variants[1])["on_hand"] == 10


def test_asking_for_a_shop_of_another_account_tells_and_changes_nothing(market: Market) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        session.connection().exec_driver_sql(
            "update stores set platform = 'shopify', external_id = 'taken.myshopify.com' where id = %s",
            (str(market.store_id),),
        )
    wanted = {"platform": "shopify", "url": "taken.myshopify.com"}
    taken = market.other_retailer.api.post("/api/retailer/connect", wanted)
    free = market.other_retailer.api.post("/api/retailer/connect", {**wanted, "url": "free.myshopify.com"})
    assert (taken.status_code, taken.json["status"]) == (free.status_code, free.json["status"]) == (201, "pending")
    assert taken.json["store_id"] != str(market.store_id)
    (mine,) = market.retailer.api.get("/api/sync/status").json["stores"]
    assert (mine["store_id"], mine["status"]) == (str(market.store_id), "connected")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"platform": "etsy", "url": "https://a.example"}, "platform"),
        ({"platform": "shopify", "url": "evil.example"}, "url"),
        ({"platform": "shopify", "url": "myshopify.com.evil.example"}, "url"),
        ({"platform": "custom", "url": "javascript:alert(1)"}, "url"),
        ({"platform": "custom", "url": ""}, "url"),
    ],
)
def test_a_store_address_that_is_none_is_refused(market: Market, body: dict[str, str], field: str) -> None:
    assert_problem(market.retailer.api.post("/api/retailer/connect", body), 422, "invalid", field)


def test_haste_is_slowed_and_told_how_long_to_wait(market: Market, set_up: Callable[..., None], redis_url: str) -> None:
    set_up(api_rate_per_minute="3")
    key = market.key(market.retailer, "read:catalog")
    answers = [key.get("/api/suppliers") for _ in range(8)]
    assert [one.status_code for one in answers[:3]] == [200, 200, 200]
    assert answers[0].headers["RateLimit-Remaining"] == "2"
    refused = [one for one in answers if one.status_code == 429]
    assert refused, "eight calls within at most two windows of three"
    assert_problem(refused[0], 429, "rate_limited")
    assert 1 <= int(refused[0].headers["Retry-After"]) <= 61
    assert market.key(market.retailer, "read:catalog").get("/api/suppliers").status_code == 200


def test_calls_that_another_process_counted_are_heard_of(
    market: Market, set_up: Callable[..., None], redis_url: str
) -> None:
    set_up(api_rate_per_minute="200")
    key = market.key(market.retailer, "read:catalog")
    first = key.get("/api/suppliers")
    others = redis.Redis.from_url(redis_url)
    (counted,) = [one for one in others.scan_iter("pace:*") if others.get(one) == b"1"]
    others.incrby(counted, 200)
    answers = [key.get("/api/suppliers") for _ in range(6)]
    left = [int(one.headers["RateLimit-Remaining"]) for one in (first, *answers)]
    assert left == sorted(left, reverse=True)
    if answers[-1].headers["RateLimit-Reset"] <= first.headers["RateLimit-Reset"]:
        assert sum(one.status_code == 200 for one in answers) <= 200 // 50


def test_without_redis_calls_go_on(
    market: Market, set_up: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = redis.Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=0.2)
    monkeypatch.setattr(pace, "_redis", lambda: nobody)
    monkeypatch.setattr(pace, "_broken_until", 0.0)
    assert market.retailer.api.get("/api/suppliers").status_code == 200
    assert market.retailer.api.post("/api/orders", market.order_body()).status_code == 201


def test_addresses_that_are_not_there_are_problems_too(market: Market) -> None:
    assert_problem(market.retailer.api.get("/api/nothing"), 404, "not_found")
    assert_problem(market.retailer.api.get(f"/api/orders/{uuid4()}"), 404, "not_found")
    assert_problem(market.retailer.api.get("/api/orders/12"), 404, "not_found")
    assert_problem(market.retailer.api.call("DELETE", "/api/orders"), 405, "method_not_allowed")


@pytest.fixture
def impatient() -> Iterator[None]:
    """The application waits for locks a moment only."""

    def hurry(connection: Connection) -> None:
        connection.exec_driver_sql("set local lock_timeout = '50ms'")

    event.listen(db.engine(), "begin", hurry)
    yield
    event.remove(db.engine(), "begin", hurry)


def test_what_somebody_else_holds_is_told_to_be_tried_again_soon(
    market: Market, jobs: Jobs, database_url: str, impatient: None
) -> None:
    market.place((market.lamp.variants[0], 1))
    jobs.drain()
    (order,) = market.supplier.api.get("/api/supplier/orders").json["items"]
    path = f"/api/supplier/orders/{order['id']}/acknowledge"
    answer = {"lines": [{"line_id": order["lines"][0]["id"], "status": "accepted"}]}
    with contextlib.closing(psycopg2.connect(database_url)) as other, other.cursor() as cursor:
        cursor.execute("select 1 from purchase_orders where id = %s for update", [order["id"]])
        refused = market.supplier.api.post(path, answer)
    assert_problem(refused, 503, "busy")
    assert 1 <= int(refused.headers["Retry-After"]) <= 5
    assert market.supplier.api.post(path, answer).json["status"] == "CONFIRMED"
