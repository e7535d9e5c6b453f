"""The nightly comparison: quiet on a clean book, and what it finds when somebody moves money or rows by hand; and
hooks that never came."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import psycopg2
import pytest
import requests

from app.kit import clock
from tests.flows.books import Books, Json
from tests.market import STRIPE_KEY, Market
from tests.simulators.process import SimulatorProcess, free_port, spawn
from tests.stack import Jobs

WHOLE, STRIPE_FEE = 7100, (7100 * 290 + 5000) // 10_000 + 30


@pytest.fixture(scope="module")
def own_stripe() -> Iterator[SimulatorProcess]:
    """A Stripe of this module's own, whose money is available at once."""
    with spawn("tests.simulators.stripe", ["--secret-key", STRIPE_KEY, "--bypass-pending"], free_port()) as process:
        yield process


@pytest.fixture
def stripe_simulator(own_stripe: SimulatorProcess) -> SimulatorProcess:
    """In place of the one of all tests."""
    return own_stripe


def night(books: Books, *, days: int = 1) -> dict[str, int]:
    """The night comes: what is found, kind → difference in minor units."""
    with clock.shifted(timedelta(days=days)):
        books.jobs.run_scheduled("copy_balance")
        books.jobs.run_scheduled("reconcile_books")
    found = books.rows("select kind, amount from reconciliation_breaks where state = 'OPEN'")
    assert len({row["kind"] for row in found}) == len(found)
    return {row["kind"]: row["amount"] for row in found}


def shown(books: Books) -> str:
    """What the platform's people see."""
    return books.browser(books.market.admin).get("/console/reconciliation").text


def by_hand(database_url: str, *statements: str) -> None:
    """Somebody with the database's own rights, past triggers and services."""
    connection = psycopg2.connect(database_url)
    with connection, connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)
            assert cursor.rowcount, statement
    connection.close()


def everything_that_happens(market: Market, jobs: Jobs, books: Books) -> Json:
    """An order with a refund, a refund that failed, a delivery and a payout, and one that was paid too late."""
    order = books.paid_order()
    lamps = books.purchase_order(order, market.supplier)
    books.answer(market.supplier, lamps, status="rejected", quantity=1, reason="invalid_item")
    chairs = books.purchase_order(order, market.other_supplier)
    books.answer(market.other_supplier, chairs, status="rejected", reason="other")
    jobs.drain()
    failed = books.refunds(order)[-1]["processor_ref"]
    books.lever(f"refunds/{failed}/fail")
    books.hook("refund.failed", books.at_stripe("refund", id=failed)[0])
    parcel = books.ship(market.supplier, lamps, 1)
    books.arrived(market.supplier, parcel)
    jobs.drain()
    books.later("pay_suppliers", days=7, minutes=1)
    assert books.transfers(market.supplier) == [1250]
    return order


def test_a_clean_book_is_quiet(market: Market, jobs: Jobs, books: Books) -> None:
    everything_that_happens(market, jobs, books)
    assert night(books, days=8) == {}
    assert night(books, days=9) == {}
    assert "There is no such difference" in shown(books)
    assert "reconciliation" not in books.notices(market.admin)
    assert market.count("reconciliation_runs") == 2


def test_payments_that_came_too_late_leave_a_clean_book(market: Market, jobs: Jobs, books: Books) -> None:
    books.fault("timeout_after_commit", "/v1/payment_intents")
    order = market.place()
    jobs.drain()
    books.later("expire_reservations", hours=73)
    jobs.drain(retries=True)
    assert books.given_back(order) != []
    # It may have been charged and given back within the hours that passed.
    assert night(books, days=4) == {}


def test_a_refund_that_failed_at_once_leaves_a_clean_book(market: Market, jobs: Jobs, books: Books) -> None:
    books.use_card("pm_card_refundFail")
    jobs.drain()
    order = books.paid_order()
    books.cancel(order, order["lines"][1])
    assert [one["state"] for one in books.refunds(order)] == ["FAILED"]
    assert night(books) == {}


def test_a_charge_made_by_hand_is_found_and_shown_while_it_is_there(market: Market, jobs: Jobs, books: Books) -> None:
    books.paid_order()
    profile = books.row("select * from payment_profiles where retailer_id = %s", market.retailer.id)
    books.by_hand(
        "/v1/payment_intents",
        amount=1000, currency="usd", customer=profile["customer_ref"], payment_method=profile["method_ref"],
        confirm="true", off_session="true",
    )  # fmt: skip
    assert night(books) == {"not_in_ledger": 1000 - 59}
    (charge, _) = books.at_stripe("charge")
    page = shown(books)
    assert charge["id"] in page
    assert "$9.41" in page
    assert books.notices(market.admin)["reconciliation"] == "1 differences in the books"
    assert night(books) == {"not_in_ledger": 1000 - 59}
    assert market.count("reconciliation_breaks") == 1, "one break, however many nights it is seen"


