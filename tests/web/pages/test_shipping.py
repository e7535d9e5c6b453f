"""Shipping by weight and value, cut-off hours and closures: set in the portal, felt by orders and retailers."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from app import db
from app.catalog.models import SupplierVariant
from app.kit import clock
from app.purchasing.models import PurchaseOrder
from app.suppliers.models import Supplier, SupplierClosure
from app.suppliers.rules import Closure, delivery_range, order_day
from app.suppliers.service import add_closure
from tests.domains.suppliers.test_shipping import by_item
from tests.market import Market
from tests.web.browsing import text_of
from tests.web.pages.test_settings import RATE, member, problem, rates

TIERS = {**RATE, "name": "By weight", "price_by": "weight", "up_to-0": "1", "price-0": "4,00", "up_to-1": "2,5",
         "price-1": "6.00", "price-2": "20"}  # fmt: skip


def purchase_orders(market: Market) -> list[PurchaseOrder]:
    """The supplier's, the newest first."""
    with db.system_scope(actor="test"), db.transaction() as session:
        return list(
            session.scalars(
                select(PurchaseOrder)
                .where(PurchaseOrder.supplier_id == market.supplier.id)
                .order_by(PurchaseOrder.id.desc())
            )
        )


def test_a_rate_by_weight_is_made_shown_again_and_asked_of_orders(market: Market) -> None:
    browser, _ = member(market, "supplier")
    (standard,) = rates(market)
    assert browser.submit("/supplier/settings", f"{standard.id}/remove").status_code == 303
    answer = browser.submit("/supplier/settings/rates/new", "/rates/new", **TIERS)
    assert answer.status_code == 303, text_of(answer)
    (made,) = rates(market)
    assert made.tiers == [{"up_to": 1000, "price": 400}, {"up_to": 2500, "price": 600}, {"up_to": None, "price": 2000}]
    assert "$4.00 to $20.00 by weight" in text_of(browser.get("/supplier/settings"))
    edit = f"/supplier/settings/rates/{made.id}"
    assert browser.submit(edit, edit).status_code == 303, "what it shows is what it holds"
    assert rates(market)[0].tiers == made.tiers
    with db.system_scope(actor="test"), db.transaction() as session:
        for variant in session.scalars(
            select(SupplierVariant).where(SupplierVariant.supplier_id == market.supplier.id)
        ):
            variant.weight_grams = 800
    for units, price in ((1, 400), (2, 600), (4, 2000)):
        market.place((market.lamp.variants[0], units))
        assert purchase_orders(market)[0].shipping_cost == price


def test_what_no_rate_carries_is_refused(market: Market) -> None:
    browser, _ = member(market, "supplier")
    (standard,) = rates(market)
    browser.submit("/supplier/settings", f"{standard.id}/remove")
    light = {**TIERS, "price_by": "value", "up_to-0": "15.00", "up_to-1": "", "price-1": "", "price-2": ""}
    assert browser.submit("/supplier/settings/rates/new", "/rates/new", **light).status_code == 303
    market.place((market.lamp.variants[0], 1))
    refused = market.retailer.api.post("/api/orders", market.order_body((market.lamp.variants[0], 2)))
    assert (refused.status_code, refused.json["code"]) == (409, "not_shipped_there")


WRONG_STEPS: list[tuple[dict[str, str], str]] = [
    ({"up_to-0": "heavy"}, "up_to-0"),
    ({"up_to-0": "-1"}, "up_to-0"),
    ({"price-1": "a lot"}, "price-1"),
    ({"price-1": ""}, "price-1"),
    ({"up_to-1": "1"}, "tiers"),
    ({"up_to-1": ""}, "tiers"),
    ({"up_to-0": "", "price-0": "", "up_to-1": "", "price-1": "", "price-2": ""}, "tiers"),
    ({"price_by": "mood"}, "price_by"),
    ({"method": "pigeon"}, "method"),
]


