"""Signing in and out, invitations and forgotten passwords, as a person goes through them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from app import db
from app.identity.models import Organisation, User
from app.kit import clock
from tests import factories
from tests.factories import PASSWORD
from tests.market import Market
from tests.stack import Jobs
from tests.web.browsing import Browser, text_of

NEW_PASSWORD = "seven quiet herons rising"


@pytest.fixture
def owner(market: Market) -> str:
    """The e-mail address of the retailer's owner."""
    with db.system_scope(actor="test"), db.transaction() as session:
        organisation = session.get_one(Organisation, market.retailer.id)
        return factories.member(session, organisation, "retailer_owner").email


def last_link(market: Market, jobs: Jobs, to: str, kind: str) -> str:
    """The path of the newest link of a kind in somebody's mailbox."""
    jobs.drain()
    for letter in market.app.test_client().get("/dev/mailbox.json").json["items"]:
        if letter["recipient"] == to:
            found = re.findall(rf"/{kind}/[A-Za-z0-9_-]+", letter["text"])
            if found:
                return str(found[-1])
    raise AssertionError(f"no letter to {to} with a link to /{kind}")


def test_signing_in_leads_home_and_out_again(market: Market, owner: str) -> None:
    browser = Browser(market.app)
    answer = browser.sign_in(owner.upper())
    assert (answer.status_code, answer.headers["Location"]) == (303, "/app/")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert browser.get("/app/").status_code == 200
    browser.submit("/app/", "/sign-out")
    assert browser.get("/app/").status_code == 302


def test_a_session_that_was_ended_is_dead_even_with_its_cookie(market: Market, owner: str) -> None:
    browser, thief = Browser(market.app), Browser(market.app)
    browser.sign_in(owner)
    stolen = browser.client.get_cookie("crossdock")
    assert stolen is not None
    thief.client.set_cookie("crossdock", stolen.value)
    assert thief.get("/app/").status_code == 200
    browser.submit("/app/", "/sign-out")
    assert thief.get("/app/").status_code == 302


def test_signing_in_again_is_another_session(market: Market, owner: str) -> None:
    browser = Browser(market.app)
    browser.client.set_cookie("crossdock", "chosen-by-somebody-else")
    browser.sign_in(owner)
    cookie = browser.client.get_cookie("crossdock")
    assert cookie is not None
    assert cookie.value != "chosen-by-somebody-else"


def test_a_session_ends_when_it_lies_idle_and_in_any_case_after_a_week(market: Market, owner: str) -> None:
    start = clock.now()
    with time_machine.travel(start, tick=True) as traveller:
        browser = Browser(market.app)
        browser.sign_in(owner)
        traveller.move_to(start + timedelta(hours=11))
        assert browser.get("/app/").status_code == 200
        traveller.move_to(start + timedelta(hours=24))
        assert browser.get("/app/").status_code == 302
        busy = Browser(market.app)
        busy.sign_in(owner)
        for hours in range(34, 24 + 7 * 24, 10):
            traveller.move_to(start + timedelta(hours=hours))
            assert busy.get("/app/").status_code == 200
        traveller.move_to(start + timedelta(hours=24 + 7 * 24 + 1))
        assert busy.get("/app/").status_code == 302


def test_a_wrong_pair_is_told_without_saying_which_half(market: Market, owner: str) -> None:
    wrong_password = Browser(market.app).sign_in(owner, "not the password at all")
    unknown = Browser(market.app).sign_in("nobody@example.com", PASSWORD)
    assert wrong_password.status_code == unknown.status_code == 401
    assert text_of(wrong_password).replace(owner, "") == text_of(unknown).replace("nobody@example.com", "")


def test_guessing_is_paused_and_the_right_password_works_after_the_pause(market: Market, owner: str) -> None:
    start = clock.now()
    with time_machine.travel(start, tick=False) as traveller:
        browser = Browser(market.app)
        statuses = [browser.sign_in(owner, f"guess number {number} is wrong").status_code for number in range(7)]
        assert statuses[:5] == [401] * 5
        assert 429 in statuses
        assert browser.sign_in(owner).status_code == 429, "a pause holds for the right password too"
        traveller.shift(timedelta(minutes=16))
        assert browser.sign_in(owner).status_code == 303


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\nb"]
)
def test_signing_in_never_leads_to_another_site(market: Market, owner: str, target: str) -> None:
    browser = Browser(market.app)
    answer = browser.post("/sign-in", {"email": owner, "password": PASSWORD, "next": target})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/app/")
    inside = Browser(market.app).post("/sign-in", {"email": owner, "password": PASSWORD, "next": "/app/orders?a=1"})
    assert inside.headers["Location"] == "/app/orders?a=1"


