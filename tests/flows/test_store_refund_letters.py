"""What the customers of a store read about their refunds: written by the store or by us, and in their own currency."""

from __future__ import annotations

import pytest

from app import db
from app.notifications.service import latest_emails
from tests.adapters.stores.conftest import configured, simulator
from tests.flows.books import Books
from tests.flows.refunding import Till, cannot_deliver, choose, till
from tests.flows.test_customer_letters import brand
from tests.web.browsing import text_of

__all__ = ["configured", "simulator", "till"]


def test_a_customer_is_written_to_about_its_refund_by_the_store_or_by_us_and_once(till: Till, books: Books) -> None:
    order = till.sells(lamps=3, chairs=1)
    choose(till, cannot_deliver(till, books))
    page = f"/app/orders/{till.only_order()['id']}"
    path = f"/api/orders/{till.only_order()['id']}/store-refunds"
    api = till.market.retailer.api
    (owed,) = api.get(path).json["owed"]

    def refund(**more: object) -> None:
        lines = [{"line_id": owed["line_id"], "quantity": 1}]
        assert api.post(path, {"lines": lines, **more}).status_code == 201
        till.settle()
        for again in (False, True):
            till.hears("refunds/create", again=again)
        till.settle()

    refund()
    assert till.states() == ["MADE"]
    assert books.letters("customer_refund") == [], "the store was asked to write"
    brand(till.market, language="de")
    refund(notify=False)
    (subject,) = books.letters("customer_refund")
    assert subject == "Ihre Erstattung von 25,00\xa0$"
    with db.system_scope(actor="test"), db.transaction() as session:
        letter = next(one for one in latest_emails(session) if one.kind == "customer_refund")
    assert (letter.sender_name, letter.recipient) == ("Lumen & Oak", "avery.stone@example.com")
    for part in ("Wir haben Ihnen 25,00\xa0$ für Bestellung", "Desk lamp", "1 ×", "Zu Ihrer Bestellung"):
        assert part in letter.text
    assert "Crossdock" not in letter.text + letter.html
    token = str(books.row("select tracking_token from orders")["tracking_token"])
    shown = text_of(till.market.app.test_client().get(f"/t/{token}"))
    assert "Erstattet 25,00 $" in shown
    assert till.given_back(order) == ["25.00", "25.00"]
    # A store whose customers are not to be written to is left alone.
    browser = books.browser(till.market.retailer)
    browser.submit("/app/returns/settings", "/returns/settings", written=[])
    refund(notify=False)
    assert till.states() == ["MADE"] * 3
    assert len(books.letters("customer_refund")) == 1
    assert "we do, where you let us" in text_of(browser.get(f"{page}/refund"))


@pytest.mark.parametrize("hook_first", [False, True])
def test_a_customer_that_paid_in_another_currency_reads_what_it_gets_in_it(
    till: Till, books: Books, hook_first: bool
) -> None:
    order = till.sells(lamps=3, chairs=1, presentment_currency="EUR", presentment_rate="0.9")
    choose(till, cannot_deliver(till, books))
    path = f"/api/orders/{till.only_order()['id']}/store-refunds"
    api = till.market.retailer.api
    (owed,) = api.get(path).json["owed"]
    if hook_first:
        till.control.add_fault("drop_after_effect", {"operation": "refundCreate", "shop": till.shop}, times=1)
    lines = [{"line_id": owed["line_id"], "quantity": 1}]
    assert api.post(path, {"lines": lines, "notify": False}).status_code == 201
    till.jobs.drain()
    assert till.states() == (["ASKED"] if hook_first else ["MADE"])
    till.hears("refunds/create")
    till.settle()
    assert till.given_back(order) == ["25.00"], "as the shop counts"
    assert books.letters("customer_refund") == ["Your refund of €22.50"]
    token = str(books.row("select tracking_token from orders")["tracking_token"])
    customer = till.market.app.test_client()
    assert "Refunded €22.50" in text_of(customer.get(f"/t/{token}"))
    # Of what was given back before its currency was written down it is told that it was.
    with db.system_scope(actor="test"), db.transaction() as session:
        session.connection().exec_driver_sql("update store_refunds set customer_amount = null")
    shown = text_of(customer.get(f"/t/{token}"))
    assert "Refunded" in shown
    assert not any(sign in shown for sign in ("€", "$"))
