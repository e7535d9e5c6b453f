"""A supplier's set-up through its pages: every step, what is wrong with it, and sending."""

from __future__ import annotations

import io
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
import requests
from bs4 import BeautifulSoup
from sqlalchemy import select

from app import db
from app.audit.models import AuditEvent
from app.identity.models import Organisation
from app.suppliers.models import ReturnPolicy
from app.suppliers.service import contact_of
from app.suppliers.service.onboarding import company_address, return_address
from tests import factories
from tests.market import Market
from tests.stack import Jobs
from tests.web.browsing import Browser, problems_in, text_of
from tests.web.pages.set_up import (
    AT,
    COMPANY,
    CONTACTS,
    RETURNS,
    application,
    letters,
    order_of,
    set_up,
    status,
    steps_done,
)
from tests.web.pages.test_approval import applied, console, decide
from tests.web.pages.test_settings import problem


def test_step_by_step_to_a_supplier_that_sells(market: Market, jobs: Jobs) -> None:
    admin, _ = console(market)
    browser, supplier_id = applied(market)
    assert steps_done(browser) == 1, "the contact is known from the application"
    assert "1 of 9 steps done" in text_of(browser.get("/supplier/"))
    refused = browser.form(AT, "/sign-out").select_one("[name=csrf_token]")
    assert refused is not None
    early = browser.post(f"{AT}/send", {"csrf_token": str(refused["value"])})
    assert early.status_code == 409
    set_up(market, browser)
    assert steps_done(browser) == 7
    assert "Your payout account is ready." in text_of(browser.get(f"{AT}/payout"))
    assert browser.submit(AT, "/send").status_code == 303
    assert status(supplier_id) == "IN_REVIEW"
    jobs.drain()
    assert "Lumen GmbH waits for review" in letters(market)
    assert "We look at your application" in letters(market)
    assert browser.submit(f"{AT}/test-order", "/test-order").status_code == 303
    seen = text_of(admin.get(f"/console/suppliers/{supplier_id}"))
    for words in (
        "Lumen Leuchten GmbH",
        "Hafenstraße 1",
        "Its check digits fit: EU VAT number (DE).",
        "The e-mail address belongs to the website.",
        "+49 30 901820",
        "12.5%",
        "7 of 9 steps done",
    ):
        assert words in seen, words
    at = f"/console/suppliers/{supplier_id}"
    for ticked in ({}, {"acknowledged": "1"}):
        untested = admin.submit(at, "/decide", status="ACTIVE", reason="Fine.", **ticked)
        assert untested.status_code == 422
        assert "it is told there: Open it in your purchase orders. Accept every line." in text_of(untested)
        assert status(supplier_id) == "IN_REVIEW", "no tick stands for the test order"
    assert "No product list was sent, and no product was added." in text_of(admin.get(at))
    listed = b"Artikelnummer,Bezeichnung,EK netto,Bestand\nL-1,Desk lamp,12.50,5\nL-2,Floor lamp,free,7\n"
    sent = browser.submit("/supplier/uploads", "/uploads", file=(io.BytesIO(listed), "lamps.csv"))
    assert sent.status_code == 303, text_of(sent)
    jobs.drain()
    evidence = text_of(admin.get(at))
    for words in (
        "lamps.csv",
        "Rows 2 Products 1 Variants 1 Rejected 1",
        "'free' is not a price above zero. 1 3",
        "L-1 Desk lamp $12.50 5",
    ):
        assert words in evidence, (words, evidence)
    order = f"/supplier/test-orders/{order_of(supplier_id).id}"
    assert browser.submit(order, "/ship", tracking_number="TEST12345").status_code == 303
    refused_decision = admin.submit(at, "/decide", status="ACTIVE", reason="Fine.")
    assert refused_decision.status_code == 422
    assert "Some steps are not done" in text_of(refused_decision)
    assert status(supplier_id) == "IN_REVIEW"
    decide(admin, supplier_id, "ACTIVE")
    with db.system_scope(actor="test"), db.transaction() as session:
        (noted,) = session.scalars(select(AuditEvent).where(AuditEvent.action == "suppliers.gaps_acknowledged"))
        assert noted.details == {"steps": ["feed"]}
    jobs.drain()
    assert "Your company is approved" in letters(market)


