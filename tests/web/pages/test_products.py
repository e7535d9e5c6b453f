"""A supplier's products in the portal: found, changed in place, and taken out as a file and brought back."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from bs4 import BeautifulSoup

from app import db
from app.catalog.models import ProductImage, SupplierProduct, SupplierVariant
from app.purchasing import service as purchasing
from app.suppliers.models import Supplier
from tests import factories
from tests.market import Market
from tests.stack import Jobs
from tests.web.browsing import Browser, problems_in, text_of
from tests.web.pages.test_settings import member, problem

LIST, SHEET = "/supplier/products", "/supplier/products/sheet"


def titles(browser: Browser, **query: str) -> list[str]:
    """What the list shows, in its order."""
    answer = browser.get(LIST, query_string=query)
    assert answer.status_code == 200, answer.text
    return [link.get_text() for link in BeautifulSoup(answer.text, "html.parser").select("table a")]


def exported(browser: Browser, **query: str) -> list[dict[str, str]]:
    """The file's rows."""
    answer = browser.get("/supplier/products/export.csv", query_string=query)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text)))


def variant_of(market: Market, index: int = 0) -> SupplierVariant:
    """The lamp's variant as it is."""
    with db.system_scope(actor="test"), db.transaction() as session:
        return session.get_one(SupplierVariant, market.lamp.variants[index])


@pytest.fixture
def shelves(market: Market) -> dict[str, Any]:
    """Two products more beside the lamp: one ended, one with everything that is asked for but stock."""
    with db.system_scope(actor="test"), db.transaction() as session:
        supplier = session.get_one(Supplier, market.supplier.id)
        bowl = factories.product(session, supplier, title="=Bowl", wholesale="3.00")
        shade = factories.product(session, supplier, title="Shade", wholesale="90.00")
        ended = session.get_one(SupplierProduct, session.get_one(SupplierVariant, shade[0]).product_id)
        ended.status = "ended"
        whole = session.get_one(SupplierVariant, bowl[0])
        whole.gtin, whole.weight_grams = "4006381333931", 400
    return {"bowl": bowl, "shade": shade}


def test_products_are_found_by_words_status_stock_and_what_is_missing(market: Market, shelves: dict[str, Any]) -> None:
    browser, _ = member(market, "supplier", "supplier_catalogue")
    assert titles(browser, sort="title") == ["=Bowl", "Desk lamp", "Shade"]
    assert titles(browser, sort="price_asc") == ["=Bowl", "Desk lamp", "Shade"]
    assert titles(browser, sort="price_desc") == ["Shade", "Desk lamp", "=Bowl"]
    assert titles(browser, search="desk l") == ["Desk lamp"]
    assert titles(browser, search=market.lamp.skus[0]) == ["Desk lamp"]
    assert titles(browser, status="ended") == ["Shade"]
    assert titles(browser, problem="gtin") == ["Desk lamp"], "an ended product is not asked for more"
    assert titles(browser, problem="picture") == []
    assert titles(browser, search="nothing such") == []
    assert "Nothing found" in text_of(browser.get(LIST, query_string={"search": "nothing such"}))
    assert len(titles(browser, status="?", sort="?", category="?", stock="?", problem="?")) == 3, "nonsense is left out"
    assert "Oak chair" not in text_of(browser.get(LIST)), "the other supplier's"


def test_pages_go_on_where_the_last_one_ended_in_every_order(market: Market) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        supplier = session.get_one(Supplier, market.supplier.id)
        for number in range(33):
            factories.product(session, supplier, title=f"Cup {number // 2:02d}", wholesale=f"{1 + number // 3}.00")
    browser, _ = member(market, "supplier")
    for sort in ("changed", "title", "price_asc", "price_desc"):
        seen, path = list[str](), f"{LIST}?sort={sort}"
        while path:
            page = BeautifulSoup(browser.get(path).text, "html.parser")
            seen += [str(link["href"]) for link in page.select("table a")]
            after = page.select_one("a[rel=next]")
            path = f"{LIST}{after['href']}" if after else ""
        assert len(seen) == len(set(seen)) == 34


