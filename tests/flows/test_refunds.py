"""Money back for what will not come: the right share, once, booked; and refunds that fail after all."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from uuid import UUID

import psycopg2
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from app import db
from app.settlement.processor import RefundOutcome
from app.settlement.service import record_refund
from tests.flows.books import Books, Json
from tests.market import Market
from tests.processes import wait_for_lock
from tests.stack import Jobs

WHOLE, STRIPE_FEE = 7100, (7100 * 290 + 5000) // 10_000 + 30
#: What the journal holds after two lamps and a chair were paid.
PAID = {
    "processor_balance": WHOLE - STRIPE_FEE,
    "processor_fees": STRIPE_FEE,
    "goods_to_ship:first": -2500,
    "goods_to_ship:second": -4300,
    "commission_to_earn": -300,
}
#: The same after the chair was given back.
WITHOUT_CHAIR = {
    "processor_balance": WHOLE - STRIPE_FEE - 4500,
    "processor_fees": STRIPE_FEE,
    "goods_to_ship:first": -2500,
    "commission_to_earn": -100,
}


def refused_chair(market: Market, jobs: Jobs, books: Books, reason: str = "out_of_stock") -> Json:
    """A paid order whose chair the second supplier can't send."""
    order = books.paid_order()
    chair = books.purchase_order(order, market.other_supplier)
    books.answer(market.other_supplier, chair, status="rejected", reason=reason)
    jobs.drain()
    return order


def test_a_rejected_purchase_order_is_given_back_whole(market: Market, jobs: Jobs, books: Books) -> None:
    order = refused_chair(market, jobs, books)
    assert books.given_back(order) == [4500], "goods, shipping, and with them our fee"
    (refund,) = books.refunds(order)
    shares = {name: refund[name] for name in ("amount", "goods", "shipping", "platform_fee", "state")}
    assert shares == {"amount": 4500, "goods": 4000, "shipping": 500, "platform_fee": 200, "state": "SUCCEEDED"}
    assert books.charge(order)["refunded"] == 4500
    assert books.ledger() == WITHOUT_CHAIR
    seen = books.order(order)
    assert {one["status"] for one in seen["purchase_orders"]} == {"PENDING", "CANCELLED"}
    assert market.stock(market.chair.variants[0]) == {"on_hand": 4, "reserved": 0}, "it does not exist"
    page = books.browser(market.retailer).get(f"/app/orders/{order['id']}").text
    assert "$45.00 was refunded to the card" in page
    # The same answer again, and the work again, give nothing more.
    chair = books.purchase_order(order, market.other_supplier)
    books.answer(market.other_supplier, chair, status="rejected", reason="out_of_stock")
    jobs.drain()
    assert books.given_back(order) == [4500]
    assert books.ledger() == WITHOUT_CHAIR


def test_money_goes_back_where_it_was_taken_though_payments_are_made_elsewhere_now(
    market: Market, jobs: Jobs, books: Books, set_up: Callable[..., None]
) -> None:
    order = books.paid_order()
    set_up(processor="manual")
    chair = books.purchase_order(order, market.other_supplier)
    books.answer(market.other_supplier, chair, status="rejected", reason="out_of_stock")
    jobs.drain()
    assert books.given_back(order) == [4500]
    assert [one["state"] for one in books.refunds(order)] == ["SUCCEEDED"]


def test_a_part_of_a_line_takes_its_share_of_shipping_and_fee_along(market: Market, jobs: Jobs, books: Books) -> None:
    order = books.paid_order()
    lamps = books.purchase_order(order, market.supplier)
    for _ in range(2):
        # The same words twice, without an idempotency key: one unit, not two.
        shown = books.answer(market.supplier, lamps, status="rejected", quantity=1, reason="invalid_item")
        assert (shown["lines"][0]["quantity"], shown["lines"][0]["cancelled"]) == (2, 1)
        jobs.drain()
    assert books.given_back(order) == [1000 + 300]
    assert market.stock(market.lamp.variants[0]) == {"on_hand": 10, "reserved": 1}
    books.ship(market.supplier, lamps, 1)
    jobs.drain()
    assert books.ledger() == {
        "processor_balance": WHOLE - STRIPE_FEE - 1300,
        "processor_fees": STRIPE_FEE,
        "goods_to_ship:second": -4300,
        "supplier_payable:first": -(1000 + 300 - 50),
        "commission_to_earn": -200,
        "commission": -50,
    }
    assert books.purchase_order(order, market.supplier)["status"] == "SHIPPED"


def test_one_unit_after_the_other_is_given_back(market: Market, jobs: Jobs, books: Books) -> None:
    order = books.paid_order()
    lamps = books.purchase_order(order, market.supplier)
    for rejected in (1, 2):
        books.answer(market.supplier, lamps, status="rejected", quantity=rejected, reason="invalid_item")
        jobs.drain()
    assert books.given_back(order) == [1300, 1300]
    assert "goods_to_ship:first" not in books.ledger()