def test_a_password_that_was_hashed_otherwise_is_hashed_anew_at_the_next_sign_in(
    market: Market, owner: str, set_up: Callable[..., None]
) -> None:
    def stored() -> str:
        with db.system_scope(actor="test"), db.transaction() as session:
            return str(session.scalars(select(User.password_hash).where(User.email == owner)).one())

    set_up(password_memory_kib="19456")
    assert Browser(market.app).sign_in(owner).status_code == 303
    assert stored().startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    before = stored()
    assert Browser(market.app).sign_in(owner).status_code == 303
    assert stored() == before


def test_a_forgotten_password_is_replaced_once_and_ends_all_sessions(market: Market, owner: str, jobs: Jobs) -> None:
    elsewhere = Browser(market.app)
    elsewhere.sign_in(owner)
    browser = Browser(market.app)
    known = browser.submit("/forgot", "/forgot", email=owner)
    unknown = browser.submit("/forgot", "/forgot", email="nobody@example.com")
    assert known.status_code == unknown.status_code == 200
    assert text_of(known) == text_of(unknown), "nobody learns who has an account"
    link = last_link(market, jobs, owner, "reset")
    short = browser.submit(link, link, password="short")
    assert short.status_code == 422
    assert "15 characters" in text_of(short)
    done = browser.submit(link, link, password=NEW_PASSWORD)
    assert done.status_code == 303
    assert elsewhere.get("/app/").status_code == 302
    assert Browser(market.app).sign_in(owner).status_code == 401
    assert Browser(market.app).sign_in(owner, NEW_PASSWORD).status_code == 303
    again = browser.get(link)
    assert again.status_code == 410
    assert "Ask for a new one" in text_of(again)


def test_a_link_to_a_new_password_runs_out(market: Market, owner: str, jobs: Jobs) -> None:
    browser = Browser(market.app)
    browser.submit("/forgot", "/forgot", email=owner)
    link = last_link(market, jobs, owner, "reset")
    with time_machine.travel(clock.now() + timedelta(minutes=31), tick=True):
        assert browser.get(link).status_code == 410
        assert browser.post(link, {"password": NEW_PASSWORD}).status_code == 410
    assert browser.get("/reset/made-up").status_code == 410


def test_an_invitation_comes_by_mail_and_makes_a_member(market: Market, owner: str, jobs: Jobs) -> None:
    boss = Browser(market.app)
    boss.sign_in(owner)
    sent = boss.submit("/app/settings", "/settings/team", email="grace@example.com", role="retailer_fulfilment")
    assert sent.status_code == 303
    link = last_link(market, jobs, "grace@example.com", "invitation")
    guest = Browser(market.app)
    joined = guest.submit(link, link, name="Grace Hopper", password=NEW_PASSWORD)
    assert (joined.status_code, joined.headers["Location"]) == (303, "/app/")
    assert guest.get("/app/orders").status_code == 200
    refused = guest.get("/app/billing")
    assert (refused.status_code, "Your role does not allow this." in text_of(refused)) == (403, True)
    assert Browser(market.app).get(link).status_code == 410


def test_a_new_retailer_joins_and_a_supplier_applies(market: Market) -> None:
    retailer = Browser(market.app)
    joined = retailer.submit(
        "/join",
        "/join",
        company="Fabrikam",
        name="Jo",
        email="jo@fabrikam.example",
        password=NEW_PASSWORD,
        country="CA",
    )
    assert (joined.status_code, joined.headers["Location"]) == (303, "/app/")
    assert retailer.get("/app/").status_code == 200
    supplier = Browser(market.app)
    applied = supplier.submit(
        "/apply",
        "/apply",
        company="Lumen GmbH",
        name="Kim",
        email="kim@lumen.example",
        phone="+49 30 901820",
        password=NEW_PASSWORD,
        registration_number="HRB 54321",
        tax_id="DE136695976",
        country="DE",
    )
    assert applied.status_code == 303, text_of(applied)
    names = [item["company_name"] for item in market.retailer.api.get("/api/suppliers").json["items"]]
    assert "Lumen GmbH" not in names, "not before it is approved"
    taken = Browser(market.app).submit(
        "/join", "/join", company="Again", name="Jo", email="JO@fabrikam.example", password=NEW_PASSWORD, country="CA"
    )
    assert taken.status_code == 422


