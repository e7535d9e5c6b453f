"""Who gets to which page: walked over every route that there is, so a new page is covered when it appears."""

from __future__ import annotations

from uuid import uuid4

import pytest

from app import db
from app.identity.models import Organisation
from app.identity.rules import ROLES_OF_KIND
from tests import factories
from tests.market import Market
from tests.web.browsing import Browser, text_of

AREAS = {"app": "retailer", "portal": "supplier", "console": "platform"}


def routes(market: Market, area: str) -> list[tuple[str, str]]:
    """The pages of an area as methods and addresses, ids made up."""
    found = []
    for rule in market.app.url_map.iter_rules():
        if rule.endpoint.split(".")[0] == area:
            path = rule.rule
            for argument in rule.arguments:
                path = path.replace(f"<uuid:{argument}>", str(uuid4())).replace(f"<path:{argument}>", str(uuid4()))
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                found.append((method, path))
    assert len(found) >= 8, area
    return sorted(found)


def signed_in(market: Market, kind: str, role: str | None = None) -> Browser:
    """A member of the market's own organisation of a kind."""
    party = {"retailer": market.retailer, "supplier": market.supplier, "platform": market.admin}[kind]
    with db.system_scope(actor="test"), db.transaction() as session:
        organisation = session.get_one(Organisation, party.id)
        email = factories.member(session, organisation, role or ROLES_OF_KIND[kind][0]).email
    browser = Browser(market.app)
    assert browser.sign_in(email).status_code == 303
    return browser


@pytest.mark.parametrize("area", AREAS)
def test_a_stranger_is_sent_to_sign_in(market: Market, area: str) -> None:
    browser = Browser(market.app)
    for method, path in routes(market, area):
        answer = browser.client.open(path, method=method)
        assert answer.status_code == 302, f"{method} {path}"
        assert answer.headers["Location"].startswith("/sign-in")


def test_who_was_signed_out_over_a_form_is_told_so_and_comes_back_to_its_page(market: Market) -> None:
    browser = Browser(market.app)
    page = "http://localhost/supplier/settings/closures?a=1"
    sent = browser.post("/supplier/settings/closures", {"note": "Holidays"}, headers={"Referer": page})
    told = browser.get(sent.headers["Location"])
    assert "what you sent was not saved" in text_of(told)
    assert 'name="next" value="/supplier/settings/closures?a=1"' in told.text
    for elsewhere in (
        "https://evil.example/x",
        "http://localhost/supplier/purchase-orders/bulk",
        "http://localhost/nowhere",
    ):
        sent = browser.post("/supplier/settings/closures", headers={"Referer": elsewhere})
        assert 'name="next"' not in browser.get(sent.headers["Location"]).text
    assert "not saved" not in text_of(browser.get("/sign-in"))


@pytest.mark.parametrize("area", AREAS)
def test_pages_of_other_kinds_of_organisations_do_not_exist(market: Market, area: str) -> None:
    for kind in set(AREAS.values()) - {AREAS[area]}:
        browser = signed_in(market, kind)
        for method, path in routes(market, area):
            assert browser.client.open(path, method=method).status_code == 404, f"{kind}: {method} {path}"


@pytest.mark.parametrize("area", AREAS)
def test_no_change_is_made_without_the_pages_own_word(market: Market, area: str) -> None:
    browser = signed_in(market, AREAS[area])
    changes = [path for method, path in routes(market, area) if method == "POST"]
    assert changes
    for path in changes:
        for data, headers in (
            ({}, {}),
            ({"csrf_token": "guessed"}, {}),
            ({}, {"Origin": "https://evil.example"}),
            ({}, {"Sec-Fetch-Site": "cross-site"}),
        ):
            answer = browser.post(path, data, headers=headers)
            assert answer.status_code == 403, f"{path} {data} {headers}"


@pytest.mark.parametrize("area", AREAS)
def test_every_page_with_a_made_up_id_is_not_found_and_every_other_is_shown(market: Market, area: str) -> None:
    browser = signed_in(market, AREAS[area])
    for method, path in routes(market, area):
        if method == "GET":
            answer = browser.get(path)
            while answer.status_code == 303:
                # It leads on to the page that shows what it did.
                answer = browser.get(answer.headers["Location"])
            made_up = any(len(part) == 36 for part in path.split("/"))
            assert answer.status_code == (404 if made_up else 200), path


def test_things_of_other_tenants_are_not_found_on_any_page(market: Market, jobs: object) -> None:
    placed = market.place((market.lamp.variants[0], 1))
    jobs.drain()  # type: ignore[attr-defined]
    (received,) = market.supplier.api.get("/api/supplier/orders").json["items"]
    upload = market.supplier.api.call(
        "POST", "/api/supplier/uploads?file_name=a.csv", data=b"handle,title,sku\na,A,A-1\n", content_type="text/csv"
    ).json["id"]
    with db.system_scope(actor="test"), db.transaction() as session:
        emails = {}
        for kind, party in (("retailer", market.other_retailer), ("supplier", market.other_supplier)):
            organisation = session.get_one(Organisation, party.id)
            emails[kind] = factories.member(session, organisation, f"{kind}_owner").email
    for kind, paths in {
        "retailer": [f"/app/orders/{placed['id']}"],
        "supplier": [
            f"/supplier/purchase-orders/{received['id']}",
            f"/supplier/uploads/{upload}",
            f"/supplier/uploads/{upload}/rejected.csv",
            f"/supplier/products/{market.lamp.product_id}",
        ],
    }.items():
        browser = Browser(market.app)
        browser.sign_in(emails[kind])
        for path in paths:
            assert browser.get(path).status_code == 404, path
    supplier = Browser(market.app)
    supplier.sign_in(emails["supplier"])
    token = supplier.form("/supplier/uploads", "/supplier/uploads").select_one("[name=csrf_token]")
    assert token is not None
    for action in ("accept", "answer", "pack", "ship"):
        answer = supplier.post(
            f"/supplier/purchase-orders/{received['id']}/{action}", {"csrf_token": str(token["value"])}
        )
        assert answer.status_code == 404, action


@pytest.mark.parametrize(
    ("kind", "role", "denied"),
    [
        ("supplier", "supplier_fulfilment", "/supplier/statements"),
        ("supplier", "supplier_catalogue", "/supplier/purchase-orders"),
        ("retailer", "retailer_fulfilment", "/app/billing"),
    ],
)
def test_a_role_that_lacks_the_permission_is_told_so(market: Market, kind: str, role: str, denied: str) -> None:
    answer = signed_in(market, kind, role).get(denied)
    assert answer.status_code == 403
    assert answer.mimetype == "text/html"


def test_pages_run_only_our_own_scripts_and_stand_in_no_frame(market: Market) -> None:
    browser = signed_in(market, "retailer")
    first, second = browser.get("/app/"), browser.get("/app/")
    policies = []
    for answer in (first, second):
        policy = answer.headers["Content-Security-Policy"]
        policies.append(policy)
        nonce = policy.split("script-src 'nonce-")[1].split("'")[0]
        assert f'nonce="{nonce}"' in answer.text
        assert "frame-ancestors 'none'" in policy
        assert "unsafe-inline" not in policy.split("style-src")[0]
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert " onclick=" not in answer.text
    assert policies[0] != policies[1], "a nonce is used once"


def test_a_page_that_is_not_there_is_a_page_with_a_way_on(market: Market) -> None:
    answer = Browser(market.app).get("/nothing-here")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "href=" in answer.text
    wrong_host = Browser(market.app).get("/", headers={"Host": "evil.example"})
    assert wrong_host.status_code == 400