def test_a_line_that_its_retailer_cancels_after_paying_is_given_back(market: Market, jobs: Jobs, books: Books) -> None:
    order = books.paid_order()
    books.cancel(order, order["lines"][1])
    assert books.given_back(order) == [4500]
    assert books.ledger() == WITHOUT_CHAIR
    assert market.stock(market.chair.variants[0]) == {"on_hand": 5, "reserved": 0}
    again = books.press(market.retailer, f"/app/orders/{order['id']}/lines/{order['lines'][1]['id']}/cancel")
    assert again.status_code in (303, 409)
    jobs.drain()
    assert books.given_back(order) == [4500]


def test_whatever_ships_and_whatever_does_not_the_shares_add_up(market: Market, jobs: Jobs, books: Books) -> None:
    """Any order of shipping and rejecting one unit at a time: together exactly what was paid, and no cent is left."""

    @given(st.permutations(["ship", "ship", "reject", "reject", "reject"]))
    @examples(
        max_examples=2,
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    def check(steps: list[str]) -> None:
        answer = market.supplier.api.post(
            "/api/supplier/inventory/batch", {"items": [{"sku": market.lamp.skus[0], "quantity": 20}]}
        )
        assert answer.status_code == 200
        order = books.paid_order((market.lamp.variants[0], 5))
        lamps = books.purchase_order(order, market.supplier)
        before = books.ledger()
        rejected = 0
        for step in steps:
            if step == "ship":
                books.ship(market.supplier, lamps, 1)
            else:
                rejected += 1
                books.answer(market.supplier, lamps, status="rejected", quantity=rejected, reason="other")
            jobs.drain()
        earned = books.rows(
            "select amount, charged, platform_fee from earnings where purchase_order_id = %s", lamps["id"]
        )
        back = books.refunds(order)
        whole = 5000 + 900
        assert sum(one["charged"] for one in earned) + sum(one["amount"] for one in back) == whole
        assert books.given_back(order) == [one["amount"] for one in back]
        fees = sum(one["platform_fee"] for one in [*earned, *back])
        assert fees == 250
        now = books.ledger()
        assert now.get("goods_to_ship:first", 0) == before["goods_to_ship:first"] + whole - 250
        paid_out = sum(one["amount"] for one in earned)
        assert now["supplier_payable:first"] == before.get("supplier_payable:first", 0) - paid_out
        assert now["processor_balance"] == before["processor_balance"] - sum(one["amount"] for one in back)

    check()


@pytest.mark.parametrize("fault", ["timeout_before", "timeout_after_commit"])
def test_a_refund_whose_answer_is_lost_is_made_once(market: Market, jobs: Jobs, books: Books, fault: str) -> None:
    order = books.paid_order()
    books.fault(fault, "/v1/refunds")
    books.cancel(order, order["lines"][1])
    assert [one["state"] for one in books.refunds(order)] == ["SENDING"]
    assert books.ledger() == PAID
    jobs.drain(retries=True)
    assert books.given_back(order) == [4500]
    assert books.ledger() == WITHOUT_CHAIR


@pytest.mark.parametrize("topic", ["refund.failed", "charge.refund.updated"])
def test_a_refund_that_fails_later_is_booked_back_and_told(
    market: Market, jobs: Jobs, books: Books, topic: str
) -> None:
    order = refused_chair(market, jobs, books)
    reference = books.refunds(order)[0]["processor_ref"]
    books.lever(f"refunds/{reference}/fail")
    (failed,) = books.at_stripe("refund", id=reference)
    event = books.event(topic, failed)
    assert books.send(event).status_code == 200
    jobs.drain()
    assert books.outcome(event) == "refund failed"
    assert books.ledger() == PAID
    (refund,) = books.refunds(order)
    assert (refund["state"], refund["failure"]) == ("FAILED", "expired_or_canceled_card")
    assert books.charge(order)["refunded"] == 0
    assert "refund_failed" in books.notices(market.retailer)
    assert "refund_failed" in books.notices(market.admin), "somebody must give the money back another way"
    assert order["number"] in books.notices(market.admin)["refund_failed"]
    assert "did not go through" in books.browser(market.admin).get("/console/").text
    entries = market.count("journal_entries")
    # The same event again, and another one about the same thing.
    assert books.send(event).status_code == 200
    jobs.drain()
    books.hook("refund.updated", failed)
    assert books.ledger() == PAID
    assert market.count("journal_entries") == entries
    assert market.count("inbox_messages") == 2


def test_a_failure_told_before_our_own_answer_is_not_lost(market: Market, jobs: Jobs, books: Books) -> None:
    """The answer is lost, the refund fails, the hook is quick: the retry's replayed success must not win."""
    order = books.paid_order()
    books.fault("timeout_after_commit", "/v1/refunds")
    books.cancel(order, order["lines"][1])
    charge = books.charge(order)["charge_ref"]
    (refund,) = books.at_stripe("refund", charge=charge)
    books.lever(f"refunds/{refund['id']}/fail")
    (failed,) = books.at_stripe("refund", id=refund["id"])
    assert books.hook("refund.failed", failed) == "refund failed"
    jobs.drain(retries=True)
    assert [one["state"] for one in books.refunds(order)] == ["FAILED"]
    assert books.ledger() == PAID
    assert "refund_failed" in books.notices(market.admin)


def test_a_refund_that_fails_at_once_is_never_booked(market: Market, jobs: Jobs, books: Books) -> None:
    books.use_card("pm_card_refundFail")
    jobs.drain()
    order = refused_chair(market, jobs, books)
    assert [one["state"] for one in books.refunds(order)] == ["FAILED"]
    assert books.ledger() == PAID
    assert "refund_failed" in books.notices(market.admin)


def test_a_refund_that_takes_a_while_is_booked_when_the_money_leaves(market: Market, jobs: Jobs, books: Books) -> None:
    books.use_card("pm_card_pendingRefund")
    jobs.drain()
    order = refused_chair(market, jobs, books)
    assert [one["status"] for one in books.at_stripe("refund", charge=books.charge(order)["charge_ref"])] == ["pending"]
    assert books.ledger() == WITHOUT_CHAIR
    reference = books.refunds(order)[0]["processor_ref"]
    books.lever(f"refunds/{reference}/fail")
    books.hook("refund.failed", books.at_stripe("refund", id=reference)[0])
    assert books.ledger() == PAID


def test_a_refund_that_stripe_refuses_is_told_and_not_booked(market: Market, jobs: Jobs, books: Books) -> None:
    order = books.paid_order()
    books.lever(f"charges/{books.charge(order)['charge_ref']}/dispute")
    books.cancel(order, order["lines"][1])
    (refund,) = books.refunds(order)
    assert refund["state"] == "FAILED"
    assert "charge_disputed" in refund["failure"]
    assert books.given_back(order) == []
    assert books.ledger() == PAID
    assert "refund_failed" in books.notices(market.admin)


def test_a_refund_and_a_change_of_its_order_do_not_wait_for_each_other(
    market: Market, jobs: Jobs, books: Books, database_url: str
) -> None:
    books.fault("http_503", "/v1/refunds")
    order = refused_chair(market, jobs, books)
    (refund,) = books.refunds(order)
    assert refund["state"] == "SENDING"

    def answer() -> None:
        with db.system_scope(actor="test"), db.transaction() as session:
            outcome = RefundOutcome(state="succeeded", processor_ref="re_1", failure=None)
            record_refund(session, UUID(str(refund["id"])), outcome)

    with closing(psycopg2.connect(database_url)) as other, other.cursor() as cursor:
        # As every change does: the order first, then its purchase orders.
        cursor.execute("select 1 from orders where id = %s for no key update", (order["id"],))
        thread = threading.Thread(target=answer)
        thread.start()
        wait_for_lock(database_url, "the answer waits for the order")
        cursor.execute("select 1 from purchase_orders where order_id = %s for update nowait", (order["id"],))
        cursor.execute("select 1 from refunds where id = %s for update nowait", (refund["id"],))
        other.rollback()
        thread.join(timeout=20)
    assert books.refunds(order)[0]["state"] == "SUCCEEDED"


def test_a_share_that_is_worth_less_than_a_cent_to_the_retailer_is_owed_to_nobody(
    market: Market, jobs: Jobs, books: Books
) -> None:
    order = market.place()
    with db.system_scope(actor="test"), db.transaction() as session:
        # What is worth 12.50 there, its part of the shipping included, is worth less than half a cent here.
        session.connection().exec_driver_sql(
            "update purchase_orders set exchange_rate = 0.0003 where supplier_id = %s", (market.supplier.id,)
        )
    jobs.drain()
    lamps = books.purchase_order(order, market.supplier)
    books.answer(market.supplier, lamps, status="rejected", quantity=1, reason="out_of_stock")
    jobs.drain()
    (refund,) = books.refunds(order)
    assert (refund["amount"], refund["goods"], refund["state"]) == (0, 1000, "SUCCEEDED")
    assert books.given_back(order) == []
    books.jobs.run_scheduled("reconcile_books")
    assert books.rows("select kind, detail from reconciliation_breaks where state = 'OPEN'") == []


def test_nothing_is_given_back_for_what_was_not_paid(market: Market, jobs: Jobs, books: Books) -> None:
    books.use_card("pm_card_chargeCustomerFail")
    jobs.drain()
    order = market.place()
    jobs.drain()
    books.cancel(order, order["lines"][0])
    assert [one["state"] for one in books.refunds(order)] == ["WAIVED"]
    assert books.given_back(order) == []
    assert books.ledger() == {}
