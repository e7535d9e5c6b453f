"""Changing many products at once in the portal."""

from __future__ import annotations

from app import db
from app.catalog.models import SupplierProduct, SupplierVariant
from app.suppliers.models import Supplier
from tests import factories
from tests.market import Market
from tests.stack import Jobs
from tests.web.browsing import Browser, text_of
from tests.web.pages.test_settings import member, problem

BULK = "/supplier/products/bulk"


def preview(browser: Browser, **query: object) -> str:
    """The address of a preview that is shown."""
    answer = browser.get(BULK, query_string=query)
    assert answer.status_code == 200, text_of(answer)
    return str(answer.request.full_path)


def lamp_price(market: Market) -> int:
    """The lamp's wholesale price in cents."""
    with db.system_scope(actor="test"), db.transaction() as session:
        return session.get_one(SupplierVariant, market.lamp.variants[0]).wholesale_price


def test_all_that_is_found_is_previewed_changed_and_taken_back(market: Market, jobs: Jobs) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        factories.product(session, session.get_one(Supplier, market.supplier.id), title="Bowl", wholesale="3.00")
    browser, _ = member(market, "supplier", "supplier_catalogue")
    today = lamp_price(market)
    page = preview(browser, all="1", search="desk", field="wholesale_price", how="percent", value="-10")
    shown = text_of(browser.get(page))
    assert "Desk lamp" in shown
    assert "Bowl" not in shown
    assert "9.00 USD" in shown
    assert lamp_price(market) == today, "a preview changes nothing"
    sent = {str(one["name"]): str(one["value"]) for one in browser.form(page, BULK).select("input[name]")}
    done = browser.post(BULK, sent)
    assert done.status_code == 303, text_of(done)
    jobs.drain()
    assert lamp_price(market) == today * 9 // 10
    assert browser.post(BULK, sent).headers["Location"] == done.headers["Location"], "sent twice it is done once"
    assert lamp_price(market) == today * 9 // 10
    edit = done.headers["Location"].split("?")[0]
    assert "Wholesale price: -10 %" in text_of(browser.get(edit))
    assert "Wholesale price: -10 %" in text_of(browser.get("/supplier/products/edits"))
    assert browser.submit(edit, "/undo").status_code == 303
    assert lamp_price(market) == today
    assert "Undone" in text_of(browser.get(edit))


def test_what_changed_since_the_preview_is_previewed_again(market: Market) -> None:
    browser, _ = member(market, "supplier")
    page = preview(browser, product=str(market.lamp.product_id), field="status", value="draft")
    again = browser.submit(page, BULK, expected="7")
    assert again.status_code == 409
    assert "changed meanwhile" in text_of(again)
    assert "Change 1" in text_of(again), "what it would do now stands there"
    with db.system_scope(actor="test"), db.transaction() as session:
        assert session.get_one(SupplierProduct, market.lamp.product_id).status == "active"
    assert browser.submit(page, BULK).status_code == 303
    with db.system_scope(actor="test"), db.transaction() as session:
        assert session.get_one(SupplierProduct, market.lamp.product_id).status == "draft"


def test_what_can_not_be_done_is_explained(market: Market) -> None:
    browser, _ = member(market, "supplier")
    lamp = str(market.lamp.product_id)
    for field, how, value in (
        ("wholesale_price", "percent", "0"),
        ("wholesale_price", "percent", "many"),
        ("wholesale_price", "percent", "-100"),
        ("msrp", "set", "-1"),
        ("msrp", "amount", "1.234"),
        ("status", "", "gone"),
        ("category", "", "No such thing"),
    ):
        answer = browser.get(BULK, query_string={"product": lamp, "field": field, "how": how, "value": value})
        assert answer.status_code == 422, (field, how, value)
        assert problem(answer.text, "value"), (field, how, value)
    wrong = {"product": lamp, "field": "wholesale_price", "how": "clear", "value": ""}
    assert problem(browser.get(BULK, query_string=wrong).text, "how")
    assert "No product is chosen" in text_of(browser.get(BULK))
    cheap = browser.get(BULK, query_string={"product": lamp, "field": "msrp", "how": "set", "value": "1.00"})
    assert "contradict one another" in text_of(cheap)


def test_nobody_elses_products_are_changed_and_readers_change_none(market: Market) -> None:
    browser, _ = member(market, "supplier")
    shown = browser.get(
        BULK, query_string={"product": str(market.chair.product_id), "field": "status", "value": "ended"}
    )
    assert "Nothing would change" in text_of(shown)
    reader, _ = member(market, "supplier", "supplier_fulfilment")
    assert reader.get(BULK).status_code == 403
    assert 'name="product"' not in reader.get("/supplier/products").text
