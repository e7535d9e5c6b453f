"""A supplier's way from its application to its first order, and what its people and the platform's see of it."""

from __future__ import annotations

import re
from uuid import UUID

from bs4 import BeautifulSoup
from sqlalchemy import select

from app import db
from app.audit.models import AuditEvent
from app.identity.models import Organisation
from app.inventory.queries import locations
from app.notifications.models import Notice
from tests import factories
from tests.market import Market
from tests.stack import Jobs
from tests.web.browsing import Browser, text_of
from tests.web.pages.test_accounts import NEW_PASSWORD

CATALOGUE = b"""handle,title,sku,wholesale_price,quantity,status
bulb,Light bulb,BULB-1,4.00,30,active
"""


def applied(market: Market) -> tuple[Browser, UUID]:
    """Somebody whose company has just applied, signed in, and the company."""
    browser = Browser(market.app)
    answer = browser.submit(
        "/apply",
        "/apply",
        company="Lumen GmbH",
        name="Kim",
        email="kim@lumen.example",
        phone="+49 30 901820",
        password=NEW_PASSWORD,
        registration_number="HRB 54321",
        tax_id="DE136695976",
        country="US",
    )
    assert answer.status_code == 303, text_of(answer)
    with db.system_scope(actor="test"), db.transaction() as session:
        found = session.scalar(select(Organisation.id).where(Organisation.name == "Lumen GmbH"))
    assert found is not None
    return browser, found


def console(market: Market, role: str = "platform_admin") -> tuple[Browser, str]:
    """One of the platform's people, and how the audit log calls it."""
    with db.system_scope(actor="test"), db.transaction() as session:
        user = factories.member(session, session.get_one(Organisation, market.admin.id), role)
    browser = Browser(market.app)
    browser.sign_in(user.email)
    return browser, f"user:{user.id}"


def decide(browser: Browser, supplier_id: UUID, status: str) -> None:
    """Through the console's pages, where the test order has passed; other steps that are not done are acknowledged."""
    if status == "ACTIVE":
        with db.system_scope(actor="test"), db.transaction() as session:
            factories.passed_test_order(session, supplier_id)
    page, form = f"/console/suppliers/{supplier_id}", "/decide"
    if status == "SUSPENDED":
        page = form = f"{page}/suspend"
    answer = browser.submit(page, form, status=status, reason="Papers seen.", acknowledged="1")
    assert answer.status_code == 303, text_of(answer)


def open_steps(browser: Browser) -> list[str]:
    """The set-up steps that the supplier's first page still links to."""
    section = BeautifulSoup(browser.get("/supplier/").text, "html.parser").select_one("ol")
    return [link.get_text() for link in section.select("a")] if section else []


def test_a_supplier_that_applied_is_approved_sets_itself_up_and_sells(market: Market, jobs: Jobs) -> None:
    supplier, supplier_id = applied(market)
    jobs.drain()
    assert open_steps(supplier) == [], "before it sells the set-up leads it"
    admin, _ = console(market)
    decide(admin, supplier_id, "ACTIVE")
    jobs.drain()
    assert open_steps(supplier) == ["Add shipping rates", "Upload your products", "Open your payout account"]
    with db.system_scope(actor="test"), db.transaction() as session:
        (place,) = locations(session, supplier_id)
        assert (place.country, place.is_default) == ("US", True)
    assert "Nobody can order from you yet" in text_of(supplier.get("/supplier/"))
    made = supplier.submit("/supplier/settings/rates/new", "/rates/new", name="Post", first_item="3", next_item="0.50")
    assert made.status_code == 303, text_of(made)
    key = supplier.submit(
        "/supplier/settings/keys", "/keys", name="Feed", scopes=["read:catalog", "write:catalog", "write:inventory"]
    )
    secret = BeautifulSoup(key.text, "html.parser").select_one("code")
    assert secret is not None
    api = market.with_key(secret.get_text())
    upload = api.call("POST", "/api/supplier/uploads?file_name=a.csv", data=CATALOGUE, content_type="text/csv").json
    jobs.drain()
    taken = api.post(f"/api/supplier/uploads/{upload['id']}/apply", {})
    assert taken.status_code in (200, 202), taken.text
    jobs.drain()
    assert open_steps(supplier) == ["Open your payout account"]
    (product,) = market.retailer.api.get(f"/api/suppliers/{supplier_id}/products").json["items"]
    market.place((UUID(product["variants"][0]["id"]), 2))


