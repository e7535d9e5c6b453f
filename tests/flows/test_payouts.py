"""From delivery to the supplier's account: the dispute window, transfers once, and what they wait for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import requests

from app.kit import clock
from tests.flows.books import Books, Json
from tests.flows.carriers import change
from tests.market import Market
from tests.simulators.process import SimulatorProcess, free_port, spawn
from tests.stack import Jobs
from tests.web.browsing import text_of

WHOLE, STRIPE_FEE = 7100, (7100 * 290 + 5000) // 10_000 + 30
#: Two lamps, 20.00 and 6.00 shipping, less 5 % of the goods.
LAMPS = 2500


@pytest.fixture(scope="module")
def carrier() -> Iterator[SimulatorProcess]:
    """The simulated carrier."""
    with spawn("tests.simulators.carrier", [], free_port()) as process:
        yield process


def shipped_lamps(market: Market, jobs: Jobs, books: Books, *, number: str | None = None) -> tuple[Json, Json]:
    """A paid order whose lamps have left, and their parcel."""
    order = books.paid_order()
    parcel = books.ship(market.supplier, books.purchase_order(order, market.supplier), 2, number=number)
    jobs.drain()
    return order, parcel


def delivered_lamps(market: Market, jobs: Jobs, books: Books) -> Json:
    """The same, arrived."""
    order, parcel = shipped_lamps(market, jobs, books)
    books.arrived(market.supplier, parcel)
    jobs.drain()
    return order


def earning(books: Books, market: Market) -> Json:
    """The one earning of the first supplier."""
    return books.row("select * from earnings where supplier_id = %s", market.supplier.id)


def payouts(books: Books, market: Market) -> list[Json]:
    """The first supplier's payouts."""
    return books.rows("select * from payouts where supplier_id = %s order by id", market.supplier.id)


def test_an_order_to_its_end_to_the_cent(market: Market, jobs: Jobs, books: Books) -> None:
    books.enough_balance()
    order = delivered_lamps(market, jobs, books)
    chairs = books.purchase_order(order, market.other_supplier)
    assert books.ledger() == {
        "processor_balance": WHOLE - STRIPE_FEE,
        "processor_fees": STRIPE_FEE,
        "supplier_payable:first": -LAMPS,
        "goods_to_ship:second": -4300,
        "commission_to_earn": -200,
        "commission": -100,
    }
    parcel = books.ship(market.other_supplier, chairs, 1)
    books.arrived(market.other_supplier, parcel)
    jobs.drain()
    assert books.order(order)["status"] == "DELIVERED"
    books.later("pay_suppliers", days=7, minutes=1)
    assert books.transfers(market.supplier) == [LAMPS]
    assert books.transfers(market.other_supplier) == [4300]
    rest = WHOLE - STRIPE_FEE - LAMPS - 4300
    assert books.ledger() == {"processor_balance": rest, "processor_fees": STRIPE_FEE, "commission": -300}
    assert rest == 300 - STRIPE_FEE, "our commission less what Stripe keeps"
    page = books.browser(market.supplier).get("/supplier/statements").text
    assert "25.00" in page


def test_the_window_is_kept_to_the_second_and_the_transfer_made_once(market: Market, jobs: Jobs, books: Books) -> None:
    delivered_lamps(market, jobs, books)
    books.enough_balance()
    due = earning(books, market)["payable_at"]
    delivered = books.row("select delivered_at from shipments where supplier_id = %s", market.supplier.id)
    assert due - delivered["delivered_at"] == timedelta(days=7)
    with clock.shifted(due - clock.now() - timedelta(seconds=1)):
        jobs.run_scheduled("pay_suppliers")
    assert books.transfers(market.supplier) == []
    assert earning(books, market)["state"] == "HELD"
    with clock.shifted(due - clock.now() + timedelta(seconds=1)):
        for _ in range(2):
            jobs.run_scheduled("pay_suppliers")
    assert books.transfers(market.supplier) == [LAMPS]
    assert [one["state"] for one in payouts(books, market)] == ["PAID"]
    books.later("pay_suppliers", days=30)
    assert books.transfers(market.supplier) == [LAMPS]
    assert "supplier_payable:first" not in books.ledger()


def test_what_has_not_arrived_is_not_paid(market: Market, jobs: Jobs, books: Books) -> None:
    shipped_lamps(market, jobs, books)
    books.enough_balance()
    books.later("pay_suppliers", days=60)
    assert books.transfers(market.supplier) == []
    assert books.ledger()["supplier_payable:first"] == -LAMPS


