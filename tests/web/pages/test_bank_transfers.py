"""Without a processor a person says what has moved: it is booked, and the books agree."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup, Tag
from sqlalchemy import delete, select
from werkzeug.test import TestResponse

from app import db
from app.audit.models import AuditEvent
from app.kit import clock
from app.ledger.queries import balance
from app.ledger.rules import AccountKind
from app.orders.models import Order
from app.settlement.models import Charge, Earning, PaymentProfile, Payout, PayoutAccount, ReconciliationBreak
from app.settlement.processor import SavedMethod
from app.settlement.service import record_customer, record_method
from app.settlement.service.reconciling import reconcile
from tests.market import Market
from tests.stack import Jobs
from tests.web.browsing import Browser, text_of
from tests.web.pages.test_guards import signed_in

PAGE = "/console/bank-transfers"


@pytest.fixture
def by_hand(market: Market, set_up: Callable[..., None]) -> Market:
    """The market, where everything is paid by bank transfer."""
    set_up(processor="manual")
    with db.system_scope(actor="test"), db.transaction() as session:
        session.execute(delete(PayoutAccount))
        session.execute(delete(PaymentProfile))
        record_customer(session, market.retailer.id, processor="manual", customer_ref="manual:retailer")
        method = SavedMethod(method_ref="manual:bank_transfer", label="Bank transfer")
        record_method(session, market.retailer.id, method)
    return market


def send(browser: Browser, kind: str, reference: str) -> TestResponse:
    """Fill in the first form for a charge or a payout."""
    page = BeautifulSoup(browser.get(PAGE).text, "html.parser")
    form = next(one for one in page.select("form") if f"/{kind}/" in str(one.get("action")))
    return browser.post(str(form["action"]), filled(form, reference))


def filled(form: Tag, reference: str) -> dict[str, str]:
    """A form's values, with this reference."""
    return {
        str(one["name"]): reference if str(one["name"]).startswith("reference") else str(one.get("value", ""))
        for one in form.select("input[name]")
    }


def no_breaks() -> bool:
    """Whether the nightly comparison agrees."""
    with clock.shifted(timedelta(hours=1)), db.system_scope(actor="test"), db.transaction() as session:
        reconcile(session)
        return not [(one.kind, one.detail) for one in session.scalars(select(ReconciliationBreak))]


def test_a_transfer_comes_in_the_order_goes_on_and_the_supplier_is_paid(by_hand: Market, jobs: Jobs) -> None:
    admin, supplier = signed_in(by_hand, "platform"), signed_in(by_hand, "supplier")
    by_hand.place((by_hand.lamp.variants[0], 2))
    jobs.drain()
    assert "Waited for: $" in text_of(admin.get(PAGE))
    empty = send(admin, "charges", " ")
    assert (empty.status_code, empty.text.count('aria-invalid="true"')) == (422, 1)
    assert send(admin, "charges", "RF18 5390 0754 7034").status_code == 303
    jobs.drain()
    with db.system_scope(actor="test"), db.transaction() as session:
        charge = session.scalars(select(Charge)).one()
        assert (charge.state, charge.processor_ref) == ("PAID", "RF18 5390 0754 7034")
        assert session.scalars(select(Order.status)).one() != "ON_HOLD"
        assert balance(session, AccountKind.PROCESSOR_BALANCE, "USD").minor == charge.amount
    assert no_breaks()

    shown = supplier.get("/supplier/statements")
    assert "Stripe" not in text_of(shown)
    answer = supplier.submit("/supplier/statements", "/statements/account")
    assert answer.status_code == 303
    assert "Noted. You are paid by bank transfer." in text_of(supplier.get(answer.headers["Location"]))

    order = by_hand.supplier.api.get("/api/supplier/orders").json["items"][0]
    lines = [{"line_id": one["id"], "quantity": one["quantity"]} for one in order["lines"]]
    shipped = by_hand.supplier.api.post(
        f"/api/supplier/orders/{order['id']}/ship",
        {"parcels": [{"carrier": "manual", "tracking_number": "T1", "lines": lines}]},
    )
    assert shipped.status_code == 201, shipped.text
    jobs.drain()
    with db.system_scope(actor="test"), db.transaction() as session:
        session.scalars(select(Earning)).one().state = "PAYABLE"
    jobs.run_scheduled("pay_suppliers")
    assert "To be paid: $" in text_of(admin.get(PAGE))
    first = send(admin, "payouts", "SEPA 2026-11-23/7")
    assert first.status_code == 303, text_of(first)
    jobs.drain()
    with db.system_scope(actor="test"), db.transaction() as session:
        payout = session.scalars(select(Payout)).one()
        assert (payout.state, payout.processor_ref) == ("PAID", "SEPA 2026-11-23/7")
        assert balance(session, AccountKind.SUPPLIER_PAYABLE, "USD", by_hand.supplier.id).minor == 0
        actions = set(session.scalars(select(AuditEvent.action)))
        assert {"settlement.transfer_received", "settlement.transfer_made"} <= actions
    assert no_breaks()
    assert "Nothing here" in text_of(admin.get(PAGE))


def test_a_transfer_is_marked_once(by_hand: Market, jobs: Jobs) -> None:
    admin = signed_in(by_hand, "platform")
    by_hand.place((by_hand.lamp.variants[0], 1))
    jobs.drain()
    page = BeautifulSoup(admin.get(PAGE).text, "html.parser")
    form = next(one for one in page.select("form") if "/charges/" in str(one.get("action")))
    sent = filled(form, "A")
    assert admin.post(str(form["action"]), sent).status_code == 303
    assert admin.post(str(form["action"]), sent).status_code == 409
    assert by_hand.count("journal_entries") == 1


def test_support_agents_do_not_move_money(by_hand: Market) -> None:
    agent = signed_in(by_hand, "platform", "support_agent")
    assert agent.get(PAGE).status_code == 403
    assert "Bank transfers" not in text_of(agent.get("/console/"))
