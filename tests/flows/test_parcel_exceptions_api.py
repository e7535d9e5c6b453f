"""The ways out of what goes wrong with parcels, by API, as the pages have them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.kit import clock
from tests.flows.books import Books, Json
from tests.flows.test_parcel_troubles import WATCH, found, lost, scan, sent
from tests.market import Api, Market
from tests.stack import Jobs


@pytest.fixture
def lamps(books: Books, market: Market) -> Json:
    return books.purchase_order(books.paid_order((market.lamp.variants[0], 3)), market.supplier)


def the_one(api: Api, path: str, **query: str) -> Json:
    answer = api.get(path, **query)
    assert answer.status_code == 200, answer.text
    (one,) = answer.json["items"]
    return dict(one)


OURS, THEIRS = "/api/parcel-exceptions", "/api/supplier/parcel-exceptions"


def test_what_is_late_is_put_off_by_its_supplier(market: Market, books: Books, lamps: Json) -> None:
    books.later(WATCH, days=20)
    supplier, retailer = market.supplier.api, market.retailer.api
    late = the_one(supplier, THEIRS)
    assert (late["kind"], late["ways"], late["shipment_id"], late["order_id"]) == ("late", ["on_its_way"], None, None)
    seen = the_one(retailer, OURS, purchase_order_id=lamps["id"])
    assert (seen["id"], seen["ways"], seen["order_id"] is not None) == (late["id"], [], True)
    way = f"{THEIRS}/{late['id']}"
    far = supplier.post(f"{way}/on-its-way", {"expected_on": "2031-01-01"})
    assert (far.status_code, far.json["errors"][0]["field"]) == (422, "expected_on")
    for wrong, body, code in (
        ("resend", {"tracking_number": "X1"}, "nothing_to_resend"),
        ("refund", {}, "nothing_to_refund"),
        ("seen", {"note": "x"}, "wants_answer"),
    ):
        refused = supplier.post(f"{way}/{wrong}", body)
        assert (refused.status_code, refused.json["code"]) == (409, code)
    not_lost = retailer.post(f"{OURS}/{late['id']}/claim", {"wanted": "refund"})
    assert (not_lost.status_code, not_lost.json["code"]) == (409, "not_lost")
    day = (clock.now() + timedelta(days=25)).date().isoformat()
    done = supplier.post(f"{way}/on-its-way", {"expected_on": day})
    assert (done.status_code, done.json["expected_on"], done.json["state"]) == (200, day, "resolved")
    assert supplier.get(THEIRS).json["items"] == []
    assert the_one(supplier, THEIRS, state="resolved")["resolution"] == "on_its_way"
    over = supplier.post(f"{way}/on-its-way", {"expected_on": day})
    assert (over.status_code, over.json["code"]) == (409, "exception_over")


def test_a_lost_parcel_is_claimed_and_paid_back_once(market: Market, jobs: Jobs, books: Books, lamps: Json) -> None:
    lost(books, market, jobs, lamps)
    supplier, retailer = market.supplier.api, market.retailer.api
    one = the_one(retailer, OURS)
    assert (one["kind"], one["ways"]) == ("lost", ["claim"])
    claimed = retailer.post(f"{OURS}/{one['id']}/claim", {"wanted": "reship"})
    assert (claimed.status_code, claimed.json["claimed"]) == (200, "reship")
    assert claimed.json["answer_by"] is not None
    assert retailer.post(f"{OURS}/{one['id']}/claim", {"wanted": "a unicorn"}).status_code == 422
    theirs = the_one(supplier, THEIRS)
    assert (theirs["claimed"], theirs["ways"]) == ("reship", ["resend", "refund"])
    for _ in range(2):
        paid = supplier.post(f"{THEIRS}/{one['id']}/refund", {"restocked": False})
        assert (paid.status_code, paid.json["resolution"]) == (200, "refunded")
        jobs.drain()
    assert found(books)[-1] == ("lost", "resolved", "refunded")


def test_what_comes_back_is_sent_again_once(market: Market, jobs: Jobs, books: Books, lamps: Json) -> None:
    parcel = sent(books, market, jobs, lamps)
    scan(books, jobs, parcel)
    scan(books, jobs, parcel, "return_to_sender")
    supplier = market.supplier.api
    one = the_one(supplier, THEIRS, shipment_id=parcel["id"])
    again = {"tracking_number": "1Z5R89390357567127"}
    first = supplier.post(f"{THEIRS}/{one['id']}/resend", again)
    assert first.status_code == 201, first.text
    assert (first.json["replaces_id"], first.json["carrier"]) == (parcel["id"], "ups")
    second = supplier.post(f"{THEIRS}/{one['id']}/resend", again)
    assert (second.status_code, second.json["id"]) == (201, first.json["id"])
    assert market.count("shipments") == 2


def test_others_neither_see_nor_settle_them(market: Market, jobs: Jobs, books: Books, lamps: Json) -> None:
    lost(books, market, jobs, lamps)
    one = the_one(market.supplier.api, THEIRS)
    other, stranger = market.other_supplier.api, market.other_retailer.api
    assert other.get(THEIRS).json["items"] == stranger.get(OURS).json["items"] == []
    day = clock.now().date().isoformat()
    for what, body in (
        ("on-its-way", {"expected_on": day}),
        ("resend", {"tracking_number": "X1"}),
        ("refund", {}),
        ("seen", {"note": "x"}),
    ):
        assert other.post(f"{THEIRS}/{one['id']}/{what}", body).status_code == 404, what
        assert market.retailer.api.post(f"{THEIRS}/{one['id']}/{what}", body).status_code == 403
    assert stranger.post(f"{OURS}/{one['id']}/claim", {"wanted": "refund"}).status_code == 404
    narrow = market.key(market.retailer, "read:orders")
    assert narrow.post(f"{OURS}/{one['id']}/claim", {"wanted": "refund"}).status_code == 403


def test_a_stores_rules_are_read_and_replaced_as_a_whole(market: Market, books: Books) -> None:
    path = f"/api/stores/{market.store_id}/hold-rules"
    api = market.retailer.api
    before = api.get(path).json
    assert before == {
        "store_id": str(market.store_id),
        "wait_minutes": None,
        "risk": {"value_factor": 0, "velocity": 0, "countries": False, "platform": True, "address": False},
        "unlinked_lines": "like_ours",
        "send_when": "paid",
    }
    risk = {"value_factor": 5, "velocity": 3, "countries": True, "platform": False, "address": True}
    rules = {"wait_minutes": 15, "risk": risk, "unlinked_lines": "always", "send_when": "authorized"}
    assert api.put(path, rules).json == rules | {"store_id": str(market.store_id)}
    assert api.get(path).json["risk"] == risk
    settings = books.browser(market.retailer).get(f"/app/settings/stores/{market.store_id}").text
    assert 'value="15"' in settings
    for wrong in ({"value_factor": 4}, {"velocity": True}, {"countries": "yes"}):
        assert api.put(path, rules | {"risk": risk | wrong}).status_code == 422
    assert api.put(path, rules | {"wait_minutes": 61}).status_code == 422
    assert api.put(path, {"risk": risk}).status_code == 422
    assert api.get(path).json["wait_minutes"] == 15, "nothing of a refused one is kept"
    assert api.put(path, rules | {"wait_minutes": None}).json["wait_minutes"] is None
    assert market.other_retailer.api.get(path).status_code == 404
    assert market.other_retailer.api.put(path, rules).status_code == 404
    assert market.key(market.retailer, "read:orders").put(path, rules).status_code == 403
