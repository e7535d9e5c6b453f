"""A supplier's reports: its own sales and how it met its orders, as page and as file."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

from app import db
from app.catalog.models import SupplierProduct
from app.insights.queries import met
from app.kit import clock
from tests.market import Market
from tests.stack import Jobs
from tests.web.browsing import Browser, text_of
from tests.web.pages.test_settings import member, problem


def table(browser: Browser, group: str, **more: str) -> list[dict[str, str]]:
    """The downloaded rows."""
    answer = browser.get("/supplier/reports/sales.csv", query_string={"group": group, **more})
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Disposition"].startswith("attachment")
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_a_supplier_sees_its_own_sales_by_time_product_and_retailer(market: Market, jobs: Jobs) -> None:
    market.place()
    jobs.drain()
    browser, _ = member(market, "supplier")
    shown = text_of(browser.get("/supplier/reports"))
    assert "$20.00" in shown
    assert "days of UTC" in shown
    for group, name in (("product", "Desk lamp"), ("retailer", "Northwind Home")):
        (row,) = table(browser, group)
        assert row == {group: name, "orders": "1", "units": "2", "sales": "20.00", "cancelled": "0.00",
                       "currency": "USD"}  # fmt: skip
        page = text_of(browser.get("/supplier/reports", query_string={"group": group}))
        assert name in page
        assert "Oak chair" not in page, "the other supplier's"
    days = table(browser, "day")
    assert len(days) == 30
    assert sum(int(row["units"]) for row in days) == 2
    for group in ("week", "month"):
        assert sum(int(row["units"]) for row in table(browser, group)) == 2


def test_a_period_without_sales_says_so_and_a_wrong_one_is_explained(market: Market, jobs: Jobs) -> None:
    market.place()
    jobs.drain()
    browser, _ = member(market, "supplier")
    past = {"from": "2020-01-01", "to": "2020-01-31"}
    assert "No sales in this period" in text_of(browser.get("/supplier/reports", query_string=past))
    for wrong in (
        {"from": "2020-02-01", "to": "2020-01-01"},
        {"from": "1990-01-01", "to": "2020-01-01"},
        {"from": "yesterday"},
        {"to": "0001-01-02"},
        {"to": "9999-12-31"},
    ):
        answer = browser.get("/supplier/reports", query_string=wrong)
        assert answer.status_code == 200
        assert problem(answer.text, "from"), wrong
        assert "$20.00" in text_of(answer), "the last 30 days are shown instead"


def test_titles_are_no_formulas_in_the_file(market: Market, jobs: Jobs) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        session.get_one(SupplierProduct, market.lamp.product_id).title = "=1+1"
    market.place()
    jobs.drain()
    browser, _ = member(market, "supplier")
    assert [row["product"] for row in table(browser, "product")] == ["'=1+1"]


def test_fill_rate_and_time_to_ship_follow_what_was_sent_and_cancelled(market: Market, jobs: Jobs) -> None:
    market.place((market.lamp.variants[0], 4))
    jobs.drain()
    today = clock.now().date()
    with db.system_scope(actor="test"), db.transaction() as session:
        before = met(session, market.supplier.id, start=today, end=today)
        assert (before.ordered, before.fill_rate, before.time_to_ship) == (4, None, None)
    (order,) = market.supplier.api.get("/api/supplier/orders").json["items"]
    parcel = {
        "carrier": "ups",
        "tracking_number": "1Z999AA10123456784",
        "lines": [{"line_id": order["lines"][0]["id"], "quantity": 3}],
    }
    answer = market.supplier.api.post(f"/api/supplier/orders/{order['id']}/ship", {"parcels": [parcel]})
    assert answer.status_code == 201, answer.text
    jobs.drain()
    with db.system_scope(actor="test"), db.transaction() as session:
        after = met(session, market.supplier.id, start=today, end=today)
        other = met(session, market.other_supplier.id, start=today, end=today)
    assert (after.ordered, after.shipped, after.cancelled, after.fill_rate) == (4, 3, 0, 10_000)
    assert after.time_to_ship is not None
    assert timedelta() <= after.time_to_ship < timedelta(hours=1)
    assert other.ordered == 0


def test_those_who_may_not_see_figures_see_none(market: Market) -> None:
    browser, _ = member(market, "supplier", "supplier_catalogue")
    for path in ("/supplier/reports", "/supplier/reports/sales.csv"):
        assert browser.get(path).status_code == 403
