"""The test order that a supplier ships before it sells."""

from __future__ import annotations

from uuid import UUID

from bs4 import BeautifulSoup

from app import db
from app.identity.models import Organisation
from app.identity.rules import SCOPES_OF_KIND
from app.identity.service import issue_key
from tests import factories
from tests.market import Api, Market
from tests.stack import Jobs
from tests.web.browsing import Browser, problems_in, text_of
from tests.web.pages.set_up import (
    AT,
    letters,
    order_of,
)
from tests.web.pages.test_approval import applied, console


def missing(browser: Browser) -> list[str]:
    """What the page says is missing."""
    page = BeautifulSoup(browser.get(f"{AT}/test-order").text, "html.parser")
    return [one.get_text() for one in page.select("main ol:not(:has(a)) p.text-muted-foreground") if one.get_text()]


def test_a_test_order_by_portal_is_checked_step_by_step(market: Market, jobs: Jobs) -> None:
    console(market)
    browser, supplier_id = applied(market)
    token = browser.form(AT, "/sign-out").select_one("[name=csrf_token]")
    assert token is not None
    assert browser.post(f"{AT}/test-order", {"csrf_token": str(token["value"])}).status_code == 409, "how, first"
    browser.submit(f"{AT}/connection", "/connection", connection="portal")
    before = {table: market.count(table) for table in ("orders", "purchase_orders", "reservations", "journal_entries")}
    assert browser.submit(f"{AT}/test-order", "/test-order").status_code == 303
    jobs.drain()
    assert "Test order TEST-1" in letters(market)
    assert missing(browser) == ["Open it in your purchase orders.", "Accept every line.",
                                "Ship it: one parcel or several, each with its tracking number."]  # fmt: skip
    order = order_of(supplier_id)
    at = f"/supplier/test-orders/{order.id}"
    assert at in browser.get("/supplier/purchase-orders").text
    assert "Test" in text_of(browser.get("/supplier/purchase-orders"))
    assert browser.get(at).status_code == 200
    assert missing(browser)[0] == "Accept every line."
    assert browser.submit(at, "/accept").status_code == 303
    for number in ("", "??"):
        refused = browser.submit(at, "/ship", tracking_number=number)
        assert refused.status_code == 422 and "tracking_number" in problems_in(refused), number
    assert len(missing(browser)) == 1
    shipped = browser.submit(at, "/ship", tracking_number="TEST12345")
    assert shipped.status_code == 303
    assert order_of(supplier_id).passed_at is not None
    page = browser.get(shipped.headers["Location"])
    assert "The test order has passed." in text_of(page) and "still wants" not in text_of(page)
    assert "Accept it and ship it" not in text_of(page)
    assert f'href="{AT}"' in page.text, "the way on"
    assert "passed" in text_of(browser.get(f"{AT}/test-order"))
    jobs.drain()
    assert "Lumen GmbH has passed its test order" in letters(market)
    assert at not in browser.get("/supplier/purchase-orders").text
    after = {table: market.count(table) for table in before}
    assert after == before, "no order, no stock, no money"


def api_of(market: Market, supplier_id: UUID) -> Api:
    """The supplier's own program."""
    with db.system_scope(actor="test"), db.transaction() as session:
        _, secret = issue_key(session, supplier_id, name="warehouse", scopes=SCOPES_OF_KIND["supplier"])
    return market.with_key(secret)


def test_a_test_order_by_api_runs_through_the_calls_of_real_orders(market: Market, jobs: Jobs) -> None:
    browser, supplier_id = applied(market)
    api = api_of(market, supplier_id)
    browser.submit(f"{AT}/connection", "/connection", connection="api")
    browser.submit(f"{AT}/test-order", "/test-order")
    (listed,) = api.get("/api/supplier/orders").json["items"]
    assert (listed["test"], listed["number"], listed["status"]) == (True, "TEST-1", "PENDING")
    assert listed["shipping_address"]["company"] == "Crossdock"
    assert api.get("/api/supplier/orders", status="SHIPPED").json["items"] == []
    at = f"/api/supplier/orders/{listed['id']}"
    assert market.supplier.api.get(at).status_code == 404
    assert market.supplier.api.post(f"{at}/acknowledge", {"lines": [
        {"line_id": listed["lines"][0]["id"], "status": "accepted"}]}).status_code == 404  # fmt: skip
    lines = [{"line_id": one["id"], "status": "backordered"} for one in listed["lines"]]
    assert api.post(f"{at}/acknowledge", {"lines": lines}).json["status"] == "BACKORDERED"
    assert missing(browser)[0] == "A line is backordered or rejected. Accept every line of a test order."
    taken = api.post(f"{at}/acknowledge", {"lines": [{**one, "status": "accepted"} for one in lines]})
    assert (taken.status_code, taken.json["status"]) == (200, "CONFIRMED")
    one, other = listed["lines"]
    too_many = {"carrier": "dhl", "tracking_number": "TEST1", "lines": [{"line_id": one["id"], "quantity": 3}]}
    assert api.post(f"{at}/ship", {"parcels": [too_many]}).status_code == 422
    first = {"carrier": "dhl", "tracking_number": "TEST-0001", "lines": [{"line_id": one["id"], "quantity": 2}]}
    assert api.post(f"{at}/ship", {"parcels": [first]}).status_code == 201
    assert api.get(at).json["status"] == "PARTIALLY_SHIPPED"
    assert missing(browser)[0] == "Some units are not shipped yet."
    rest = {"carrier": "dhl", "tracking_number": "TEST-0002", "lines": [{"line_id": other["id"], "quantity": 1}]}
    shipped = api.post(f"{at}/ship", {"parcels": [first, rest]})
    assert [parcel["tracking_number"] for parcel in shipped.json["shipments"]] == ["TEST-0001", "TEST-0002"]
    assert order_of(supplier_id).passed_at is not None
    assert api.get("/api/supplier/orders").json["items"] == []


def test_one_that_connects_by_api_does_not_pass_by_hand(market: Market) -> None:
    browser, supplier_id = applied(market)
    browser.submit(f"{AT}/connection", "/connection", connection="api")
    browser.submit(f"{AT}/test-order", "/test-order")
    at = f"/supplier/test-orders/{order_of(supplier_id).id}"
    browser.submit(at, "/accept")
    browser.submit(at, "/ship", tracking_number="TEST12345")
    assert order_of(supplier_id).passed_at is None
    assert "did a part of it in the portal" in " ".join(missing(browser))
    assert browser.submit(f"{AT}/test-order", "/test-order").status_code == 303
    assert order_of(supplier_id).attempt == 2
    assert browser.get(at).status_code == 404, "the first one ended"


def test_test_orders_of_others_are_not_there(market: Market) -> None:
    browser, supplier_id = applied(market)
    browser.submit(f"{AT}/connection", "/connection", connection="portal")
    browser.submit(f"{AT}/test-order", "/test-order")
    at = f"/supplier/test-orders/{order_of(supplier_id).id}"
    with db.system_scope(actor="test"), db.transaction() as session:
        stranger = factories.member(session, session.get_one(Organisation, market.supplier.id), "supplier_owner").email
    other = Browser(market.app)
    other.sign_in(stranger)
    token = other.form("/supplier/", "/sign-out").select_one("[name=csrf_token]")
    assert token is not None
    assert other.get(at).status_code == 404
    for action in ("accept", "ship"):
        sent = {"csrf_token": str(token["value"]), "tracking_number": "TEST12345"}
        assert other.post(f"{at}/{action}", sent).status_code == 404


# Papers that run out
