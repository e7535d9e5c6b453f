"""Scorecards from orders to pages: what the supplier, retailers, programs and the platform see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select, text

from app import db
from app.db import table_of
from app.identity.models import Organisation
from app.insights.reliability import counted_on
from app.kit import clock
from app.notifications.models import Email, Notice
from app.suppliers.models import Supplier, SupplierCard, SupplierMeasure, SupplierScore
from app.suppliers.rules.scorecards import MEASURES, SCORED_OVER
from app.suppliers.service.scoring import publish_scores, score_suppliers
from tests import factories
from tests.market import Market
from tests.stack import Jobs
from tests.web.browsing import Browser, text_of
from tests.web.pages.test_guards import signed_in


def within_system(do: Callable[[Any], Any]) -> Any:
    """In one transaction across tenants."""
    with db.system_scope(actor="test"), db.transaction() as session:
        return do(session)


def figures(supplier_id: UUID, *, good: int, bad: int, days_ago: int = 5) -> None:
    """So many orders of a supplier fell due on a day, and went well or badly in everything."""
    day = clock.now().date() - timedelta(days=days_ago)
    rows = [
        {"supplier_id": supplier_id, "day": day, "measure": name, "step": 0, "met": good, "counted": good + bad}
        for name in MEASURES
    ]
    rows.append(
        {"supplier_id": supplier_id, "day": day, "measure": "sent_days", "step": 2, "met": good, "counted": good}
    )
    within_system(lambda session: session.execute(insert(table_of(SupplierMeasure)), rows))


def score(day_offset: int = 1) -> None:
    """Score from the figures that are there, as the job does after counting."""
    day = clock.now().date() - timedelta(days=day_offset)

    def do(session: Any) -> None:
        score_suppliers(session, day)
        publish_scores(session, day)

    within_system(do)


def shipped_late(market: Market, jobs: Jobs, *, days_ago: int = 6) -> str:
    """An order that was answered in time and left some days after its day. Returns its purchase order's id."""
    with clock.shifted(-timedelta(days=days_ago)):
        market.place((market.lamp.variants[0], 1))
        jobs.drain()
        (received,) = market.supplier.api.get("/api/supplier/orders").json["items"]
        line = received["lines"][0]["id"]
        answer = market.supplier.api.post(
            f"/api/supplier/orders/{received['id']}/acknowledge", {"lines": [{"line_id": line, "status": "accepted"}]}
        )
        assert answer.status_code == 200, answer.text
    with clock.shifted(-timedelta(days=1)):
        parcel = {"carrier": "dhl", "tracking_number": "JJD0099", "lines": [{"line_id": line, "quantity": 1}]}
        answer = market.supplier.api.post(f"/api/supplier/orders/{received['id']}/ship", {"parcels": [parcel]})
        assert answer.status_code == 201, answer.text
    return str(received["id"])


def test_an_order_becomes_a_figure_that_leads_back_to_it(market: Market, jobs: Jobs) -> None:
    order_id = shipped_late(market, jobs)
    browser = signed_in(market, "supplier")
    assert "No figures yet" in text_of(browser.get("/supplier/performance"))
    jobs.run_scheduled("measure_suppliers")
    page = text_of(browser.get("/supplier/performance"))
    assert "19 more orders must fall due" in page
    assert "0 of 1" in page, "late"
    assert "1 of 1" in page, "answered in time"
    behind = browser.get("/supplier/performance/sent")
    assert f"/supplier/purchase-orders/{order_id}" in behind.text
    assert "1 order counts against you" in text_of(behind)
    assert "Nothing counts against you" in text_of(browser.get("/supplier/performance/answered"))
    assert browser.get("/supplier/performance/charm").status_code == 404