def test_one_that_works_in_the_portal_adds_its_first_product_by_hand(market: Market) -> None:
    browser, supplier_id = applied(market)
    form = "/supplier/products/new"
    browser.submit(f"{AT}/connection", "/connection", connection="api")
    assert form not in browser.get(f"{AT}/feed").text
    browser.submit(f"{AT}/connection", "/connection", connection="portal")
    assert "Add a product, or upload a list" in text_of(browser.get(f"{AT}/feed"))
    assert form in browser.get(f"{AT}/feed").text
    before = steps_done(browser)
    assert browser.submit(form, form, title="Desk lamp", **{"cost-0": "12.50"}).status_code == 303
    assert steps_done(browser) == before + 1
    assert "We know products of yours." in text_of(browser.get(f"{AT}/feed"))
    evidence = text_of(console(market)[0].get(f"/console/suppliers/{supplier_id}"))
    assert "The products that it added without a file" in evidence
    assert "Desk lamp" in evidence
    assert "12.50" in evidence


def test_what_a_step_holds_is_shown_again_sealed_and_in_one_form(market: Market) -> None:
    browser, supplier_id = applied(market)
    set_up(market, browser)
    told = application(supplier_id)
    assert b"Hafen" not in bytes(told.address or b"")
    address = company_address(told)
    assert address is not None
    assert (address.address1, address.city) == ("Hafenstraße 1", "Hamburg")
    assert contact_of(told).phone == "+4930901820"
    assert told.tax_key == "DE136695976"
    form = browser.form(f"{AT}/company", "/company")
    shown = {str(one["name"]): one.get("value") for one in form.select("input[name]")}
    assert {name: shown[name] for name in ("legal_name", "city", "tax_id")} == {
        name: COMPANY[name] for name in ("legal_name", "city", "tax_id")
    }
    assert browser.submit(f"{AT}/company", "/company").status_code == 303, "what it shows can be saved"
    with db.system_scope(actor="test"), db.transaction() as session:
        (policy,) = session.scalars(select(ReturnPolicy)).all()
        assert (policy.version, policy.window_days, policy.restocking_bps) == (1, 30, 1250)
        assert policy.payers["damaged"] == "supplier"
        assert policy.payers["changed_mind"] == "shopper"
        assert return_address(policy).address1 == "Lagerweg 2"
    assert browser.submit(f"{AT}/returns", "/returns").status_code == 303
    assert browser.submit("/supplier/settings/returns", "/returns", window_days="14").status_code == 303
    with db.system_scope(actor="test"), db.transaction() as session:
        versions = session.scalars(select(ReturnPolicy).order_by(ReturnPolicy.version)).all()
        assert [(one.version, one.window_days) for one in versions] == [(1, 30), (2, 14)], "only a change is a version"


WRONG: list[tuple[str, dict[str, str], str]] = [
    ("company", {"tax_id": "DE136695977"}, "tax_id"),
    ("company", {"tax_id": ""}, "tax_id"),
    ("company", {"registration_number": ""}, "registration_number"),
    ("company", {"legal_name": " "}, "legal_name"),
    ("company", {"city": ""}, "city"),
    ("company", {"website": "javascript:alert(1)"}, "website"),
    ("company", {"business_type": "pirate"}, "business_type"),
    ("company", {"address1": "x" * 201}, "address1"),
    ("contacts", {"phone": "12"}, "phone"),
    ("contacts", {"orders_phone": "call me"}, "orders_phone"),
    ("contacts", {"email": "kim"}, "email"),
    ("contacts", {"orders_email": "a@b"}, "orders_email"),
    ("contacts", {"name": ""}, "name"),
    ("returns", {"window_days": "400"}, "window_days"),
    ("returns", {"restocking": "51"}, "restocking"),
    ("returns", {"payer-late": "nobody"}, "payer-late"),
    ("returns", {"country_code": "XX"}, "country_code"),
    ("returns", {"address1": ""}, "address1"),
    ("shipping", {"handling_days": "99"}, "handling_days"),
    ("shipping", {"cutoff_hour": "25"}, "cutoff_hour"),
    ("company", {"postal_code": "2045"}, "postal_code"),
    ("company", {"postal_code": ""}, "postal_code"),
    ("returns", {"postal_code": "2O457"}, "postal_code"),
    ("shipping", {"timezone": "Moon"}, "timezone"),
    ("connection", {"connection": "fax"}, "connection"),
]