def test_a_location_is_there_before_the_approval_and_only_once(market: Market, jobs: Jobs) -> None:
    _, supplier_id = applied(market)
    jobs.drain()
    admin, _ = console(market)
    for status in ("ACTIVE", "SUSPENDED", "ACTIVE"):
        decide(admin, supplier_id, status)
        jobs.drain()
    with db.system_scope(actor="test"), db.transaction() as session:
        assert [one.code for one in locations(session, supplier_id)] == ["main"]


def test_the_letter_about_an_application_leads_to_its_page(market: Market, jobs: Jobs) -> None:
    admin, _ = console(market)
    applied(market)
    jobs.drain()
    letters = market.app.test_client().get("/dev/mailbox.json").json["items"]
    (letter,) = [one for one in letters if one["subject"] == "Lumen GmbH wants to sell"]
    found = re.search(r"https?://[^/\s]+(/console/\S+)", letter["text"])
    assert found is not None
    assert "HRB 54321" in text_of(admin.get(found[1]))


def test_who_reads_a_contact_stands_in_the_audit_log(market: Market) -> None:
    _, supplier_id = applied(market)
    agent, actor = console(market, "support_agent")
    assert "kim@lumen.example" in text_of(agent.get(f"/console/suppliers/{supplier_id}"))
    with db.system_scope(actor="test"), db.transaction() as session:
        (event,) = session.scalars(select(AuditEvent).where(AuditEvent.action == "suppliers.contact_read")).all()
        assert (event.actor, event.organisation_id, event.object_id) == (actor, supplier_id, str(supplier_id))
        assert "kim" not in str(event.details)


def test_the_history_names_each_status(market: Market) -> None:
    _, supplier_id = applied(market)
    admin, _ = console(market)
    decide(admin, supplier_id, "ACTIVE")
    assert "Active: Papers seen." in text_of(admin.get(f"/console/suppliers/{supplier_id}"))


def test_good_news_is_calm_and_can_be_dismissed_and_bad_news_stays(market: Market, jobs: Jobs) -> None:
    supplier, supplier_id = applied(market)
    admin, _ = console(market)
    decide(admin, supplier_id, "ACTIVE")
    jobs.drain()
    banner = _banner(supplier, "Your company is approved")
    assert "tone-info" in banner
    form = supplier.form("/supplier/", "/dismiss")
    with db.system_scope(actor="test"), db.transaction() as session:
        stranger = factories.member(session, session.get_one(Organisation, market.supplier.id), "supplier_owner").email
    other = Browser(market.app)
    other.sign_in(stranger)
    word = other.form("/supplier/", "/sign-out").select_one("[name=csrf_token]")
    assert word is not None
    assert other.post(str(form["action"]), {"csrf_token": str(word["value"])}).status_code == 404
    assert supplier.submit("/supplier/", "/dismiss").status_code == 303
    assert "Your company is approved" not in text_of(supplier.get("/supplier/"))
    decide(admin, supplier_id, "SUSPENDED")
    jobs.drain()
    assert "tone-critical" in _banner(supplier, "Your company is suspended")
    with db.system_scope(actor="test"), db.transaction() as session:
        (notice,) = session.scalars(select(Notice).where(Notice.organisation_id == supplier_id)).all()
    word = supplier.form("/supplier/", "/sign-out").select_one("[name=csrf_token]")
    assert word is not None
    kept = supplier.post(f"/supplier/notices/{notice.id}/dismiss", {"csrf_token": str(word["value"])})
    assert kept.status_code == 409
    decide(admin, supplier_id, "ACTIVE")
    jobs.drain()
    assert "suspended" not in text_of(supplier.get("/supplier/")), "the newest status takes its place"


def _banner(browser: Browser, heading: str) -> list[str]:
    """The classes of the banner with a heading."""
    page = BeautifulSoup(browser.get("/supplier/").text, "html.parser")
    found = next(one for one in page.select("[role=status], [role=alert]") if heading in one.get_text())
    return list(found["class"])
