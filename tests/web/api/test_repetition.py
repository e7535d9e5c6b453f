"""``Idempotency-Key``, pages of lists, and the description of the API."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from app import db
from launch.cli import main
from tests import factories
from tests.market import Market
from tests.web.api.test_refusals import assert_problem


def test_the_same_key_and_body_give_the_first_answer_again(market: Market) -> None:
    body = market.order_body()
    first = market.retailer.api.post("/api/orders", body, Idempotency_Key="k-1")
    second = market.retailer.api.post("/api/orders", body, Idempotency_Key="k-1")
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json == first.json
    assert second.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert market.count("orders") == 1


def test_the_same_key_with_another_body_is_refused(market: Market) -> None:
    market.retailer.api.post("/api/orders", market.order_body(), Idempotency_Key="k-2")
    answer = market.retailer.api.post("/api/orders", market.order_body(), Idempotency_Key="k-2")
    assert_problem(answer, 409, "idempotency_key_reused")
    elsewhere = market.retailer.api.post(
        "/api/retailer/connect", {"platform": "custom", "url": "https://a.example"}, Idempotency_Key="k-2"
    )
    assert_problem(elsewhere, 409, "idempotency_key_reused")


def test_a_key_belongs_to_its_organisation(market: Market) -> None:
    body = market.order_body()
    mine = market.retailer.api.post("/api/orders", body, Idempotency_Key="k-3")
    theirs = market.other_retailer.api.post("/api/orders", body, Idempotency_Key="k-3")
    assert (mine.status_code, theirs.status_code) == (201, 201)
    assert mine.json["id"] != theirs.json["id"]


def test_a_refusal_for_stock_is_given_again_and_a_mistake_can_be_mended(market: Market) -> None:
    too_much = market.order_body((market.lamp.variants[0], 11))
    for _ in range(2):
        answer = market.retailer.api.post("/api/orders", too_much, Idempotency_Key="k-4")
        assert_problem(answer, 409, "insufficient_stock")
    wrong = market.order_body((market.lamp.variants[0], 0))
    assert_problem(market.retailer.api.post("/api/orders", wrong, Idempotency_Key="k-5"), 422, "invalid")
    right = market.order_body((market.lamp.variants[0], 1))
    assert market.retailer.api.post("/api/orders", right, Idempotency_Key="k-5").status_code == 201


@pytest.mark.parametrize("key", ["with space", "x" * 256, "\u00fcber"])
def test_a_key_that_is_none_is_refused(market: Market, key: str) -> None:
    answer = market.retailer.api.post("/api/orders", market.order_body(), Idempotency_Key=key)
    assert_problem(answer, 422, "invalid", "Idempotency-Key")


@pytest.mark.parametrize("with_key", [True, False], ids=["by key", "by external id"])
def test_twenty_at_once_are_one_order(market: Market, with_key: bool) -> None:
    body = market.order_body(external_id="at-once")
    headers = {"Idempotency_Key": "race"} if with_key else {}
    answers = []
    gate = threading.Barrier(20)

    def send() -> None:
        gate.wait()
        answers.append(market.retailer.api.post("/api/orders", body, **headers))

    threads = [threading.Thread(target=send) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.status_code for one in answers} <= {200, 201, 409}
    taken = [one for one in answers if one.status_code != 409]
    assert len({one.json["id"] for one in taken}) == 1
    assert {one.json["code"] for one in answers if one.status_code == 409} <= {"request_in_progress"}
    assert market.count("orders") == 1
    assert market.stock(market.lamp.variants[0])["reserved"] == 2


def test_a_parcel_sent_twice_at_once_is_one_parcel(market: Market, jobs: object) -> None:
    market.place((market.lamp.variants[0], 4))
    jobs.drain()  # type: ignore[attr-defined]
    (received,) = market.supplier.api.get("/api/supplier/orders").json["items"]
    parcel = {
        "carrier": "UPS",
        "tracking_number": "1Z999AA10123456784",
        "lines": [{"line_id": received["lines"][0]["id"], "quantity": 4}],
    }
    answers = []
    gate = threading.Barrier(8)

    def send() -> None:
        gate.wait()
        answers.append(market.supplier.api.post(f"/api/supplier/orders/{received['id']}/ship", {"parcels": [parcel]}))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.status_code for one in answers) == [200] * 7 + [201]
    assert market.count("shipments") == 1
    assert market.stock(market.lamp.variants[0]) == {"on_hand": 6, "reserved": 0}


def test_a_store_connected_twice_at_once_is_one_store(market: Market) -> None:
    answers = []
    gate = threading.Barrier(8)

    def send() -> None:
        gate.wait()
        answers.append(
            market.retailer.api.post("/api/retailer/connect", {"platform": "custom", "url": "https://one.example"})
        )

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.status_code for one in answers} == {201}
    assert len({one.json["store_id"] for one in answers}) == 1


def test_pages_show_each_order_once_while_new_ones_come(market: Market) -> None:
    placed = {market.place((market.lamp.variants[0], 1))["id"] for _ in range(5)}
    seen, cursor, page = [], None, 0
    while True:
        answer = market.retailer.api.get("/api/orders", limit=2, **({"cursor": cursor} if cursor else {})).json
        seen += [item["id"] for item in answer["items"]]
        page += 1
        if page == 1:
            market.place((market.lamp.variants[0], 1))
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen))
    assert placed <= set(seen)


def test_pages_of_products_of_equal_price_lose_none(market: Market) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        supplier = session.get_one(factories.Supplier, market.supplier.id)
        for number in range(7):
            factories.product(session, supplier, title=f"Lamp {number}", wholesale="10.00", stock=None)
    path = f"/api/suppliers/{market.supplier.id}/products"
    for sort in ("newest", "price_asc", "price_desc", "title"):
        seen: list[str] = []
        cursor = None
        while True:
            more = {"cursor": cursor} if cursor else {}
            answer = market.retailer.api.get(path, limit=3, sort=sort, **more).json
            seen += [item["id"] for item in answer["items"]]
            cursor = answer["next_cursor"]
            if cursor is None:
                break
        assert len(seen) == len(set(seen)) == 8, sort


def test_the_written_description_is_that_of_the_code() -> None:
    with pytest.raises(SystemExit) as ended:
        main(["openapi", "--check"])
    assert ended.value.code == 0


def test_the_description_is_served(market: Market) -> None:
    served = market.anonymous().get("/api/openapi.json")
    assert served.json == json.loads(Path("docs/openapi.json").read_text())
    page = market.anonymous().get("/api/docs")
    assert (page.status_code, page.mimetype) == (200, "text/html")
