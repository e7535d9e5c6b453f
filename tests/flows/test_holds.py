"""Orders that nobody pays: how long their stock waits, what becomes of them, and of money that comes too late."""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests

from app import db
from app.identity.models import Organisation
from app.kit import clock
from app.purchasing.service import place_order
from tests import factories
from tests.flows.books import Books, Json
from tests.market import Market
from tests.stack import Jobs

DECLINED, CONFIRM, GOOD = "pm_card_chargeCustomerFail", "pm_card_authenticationRequired", "pm_card_mastercard"
WHOLE, STRIPE_FEE = 7100, (7100 * 290 + 5000) // 10_000 + 30


def held_order(market: Market, jobs: Jobs, books: Books, card: str) -> Json:
    """An order whose card does not pay."""
    books.use_card(card)
    jobs.drain()
    order = market.place()
    jobs.drain()
    assert books.order(order)["status"] == "ON_HOLD"
    return order


def assert_cancelled_and_free(market: Market, books: Books, order: Json) -> None:
    """The order and its purchase orders are over, and its units can be sold again."""
    seen = books.order(order)
    assert (seen["status"], seen["holds"]) == ("CANCELLED", [])
    assert {one["status"] for one in seen["purchase_orders"]} == {"CANCELLED"}
    assert {line["status"] for line in seen["lines"]} == {"cancelled"}
    assert market.stock(market.lamp.variants[0]) == {"on_hand": 10, "reserved": 0}
    assert market.stock(market.chair.variants[0]) == {"on_hand": 5, "reserved": 0}
    assert books.queue(market.supplier) == books.queue(market.other_supplier) == []


def assert_paid_and_given_back(books: Books, order: Json) -> None:
    """The money came and went; only the processor's fee is lost, and the journal says so."""
    assert books.taken(order) == [WHOLE]
    assert sorted(books.given_back(order)) == [2600, 4500]
    charge = books.charge(order)
    assert (charge["state"], charge["amount"], charge["refunded"]) == ("PAID", WHOLE, WHOLE)
    assert [one["state"] for one in books.refunds(order)] == ["SUCCEEDED", "SUCCEEDED"]
    assert books.ledger() == {"processor_balance": -STRIPE_FEE, "processor_fees": STRIPE_FEE}


def test_an_order_that_is_not_paid_in_time_is_cancelled_and_its_stock_given_back(
    market: Market, jobs: Jobs, books: Books
) -> None:
    order = held_order(market, jobs, books, DECLINED)
    books.later("expire_reservations", hours=71, minutes=59)
    assert books.order(order)["status"] == "ON_HOLD"
    assert market.stock(market.lamp.variants[0])["reserved"] == 2
    books.later("expire_reservations", hours=72, minutes=1)
    assert_cancelled_and_free(market, books, order)
    title = f"Order {order['external_id']} was cancelled"
    assert books.notices(market.retailer) == {"order_lapsed": title}, "and the notice of the hold is put away"
    assert books.letters("order_lapsed") == [title]
    story = books.browser(market.retailer).get(f"/app/orders/{order['id']}").text
    assert "Not paid in time" in story
    assert "The hold is over" not in story
    assert books.charge(order)["state"] == "CANCELLED"
    assert [one["status"] for one in books.payments(order)] == ["canceled"]
    assert jobs.open_tasks() == []


def test_what_lapsed_is_not_charged_by_a_later_card_nor_tried_again(market: Market, jobs: Jobs, books: Books) -> None:
    order = held_order(market, jobs, books, DECLINED)
    books.later("expire_reservations", hours=73)
    told = market.count("timeline_entries"), market.count("stock_movements"), market.count("refunds")
    books.later("expire_reservations", hours=74)
    assert (market.count("timeline_entries"), market.count("stock_movements"), market.count("refunds")) == told
    books.use_card(GOOD)
    jobs.drain()
    books.later("retry_charges", days=9)
    assert books.taken(order) == []
    assert len(books.payments(order)) == 1
    assert_cancelled_and_free(market, books, order)
    assert books.ledger() == {}


def test_a_paid_order_keeps_its_stock_for_ever(market: Market, jobs: Jobs, books: Books) -> None:
    order = books.paid_order()
    books.later("expire_reservations", days=30)
    assert books.order(order)["status"] == "PENDING"
    assert market.stock(market.lamp.variants[0])["reserved"] == 2


def test_an_order_that_waits_for_an_address_gives_its_stock_back_but_stays(
    market: Market, jobs: Jobs, books: Books
) -> None:
    """Nobody was asked to pay yet; it goes on when its address is mended, if there is stock then."""
    order = books.paid_order()
    with db.system_scope(actor="test"), db.transaction() as session:
        retailer = session.get_one(Organisation, market.retailer.id)
        wanted = factories.order_of(
            retailer, {market.lamp.variants[0]: 3}, trouble="hold", ship_to=factories.address(city="")
        )
        held = str(place_order(session, wanted).order_id)
    jobs.drain()
    assert market.stock(market.lamp.variants[0])["reserved"] == 5
    books.later("expire_reservations", hours=73)
    seen = books.order({"id": held})
    assert (seen["status"], [hold["reason"] for hold in seen["holds"]]) == ("ON_HOLD", ["address_incomplete"])
    assert market.stock(market.lamp.variants[0])["reserved"] == 2
    mended = books.browser(market.retailer).submit(
        f"/app/orders/{held}", f"/app/orders/{held}/address", name="Ada", address1="1 Quay", city="London",
        postal_code="SW1Y 4JH", country_code="GB",
    )  # fmt: skip
    assert mended.status_code == 303
    jobs.drain()
    assert books.order({"id": held})["status"] == "PENDING"
    assert market.stock(market.lamp.variants[0])["reserved"] == 5
    assert books.taken({"id": held}) == [3000 + 700]
    assert books.order(order)["status"] == "PENDING"


