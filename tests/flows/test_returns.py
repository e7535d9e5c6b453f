"""Goods coming back: from the request to the refund, in states, stock, books and at the processor."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import Any
from uuid import UUID

import psycopg2
import pytest

from app import db
from app.settlement.service import book_credit_memo
from app.suppliers.service.onboarding import RETURN_REASONS, PostalAddress, ReturnTerms, save_returns
from tests.flows.books import Books, Json
from tests.market import Market, Party
from tests.processes import wait_for_lock
from tests.stack import Jobs
from tests.web.browsing import text_of

WHOLE, STRIPE_FEE = 7100, (7100 * 290 + 5000) // 10_000 + 30


def delivered(market: Market, jobs: Jobs, books: Books) -> Json:
    """A paid order whose two lamps arrived; the lamps' purchase order."""
    order = books.paid_order()
    parcel = books.ship(market.supplier, books.purchase_order(order, market.supplier), 2)
    books.arrived(market.supplier, parcel)
    jobs.drain()
    return books.purchase_order(order, market.supplier) | {"order": order}


def policy(market: Market, **changes: Any) -> None:
    """The first supplier's terms."""
    terms: dict[str, Any] = {
        "window_days": 30,
        "restocking_bps": 1500,
        "payers": dict.fromkeys(RETURN_REASONS, "supplier"),
    }
    with db.tenant_scope(market.supplier.id, actor="test"), db.transaction() as session:
        where = PostalAddress(address1="Dock 4", city="Bremen", postal_code="28195", country_code="DE")
        save_returns(session, market.supplier.id, ReturnTerms(**{**terms, **changes}, address=where))


def asked(market: Market, lamps: Json, units: int = 1, reason: str = "changed_mind") -> Json:
    """The retailer asks for lamps to be taken back."""
    body = {
        "purchase_order_id": lamps["id"],
        "reason": reason,
        "lines": [{"line_id": lamps["lines"][0]["id"], "quantity": units}],
    }
    answer = market.retailer.api.post("/api/returns", body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json)


def act(party: Party, row: Json, verb: str, body: Json | None = None, *, status: int = 200) -> Json:
    """One of the parties does something with a return."""
    area = "/api/returns" if verb in ("ship", "cancel") else "/api/supplier/returns"
    answer = party.api.post(f"{area}/{row['id']}/{verb}", body or {})
    assert answer.status_code == status, answer.text
    return dict(answer.json)


def checked(market: Market, row: Json, **found: Any) -> Json:
    """The goods came in and were looked at."""
    act(market.supplier, row, "receive")
    units = row["lines"][0]["quantity"]
    line = {"received": units, "accepted": units, "condition": "as_new", "restock": True, **found}
    return act(market.supplier, row, "inspect", {"lines": [{"line_id": row["lines"][0]["id"], **line}]})


def state(market: Market, row: Json) -> str:
    """The state of a return as its retailer sees it."""
    return str(market.retailer.api.get(f"/api/returns/{row['id']}").json["state"])


def test_a_return_goes_from_the_request_to_the_refund_to_the_cent(market: Market, jobs: Jobs, books: Books) -> None:
    policy(market)
    lamps = delivered(market, jobs, books)
    before = market.stock(market.lamp.variants[0])
    row = asked(market, lamps)
    number = lamps["number"].split("-")[0]
    assert (row["number"], row["state"], row["policy_version"]) == (f"R-{number}-1", "REQUESTED", 1)
    assert act(market.supplier, row, "approve")["state"] == "APPROVED"
    sent = {"carrier": "DHL", "tracking_number": "00340434161094042557"}
    assert act(market.retailer, row, "ship", sent)["state"] == "IN_TRANSIT"
    assert checked(market, row)["state"] == "INSPECTED"
    assert market.stock(market.lamp.variants[0])["on_hand"] == before["on_hand"] + 1
    credited = act(market.supplier, row, "credit")
    assert credited["state"] == "CREDITED"
    memo = credited["credit_memo"]
    assert (memo["number"], memo["goods"]["amount"], memo["restocking_fee"]["amount"], memo["amount"]["amount"]) == (
        f"CM-{number}-1",
        "10.00",
        "1.50",
        "8.50",
    )
    jobs.drain()
    assert books.given_back(lamps["order"]) == [850]
    # Half of the goods, less what is kept: 8.50 of 20.00, and with it 42.5 % of our fee of 1.00.
    assert books.ledger() == {
        "processor_balance": WHOLE - STRIPE_FEE - 850,
        "processor_fees": STRIPE_FEE,
        "supplier_payable:first": -(2500 - 850 + 43),
        "goods_to_ship:second": -4300,
        "commission_to_earn": -200,
        "commission": -(100 - 43),
    }
    done = market.retailer.api.get(f"/api/returns/{row['id']}").json
    assert (done["state"], done["credit_memo"]["refund"]["amount"]) == ("CLOSED", "8.50")
    assert done["credit_memo"]["refunded_at"] is not None
    assert books.order(lamps["order"])["status"] != "RETURNED"
    page = books.browser(market.retailer).get(f"/app/orders/{lamps['order']['id']}").text
    assert f"$8.50 of goods are credited for return {row['number']}." in page
    # All of it again, by hand and by machine, gives nothing more.
    act(market.supplier, row, "credit")
    jobs.drain()
    assert books.given_back(lamps["order"]) == [850]
    books.jobs.run_scheduled("reconcile_books")
    assert books.rows("select kind from reconciliation_breaks where state = 'OPEN'") == []


