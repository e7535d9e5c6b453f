"""A supplier keeps its catalogue by the API: products, prices by the thousand, closures; each row for itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.kit import clock
from tests.domains.suppliers.test_papers import pdf
from tests.market import Market
from tests.stack import Jobs
from tests.web.api.test_refusals import assert_problem


def usd(amount: str) -> dict[str, str]:
    """An amount in dollars."""
    return {"amount": amount, "currency": "USD"}


def mug(**changes: Any) -> dict[str, Any]:
    """A product with two variants."""
    body = {
        "handle": "mug",
        "title": "Stoneware mug",
        "description": '<p onclick="x()">Holds tea.</p><script>alert(1)</script>',
        "brand": "Nordlicht",
        "category": "Home & Garden > Kitchen",
        "tags": ["mug"],
        "images": [{"url": "https://images.example/mug.jpg", "alt": "A mug"}],
        "variants": [
            {"sku": "MUG-W", "wholesale_price": usd("4.20"), "options": {"Colour": "White"}, "quantity": 7},
            {
                "sku": "MUG-B",
                "wholesale_price": usd("4.40"),
                "msrp": usd("12.00"),
                "map": usd("9.90"),
                "options": {"Colour": "Blue"},
                "gtin": "4006381333931",
                "weight_grams": 380,
            },
        ],
    }
    return {**body, **changes}


def variants(body: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Its variants by SKU."""
    return {one["sku"]: one for one in body["variants"]}


def test_a_product_is_offered_in_one_call_and_retailers_find_it(market: Market) -> None:
    api = market.supplier.api
    made = api.post("/api/supplier/products", mug(), Idempotency_Key="mug-1")
    assert made.status_code == 201, made.text
    assert made.json["description"] == "<p>Holds tea.</p>"
    assert made.json["handle"] == "mug"
    found = variants(made.json)
    assert found["MUG-W"]["available_quantity"] == 7
    assert (found["MUG-B"]["map"], found["MUG-B"]["gtin"]) == (usd("9.90"), "4006381333931")
    again = api.post("/api/supplier/products", mug(), Idempotency_Key="mug-1")
    assert (again.json, again.headers["Idempotency-Replayed"]) == (made.json, "true")
    listed = market.retailer.api.get(f"/api/suppliers/{market.supplier.id}/products", search="stoneware").json["items"]
    assert [one["id"] for one in listed] == [made.json["id"]]
    assert api.get(f"/api/supplier/products/{made.json['id']}").json == made.json


def test_what_a_change_leaves_out_stays(market: Market) -> None:
    api = market.supplier.api
    before = api.post("/api/supplier/products", mug()).json
    change = {
        "title": "Mug",
        "variants": [
            {"sku": "MUG-B", "map": None, "wholesale_price": usd("4.50")},
            {"sku": "MUG-R", "wholesale_price": usd("4.60"), "options": {"Colour": "Red"}},
        ],
    }
    answer = api.call("PATCH", f"/api/supplier/products/{before['id']}", json=change)
    assert answer.status_code == 200, answer.text
    after = answer.json
    for name in ("description", "brand", "category", "tags", "images", "status", "handle"):
        assert after[name] == before[name], name
    assert [one["sku"] for one in after["variants"]] == ["MUG-W", "MUG-B", "MUG-R"]
    blue = variants(after)["MUG-B"]
    assert blue == {**variants(before)["MUG-B"], "map": None, "wholesale_price": usd("4.50")}
    assert variants(after)["MUG-W"] == variants(before)["MUG-W"]
    ended = api.call("PATCH", f"/api/supplier/products/{before['id']}", json={"status": "ended"})
    assert ended.json["status"] == "ended"
    assert api.get("/api/supplier/products", status="ended").json["items"][0]["id"] == before["id"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (mug(variants=[]), "variants"),
        (mug(title="<b></b>"), "title"),
        (mug(images=[{"url": "javascript:alert(1)"}]), "images[0].url"),
        (mug(description="<p>" * 3000), "description"),
        (mug(variants=[{"sku": "A", "wholesale_price": {"amount": "1.00", "currency": "EUR"}}]),
         "variants[0].wholesale_price.currency"),
        (mug(variants=[{"sku": "A", "wholesale_price": usd("0.00")}]), "variants[0].wholesale_price.amount"),
        (mug(variants=[{"sku": "A", "wholesale_price": usd("1.001")}]), "variants[0].wholesale_price.amount"),
        (mug(variants=[{"sku": "A", "wholesale_price": usd("1"), "gtin": "4006381333930"}]), "variants[0].gtin"),
        (mug(variants=[{"sku": "A", "wholesale_price": usd("1")}, {"sku": "B", "wholesale_price": usd("1")}]),
         "variants[1].options"),
        (mug(variants=[{"sku": "A", "wholesale_price": usd("1")}, {"sku": "A", "wholesale_price": usd("2")}]),
         "variants[1].sku"),
        (mug(handle="★"), "handle"),
    ],
)  # fmt: skip
def test_a_product_that_is_not_right_is_refused_naming_the_field(
    market: Market, body: dict[str, Any], field: str
) -> None:
    assert_problem(market.supplier.api.post("/api/supplier/products", body), 422, "invalid", field)
    assert market.supplier.api.get("/api/supplier/products", search="stoneware").json["items"] == []


