"""A shop's customer is written to about what it sends back: in the shop's name and the customer's language, once each,
as the shop wants it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from app import db
from app.documents.service import save_brand
from app.notifications.service import OpenedEmail, latest_emails
from app.orders.models import Order
from app.privacy.service import redact_orders
from app.suppliers.service.onboarding import RETURN_REASONS
from tests.flows.books import Books
from tests.flows.test_returns import act, asked, checked, delivered, policy
from tests.market import Market
from tests.stack import Jobs
from tests.web.browsing import text_of


def letters() -> list[OpenedEmail]:
    """To customers, oldest first."""
    with db.system_scope(actor="test"), db.transaction() as session:
        return [one for one in reversed(latest_emails(session)) if one.kind == "customer_return"]


def subjects() -> list[str]:
    return [one.subject for one in letters()]


def brand(market: Market, **changes: str) -> None:
    values = dict.fromkeys(("name", "colour", "message", "email", "phone", "website", "language"), "")
    values |= {"name": "Lumen & Oak", "colour": "#0a7f5a", "email": "help@lumen.example", **changes}
    with db.tenant_scope(market.retailer.id, actor="test"), db.transaction() as session:
        save_brand(session, market.retailer.id, values=values, logo=None)


def test_each_answer_of_a_return_is_told_once(market: Market, jobs: Jobs, books: Books) -> None:
    brand(market, language="de")
    policy(market, payers=dict.fromkeys(RETURN_REASONS, "shopper"))
    row = asked(market, delivered(market, jobs, books))
    for _ in range(2):
        act(market.supplier, row, "approve")
        jobs.drain()
    (approved,) = letters()
    assert approved.subject == f"Ihre Rücksendung {row['number']} ist genehmigt"
    assert "Dock 4" in approved.text
    assert row["number"] in approved.text
    assert 'lang="de"' in approved.html
    checked(market, row)
    for _ in range(2):
        act(market.supplier, row, "credit")
        jobs.drain()
    assert subjects()[1:] == [f"Ihre Rücksendung {row['number']} ist angenommen"]


def test_what_a_supplier_says_of_a_declined_return_stays_with_the_shop(
    market: Market, jobs: Jobs, books: Books
) -> None:
    row = asked(market, delivered(market, jobs, books))
    act(market.supplier, row, "decline", {"reason": "The seal is broken."})
    jobs.drain()
    assert letters() == [], "its customer did not ask for it"
    assert "The seal is broken." in text_of(books.browser(market.retailer).get(f"/app/returns/{row['id']}"))
    page = text_of(
        market.app.test_client().get(f"/t/{books.row('select tracking_token from orders')['tracking_token']}")
    )
    assert row["number"] not in page, "nothing comes of it"


def test_goods_that_may_stay_are_told_so(market: Market, jobs: Jobs, books: Books) -> None:
    row = asked(market, delivered(market, jobs, books))
    act(market.supplier, row, "credit-without-return")
    jobs.drain()
    assert "You need not send anything back" in letters()[-1].text


def test_a_store_that_wants_it_quiet_writes_nothing(market: Market, jobs: Jobs, books: Books) -> None:
    browser = books.browser(market.retailer)
    page = "/app/returns/settings"
    assert "Orders without a store" in text_of(browser.get(page))
    values: dict[str, Any] = {"by_shoppers": "1", "written": []}
    token = browser.form(page, page).select_one("[name=csrf_token]")
    assert token is not None
    assert browser.post(page, {"csrf_token": str(token["value"]), **values}).status_code == 303
    row = asked(market, delivered(market, jobs, books))
    act(market.supplier, row, "approve")
    jobs.drain()
    assert letters() == []


def test_letters_go_with_the_address(market: Market, jobs: Jobs, books: Books) -> None:
    row = asked(market, delivered(market, jobs, books))
    act(market.supplier, row, "approve")
    jobs.drain()
    assert len(letters()) == 1
    with db.system_scope(actor="test"), db.transaction() as session:
        redact_orders(session, list(session.scalars(select(Order.id))))
    assert letters() == []


@pytest.mark.parametrize("language", ["fr", "pl", "ja"])
def test_languages_without_words_are_written_in_english(
    market: Market, jobs: Jobs, books: Books, language: str
) -> None:
    brand(market, language=language)
    row = asked(market, delivered(market, jobs, books))
    act(market.supplier, row, "approve")
    jobs.drain()
    expected = {"fr": "est accepté", "pl": "został zaakceptowany", "ja": "is approved"}[language]
    assert expected in subjects()[-1]