def test_money_that_stripe_took_back_without_telling_is_found(market: Market, jobs: Jobs, books: Books) -> None:
    order = books.paid_order()
    books.cancel(order, order["lines"][1])
    reference = books.refunds(order)[0]["processor_ref"]
    books.lever(f"refunds/{reference}/fail")
    # The hook is lost: the ledger still says that 45.00 were given back.
    assert night(books) == {"amount_differs": 4500}
    assert reference in shown(books)
    # It comes after all, and the break is over by itself.
    books.hook("refund.failed", books.at_stripe("refund", id=reference)[0])
    assert night(books) == {}
    assert "reconciliation" not in books.notices(market.admin)
    closed = books.row("select state, closed_at from reconciliation_breaks")
    assert closed["state"] == "FIXED"
    assert closed["closed_at"] is not None


def test_hooks_that_never_came_are_read_and_handled_once(market: Market, jobs: Jobs, books: Books) -> None:
    books.use_card("pm_card_authenticationRequired")
    jobs.drain()
    order = market.place()
    jobs.drain()
    requests.post(books.charge(order)["action_url"], allow_redirects=False, timeout=5)
    assert books.order(order)["status"] == "ON_HOLD"
    jobs.run_scheduled("catch_up_payments")
    assert books.order(order)["status"] == "PENDING"
    assert books.taken(order) == [WHOLE]
    kept = market.count("inbox_messages")
    # It comes late after all, and the next look finds the same.
    (intent,) = books.payments(order)
    assert books.send(books.told("payment_intent.succeeded", intent["id"])).status_code == 200
    jobs.run_scheduled("catch_up_payments")
    assert market.count("inbox_messages") == kept
    assert market.count("journal_entries") == 1
    assert night(books) == {}


def test_a_dispute_is_seen(market: Market, jobs: Jobs, books: Books) -> None:
    order = books.paid_order()
    books.lever(f"charges/{books.charge(order)['charge_ref']}/dispute")
    assert night(books) == {"not_in_ledger": -WHOLE - 1500}
    assert books.at_stripe("dispute")[0]["id"] in shown(books)


def test_a_paid_order_without_its_entry_is_found(market: Market, jobs: Jobs, books: Books, database_url: str) -> None:
    """The whole entry of a charge is gone: Stripe has money that is nobody's, and suppliers are owed goods."""
    order = books.paid_order((market.chair.variants[0], 1))
    net = 4500 - 131 - 30
    by_hand(database_url, "delete from postings", "delete from journal_entries")
    assert night(books) == {"not_in_ledger": net, "goods_to_ship_differs": -4300}
    page = shown(books)
    assert str(market.other_supplier.id) in page
    assert books.charge(order)["charge_ref"] in page


def test_an_entry_that_does_not_balance_is_found(market: Market, jobs: Jobs, books: Books, database_url: str) -> None:
    books.paid_order((market.chair.variants[0], 1))
    at_stripe = "account_id = (select id from ledger_accounts where kind = 'processor_balance')"
    by_hand(database_url, f"update postings set amount = amount + 1 where {at_stripe}")
    assert night(books) == {"entry_unbalanced": 0, "amount_differs": -1}
    by_hand(database_url, f"update postings set amount = amount - 1 where {at_stripe}")
    assert night(books) == {}


def test_a_reservation_that_disagrees_is_found(market: Market, jobs: Jobs, books: Books, database_url: str) -> None:
    books.paid_order((market.lamp.variants[0], 2))
    wrong = f"where variant_id = '{market.lamp.variants[0]}'"
    by_hand(database_url, f"update inventory_levels set reserved = 3 {wrong}")
    assert night(books) == {"reserved_differs": 0}
    level = books.row(f"select id from inventory_levels {wrong}")
    assert str(level["id"]) in shown(books)
    by_hand(database_url, f"update inventory_levels set reserved = 2 {wrong}")
    assert night(books) == {}


def test_a_paid_order_that_no_supplier_got_is_found(
    market: Market, jobs: Jobs, books: Books, database_url: str
) -> None:
    order = books.paid_order((market.chair.variants[0], 1))
    mine = f"where order_id = '{order['id']}'"
    by_hand(database_url, f"update purchase_orders set released_at = null {mine}")
    assert night(books) == {"paid_not_released": 4500}
    by_hand(database_url, f"update purchase_orders set released_at = now() {mine}")


def test_a_parcel_that_nobody_earned_is_found(market: Market, jobs: Jobs, books: Books, database_url: str) -> None:
    order = books.paid_order((market.chair.variants[0], 1))
    books.ship(market.other_supplier, books.purchase_order(order, market.other_supplier), 1)
    jobs.drain()
    by_hand(database_url, "delete from earnings")
    assert night(books) == {
        "shipped_not_earned": 0,
        "goods_to_ship_differs": -4300,
        "payable_differs": 4300,
    }


def test_what_is_on_its_way_from_one_book_to_the_other_is_no_difference(
    market: Market, jobs: Jobs, books: Books
) -> None:
    """A charge that Stripe has and we have not heard of yet is left its time."""
    books.fault("timeout_after_commit", "/v1/payment_intents")
    market.place()
    jobs.drain()
    jobs.run_scheduled("copy_balance")
    jobs.run_scheduled("reconcile_books")
    assert books.rows("select kind from reconciliation_breaks") == []
    assert night(books) == {"not_in_ledger": WHOLE - STRIPE_FEE}
    jobs.drain(retries=True)
    assert night(books) == {}
