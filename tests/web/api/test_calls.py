"""The API's calls, each by what it promises in the contract."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from app.kit import clock
from tests.market import Market
from tests.stack import Jobs


def test_suppliers_are_listed_without_what_is_private(market: Market) -> None:
    answer = market.retailer.api.get("/api/suppliers")
    assert answer.status_code == 200
    assert answer.json["next_cursor"] is None
    names = {item["company_name"]: item for item in answer.json["items"]}
    assert set(names) == {"Nordlicht", "Kanto"}
    assert set(names["Kanto"]) == {
        "id", "company_name", "slug", "description", "logo_url", "website", "business_type", "country",
        "fulfillment_speed", "shipping_methods", "min_order_value", "order_fee", "rating", "scorecard", "status",
    }  # fmt: skip
    assert names["Kanto"]["status"] == "ACTIVE"
    assert "@" not in answer.text


def test_suppliers_are_found_by_name_country_and_type(market: Market) -> None:
    def found(**query: str) -> list[str]:
        return [item["company_name"] for item in market.retailer.api.get("/api/suppliers", **query).json["items"]]

    assert found(search="nord") == ["Nordlicht"]
    assert found(country="DE") != []
    assert found(country="JP") == []
    assert found(business_type="manufacturer") == []
    assert len(found(category="Home & Garden")) == 2
    assert found(category="Toys") == []


def test_products_show_cost_only_to_who_may_know_it(market: Market) -> None:
    path = f"/api/suppliers/{market.supplier.id}/products"
    for api, cost in (
        (market.retailer.api, {"amount": "10.00", "currency": "USD"}),
        (market.supplier.api, {"amount": "10.00", "currency": "USD"}),
        (market.other_supplier.api, None),
    ):
        (product,) = api.get(path).json["items"]
        assert product["id"] == str(market.lamp.product_id)
        assert [one["sku"] for one in product["variants"]] == market.lamp.skus
        assert [one["wholesale_price"] for one in product["variants"]] == [cost, cost]
        assert [one["available_quantity"] for one in product["variants"]] == [10, 10]
        assert product["images"][0]["alt"] == "Desk lamp"


def test_products_are_filtered_and_sorted(market: Market) -> None:
    def count(**query: str) -> int:
        answer = market.retailer.api.get(f"/api/suppliers/{market.supplier.id}/products", **query)
        assert answer.status_code == 200, answer.text
        return len(answer.json["items"])

    assert count(search="lamp") == 1
    assert count(search="chair") == 0
    assert count(min_price="10.00", max_price="10.00") == 1
    assert count(min_price="10.01") == 0
    assert count(in_stock="true") == 1
    assert count(updated_since=clock.iso(clock.now() + timedelta(minutes=1))) == 0
    for order in ("relevance", "newest", "price_asc", "price_desc", "title"):
        assert count(sort=order) == 1


def test_a_custom_store_connects_at_once_and_a_shopify_store_is_sent_to_its_owner(market: Market) -> None:
    custom = market.retailer.api.post(
        "/api/retailer/connect", {"platform": "custom", "url": "https://shop.example/path"}
    )
    assert (custom.status_code, custom.json["status"]) == (201, "connected")
    asked = market.retailer.api.post("/api/retailer/connect", {"platform": "shopify", "url": "lamps.myshopify.com"})
    assert (asked.status_code, asked.json["status"]) == (201, "pending")
    assert asked.json["authorize_url"].startswith("https://")
    again = market.retailer.api.post("/api/retailer/connect", {"platform": "shopify", "url": "lamps.myshopify.com"})
    assert again.json["store_id"] == asked.json["store_id"]
    stores = market.retailer.api.get("/api/sync/status").json["stores"]
    assert {store["store_id"] for store in stores} == {
        str(market.store_id), custom.json["store_id"], asked.json["store_id"]
    }  # fmt: skip


def test_two_accounts_may_each_call_the_api_for_a_shop_of_the_same_address(market: Market) -> None:
    wanted = {"platform": "custom", "url": "https://shop.northwind.example"}
    theirs = market.other_retailer.api.post("/api/retailer/connect", wanted)
    mine = market.retailer.api.post("/api/retailer/connect", wanted)
    assert (theirs.status_code, mine.status_code) == (201, 201), theirs.text
    assert mine.json["store_id"] == str(market.store_id) != theirs.json["store_id"]


def test_products_are_imported_and_their_progress_told(market: Market, jobs: Jobs) -> None:
    body = {
        "store_id": str(market.store_id),
        "items": [
            {
                "product_id": str(market.lamp.product_id),
                "variant_ids": [str(market.lamp.variants[0])],
                "prices": {str(market.lamp.variants[0]): {"amount": "29.90", "currency": "USD"}},
                "publish": True,
            },
            {"product_id": str(market.chair.product_id), "publish": False},
            {"product_id": str(uuid4()), "publish": True},
        ],
    }
    answer = market.retailer.api.post("/api/products/import", body)
    assert answer.status_code == 202, answer.text
    assert [item["status"] for item in answer.json["items"]][2] == "failed"
    jobs.drain()
    progress = market.retailer.api.get(f"/api/products/import/{answer.json['import_id']}").json
    assert (progress["total"], progress["failed"]) == (3, 1)
    assert progress["items"][2]["error"]["code"] == "not_found"
    listings = {item["product_id"]: item for item in market.retailer.api.get("/api/listings", limit=10).json["items"]}
    lamp = listings[str(market.lamp.product_id)]
    chosen = [one for one in lamp["variants"] if one["enabled"]]
    assert [(one["variant_id"], one["price"]["amount"]) for one in chosen] == [(str(market.lamp.variants[0]), "29.90")]
    assert listings[str(market.chair.product_id)]["published"] is False
    assert market.retailer.api.get("/api/listings", store_id=str(market.store_id)).json["items"] != []


def test_an_order_reserves_stock_and_reaches_each_supplier_when_it_is_paid(market: Market, jobs: Jobs) -> None:
    placed = market.place()
    assert [line["quantity"] for line in placed["lines"]] == [2, 1]
    assert market.stock(market.lamp.variants[0]) == {"on_hand": 10, "reserved": 2}
    assert market.supplier.api.get("/api/supplier/orders").json["items"] == []
    jobs.drain()
    shown = market.retailer.api.get(f"/api/orders/{placed['id']}").json
    assert (shown["status"], shown["holds"]) == ("PENDING", [])
    assert {one["supplier_id"] for one in shown["purchase_orders"]} == {
        str(market.supplier.id), str(market.other_supplier.id)
    }  # fmt: skip
    mine = next(one for one in shown["purchase_orders"] if one["supplier_id"] == str(market.supplier.id))
    assert mine["wholesale_total"] == {"amount": "20.00", "currency": "USD"}
    assert mine["shipping_cost"] == {"amount": "6.00", "currency": "USD"}
    (received,) = market.supplier.api.get("/api/supplier/orders").json["items"]
    assert received["id"] == mine["id"]
    assert received["shipping_address"]["postal_code"] == "SW1Y 4JH"
    (other,) = market.other_supplier.api.get("/api/supplier/orders").json["items"]
    assert other["id"] != received["id"]


def test_the_same_external_id_is_the_same_order(market: Market) -> None:
    body = market.order_body(external_id="web-once")
    first = market.retailer.api.post("/api/orders", body)
    second = market.retailer.api.post("/api/orders", body)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json["id"] == second.json["id"]
    assert market.stock(market.lamp.variants[0])["reserved"] == 2
    listed = market.retailer.api.get("/api/orders", external_id="web-once").json["items"]
    assert [one["id"] for one in listed] == [first.json["id"]]


def test_too_little_stock_is_refused_with_what_there_is(market: Market) -> None:
    before = market.count("orders")
    answer = market.retailer.api.post(
        "/api/orders", market.order_body((market.lamp.variants[0], 2), (market.chair.variants[0], 6))
    )
    assert (answer.status_code, answer.json["code"]) == (409, "insufficient_stock")
    (error,) = answer.json["errors"]
    assert error["field"] == "lines[1].quantity"
    assert "5" in error["message"]
    assert market.stock(market.lamp.variants[0])["reserved"] == 0
    assert market.count("orders") == before


def test_a_supplier_answers_ships_and_the_retailer_follows(market: Market, jobs: Jobs) -> None:
    placed = market.place((market.lamp.variants[0], 3))
    jobs.drain()
    (received,) = market.supplier.api.get("/api/supplier/orders").json["items"]
    line = received["lines"][0]["id"]
    path = f"/api/supplier/orders/{received['id']}"
    answered = market.supplier.api.post(f"{path}/acknowledge", {"lines": [{"line_id": line, "status": "accepted"}]})
    assert (answered.status_code, answered.json["status"]) == (200, "CONFIRMED")
    parcel = {"carrier": "UPS", "tracking_number": "1Z999AA10123456784", "lines": [{"line_id": line, "quantity": 2}]}
    shipped = market.supplier.api.post(f"{path}/ship", {"parcels": [parcel]})
    assert shipped.status_code == 201, shipped.text
    again = market.supplier.api.post(f"{path}/ship", {"parcels": [parcel]})
    assert again.status_code == 200
    assert again.json["shipments"][0]["id"] == shipped.json["shipments"][0]["id"]
    too_many = market.supplier.api.post(
        f"{path}/ship",
        {"parcels": [{**parcel, "tracking_number": "OTHER-1", "lines": [{"line_id": line, "quantity": 2}]}]},
    )
    assert (too_many.status_code, too_many.json["code"]) == (409, "quantity_exceeds_open")
    jobs.drain()
    status = market.retailer.api.get(f"/api/orders/{placed['id']}/status").json
    (purchase_order,) = status["purchase_orders"]
    (shipment,) = purchase_order["shipments"]
    assert shipment["tracking_number"] == "1Z999AA10123456784"
    assert shipment["lines"] == [{"line_id": line, "quantity": 2}]
    assert set(shipment["estimated_delivery"]) == {"from", "to"}
    assert market.stock(market.lamp.variants[0]) == {"on_hand": 8, "reserved": 1}


def test_a_rejected_line_gives_its_stock_back_and_the_retailer_its_money(market: Market, jobs: Jobs) -> None:
    market.place((market.lamp.variants[0], 3))
    jobs.drain()
    (received,) = market.supplier.api.get("/api/supplier/orders").json["items"]
    line = received["lines"][0]["id"]
    answer = market.supplier.api.post(
        f"/api/supplier/orders/{received['id']}/acknowledge",
        {"lines": [{"line_id": line, "status": "rejected", "reason": "out_of_stock"}]},
    )
    assert answer.status_code == 200, answer.text
    jobs.drain()
    assert market.stock(market.lamp.variants[0])["reserved"] == 0
    sales = market.retailer.api.get("/api/analytics/sales").json
    assert sales["totals"]["refunds"]["amount"] != "0.00"


def test_stock_is_set_by_sku_or_id_and_an_older_figure_is_ignored(market: Market) -> None:
    path = f"/api/supplier/products/{market.lamp.product_id}/inventory"
    now = clock.now()
    fresh = market.supplier.api.put(
        path,
        {
            "variants": [
                {"sku": market.lamp.skus[0], "quantity": 7, "as_of": clock.iso(now)},
                {"variant_id": str(market.lamp.variants[1]), "quantity": 0},
            ]
        },
    )
    assert fresh.status_code == 200, fresh.text
    assert [one["available_quantity"] for one in fresh.json["variants"]] == [7, 0]
    stale = market.supplier.api.put(
        path,
        {"variants": [{"sku": market.lamp.skus[0], "quantity": 99, "as_of": clock.iso(now - timedelta(hours=1))}]},
    )
    assert stale.status_code == 200
    assert stale.json["variants"][0]["ignored"] is True
    assert stale.json["variants"][0]["on_hand"] == 7


def test_safety_stock_is_told_with_the_stock_and_never_sold(market: Market) -> None:
    path, sku = f"/api/supplier/products/{market.lamp.product_id}/inventory", market.lamp.skus[0]
    answer = market.supplier.api.put(
        path, {"variants": [{"sku": sku, "quantity": 7, "safety_stock": 5, "low_stock_at": 3}]}
    )
    assert answer.status_code == 200, answer.text
    (level,) = answer.json["variants"]
    assert (level["on_hand"], level["safety_stock"], level["low_stock_at"]) == (7, 5, 3)

    def offered() -> int:
        answer = market.retailer.api.get(f"/api/suppliers/{market.supplier.id}/products")
        found = {one["sku"]: one for product in answer.json["items"] for one in product["variants"]}
        return int(found[sku]["available_quantity"])

    assert offered() == 2
    refused = market.retailer.api.post("/api/orders", market.order_body((market.lamp.variants[0], 3)))
    assert refused.status_code == 409
    assert refused.json["errors"][0]["message"] == "2 available."

    kept = market.supplier.api.put(path, {"variants": [{"sku": sku, "quantity": 8}]}).json["variants"][0]
    assert kept["safety_stock"] == 5, "left out: as it was"
    items = [{"sku": sku, "quantity": 8, "safety_stock": None}, {"sku": sku, "quantity": 8, "safety_stock": -1}]
    batch = market.supplier.api.post("/api/supplier/inventory/batch", {"items": items})
    assert [one["status"] for one in batch.json["items"]] == ["ok", "error"]
    assert offered() == 8, "null: as for all"


def test_in_a_batch_each_item_stands_for_itself(market: Market) -> None:
    now = clock.now()
    answer = market.supplier.api.post(
        "/api/supplier/inventory/batch",
        {
            "items": [
                {"sku": market.lamp.skus[0], "quantity": 3, "as_of": clock.iso(now)},
                {"sku": "no-such-sku", "quantity": 1},
                {"sku": market.lamp.skus[1], "quantity": -1},
                {"sku": market.lamp.skus[0], "quantity": 50, "as_of": clock.iso(now - timedelta(days=1))},
                "nonsense",
                {"sku": market.chair.skus[0], "quantity": 1},
                {"sku": market.lamp.skus[1], "quantity": 2.5},
            ]
        },
    )
    assert answer.status_code == 200, answer.text
    statuses = [item["status"] for item in answer.json["items"]]
    assert statuses == ["ok", "error", "error", "stale", "error", "error", "error"]
    assert market.stock(market.lamp.variants[0])["on_hand"] == 3
    assert market.stock(market.lamp.variants[1])["on_hand"] == 10
    assert market.stock(market.chair.variants[0])["on_hand"] == 5


def test_a_product_file_is_checked_before_it_is_taken_over(market: Market, jobs: Jobs) -> None:
    rows = "handle,title,sku,wholesale_price,quantity\nmug,Mug,MUG-1,4.50,12\nmug2,Cup,CUP-1,free,3\n"
    sent = market.supplier.api.call(
        "POST", "/api/supplier/uploads?file_name=mugs.csv", data=rows.encode(), content_type="text/csv"
    )
    assert sent.status_code == 202, sent.text
    jobs.drain()
    path = f"/api/supplier/uploads/{sent.json['id']}"
    checked = market.supplier.api.get(path).json
    assert checked["state"] == "READY", checked
    assert checked["problems"][0]["first_row"] == 3
    assert market.count("supplier_products") == 2
    assert market.supplier.api.post(f"{path}/apply", {}).status_code == 202
    jobs.drain()
    assert market.supplier.api.get(path).json["state"] == "APPLIED"
    titles = [
        item["title"] for item in market.retailer.api.get(f"/api/suppliers/{market.supplier.id}/products").json["items"]
    ]
    assert "Mug" in titles
    assert "Cup" not in titles


def test_each_side_sees_its_own_sales(market: Market, jobs: Jobs) -> None:
    market.place()
    jobs.drain()

    def totals(party_api: object) -> dict[str, object]:
        answer = party_api.get("/api/analytics/sales", group_by="day")  # type: ignore[attr-defined]
        assert answer.status_code == 200, answer.text
        return dict(answer.json["totals"])

    assert totals(market.retailer.api)["orders"] == 1
    assert totals(market.retailer.api)["revenue"] == {"amount": "75.00", "currency": "USD"}
    assert totals(market.supplier.api)["units"] == 2
    assert totals(market.other_supplier.api)["units"] == 1
    assert totals(market.other_retailer.api)["orders"] == 0
    assert totals(market.admin.api)["orders"] == 1
    for group in ("week", "month", "supplier", "retailer", "product", "store"):
        answer = market.retailer.api.get("/api/analytics/sales", group_by=group)
        assert sum(one["units"] for one in answer.json["series"]) == 3, group