def test_stock_and_prices_are_changed_in_place_and_nothing_else(market: Market, jobs: Jobs) -> None:
    browser, _ = member(market, "supplier", "supplier_catalogue")
    lamp = market.lamp.variants[0]
    before = market.stock(lamp)
    changed = browser.submit(SHEET, SHEET, **{f"stock-{lamp}": "7", f"price-{lamp}": "8,45"})
    assert changed.status_code == 303, text_of(changed)
    jobs.drain()
    assert variant_of(market).wholesale_price == 845
    assert market.stock(lamp) == {"on_hand": 7, "reserved": 0} != before
    # What was sold between the page and its saving is not given back by saving the rest.
    form = browser.form(SHEET, SHEET)
    sent = {str(one["name"]): str(one.get("value", "")) for one in form.select("input[name]")}
    market.place((lamp, 2))
    assert browser.post(SHEET, {**sent, f"price-{lamp}": "9.00"}).status_code == 303
    assert market.stock(lamp) == {"on_hand": 7, "reserved": 2}
    # A count that is told now leaves out what is set aside, whether the supplier was told of it or not.
    assert browser.submit(SHEET, SHEET, **{f"stock-{lamp}": "4"}).status_code == 303
    assert market.stock(lamp) == {"on_hand": 6, "reserved": 2}
    jobs.drain()
    assert browser.submit(SHEET, SHEET, **{f"stock-{lamp}": "5"}).status_code == 303
    assert market.stock(lamp) == {"on_hand": 7, "reserved": 2}


def test_a_sheet_with_a_mistake_saves_nothing_and_keeps_what_was_typed(market: Market) -> None:
    browser, _ = member(market, "supplier")
    lamp = market.lamp.variants[0]
    before = market.stock(lamp), variant_of(market).wholesale_price
    for wrong in ("-1", "1.5", "many"):
        answer = browser.submit(SHEET, SHEET, **{f"stock-{lamp}": wrong, f"price-{lamp}": "8.00"})
        assert answer.status_code == 422
        assert "whole number" in problem(answer.text, f"stock-{lamp}")
        assert f'value="{wrong}"' in answer.text
    for wrong in ("0", "", "-2", "cheap"):
        answer = browser.submit(SHEET, SHEET, **{f"price-{lamp}": wrong})
        assert answer.status_code == 422
        assert problem(answer.text, f"price-{lamp}")
    assert (market.stock(lamp), variant_of(market).wholesale_price) == before


def test_a_sheet_changes_nobody_elses_goods_and_asks_for_the_role(market: Market) -> None:
    browser, _ = member(market, "supplier")
    chair = market.chair.variants[0]
    before = market.stock(chair)
    token = str(browser.form(SHEET, SHEET).select_one("input[name=csrf_token]")["value"])  # type: ignore[index]
    sent = {"csrf_token": token, f"stock-{chair}": "1", f"price-{chair}": "1.00"}
    assert browser.post(SHEET, sent).status_code == 303
    assert market.stock(chair) == before
    reader, _ = member(market, "supplier", "supplier_fulfilment")
    page = reader.get(SHEET)
    assert "Desk lamp" in page.text
    assert f"price-{market.lamp.variants[0]}" not in page.text
    token = str(reader.form("/supplier/", "/sign-out").select_one("input[name=csrf_token]")["value"])  # type: ignore[index]
    assert reader.post(SHEET, {"csrf_token": token, f"price-{market.lamp.variants[0]}": "1.00"}).status_code == 403


def test_a_file_of_products_comes_back_as_it_went_and_changes_what_was_changed(
    market: Market, shelves: dict[str, Any], jobs: Jobs
) -> None:
    browser, _ = member(market, "supplier")
    with db.system_scope(actor="test"), db.transaction() as session:
        bowl = session.get_one(SupplierVariant, shelves["bowl"][0])
        product = session.get_one(SupplierProduct, bowl.product_id)
        product.description, product.brand, product.tags = (
            "<p>Round, \"deep\"; 'really'.</p>",
            "@home",
            ["+new", "dish"],
        )
        bowl.msrp, bowl.map_price = 999, 899
    whole = browser.get("/supplier/products/export.csv").text
    assert "'=Bowl" in whole, "spreadsheets must not run it"

    def uploaded(content: str) -> dict[str, Any]:
        address = "/api/supplier/uploads?file_name=back.csv"
        answer = market.supplier.api.call("POST", address, data=content.encode(), content_type="text/csv")
        jobs.drain()
        return dict(market.supplier.api.get(f"/api/supplier/uploads/{answer.json['id']}").json)  # type: ignore[index]

    run = uploaded(whole)
    assert run["counts"]["unchanged"] == len(exported(browser)) >= 3, run
    assert run["counts"]["changed"] == run["counts"]["rejected"] == 0
    (row,) = exported(browser, search="bowl")
    assert row["title"] == "'=Bowl"
    run = uploaded(whole.replace(",3.00,9.99,8.99,", ",3.20,9.99,8.99,"))
    assert (run["counts"]["changed"], run["counts"]["rejected"]) == (1, 0)
    market.supplier.api.post(f"/api/supplier/uploads/{run['id']}/apply", {})
    jobs.drain()
    with db.system_scope(actor="test"), db.transaction() as session:
        after = session.get_one(SupplierVariant, shelves["bowl"][0])
        assert (after.wholesale_price, after.msrp) == (320, 999)
        assert session.get_one(SupplierProduct, after.product_id).title == "=Bowl"
        (picture,) = session.query(ProductImage).filter_by(product_id=after.product_id)
        assert picture.alt == "=Bowl", "the file has no column for it"


