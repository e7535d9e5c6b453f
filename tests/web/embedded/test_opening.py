"""Opening the app in Shopify's admin: the first visit installs, every visit is proven by an ID token alone."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select

from app import db
from app.identity.models import Organisation
from app.stores.models import Store
from app.stores.service import request_connection
from tests import factories
from tests.web.browsing import text_of
from tests.web.embedded.conftest import Admin

PAGES = ["", "products", "import-list", "listings", "orders", "billing", "settings"]


def stores(domain: str) -> list[Store]:
    with db.system_scope(actor="test"), db.transaction() as session:
        return list(session.scalars(select(Store).where(Store.external_id == domain)).all())


def test_the_first_visit_connects_the_shop_and_later_ones_find_it(admin: Admin) -> None:
    first = admin.load("/shopify/")
    assert first.status_code == 200, first.text[:500]
    assert "Set-Cookie" not in first.headers
    (store,) = stores(admin.domain)
    assert (store.status, store.platform, store.generation) == ("connected", "shopify", 1)
    for page in PAGES:
        answer = admin.fetch(f"/shopify/{page}")
        assert answer.status_code == 200, page
        assert "Set-Cookie" not in answer.headers, page
    assert len(stores(admin.domain)) == 1


def test_a_shop_is_where_it_says_it_is(admin: Admin) -> None:
    admin.control.add_shop(admin.domain, "Northwind Home", currency="CAD", country="CA")
    admin.control.install(admin.domain)
    admin.load("/shopify/")
    (store,) = stores(admin.domain)
    assert (store.country, store.currency, store.timezone) == ("CA", "CAD", "America/Toronto")


def test_a_shop_that_tells_no_country_is_asked_for_it(admin: Admin) -> None:
    admin.control.add_shop(admin.domain, "Northwind Home", currency="EUR", country="ZZ")
    admin.control.install(admin.domain)
    assert "In which country is your business?" in admin.load("/shopify/").text
    assert stores(admin.domain) == []
    nowhere = admin.fetch("/shopify/account", method="POST", data={"country": "ZZ"})
    assert "In which country is your business?" in nowhere.text
    assert admin.fetch("/shopify/account", method="POST", data={"country": "PT"}).status_code == 303
    (store,) = stores(admin.domain)
    with db.system_scope(actor="test"), db.transaction() as session:
        retailer = session.get_one(Organisation, store.retailer_id)
        assert (store.country, retailer.country, retailer.currency) == ("PT", "PT", "EUR")


def test_a_store_that_was_only_asked_for_is_where_its_retailer_is(admin: Admin) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        retailer = factories.retailer(session)
        retailer.country, retailer.currency, retailer.timezone = "NO", "EUR", "Europe/Oslo"
        session.flush()
        for url, currency in (("one.example", None), ("other.example", "GBP")):
            store = request_connection(
                session, retailer.id, platform="custom", external_id=url, url=url, currency=currency
            )
            assert (store.country, store.timezone) == ("NO", "Europe/Oslo")
            assert store.currency == (currency or "EUR")


def test_the_frame_may_stand_in_this_shops_admin_only(admin: Admin) -> None:
    policy = admin.load("/shopify/").headers["Content-Security-Policy"]
    framers = policy.split("frame-ancestors ")[1]
    assert framers.split() == [f"https://{admin.domain}", admin.control.url]
    assert "X-Frame-Options" not in admin.load("/shopify/").headers


@pytest.mark.parametrize(
    "wishes",
    [
        {"expires_in": -120},
        {"alg": "none"},
        {"aud": "another-app"},
        {"secret": "another secret, which is just as long as ours"},
        {"dest": "https://other.myshopify.com"},
        {"nbf": 4_102_444_800},
    ],
    ids=["expired", "alg none", "another app", "forged", "another shop", "not yet"],
)
def test_a_token_that_proves_nothing_opens_nothing(admin: Admin, wishes: dict[str, object]) -> None:
    bad = admin.token(**wishes)
    fetched = admin.fetch("/shopify/orders", token=bad)
    assert fetched.status_code == 401
    assert fetched.headers["X-Shopify-Retry-Invalid-Session-Request"] == "1"
    assert admin.fetch("/shopify/settings/team", token=bad, method="POST").status_code == 401
    loaded = admin.load("/shopify/orders?status=PENDING", token=bad)
    assert loaded.status_code == 302
    target = urlsplit(loaded.headers["Location"])
    assert target.path == "/shopify/patch"
    query = parse_qs(target.query)
    assert query["shop"] == [admin.domain]
    assert query["shopify-reload"][0].startswith("/shopify/orders?")
    assert "id_token" not in query["shopify-reload"][0]
    assert stores(admin.domain) == []


def test_a_cookie_counts_for_nothing_in_the_frame(admin: Admin) -> None:
    admin.load("/shopify/")
    with db.system_scope(actor="test"), db.transaction() as session:
        organisation = factories.retailer(session)
        email = factories.member(session, organisation, "retailer_owner").email
    browser = admin.app.test_client()
    browser.post("/sign-in", data={"email": email, "password": factories.PASSWORD})
    assert browser.get("/app/").status_code == 200
    assert browser.get("/shopify/", headers={"Sec-Fetch-Dest": "empty"}).status_code == 401


def test_one_shops_token_shows_nothing_of_another(admin_of: Callable[[], Admin]) -> None:
    one, other = admin_of(), admin_of()
    one.load("/shopify/")
    other.load("/shopify/")
    (mine,), (theirs,) = stores(one.domain), stores(other.domain)
    assert mine.retailer_id != theirs.retailer_id
    answer = other.fetch(
        f"/shopify/settings/stores/{mine.id}/buffer", method="POST", data={"percent": "50", "units": "3"}
    )
    assert answer.status_code == 404
    assert stores(one.domain)[0].buffer_percent == mine.buffer_percent


def test_a_shop_that_an_account_asked_for_is_given_to_it_only_when_its_own_user_says_so(admin: Admin) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        honest, stranger = factories.retailer(session, "Northwind Ltd"), factories.retailer(session, "Stranger Ltd")
        for one in (honest, stranger):
            request_connection(
                session, one.id, platform="shopify", external_id=admin.domain, url=f"https://{admin.domain}"
            )
        (wanted,) = (
            row.id for row in session.scalars(select(Store).where(Store.external_id == admin.domain))
            if row.retailer_id == honest.id
        )  # fmt: skip
    asked = admin.load("/shopify/")
    assert asked.status_code == 200
    assert "Northwind Ltd" in text_of(asked)
    assert "Stranger Ltd" in text_of(asked)
    assert {store.status for store in stores(admin.domain)} == {"pending"}
    chosen = admin.fetch("/shopify/account", method="POST", data={"account": str(wanted)})
    assert chosen.status_code == 303
    (connected,) = (store for store in stores(admin.domain) if store.status == "connected")
    assert connected.retailer_id == honest.id
    assert admin.load("/shopify/").status_code == 200


def test_a_request_that_is_not_the_shops_gives_nothing(admin_of: Callable[[], Admin]) -> None:
    one, other = admin_of(), admin_of()
    with db.system_scope(actor="test"), db.transaction() as session:
        mine = request_connection(
            session, factories.retailer(session).id, platform="shopify", external_id=one.domain, url=one.domain
        ).id
        request_connection(
            session, factories.retailer(session).id, platform="shopify", external_id=other.domain, url=other.domain
        )
    answer = other.fetch("/shopify/account", method="POST", data={"account": str(mine)})
    assert answer.status_code == 200, "asked again"
    assert {store.status for store in stores(one.domain) + stores(other.domain)} == {"pending"}


def test_after_an_uninstall_the_next_visit_connects_again_as_the_next_generation(admin: Admin) -> None:
    admin.load("/shopify/")
    (before,) = stores(admin.domain)
    admin.control.uninstall(admin.domain)
    with db.system_scope(actor="test"), db.transaction() as session:
        session.get_one(Store, before.id).status = "uninstalled"
    admin.control.install(admin.domain)
    assert admin.load("/shopify/").status_code == 200
    (after,) = stores(admin.domain)
    assert (after.id, after.status, after.generation) == (before.id, "connected", 2)
    with db.system_scope(actor="test"), db.transaction() as session:
        assert (
            session.scalar(select(func.count()).select_from(Organisation).where(Organisation.kind == "retailer")) == 1
        )


def test_a_change_comes_back_to_a_page_that_knows_its_shop(admin: Admin) -> None:
    admin.load("/shopify/")
    (store,) = stores(admin.domain)
    answer = admin.fetch(
        f"/shopify/settings/stores/{store.id}/buffer", method="POST", data={"percent": "20", "units": "0"}
    )
    assert answer.status_code == 303, answer.text[:300]
    target = urlsplit(answer.headers["Location"])
    assert target.path == f"/shopify/settings/stores/{store.id}"
    assert parse_qs(target.query)["shop"] == [admin.domain]


def test_the_page_that_fetches_a_token_stands_in_no_strangers_frame(admin: Admin) -> None:
    client = admin.app.test_client(use_cookies=False)
    known = client.get("/shopify/patch", query_string={"shop": admin.domain, "shopify-reload": "/shopify/"})
    assert f"frame-ancestors https://{admin.domain} " in known.headers["Content-Security-Policy"]
    for shop in ("evil.example", "", "x.myshopify.com.evil.example"):
        policy = client.get("/shopify/patch", query_string={"shop": shop}).headers["Content-Security-Policy"]
        assert policy.endswith("frame-ancestors 'none'")
