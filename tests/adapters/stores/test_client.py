"""Calls to the Admin API: at the shop's pace, and with every odd answer told in the four words of the port."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.adapters._shopify import API_VERSION
from app.adapters.stores.shopify.adapter import Shopify
from app.adapters.stores.shopify.client import LONGEST_WAIT, AdminClient
from app.adapters.stores.shopify.credentials import exchange
from app.kit.errors import AdapterError, CredentialsRefused, RateLimited, Rejected, Unavailable
from app.stores.platform import Credentials, StoreAccess
from tests.adapters.processors.wire import Reply, Wire, listening

SHOP, TOKEN = "northwind.myshopify.com", "shpat_a_token_that_stays_secret"
ACCESS = StoreAccess(external_id=SHOP, credentials=Credentials(access_token=TOKEN, refresh_token="shprt_old"))
GRAPHQL, TOKENS = f"/{SHOP}/admin/api/{API_VERSION}/graphql.json", f"/{SHOP}/admin/oauth/access_token"


class Time:
    """A clock that only moves when somebody sleeps or the test says so."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def far_end(set_up: Callable[..., None]) -> Iterator[Wire]:
    """What stands for Shopify and answers as it is told."""
    with listening() as wire:
        set_up(shopify_client_id="id", shopify_client_secret="secret", shopify_admin_url=wire.url + "/{shop}")
        yield wire


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def client(far_end: Wire, time: Time) -> AdminClient:
    return AdminClient(sleep=time.sleep, clock=lambda: time.now)


def answer(*, left: float = 1000.0, cost: float = 10.0, rate: float = 50.0, **more: Any) -> Reply:
    """An answer that says what is left of the shop's budget."""
    status = {"maximumAvailable": 1000.0, "currentlyAvailable": left, "restoreRate": rate}
    cost_of = {"requestedQueryCost": cost, "actualQueryCost": cost, "throttleStatus": status}
    return Reply({"data": {"nodes": []}, "extensions": {"cost": cost_of}, **more})


def throttled(*, left: float, cost: float) -> Reply:
    errors = [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]
    return answer(left=left, cost=cost, data=None, errors=errors)


def test_a_call_waits_until_the_shop_has_enough_left_for_it(client: AdminClient, far_end: Wire, time: Time) -> None:
    far_end.on("POST", GRAPHQL, answer(left=100, cost=300), answer())
    client.call(ACCESS, "inventory_read", {})
    assert time.slept == []
    client.call(ACCESS, "inventory_read", {})
    assert time.slept == [pytest.approx(4.0)]


def test_a_throttled_call_is_sent_again_when_the_shop_can_pay_it(
    client: AdminClient, far_end: Wire, time: Time
) -> None:
    far_end.on("POST", GRAPHQL, throttled(left=0, cost=100), answer())
    assert client.call(ACCESS, "inventory_read", {}) == {"nodes": []}
    assert time.slept == [pytest.approx(2.0)]
    assert len(far_end.asked) == 2


def test_a_call_that_must_wait_too_long_goes_back_and_goes_through_when_it_comes_again(
    client: AdminClient, far_end: Wire, time: Time
) -> None:
    far_end.on("POST", GRAPHQL, answer(left=0, cost=500), answer())
    client.call(ACCESS, "inventory_read", {})
    for _ in range(5):
        # Calls that were never sent have spent nothing.
        with pytest.raises(RateLimited) as limited:
            client.call(ACCESS, "inventory_read", {})
        assert limited.value.retry_after == pytest.approx(10.0)
    assert len(far_end.asked) == 1
    time.now += limited.value.retry_after
    client.call(ACCESS, "inventory_read", {})
    assert len(far_end.asked) == 2
    assert time.slept == []


def test_a_shop_that_is_short_of_points_does_not_slow_down_another(
    client: AdminClient, far_end: Wire, time: Time
) -> None:
    other = StoreAccess(external_id="other.myshopify.com", credentials=ACCESS.credentials)
    far_end.on("POST", GRAPHQL, answer(left=0, cost=900))
    far_end.on("POST", GRAPHQL.replace(SHOP, other.external_id), answer())
    client.call(ACCESS, "inventory_read", {})
    client.call(other, "inventory_read", {})
    assert time.slept == []


def test_no_call_waits_longer_than_a_worker_may_be_kept(client: AdminClient, far_end: Wire, time: Time) -> None:
    far_end.on("POST", GRAPHQL, throttled(left=0, cost=300))
    with pytest.raises(RateLimited):
        client.call(ACCESS, "inventory_read", {})
    assert sum(time.slept) <= LONGEST_WAIT


