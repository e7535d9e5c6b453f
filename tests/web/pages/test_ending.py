"""Suspending a supplier and ending its account: what happens is shown first, and then happens."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from app import db
from app.catalog.models import SupplierVariant
from app.listings.models import ListingVariant
from app.purchasing.models import PurchaseOrder
from app.stores.models import Store
from app.suppliers.models import Supplier
from tests import factories
from tests.market import Market
from tests.stack import Jobs
from tests.web.browsing import Browser, problems_in, text_of
from tests.web.pages.test_approval import console
from tests.web.pages.test_settings import member


def listed(market: Market) -> None:
    """The lamp, live in the retailer's store."""
    with db.system_scope(actor="test"), db.transaction() as session:
        factories.live_listing(session, session.get_one(Store, market.store_id), market.lamp.product_id)


def wanted(market: Market) -> set[int]:
    """What stores should show of the lamp's first variant."""
    with db.system_scope(actor="test"), db.transaction() as session:
        return set(
            session.scalars(
                select(ListingVariant.wanted_quantity).where(ListingVariant.variant_id == market.lamp.variants[0])
            )
        )


def statuses(market: Market) -> list[str]:
    """Of the supplier's purchase orders, oldest first."""
    with db.system_scope(actor="test"), db.transaction() as session:
        return list(
            session.scalars(
                select(PurchaseOrder.status)
                .where(PurchaseOrder.supplier_id == market.supplier.id)
                .order_by(PurchaseOrder.id)
            )
        )


def two_orders(market: Market, jobs: Jobs) -> None:
    """One that the supplier has accepted, and one that it has not."""
    market.place((market.lamp.variants[0], 1))
    jobs.drain()
    (order,) = market.supplier.api.get("/api/supplier/orders").json["items"]
    lines = [{"line_id": line["id"], "status": "accepted"} for line in order["lines"]]
    assert (
        market.supplier.api.post(f"/api/supplier/orders/{order['id']}/acknowledge", {"lines": lines}).status_code == 200
    )
    market.place((market.lamp.variants[0], 2))
    jobs.drain()


def end(browser: Browser, market: Market, verb: str, **values: Any) -> Any:
    """Through the page that shows what happens."""
    at = f"/console/suppliers/{market.supplier.id}/{verb}"
    return browser.submit(at, f"/{verb}", **{"reason": "Too many late parcels.", **values})


@pytest.mark.parametrize(("choice", "left"), [("continue", "PENDING"), ("cancel", "CANCELLED")])
def test_a_suspension_shows_what_it_does_and_does_it_until_the_supplier_is_back(
    market: Market, jobs: Jobs, choice: str, left: str
) -> None:
    listed(market)
    two_orders(market, jobs)
    shown = wanted(market)
    assert shown != {0}
    admin, _ = console(market)
    preview = text_of(admin.get(f"/console/suppliers/{market.supplier.id}/suspend"))
    assert "Listings that show 0 1 in 1 store" in preview
    assert "Orders not accepted yet 1" in preview
    assert "Orders accepted 1" in preview
    assert end(admin, market, "suspend", reason=" ").status_code == 422
    assert end(admin, market, "suspend", orders="burn").status_code == 422
    assert end(admin, market, "suspend", orders=choice).status_code == 303
    jobs.drain()
    assert wanted(market) == {0}, "stores show none"
    retailer, _ = member(market, "retailer")
    told = text_of(retailer.get("/app/"))
    assert "Nordlicht's products are off sale" in told and "What the supplier has accepted it still ships." in told
    assert statuses(market) == ["CONFIRMED", left]
    assert str(market.supplier.id) not in market.retailer.api.get("/api/suppliers").text
    refused = market.retailer.api.post("/api/orders", market.order_body((market.lamp.variants[0], 1)))
    assert refused.status_code == 422
    back = admin.submit(
        f"/console/suppliers/{market.supplier.id}", "/decide", status="ACTIVE", reason="All is well.", acknowledged="1"
    )
    assert back.status_code == 303, text_of(back)
    jobs.drain()
    assert wanted(market) != {0}
    assert "off sale" not in text_of(retailer.get("/app/"))
    if choice == "continue":
        assert wanted(market) == shown
    market.place((market.lamp.variants[0], 1))


def test_an_account_that_has_ended_does_not_come_back(market: Market, jobs: Jobs) -> None:
    admin, _ = console(market)
    for name in ("", "Another"):
        refused = end(admin, market, "terminate", orders="cancel", name=name)
        assert refused.status_code == 422 and set(problems_in(refused)) == {"name"}
    with db.system_scope(actor="test"), db.transaction() as session:
        supplier = session.get_one(Supplier, market.supplier.id)
        name = supplier.company_name
        assert supplier.status == "ACTIVE"
    assert end(admin, market, "terminate", orders="cancel", name=name).status_code == 303
    jobs.drain()
    with db.system_scope(actor="test"), db.transaction() as session:
        assert session.get_one(Supplier, market.supplier.id).status == "TERMINATED"
        assert session.scalar(select(SupplierVariant.status).where(SupplierVariant.id == market.lamp.variants[0]))
    at = f"/console/suppliers/{market.supplier.id}"
    page = admin.get(at).text
    assert "/decide" not in page
    assert "/suspend" not in page
    token = admin.form(at, "/sign-out").select_one("[name=csrf_token]")
    assert token is not None
    sent = {"csrf_token": str(token["value"]), "reason": "Again", "status": "ACTIVE", "acknowledged": "1"}
    assert admin.post(f"{at}/decide", sent).status_code == 409
    assert admin.post(f"{at}/suspend", {**sent, "orders": "continue"}).status_code == 409
    assert "This can't be done" in text_of(admin.get(f"{at}/suspend"))


def test_a_decision_has_its_own_form_only(market: Market) -> None:
    admin, _ = console(market)
    at = f"/console/suppliers/{market.supplier.id}"
    token = admin.form(f"{at}/suspend", "/suspend").select_one("[name=csrf_token]")
    assert token is not None
    for status in ("SUSPENDED", "TERMINATED", "NEEDS_INFO"):
        sent = {"csrf_token": str(token["value"]), "reason": "Now", "status": status}
        assert admin.post(f"{at}/decide", sent).status_code == 422
    assert admin.post(f"{at}/decide", {**sent, "status": "ACTIVE", "reason": ""}).status_code == 422


def test_support_agents_look_and_decide_nothing(market: Market) -> None:
    agent, _ = console(market, "support_agent")
    at = f"/console/suppliers/{market.supplier.id}"
    page = agent.get(at)
    assert page.status_code == 200
    assert "/decide" not in page.text
    token = agent.form(at, "/sign-out").select_one("[name=csrf_token]")
    assert token is not None
    sent = {"csrf_token": str(token["value"]), "reason": "x", "status": "ACTIVE", "message": "x", "step": "company"}
    for verb in ("decide", "ask", "suspend", "terminate"):
        assert agent.post(f"{at}/{verb}", sent).status_code == 403, verb
    assert agent.get(f"{at}/suspend").status_code == 403
