"""Answers that are given before Flask begins carry, count and refuse what all others do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import redis
from flask import request_started
from prometheus_client import REGISTRY
from werkzeug.test import TestResponse

from app import db
from app.kit import clock
from app.web import auth
from app.web.api import kept, pace
from tests.market import Api, Market
from tests.web.api.test_refusals import assert_problem

PATH = "/api/products?search=lamp"
#: Sends a call the long way round.
AROUND = {"Upgrade": "none"}


@pytest.fixture(autouse=True)
def known(set_up: Callable[..., None]) -> Iterator[None]:
    """Keys and answers are remembered."""
    kept.forget()
    auth.forget_keys()
    set_up(catalog_cache_seconds="60", api_key_cache_seconds="20")
    yield
    kept.forget()
    auth.forget_keys()


@contextmanager
def flask_begins(market: Market) -> Iterator[list[str]]:
    """The addresses of requests that Flask sees."""
    seen: list[str] = []

    def note(_app: Any, **_: Any) -> None:
        seen.append("seen")

    with request_started.connected_to(note, sender=market.app):
        yield seen


def early(market: Market, api: Api, **headers: str) -> TestResponse:
    """An answer that must not come from Flask."""
    with flask_begins(market) as seen:
        answer = api.call("GET", PATH, headers=headers)
    assert not seen, answer.text
    return answer


def told(answer: TestResponse) -> dict[str, str]:
    """Its headers but for those that are each answer's own."""
    own = ("X-Request-Id", "RateLimit-Remaining", "RateLimit-Reset")
    assert all(name in answer.headers for name in own)
    return {name: value for name, value in answer.headers.items() if name not in own}


@pytest.mark.parametrize("public_url", ["http://localhost", "https://localhost"])
def test_an_early_answer_is_the_one_that_flask_gives(
    market: Market, set_up: Callable[..., None], public_url: str
) -> None:
    set_up(public_url=public_url)
    first = market.retailer.api.call("GET", PATH)
    for sent, status in (
        ({}, 200),
        ({"If-None-Match": first.headers["ETag"]}, 304),
        ({"If-None-Match": '"other", W/"none"'}, 200),
    ):
        quick = early(market, market.retailer.api, **sent)
        with flask_begins(market) as seen:
            slow = market.retailer.api.call("GET", PATH, headers=sent | AROUND)
        assert seen
        assert (quick.status, quick.data, told(quick)) == (slow.status, slow.data, told(slow))
        assert quick.status_code == status
        assert int(quick.headers["RateLimit-Remaining"]) == int(slow.headers["RateLimit-Remaining"]) + 1


def test_a_request_keeps_its_id_where_that_is_harmless(market: Market) -> None:
    market.retailer.api.call("GET", PATH)
    assert early(market, market.retailer.api, **{"X-Request-Id": "call-12345678"}).headers["X-Request-Id"] == (
        "call-12345678"
    )
    for bad in ("", "short", "x" * 65, "a b c d e f g h"):
        given = early(market, market.retailer.api, **{"X-Request-Id": bad}).headers["X-Request-Id"]
        assert given != bad
        assert len(given) == 36


def test_each_is_given_what_was_made_for_those_who_see_the_same(market: Market) -> None:
    readers = [market.retailer, market.supplier, market.other_supplier]
    own = [one.api.call("GET", PATH).json for one in readers]
    assert own[1] != own[2] != own[0]
    assert [early(market, one.api).json for one in readers] == own
    market.other_retailer.api.call("GET", "/api/suppliers")
    assert early(market, market.other_retailer.api).json == own[0]


def test_who_may_not_ask_is_refused_though_the_answer_lies_ready(market: Market) -> None:
    market.retailer.api.call("GET", PATH)
    market.retailer.api.call("GET", PATH)
    blind = market.key(market.retailer, "read:orders")
    assert blind.call("GET", "/api/orders").status_code == 200
    assert_problem(blind.call("GET", PATH), 403, "forbidden")
    inside = market.key(market.retailer, "read:catalog", allowed_ips=["127.0.0.0/8"])
    assert inside.call("GET", PATH).status_code == 200
    assert early(market, inside).status_code == 200
    outside = inside.call("GET", PATH, environ_base={"REMOTE_ADDR": "203.0.113.9"})
    assert_problem(outside, 403, "address_not_allowed")
    assert_problem(market.anonymous().call("GET", PATH), 401, "unauthenticated")
    assert market.retailer.api.call("GET", PATH, headers={"Host": "elsewhere.example"}).status_code == 400
    assert_problem(market.retailer.api.call("POST", PATH), 405, "method_not_allowed")


