"""A product that its supplier describes in a form."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from sqlalchemy.orm import selectinload

from app import db
from app.catalog.models import ProductImage, SupplierProduct
from app.identity.models import Organisation
from app.suppliers.models import Supplier
from tests import factories
from tests.market import Market
from tests.stack import Jobs
from tests.web.browsing import Browser, problems_in, text_of
from tests.web.pages.test_settings import member

NEW = "/supplier/products/new"
BOWL = {"title": "Oak bowl", "cost-0": "12,50"}
TWO = {"rows": "2", "cost-1": "3", "option-0": "Size", "value0-0": "S"}


def filled(browser: Browser, **values: str) -> dict[str, str]:
    """All that the empty form sends, with what was typed."""
    form = browser.form(NEW, NEW)
    sent = {str(one["name"]): str(one.get("value", "")) for one in form.select("input[name]")}
    for choice in form.select("select[name]"):
        chosen = choice.select_one("option[selected]") or choice.select_one("option")
        sent[str(choice["name"])] = str(chosen["value"]) if chosen else ""
    return {**sent, **{name.replace("_", "-"): value for name, value in values.items()}}


def products(market: Market, title: str) -> list[SupplierProduct]:
    """The supplier's products of that title, with their variants."""
    with db.system_scope(actor="test"), db.transaction() as session:
        return (
            session.query(SupplierProduct)
            .options(selectinload(SupplierProduct.variants))
            .filter_by(supplier_id=market.supplier.id, title=title)
            .all()
        )


def test_a_product_with_one_variant_is_offered_and_retailers_find_it(market: Market, jobs: Jobs) -> None:
    browser, _ = member(market, "supplier", "supplier_catalogue")
    assert browser.form(NEW, NEW), "and the list leads there"
    assert f'href="{NEW}"' in browser.get("/supplier/products").text
    done = browser.submit(
        NEW, NEW, **BOWL, description="<p>Turned.</p><script>no</script>", brand="Holz", category="Home / Bowls",
        tags="oak, bowl", pictures="https://pictures.test/a.jpg\n\nhttps://pictures.test/b.jpg A bowl  from above\n",
        **{"msrp-0": "29.00", "map-0": "25", "weight-0": "0,75", "stock-0": "7", "gtin-0": "4006381333931",
           "steps-0": "10=11.90 | 50=9,90"},
    )  # fmt: skip
    assert done.status_code == 303, text_of(done)
    page = browser.get(done.headers["Location"])
    assert "Saved. Retailers find it in the catalogue" in text_of(page)
    (bowl,) = products(market, "Oak bowl")
    assert (bowl.description, bowl.brand, bowl.tags, bowl.status) == (
        "<p>Turned.</p>",
        "Holz",
        ["oak", "bowl"],
        "active",
    )
    assert bowl.source_category, "it is placed as a file's would be"
    (variant,) = bowl.variants
    # An article without an SKU goes by its GTIN, as in files.
    assert (variant.sku, variant.gtin, variant.weight_grams) == ("4006381333931", "4006381333931", 750)
    assert (variant.wholesale_price, variant.msrp, variant.map_price) == (1250, 2900, 2500)
    assert variant.price_tiers == [{"min_quantity": 10, "price": 1190}, {"min_quantity": 50, "price": 990}]
    assert market.stock(variant.id) == {"on_hand": 7, "reserved": 0}
    with db.system_scope(actor="test"), db.transaction() as session:
        shown = session.query(ProductImage).filter_by(product_id=bowl.id).order_by(ProductImage.position)
        assert [(one.url, one.alt) for one in shown] == [
            ("https://pictures.test/a.jpg", ""), ("https://pictures.test/b.jpg", "A bowl  from above"),
        ]  # fmt: skip
    jobs.drain()
    found = market.retailer.api.get("/api/products", search="oak bowl").json["items"]
    assert [one["title"] for one in found] == ["Oak bowl"]


def test_what_is_saved_says_who_sees_it(market: Market) -> None:
    browser, _ = member(market, "supplier")
    draft = browser.submit(NEW, NEW, **BOWL, status="draft")
    assert "Saved as a draft" in text_of(browser.get(draft.headers["Location"]))
    with db.system_scope(actor="test"), db.transaction() as session:
        session.get_one(Supplier, market.supplier.id).status = "TESTING"
    waits = browser.submit(NEW, NEW, **{**BOWL, "title": "Oak plate"})
    assert "once your account is active" in text_of(browser.get(waits.headers["Location"]))