def test_the_token_goes_out_in_its_header_and_nowhere_else(client: AdminClient, far_end: Wire) -> None:
    far_end.on("POST", GRAPHQL, answer())
    client.call(ACCESS, "inventory_read", {"ids": ["gid://shopify/InventoryItem/1"]})
    (asked,) = far_end.asked
    assert asked.headers["x-shopify-access-token"] == TOKEN
    assert TOKEN not in asked.path
    assert TOKEN.encode() not in asked.body
    assert asked.params["variables"] == {"ids": ["gid://shopify/InventoryItem/1"]}
    assert str(asked.params["query"]).startswith("query InventoryRead")


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(status=0), Unavailable),
        (Reply(status=500), Unavailable),
        (Reply(status=502), Unavailable),
        (Reply(status=503), Unavailable),
        (Reply(status=408), Unavailable),
        (Reply(b"<html>Be right back</html>"), Unavailable),
        (Reply(b""), Unavailable),
        (Reply([]), Unavailable),
        (Reply("maintenance"), Unavailable),
        (Reply(None), Unavailable),
        (Reply({}), Unavailable),
        (Reply({"data": None}), Unavailable),
        (Reply(status=401), CredentialsRefused),
        (Reply(status=403), CredentialsRefused),
        (Reply(status=402), Rejected),
        (Reply(status=404), Rejected),
        (Reply(status=423), Rejected),
        (Reply({"errors": "Not Found"}), Rejected),
        (Reply({"errors": [{"message": "no code"}]}), Rejected),
        (Reply({"errors": [{"message": "?", "extensions": {"code": "undefinedField"}}]}), Rejected),
        (Reply({"errors": [{"message": "?", "extensions": {"code": "ACCESS_DENIED"}}], "data": {}}), Rejected),
        (Reply({"errors": [{"message": "?", "extensions": {"code": "MAX_COST_EXCEEDED"}}]}), Rejected),
        (Reply({"errors": [{"message": "?", "extensions": {"code": "SHOP_INACTIVE"}}]}), CredentialsRefused),
        (Reply({"errors": [{"message": "?", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]}), Unavailable),
        (Reply({"errors": [{"message": "?", "extensions": {"code": "TIMEOUT"}}]}), Unavailable),
        (Reply(status=429, headers={"Retry-After": "2.0"}), RateLimited),
    ],
)
def test_whatever_comes_back_is_one_of_the_four_errors(
    client: AdminClient, far_end: Wire, reply: Reply, error: type[AdapterError]
) -> None:
    far_end.on("POST", GRAPHQL, reply)
    with pytest.raises(error) as raised:
        client.call(ACCESS, "shop", {})
    assert type(raised.value) is error
    assert TOKEN not in str(raised.value)


def test_a_refusal_for_pace_says_how_long_to_wait(client: AdminClient, far_end: Wire) -> None:
    far_end.on("POST", GRAPHQL, Reply(status=429, headers={"Retry-After": "2.0"}))
    with pytest.raises(RateLimited) as limited:
        client.call(ACCESS, "shop", {})
    assert limited.value.retry_after == 2.0


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(status=0), Unavailable),
        (Reply(status=503), Unavailable),
        (Reply(b"<html>"), Unavailable),
        (Reply([]), Unavailable),
        (Reply(None), Unavailable),
        (Reply({"error": "invalid_subject_token"}, status=400), CredentialsRefused),
        (Reply({"error": "invalid_client"}, status=401), CredentialsRefused),
        (Reply({"scope": "read_products"}), CredentialsRefused),
        (Reply(status=429), RateLimited),
    ],
)
def test_a_token_that_is_not_given_is_told_apart_from_a_shop_that_does_not_answer(
    far_end: Wire, reply: Reply, error: type[AdapterError]
) -> None:
    far_end.on("POST", TOKENS, reply)
    with pytest.raises(error):
        exchange(SHOP, "an id token")
    with pytest.raises(error):
        Shopify().refresh(ACCESS)


def test_without_a_refresh_token_a_person_must_connect_again(far_end: Wire) -> None:
    with pytest.raises(CredentialsRefused):
        Shopify().refresh(StoreAccess(external_id=SHOP, credentials=Credentials(access_token=TOKEN)))
    assert far_end.asked == []