def test_no_call_takes_a_handle_or_an_sku_away_from_another_product(market: Market) -> None:
    api = market.supplier.api
    made = api.post("/api/supplier/products", mug()).json
    assert_problem(api.post("/api/supplier/products", mug()), 409, "handle_taken", "handle")
    stolen = mug(handle="cup", variants=[{"sku": market.lamp.skus[0], "wholesale_price": usd("1.00")}])
    assert_problem(api.post("/api/supplier/products", stolen), 409, "sku_taken", "variants[0].sku")
    change = {"variants": [{"sku": market.lamp.skus[0], "wholesale_price": usd("1.00")}]}
    answer = api.call("PATCH", f"/api/supplier/products/{made['id']}", json=change)
    assert_problem(answer, 409, "sku_taken", "variants[0].sku")
    # Each supplier has its own.
    assert market.other_supplier.api.post("/api/supplier/products", mug()).status_code == 201


def test_another_suppliers_product_is_not_there(market: Market) -> None:
    for product_id in (market.chair.product_id, uuid4()):
        path = f"/api/supplier/products/{product_id}"
        assert_problem(market.supplier.api.get(path), 404, "not_found")
        assert_problem(market.supplier.api.call("PATCH", path, json={"title": "Mine"}), 404, "not_found")


def test_each_price_of_a_batch_has_a_result_of_its_own(market: Market, jobs: Jobs) -> None:
    first, second = market.lamp.skus
    items: list[Any] = [
        {"sku": first, "wholesale_price": usd("11.00"), "msrp": usd("30.00"), "map": usd("25.00")},
        {"variant_id": str(market.lamp.variants[1]), "wholesale_price": usd("10.00")},
        {"sku": "NOBODY", "wholesale_price": usd("1.00")},
        {"sku": market.chair.skus[0], "wholesale_price": usd("1.00")},
        {"sku": second, "wholesale_price": {"amount": "1.00", "currency": "EUR"}},
        {"sku": second, "wholesale_price": usd("0.00")},
        {"sku": second, "wholesale_price": usd("1.005")},
        {"sku": second, "wholesale_price": None},
        {"sku": second},
        {"sku": second, "wholesale_price": {"amount": "-1", "currency": "USD"}},
        "nonsense",
    ]
    answer = market.supplier.api.post("/api/supplier/prices/batch", {"items": items})
    assert answer.status_code == 200, answer.text
    told = [(one["sku"], one["status"], (one.get("error") or {}).get("code")) for one in answer.json["items"]]
    assert told == [
        (first, "ok", None),
        (second, "unchanged", None),
        ("NOBODY", "error", "unknown_sku"),
        (market.chair.skus[0], "error", "unknown_sku"),
        (second, "error", "wrong_currency"),
        (second, "error", "out_of_range"),
        (second, "error", "not_an_amount"),
        (second, "error", "required"),
        (second, "error", "missing"),
        (second, "error", "string_pattern_mismatch"),
        (None, "error", "model_type"),
    ]
    shown = variants(market.supplier.api.get(f"/api/supplier/products/{market.lamp.product_id}").json)
    assert (shown[first]["wholesale_price"], shown[first]["msrp"], shown[first]["map"]) == (
        usd("11.00"), usd("30.00"), usd("25.00"),
    )  # fmt: skip
    assert shown[second]["wholesale_price"] == usd("10.00")
    listed = market.retailer.api.get(f"/api/suppliers/{market.supplier.id}/products", min_price="10.50").json["items"]
    assert [UUID(one["id"]) for one in listed] == [market.lamp.product_id]


