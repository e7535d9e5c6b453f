"""A supplier's set-up through its pages: every step, what is wrong with it, papers, sending, and the test order."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import requests
import time_machine
from bs4 import BeautifulSoup
from sqlalchemy import select

from app import db
from app.audit.models import AuditEvent
from app.identity.models import Organisation
from app.identity.rules import SCOPES_OF_KIND
from app.identity.service import issue_key
from app.kit import clock
from app.suppliers.files import storage
from app.suppliers.models import ReturnPolicy, Supplier, SupplierApplication, SupplierDocument, TestOrder
from app.suppliers.queries import newest_test_order
from app.suppliers.service import contact_of
from app.suppliers.service.onboarding import company_address, return_address
from tests import factories
from tests.domains.suppliers.test_papers import HOSTILE, pdf, picture
from tests.market import Api, Market
from tests.stack import Jobs
from tests.web.browsing import Browser, problems_in, text_of
from tests.web.pages.test_approval import applied, console, decide
from tests.web.pages.test_settings import problem

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
        "company", "name", "email", "phone", "password", "registration_number", "tax_id",
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


def test_hostile_papers_are_refused_and_nothing_is_kept(market: Market) -> None:
    browser, supplier_id = applied(market)
    for name, content in HOSTILE.items():
        answer = upload(browser, content)
        assert answer.status_code == 422, name
        assert problem(answer.text, "file"), name
    with db.system_scope(actor="test"), db.transaction() as session:
        assert session.scalars(select(SupplierDocument).where(SupplierDocument.supplier_id == supplier_id)).all() == []


def test_papers_have_limits_and_insurance_an_end(market: Market) -> None:
    browser, _ = applied(market)
    assert upload(browser, b"%PDF-1.7" + b"x" * (10 * 1024 * 1024 + 1)).status_code in (413, 422)
    assert upload(browser, b"%PDF-1.7" + b"x" * (11 * 1024 * 1024)).status_code == 413
    ours = pdf(b"<< /Only (%s) >>" % str(clock.now()).encode())
    today = clock.now().date()
    for expires_on in ("", "soon", str(today - timedelta(days=1)), str(today + timedelta(days=3654))):
        answer = upload(browser, ours, "insurance", expires_on=expires_on)
        assert answer.status_code == 422
        assert problem(answer.text, "expires_on")
    assert problem(upload(browser, ours, "passport").text, "kind")
    folder = storage()._root / "papers"  # type: ignore[attr-defined]
    with db.system_scope(actor="test"), db.transaction() as session:
        assert session.scalars(select(SupplierDocument)).all() == []
    assert not [one for one in folder.glob("*") if one.read_bytes() == ours]


def test_a_paper_is_read_by_its_owner_and_reviewers_only_and_each_time_is_written_down(market: Market) -> None:
    browser, supplier_id = applied(market)
    upload(browser, pdf())
    with db.system_scope(actor="test"), db.transaction() as session:
        (paper,) = session.scalars(select(SupplierDocument)).all()
        stranger = factories.member(session, session.get_one(Organisation, market.supplier.id), "supplier_owner").email
        clerk = factories.member(session, session.get_one(Organisation, supplier_id), "supplier_catalogue").email
    got = browser.get(f"{AT}/documents/{paper.id}")
    assert (got.data, got.mimetype) == (pdf(), "application/pdf")
    assert got.headers["Content-Disposition"].startswith("attachment")
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in got.headers["Cache-Control"]
    admin, actor = console(market)
    there = f"/console/suppliers/{supplier_id}/papers/{paper.id}"
    assert admin.get(there).data == pdf()
    assert admin.get(f"/console/suppliers/{market.supplier.id}/papers/{paper.id}").status_code == 404
    agent, _ = console(market, "support_agent")
    assert agent.get(there).status_code == 403
    for email, answer in ((stranger, 404), (clerk, 403)):
        other = Browser(market.app)
        other.sign_in(email)
        assert other.get(f"{AT}/documents/{paper.id}").status_code == answer
    with db.system_scope(actor="test"), db.transaction() as session:
        events = session.scalars(select(AuditEvent).where(AuditEvent.action == "suppliers.paper_read")).all()
        assert [one.object_id for one in events] == [str(paper.id)] * 2
        assert actor in {one.actor for one in events}


def test_a_new_paper_takes_the_place_of_the_old_which_reviewers_still_find(market: Market) -> None:
    browser, supplier_id = applied(market)
    upload(browser, pdf())
    upload(browser, pdf(b"<< /New true >>"))
    page = browser.get(f"{AT}/documents").text
    assert page.count("/remove") == 1
    admin, _ = console(market)
    assert admin.get(f"/console/suppliers/{supplier_id}").text.count("/papers/") == 2
    assert browser.submit(f"{AT}/documents", "/remove").status_code == 303
    assert "Send the extract" in text_of(browser.get(f"{AT}/documents"))


def test_a_question_leads_to_its_step_and_saving_it_answers(market: Market, jobs: Jobs) -> None:
    browser, supplier_id = applied(market)
    set_up(market, browser)
    browser.submit(AT, "/send")
    jobs.drain()
    admin, _ = console(market)
    assert "Lumen GmbH waits for review" in text_of(admin.get("/console/"))
    assert "You need not do anything" in text_of(browser.get("/supplier/"))
    at = f"/console/suppliers/{supplier_id}"
    assert admin.submit(at, "/ask", step="documents", message=" ").status_code == 422
    assert admin.submit(at, "/ask", step="hat", message="Which?").status_code == 422
    asked = admin.submit(at, "/ask", step="documents", message="The scan is cut off. Send page 2.")
    assert asked.status_code == 303, text_of(asked)
    assert status(supplier_id) == "NEEDS_INFO"
    assert "Lumen GmbH waits for review" not in text_of(admin.get("/console/")), "it is the supplier's turn"
    jobs.drain()
    assert "We need something from you" in letters(market)
    home = text_of(browser.get("/supplier/"))
    assert "The scan is cut off." in home and "You need not do anything" not in home
    assert "The scan is cut off." in text_of(browser.get(AT))
    assert "The scan is cut off." in text_of(browser.get(f"{AT}/documents"))
    token = browser.form(AT, "/sign-out").select_one("[name=csrf_token]")
    assert token is not None
    assert browser.post(f"{AT}/send", {"csrf_token": str(token["value"])}).status_code == 409, "not answered yet"
    assert upload(browser, picture("PNG")).status_code == 303
    assert "The scan is cut off." not in text_of(browser.get("/supplier/"))
    assert browser.submit(AT, "/send").status_code == 303
    assert status(supplier_id) == "IN_REVIEW"
    jobs.drain()
    assert "Lumen GmbH waits for review" in text_of(admin.get("/console/"))
    told = text_of(admin.get(at))
    story = told[told.index("History") :]
    in_order = [
        "In review",
        "The scan is cut off. Send page 2. (answered",
        "Needs more information",
        "In review",
        "Applied",
    ]
    places = [story.index(in_order[0])]
    for words in in_order[1:]:
        places.append(story.index(words, places[-1] + 1))
    decide(admin, supplier_id, "ACTIVE")
    assert "Lumen GmbH" not in text_of(admin.get("/console/")), "there is nothing to look at any more"


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


def order_of(supplier_id: UUID) -> TestOrder:
    """The newest test order."""
    with db.system_scope(actor="test"), db.transaction() as session:
        found = newest_test_order(session, supplier_id)
        assert found is not None
        return found


def missing(browser: Browser) -> list[str]:
    """What the page says is missing."""
    page = BeautifulSoup(browser.get(f"{AT}/test-order").text, "html.parser")
    return [one.get_text() for one in page.select("main ol:not(:has(a)) p.text-muted-foreground") if one.get_text()]


def test_a_test_order_by_portal_is_checked_step_by_step(market: Market, jobs: Jobs) -> None:
    console(market)
    browser, supplier_id = applied(market)
    token = browser.form(AT, "/sign-out").select_one("[name=csrf_token]")
    assert token is not None
    assert browser.post(f"{AT}/test-order", {"csrf_token": str(token["value"])}).status_code == 409, "how, first"
    browser.submit(f"{AT}/connection", "/connection", connection="portal")
    before = {table: market.count(table) for table in ("orders", "purchase_orders", "reservations", "journal_entries")}
    assert browser.submit(f"{AT}/test-order", "/test-order").status_code == 303
    jobs.drain()
    assert "Test order TEST-1" in letters(market)
    assert missing(browser) == ["Open it in your purchase orders.", "Accept every line.",
                                "Ship it: one parcel or several, each with its tracking number."]  # fmt: skip
    order = order_of(supplier_id)
    at = f"/supplier/test-orders/{order.id}"
    assert at in browser.get("/supplier/purchase-orders").text
    assert "Test" in text_of(browser.get("/supplier/purchase-orders"))
    assert browser.get(at).status_code == 200
    assert missing(browser)[0] == "Accept every line."
    assert browser.submit(at, "/accept").status_code == 303
    for number in ("", "??"):
        refused = browser.submit(at, "/ship", tracking_number=number)
        assert refused.status_code == 422 and "tracking_number" in problems_in(refused), number
    assert len(missing(browser)) == 1
    shipped = browser.submit(at, "/ship", tracking_number="TEST12345")
    assert shipped.status_code == 303
    assert order_of(supplier_id).passed_at is not None
    page = browser.get(shipped.headers["Location"])
    assert "The test order has passed." in text_of(page) and "still wants" not in text_of(page)
    assert "Accept it and ship it" not in text_of(page)
    assert f'href="{AT}"' in page.text, "the way on"
    assert "passed" in text_of(browser.get(f"{AT}/test-order"))
    jobs.drain()
    assert "Lumen GmbH has passed its test order" in letters(market)
    assert at not in browser.get("/supplier/purchase-orders").text
    after = {table: market.count(table) for table in before}
    assert after == before, "no order, no stock, no money"


def api_of(market: Market, supplier_id: UUID) -> Api:
    """The supplier's own program."""
    with db.system_scope(actor="test"), db.transaction() as session:
        _, secret = issue_key(session, supplier_id, name="warehouse", scopes=SCOPES_OF_KIND["supplier"])
    return market.with_key(secret)