def test_each_side_is_told_once_of_what_the_other_did(market: Market, jobs: Jobs, books: Books) -> None:
    lamps = delivered(market, jobs, books)
    row = asked(market, lamps)
    jobs.drain()
    said, _by, until = books.notices(market.supplier)["return"].partition(": decide by ")
    assert said == f"Return {row['number']}"
    shown = text_of(books.browser(market.supplier).get(f"/supplier/returns/{row['id']}"))
    assert f"Approved by itself after {until}" in shown, "the moment is the page's, in the reader's zone"
    assert "return" not in books.notices(market.retailer)
    act(market.supplier, row, "approve")
    act(market.supplier, row, "approve")
    jobs.drain()
    assert "return" not in books.notices(market.supplier), "it has decided"
    assert books.notices(market.retailer)["return"] == f"Return {row['number']} is approved"
    assert sum("is approved" in subject for subject in books.letters("return")) == 1


def test_the_supplier_pays_all_where_it_is_to_blame_and_all_returned_ends_the_purchase_order(
    market: Market, jobs: Jobs, books: Books
) -> None:
    policy(market)
    lamps = delivered(market, jobs, books)
    for _ in range(2):
        row = asked(market, lamps, reason="damaged")
        act(market.supplier, row, "approve")
        checked(market, row, condition="damaged", restock=False)
        act(market.supplier, row, "credit")
        jobs.drain()
    assert books.given_back(lamps["order"]) == [1000, 1000]
    assert books.purchase_order(lamps["order"], market.supplier)["status"] == "RETURNED"
    assert books.ledger()["supplier_payable:first"] == -600, (
        "what it earned by shipping; our fee went back with the goods"
    )
    assert "commission" not in books.ledger()


def test_only_what_arrived_within_the_window_and_is_in_no_other_return_can_come_back(
    market: Market, jobs: Jobs, books: Books
) -> None:
    policy(market, window_days=0)
    order = books.paid_order()
    lamps = books.purchase_order(order, market.supplier)
    body = {
        "purchase_order_id": lamps["id"],
        "reason": "late",
        "lines": [{"line_id": lamps["lines"][0]["id"], "quantity": 1}],
    }

    def refused() -> str:
        answer = market.retailer.api.post("/api/returns", body)
        assert answer.status_code == 409, answer.text
        return str(answer.json["code"])

    assert refused() == "not_returnable", "it has not left"
    parcel = books.ship(market.supplier, lamps, 2)
    assert refused() == "not_returnable", "it has not arrived"
    books.arrived(market.supplier, parcel)
    assert refused() == "not_returnable", "the window of no days is over"
    policy(market, window_days=1)
    lamps = books.purchase_order(order, market.supplier)
    row = asked(market, lamps, 2)
    assert refused() == "not_returnable", "both are in a return"
    act(market.retailer, row, "cancel")
    assert market.retailer.api.post("/api/returns", body).status_code == 201
    foreign = market.other_retailer.api.post("/api/returns", body)
    assert foreign.status_code == 404
    for party, area in ((market.other_retailer, "/api/returns"), (market.other_supplier, "/api/supplier/returns")):
        assert party.api.get(f"{area}/{row['id']}").status_code == 404
        assert party.api.get(area).json["items"] == []
    assert act(market.other_supplier, row, "approve", status=404)["code"] == "not_found"


def test_goods_may_stay_and_be_credited_whole(market: Market, jobs: Jobs, books: Books) -> None:
    policy(market)
    lamps = delivered(market, jobs, books)
    before = market.stock(market.lamp.variants[0])
    row = asked(market, lamps, 2)
    shown = act(market.supplier, row, "credit-without-return")
    assert (shown["state"], shown["goods_kept"], shown["credit_memo"]["amount"]["amount"]) == (
        "CREDITED",
        True,
        "20.00",
    )
    jobs.drain()
    assert books.given_back(lamps["order"]) == [2000]
    assert state(market, row) == "CLOSED"
    assert market.stock(market.lamp.variants[0]) == before
    assert books.purchase_order(lamps["order"], market.supplier)["status"] == "DELIVERED", "nothing came back"


