"""Papers of a supplier: which are taken, who reads them, and what becomes of one that runs out."""

from __future__ import annotations

from datetime import date, timedelta

import time_machine
from sqlalchemy import select

from app import db
from app.audit.models import AuditEvent
from app.identity.models import Organisation
from app.kit import clock
from app.suppliers.files import storage
from app.suppliers.models import SupplierDocument
from tests import factories
from tests.domains.suppliers.test_papers import HOSTILE, pdf
from tests.market import Market
from tests.stack import Jobs
from tests.web.browsing import Browser, text_of
from tests.web.pages.set_up import (
    AT,
    application,
    letters,
    next_year,
    set_up,
    status,
    upload,
)
from tests.web.pages.test_approval import applied, console, decide
from tests.web.pages.test_settings import problem


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