def test_a_test_order_by_api_runs_through_the_calls_of_real_orders(market: Market, jobs: Jobs) -> None:
    browser, supplier_id = applied(market)
    api = api_of(market, supplier_id)
    browser.submit(f"{AT}/connection", "/connection", connection="api")
    browser.submit(f"{AT}/test-order", "/test-order")
    (listed,) = api.get("/api/supplier/orders").json["items"]
    assert (listed["test"], listed["number"], listed["status"]) == (True, "TEST-1", "PENDING")
    assert listed["shipping_address"]["company"] == "Crossdock"
    assert api.get("/api/supplier/orders", status="SHIPPED").json["items"] == []
    at = f"/api/supplier/orders/{listed['id']}"
    assert market.supplier.api.get(at).status_code == 404
    assert market.supplier.api.post(f"{at}/acknowledge", {"lines": [
        {"line_id": listed["lines"][0]["id"], "status": "accepted"}]}).status_code == 404  # fmt: skip
    lines = [{"line_id": one["id"], "status": "backordered"} for one in listed["lines"]]
    assert api.post(f"{at}/acknowledge", {"lines": lines}).json["status"] == "BACKORDERED"
    assert missing(browser)[0] == "A line is backordered or rejected. Accept every line of a test order."
    taken = api.post(f"{at}/acknowledge", {"lines": [{**one, "status": "accepted"} for one in lines]})
    assert (taken.status_code, taken.json["status"]) == (200, "CONFIRMED")
    one, other = listed["lines"]
    too_many = {"carrier": "dhl", "tracking_number": "TEST1", "lines": [{"line_id": one["id"], "quantity": 3}]}
    assert api.post(f"{at}/ship", {"parcels": [too_many]}).status_code == 422
    first = {"carrier": "dhl", "tracking_number": "TEST-0001", "lines": [{"line_id": one["id"], "quantity": 2}]}
    assert api.post(f"{at}/ship", {"parcels": [first]}).status_code == 201
    assert api.get(at).json["status"] == "PARTIALLY_SHIPPED"
    assert missing(browser)[0] == "Some units are not shipped yet."
    rest = {"carrier": "dhl", "tracking_number": "TEST-0002", "lines": [{"line_id": other["id"], "quantity": 1}]}
    shipped = api.post(f"{at}/ship", {"parcels": [first, rest]})
    assert [parcel["tracking_number"] for parcel in shipped.json["shipments"]] == ["TEST-0001", "TEST-0002"]
    assert order_of(supplier_id).passed_at is not None
    assert api.get("/api/supplier/orders").json["items"] == []