def test_rows_are_added_and_variants_told_apart_by_options(market: Market) -> None:
    browser, _ = member(market, "supplier")
    sent = filled(browser, **BOWL, option_0="Size", option_2="Colour")
    more = browser.post(NEW, {**sent, "show": "rows", "more": "3"})
    assert more.status_code == 200
    assert products(market, "Oak bowl") == [], "nothing is saved by it"
    page = BeautifulSoup(more.text, "html.parser")
    names = {str(one["name"]): str(one.get("value", "")) for one in page.select("form[method=post] input[name]")}
    assert names["title"] == "Oak bowl"
    assert names["cost-0"] == "12,50"
    assert names["rows"] == "4"
    assert {"cost-3", "value0-3", "value2-3"} <= set(names)
    assert "cost-4" not in names
    assert "value1-0" not in names
    variants = {
        "value0-0": "Small", "value2-0": "Oak", "value0-2": "Large", "value2-2": "Dark oak", "cost-2": "15",
        "sku-2": "B-L", "weight-2": "2 lb", "weight-0": "350", "unit": "g",
    }  # fmt: skip
    done = browser.post(NEW, {**sent, "rows": "4", **variants})
    assert done.status_code == 303, problems_in(done)
    (bowl,) = products(market, "Oak bowl")
    assert bowl.option_names == ["Size", "Colour"]
    told = {one.sku: (one.options, one.wholesale_price, one.weight_grams) for one in bowl.variants}
    assert told == {
        "oak-bowl-small-oak": ({"Size": "Small", "Colour": "Oak"}, 1250, 350),
        "B-L": ({"Size": "Large", "Colour": "Dark oak"}, 1500, 907),
    }, "the empty rows between are left out"


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"title": " "}, "title", "fill this in"),
        ({"title": "!?"}, "title", "letters or digits"),
        ({"cost-0": ""}, "cost-0", "amount in"),
        ({"cost-0": "0"}, "cost-0", "above zero"),
        ({"msrp-0": "much"}, "msrp-0", "amount in"),
        ({"map-0": "999999999999"}, "map-0", "amount in"),
        ({"gtin-0": "4006381333932"}, "gtin-0", "check digit"),
        ({"weight-0": "light"}, "weight-0", "weight above zero"),
        ({"weight-0": "0"}, "weight-0", "weight above zero"),
        ({"stock-0": "-1"}, "stock-0", "whole number"),
        ({"steps-0": "ten cheaper"}, "steps-0", "such as 10=11.90"),
        ({"steps-0": "10=99.00"}, "steps-0", ""),
        ({"sku-0": "x" * 101}, "sku-0", "100"),
        ({"pictures": "https://pictures.test/a.jpg\nfile:///etc/passwd"}, "pictures", "file:///etc/passwd"),
        ({"description": "<b>" * 3000}, "description", "tags"),
        ({"status": "ended"}, "status", "Choose one"),
        ({"unit": "stone"}, "unit", "Choose one"),
        ({"option-0": "Size"}, "value0-0", "fill this in"),
        ({"option-0": "Size", "option-1": "Size", "value0-0": "S", "value1-0": "S"}, "option-1", "once"),
        ({"rows": "2", "cost-1": "3"}, "option-0", "differ by"),
        (
            {**TWO, "value0-1": "S", "sku-0": "A", "sku-1": "B"},
            "value0-1",
            "same options",
        ),
        (
            {**TWO, "value0-1": "M", "sku-0": "A", "sku-1": "A"},
            "sku-1",
            "another variant's",
        ),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_saved_or_lost(
    market: Market, typed: dict[str, str], field: str, words: str
) -> None:
    browser, _ = member(market, "supplier")
    sent = {**filled(browser, **BOWL, brand="Holz"), **typed}
    answer = browser.post(NEW, sent)
    assert answer.status_code == 422, text_of(answer)
    wrong = problems_in(answer)
    assert words in wrong.pop(field)
    assert wrong == {}
    assert 'value="Holz"' in answer.text
    assert products(market, sent["title"]) == []
    # The same form goes through once it is put right.
    assert browser.post(NEW, {**sent, **dict.fromkeys(typed, ""), **BOWL, "rows": "1", "unit": "kg"}).status_code == 303


