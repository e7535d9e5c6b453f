"""Wholesale prices by quantity from the supplier's side to its account: kept, shown to who may know, charged, paid."""

from __future__ import annotations

import csv
import io
from typing import Any
from uuid import UUID

import pytest

from app import db
from app.catalog.models import SupplierVariant
from tests.flows.books import Books, Json
from tests.market import Market
from tests.stack import Jobs
from tests.web.browsing import text_of


def usd(amount: str) -> dict[str, str]:
    """An amount in dollars."""
    return {"amount": amount, "currency": "USD"}


def tiers(*steps: tuple[int, str]) -> list[dict[str, Any]]:
    """Steps as the API has them."""
    return [{"min_quantity": quantity, "price": usd(price)} for quantity, price in steps]


STEPS = tiers((10, "9.50"), (50, "8.90"))


def stocked(market: Market, units: int = 100) -> None:
    """The supplier has so many lamps."""
    level = {"variant_id": str(market.lamp.variants[0]), "quantity": units}
    answer = market.supplier.api.put(
        f"/api/supplier/products/{market.lamp.product_id}/inventory", {"variants": [level]}
    )
    assert answer.status_code == 200, answer.text


def set_steps(market: Market, steps: list[dict[str, Any]] | None = None) -> Json:
    """The lamp's steps, set by the API; the row's outcome."""
    return set_prices(market, price_tiers=STEPS if steps is None else steps)


def set_prices(market: Market, **told: Any) -> Json:
    """Prices of the lamp, set by the API; the row's outcome."""
    row = {"variant_id": str(market.lamp.variants[0]), **told}
    answer = market.supplier.api.post("/api/supplier/prices/batch", {"items": [row]})
    assert answer.status_code == 200, answer.text
    return dict(answer.json["items"][0])


def kept(market: Market) -> tuple[int, list[tuple[int, int]]]:
    """The lamp's price in cents, and its steps."""
    with db.system_scope(actor="test"), db.transaction() as session:
        row = session.get_one(SupplierVariant, market.lamp.variants[0])
        return row.wholesale_price, [(one["min_quantity"], one["price"]) for one in row.price_tiers]


def lines_of(order: Json) -> list[tuple[int, str]]:
    """Units and price of each line that was routed."""
    return [
        (line["quantity"], line["wholesale_price"]["amount"])
        for purchase_order in order["purchase_orders"]
        for line in purchase_order["lines"]
    ]


@pytest.mark.parametrize(
    ("units", "price"), [((9,), "10.00"), ((10,), "9.50"), ((49,), "9.50"), ((50,), "8.90"), ((6, 4), "9.50")]
)
def test_a_line_costs_what_one_of_the_order_s_units_costs(market: Market, units: tuple[int, ...], price: str) -> None:
    assert set_steps(market)["status"] == "ok"
    stocked(market)
    order = market.place(*((market.lamp.variants[0], one) for one in units), (market.chair.variants[0], 1))
    assert lines_of(order)[: len(units)] == [(one, price) for one in units]
    first = order["purchase_orders"][0]
    cents = sum(units) * int(price.replace(".", ""))
    assert first["wholesale_total"] == usd(f"{cents // 100}.{cents % 100:02}")


def test_a_tiered_order_is_charged_refunded_and_paid_out_to_the_cent(market: Market, jobs: Jobs, books: Books) -> None:
    set_steps(market)
    stocked(market)
    order = books.paid_order((market.lamp.variants[0], 12))
    # Twelve at 9.50, and 5.00 and eleven times 1.00 for the parcel.
    assert books.taken(order) == [11400 + 1600]
    set_prices(market, price_tiers=[], wholesale_price=usd("99.00"))
    # Seven are left, which is below the step; what was sold stays sold at its price.
    lamps = books.purchase_order(order, market.supplier)
    books.answer(market.supplier, lamps, status="rejected", quantity=5, reason="invalid_item")
    jobs.drain()
    refunded = books.given_back(order)
    assert refunded
    books.enough_balance()
    parcel = books.ship(market.supplier, books.purchase_order(order, market.supplier), 7)
    books.arrived(market.supplier, parcel)
    jobs.drain()
    books.later("pay_suppliers", days=7, minutes=1)
    (paid,) = books.transfers(market.supplier)
    left = books.ledger()
    assert "supplier_payable:first" not in left
    # 570 cents of commission for twelve, shared out by the goods: seven twelfths are 332 or 333.
    assert -left["commission"] in (332, 333)
    assert sum(books.taken(order)) == sum(refunded) + paid - left["commission"]
    assert sum(refunded) == 5 * 950 + 667, "and five twelfths of 16.00 for the parcel"


def test_steps_are_told_to_retailers_and_to_nobody_else(market: Market) -> None:
    set_steps(market)
    path = f"/api/suppliers/{market.supplier.id}/products"

    def told(api: Any) -> Any:
        return api.get(path).json["items"][0]["variants"][0]["price_tiers"]

    assert told(market.retailer.api) == STEPS
    assert told(market.supplier.api) == STEPS
    assert told(market.other_supplier.api) is None
    assert set_prices(market, wholesale_price=usd("9.00"))["status"] == "ok"
    assert told(market.retailer.api) == STEPS[1:], "9.50 is no lower price any more"