def test_what_is_wrong_stands_beside_its_field_and_the_rest_stays(market: Market) -> None:
    browser, _ = applied(market)
    for page, values, field in WRONG:
        whole = {"company": COMPANY, "contacts": CONTACTS, "returns": RETURNS}.get(page, {})
        answer = browser.submit(f"{AT}/{page}", f"/{page}", **{**whole, **values})
        assert answer.status_code == 422, (page, values)
        assert problem(answer.text, field), (page, values)
        if page == "company" and field != "city":
            assert 'value="Hamburg"' in answer.text
    assert steps_done(browser) == 1, "nothing was kept"


def test_a_company_without_numbers_says_why_and_the_reviewer_reads_it(market: Market) -> None:
    browser, supplier_id = applied(market)
    values = {**COMPANY, "registration_number": "", "registration_reason": "Sole trader", "tax_id": "",
              "tax_reason": "Below the threshold"}  # fmt: skip
    assert browser.submit(f"{AT}/company", "/company", **values).status_code == 303
    admin, _ = console(market)
    seen = text_of(admin.get(f"/console/suppliers/{supplier_id}"))
    assert "There is none: Sole trader" in seen
    assert "There is none: Below the threshold" in seen


def test_the_form_for_applying_refuses_numbers_that_can_not_be_right(market: Market) -> None:
    values = {"company": "Lumen", "name": "Kim", "email": "kim@lumen.example", "password": "seven quiet herons",
              "registration_number": "HRB 1", "country": "DE"}  # fmt: skip
    for wrong in ({"tax_id": "DE136695977", "phone": "+49 30 901820"}, {"tax_id": "DE136695976", "phone": "12"}):
        answer = Browser(market.app).submit("/apply", "/apply", **{**values, **wrong})
        assert answer.status_code == 422
        assert problem(answer.text, "tax_id") or problem(answer.text, "phone")


def test_the_form_for_applying_tells_all_that_is_wrong_at_once(market: Market) -> None:
    """The password can't be kept in a page, so each round costs typing it again."""
    values = {"company": "Lumen", "name": "Kim", "email": "kim", "password": "short", "phone": "12",
              "registration_number": "HRB 1", "country": "DE", "tax_id": "DE136695977"}  # fmt: skip
    answer = Browser(market.app).submit("/apply", "/apply", **values)
    assert set(problems_in(answer)) == {"email", "password", "phone", "tax_id"}
    empty = Browser(market.app).submit("/apply", "/apply")
    assert set(problems_in(empty)) == {
        "company", "name", "email", "phone", "password", "registration_number", "tax_id", "country",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("country", "told", "zone"),
    [
        ("DE", "", "Europe/Berlin"),
        ("US", "", "UTC"),
        ("US", "America/Chicago", "America/Chicago"),
        ("DE", "Mars/Phobos", "Europe/Berlin"),
    ],
)
def test_a_company_begins_in_its_own_time(market: Market, country: str, told: str, zone: str) -> None:
    """That of the browser, else that of the country where it has but one; the choice for parcels is that of all."""
    browser = Browser(market.app)
    numbers = {"DE": ("+49 30 901820", "DE136695976"), "US": ("+1 212 555 2368", "12-3456789")}
    phone, tax_id = numbers[country]
    answer = browser.submit("/apply", "/apply", company="Lumen", name="Kim", email="kim@lumen.example", phone=phone,
                            password="seven quiet herons", registration_number="1", tax_id=tax_id, country=country,
                            timezone=told)  # fmt: skip
    assert answer.status_code == 303, text_of(answer)
    shown = BeautifulSoup(browser.get(f"{AT}/shipping").text, "html.parser")
    chosen = shown.select_one("[name=timezone] option[selected]")
    assert chosen is not None and chosen["value"] == zone
    browser.submit(f"{AT}/shipping", "/shipping", timezone="Asia/Tokyo")
    with db.system_scope(actor="test"), db.transaction() as session:
        (supplier_id,) = session.scalars(select(Organisation.id).where(Organisation.name == "Lumen"))
    submitted = application(supplier_id).submitted_at.astimezone(ZoneInfo("Asia/Tokyo"))
    assert f"{submitted:%H:%M}" in text_of(browser.get(AT)), "all pages follow"


