"""Settings: a supplier's shipping rates, terms and locations, and the team and keys of every kind of organisation."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from bs4 import BeautifulSoup

from app import db
from app.identity.models import Organisation
from app.identity.rules import ROLES_OF_KIND, SCOPES_OF_KIND
from app.suppliers.models import ShippingRate
from app.web.api.blueprint import _GUARDS
from app.web.organisation.keys import SCOPE_LABELS
from app.web.organisation.team import ROLE_LABELS
from tests import factories
from tests.market import Market, Party
from tests.stack import Jobs
from tests.web.browsing import Browser, text_of
from tests.web.pages.test_accounts import NEW_PASSWORD, last_link

RATE = {
    "name": "Parcel",
    "countries": "de, at ch",
    "first_item": "4,90",
    "next_item": "1.00",
    "transit_days_min": "2",
    "transit_days_max": "5",
}
#: Kind → where its team and its keys are.
PLACES = {
    "retailer": ("/app/settings", "/app/settings"),
    "supplier": ("/supplier/settings/team", "/supplier/settings/keys"),
    "platform": ("/console/team", "/console/team"),
}


def party_of(market: Market, kind: str) -> Party:
    """The market's own organisation of a kind."""
    return {"retailer": market.retailer, "supplier": market.supplier, "platform": market.admin}[kind]


def member(market: Market, kind: str, role: str | None = None) -> tuple[Browser, UUID]:
    """A signed-in member, the owner unless told, and its id."""
    with db.system_scope(actor="test"), db.transaction() as session:
        organisation = session.get_one(Organisation, party_of(market, kind).id)
        user = factories.member(session, organisation, role or ROLES_OF_KIND[kind][0])
    browser = Browser(market.app)
    assert browser.sign_in(user.email).status_code == 303
    return browser, user.id


def rates(market: Market) -> list[ShippingRate]:
    """The supplier's shipping rates."""
    with db.system_scope(actor="test"), db.transaction() as session:
        return list(session.query(ShippingRate).where(ShippingRate.supplier_id == market.supplier.id))


def problem(page: str, name: str) -> str:
    """What stands beside a field that is wrong."""
    found = BeautifulSoup(page, "html.parser").select_one(f"#h-{name}")
    return found.get_text() if found else ""


def test_a_rate_is_added_changed_and_removed(market: Market) -> None:
    browser, _ = member(market, "supplier")
    added = browser.submit("/supplier/settings/rates/new", "/rates/new", **RATE)
    assert added.status_code == 303, text_of(added)
    made = next(one for one in rates(market) if one.name == "Parcel")
    assert made.countries == ["DE", "AT", "CH", "*"], "the box for all others is ticked at first"
    assert (made.first_item, made.next_item, made.transit_days_min, made.transit_days_max) == (490, 100, 2, 5)
    shown = text_of(browser.get("/supplier/settings"))
    assert "Germany, Austria, Switzerland, and all others" in shown
    assert "$4.90" in shown
    edit = f"/supplier/settings/rates/{made.id}"
    named = "Germany; österreich, United Kingdom\nch at"
    assert browser.submit(edit, edit, first_item="5.25", countries=named).status_code == 303
    changed = next(one for one in rates(market) if one.id == made.id)
    assert (changed.first_item, changed.countries) == (525, ["DE", "AT", "GB", "CH", "*"])
    assert browser.submit("/supplier/settings", f"{made.id}/remove").status_code == 303
    assert [one.name for one in rates(market)] == ["Standard"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "Standard"),
        ("name", "x\0y"),
        ("countries", "DE, XX"),
        ("countries", "EU"),
        ("first_item", "a lot"),
        ("first_item", "-1"),
        ("next_item", "1.005"),
        ("transit_days_min", "-1"),
        ("transit_days_max", "1"),
        ("transit_days_max", "121"),
    ],
)
def test_what_is_wrong_with_a_rate_stands_beside_its_field_and_the_rest_stays(
    market: Market, field: str, value: str
) -> None:
    browser, _ = member(market, "supplier")
    answer = browser.submit("/supplier/settings/rates/new", "/rates/new", **{**RATE, field: value})
    assert answer.status_code == 422
    assert problem(answer.text, field)
    kept = BeautifulSoup(answer.text, "html.parser").select_one("[name=transit_days_min]")
    assert kept is not None
    assert kept["value"] == (value if field == "transit_days_min" else "2")
    assert [one.name for one in rates(market)] == ["Standard"]


