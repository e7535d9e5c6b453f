"""Inside Shopify's admin an error is a page of the admin, with a way on; standalone it keeps the area's frame."""

from __future__ import annotations

from uuid import uuid4

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from app import db
from app.config import settings
from app.kit.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from embedded_ui.pages import home
from tests import factories
from tests.market import application
from tests.web.browsing import Browser, text_of
from tests.web.embedded.conftest import Admin

_FAILURES = {
    403: Forbidden("Your role may not do that."),
    404: NotFound("order"),
    409: Conflict("Its suppliers have this order already."),
    422: Invalid.field("name", "required", "Please fill this in."),
    500: RuntimeError("a secret of ours"),
    502: Unavailable("a host of theirs"),
    503: OperationalError("select 1", {}, Exception("a password")),
}


def in_admin(answer: TestResponse, admin: Admin) -> BeautifulSoup:
    """The page, which must be one of the admin's and may stand in its frame."""
    page = BeautifulSoup(answer.text, "html.parser")
    assert page.select_one("s-page s-section") is not None, answer.text[:800]
    assert page.select_one('script[src*="app-bridge.js"]') is not None
    assert page.select_one('link[rel="stylesheet"]') is None
    assert "X-Frame-Options" not in answer.headers
    assert f"https://{admin.domain}" in answer.headers["Content-Security-Policy"].split("frame-ancestors")[1]
    return page


@pytest.mark.parametrize("status", _FAILURES)
def test_an_error_of_a_page_is_shown_in_the_admin(admin: Admin, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    assert admin.load("/shopify/").status_code == 200

    def fail(*_: object, **__: object) -> None:
        raise _FAILURES[status]

    monkeypatch.setattr(home, "rules_of", fail)
    for answer in (admin.fetch("/shopify/"), admin.load("/shopify/")):
        assert answer.status_code == status
        page = in_admin(answer, admin)
        assert page.select_one("s-app-nav") is not None
        assert page.select_one('s-page s-link[href="/shopify/"]') is not None
        for private in ("a secret of ours", "a host of theirs", "a password"):
            assert private not in answer.text
    assert page.get_text().count("Please fill this in.") == (1 if status == 422 else 0)


@pytest.mark.parametrize(
    "path", ["/shopify/nothing", "/shopify/orders/nothing", "/shopify/orders/0194a1b2-0000-7000-8000-000000000000"]
)
def test_what_is_not_there_is_told_in_the_admin(admin: Admin, path: str) -> None:
    assert admin.load("/shopify/").status_code == 200
    for answer in (admin.fetch(path), admin.load(path), admin.fetch(path, method="POST")):
        assert answer.status_code == 404
        in_admin(answer, admin)


def test_before_anybody_is_known_an_address_that_is_not_there_gives_nothing_away(admin: Admin) -> None:
    assert admin.fetch("/shopify/nothing", token="none").status_code == 401
    assert admin.load("/shopify/nothing", token="").headers["Location"].startswith("/shopify/patch?")


def test_standalone_an_error_keeps_the_menu_of_those_who_are_signed_in(committed: None) -> None:
    app = _app()
    with db.system_scope(actor="test"), db.transaction() as session:
        email = factories.member(session, factories.retailer(session), "retailer_owner").email
    browser = Browser(app)
    browser.sign_in(email)
    for path in ("/app/nothing", f"/app/orders/{uuid4()}"):
        answer = browser.get(path)
        assert answer.status_code == 404
        page = BeautifulSoup(answer.text, "html.parser")
        assert page.select_one('nav a[href="/app/orders"]') is not None
        assert page.select_one('main a[href="/app/"]') is not None
        assert answer.headers["X-Frame-Options"] == "DENY"


def test_an_address_outside_all_areas_has_the_plain_page(committed: None) -> None:
    answer = Browser(_app()).get("/nothing")
    assert answer.status_code == 404
    assert "There is nothing here." in text_of(answer)
    assert BeautifulSoup(answer.text, "html.parser").select_one("nav") is None


def _app() -> Flask:
    return application(settings())