def test_where_a_rate_goes_and_what_it_costs_is_read_alike_by_supplier_and_reviewer(market: Market) -> None:
    browser, supplier_id = applied(market)
    browser.submit("/supplier/settings/rates/new", "/rates/new", name="Parcel", countries="DE, AT", everywhere="1",
                   first_item="5", next_item="1")  # fmt: skip
    admin, _ = console(market)
    for page in (browser.get(f"{AT}/shipping"), browser.get("/supplier/settings")):
        assert "Germany, Austria, and all others" in text_of(page)
    reviewed = text_of(admin.get(f"/console/suppliers/{supplier_id}"))
    assert "Germany, Austria, and all others" in reviewed
    assert "5.00, each further item" in reviewed


def test_goods_go_back_to_a_country_without_postal_codes(market: Market) -> None:
    browser, _ = applied(market)
    answer = browser.submit(f"{AT}/returns", "/returns", **{**RETURNS, "country_code": "HK", "postal_code": ""})
    assert answer.status_code == 303, problems_in(answer)


def test_a_payout_account_is_asked_after_on_the_way_back(market: Market) -> None:
    browser, _ = applied(market)
    page = browser.submit(f"{AT}/payout", "/onboarding/payout").headers["Location"]
    waiting = text_of(browser.get(f"{AT}/payout"))
    assert "needs more from you" in waiting and "Nothing is wanted" not in waiting
    came_back = requests.post(page, allow_redirects=False, timeout=5).headers["Location"]
    answer = browser.get(urlsplit(came_back).path)
    assert "Your payout account is ready." in text_of(browser.get(answer.headers["Location"]))


def test_one_that_was_declined_can_apply_again(market: Market, jobs: Jobs) -> None:
    browser, supplier_id = applied(market)
    admin, _ = console(market)
    decide(admin, supplier_id, "REJECTED")
    jobs.drain()
    assert "Your application was declined" in letters(market)
    assert "Papers seen." in text_of(browser.get(AT))
    assert browser.submit(AT, "/again").status_code == 303
    assert status(supplier_id) == "APPLIED"


def test_two_suppliers_with_the_same_numbers_are_shown_to_the_reviewer(market: Market) -> None:
    _, supplier_id = applied(market)
    admin, _ = console(market)
    seen = text_of(admin.get(f"/console/suppliers/{supplier_id}"))
    assert "Nordlicht: the same tax number" in seen
    assert "Kanto: the same tax number" in seen


def test_only_those_who_may_change_settings_set_up(market: Market) -> None:
    _, supplier_id = applied(market)
    for role in ("supplier_catalogue", "supplier_fulfilment", "supplier_finance"):
        with db.system_scope(actor="test"), db.transaction() as session:
            email = factories.member(session, session.get_one(Organisation, supplier_id), role).email
        browser = Browser(market.app)
        browser.sign_in(email)
        for page in ("", "/company", "/contacts", "/documents", "/returns", "/payout", "/connection"):
            assert browser.get(f"{AT}{page}").status_code == 403, (role, page)


# The test order