def test_counting_again_changes_nothing_and_late_facts_are_counted(market: Market, jobs: Jobs) -> None:
    shipped_late(market, jobs)

    def state() -> tuple[Any, ...]:
        columns = [one for one in table_of(SupplierScore).c if one.name != "computed_at"]
        return tuple(
            within_system(lambda session: sorted(map(str, session.execute(query).all())))  # noqa: B023
            for query in (select(table_of(SupplierMeasure)), select(*columns), select(table_of(SupplierCard)))
        )

    jobs.run_scheduled("measure_suppliers")
    first = state()
    assert all(first)
    jobs.run_scheduled("measure_suppliers")
    assert state() == first
    # It turns out that the parcel was seen before; of a carrier that tells scans the scan counts.
    within_system(
        lambda session: session.execute(
            text("update shipments set carrier = 'simulated', first_scan_at = created_at - interval '5 days'")
        )
    )
    jobs.run_scheduled("measure_suppliers")
    own = within_system(
        lambda session: session.scalars(select(SupplierScore).order_by(SupplierScore.day.desc())).first()
    )
    assert own.measures[str(SCORED_OVER)]["sent"]["met"] == 1
    assert state() != first


def test_a_supplier_sees_its_own_orders_only(market: Market, jobs: Jobs) -> None:
    order_id = shipped_late(market, jobs)
    jobs.run_scheduled("measure_suppliers")
    with db.system_scope(actor="test"), db.transaction() as session:
        email = factories.member(
            session, session.get_one(Organisation, market.other_supplier.id), "supplier_owner"
        ).email
    other = Browser(market.app)
    other.sign_in(email)
    assert order_id not in other.get("/supplier/performance/sent").text
    assert "No figures yet" in text_of(other.get("/supplier/performance"))
    with db.tenant_scope(market.other_supplier.id, actor="test"), db.transaction() as session:
        for table in (SupplierMeasure, SupplierScore):
            assert session.scalars(select(table)).all() == []
    with db.tenant_scope(market.retailer.id, actor="test"), db.transaction() as session:
        for table in (SupplierMeasure, SupplierScore):
            assert session.scalars(select(table)).all() == [], "a retailer sees cards only"
        (card,) = session.execute(select(SupplierCard).distinct().limit(1)).scalars()
        assert (card.score, card.orders, card.shares, card.spreads) == (None, 0, {}, {}), "of one order nothing is told"


def test_retailers_choose_by_what_was_measured(market: Market, jobs: Jobs) -> None:
    figures(market.supplier.id, good=98, bad=2)
    figures(market.other_supplier.id, good=70, bad=30)
    score()
    listed = {one["company_name"]: one for one in market.retailer.api.get("/api/suppliers").json["items"]}
    good, bad = listed["Nordlicht"], listed["Kanto"]
    assert good["rating"] > bad["rating"]
    assert good["scorecard"]["shares"]["sent"] == 0.98
    assert good["scorecard"]["orders_at_least"] == 100
    assert good["scorecard"]["days_to_ship"] == 2
    assert good["rating"] == pytest.approx(good["scorecard"]["score"] / 20, abs=0.051)
    only = market.retailer.api.get("/api/suppliers", min_rating=str(good["rating"])).json["items"]
    assert [one["company_name"] for one in only] == ["Nordlicht"]
    jobs.run_scheduled("mend_catalogue")
    found = market.retailer.api.get("/api/products", sort="reliability").json["items"]
    assert [one["supplier_name"] for one in found] == ["Nordlicht", "Kanto"]
    found = market.retailer.api.get("/api/products", min_rating="3.5").json["items"]
    assert [one["supplier_name"] for one in found] == ["Nordlicht"]
    browser = signed_in(market, "retailer")
    page = text_of(browser.get("/app/suppliers"))
    assert page.index("Nordlicht") < page.index("Kanto")
    assert "98%" in page
    assert "Kanto" not in text_of(browser.get("/app/suppliers", query_string={"min_rating": "4.0"}))
    assert (
        "Kanto" not in text_of(browser.get("/app/products", query_string={"min_rating": "3.5"})).split("Products")[-1]
    )
    detail = text_of(browser.get(f"/app/suppliers/{market.supplier.id}"))
    assert "100 or more in 90 days" in detail
    assert "2 days" in detail
    product = text_of(browser.get(f"/app/products/{market.lamp.product_id}"))
    assert f"{good['scorecard']['score']} of 100" in product