def test_steps_that_can_not_be_are_refused_row_by_row(market: Market) -> None:
    rising = set_steps(market, tiers((10, "9.50"), (50, "9.60")))
    assert (rising["status"], rising["error"]["field"]) == ("error", "price_tiers[1].price")
    dearer = set_steps(market, tiers((10, "11.00")))
    assert dearer["error"]["field"] == "price_tiers[0].price"
    foreign = set_steps(market, [{"min_quantity": 10, "price": {"amount": "9.00", "currency": "EUR"}}])
    assert foreign["error"]["code"] == "wrong_currency"
    assert kept(market) == (1000, [])
    change = {"variants": [{"sku": market.lamp.skus[0], "price_tiers": tiers((10, "9.50"), (10, "9.00"))}]}
    answer = market.supplier.api.call("PATCH", f"/api/supplier/products/{market.lamp.product_id}", json=change)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == "variants[0].price_tiers[1].min_quantity"
    change["variants"][0]["price_tiers"] = STEPS
    answer = market.supplier.api.call("PATCH", f"/api/supplier/products/{market.lamp.product_id}", json=change)
    assert answer.json["variants"][0]["price_tiers"] == STEPS


def test_the_portal_s_form_keeps_and_takes_away_steps(market: Market, books: Books) -> None:
    set_steps(market, STEPS[:1])
    browser, variant = books.browser(market.supplier), market.lamp.variants[0]
    form = f"/supplier/products/{market.lamp.product_id}/edit"
    more = {f"from-{variant}-1": "50", f"step-{variant}-1": "8,90"}
    assert browser.submit(form, "/edit", **more).status_code == 303
    assert kept(market) == (1000, [(10, 950), (50, 890)])
    shown = text_of(browser.get(f"/supplier/products/{market.lamp.product_id}"))
    assert "from 10: $9.50" in shown
    refused = browser.submit(form, "/edit", **{f"step-{variant}-1": "9.70"})
    assert refused.status_code == 422
    assert "never cost more each" in text_of(refused)
    gone = {f"from-{variant}-0": "", f"step-{variant}-0": ""}
    assert browser.submit(form, "/edit", **gone).status_code == 303
    assert kept(market) == (1000, [(50, 890)])
    assert "from 50: $8.90" in text_of(books.browser(market.retailer).get(f"/app/products/{market.lamp.product_id}"))


def test_a_percentage_moves_steps_and_is_taken_back_with_them(market: Market, books: Books) -> None:
    set_steps(market)
    browser = books.browser(market.supplier)
    page = f"/supplier/products/bulk?product={market.lamp.product_id}&field=wholesale_price&how=percent&value=-10"
    assert "9.00 USD (10=8.55 | 50=8.01)" in text_of(browser.get(page))
    done = browser.submit(page, "/supplier/products/bulk")
    assert kept(market) == (900, [(10, 855), (50, 801)])
    assert browser.submit(done.headers["Location"].split("?")[0], "/undo").status_code == 303
    assert kept(market) == (1000, [(10, 950), (50, 890)])


def test_the_list_comes_back_with_steps_and_a_file_that_changed_them_is_rolled_back(
    market: Market, jobs: Jobs, books: Books
) -> None:
    set_steps(market)
    browser = books.browser(market.supplier)

    def upload(rows: list[dict[str, str]]) -> str:
        out = io.StringIO()
        writer = csv.DictWriter(out, rows[0])
        writer.writeheader()
        writer.writerows(rows)
        sent = browser.submit(
            "/supplier/uploads", "/supplier/uploads", file=(io.BytesIO(out.getvalue().encode()), "list.csv")
        )
        assert sent.status_code == 303, text_of(sent)
        jobs.drain()
        return str(sent.headers["Location"].split("?")[0])

    rows = list(csv.DictReader(io.StringIO(browser.get("/supplier/products/export.csv").text)))
    assert rows[0]["price_tiers"] == "10=9.50 | 50=8.90"
    assert "Unchanged 2" in text_of(browser.get(upload(rows)))
    rows[0]["price_tiers"] = "20=9.00"
    page = upload(rows)
    assert "10=9.50 | 50=8.90 → 20=9.00" in text_of(browser.get(page))
    assert browser.submit(page, "/apply").status_code == 303
    jobs.drain()
    assert kept(market) == (1000, [(20, 900)])
    assert browser.submit(f"{page}/roll-back", "/roll-back").status_code == 303
    jobs.drain()
    assert kept(market) == (1000, [(10, 950), (50, 890)])
    assert UUID(page.rsplit("/", 1)[1])


def test_public_pages_tell_no_step(market: Market) -> None:
    set_steps(market)
    for page in ("/catalogue", f"/catalogue/products/{market.lamp.product_id}"):
        answer = market.app.test_client().get(page, follow_redirects=True)
        assert "9.50" not in answer.text