def test_of_two_prices_for_one_variant_the_later_counts_and_null_takes_one_away(market: Market) -> None:
    sku = market.lamp.skus[0]
    items = [
        {"sku": sku, "wholesale_price": usd("11.00"), "msrp": usd("30.00")},
        {"sku": sku, "wholesale_price": usd("12.00")},
    ]
    answer = market.supplier.api.post("/api/supplier/prices/batch", {"items": items})
    assert [one["status"] for one in answer.json["items"]] == ["ok", "ok"]
    path = f"/api/supplier/products/{market.lamp.product_id}"
    shown = variants(market.supplier.api.get(path).json)[sku]
    assert (shown["wholesale_price"], shown["msrp"]) == (usd("12.00"), usd("30.00"))
    market.supplier.api.post("/api/supplier/prices/batch", {"items": [{"sku": sku, "msrp": None}]})
    assert variants(market.supplier.api.get(path).json)[sku]["msrp"] is None


def test_a_batch_of_prices_has_at_most_a_thousand_rows(market: Market) -> None:
    items = [{"sku": f"S-{number}", "wholesale_price": usd("1.00")} for number in range(1001)]
    assert_problem(market.supplier.api.post("/api/supplier/prices/batch", {"items": items}), 422, "invalid", "items")
    answer = market.supplier.api.post("/api/supplier/prices/batch", {"items": items[:1000]})
    assert {one["error"]["code"] for one in answer.json["items"]} == {"unknown_sku"}


def test_each_figure_of_a_batch_has_a_result_of_its_own(market: Market) -> None:
    first, second = market.lamp.skus
    long_ago = clock.iso(clock.now() - timedelta(days=2))
    items = [
        {"sku": first, "quantity": 4},
        {"sku": second, "quantity": -1},
        {"sku": second, "quantity": 1.5},
        {"sku": second, "quantity": "3"},
        {"sku": second, "quantity": 3, "as_of": long_ago},
        {"sku": second, "quantity": 3, "as_of": clock.iso(clock.now() + timedelta(hours=1))},
        {"sku": "NOBODY", "quantity": 3},
        {"sku": market.chair.skus[0], "quantity": 3},
    ]
    answer = market.supplier.api.post("/api/supplier/inventory/batch", {"items": items})
    told = [(one["status"], (one.get("error") or {}).get("code")) for one in answer.json["items"]]
    assert told == [
        ("ok", None),
        ("error", "greater_than_equal"),
        ("error", "int_type"),
        ("error", "int_type"),
        ("stale", None),
        ("error", "in_the_future"),
        ("error", "unknown_sku"),
        ("error", "unknown_sku"),
    ]
    assert market.stock(market.lamp.variants[0])["on_hand"] == 4
    assert market.stock(market.lamp.variants[1])["on_hand"] == 10


