"""What each role of a supplier's team sees and may do in the portal, and that owners give and change roles."""

from __future__ import annotations

import re
from typing import Any

import pytest

from app import db
from app.identity.models import Organisation
from tests import factories
from tests.market import Market
from tests.stack import Jobs
from tests.web.browsing import Browser, text_of
from tests.web.pages.test_settings import member

#: Pages, and the roles besides the owner's that open them.
PAGES: dict[str, set[str]] = {
    "/supplier/": {"catalogue", "fulfilment", "finance"},
    "/supplier/products": {"catalogue", "fulfilment"},
    "/supplier/pictures": {"catalogue", "fulfilment"},
    "/supplier/uploads": {"catalogue"},
    "/supplier/feeds": {"catalogue"},
    "/supplier/categories": {"catalogue", "fulfilment"},
    "/supplier/purchase-orders": {"fulfilment", "finance"},
    "/supplier/performance": {"fulfilment", "finance"},
    "/supplier/performance/sent": {"fulfilment", "finance"},
    "/supplier/statements": {"finance"},
    "/supplier/reports": {"finance"},
    "/supplier/reports/sales.csv": {"finance"},
    "/supplier/onboarding": set(),
    "/supplier/settings": set(),
    "/supplier/settings/closures": set(),
    "/supplier/settings/returns": set(),
    "/supplier/settings/team": set(),
    "/supplier/settings/keys": set(),
}
ROLES = ("owner", "catalogue", "fulfilment", "finance")


def received(market: Market, jobs: Jobs) -> str:
    """A purchase order that waits for its answer."""
    market.place((market.lamp.variants[0], 2))
    jobs.drain()
    (one,) = market.supplier.api.get("/api/supplier/orders").json["items"]
    return str(one["id"])


def token(browser: Browser) -> dict[str, str]:
    """What proves that a form is our own; of the sign-out form, which every page has."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/supplier/").text)
    assert found
    return {"csrf_token": found.group(1)}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_its_pages_and_no_others_and_is_shown_no_way_to_them(market: Market, role: str) -> None:
    browser, _ = member(market, "supplier", f"supplier_{role}")
    home = browser.get("/supplier/").text
    for page, roles in PAGES.items():
        allowed = role == "owner" or role in roles
        assert browser.get(page).status_code == (200 if allowed else 403), page
        if not allowed:
            assert f'href="{page}"' not in home, page


@pytest.mark.parametrize("role", ROLES)
def test_the_first_page_tells_a_role_what_is_its_own(market: Market, jobs: Jobs, role: str) -> None:
    order_id = received(market, jobs)
    browser, _ = member(market, "supplier", f"supplier_{role}")
    page = browser.get("/supplier/")
    home = text_of(page)
    sees_orders, sees_money = role != "catalogue", role in ("owner", "finance")
    assert ("1 new order to answer" in home) == sees_orders
    assert (order_id in page.text) == sees_orders
    assert ("On its way to you" in home) == sees_money
    assert ("Sales, 30 days" in home) == sees_money
    assert ("Nothing waits for you" in home) == (not sees_orders)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_changes_what_is_its_own_and_nothing_else(market: Market, jobs: Jobs, role: str) -> None:
    order_id = received(market, jobs)
    browser, _ = member(market, "supplier", f"supplier_{role}")
    proof = token(browser)
    order, product = f"/supplier/purchase-orders/{order_id}", f"/supplier/products/{market.lamp.product_id}"
    wanted: dict[str, tuple[dict[str, Any], set[str]]] = {
        f"{product}/stock": ({f"stock-{market.lamp.variants[0]}": "7"}, {"owner", "catalogue"}),
        f"{product}/status": ({"status": "active"}, {"owner", "catalogue"}),
        f"{order}/accept": ({}, {"owner", "fulfilment"}),
        f"{order}/pack": ({}, {"owner", "fulfilment"}),
        "/supplier/settings/closures": ({"starts_on": "2090-01-01", "ends_on": "2090-01-02"}, {"owner"}),
        "/supplier/settings/team": ({"email": "new@example.com", "role": "supplier_finance"}, {"owner"}),
    }
    for path, (values, roles) in wanted.items():
        status = browser.post(path, {**proof, **values}).status_code
        if role in roles:
            assert status in (303, 422), path
        else:
            assert status == 403, path
    status = market.supplier.api.get(f"/api/supplier/orders/{order_id}").json["status"]
    assert status == ("PROCESSING" if role in ("owner", "fulfilment") else "PENDING")


@pytest.mark.parametrize(("role", "address", "forms"), [("fulfilment", True, True), ("finance", False, False)])
def test_an_orders_address_and_forms_are_for_those_who_ship(
    market: Market, jobs: Jobs, role: str, address: bool, forms: bool
) -> None:
    order_id = received(market, jobs)
    browser, _ = member(market, "supplier", f"supplier_{role}")
    page = browser.get(f"/supplier/purchase-orders/{order_id}")
    assert page.status_code == 200
    assert ("Ada Lovelace" in page.text) == address
    assert ("Accept all" in page.text) == forms
    assert (f"/purchase-orders/{order_id}/ship" in page.text) == forms
    assert (f"/purchase-orders/{order_id}/answer" in page.text) == forms


def test_owners_change_roles_and_it_holds_from_the_next_click_on(market: Market) -> None:
    owner, owner_id = member(market, "supplier")
    colleague, colleague_id = member(market, "supplier", "supplier_catalogue")
    page = text_of(owner.get("/supplier/settings/team"))
    assert "Answers and ships orders" in page, "what each role may do"
    assert colleague.get("/supplier/purchase-orders").status_code == 403
    field = f"role-{colleague_id}"
    answer = owner.submit(
        "/supplier/settings/team", f"/settings/team/{colleague_id}/role", **{field: "supplier_fulfilment"}
    )
    assert answer.status_code == 303, answer.text
    assert colleague.get("/supplier/purchase-orders").status_code == 200
    assert colleague.get("/supplier/uploads").status_code == 403
    proof = token(owner)
    unknown = owner.post(f"/supplier/settings/team/{colleague_id}/role", {**proof, field: "platform_admin"})
    assert unknown.status_code == 422
    own = owner.post(f"/supplier/settings/team/{owner_id}/role", {**proof, f"role-{owner_id}": "supplier_finance"})
    assert own.status_code == 409
    assert owner.get("/supplier/settings/team").status_code == 200
    forbidden = colleague.post(
        f"/supplier/settings/team/{owner_id}/role", {**token(colleague), field: "supplier_owner"}
    )
    assert forbidden.status_code == 403


def test_people_of_others_have_no_role_to_change(market: Market) -> None:
    owner, _ = member(market, "supplier")
    with db.system_scope(actor="test"), db.transaction() as session:
        stranger = factories.member(
            session, session.get_one(Organisation, market.other_supplier.id), "supplier_catalogue"
        ).id
    answer = owner.post(
        f"/supplier/settings/team/{stranger}/role", {**token(owner), f"role-{stranger}": "supplier_owner"}
    )
    assert answer.status_code == 404