def test_all_that_is_wrong_with_an_application_is_told_at_once(market: Market) -> None:
    sent = {
        "company": "Lumen", "name": " ", "email": "kim@lumen.example", "phone": "12", "password": "short",
        "registration_number": "1" * 61, "tax_id": "DE136695977", "country": "DE", "website": "javascript:alert(1)",
        "note": "n" * 2001,
    }  # fmt: skip
    refused = Browser(market.app).submit("/apply", "/apply", **sent)
    assert refused.status_code == 422
    page = refused.get_data(as_text=True)
    for field in ("name", "phone", "password", "registration_number", "tax_id", "website", "note"):
        assert f'id="h-{field}"' in page, field
    right = {
        "name": "Kim", "phone": "+49 30 901820", "password": NEW_PASSWORD, "registration_number": "HRB 1",
        "tax_id": "DE136695976", "website": "www.lumen.example", "note": "", "timezone": "localtime",
    }  # fmt: skip
    applicant = Browser(market.app)
    applied = applicant.submit("/apply", "/apply", **{**sent, **right})
    assert applied.status_code == 303, text_of(applied)
    assert applicant.get("/supplier/").status_code == 200, "what is no time zone was taken for one"
    assert 'value="https://www.lumen.example"' in applicant.get("/supplier/onboarding/company").get_data(True)


def test_suppliers_apply_from_anywhere_and_trade_in_a_currency_that_is_settled(market: Market) -> None:
    numbers = {"registration_number": "91440300708461136T", "tax_id": "91440300708461136T"}
    for country, phone, currency in (("CN", "+86 755 2826 8888", "USD"), ("PL", "+48 22 123 45 67", "EUR")):
        company = f"Lumen {country}"
        applied = Browser(market.app).submit(
            "/apply", "/apply", company=company, name="Kim", email=f"kim@lumen-{country.lower()}.example",
            phone=phone, password=NEW_PASSWORD, country=country,
            **(numbers if country == "CN" else {"registration_number": "0000012345", "tax_id": "PL5260250274"}),
        )  # fmt: skip
        assert applied.status_code == 303, text_of(applied)
        with db.system_scope(actor="test"), db.transaction() as session:
            made = session.scalars(select(Organisation).where(Organisation.name == company)).one()
            assert (made.country, made.currency) == (country, currency)
    refused = Browser(market.app).submit(
        "/join", "/join", company="Nowhere", name="Jo", email="jo@nowhere.example", password=NEW_PASSWORD, country="ZZ"
    )
    assert (refused.status_code, "Choose a country." in text_of(refused)) == (422, True)
    stranger = Browser(market.app)
    unsaid = stranger.submit(
        "/join", "/join", company="Nowhere", name="Jo", email="jo@nowhere.example", password=NEW_PASSWORD
    )
    assert (unsaid.status_code, "Choose a country." in text_of(unsaid)) == (422, True), "none is guessed"
    for speaks, proposed in (("de-AT,de;q=0.9", "AT"), ("fr", "")):
        form = stranger.client.get("/join", headers={"Accept-Language": speaks}).text
        chosen = re.findall(r'<option value="([A-Z]*)" selected', form.partition('name="country"')[2])
        assert chosen[0] == proposed


def test_reviewers_find_who_waits_for_them_first_and_a_company_by_its_name(market: Market) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        for name, status in (("Amber", "APPLIED"), ("Borealis", "IN_REVIEW"), ("Cirrus 100%", "APPLIED")):
            factories.supplier(session, name, active=False).status = status
        admin = factories.member(session, session.get_one(Organisation, market.admin.id), "platform_admin").email
    console = Browser(market.app)
    console.sign_in(admin)
    page = text_of(console.get("/console/suppliers"))
    assert page.index("Borealis") < page.index("Amber") < page.index("Cirrus")
    found = text_of(console.get("/console/suppliers", query_string={"search": "rus 100%"}))
    assert "Cirrus" in found and "Amber" not in found
    assert "No company has this in its name" in text_of(console.get("/console/suppliers?search=100_"))


def test_a_supplier_is_approved_in_the_console_and_then_sells(market: Market) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        waiting = factories.supplier(session, "Lumen", active=False).id
        factories.passed_test_order(session, waiting)
        admin = factories.member(session, session.get_one(Organisation, market.admin.id), "platform_admin").email
    console = Browser(market.app)
    console.sign_in(admin)
    assert "Lumen" in text_of(console.get("/console/suppliers"))
    page = f"/console/suppliers/{waiting}"
    token = console.form(page, "/decide").select_one("[name=csrf_token]")
    assert token is not None
    stale = {"csrf_token": str(token["value"]), "acknowledged": "1", "reason": "Too late"}
    decided = console.submit(page, "/decide", acknowledged="1", reason="Papers seen")
    assert decided.status_code == 303, text_of(decided)
    assert console.post(f"{page}/decide", {**stale, "status": "ACTIVE"}).status_code == 303, "the same, sent twice"
    refused = console.post(f"{page}/decide", {**stale, "status": "REJECTED"})
    assert refused.status_code == 409
    assert "This can't follow on “Active”" in text_of(refused)
    names = [item["company_name"] for item in market.retailer.api.get("/api/suppliers").json["items"]]
    assert "Lumen" in names
