"""API keys on the settings pages: replaced with an overlap, bound to networks, and their ends told of in time."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest

from app import db
from app.identity.queries import api_keys
from app.identity.service import issue_key
from app.kit import clock
from app.notifications.queries import open_notices
from app.notifications.service import latest_emails
from tests.market import Market, Party
from tests.stack import Jobs
from tests.web.browsing import Browser, text_of
from tests.web.pages.test_guards import signed_in

_SECRET = re.compile(r"cd_live_[A-Za-z0-9_-]{43}[0-9a-f]{8}")
_PLACES = {"supplier": "/supplier/settings/keys", "retailer": "/app/settings/keys", "platform": "/console/team/keys"}


def made_key(party: Party, name: str = "Warehouse", life: timedelta = timedelta(days=90)) -> tuple[UUID, str]:
    """One more key, with the right to read the catalogue."""
    with db.system_scope(actor="test"), db.transaction() as session:
        row, secret = issue_key(session, party.id, name=name, scopes=["read:catalog"], life=life)
        return row.id, secret


@pytest.mark.parametrize("kind", _PLACES)
def test_a_key_is_replaced_on_the_page_and_both_work_for_a_while(market: Market, kind: str) -> None:
    party = {"supplier": market.supplier, "retailer": market.retailer, "platform": market.admin}[kind]
    key_id, old = made_key(party)
    browser = signed_in(market, kind)
    page = f"{_PLACES[kind]}/{key_id}"
    answer = browser.submit(page, "/rotate", overlap="6")
    assert answer.status_code == 200
    (new,) = set(_SECRET.findall(answer.text))
    for moment, works in ((timedelta(0), 200), (timedelta(hours=6, seconds=5), 401)):
        with clock.shifted(moment):
            assert market.with_key(old).get("/api/suppliers").status_code == works
            assert market.with_key(new).get("/api/suppliers").status_code == 200
    shown = browser.get(page)
    assert "Another key has taken its place" in text_of(shown)
    assert not _SECRET.search(shown.text)


def test_networks_are_changed_and_hold_from_the_next_call_on(market: Market) -> None:
    key_id, secret = made_key(market.supplier)
    browser = signed_in(market, "supplier")
    page = f"{_PLACES['supplier']}/{key_id}"
    assert market.with_key(secret).get("/api/suppliers").status_code == 200
    assert browser.submit(page, "/networks", allowed_ips="203.0.113.0/24\n2001:db8::/48").status_code == 303
    assert market.with_key(secret).get("/api/suppliers").status_code == 403
    refused = browser.submit(page, "/networks", allowed_ips="somewhere")
    assert refused.status_code == 422
    assert "is no network" in text_of(refused)
    assert browser.submit(page, "/networks", allowed_ips="").status_code == 303
    assert market.with_key(secret).get("/api/suppliers").status_code == 200


def test_another_organisations_key_has_no_page(market: Market) -> None:
    key_id, secret = made_key(market.other_supplier)
    browser = signed_in(market, "supplier")
    token = browser.form("/supplier/settings/keys", "/keys").select_one("[name=csrf_token]")
    assert token is not None
    page = f"{_PLACES['supplier']}/{key_id}"
    assert browser.get(page).status_code == 404
    for action in ("rotate", "networks", "revoke"):
        assert browser.post(f"{page}/{action}", {"csrf_token": str(token["value"])}).status_code == 404, action
    assert market.with_key(secret).get("/api/suppliers").status_code == 200


def notices(organisation_id: UUID) -> list[str]:
    """What its first page tells of keys."""
    with db.system_scope(actor="test"), db.transaction() as session:
        return [one.title for one in open_notices(session, organisation_id) if one.kind == "api_key_ends"]


def letters() -> int:
    """How many e-mails were written about keys."""
    with db.system_scope(actor="test"), db.transaction() as session:
        return sum(one.kind == "api_key_ends" for one in latest_emails(session))


def test_the_end_of_a_key_is_told_at_14_7_and_1_days_once_each(market: Market, jobs: Jobs) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        standing = {row.id for row in api_keys(session, market.supplier.id)}
    assert standing
    browser = signed_in(market, "supplier")
    key_id, _ = made_key(market.supplier, life=timedelta(days=20))
    told = []
    for day in (1, 5, 6.5, 7, 12.9, 13.5, 18.9, 19.5, 19.9):
        with clock.shifted(timedelta(days=day)):
            # The clock may strike twice, and workers may start anew between.
            jobs.run_scheduled("watch_keys")
            jobs.run_scheduled("watch_keys")
        told.append(letters())
    assert told == [0, 0, 1, 1, 1, 2, 2, 3, 3]
    assert notices(market.supplier.id) == ["The API key “Warehouse” ends within 1 day"]
    browser.submit(f"{_PLACES['supplier']}/{key_id}", "/rotate", overlap="24")
    assert notices(market.supplier.id) == []
    with clock.shifted(timedelta(days=21)):
        jobs.run_scheduled("watch_keys")
    assert letters() == 3


def test_a_key_that_ended_unseen_is_told_of_once(market: Market, jobs: Jobs) -> None:
    signed_in(market, "supplier")
    made_key(market.supplier, life=timedelta(days=2))
    for _ in range(2):
        with clock.shifted(timedelta(days=3)):
            jobs.run_scheduled("watch_keys")
    assert notices(market.supplier.id) == ["The API key “Warehouse” has ended"]
    assert letters() == 1


def test_the_list_tells_when_a_key_was_used_and_that_it_ends(market: Market) -> None:
    _, secret = made_key(market.supplier, life=timedelta(days=10))
    browser: Browser = signed_in(market, "supplier")
    assert "never" in text_of(browser.get(_PLACES["supplier"]))
    market.with_key(secret).get("/api/suppliers")
    text = text_of(browser.get(_PLACES["supplier"]))
    assert "Ends soon" in text
    assert "Warehouse" in text
