"""A supplier's set-up by its pages, for the tests of what comes of it."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any
from uuid import UUID

import requests
from bs4 import BeautifulSoup

from app import db
from app.kit import clock
from app.suppliers.models import Supplier, SupplierApplication, TestOrder
from app.suppliers.queries import newest_test_order
from tests.domains.suppliers.test_papers import pdf, picture
from tests.market import Market
from tests.web.browsing import Browser, text_of

AT = "/supplier/onboarding"
COMPANY = {
    "legal_name": "Lumen Leuchten GmbH",
    "business_type": "manufacturer",
    "address1": "Hafenstraße 1",
    "postal_code": "20457",
    "city": "Hamburg",
    "registration_number": "HRB 54321",
    "registration_reason": "",
    "tax_id": "DE136695976",
    "tax_reason": "",
    "website": "https://lumen.example",
}
CONTACTS = {"name": "Kim Lumen", "email": "kim@lumen.example", "phone": "+49 30 901820", "orders_email": "",
            "orders_phone": ""}  # fmt: skip
RETURNS = {"window_days": "30", "restocking": "12,5", "address1": "Lagerweg 2", "postal_code": "20457",
           "city": "Hamburg", "country_code": "DE", "payer-damaged": "supplier"}  # fmt: skip


def next_year() -> str:
    """A day that is far enough ahead."""
    return str(clock.now().date() + timedelta(days=365))


def upload(browser: Browser, content: bytes, kind: str = "registration", **more: str) -> Any:
    """Send a paper."""
    return browser.submit(f"{AT}/documents", "/documents", kind=kind, file=(io.BytesIO(content), "scan.pdf"), **more)


def steps_done(browser: Browser) -> int:
    """How many steps the overview calls done."""
    bar = BeautifulSoup(browser.get(AT).text, "html.parser").select_one("progress")
    assert bar is not None
    return int(str(bar["value"]))


def set_up(market: Market, browser: Browser) -> None:
    """All that is needed before sending."""
    for page, values in (
        ("company", COMPANY),
        ("contacts", CONTACTS),
        ("returns", RETURNS),
        ("connection", {"connection": "portal"}),
    ):
        answer = browser.submit(f"{AT}/{page}", f"/{page}", **values)
        assert answer.status_code == 303, f"{page}: {text_of(answer)}"
    assert upload(browser, pdf()).status_code == 303
    assert upload(browser, picture("JPEG"), "insurance", expires_on=next_year()).status_code == 303
    rate = browser.submit("/supplier/settings/rates/new?from=set-up", "/rates/new", name="Parcel", first_item="5",
                          next_item="1")  # fmt: skip
    assert rate.headers["Location"].startswith(f"{AT}/shipping")
    page = browser.submit(f"{AT}/payout", "/onboarding/payout").headers["Location"]
    requests.post(page, allow_redirects=False, timeout=5)
    assert browser.submit(f"{AT}/payout", "/payout/refresh").status_code == 303


def application(supplier_id: UUID) -> SupplierApplication:
    """As it is kept."""
    with db.system_scope(actor="test"), db.transaction() as session:
        return session.get_one(SupplierApplication, supplier_id)


def status(supplier_id: UUID) -> str:
    """The supplier's."""
    with db.system_scope(actor="test"), db.transaction() as session:
        return session.get_one(Supplier, supplier_id).status


def letters(market: Market) -> list[str]:
    """Subjects of all e-mails so far."""
    return [one["subject"] for one in market.app.test_client().get("/dev/mailbox.json").json["items"]]


def order_of(supplier_id: UUID) -> TestOrder:
    """The newest test order."""
    with db.system_scope(actor="test"), db.transaction() as session:
        found = newest_test_order(session, supplier_id)
        assert found is not None
        return found