def test_what_was_paid_out_is_taken_from_the_next_payout(market: Market, jobs: Jobs, books: Books) -> None:
    books.enough_balance()
    lamps = delivered(market, jobs, books)
    books.later("pay_suppliers", days=7, minutes=1)
    assert books.transfers(market.supplier) == [2500]
    act(market.supplier, asked(market, lamps, 1, "damaged"), "credit-without-return")
    jobs.drain()
    assert books.ledger()["supplier_payable:first"] == 950
    taken = books.row("select state, amount from earnings where credit_memo_id is not null")
    assert taken == {"state": "PAYABLE", "amount": -950}
    page = books.browser(market.supplier).get("/supplier/statements").text
    assert "-$9.50" in page
    books.later("pay_suppliers", days=8)
    assert books.transfers(market.supplier) == [2500], "nobody is paid less than nothing"
    delivered(market, jobs, books)
    books.later("pay_suppliers", days=16)
    assert books.transfers(market.supplier) == [2500, 2500 - 950]
    assert "supplier_payable:first" not in books.ledger()


def test_a_silent_supplier_approves_and_credits_and_what_is_not_sent_runs_out(
    market: Market, jobs: Jobs, books: Books
) -> None:
    lamps = delivered(market, jobs, books)
    row, other = asked(market, lamps), asked(market, lamps)
    books.later("watch_returns", days=2)
    assert state(market, row) == "REQUESTED"
    books.later("watch_returns", days=3, minutes=1)
    assert (state(market, row), state(market, other)) == ("APPROVED", "APPROVED")
    act(market.supplier, row, "receive")
    books.later("watch_returns", days=6)
    jobs.drain()
    assert state(market, row) == "CLOSED"
    assert books.given_back(lamps["order"]) == [1000]
    books.later("watch_returns", days=40)
    assert state(market, other) == "EXPIRED"
    assert asked(market, lamps)["number"].endswith("-3"), "its units are free again"


def test_what_is_not_accepted_needs_a_reason_and_a_photo(market: Market, jobs: Jobs, books: Books) -> None:
    lamps = delivered(market, jobs, books)
    row = asked(market, lamps, 2)
    act(market.supplier, row, "approve")
    act(market.supplier, row, "receive")
    line = {"line_id": row["lines"][0]["id"], "received": 2, "accepted": 1, "condition": "damaged"}
    refusal = act(market.supplier, row, "inspect", {"lines": [line]}, status=422)
    assert {one["field"] for one in refusal["errors"]} == {"answer", "photo"}
    assert state(market, row) == "RECEIVED"
    # Where one never came, the supplier's word is enough.
    line |= {"received": 1, "condition": "as_new"}
    shown = act(market.supplier, row, "inspect", {"lines": [line], "reason": "One lamp was missing."})
    assert (shown["state"], shown["answer"]) == ("INSPECTED", "One lamp was missing.")
    assert act(market.supplier, row, "credit")["credit_memo"]["amount"]["amount"] == "10.00"
    jobs.drain()
    assert books.given_back(lamps["order"]) == [1000]


@pytest.mark.parametrize("verb", ["receive", "credit", "approve", "credit-without-return"])
def test_a_return_that_was_declined_stays_so(market: Market, jobs: Jobs, books: Books, verb: str) -> None:
    lamps = delivered(market, jobs, books)
    row = asked(market, lamps)
    said = {"reason": "It was made to measure."}
    assert act(market.supplier, row, "decline", said)["answer"] == "It was made to measure."
    again = act(
        market.supplier, row, verb, said if verb == "decline" else None, status=200 if verb == "decline" else 409
    )
    assert again.get("code", "move_not_allowed") == "move_not_allowed"
    assert state(market, row) == "DECLINED"


def test_a_credit_and_a_change_of_its_order_do_not_wait_for_each_other(
    market: Market, jobs: Jobs, books: Books, database_url: str
) -> None:
    policy(market)
    lamps = delivered(market, jobs, books)
    row = asked(market, lamps)
    act(market.supplier, row, "approve")
    checked(market, row)
    act(market.supplier, row, "credit")
    memo_id = books.row("select id from credit_memos")["id"]

    def book() -> None:
        with db.system_scope(actor="test"), db.transaction() as session:
            book_credit_memo(session, UUID(str(memo_id)))

    with closing(psycopg2.connect(database_url)) as other, other.cursor() as cursor:
        # As every change does: the order first, then its purchase orders, then what hangs on them.
        cursor.execute("select 1 from orders where id = %s for no key update", (lamps["order"]["id"],))
        cursor.execute("select 1 from purchase_orders where id = %s for update", (lamps["id"],))
        thread = threading.Thread(target=book)
        thread.start()
        wait_for_lock(database_url, "the credit waits for its order")
        cursor.execute("select 1 from credit_memos where id = %s for update nowait", (memo_id,))
        other.rollback()
        thread.join(timeout=20)
    jobs.drain()
    assert books.given_back(lamps["order"]) == [850]


@pytest.mark.parametrize(
    ("verb", "words"),
    [
        ("approve", "This return was declined, so it can't be approved any more."),
        ("receive", "This return was declined, so it can't be taken in any more."),
    ],
)
def test_what_can_not_be_done_any_more_is_said_in_words(
    market: Market, jobs: Jobs, books: Books, verb: str, words: str
) -> None:
    row = asked(market, delivered(market, jobs, books))
    act(market.supplier, row, "decline", {"reason": "It was used."})
    assert act(market.supplier, row, verb, status=409)["detail"] == words