def test_the_carrier_tells_of_the_delivery(
    market: Market, jobs: Jobs, books: Books, carrier: SimulatorProcess, set_up: Callable[..., None]
) -> None:
    set_up(simulated_carrier_url=carrier.url)
    number = requests.post(f"{carrier.url}/labels", timeout=5).json()["number"]
    order, _ = shipped_lamps(market, jobs, books, number=number)
    for polled, status in enumerate(("in_transit", "delivered", "delivered"), start=1):
        requests.post(f"{carrier.url}/_sim/parcels/{number}/advance", json={"to": status}, timeout=5)
        books.later("poll_tracking", hours=polled, minutes=5 * polled)
        if status == "in_transit":
            assert earning(books, market)["payable_at"] is None
    assert books.purchase_order(order, market.supplier)["status"] == "DELIVERED"
    due = earning(books, market)["payable_at"]
    assert abs(due - clock.now() - timedelta(days=7)) < timedelta(minutes=1)
    books.enough_balance()
    books.later("pay_suppliers", days=6, hours=23, minutes=50)
    assert books.transfers(market.supplier) == []
    books.later("pay_suppliers", days=7, minutes=10)
    assert books.transfers(market.supplier) == [LAMPS]


def test_marking_as_delivered_again_does_not_move_the_window(market: Market, jobs: Jobs, books: Books) -> None:
    _, parcel = shipped_lamps(market, jobs, books)
    books.arrived(market.supplier, parcel)
    jobs.drain()
    due = earning(books, market)["payable_at"]
    books.press(market.supplier, f"/supplier/shipments/{parcel['id']}/delivered")
    jobs.drain()
    assert earning(books, market)["payable_at"] == due
    assert market.count("earnings") == 1
    stranger = books.press(market.other_supplier, f"/supplier/shipments/{parcel['id']}/delivered")
    assert stranger.status_code == 404


def test_what_its_supplier_alone_calls_delivered_is_paid_only_some_time_after_the_promised_day(
    market: Market, jobs: Jobs, books: Books
) -> None:
    _, parcel = shipped_lamps(market, jobs, books)
    promised = clock.now().date() + timedelta(days=20)
    change("update shipments set estimated_to = %s", promised)
    books.said_arrived(market.supplier, parcel)
    jobs.drain()
    due = earning(books, market)["payable_at"]
    # The promised day is over, then come the grace and the window.
    assert due.date() == promised + timedelta(days=1 + 5 + 7)
    path, api = f"/api/shipments/{parcel['id']}/arrived", market.retailer.api
    theirs = text_of(books.browser(market.supplier).get(f"/supplier/parcels/{parcel['id']}"))
    assert "Only you say that it has arrived." in theirs and "you are paid for it after" in theirs
    page = f"/app/parcels/{parcel['id']}"
    browser = books.browser(market.retailer)
    said = text_of(browser.get(page))
    assert "Only its supplier says that it has arrived. Say so, too, if it has" in said
    assert "its supplier is then paid sooner than after" in said
    assert market.other_retailer.api.post(path, {}).status_code == 404
    assert browser.submit(page, f"{page}/arrived").status_code == 303
    told = api.post(path, {})
    assert (told.status_code, told.json["arrival_told_by"]) == (200, "retailer"), "twice is once"
    jobs.drain()
    due = earning(books, market)["payable_at"]
    assert abs(due - clock.now() - timedelta(days=7)) < timedelta(minutes=1)
    assert "Only its supplier says" not in text_of(browser.get(page))
    books.press(market.supplier, f"/supplier/shipments/{parcel['id']}/delivered")
    jobs.drain()
    assert earning(books, market)["payable_at"] == due, "its own word changes nothing any more"


def test_parcels_are_earned_and_paid_each_for_itself(market: Market, jobs: Jobs, books: Books) -> None:
    order = books.paid_order((market.lamp.variants[0], 3))
    lamps = books.purchase_order(order, market.supplier)
    first = books.ship(market.supplier, lamps, 1)
    books.ship(market.supplier, lamps, 2)
    jobs.drain()
    books.arrived(market.supplier, first)
    jobs.drain()
    books.enough_balance()
    books.later("pay_suppliers", days=8)
    # A third of 30.00 and of 7.00 shipping, less a third of 1.50.
    assert books.transfers(market.supplier) == [1000 + 233 - 50]
    assert books.ledger()["supplier_payable:first"] == -(2000 + 467 - 100)


