"""What a supplier asks once for each purchase order: set by it, read by retailers before they choose, charged, paid and
given back with the order, and frozen with it."""

from __future__ import annotations

from app.catalog.models import SupplierVariant
from app.db import system_scope, transaction
from app.notifications.service import latest_emails
from app.suppliers.models import Supplier
from tests.flows.books import Books, Json
from tests.market import Market, Party
from tests.stack import Jobs
from tests.web.api.test_refusals import assert_problem
from tests.web.browsing import text_of
from tests.web.pages.test_papers import text_in
from tests.web.pages.test_settings import problem
from workers.order_files import attachments_of


def ask(market: Market, amount: str, party: Party | None = None) -> None:
    told = (party or market.supplier).api.put(
        "/api/supplier/order-fee", {"order_fee": {"amount": amount, "currency": "USD"}}
    )
    assert told.status_code == 200, told.text
    assert told.json == {"order_fee": {"amount": amount, "currency": "USD"}}


def purchase_order(books: Books, order: Json) -> Json:
    return books.row(
        "select * from purchase_orders where order_id = %s and supplier_id = %s", order["id"], books.market.supplier.id
    )


def test_a_supplier_sets_its_fee_in_the_settings_in_the_set_up_and_by_the_api(market: Market, books: Books) -> None:
    browser = books.browser(market.supplier)
    page = "/supplier/settings"
    assert browser.submit(page, "/settings/order-fee", order_fee="1,50").status_code == 303
    assert market.supplier.api.get("/api/supplier/order-fee").json["order_fee"]["amount"] == "1.50"
    for wrong in ("-1", "much", "1.005"):
        refused = browser.submit(page, "/settings/order-fee", order_fee=wrong)
        assert refused.status_code == 422
        assert problem(refused.text, "order_fee"), wrong
    set_up = "/supplier/onboarding/shipping"
    assert browser.submit(set_up, set_up, order_fee="2.25").status_code == 303
    assert market.supplier.api.get("/api/supplier/order-fee").json["order_fee"]["amount"] == "2.25"
    assert browser.submit(set_up, set_up, order_fee="-2").status_code == 422
    ask(market, "0.00")
    for fee, field in (
        ({"amount": "-1.00", "currency": "USD"}, "order_fee.amount"),
        ({"amount": "1.00", "currency": "EUR"}, "order_fee.currency"),
        ({"amount": "99999999999999999999.00", "currency": "USD"}, "order_fee.amount"),
    ):
        assert_problem(market.supplier.api.put("/api/supplier/order-fee", {"order_fee": fee}), 422, "invalid", field)
    reader = market.key(market.supplier, "read:catalog")
    assert reader.get("/api/supplier/order-fee").status_code == 200
    assert_problem(reader.put("/api/supplier/order-fee", {}), 403, "forbidden")
    history = books.rows(
        "select details from audit_events where action = 'suppliers.order_fee_changed' and organisation_id = %s "
        "order by id",
        market.supplier.id,
    )
    assert [(one["details"]["from"], one["details"]["to"]) for one in history] == [(0, 150), (150, 225), (225, 0)]


def test_retailers_read_it_before_they_choose(market: Market, books: Books, jobs: Jobs) -> None:
    with system_scope(actor="test"), transaction() as session:
        for party, goods in ((market.supplier, market.lamp), (market.other_supplier, market.chair)):
            session.get_one(SupplierVariant, goods.variants[0]).gtin = "4006381333931"
            assert session.get_one(Supplier, party.id).order_fee == 0
    browser = books.browser(market.retailer)
    product = f"/app/products/{market.lamp.product_id}"
    before = text_of(browser.get(product))
    assert "Order fee" not in before
    ask(market, "3.50")
    listed = market.retailer.api.get("/api/suppliers").json["items"]
    fees = {one["id"]: one["order_fee"]["amount"] for one in listed}
    assert (fees[str(market.supplier.id)], fees[str(market.other_supplier.id)]) == ("3.50", "0.00")
    assert "$3.50" in text_of(browser.get(f"/app/suppliers/{market.supplier.id}"))
    shown = text_of(browser.get(product))
    assert "Order fee, once for each order" in shown and "+ $3.50 order fee" in shown
    # One lamp at 10.00, its shipping at 5.00, and the fee.
    assert "$15.00" in before and "$18.50" in shown
    order = books.paid_order((market.lamp.variants[0], 2))
    told = market.retailer.api.get(f"/api/orders/{order['id']}/routing").json
    (candidate,) = told["lines"][0]["candidates"]
    assert candidate["order_fee"] == {"amount": "3.50", "currency": "USD"}
    page = text_of(browser.get(f"/app/orders/{order['id']}"))
    assert "Supplier's order fee" in page and "+ $3.50 order fee" in page
    assert "Landed cost of the order, with shipping and order fees" in page