def test_one_that_connects_by_api_does_not_pass_by_hand(market: Market) -> None:
    browser, supplier_id = applied(market)
    browser.submit(f"{AT}/connection", "/connection", connection="api")
    browser.submit(f"{AT}/test-order", "/test-order")
    at = f"/supplier/test-orders/{order_of(supplier_id).id}"
    browser.submit(at, "/accept")
    browser.submit(at, "/ship", tracking_number="TEST12345")
    assert order_of(supplier_id).passed_at is None
    assert "did a part of it in the portal" in " ".join(missing(browser))
    assert browser.submit(f"{AT}/test-order", "/test-order").status_code == 303
    assert order_of(supplier_id).attempt == 2
    assert browser.get(at).status_code == 404, "the first one ended"


def test_test_orders_of_others_are_not_there(market: Market) -> None:
    browser, supplier_id = applied(market)
    browser.submit(f"{AT}/connection", "/connection", connection="portal")
    browser.submit(f"{AT}/test-order", "/test-order")
    at = f"/supplier/test-orders/{order_of(supplier_id).id}"
    with db.system_scope(actor="test"), db.transaction() as session:
        stranger = factories.member(session, session.get_one(Organisation, market.supplier.id), "supplier_owner").email
    other = Browser(market.app)
    other.sign_in(stranger)
    token = other.form("/supplier/", "/sign-out").select_one("[name=csrf_token]")
    assert token is not None
    assert other.get(at).status_code == 404
    for action in ("accept", "ship"):
        sent = {"csrf_token": str(token["value"]), "tracking_number": "TEST12345"}
        assert other.post(f"{at}/{action}", sent).status_code == 404


