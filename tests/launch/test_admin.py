"""The command that makes platform administrators."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner
from flask import Flask

from app import db
from app.identity.models import Membership
from app.identity.service import platform_organisation
from launch.cli import main
from launch.wsgi import build
from tests import factories
from tests.web.browsing import Browser

PASSWORD = "seven quiet herons rising"


@pytest.fixture
def app(committed: None) -> Flask:
    """The application, to sign in at."""
    return build()


def create(email: str) -> str:
    """What the command prints."""
    answer = CliRunner().invoke(main, ["admin", "create", email])
    assert answer.exit_code == 0, answer.output
    return answer.output


def link_in(output: str) -> str:
    """The path of the link to choose a password."""
    found = re.search(r"/reset/[A-Za-z0-9_-]+", output)
    assert found is not None, output
    return found[0]


def test_the_first_administrator_chooses_a_password_by_the_printed_link(app: Flask) -> None:
    output = create("Robin@Example.com")
    assert "robin@example.com is a platform administrator." in output
    browser, link = Browser(app), link_in(output)
    assert browser.submit(link, link, password=PASSWORD).status_code == 303
    assert browser.sign_in("robin@example.com", PASSWORD).headers["Location"] == "/console/"
    assert browser.get("/console/team").status_code == 200
    assert browser.get(link).status_code == 410


def test_running_it_again_gives_another_link_until_there_is_a_password(app: Flask) -> None:
    first, second = link_in(create("robin@example.com")), link_in(create("robin@example.com"))
    assert first != second
    assert Browser(app).submit(second, second, password=PASSWORD).status_code == 303
    assert "/reset/" not in create("robin@example.com")
    with db.system_scope(actor="test"), db.transaction() as session:
        assert session.query(Membership).count() == 1


def test_somebody_with_an_account_keeps_its_password_and_gets_to_both_places(app: Flask) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        email = factories.member(session, factories.retailer(session), "retailer_owner").email
    assert "/reset/" not in create(email)
    assert Browser(app).sign_in(email).headers["Location"] == "/app/"
    browser = Browser(app)
    page = "/sign-in?next=/console/"
    answer = browser.submit(page, "/sign-in", email=email, password=factories.PASSWORD)
    assert answer.headers["Location"] == "/console/"
    assert browser.get("/console/").status_code == 200


def test_a_support_agent_becomes_an_administrator(app: Flask) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        email = factories.member(session, platform_organisation(session), "support_agent").email
    create(email)
    with db.system_scope(actor="test"), db.transaction() as session:
        assert [one.role for one in session.query(Membership)] == ["platform_admin"]


def test_what_is_no_address_is_told(app: Flask) -> None:
    answer = CliRunner().invoke(main, ["admin", "create", "robin"])
    assert answer.exit_code == 1
    assert "not an e-mail address" in answer.output
