"""The list of notices in each area: per reader read or not, by topic, and as each reader wants it."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import delete

from app import db
from app.identity.models import Organisation
from app.identity.rules import ROLES_OF_KIND
from app.notifications.models import Notice
from app.notifications.service import notify, resolve
from tests import factories
from tests.market import Market
from tests.web.browsing import Browser, text_of
from tests.web.pages.test_settings import party_of

_AREAS = {"supplier": "/supplier", "retailer": "/app", "platform": "/console"}


@pytest.fixture(autouse=True)
def _nothing_was_told(market: Market) -> None:
    """The market's suppliers were told that they are approved."""
    with db.system_scope(actor="test"), db.transaction() as session:
        session.execute(delete(Notice))


def reader(market: Market, kind: str) -> Browser:
    """A member who has signed in."""
    with db.system_scope(actor="test"), db.transaction() as session:
        organisation = session.get_one(Organisation, party_of(market, kind).id)
        user = factories.member(session, organisation, ROLES_OF_KIND[kind][0])
    browser = Browser(market.app)
    assert browser.sign_in(user.email).status_code == 303
    return browser


def tell(market: Market, party: str, title: str, *, kind: str = "order_held", severity: str = "warning") -> None:
    """A notice to an organisation."""
    with db.system_scope(actor="test"), db.transaction() as session:
        notify(
            session,
            party_of(market, party).id,
            kind=kind,
            severity=severity,
            title=title,
            body="It happened.",
            link=f"{_AREAS[party]}/",
            dedupe=title,
        )


def listed(browser: Browser, area: str, **query: str) -> list[str]:
    """The titles in the list; those that are unread begin with a star."""
    answer = browser.get(f"{area}/notices", query_string=query)
    assert answer.status_code == 200
    rows = BeautifulSoup(answer.text, "html.parser").select("tbody tr td:first-child > span > span:first-child")
    texts = [row.get_text(" ", strip=True) for row in rows]
    return ["*" + text.removeprefix("New ") if text.startswith("New ") else text for text in texts]


@pytest.mark.parametrize("kind", list(_AREAS))
def test_each_reader_reads_for_itself(market: Market, kind: str) -> None:
    area = _AREAS[kind]
    one, other = reader(market, kind), reader(market, kind)
    tell(market, kind, "First")
    tell(market, kind, "Second")
    assert listed(one, area) == ["*Second", "*First"]

    page = BeautifulSoup(one.get(f"{area}/notices").text, "html.parser")
    second = next(form for form in page.select("form[method=post]") if str(form["action"]).endswith("/open"))
    token = second.select_one("input[name=csrf_token]")
    assert token is not None
    opened = one.post(str(second["action"]), {"csrf_token": str(token["value"])})
    assert (opened.status_code, opened.headers["Location"]) == (303, f"{area}/")
    assert listed(one, area) == ["Second", "*First"]
    assert listed(one, area, view="unread") == ["*First"]
    assert listed(other, area) == ["*Second", "*First"], "a colleague has read nothing"

    assert one.submit(f"{area}/notices", "/notices/read").status_code == 303
    assert listed(one, area, view="unread") == []
    tell(market, kind, "First")
    assert listed(one, area, view="unread") == ["*First"], "it came again"


def test_the_list_is_cut_by_view_and_topic(market: Market) -> None:
    browser = reader(market, "retailer")
    tell(market, "retailer", "Order 1")
    tell(market, "retailer", "Refund", kind="refund_failed", severity="critical")
    with db.system_scope(actor="test"), db.transaction() as session:
        resolve(session, market.retailer.id, "Order 1")

    assert listed(browser, "/app", view="open") == ["*Refund"]
    assert listed(browser, "/app", topic="orders") == ["Order 1"]
    assert listed(browser, "/app", topic="money") == ["*Refund"]
    assert listed(browser, "/app", topic="nonsense", view="nonsense") == ["*Refund", "Order 1"]


def test_long_lists_have_pages(market: Market) -> None:
    browser = reader(market, "retailer")
    for number in range(30):
        tell(market, "retailer", f"Notice {number}")
    page = BeautifulSoup(browser.get("/app/notices").text, "html.parser")
    following = page.select_one("a[rel=next]")
    assert following is not None
    seen = listed(browser, "/app")
    rest = browser.get("/app/notices" + str(following["href"]))

    assert len(seen) == 25
    assert "Notice 4" in text_of(rest)
    assert "Notice 5" not in text_of(rest)
    home = text_of(browser.get("/app/"))
    assert [number for number in range(30) if f"Notice {number} " in home] == [27, 28, 29], "the list has the others"
    assert "More notices" in home


def test_topics_that_a_reader_hides_show_their_critical_notices_only(market: Market) -> None:
    browser, colleague = reader(market, "retailer"), reader(market, "retailer")
    form = browser.form("/app/notices/choices", "/notices/choices")
    assert form.select_one("input[name=in_app_orders][checked]") is not None
    values = {"email_orders": "now", "email_stock": "now", "email_feeds": "now", "email_money": "now"}
    token = form.select_one("input[name=csrf_token]")
    assert token is not None
    sent = {**values, "email_papers": "now", "timezone": "UTC", "csrf_token": str(token["value"])}
    assert browser.post("/app/notices/choices", {**sent, "in_app_money": "1"}).status_code == 303
    tell(market, "retailer", "Order 1")
    tell(market, "retailer", "Order 2", severity="critical")
    tell(market, "retailer", "Refund", kind="refund_failed")
    tell(market, "retailer", "Key", kind="api_key_ends")

    assert listed(browser, "/app") == ["*Key", "*Refund", "*Order 2"]
    first = text_of(browser.get("/app/"))
    assert "Order 2" in first
    assert "Order 1" not in first
    assert listed(colleague, "/app") == ["*Key", "*Refund", "*Order 2", "*Order 1"]


def test_anothers_notice_is_not_there(market: Market) -> None:
    tell(market, "retailer", "Order 1")
    browser, stranger = reader(market, "retailer"), reader(market, "supplier")
    page = BeautifulSoup(browser.get("/app/notices").text, "html.parser")
    action = next(str(form["action"]) for form in page.select("form") if str(form["action"]).endswith("/open"))
    form = stranger.form("/supplier/notices/choices", "/notices/choices")
    token = form.select_one("input[name=csrf_token]")
    assert token is not None

    answer = stranger.post(action.replace("/app", "/supplier"), {"csrf_token": str(token["value"])})
    assert answer.status_code == 404
    assert listed(stranger, "/supplier") == []