def test_an_sku_that_is_there_already_is_refused_with_its_product(market: Market) -> None:
    browser, _ = member(market, "supplier")
    before = market.lamp.skus[0]
    answer = browser.submit(NEW, NEW, **BOWL, **{"sku-0": before})
    assert answer.status_code == 409
    assert set(problems_in(answer)) == {"sku-0"}
    assert before in problems_in(answer)["sku-0"]
    link = BeautifulSoup(answer.text, "html.parser").select_one("#h-sku-0 a")
    assert link is not None
    assert (link["href"], link.get_text()) == (f"/supplier/products/{market.lamp.product_id}", "Desk lamp")
    assert products(market, "Oak bowl") == []
    # Another supplier's SKU is nobody else's business.
    assert browser.submit(NEW, NEW, **BOWL, **{"sku-0": market.chair.skus[0]}).status_code == 303


def test_a_title_that_is_there_already_is_taken_with_an_sku_of_its_own(market: Market) -> None:
    browser, _ = member(market, "supplier")
    assert browser.submit(NEW, NEW, **BOWL).status_code == 303
    again = browser.submit(NEW, NEW, **BOWL)
    assert again.status_code == 409
    assert list(problems_in(again)) == ["sku-0"], "the one that is made of its title"
    assert "/supplier/products/" in str(BeautifulSoup(again.text, "html.parser").select_one("p.problem a"))
    assert browser.submit(NEW, NEW, **BOWL, **{"sku-0": "BOWL-2"}).status_code == 303
    assert len(products(market, "Oak bowl")) == 2


def test_a_form_that_is_sent_twice_makes_one_product(market: Market) -> None:
    browser, _ = member(market, "supplier")
    sent = filled(browser, **BOWL, sku_0="BOWL-1")
    first, second = browser.post(NEW, sent), browser.post(NEW, sent)
    assert first.status_code == second.status_code == 303
    assert first.headers["Location"] == second.headers["Location"]
    # Gone back to and changed it is another wish: it is asked about, then made.
    changed = browser.post(NEW, {**sent, "title": "Oak plate", "sku-0": "PLATE-1"})
    assert changed.status_code == 409
    assert "made a product already" in text_of(changed)
    page = BeautifulSoup(changed.text, "html.parser")
    key = page.select_one("input[name=key]")
    assert key is not None
    assert key["value"] != sent["key"]
    assert (
        browser.post(NEW, {**sent, "title": "Oak plate", "sku-0": "PLATE-1", "key": str(key["value"])}).status_code
        == 303
    )
    assert len(products(market, "Oak bowl")) == len(products(market, "Oak plate")) == 1


def test_a_later_file_with_its_sku_changes_the_product(market: Market, jobs: Jobs) -> None:
    browser, _ = member(market, "supplier")
    assert browser.submit(NEW, NEW, **BOWL, **{"sku-0": "BOWL-1"}).status_code == 303
    address = "/api/supplier/uploads?file_name=list.csv"
    rows = b"sku,title,wholesale_price\nBOWL-1,Oak bowl,13.00\n"
    run = market.supplier.api.call("POST", address, data=rows, content_type="text/csv").json["id"]
    jobs.drain()
    market.supplier.api.post(f"/api/supplier/uploads/{run}/apply", {})
    jobs.drain()
    (bowl,) = products(market, "Oak bowl")
    assert [one.wholesale_price for one in bowl.variants] == [1300]


def test_only_who_may_change_products_adds_one(market: Market) -> None:
    reader, _ = member(market, "supplier", "supplier_fulfilment")
    assert NEW not in reader.get("/supplier/products").text
    assert reader.get(NEW).status_code == 403
    owner, _ = member(market, "supplier")
    sent: dict[str, Any] = filled(owner, **BOWL)
    assert reader.post(NEW, sent).status_code == 403
    other = Browser(market.app)
    assert "/sign-in" in other.get(NEW).headers["Location"]
    assert products(market, "Oak bowl") == []


def test_a_supplier_without_products_is_shown_both_ways(market: Market) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        fresh = factories.supplier(session)
        user = factories.member(session, session.get_one(Organisation, fresh.id), "supplier_owner")
    browser = Browser(market.app)
    assert browser.sign_in(user.email).status_code == 303
    page = browser.get("/supplier/products")
    empty = BeautifulSoup(page.text, "html.parser").find(string="No products yet")
    assert empty is not None
    ways = [str(link["href"]) for link in empty.parent.parent.select("a")]  # type: ignore[union-attr]
    assert ways == ["/supplier/uploads", NEW]
