"""Retailers see why an order went where it went, link sources, and try rules before they save them."""

from __future__ import annotations

from bs4 import BeautifulSoup

from app import db
from app.catalog.models import SupplierVariant
from app.identity.models import Organisation
from app.listings.models import ListingSource
from app.listings.service import link_source
from app.purchasing.routing.rules import SHAPES
from app.purchasing.service import place_order
from app.stores.models import Store
from app.suppliers.models import Supplier
from app.suppliers.rules import Rate
from app.suppliers.service import set_rates
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
    assert "1 order would wait for you, since no supplier fits" in text_of(tried)
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


def figures(page: str) -> dict[str, tuple[str, str]]:
    """The figures of a page by their labels, with what is noted below."""
    found = {}
    for one in BeautifulSoup(page, "html.parser").select("main div.grid > div"):
        texts = [part.get_text(" ", strip=True) for part in one.select("p")]
        if len(texts) == 3:
            found[texts[0]] = (texts[1], texts[2])
    return found


def test_what_rules_would_cost_earn_and_take_is_summed_up_over_the_last_orders(market: Market) -> None:
    """Nordlicht: 10.00 a lamp, 5.00 for the first one's shipping and 1.00 for each more, 5 days. Kanto: 8.00, 6.00 and
    2.00, 3 days. Of the second lamp there is only Nordlicht's."""
    nordlicht, kanto = market.supplier.id, market.other_supplier.id
    with db.system_scope(actor="test"), db.transaction() as session:
        for supplier_id in (nordlicht, kanto):
            session.get_one(Supplier, supplier_id).handling_days = 0
        set_rates(session, kanto, [Rate("Quick", ("*",), 600, 200, 1, 3)])
        (same,) = factories.product(session, session.get_one(Supplier, kanto), wholesale="8.00")
        store = session.get_one(Store, market.store_id)
        listing = factories.live_listing(session, store, market.lamp.product_id)
        row = next(one.id for one in listing.variants if one.variant_id == market.lamp.variants[0])
        link_source(session, market.retailer.id, row, same)

    def buys(lamp: int, units: int, *, priced: bool = True) -> None:
        body = {**market.order_body((market.lamp.variants[lamp], units)), "store_id": str(market.store_id)}
        if not priced:
            del body["lines"][0]["retail_price"]
        answer = market.retailer.api.post("/api/orders", body)
        assert answer.status_code == 201, answer.text

    buys(0, 2)
    buys(0, 1, priced=False)
    browser, _ = member(market, "retailer")
    cheapest = only("lowest_cost")
    tried = browser.submit("/app/routing", "/routing", do="try", **cheapest)
    # Now 2 x 10.00 + 6.00 and 10.00 + 5.00; then 2 x 8.00 + 8.00 and 8.00 + 6.00. Two lamps were sold for 50.00.
    assert figures(tried.text) == {
        "Landed cost": ("$38.00", "now $41.00"),
        "Profit": ("$26.00", "now $24.00"),
        "Parcels": ("2", "now 2"),
        "Days until all is there, on average": ("3", "now 5"),
    }
    said = text_of(tried)
    assert "2 orders would go to other suppliers." in said
    assert "The profit of 1 order is not known, since a sales price is missing; it is not in the sum." in said
    rows = [
        [cell.get_text(" ", strip=True) for cell in one.select("td")]
        for one in BeautifulSoup(tried.text, "html.parser").select("table")[0].select("tbody tr")
    ]
    assert [one[1:] for one in rows] == [["$15.00", "$14.00", "5", "3"], ["$26.00", "$24.00", "5", "3"]]

    buys(1, 3)
    soon = {**cheapest, "use-fastest": "required", "place-fastest": "2", "limit-fastest": "4"}
    held = browser.submit("/app/routing", "/routing", do="try", **soon)
    # The third order, 3 x 10.00 + 7.00 for 75.00, can't be there in 4 days: it is in neither sum.
    assert figures(held.text) == figures(tried.text)
    assert "1 order would wait for you, since no supplier fits; it is not in the sums above." in text_of(held)
    unchanged = browser.submit("/app/routing", "/routing", do="try", **only("own_source"))
    assert figures(unchanged.text)["Profit"] == ("$62.00", "now $62.00"), "24.00 and 38.00; one is not known"
    assert figures(unchanged.text)["Landed cost"] == ("$78.00", "now $78.00")
    assert "Every one of these orders would go to the same suppliers as now." in text_of(unchanged)