@pytest.mark.parametrize("change", ["revoked_at = now()", "allowed_ips = '[\"203.0.113.0/24\"]'", "scopes = '[\"x\"]'"])
def test_what_was_done_to_a_key_counts_within_the_time_that_is_set(market: Market, change: str) -> None:
    key = market.key(market.retailer, "read:catalog")
    assert key.call("GET", PATH).status_code == 200
    assert early(market, key).status_code == 200
    with db.system_scope(actor="test"), db.transaction() as session:
        session.connection().exec_driver_sql(
            f"update api_keys set {change} where organisation_id = %s and name = 'narrow'",
            (str(market.retailer.id),),
        )
    with clock.shifted(timedelta(seconds=21)):
        assert key.call("GET", PATH).status_code in (401, 403)


def test_a_key_ends_in_time(market: Market) -> None:
    short = market.key(market.retailer, "read:catalog", life=timedelta(seconds=10))
    assert short.call("GET", PATH).status_code == 200
    assert early(market, short).status_code == 200
    with clock.shifted(timedelta(seconds=11)):
        assert_problem(short.call("GET", PATH), 401, "unauthenticated")


def test_an_answer_ends_in_time(market: Market) -> None:
    first = market.retailer.api.call("GET", PATH)
    with db.system_scope(actor="test"), db.transaction() as session:
        session.connection().exec_driver_sql("update catalog_entries set title = title || ' new'")
    assert early(market, market.retailer.api).data == first.data
    with clock.shifted(timedelta(seconds=61)):
        assert market.retailer.api.call("GET", PATH).data != first.data


def test_haste_is_slowed_and_a_refused_call_counts_once(
    market: Market, set_up: Callable[..., None], redis_url: str
) -> None:
    set_up(api_rate_per_minute="40")
    key = market.key(market.retailer, "read:catalog")
    answers = [key.call("GET", PATH) for _ in range(90)]
    refused = [number for number, one in enumerate(answers) if one.status_code == 429]
    assert refused, "ninety calls within at most two windows of forty"
    first = answers[refused[0]]
    assert_problem(first, 429, "rate_limited")
    assert first.headers["RateLimit-Remaining"] == "0"
    assert 1 <= int(first.headers["Retry-After"]) <= 61
    assert refused[0] >= 40, "as many are given as may be"


def test_early_answers_are_counted_with_all_others(market: Market) -> None:
    def counted(status_class: str) -> float:
        labels = {"endpoint": "api.find_products", "method": "GET", "status_class": status_class}
        return REGISTRY.get_sample_value("crossdock_request_seconds_count", labels) or 0.0

    tag = market.retailer.api.call("GET", PATH).headers["ETag"]
    before = counted("2"), counted("3")
    early(market, market.retailer.api)
    early(market, market.retailer.api)
    early(market, market.retailer.api, **{"If-None-Match": tag})
    assert (counted("2"), counted("3")) == (before[0] + 2, before[1] + 1)


def test_without_redis_answers_are_given(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = redis.Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=0.2)
    monkeypatch.setattr(pace, "_redis", lambda: nobody)
    monkeypatch.setattr(pace, "_broken_until", 0.0)
    key = market.key(market.retailer, "read:catalog")
    assert key.call("GET", PATH).status_code == 200
    with flask_begins(market) as seen:
        assert key.call("GET", PATH).status_code == 200
    assert not seen


def test_another_worker_need_not_make_an_answer_again(market: Market) -> None:
    first = market.retailer.api.call("GET", PATH)
    with db.system_scope(actor="test"), db.transaction() as session:
        session.connection().exec_driver_sql("update catalog_entries set title = title || ' new'")
    # As in a worker that made none itself.
    kept._answers.forget()
    kept._sent.forget()
    again = market.retailer.api.call("GET", PATH)
    assert (again.data, again.headers["ETag"]) == (first.data, first.headers["ETag"])
    assert market.supplier.api.call("GET", PATH).data != first.data
    kept._answers.forget()
    kept._sent.forget()
    with clock.shifted(timedelta(seconds=61)):
        assert market.retailer.api.call("GET", PATH).data != first.data