def test_without_a_ready_account_the_money_waits(market: Market, jobs: Jobs, books: Books) -> None:
    books.row("delete from payout_accounts where supplier_id = %s returning account_ref", market.supplier.id)
    delivered_lamps(market, jobs, books)
    books.enough_balance()
    books.later("pay_suppliers", days=8)
    assert earning(books, market)["state"] == "PAYABLE"
    assert payouts(books, market) == []
    # The supplier opens its account on its page, and answers Stripe's questions.
    away = books.browser(market.supplier).submit("/supplier/statements", "/supplier/statements/account")
    assert away.status_code == 303
    made = books.row("select account_ref, capability from payout_accounts where supplier_id = %s", market.supplier.id)
    assert made["capability"] == "pending"
    books.later("pay_suppliers", days=8)
    assert payouts(books, market) == []
    books.lever(f"accounts/{made['account_ref']}/onboard")
    thin = {
        "id": "evt_thin_ready",
        "object": "v2.core.event",
        "type": "v2.core.account[configuration.recipient].capability_status_updated",
        "created": clock.iso(clock.now()),
        "related_object": {"id": made["account_ref"], "type": "v2.core.account", "url": "/v2/core/accounts/x"},
    }
    assert books.send(thin).status_code == 200
    jobs.drain()
    assert books.outcome(thin) == "account active"
    books.later("pay_suppliers", days=8, minutes=1)
    assert books.transfers(market.supplier) == [LAMPS]


def test_a_transfer_waits_for_money_that_is_not_there_yet(market: Market, jobs: Jobs, books: Books) -> None:
    delivered_lamps(market, jobs, books)
    books.drained_balance()
    books.later("pay_suppliers", days=8)
    (held,) = payouts(books, market)
    assert (held["state"], held["attempt"]) == ("HELD", 1)
    assert "not available at our bank yet" in held["failure"]
    assert books.notices(market.supplier)["payout_held"] == "A payout is held"
    assert books.ledger()["supplier_payable:first"] == -LAMPS
    books.later("pay_suppliers", days=8, seconds=30)
    assert payouts(books, market)[0]["attempt"] == 1, "not at every tick"
    books.later("pay_suppliers", days=8, minutes=16)
    (held,) = payouts(books, market)
    assert (held["state"], held["attempt"]) == ("HELD", 2)
    assert books.transfers(market.supplier) == []
    books.enough_balance()
    books.later("pay_suppliers", days=8, minutes=40)
    assert books.transfers(market.supplier) == [LAMPS]
    assert [one["state"] for one in payouts(books, market)] == ["PAID"]
    assert "payout_held" not in books.notices(market.supplier)
    assert "supplier_payable:first" not in books.ledger()


def test_an_account_that_stripe_refuses_is_tried_again_once_it_changed(
    market: Market, jobs: Jobs, books: Books
) -> None:
    delivered_lamps(market, jobs, books)
    books.enough_balance()
    account = books.row("select account_ref from payout_accounts where supplier_id = %s", market.supplier.id)
    books.lever(f"accounts/{account['account_ref']}/onboard", status="restricted")
    books.later("pay_suppliers", days=8)
    (held,) = payouts(books, market)
    assert held["state"] == "HELD"
    assert "needs something from you" in held["failure"]
    books.lever(f"accounts/{account['account_ref']}/onboard", status="active")
    with clock.shifted(timedelta(days=8, minutes=1)):
        changed = {
            "id": "evt_thin_again",
            "object": "v2.core.event",
            "type": "v2.core.account[requirements].updated",
            "created": clock.iso(clock.now()),
            "related_object": {"id": account["account_ref"], "type": "v2.core.account", "url": "/v2/core/accounts/x"},
        }
        assert books.send(changed).status_code == 200
        jobs.drain()
        jobs.run_scheduled("pay_suppliers")
    assert books.transfers(market.supplier) == [LAMPS]


@pytest.mark.parametrize("fault", ["timeout_before", "timeout_after_commit"])
def test_a_transfer_whose_answer_is_lost_is_made_once(market: Market, jobs: Jobs, books: Books, fault: str) -> None:
    delivered_lamps(market, jobs, books)
    books.enough_balance()
    books.fault(fault, "/v1/transfers")
    books.later("pay_suppliers", days=8)
    assert [one["state"] for one in payouts(books, market)] == ["SENDING"]
    with clock.shifted(timedelta(days=8)):
        jobs.drain(retries=True)
    assert books.transfers(market.supplier) == [LAMPS]
    assert [one["state"] for one in payouts(books, market)] == ["PAID"]
    assert "supplier_payable:first" not in books.ledger()


def test_a_payout_that_was_forgotten_is_asked_about_again(market: Market, jobs: Jobs, books: Books) -> None:
    """Its task is gone for good; the schedule finds it, and finds the transfer that was made."""
    delivered_lamps(market, jobs, books)
    books.enough_balance()
    books.fault("timeout_after_commit", "/v1/transfers")
    books.later("pay_suppliers", days=8)
    books.rows("delete from tasks where job = 'send_payout' returning 1")
    books.later("pay_suppliers", days=8, minutes=1)
    assert [one["state"] for one in payouts(books, market)] == ["SENDING"]
    books.later("pay_suppliers", days=8, minutes=3)
    assert [one["state"] for one in payouts(books, market)] == ["PAID"]
    assert books.transfers(market.supplier) == [LAMPS]