def only(kind: str) -> dict[str, str]:
    """The form of rules with one preferred rule."""
    return dict.fromkeys((f"use-{one}" for one in SHAPES), "") | {f"use-{kind}": "preferred", f"place-{kind}": "1"}


def test_offers_of_the_same_article_are_used_where_the_retailer_lets_them_and_nothing_else_is(market: Market) -> None:
    """By their GTIN, in whatever form it is written; what is off sale or another article is left alone."""
    kanto = market.other_supplier.id
    with db.system_scope(actor="test"), db.transaction() as session:
        seller = session.get_one(Supplier, kanto)
        (same, ended, other) = (
            factories.product(session, seller, wholesale=cost)[0] for cost in ("7.00", "1.00", "1.00")
        )
        numbers = {market.lamp.variants[0]: "4006381333931", same: "04006381333931", ended: "4006381333931",
                   other: "4006381333948"}  # fmt: skip
        for variant_id, number in numbers.items():
            session.get_one(SupplierVariant, variant_id).gtin = number
        session.get_one(SupplierVariant, ended).status = "ended"
    browser, _ = member(market, "retailer")

    def goes_to() -> tuple[list[str], list[tuple[str, str]]]:
        order = market.place((market.lamp.variants[0], 1))
        told = market.retailer.api.get(f"/api/orders/{order['id']}/routing").json
        candidates = [(one["variant_id"], one["kind"]) for one in told["lines"][0]["candidates"]]
        return [line["variant_id"] for one in order["purchase_orders"] for line in one["lines"]], candidates

    lamp = str(market.lamp.variants[0])
    assert browser.submit("/app/routing", "/routing", do="save", **only("lowest_cost")).status_code == 303
    assert goes_to() == ([lamp], [(lamp, "origin")])
    form = {**only("lowest_cost"), "same_articles": "on"}
    assert browser.submit("/app/routing", "/routing", do="save", **form).status_code == 303
    assert goes_to() == ([str(same)], [(lamp, "origin"), (str(same), "gtin")])
    # The retailer's own source comes first again where its rules say so; the other stays for need.
    form = {**only("own_source"), "same_articles": "on"}
    assert browser.submit("/app/routing", "/routing", do="save", **form).status_code == 303
    assert goes_to()[0] == [lamp]
    with db.system_scope(actor="test"), db.transaction() as session:
        factories.set_stock(session, market.supplier.id, {market.lamp.variants[0]: 0})
    assert goes_to()[0] == [str(same)]


def test_the_box_of_the_same_articles_is_tried_with_the_rules(market: Market) -> None:
    """Ticked or not, on orders that came before it was and after: with the offers of now, or those of then."""
    lamp = market.lamp.variants[0]
    with db.system_scope(actor="test"), db.transaction() as session:
        (same,) = factories.product(session, session.get_one(Supplier, market.other_supplier.id), wholesale="7.00")
        for variant_id in (lamp, same):
            session.get_one(SupplierVariant, variant_id).gtin = "4006381333931"
    browser, _ = member(market, "retailer")
    off, on = only("lowest_cost"), {**only("lowest_cost"), "same_articles": "on"}
    assert browser.submit("/app/routing", "/routing", do="save", **off).status_code == 303
    market.place((lamp, 1))
    tried = browser.submit("/app/routing", "/routing", do="try", **on)
    assert "1 order would go to another supplier." in text_of(tried)
    cost, now = figures(tried.text)["Landed cost"]
    assert float(cost[1:]) < float(now.removeprefix("now $"))
    unchanged = browser.submit("/app/routing", "/routing", do="try", **off)
    assert "Every one of these orders would go to the same suppliers as now." in text_of(unchanged)

    assert browser.submit("/app/routing", "/routing", do="save", **on).status_code == 303
    market.place((lamp, 1))
    with db.system_scope(actor="test"), db.transaction() as session:
        # What it costs now is nothing to the order that went there before.
        session.get_one(SupplierVariant, same).wholesale_price = 9900
    tried = browser.submit("/app/routing", "/routing", do="try", same_articles=[], **off)
    assert "1 order would go to another supplier." in text_of(tried)
    own, cheap = float(now.removeprefix("now $")), float(cost[1:])
    # The first order came before the box was ticked: for it the offer of now counts, which is none to go to.
    assert figures(tried.text)["Landed cost"] == (f"${2 * own:.2f}", f"now ${own + cheap:.2f}")