def test_it_is_charged_booked_paid_and_given_back_with_the_order_and_stands_on_its_papers(
    market: Market, books: Books, jobs: Jobs
) -> None:
    ask(market, "3.50")
    # Somebody is there to be written to.
    books.browser(market.supplier)
    order = books.paid_order((market.lamp.variants[0], 2))
    row = purchase_order(books, order)
    assert (row["wholesale_total"], row["shipping_cost"], row["order_fee"]) == (2000, 950, 350)
    assert books.taken(order) == [2950]
    assert books.ledger()["goods_to_ship:first"] == -(2950 - row["platform_fee"])
    (mine,) = books.order(order)["purchase_orders"]
    (received,) = market.supplier.api.get("/api/supplier/orders").json["items"]
    for shown in (mine, received):
        assert (shown["shipping_cost"]["amount"], shown["order_fee"]["amount"]) == ("9.50", "3.50")
    supplier = books.browser(market.supplier)
    page = text_of(supplier.get(f"/supplier/purchase-orders/{row['id']}"))
    assert "Your order fee" in page and "$6.00" in page and "$3.50" in page
    with system_scope(actor="test"), transaction() as session:
        (letter,) = [one for one in latest_emails(session) if one.kind == "purchase_order"]
        paper, _table = attachments_of(session, letter.attached)
    assert "Your order fee 3.50 USD" in " ".join(text_in(paper.content).split())
    books.ship(market.supplier, books.purchase_order(order, market.supplier), 1)
    books.ship(market.supplier, books.purchase_order(order, market.supplier), 1)
    jobs.drain()
    earned = books.rows("select * from earnings where purchase_order_id = %s order by id", row["id"])
    assert [(one["goods"], one["shipping"]) for one in earned] == [(1000, 475), (1000, 475)]
    assert books.ledger()["supplier_payable:first"] == -(2950 - row["platform_fee"])
    other = books.paid_order((market.lamp.variants[0], 1))
    assert books.taken(other) == [1000 + 500 + 350]
    books.cancel(other, other["lines"][0])
    assert books.given_back(other) == [1850]


def test_an_order_keeps_the_fee_that_it_was_placed_with(market: Market, books: Books, jobs: Jobs) -> None:
    ask(market, "3.50")
    order = books.paid_order((market.lamp.variants[0], 2))
    ask(market, "9.00")
    row = purchase_order(books, order)
    assert (row["order_fee"], row["shipping_cost"], row["charge_total"]) == (350, 950, 2950)
    home = market.order_body((market.lamp.variants[0], 2))["shipping_address"]
    elsewhere = {**home, "country_code": "DE", "postal_code": "10115", "city": "Berlin"}
    moved = market.retailer.api.put(f"/api/orders/{order['id']}/address", elsewhere)
    assert moved.status_code == 200, moved.text
    row = purchase_order(books, order)
    assert (row["ship_to_country"], row["order_fee"], row["charge_total"]) == ("DE", 350, 2950)
    later = books.paid_order((market.lamp.variants[0], 2))
    assert purchase_order(books, later)["order_fee"] == 900
    assert books.taken(later) == [3500]