@pytest.mark.parametrize("told_by", ["hook", "giving_up"])
def test_a_payment_confirmed_too_late_is_booked_and_refunded(
    market: Market, jobs: Jobs, books: Books, told_by: str
) -> None:
    order = held_order(market, jobs, books, CONFIRM)
    url = books.charge(order)["action_url"]
    if told_by == "hook":
        # Confirmed while Stripe could not be told that nobody wants the money any more.
        books.fault("http_503", "/cancel")
        books.later("expire_reservations", hours=73)
        requests.post(url, allow_redirects=False, timeout=5)
        (intent,) = books.payments(order)
        assert books.hook("payment_intent.succeeded", intent) == "charge PAID"
    else:
        # Confirmed just before: giving it up finds it paid.
        requests.post(url, allow_redirects=False, timeout=5)
        books.later("expire_reservations", hours=73)
    jobs.drain(retries=True)
    assert_cancelled_and_free(market, books, order)
    assert_paid_and_given_back(books, order)
    (intent,) = books.payments(order)
    books.hook("payment_intent.succeeded", intent)
    assert_paid_and_given_back(books, order)


def test_after_expiry_the_page_at_the_bank_takes_nothing(market: Market, jobs: Jobs, books: Books) -> None:
    order = held_order(market, jobs, books, CONFIRM)
    url = books.charge(order)["action_url"]
    books.later("expire_reservations", hours=73)
    requests.post(url, allow_redirects=False, timeout=5)
    assert books.taken(order) == []
    assert url not in books.browser(market.retailer).get("/app/billing").text


def test_an_unpaid_order_that_its_retailer_cancels_is_given_up_at_the_bank(
    market: Market, jobs: Jobs, books: Books
) -> None:
    order = held_order(market, jobs, books, CONFIRM)
    url = books.charge(order)["action_url"]
    for line in order["lines"]:
        books.cancel(order, line)
    assert_cancelled_and_free(market, books, order)
    requests.post(url, allow_redirects=False, timeout=5)
    assert books.taken(order) == []
    assert books.ledger() == {}


def test_a_line_cancelled_while_the_bank_waited_is_refunded_when_the_whole_is_paid(
    market: Market, jobs: Jobs, books: Books
) -> None:
    order = held_order(market, jobs, books, CONFIRM)
    url = books.charge(order)["action_url"]
    books.cancel(order, order["lines"][1])
    assert [one["state"] for one in books.refunds(order)] == ["WAIVED"]
    requests.post(url, allow_redirects=False, timeout=5)
    (intent,) = books.payments(order)
    books.hook("payment_intent.succeeded", intent)
    assert (books.taken(order), books.given_back(order)) == ([WHOLE], [4500])
    assert books.ledger() == {
        "processor_balance": 2600 - STRIPE_FEE,
        "processor_fees": STRIPE_FEE,
        "goods_to_ship:first": -2500,
        "commission_to_earn": -100,
    }
    assert books.order(order)["status"] == "PENDING"


def test_a_line_cancelled_while_the_order_waits_is_left_out_of_the_next_charge(
    market: Market, jobs: Jobs, books: Books
) -> None:
    order = held_order(market, jobs, books, DECLINED)
    books.cancel(order, order["lines"][1])
    books.use_card(GOOD)
    jobs.drain()
    assert (books.taken(order), books.given_back(order)) == ([2600], [])
    assert books.ledger()["goods_to_ship:first"] == -2500
    assert "goods_to_ship:second" not in books.ledger()


def test_an_order_cancelled_while_the_answer_is_awaited_is_refunded(market: Market, jobs: Jobs, books: Books) -> None:
    books.fault("timeout_after_commit", "/v1/payment_intents")
    order = market.place()
    jobs.drain()
    assert books.charge(order)["state"] == "SENDING"
    books.later("expire_reservations", hours=73)
    jobs.drain(retries=True)
    assert_cancelled_and_free(market, books, order)
    assert_paid_and_given_back(books, order)


def test_a_decline_that_comes_after_the_cancellation_holds_nothing(market: Market, jobs: Jobs, books: Books) -> None:
    books.use_card(DECLINED)
    jobs.drain()
    books.fault("timeout_after_commit", "/v1/payment_intents")
    order = market.place()
    jobs.drain()
    books.later("expire_reservations", hours=73)
    jobs.drain(retries=True)
    assert_cancelled_and_free(market, books, order)
    assert books.charge(order)["state"] == "CANCELLED"
    books.later("retry_charges", days=2)
    assert jobs.open_tasks() == []
    assert books.ledger() == {}


def test_an_order_paid_just_in_time_is_not_cancelled(market: Market, jobs: Jobs, books: Books) -> None:
    """The reservation had run out when the payment came; whoever takes the order first decides."""
    order = held_order(market, jobs, books, DECLINED)
    books.use_card(GOOD)
    with clock.shifted(timedelta(hours=73)):
        jobs.drain()
        jobs.run_scheduled("expire_reservations")
    assert books.order(order)["status"] == "PENDING"
    assert books.taken(order) == [WHOLE]
    assert market.stock(market.lamp.variants[0])["reserved"] == 2
