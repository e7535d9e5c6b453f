"""What a reviewer asks a supplier, and what the supplier answers."""

from __future__ import annotations

import io

from bs4 import BeautifulSoup
from sqlalchemy import select

from app import db
from app.identity.models import Organisation
from app.notifications.models import Notice
from app.suppliers.models import SupplierDocument
from tests import factories
from tests.domains.suppliers.test_papers import pdf, picture
from tests.market import Market
from tests.stack import Jobs
from tests.web.browsing import Browser, problems_in, text_of
from tests.web.pages.set_up import (
    AT,
    letters,
    set_up,
    status,
    upload,
)
from tests.web.pages.test_approval import applied, console, decide


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


def test_a_question_is_answered_in_words_and_with_documents_which_both_sides_read(market: Market, jobs: Jobs) -> None:
    browser, supplier_id = applied(market)
    set_up(market, browser)
    browser.submit(AT, "/send")
    admin, _ = console(market)
    at = f"/console/suppliers/{supplier_id}"
    admin.submit(at, "/ask", step="company", message="Who owns you?")
    jobs.drain()
    link = BeautifulSoup(browser.get(AT).text, "html.parser").select_one("a[href*='/questions/']")
    assert link is not None and link.get_text() == "Answer in words"
    page = str(link["href"])
    with db.system_scope(actor="test"), db.transaction() as session:
        (notice,) = session.scalars(select(Notice).where(Notice.kind == "supplier_question"))
        assert notice.link == page
    hostile = browser.submit(page, page, message="See the file.", file=(io.BytesIO(b"MZ program"), "owner.exe"))
    assert hostile.status_code == 422
    assert "owner.exe: This is neither" in problems_in(hostile)["file"]
    assert "See the file." in hostile.text, "what was typed is kept"
    assert "message" in problems_in(browser.submit(page, page, message=" "))
    with db.system_scope(actor="test"), db.transaction() as session:
        kept = session.scalars(select(SupplierDocument).where(SupplierDocument.supplier_id == supplier_id)).all()
    assert len(kept) == 2, "those of the set-up"

    answered = browser.submit(page, page, message="Kim owns it all.", file=(io.BytesIO(pdf()), "owner.pdf"))
    assert answered.status_code == 303, text_of(answered)
    own = text_of(browser.get(page))
    assert "Kim owns it all." in own and "All questions are answered" in own
    assert browser.get(f"{AT}/documents").text.count("/remove") == 2, "it belongs to the answer"
    document = BeautifulSoup(browser.get(page).text, "html.parser").select_one("a[href*='/documents/']")
    assert document is not None
    assert browser.get(str(document["href"])).data == pdf()
    jobs.drain()
    assert "Lumen GmbH has answered" in letters(market)
    assert "Lumen GmbH has answered" in text_of(admin.get("/console/"))
    seen = admin.get(at)
    assert text_of(seen).count("Kim owns it all.") == 2, "in the thread and in the history"
    paper = BeautifulSoup(seen.text, "html.parser").find("a", string="Document 1")
    assert paper is not None
    assert admin.get(str(paper["href"])).data == pdf()
    assert browser.submit(page, "/onboarding/send").status_code == 303
    assert status(supplier_id) == "IN_REVIEW"
    assert browser.submit(page, page, message="And Ada since May.").status_code == 303
    assert "And Ada since May." in text_of(admin.get(at))
    stranger = Browser(market.app)
    with db.system_scope(actor="test"), db.transaction() as session:
        other = factories.member(session, session.get_one(Organisation, market.supplier.id), "supplier_owner")
    stranger.sign_in(other.email)
    assert stranger.get(page).status_code == 404
    decide(admin, supplier_id, "ACTIVE")
    assert "Lumen GmbH has answered" not in text_of(admin.get("/console/"))