def test_one_product_is_edited(market: Market) -> None:
    browser, _ = member(market, "supplier", "supplier_catalogue")
    lamp = market.lamp.variants[0]
    edit = f"/supplier/products/{market.lamp.product_id}/edit"
    given = {"title": "Reading lamp", "description": "<p>Warm.</p><script>no</script>", "tags": "lamp, warm",
             f"gtin-{lamp}": "4006381333931", f"weight-{lamp}": "0.75", f"msrp-{lamp}": "39.90"}  # fmt: skip
    done = browser.submit(edit, "/edit", **given)
    assert done.status_code == 303, text_of(done)
    with db.system_scope(actor="test"), db.transaction() as session:
        product = session.get_one(SupplierProduct, market.lamp.product_id)
        assert (product.title, product.description, product.tags) == ("Reading lamp", "<p>Warm.</p>", ["lamp", "warm"])
    row = variant_of(market)
    assert (row.gtin, row.weight_grams, row.msrp, row.status) == ("4006381333931", 750, 3990, "active")
    for field, wrong in ((f"gtin-{lamp}", "4006381333932"), (f"cost-{lamp}", "0"), ("title", " ")):
        answer = browser.submit(edit, "/edit", **{field: wrong})
        assert answer.status_code == 422, field
        assert problem(answer.text, field), field


def test_what_changed_meanwhile_is_not_overwritten_unseen(market: Market) -> None:
    """A form stood open while a feed or a colleague changed a price."""
    mine, _ = member(market, "supplier", "supplier_catalogue")
    theirs, _ = member(market, "supplier")
    lamp = market.lamp.variants[0]
    edit = f"/supplier/products/{market.lamp.product_id}/edit"
    opened = {str(one["name"]): str(one.get("value", "")) for one in mine.form(edit, "/edit").select("input[name]")}
    sheet = {str(one["name"]): str(one.get("value", "")) for one in mine.form(SHEET, SHEET).select("input[name]")}
    assert theirs.submit(SHEET, SHEET, **{f"price-{lamp}": "8.25"}).status_code == 303
    refused = mine.post(edit, {**opened, "title": "Reading lamp"})
    assert refused.status_code == 409
    assert "8.25" in problem(refused.text, f"cost-{lamp}")
    assert variant_of(market).wholesale_price == 825
    again = BeautifulSoup(refused.text, "html.parser").select_one("[name=seen]")
    assert again is not None
    kept = mine.post(edit, {**opened, "title": "Reading lamp", f"cost-{lamp}": "8.25", "seen": str(again["value"])})
    assert kept.status_code == 303, text_of(kept)
    stale = mine.post(SHEET, {**sheet, f"price-{lamp}": "9.00"})
    assert stale.status_code == 422
    assert "8.25" in problem(stale.text, f"price-{lamp}")
    told = BeautifulSoup(stale.text, "html.parser").select_one(f"[name='was-price-{lamp}']")
    assert told is not None
    assert (
        mine.post(SHEET, {**sheet, f"price-{lamp}": "9.00", f"was-price-{lamp}": str(told["value"])}).status_code == 303
    )
    assert variant_of(market).wholesale_price == 900


def test_an_untouched_file_takes_nothing_from_orders_that_nobody_told_of(market: Market, jobs: Jobs) -> None:
    browser, _ = member(market, "supplier")
    lamp = market.lamp.variants[0]
    with db.system_scope(actor="test"), db.transaction() as session:
        # A retailer that can't pay: its order waits, and the supplier does not know of it.
        wanted = factories.order_of(factories.retailer(session), {lamp: 3})
        purchasing.place_order(session, wanted)
    jobs.drain()
    before = market.stock(lamp)
    assert before["reserved"] >= 3
    whole = browser.get("/supplier/products/export.csv").text
    address = "/api/supplier/uploads?file_name=back.csv"
    upload = market.supplier.api.call("POST", address, data=whole.encode(), content_type="text/csv").json["id"]
    jobs.drain()
    run = dict(market.supplier.api.get(f"/api/supplier/uploads/{upload}").json)
    assert run["counts"]["changed"] == 0, run
    market.supplier.api.post(f"/api/supplier/uploads/{upload}/apply", {})
    jobs.drain()
    assert market.stock(lamp) == before


def test_a_text_for_search_engines_that_is_too_long_comes_back_to_its_product(market: Market) -> None:
    browser, _ = member(market, "supplier", "supplier_catalogue")
    at = f"/supplier/products/{market.lamp.product_id}"
    long = browser.submit(at, "/search-texts", seo_title="x" * 66)
    assert long.status_code == 422
    assert problems_in(long) == {"seo_title": "Use at most 65 characters."}
    assert f'value="{"x" * 66}"' in long.text
