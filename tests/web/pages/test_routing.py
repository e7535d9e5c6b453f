"""Retailers see why an order went where it went, link sources, and try rules before they save them."""

from __future__ import annotations

from bs4 import BeautifulSoup

from app import db
from app.listings.models import ListingSource
from app.purchasing.routing.rules import SHAPES
from app.stores.models import Store
from tests import factories
from tests.market import Market
from tests.web.browsing import text_of
from tests.web.pages.test_settings import member


def test_an_order_tells_why_these_suppliers_on_its_page_and_by_the_api(market: Market) -> None:
    order = market.place()
    browser, _ = member(market, "retailer")
    shown = text_of(browser.get(f"/app/orders/{order['id']}"))
    assert "Why these suppliers?" in shown
    assert "Chosen, for 2 units." in shown
    answer = market.retailer.api.get(f"/api/orders/{order['id']}/routing")
    assert answer.status_code == 200, answer.text
    told = answer.json
    assert (told["routed"], told["proven"], told["replays"], told["rules_version"]) == (True, True, True, 0)
    lines = {line["line_id"]: line["candidates"] for line in told["lines"]}
    assert set(lines) == {line["id"] for line in order["lines"]}
    assert [one["status"] for candidates in lines.values() for one in candidates] == ["chosen", "chosen"]
    cost = next(one["value"] for one in told["objectives"] if one["name"] == "lowest_cost")
    owed = [
        int(float(one[name]["amount"]) * 100 + 0.5)
        for one in order["purchase_orders"]
        for name in ("wholesale_total", "shipping_cost")
    ]
    assert cost == sum(owed)
    assert market.other_retailer.api.get(f"/api/orders/{order['id']}/routing").status_code == 404


def test_rules_are_tried_on_the_last_orders_before_they_are_saved_and_taken_up_again(market: Market) -> None:
    order = market.place()
    browser, _ = member(market, "retailer")
    wanted = {"use-fastest": "required", "place-fastest": "1", "limit-fastest": "0"}
    tried = browser.submit("/app/routing", "/routing", do="try", **wanted)
    assert tried.status_code == 200
    assert "1 orders would go elsewhere, of which 1 would wait" in text_of(tried)
    assert order["external_id"] in text_of(tried)
    assert market.count("routing_rule_sets") == 0
    assert browser.submit("/app/routing", "/routing", do="save", **wanted).status_code == 303
    refused = market.retailer.api.post("/api/orders", market.order_body())
    assert (refused.status_code, refused.json["code"]) == (409, "routing_rules")
    cheapest = {"use-fastest": "", "use-lowest_cost": "preferred", "place-lowest_cost": "1"}
    assert browser.submit("/app/routing", "/routing", do="save", **cheapest).status_code == 303
    market.place()
    assert browser.submit("/app/routing", "/routing/versions/1").status_code == 303
    assert market.retailer.api.post("/api/orders", market.order_body()).status_code == 409
    assert market.count("routing_rule_sets") == 3


def test_rules_are_put_in_order_by_buttons_and_nothing_is_saved_by_that(market: Market) -> None:
    browser, _ = member(market, "retailer")
    page = browser.get("/app/routing").text
    wanted = dict.fromkeys((f"use-{one}" for one in SHAPES), "")
    wanted |= {"use-fastest": "required", "place-fastest": "1", "limit-fastest": "4"}
    wanted |= {"use-lowest_cost": "preferred", "place-lowest_cost": "2"}
    tried = browser.submit("/app/routing", "/routing", do="try", **wanted)
    first, second = in_order(tried.text)
    buttons = BeautifulSoup(tried.text, "html.parser").select("button[aria-label^=Move]")
    names = [one["aria-label"] for one in buttons]
    assert names == [f"Move down: {first}", f"Move up: {second}"], "the first has nowhere up to go"
    for button in buttons:
        moved = browser.submit("/app/routing", "/routing", do=str(button["value"]), **wanted)
        assert moved.status_code == 200
        assert in_order(moved.text) == [second, first]
        assert 'value="4"' in moved.text, "what was typed stays"
    assert in_order(browser.get("/app/routing").text) == in_order(page), "nothing is saved"


def in_order(page: str) -> list[str]:
    """The rules that a page shows as used, by their numbers."""
    labels = [one.text for one in BeautifulSoup(page, "html.parser").select("label[for^=f-use-]")]
    used = [label for label in labels if label[0].isdigit()]
    assert [label.split(". ")[0] for label in used] == [str(place) for place, _ in enumerate(used, 1)]
    return [label.split(". ")[1] for label in used]


def test_a_rule_that_says_nothing_is_refused_with_a_reason(market: Market) -> None:
    browser, _ = member(market, "retailer")
    answer = browser.submit("/app/routing", "/routing", do="save", **{"use-fastest": "required", "limit-fastest": ""})
    assert answer.status_code == 422
    assert "needs a number" in text_of(answer)
    assert market.count("routing_rule_sets") == 0


def test_a_source_is_found_linked_asked_first_and_taken_away(market: Market) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        store = session.get_one(Store, market.store_id)
        listing = factories.live_listing(session, store, market.lamp.product_id)
        row = next(one.id for one in listing.variants if one.variant_id == market.lamp.variants[0])
        listing_id = listing.id
    browser, _ = member(market, "retailer")
    page = f"/app/listings/{listing_id}/variants/{row}/sources"
    assert page in browser.get(f"/app/listings/{listing_id}").text
    found = browser.get(page, query_string={"search": market.chair.skus[0]})
    assert market.chair.skus[0] in text_of(found)
    chair = str(market.chair.variants[0])
    values = {"variant_id": chair, "per_unit": "2", "use": "hand:0", "competes": "1"}
    assert browser.submit(f"{page}?search={market.chair.skus[0]}", "/link", **values).status_code == 303
    assert "× 2" in text_of(browser.get(page))
    assert browser.submit(page, "/first", variant_id=chair, component="0").status_code == 303
    order = market.retailer.api.post(
        "/api/orders",
        {**market.order_body((market.lamp.variants[0], 1)), "store_id": str(market.store_id)},
    ).json
    (purchase_order,) = order["purchase_orders"]
    assert [(line["variant_id"], line["quantity"]) for line in purchase_order["lines"]] == [(chair, 2)]
    assert browser.submit(page, "/unlink", variant_id=chair, component="0").status_code == 303
    with db.system_scope(actor="test"), db.transaction() as session:
        assert [one.kind for one in session.query(ListingSource)] == ["origin"]