def test_a_rate_goes_somewhere(market: Market) -> None:
    browser, _ = member(market, "supplier")
    form = browser.form("/supplier/settings/rates/new", "/rates/new")
    token = form.select_one("[name=csrf_token]")
    assert token is not None
    answer = browser.post("/supplier/settings/rates/new", {**RATE, "countries": "", "csrf_token": str(token["value"])})
    assert answer.status_code == 422
    assert problem(answer.text, "countries")


def test_rates_of_others_are_not_there(market: Market) -> None:
    (own,) = rates(market)
    with db.system_scope(actor="test"), db.transaction() as session:
        organisation = session.get_one(Organisation, market.other_supplier.id)
        stranger = factories.member(session, organisation, "supplier_owner").email
    browser = Browser(market.app)
    browser.sign_in(stranger)
    token = browser.form("/supplier/settings/rates/new", "/rates/new").select_one("[name=csrf_token]")
    assert token is not None
    sent = {**RATE, "csrf_token": str(token["value"])}
    assert browser.get(f"/supplier/settings/rates/{own.id}").status_code == 404
    assert browser.post(f"/supplier/settings/rates/{own.id}", sent).status_code == 404
    assert browser.post(f"/supplier/settings/rates/{own.id}/remove", sent).status_code == 404
    assert rates(market)[0].name == "Standard"


def test_a_supplier_without_rates_is_told_and_nobody_can_order(market: Market) -> None:
    browser, _ = member(market, "supplier")
    assert "Nobody can order from you yet" not in text_of(browser.get("/supplier/"))
    (own,) = rates(market)
    browser.submit("/supplier/settings", f"{own.id}/remove")
    for page in ("/supplier/", "/supplier/settings"):
        assert "Nobody can order from you yet" in text_of(browser.get(page)), page
    refused = market.retailer.api.post("/api/orders", market.order_body((market.lamp.variants[0], 1)))
    assert (refused.status_code, refused.json["code"]) == (409, "not_shipped_there")
    browser.submit("/supplier/settings/rates/new", "/rates/new", **RATE)
    market.place((market.lamp.variants[0], 1))


def test_terms_are_saved_and_read_by_retailers(market: Market) -> None:
    browser, _ = member(market, "supplier")
    values = {"handling_days": "3", "min_order_value": "25", "website": "https://nordlicht.example"}
    saved = browser.submit("/supplier/settings", "/settings/terms", description="Lamps since 1921.", **values)
    assert saved.status_code == 303, text_of(saved)
    listed: list[dict[str, Any]] = market.retailer.api.get("/api/suppliers").json["items"]
    told = next(one for one in listed if one["id"] == str(market.supplier.id))
    assert told["min_order_value"]["amount"] == "25.00"
    wrong = browser.submit("/supplier/settings", "/settings/terms", handling_days="61", min_order_value="much")
    assert wrong.status_code == 422
    assert problem(wrong.text, "handling_days")
    assert problem(wrong.text, "min_order_value")
    assert "Lamps since 1921." in wrong.text


def test_a_stock_location_is_added_once(market: Market) -> None:
    browser, _ = member(market, "supplier")
    place = "/supplier/settings/locations"
    assert browser.submit(place, place, name="Hamburg", code="HAM", country="DE").status_code == 303
    assert "Hamburg" in text_of(browser.get(place))
    twice = browser.submit(place, place, name="Hamburg again", code="HAM", country="DE")
    assert twice.status_code == 422
    assert problem(twice.text, "code")
    nowhere = browser.submit(place, place, name="Hamburg", code="H2", country="ZZ")
    assert problem(nowhere.text, "country")


@pytest.mark.parametrize("kind", PLACES)
def test_a_key_has_the_chosen_scopes_and_networks_and_is_shown_once(market: Market, kind: str) -> None:
    page = PLACES[kind][1]
    browser, _ = member(market, kind)
    answer = browser.submit(
        page, "/keys", name="Accounting", scopes=["read:catalog", "read:analytics"], allowed_ips="127.0.0.0/8\n10.1.2.3"
    )
    assert answer.status_code == 200, text_of(answer)
    code = BeautifulSoup(answer.text, "html.parser").select_one("code")
    assert code is not None
    secret = code.get_text()
    assert secret not in browser.get(page).text
    api = market.with_key(secret)
    assert api.get("/api/suppliers").status_code == 200
    if kind == "retailer":
        assert api.get("/api/orders").status_code == 403, "only what was chosen"
    assert api.call("GET", "/api/suppliers", environ_base={"REMOTE_ADDR": "203.0.113.9"}).status_code == 403
    own = BeautifulSoup(browser.get(page).text, "html.parser").find("a", string="Accounting")
    assert own is not None
    of_key = str(own["href"])
    shown = text_of(browser.get(of_key))
    assert "Read figures" in shown
    assert "Read suppliers, products and stock" in shown
    assert "127.0.0.0/8 10.1.2.3" in shown
    assert browser.submit(of_key, "/revoke").status_code == 303
    assert api.get("/api/suppliers").status_code == 401