# Papers that run out


def papers_watched(jobs: Jobs, day: date) -> None:
    """The job looks, on that day."""
    with time_machine.travel(f"{day}T12:00:00Z", tick=True):
        jobs.run_scheduled("watch_papers")


def test_a_lapsed_insurance_is_reminded_of_then_due_then_suspends(market: Market, jobs: Jobs) -> None:
    browser, supplier_id = applied(market)
    set_up(market, browser)
    admin, _ = console(market)
    decide(admin, supplier_id, "ACTIVE")
    jobs.drain()
    ends = date.fromisoformat(next_year())
    told: list[str] = []

    def new_letters() -> list[str]:
        fresh = [one for one in letters(market) if "insurance" in one.lower() or "suspended" in one]
        added = fresh[: len(fresh) - len(told)]
        told[:] = fresh
        return added

    for days, expected in (
        (31, []),
        (30, ["Your insurance ends within 30 days"]),
        (29, []),
        (7, ["Your insurance ends within 7 days"]),
        (0, ["Your insurance ends now"]),
        (-1, ["Your insurance has lapsed"]),
        (-2, []),
    ):
        papers_watched(jobs, ends - timedelta(days=days))
        assert new_letters() == expected, days
        papers_watched(jobs, ends - timedelta(days=days))
        assert new_letters() == [], "told once"
    assert status(supplier_id) == "ACTIVE"
    assert application(supplier_id).review_due_on == ends + timedelta(days=14)
    assert "papers due" in text_of(admin.get("/console/suppliers?view=decided"))
    papers_watched(jobs, ends + timedelta(days=14))
    assert status(supplier_id) == "ACTIVE"
    papers_watched(jobs, ends + timedelta(days=15))
    assert status(supplier_id) == "SUSPENDED"
    assert new_letters() == ["Your company is suspended"]
    papers_watched(jobs, ends + timedelta(days=16))
    assert new_letters() == []


def test_a_new_insurance_ends_the_review_when_a_reviewer_has_confirmed_it(market: Market, jobs: Jobs) -> None:
    browser, supplier_id = applied(market)
    set_up(market, browser)
    admin, _ = console(market)
    decide(admin, supplier_id, "ACTIVE")
    ends = date.fromisoformat(next_year())
    papers_watched(jobs, ends + timedelta(days=1))
    assert application(supplier_id).review_due_on is not None
    at = f"/console/suppliers/{supplier_id}"
    later = str(ends + timedelta(days=400))
    assert upload(browser, pdf(), "insurance", expires_on=later).status_code == 303
    assert application(supplier_id).review_due_on is not None, "any PDF file is no proof"
    assert "We look at your new insurance and confirm it." in text_of(browser.get(AT))
    jobs.drain()
    assert "Lumen GmbH has sent a new insurance" in letters(market)
    agent, _ = console(market, "support_agent")
    assert "Confirm the new paper" not in agent.get(at).text
    assert "It has sent a new insurance. Look at it, and confirm it." in text_of(admin.get(at))
    assert admin.submit(at, "/papers/confirm").status_code == 303
    assert application(supplier_id).review_due_on is None
    token = admin.form(at, "/sign-out").select_one("[name=csrf_token]")
    assert token is not None
    assert admin.post(f"{at}/papers/confirm", {"csrf_token": str(token["value"])}).status_code == 409, "nothing is due"
    papers_watched(jobs, ends + timedelta(days=30))
    assert status(supplier_id) == "ACTIVE"
    refused = browser.submit(f"{AT}/documents", "/remove")
    assert refused.status_code == 409, "nobody sells without one"