def test_few_cases_are_told_to_nobody_and_a_new_supplier_says_so(market: Market) -> None:
    figures(market.supplier.id, good=20, bad=2)
    figures(market.other_supplier.id, good=19, bad=0)
    score()
    listed = {one["company_name"]: one for one in market.retailer.api.get("/api/suppliers").json["items"]}
    assert listed["Nordlicht"]["scorecard"]["shares"] == {}
    assert listed["Nordlicht"]["scorecard"]["orders_at_least"] == 0
    assert (listed["Kanto"]["rating"], listed["Kanto"]["scorecard"]) == (None, None)
    browser = signed_in(market, "retailer")
    assert "New: no figures yet" in text_of(browser.get(f"/app/suppliers/{market.other_supplier.id}"))
    assert "fewer than 30 in 90 days" in text_of(browser.get(f"/app/suppliers/{market.supplier.id}"))
    assert "20 of 22" in text_of(signed_in(market, "supplier").get("/supplier/performance")), "itself it sees them"


def test_a_supplier_below_its_goals_is_warned_once_a_week_and_never_suspended(market: Market, jobs: Jobs) -> None:
    figures(market.supplier.id, good=60, bad=40)
    figures(market.other_supplier.id, good=99, bad=1)

    def told() -> tuple[int, int]:
        def count(session: Any) -> tuple[int, int]:
            notices = session.scalars(select(Notice).where(Notice.kind == "supplier_score")).all()
            letters = session.scalars(select(Email).where(Email.kind == "supplier_score")).all()
            assert {one.organisation_id for one in notices} <= {market.supplier.id, market.admin.id}
            return len(notices), len(letters)

        found: tuple[int, int] = within_system(count)
        return found

    with db.system_scope(actor="test"), db.transaction() as session:
        factories.member(session, session.get_one(Organisation, market.supplier.id), "supplier_owner")
    score()
    jobs.drain()
    assert told() == (2, 1), "the supplier and the platform"
    score()
    jobs.drain()
    assert told() == (2, 1), "once a week"
    with clock.shifted(timedelta(days=7)):
        score()
        jobs.drain()
    assert told() == (2, 2)
    assert within_system(lambda session: session.get_one(Supplier, market.supplier.id).status) == "ACTIVE"
    console = signed_in(market, "platform")
    page = text_of(console.get("/console/scores"))
    assert page.index("Nordlicht") < page.index("Kanto"), "the lowest first"
    assert "Shipped in time" in page
    assert "7 figures" in page
    highest = text_of(console.get("/console/scores", query_string={"order": "highest"}))
    assert highest.index("Kanto") < highest.index("Nordlicht")
    assert "60% of 100" in text_of(console.get(f"/console/suppliers/{market.supplier.id}"))
    assert "7 figures are below their goals" in text_of(signed_in(market, "supplier").get("/supplier/performance"))


def test_a_hand_that_marks_a_parcel_delivered_is_no_carrier(market: Market, jobs: Jobs) -> None:
    shipped_late(market, jobs)
    browser = signed_in(market, "supplier")
    shipment = within_system(lambda session: session.execute(text("select id from shipments")).scalar_one())
    answer = browser.submit(f"/supplier/parcels/{shipment}", f"/shipments/{shipment}/delivered")
    assert answer.status_code == 303
    scan, delivered = within_system(
        lambda session: session.execute(text("select first_scan_at, delivered_at from shipments")).one()
    )
    assert scan is None
    assert delivered is not None
    counted = within_system(
        lambda session: [
            one.measure
            for back in range(10)
            for one in counted_on(session, clock.now().date() - timedelta(days=back), scanning=["dhl"])
        ]
    )
    assert "arrived" not in counted