@pytest.mark.parametrize("kind", PLACES)
def test_a_key_without_scope_or_with_a_wrong_network_is_not_made(market: Market, kind: str) -> None:
    page = PLACES[kind][1]
    browser, _ = member(market, kind)
    before = market.count("api_keys")
    nothing = browser.submit(page, "/keys", name="Accounting")
    assert nothing.status_code == 422
    assert "Choose at least one thing that the key may do." in text_of(nothing)
    wrong = browser.submit(page, "/keys", name="Accounting", scopes="read:catalog", allowed_ips="the office")
    assert wrong.status_code == 422
    ticked = BeautifulSoup(wrong.text, "html.parser").select_one("[name=scopes][value='read:catalog']")
    assert ticked is not None
    assert ticked.has_attr("checked")
    foreign = browser.submit(page, "/keys", name="Accounting", scopes="write:everything")
    assert foreign.status_code == 422
    assert market.count("api_keys") == before


@pytest.mark.parametrize("kind", PLACES)
def test_a_colleague_is_invited_joins_and_is_removed(market: Market, kind: str, jobs: Jobs) -> None:
    page = PLACES[kind][0]
    boss, _ = member(market, kind)
    role = ROLES_OF_KIND[kind][1]
    assert boss.submit(page, "/team", email="grace@example.com", role=role).status_code == 303
    assert "grace@example.com" in text_of(boss.get(page))
    link = last_link(market, jobs, "grace@example.com", "invitation")
    guest = Browser(market.app)
    home = guest.submit(link, link, name="Grace Hopper", password=NEW_PASSWORD).headers["Location"]
    assert guest.get(home).status_code == 200
    again = boss.submit(page, "/team", email="GRACE@example.com", role=role)
    assert again.status_code == 422
    assert "member already" in text_of(again)
    wrong = boss.submit(page, "/team", email="nobody", role=role)
    assert wrong.status_code == 422
    assert problem(wrong.text, "email")
    row = next(one for one in BeautifulSoup(boss.get(page).text, "html.parser").select("tr") if "Grace" in one.text)
    form = row.select_one('form[action$="/remove"]')
    assert form is not None
    assert boss.submit(page, str(form["action"])).status_code == 303
    assert guest.get(home).status_code == 302


@pytest.mark.parametrize("kind", PLACES)
def test_a_role_without_the_permission_neither_invites_nor_makes_keys(market: Market, kind: str) -> None:
    browser, _ = member(market, kind, ROLES_OF_KIND[kind][-1])
    owner, owner_id = member(market, kind)
    home = {"retailer": "/app/", "supplier": "/supplier/", "platform": "/console/"}[kind]
    word = browser.form(home, "/sign-out").select_one("[name=csrf_token]")
    assert word is not None
    sent = {"csrf_token": str(word["value"]), "email": "a@example.com", "role": "x", "name": "x"}
    team, keys = PLACES[kind]
    team_action = team if team.endswith("team") else f"{team}/team"
    for path in (
        team_action,
        f"{team_action}/{owner_id}/remove",
        keys if keys.endswith("/keys") else f"{keys}/keys",
    ):
        assert browser.post(path, sent).status_code == 403, path
    assert owner.get(team).status_code == 200


def test_every_role_and_scope_has_a_name() -> None:
    assert set(ROLE_LABELS) == {role for roles in ROLES_OF_KIND.values() for role in roles}
    assert set(SCOPE_LABELS) == {scope for scopes in SCOPES_OF_KIND.values() for scope in scopes}


def test_every_scope_of_a_kind_opens_a_call_for_it(market: Market) -> None:
    opened = {(kind, guard.scope) for guard in _GUARDS.values() for kind in guard.kinds}
    offered = {(kind, scope) for kind, scopes in SCOPES_OF_KIND.items() for scope in scopes}
    # Addresses are a part of a purchase order that only some keys see.
    assert offered - opened == {("supplier", "read:addresses")}
