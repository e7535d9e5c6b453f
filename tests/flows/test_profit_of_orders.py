"""What a retailer earns on an order, on the order's page: what its customer paid for our lines less what they cost."""

from __future__ import annotations

from datetime import timedelta

from bs4 import BeautifulSoup

from app.kit import clock
from tests.flows.books import Books, Json
from tests.flows.deciding import RULES
from tests.market import Market
from tests.stack import Jobs
from tests.web.pages.test_settings import member


def profit(market: Market, order: Json, role: str = "retailer_owner") -> str | None:
    """The page's words about it; None where it says nothing."""
    browser, _ = member(market, "retailer", role)
    page = browser.get(f"/app/orders/{order['id']}")
    assert page.status_code == 200
    sections = BeautifulSoup(page.text, "html.parser").select("section")
    found = [one for one in sections if (head := one.select_one("h2")) and head.text == "Your profit"]
    return " ".join(found[0].get_text(" ").split()).split("store. ")[1] if found else None


def test_an_order_tells_what_is_left_of_it(market: Market, jobs: Jobs, books: Books) -> None:
    order = books.paid_order()
    assert books.taken(order) == [7100]
    assert profit(market, order) == "Your customer paid $75.00 Cost, with shipping $71.00 Profit $4.00"
    books.cancel(order, order["lines"][1])
    assert books.given_back(order) == [4500]
    assert profit(market, order) == "Your customer paid $50.00 Cost, with shipping $26.00 Profit $24.00"


def test_what_is_not_decided_yet_is_left_out_and_said_to_be(market: Market, jobs: Jobs, books: Books) -> None:
    market.retailer.api.put("/api/answer-rules", {**RULES, "reroute_rejected": False})
    order = books.paid_order()
    lamps = books.purchase_order(order, market.supplier)
    (line,) = lamps["lines"]
    said = {"lines": [{"line_id": line["id"], "status": "rejected", "reason": "out_of_stock"}]}
    assert market.supplier.api.post(f"/api/supplier/orders/{lamps['id']}/acknowledge", said).status_code == 200
    jobs.drain()
    assert profit(market, order) == (
        "Your customer paid $25.00 Cost, with shipping $45.00 Profit so far -$20.00 Provisional: 2 units are not "
        "decided yet and are left out here: $50.00 that your customer paid, and $26.00 of the cost."
    )
    path = f"/api/orders/{order['id']}/profit"
    told = market.retailer.api.get(path).json
    assert (told["provisional"], told["undecided"]["units"], told["profit"]["amount"]) == (True, 2, "-20.00")
    assert market.other_retailer.api.get(path).status_code == 404
    (decision,) = market.retailer.api.get(f"/api/orders/{order['id']}/decisions").json["items"]
    market.retailer.api.post(f"/api/orders/{order['id']}/decisions/{decision['id']}", {"choice": "refund"})
    with clock.shifted(timedelta(minutes=3)):
        jobs.run_scheduled("watch_decisions")
    assert profit(market, order) == "Your customer paid $25.00 Cost, with shipping $45.00 Profit -$20.00"
    told = market.retailer.api.get(path).json
    assert (told["provisional"], told["undecided"], told["profit"]["amount"]) == (False, None, "-20.00")


def test_what_is_not_known_is_not_counted_as_nothing(market: Market, jobs: Jobs, books: Books) -> None:
    body = market.order_body()
    del body["lines"][0]["retail_price"]
    order = market.retailer.api.post("/api/orders", body).json
    jobs.drain()
    shown = profit(market, order)
    assert shown is not None
    assert shown.startswith("Your customer paid not known Cost, with shipping $")
    assert shown.endswith("Profit not known")


def test_who_may_not_see_money_does_not_see_it(market: Market, jobs: Jobs, books: Books) -> None:
    order = books.paid_order()
    assert profit(market, order, "retailer_readonly") is not None
    assert profit(market, order, "retailer_fulfilment") is None
