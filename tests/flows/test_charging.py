"""Charging at routing: paid once, declined and mended, confirmed at the bank, answered late; booked to the cent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import requests
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from app.kit import clock
from tests.flows.books import Books
from tests.flows.carriers import change
from tests.market import Market
from tests.stack import Jobs

DECLINED, CONFIRM, GOOD = "pm_card_chargeCustomerFail", "pm_card_authenticationRequired", "pm_card_mastercard"
#: Two lamps (20.00 + 6.00 shipping) and a chair (40.00 + 5.00), of which the platform keeps 5 % of the goods.
WHOLE, STRIPE_FEE = 7100, (7100 * 290 + 5000) // 10_000 + 30


def test_an_order_is_charged_once_and_booked_to_the_cent(market: Market, jobs: Jobs, books: Books) -> None:
    order = books.paid_order()
    assert books.taken(order) == [WHOLE]
    charge = books.charge(order)
    assert (charge["amount"], charge["currency"], charge["processor_fee"]) == (WHOLE, "USD", STRIPE_FEE)
    assert books.ledger() == {
        "processor_balance": WHOLE - STRIPE_FEE,
        "processor_fees": STRIPE_FEE,
        "goods_to_ship:first": -(2000 + 600 - 100),
        "goods_to_ship:second": -(4000 + 500 - 200),
        "commission_to_earn": -300,
    }
    jobs.run_scheduled("retry_charges")
    books.later("retry_charges", days=30)
    assert books.taken(order) == [WHOLE]
    assert market.count("journal_entries") == 1
    assert [one["status"] for one in books.queue(market.supplier)] == ["PENDING"]


def test_a_declined_card_keeps_the_order_and_its_stock_until_another_pays(
    market: Market, jobs: Jobs, books: Books
) -> None:
    books.use_card(DECLINED)
    jobs.drain()
    order = market.place()
    jobs.drain()
    held = books.order(order)
    assert held["status"] == "ON_HOLD"
    assert [hold["reason"] for hold in held["holds"]] == ["payment_failed"]
    assert {one["status"] for one in held["purchase_orders"]} == {"ON_HOLD"}
    page = books.browser(market.retailer).get(f"/app/orders/{order['id']}").text
    assert "Use another card under Billing" in page
    assert books.notices(market.retailer) == {"order_held": f"Order {order['external_id']} is on hold"}
    assert books.letters("order_held") == [f"Order {order['external_id']} is on hold"]
    assert market.stock(market.lamp.variants[0]) == {"on_hand": 10, "reserved": 2}
    assert books.queue(market.supplier) == books.queue(market.other_supplier) == []
    purchase_order = held["purchase_orders"][0]
    hidden = market.supplier.api.get(f"/api/supplier/orders/{purchase_order['id']}")
    assert hidden.status_code == 404
    assert books.letters("purchase_order") == []
    assert books.ledger() == {}
    books.use_card(GOOD)
    jobs.drain()
    gone_on = books.order(order)
    assert (gone_on["status"], gone_on["holds"]) == ("PENDING", [])
    assert books.taken(order) == [WHOLE]
    assert books.ledger()["processor_balance"] == WHOLE - STRIPE_FEE
    assert books.notices(market.retailer) == {}
    assert len(books.queue(market.supplier)) == len(books.queue(market.other_supplier)) == 1
    assert [one["status"] for one in books.payments(order)] == ["succeeded", "canceled"], "the first was given up"


def test_another_card_that_is_declined_too_is_tried_once(market: Market, jobs: Jobs, books: Books) -> None:
    books.use_card(DECLINED)
    jobs.drain()
    order = market.place()
    jobs.drain()
    books.use_card(DECLINED)
    jobs.drain()
    assert len(books.payments(order)) == 2
    assert books.charge(order)["attempt"] == 2


def test_a_declined_card_is_tried_again_by_itself_when_its_time_has_come(
    market: Market, jobs: Jobs, books: Books
) -> None:
    books.use_card(DECLINED)
    jobs.drain()
    order = market.place()
    jobs.drain()
    due = books.charge(order)["retry_at"]
    assert timedelta(hours=23) < due - clock.now() <= timedelta(days=1)
    books.later("retry_charges", hours=23, minutes=50)
    assert len(books.payments(order)) == 1
    books.later("retry_charges", hours=24, minutes=1)
    assert [one["status"] for one in books.payments(order)] == ["requires_payment_method", "canceled"]
    assert market.stock(market.lamp.variants[0])["reserved"] == 2


def test_a_card_that_must_not_be_tried_again_is_not(market: Market, jobs: Jobs, books: Books) -> None:
    books.use_card(CONFIRM)
    jobs.drain()
    order = market.place()
    jobs.drain()
    assert books.charge(order)["retry_at"] is None
    books.later("retry_charges", days=10)
    assert len(books.payments(order)) == 1


@pytest.mark.parametrize("told_by", ["hook", "another_card"])
def test_a_bank_that_wants_its_customer(market: Market, jobs: Jobs, books: Books, told_by: str) -> None:
    books.use_card(CONFIRM)
    jobs.drain()
    order = market.place()
    jobs.drain()
    held = books.order(order)
    assert [hold["reason"] for hold in held["holds"]] == ["payment_action_required"]
    assert books.queue(market.supplier) == []
    assert market.stock(market.lamp.variants[0])["reserved"] == 2
    assert books.letters("order_held") == [f"Order {order['external_id']} is on hold"]
    url = books.charge(order)["action_url"]
    assert url in books.browser(market.retailer).get("/app/billing").text
    (intent,) = books.payments(order)
    if told_by == "hook":
        assert requests.post(url, allow_redirects=False, timeout=5).status_code == 302
        (intent,) = books.payments(order)
        assert books.hook("payment_intent.succeeded", intent) == "charge PAID"
    else:
        books.use_card(GOOD)
        jobs.drain()
        assert [one["status"] for one in books.payments(order)] == ["succeeded", "canceled"]
        # The page at the bank is still open somewhere; it takes nothing any more.
        requests.post(url, allow_redirects=False, timeout=5)
    assert books.taken(order) == [WHOLE]
    assert books.order(order)["status"] == "PENDING"
    assert len(books.queue(market.supplier)) == 1
    assert books.ledger()["processor_balance"] == WHOLE - STRIPE_FEE


def test_a_confirmation_that_comes_before_the_other_card_counts(market: Market, jobs: Jobs, books: Books) -> None:
    books.use_card(CONFIRM)
    jobs.drain()
    order = market.place()
    jobs.drain()
    # Confirmed at the bank, but the hook is late; meanwhile another card is saved.
    requests.post(books.charge(order)["action_url"], allow_redirects=False, timeout=5)
    books.use_card(GOOD)
    jobs.drain()
    assert books.taken(order) == [WHOLE]
    assert books.charge(order)["state"] == "PAID"
    assert books.ledger()["processor_balance"] == WHOLE - STRIPE_FEE
    (intent,) = books.payments(order)
    books.hook("payment_intent.succeeded", intent)
    assert market.count("journal_entries") == 1


def test_without_a_card_the_order_waits_for_one(market: Market, jobs: Jobs, books: Books) -> None:
    books.rows("update payment_profiles set method_ref = null where retailer_id = %s returning 1", market.retailer.id)
    order = market.place()
    jobs.drain()
    assert [hold["reason"] for hold in books.order(order)["holds"]] == ["no_payment_method"]
    assert market.stock(market.lamp.variants[0])["reserved"] == 2
    books.use_card(GOOD)
    jobs.drain()
    assert books.order(order)["status"] == "PENDING"
    assert books.taken(order) == [WHOLE]


@pytest.mark.parametrize("fault", ["timeout_before", "timeout_after_commit", "http_409"])
def test_a_lost_answer_is_found_again_and_nothing_is_charged_twice(
    market: Market, jobs: Jobs, books: Books, fault: str
) -> None:
    books.fault(fault, "/v1/payment_intents")
    order = market.place()
    jobs.drain()
    assert books.charge(order)["state"] == "SENDING"
    assert books.queue(market.supplier) == []
    jobs.drain(retries=True)
    assert books.charge(order)["state"] == "PAID"
    assert books.taken(order) == [WHOLE]
    assert len(books.payments(order)) == 1
    assert books.ledger()["processor_balance"] == WHOLE - STRIPE_FEE


@pytest.mark.parametrize("trouble", ["lost", "declined"])
def test_a_charge_is_asked_where_it_was_begun_though_payments_are_made_elsewhere_now(
    market: Market, jobs: Jobs, books: Books, set_up: Callable[..., None], trouble: str
) -> None:
    if trouble == "declined":
        books.use_card(DECLINED)
        jobs.drain()
    else:
        books.fault("timeout_after_commit", "/v1/payment_intents")
    order = market.place()
    jobs.drain()
    set_up(processor="manual")
    if trouble == "declined":
        books.use_card(GOOD)
    jobs.drain(retries=True)
    charge = books.charge(order)
    assert (charge["state"], charge["processor"]) == ("PAID", "stripe")
    assert books.taken(order) == [WHOLE]
    new = market.place()
    jobs.drain()
    charge = books.charge(new)
    assert (charge["state"], charge["processor"], books.payments(new)) == ("PROCESSING", "manual", [])


def test_who_has_saved_no_card_at_a_new_processor_pays_by_the_one_before(
    market: Market, jobs: Jobs, books: Books
) -> None:
    change("update payment_profiles set processor = 'manual'")
    order = market.place()
    jobs.drain()
    charge = books.charge(order)
    assert (charge["state"], charge["processor"], books.payments(order)) == ("PROCESSING", "manual", [])


def test_a_hook_tells_of_a_charge_whose_answer_was_lost(market: Market, jobs: Jobs, books: Books) -> None:
    books.fault("timeout_after_commit", "/v1/payment_intents")
    order = market.place()
    jobs.drain()
    (intent,) = books.payments(order)
    assert books.hook("payment_intent.succeeded", intent) == "charge PAID"
    jobs.drain(retries=True)
    assert books.taken(order) == [WHOLE]
    assert market.count("journal_entries") == 1


@pytest.mark.parametrize("fault", ["timeout_before", "timeout_after_commit"])
def test_giving_up_the_first_payment_is_not_forgotten_when_its_answer_is_lost(
    market: Market, jobs: Jobs, books: Books, fault: str
) -> None:
    books.use_card(CONFIRM)
    jobs.drain()
    order = market.place()
    jobs.drain()
    url = books.charge(order)["action_url"]
    books.fault(fault, "/cancel")
    books.use_card(GOOD)
    jobs.drain()
    jobs.drain(retries=True)
    assert [one["status"] for one in books.payments(order)] == ["succeeded", "canceled"]
    requests.post(url, allow_redirects=False, timeout=5)
    assert books.taken(order) == [WHOLE]


def test_many_declines_leave_nothing_behind(market: Market, jobs: Jobs, books: Books) -> None:
    books.use_card(DECLINED)
    jobs.drain()
    order = market.place()
    for days in (0, 1, 4, 9, 30):
        with clock.shifted(timedelta(days=days, hours=1)):
            jobs.run_scheduled("retry_charges")
    assert len(books.payments(order)) == 4, "the first try and three more"
    assert books.charge(order)["retry_at"] is None
    assert jobs.open_tasks() == []
    assert books.ledger() == {}


def test_any_order_is_booked_to_the_cent(market: Market, jobs: Jobs, books: Books) -> None:
    """Quantities over four variants: charge, journal and Stripe agree, whatever is ordered."""
    variants = [*market.lamp.variants, *market.chair.variants]
    cost = dict(zip(variants, [1000, 1000, 4000, 4000], strict=True))
    booked: dict[str, int] = {}

    @given(st.lists(st.integers(0, 2), min_size=4, max_size=4).filter(any))
    @examples(
        max_examples=4,
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    def check(quantities: list[int]) -> None:
        wanted = {variant: units for variant, units in zip(variants, quantities, strict=True) if units}
        _restock(books, market)
        order = market.place(*wanted.items())
        jobs.drain()
        supplier_of = {**dict.fromkeys(market.lamp.variants, "first"), **dict.fromkeys(market.chair.variants, "second")}
        total = 0
        for name in ("first", "second"):
            mine = {variant: units for variant, units in wanted.items() if supplier_of[variant] == name}
            if not mine:
                continue
            goods = sum(cost[variant] * units for variant, units in mine.items())
            shipping, fee = 500 + 100 * (sum(mine.values()) - 1), goods * 5 // 100
            total += goods + shipping
            _add(booked, f"goods_to_ship:{name}", -(goods + shipping - fee))
            _add(booked, "commission_to_earn", -fee)
        stripe_fee = (total * 290 + 5000) // 10_000 + 30
        _add(booked, "processor_balance", total - stripe_fee)
        _add(booked, "processor_fees", stripe_fee)
        assert books.taken(order) == [total]
        assert books.ledger() == booked

    check()


def _add(booked: dict[str, int], account: str, amount: int) -> None:
    booked[account] = booked.get(account, 0) + amount


def _restock(books: Books, market: Market) -> None:
    for party, goods in ((market.supplier, market.lamp), (market.other_supplier, market.chair)):
        items = [{"sku": sku, "quantity": 20} for sku in goods.skus]
        answer = party.api.post("/api/supplier/inventory/batch", {"items": items})
        assert answer.status_code == 200, answer.text
