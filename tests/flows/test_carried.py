"""What is too little for a charge of its own holds nothing up: it comes in with the retailer's next order, or need not
be paid any more, and the books say so all the while."""

from __future__ import annotations

from app import db
from app.suppliers.models import Supplier
from tests import factories
from tests.flows.books import Books
from tests.flows.deciding import Desk, desk
from tests.market import Market
from tests.stack import Jobs

__all__ = ["desk"]

DECLINED, GOOD = "pm_card_chargeCustomerFail", "pm_card_visa"


def owed(books: Books) -> int:
    """What the ledger says that the retailer owes."""
    return books.ledger().get("retailer_receivable:retailer", 0)


def test_a_difference_too_small_to_charge_holds_and_comes_with_the_next_order(desk: Desk, books: Books) -> None:
    order = desk.buys(2)
    desk.asks(order, "10.20")
    assert [one["state"] for one in desk.decisions(order)] == ["DONE"]
    (one,) = desk.purchase_orders(order, desk.market.supplier)
    assert one["lines"][0]["wholesale_price"]["amount"] == "10.20"
    assert (books.order(order)["holds"], books.taken(order), owed(books)) == ([], [2600], 40)
    assert desk.breaks() == []
    billing = books.browser(desk.market.retailer).get("/app/billing").text
    assert "Taken with your next order" in billing
    assert "$0.40" in billing
    assert "too little for a charge of its own" in desk.story(order)

    following = desk.buys(1)
    assert books.taken(following) == [1500 + 40]
    assert owed(books) == 0
    assert desk.breaks() == []
    assert "With it came $0.40 for earlier orders" in desk.story(following)
    billing = books.browser(desk.market.retailer).get("/app/billing").text
    assert "Taken with your next order" not in billing
    assert "and $0.40 of earlier orders" in billing
    assert books.taken(desk.buys(1)) == [1500], "once"

    books.ship(desk.market.supplier, one, 1)
    desk.answers(order, status="rejected", quantity=1, reason="out_of_stock")
    desk.jobs.drain()
    desk.chooses(order, "refund")
    assert desk.breaks() == []


def test_what_came_with_another_order_goes_back_the_same_way(desk: Desk, books: Books) -> None:
    order = desk.buys(2)
    desk.asks(order, "10.20")
    following = desk.buys(1)
    desk.answers(order, status="rejected", reason="out_of_stock")
    desk.chooses(order, "refund")
    assert books.given_back(order) == [2600]
    assert books.given_back(following) == [40]
    assert desk.breaks() == []
    desk.answers(following, status="rejected", reason="out_of_stock")
    desk.chooses(following, "refund")
    assert sorted(books.given_back(following)) == [40, 1500]
    assert desk.breaks() == []
    assert books.ledger().keys() == {"processor_balance", "processor_fees"}


def test_what_has_not_come_in_need_not_be_paid_once_its_goods_do_not_come(desk: Desk, books: Books) -> None:
    order = desk.buys(2)
    desk.asks(order, "10.20")
    desk.answers(order, status="rejected", reason="out_of_stock")
    desk.chooses(order, "refund")
    assert books.given_back(order) == [2600]
    assert owed(books) == 0
    assert "$0.40 need not be paid any more" in desk.story(order)
    assert desk.breaks() == []
    assert books.taken(desk.buys(1)) == [1500]


def test_an_order_whose_card_is_declined_asks_for_the_same_again(desk: Desk, books: Books) -> None:
    desk.asks(desk.buys(2), "10.20")
    books.use_card(DECLINED)
    desk.jobs.drain()
    following = desk.buys(1)
    assert books.order(following)["status"] == "ON_HOLD"
    books.use_card(GOOD)
    desk.jobs.drain()
    assert books.taken(following) == [1540]
    assert owed(books) == 0
    assert desk.breaks() == []


def test_an_order_that_is_cancelled_unpaid_leaves_it_to_the_next_one(desk: Desk, books: Books) -> None:
    desk.asks(desk.buys(2), "10.20")
    books.use_card(DECLINED)
    desk.jobs.drain()
    following = desk.buys(1)
    books.cancel(following, following["lines"][0])
    assert books.order(following)["status"] == "CANCELLED"
    assert owed(books) == 40
    books.use_card(GOOD)
    desk.jobs.drain()
    assert books.taken(desk.buys(1)) == [1540]
    assert desk.breaks() == []


def test_another_supplier_delivers_though_it_costs_a_little_more(market: Market, jobs: Jobs, books: Books) -> None:
    desk = Desk(market, jobs, books, price="10.10")
    desk.link()
    order = desk.buys(2)
    (one,) = books.rows("select shipping_cost from purchase_orders where order_id = %s", order["id"])
    desk.answers(order, status="rejected", reason="out_of_stock")
    (instead,) = desk.purchase_orders(order, market.other_supplier)
    row = books.row("select shipping_cost, released_at from purchase_orders where id = %s", instead["id"])
    more = 20 + row["shipping_cost"] - one["shipping_cost"]
    assert 0 < more < 50, "too little for a charge"
    assert row["released_at"] is not None
    assert (books.taken(order), owed(books)) == ([2600], more)
    assert desk.breaks() == []


def test_an_order_that_is_too_small_as_a_whole_goes_on(market: Market, jobs: Jobs, books: Books, desk: Desk) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        ours = session.get_one(Supplier, market.supplier.id)
        (pin,) = factories.product(session, ours, title="Pin", wholesale="0.30", stock=5)
    body = market.order_body((pin, 1))
    answer = market.retailer.api.post("/api/orders", body)
    assert answer.status_code == 201
    with db.system_scope(actor="test"), db.transaction() as session:
        session.connection().exec_driver_sql(
            "update purchase_orders set shipping_cost = 0, charge_total = 30 where order_id = %s", (answer.json["id"],)
        )
    jobs.drain()
    order = books.order(dict(answer.json))
    assert (order["holds"], books.taken(order), owed(books)) == ([], [], 30)
    assert [one["id"] for one in books.queue(market.supplier)] == [order["purchase_orders"][0]["id"]]
    assert desk.breaks() == []
    assert books.taken(desk.buys(1)) == [1530]
    assert owed(books) == 0
    assert desk.breaks() == []