def test_closures_are_planned_shown_and_taken_back(market: Market) -> None:
    api = market.supplier.api
    day = clock.now().date() + timedelta(days=30)
    body = {"starts_on": day.isoformat(), "ends_on": (day + timedelta(days=6)).isoformat(), "note": "Stock-taking"}
    made = api.post("/api/supplier/closures", body)
    assert (made.status_code, {**made.json, "id": ""}) == (201, {**body, "id": ""})
    assert api.get("/api/supplier/closures").json == {"items": [made.json], "next_cursor": None}
    assert_problem(api.post("/api/supplier/closures", body), 422, "invalid", "starts_on")
    assert_problem(
        market.other_supplier.api.call("DELETE", f"/api/supplier/closures/{made.json['id']}"), 404, "not_found"
    )
    gone = api.call("DELETE", f"/api/supplier/closures/{made.json['id']}")
    assert (gone.status_code, gone.data) == (204, b"")
    assert api.get("/api/supplier/closures").json["items"] == []


def test_limits_of_files_are_read_and_changed_one_by_one(market: Market) -> None:
    api, path = market.supplier.api, "/api/supplier/feed-limits"
    usual = api.get(path).json
    assert (usual["to_zero"], usual["price_factor"]) == (30, 3)
    changed = api.call("PATCH", path, json={"to_zero": 60})
    assert (changed.status_code, changed.json) == (200, {**usual, "to_zero": 60})
    assert_problem(api.call("PATCH", path, json={"to_zero": 101}), 422, "invalid", "to_zero")
    assert_problem(api.call("PATCH", path, json={"price_factor": 1}), 422, "invalid", "price_factor")
    assert_problem(api.call("PATCH", path, json={"rows": 1}), 422, "invalid", "rows")
    assert api.get(path).json == changed.json
    assert market.other_supplier.api.get(path).json == usual


def test_papers_are_sent_listed_read_replaced_and_taken_away(market: Market) -> None:
    api, path = market.supplier.api, "/api/supplier/documents"

    def send(content: bytes, query: str) -> Any:
        return api.call("POST", f"{path}?{query}", data=content, content_type="application/pdf")

    next_year = (clock.now().date() + timedelta(days=365)).isoformat()
    first = send(pdf(), f"kind=insurance&expires_on={next_year}")
    assert (first.status_code, first.json["expires_on"]) == (201, next_year), first.text
    assert_problem(send(pdf(), "kind=insurance"), 422, "invalid", "expires_on")
    assert_problem(send(b"MZ", "kind=other"), 422, "invalid", "file")
    assert_problem(send(pdf(), "kind=hat"), 422, "invalid", "kind")
    second = send(pdf(), f"kind=insurance&expires_on={next_year}").json
    other = send(pdf(), "kind=other").json
    assert [one["id"] for one in api.get(path).json["items"]] == [other["id"], second["id"]], "the first is replaced"
    assert api.get(f"{path}/{other['id']}/file").data == pdf()
    assert_problem(market.other_supplier.api.get(f"{path}/{other['id']}/file"), 404, "not_found")
    assert_problem(market.other_supplier.api.call("DELETE", f"{path}/{other['id']}"), 404, "not_found")
    assert_problem(api.call("DELETE", f"{path}/{second['id']}"), 409, "paper_needed")
    assert api.call("DELETE", f"{path}/{other['id']}").status_code == 204
    assert [one["id"] for one in api.get(path).json["items"]] == [second["id"]]
    narrow = market.key(market.supplier, "read:catalog")
    assert_problem(narrow.get(path), 403, "forbidden")


def test_a_key_without_the_scope_changes_nothing(market: Market) -> None:
    reader = market.key(market.supplier, "read:catalog")
    assert_problem(reader.post("/api/supplier/products", mug()), 403, "forbidden")
    assert_problem(reader.post("/api/supplier/prices/batch", {"items": [{}]}), 403, "forbidden")
    assert_problem(reader.post("/api/supplier/closures", {}), 403, "forbidden")
    assert reader.get("/api/supplier/products").status_code == 200