def test_orders_that_no_supplier_fits_are_tried_too(market: Market) -> None:
    """Some would go on, others wait by both sets of rules; neither is in the sums."""
    browser, _ = member(market, "retailer")
    market.place()
    none = {**only("lowest_cost"), "use-fastest": "required", "place-fastest": "2", "limit-fastest": "0"}
    assert browser.submit("/app/routing", "/routing", do="save", **none).status_code == 303
    with db.system_scope(actor="test"), db.transaction() as session:
        retailer = session.get_one(Organisation, market.retailer.id)
        held = place_order(session, factories.order_of(retailer, {market.lamp.variants[0]: 1}, trouble="hold"))
    still = browser.submit("/app/routing", "/routing", do="try", **none)
    assert "2 orders find no supplier, now or then." in text_of(still)
    assert "same suppliers as now" not in text_of(still)
    freed = browser.submit("/app/routing", "/routing", do="try", **only("lowest_cost"))
    said = text_of(freed)
    assert "2 orders that found no supplier would go on; they are not in the sums above." in said
    assert figures(freed.text)["Landed cost"][0] == "$0.00"
    rows = BeautifulSoup(freed.text, "html.parser").select("table")[0].select("tbody tr")
    assert [one.select("td")[1].get_text(strip=True) for one in rows] == ["waits", "waits"]
    assert str(held.order_id) in freed.text


def test_the_nearest_supplier_is_the_one_that_fewest_kilometres_are_to(market: Market) -> None:
    """From Tokyo and from Berlin to London."""
    with db.system_scope(actor="test"), db.transaction() as session:
        far, near = (session.get_one(Supplier, one.id) for one in (market.supplier, market.other_supplier))
        far.country, far.timezone, near.timezone = "JP", "Asia/Tokyo", "Europe/Berlin"
        (same,) = factories.product(session, near, wholesale="19.00")
        for variant_id in (market.lamp.variants[0], same):
            session.get_one(SupplierVariant, variant_id).gtin = "4006381333931"
    browser, _ = member(market, "retailer")
    form = {**only("nearest"), "same_articles": "on"}
    assert browser.submit("/app/routing", "/routing", do="save", **form).status_code == 303
    order = market.place((market.lamp.variants[0], 1))
    told = market.retailer.api.get(f"/api/orders/{order['id']}/routing").json
    left, taken = told["lines"][0]["candidates"]
    assert (taken["variant_id"], taken["status"], taken["distance_km"]) == (str(same), "chosen", 929)
    assert (left["status"], left["reason"], left["distance_km"]) == ("beaten", "nearest", 9564)
    assert left["explanation"] == "It is farther away: about 9,564 km."
    assert "about 929 km away" in text_of(browser.get(f"/app/orders/{order['id']}"))
    assert told["replays"]


def test_a_profit_that_no_order_tells_is_not_said_to_be_nothing(market: Market) -> None:
    body = market.order_body()
    del body["lines"][0]["retail_price"]
    assert market.retailer.api.post("/api/orders", body).status_code == 201
    browser, _ = member(market, "retailer")
    tried = browser.submit("/app/routing", "/routing", do="try")
    assert figures(tried.text)["Profit"] == ("–", "no sales price is known")


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