def test_what_is_wrong_with_steps_is_said(market: Market) -> None:
    browser, _ = member(market, "supplier")
    for changes, field in WRONG_STEPS:
        answer = browser.submit("/supplier/settings/rates/new", "/rates/new", **{**TIERS, **changes})
        assert answer.status_code == 422, changes
        assert problem(answer.text, field), changes
    assert [one.name for one in rates(market)] == ["Standard"]


def plan(browser: Any, first: date, last: date, note: str = "") -> Any:
    """Close on these days."""
    return browser.submit(
        "/supplier/settings/closures", "/closures", starts_on=str(first), ends_on=str(last), note=note
    )


def test_retailers_see_a_closure_and_dates_of_new_orders_reckon_with_it(market: Market, jobs: Any) -> None:
    browser, _ = member(market, "supplier")
    settled = browser.submit("/supplier/settings", "/settings/dispatch", handling_days="2", cutoff_hour="14",
                             timezone="Europe/Berlin")  # fmt: skip
    assert settled.status_code == 303, text_of(settled)
    today = clock.now().date()
    first, last = today, today + timedelta(days=20)
    assert plan(browser, first, last, "Stock-taking").status_code == 303
    retailer, _ = member(market, "retailer")
    seen = text_of(retailer.get(f"/app/products/{market.lamp.product_id}"))
    assert "Nordlicht is closed from" in seen
    assert "Stock-taking" in seen
    market.place((market.lamp.variants[0], 1))
    jobs.drain()
    (order,) = purchase_orders(market)
    with db.system_scope(actor="test"), db.transaction() as session:
        supplier = session.get_one(Supplier, market.supplier.id)
    assert (supplier.handling_days, supplier.cutoff_hour, supplier.timezone) == (2, 14, "Europe/Berlin")
    begins = order_day(order.created_at, supplier.timezone, supplier.cutoff_hour)
    expected = delivery_range(begins, 2, by_item(), [Closure(first, last)])
    assert (order.estimated_from, order.estimated_to) == expected
    assert order.estimated_from is not None
    assert order.estimated_from > last
    assert order.ship_by is not None
    assert order.ship_by.date() > last


def test_closures_do_not_overlap_run_backwards_or_lie_in_the_past(market: Market) -> None:
    browser, _ = member(market, "supplier")
    today = clock.now().date()
    assert plan(browser, today + timedelta(days=5), today + timedelta(days=9)).status_code == 303
    for first, last, field in (
        (9, 12, "starts_on"),
        (1, 5, "starts_on"),
        (20, 19, "ends_on"),
        (-9, -3, "ends_on"),
        (20, 200, "ends_on"),
        (900, 901, "starts_on"),
    ):
        answer = plan(browser, today + timedelta(days=first), today + timedelta(days=last))
        assert answer.status_code == 422, (first, last)
        assert problem(answer.text, field)
    nonsense = browser.submit("/supplier/settings/closures", "/closures", starts_on="soon", ends_on=str(today))
    assert problem(nonsense.text, "starts_on")


def test_closures_of_others_are_not_there(market: Market) -> None:
    browser, _ = member(market, "supplier")
    with db.system_scope(actor="test"), db.transaction() as session:
        day = clock.now().date()
        theirs = add_closure(session, market.other_supplier.id, starts_on=day, ends_on=day, note="")
    token = browser.form("/supplier/settings/closures", "/closures").select_one("[name=csrf_token]")
    assert token is not None
    answer = browser.post(f"/supplier/settings/closures/{theirs}/remove", {"csrf_token": str(token["value"])})
    assert answer.status_code == 404
    with db.system_scope(actor="test"), db.transaction() as session:
        assert session.get(SupplierClosure, theirs) is not None


def test_dispatch_is_checked(market: Market) -> None:
    browser, _ = member(market, "supplier")
    for field, value in (("handling_days", "61"), ("cutoff_hour", "24"), ("cutoff_hour", "noon"), ("timezone", "Mars")):
        answer = browser.submit("/supplier/settings", "/settings/dispatch", **{field: value})
        assert answer.status_code == 422, value
        assert problem(answer.text, field), value
