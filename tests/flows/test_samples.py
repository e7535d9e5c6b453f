"""Samples: allowed by the supplier, ordered by the retailer for itself, delivered and paid as every order."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from app import db
from app.audit.models import AuditEvent
from app.catalog.samples.rules import Terms
from app.catalog.samples.service import set_terms
from app.kit import clock
from app.orders.models import RetailerAddress
from app.orders.saved_addresses import MOST_KEPT, save_address, saved_addresses
from app.stores.store_orders import Address
from tests.flows.books import Books, Json
from tests.market import Market
from tests.stack import Jobs
from tests.web.browsing import problems_in, text_of

OFFICE = {
    "name": "Grace Hopper",
    "company": "Shop Ltd",
    "address1": "1 Quay Street",
    "city": "Galway",
    "postal_code": "H91 X0XX",
    "country_code": "IE",
}
ANYWHERE = {name: value for name, value in OFFICE.items() if name != "company"}


def allow(market: Market, terms: Terms | None = None, *, product: UUID | None = None) -> None:
    """The lamps' supplier gives samples; at 4.00, at most two in thirty days unless told."""
    with db.system_scope(actor="test"), db.transaction() as session:
        set_terms(session, market.supplier.id, product, terms or Terms(True, 400, 2, 30))


def ask(market: Market, units: int = 1, *, variant: UUID | None = None, **more: Any) -> Any:
    """Order a sample by the API."""
    body = {
        "variant_id": str(variant or market.lamp.variants[0]),
        "quantity": units,
        "shipping_address": ANYWHERE,
        **more,
    }
    return market.retailer.api.post("/api/samples", body)


def test_a_sample_is_charged_told_delivered_and_paid_out_as_every_order(
    market: Market, jobs: Jobs, books: Books
) -> None:
    allow(market)
    supplier = books.browser(market.supplier)
    before = market.stock(market.lamp.variants[0])
    made = ask(market)
    assert made.status_code == 201, made.text
    order: Json = made.json
    assert order["kind"] == "sample"
    assert order["purchase_orders"][0]["lines"][0]["wholesale_price"]["amount"] == "4.00"
    assert market.stock(market.lamp.variants[0])["reserved"] == before["reserved"] + 1
    jobs.drain()
    assert books.taken(order) == [400 + 500]
    (desk,) = [one for one in books.queue(market.supplier) if one["kind"] == "sample"]
    assert desk["wholesale_total"]["amount"] == "4.00"
    assert any(subject.startswith("New sample order") for subject in books.letters("purchase_order"))
    assert "Sample" in text_of(supplier.get("/supplier/purchase-orders"))
    assert "ordered it for itself" in text_of(supplier.get(f"/supplier/purchase-orders/{desk['id']}"))
    books.enough_balance()
    books.arrived(market.supplier, books.ship(market.supplier, books.purchase_order(order, market.supplier), 1))
    jobs.drain()
    assert books.order(order)["status"] == "DELIVERED"
    books.later("pay_suppliers", days=7, minutes=1)
    assert books.transfers(market.supplier) == [400 + 500 - 20], "less 5 % of the goods"
    assert "supplier_payable:first" not in books.ledger()


def test_samples_are_no_sales(market: Market, jobs: Jobs, books: Books) -> None:
    allow(market)
    ask(market)
    jobs.drain()
    today = clock.now().date().isoformat()
    for party in (market.retailer, market.supplier):
        told = party.api.get("/api/analytics/sales", **{"from": today, "to": today})
        assert told.status_code == 200, told.text
        assert told.json["totals"]["orders"] == 0
    books.paid_order()
    assert market.retailer.api.get("/api/analytics/sales", **{"from": today, "to": today}).json["totals"]["orders"] == 1


def test_what_a_supplier_does_not_allow_is_refused(market: Market) -> None:
    assert ask(market).json["code"] == "no_samples"
    allow(market)
    assert ask(market, variant=market.chair.variants[0]).json["code"] == "no_samples", "another supplier's"
    allow(market, Terms(False), product=market.lamp.product_id)
    assert ask(market).json["code"] == "no_samples", "a product's own terms count"
    allow(market, Terms(True, None, 1, 30), product=market.lamp.product_id)
    order = ask(market)
    assert order.json["purchase_orders"][0]["lines"][0]["wholesale_price"]["amount"] == "10.00", "the wholesale price"
    assert market.count("orders") == 1


def test_the_limit_is_kept_within_its_days_and_cancelled_units_do_not_count(market: Market, books: Books) -> None:
    allow(market)
    assert ask(market, 3).json["code"] == "sample_limit"
    first = ask(market, 1).json
    second = ask(market, 1, variant=market.lamp.variants[1])
    assert second.status_code == 201, second.text
    assert ask(market).json["code"] == "sample_limit", "variants of a product are counted together"
    books.jobs.drain()
    lamps = books.purchase_order(first, market.supplier)
    books.answer(market.supplier, lamps, status="rejected", reason="out_of_stock")
    assert ask(market).status_code == 201
    assert ask(market).json["code"] == "sample_limit"
    with clock.shifted(timedelta(days=31)):
        assert ask(market).status_code == 201


def test_the_same_key_is_one_sample(market: Market) -> None:
    allow(market)
    first, again = ask(market, external_id="mine-1"), ask(market, external_id="mine-1")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json["id"] == again.json["id"]


def test_the_cost_is_told_before(market: Market) -> None:
    allow(market)
    path = f"/api/variants/{market.lamp.variants[0]}/sample"
    told = market.retailer.api.get(path, country_code="IE", quantity=2).json
    assert (told["goods"]["amount"], told["shipping"]["amount"], told["total"]["amount"]) == ("8.00", "6.00", "14.00")
    assert (told["left"], told["max_units"], told["days"]) == (2, 2, 30)
    placed = ask(market, 2).json["purchase_orders"][0]
    assert (placed["wholesale_total"], placed["shipping_cost"]) == (told["goods"], told["shipping"])


def test_a_retailer_orders_on_the_product_s_page_to_an_address_that_is_kept(
    market: Market, jobs: Jobs, books: Books
) -> None:
    allow(market)
    browser = books.browser(market.retailer)
    product = f"/app/products/{market.lamp.product_id}"
    assert "Order a sample" in text_of(browser.get(product))
    german = {**OFFICE, "postal_code": "", "country_code": "DE"}
    asked = browser.submit(f"{product}/sample", "/sample/address", fields_of="US", **german)
    assert asked.status_code == 200
    assert "Postal code" in text_of(asked), "with another country its fields are asked for"
    refused = browser.submit(f"{product}/sample", "/sample/address", fields_of="DE", **german)
    assert refused.status_code == 422
    assert problems_in(refused) == {"postal_code": "Please fill this in."}
    kept = browser.submit(f"{product}/sample", "/sample/address", fields_of="IE", **OFFICE)
    assert kept.status_code == 303, text_of(kept)
    page = kept.headers["Location"]
    shown = text_of(browser.get(page))
    assert "$9.00" in shown, shown
    allow(market, Terms(True, 500, 2, 30))
    form = browser.form(page, "/sample")
    sent = {field["name"]: field.get("value", "") for field in form.select("input[name]")}
    stale = browser.post(f"{product}/sample", {**sent, "total": "9.00 USD"})
    assert stale.status_code == 409
    assert "changed meanwhile" in text_of(stale)
    done = [browser.post(f"{product}/sample", sent) for _ in range(2)]
    assert [one.status_code for one in done] == [303, 303]
    assert done[0].headers["Location"] == done[1].headers["Location"], "pressed twice, ordered once"
    assert "Sample" in text_of(browser.get(done[0].headers["Location"]))
    assert "Sample" in text_of(browser.get("/app/orders"))
    jobs.drain()
    order = {"id": done[0].headers["Location"].split("/")[3].split("?")[0]}
    assert books.taken(order) == [500 + 500]
    with db.system_scope(actor="test"), db.transaction() as session:
        (row,) = session.query(RetailerAddress).all()
        assert b"Grace" not in row.ship_to
        address_id = row.id
    assert browser.submit(page, f"/{address_id}/remove").status_code == 303
    assert market.count("retailer_addresses") == 0


def test_an_address_is_its_retailer_s_own(market: Market, books: Books) -> None:
    allow(market)
    with db.system_scope(actor="test"), db.transaction() as session:
        foreign = save_address(session, market.other_retailer.id, Address(**OFFICE))
    page = f"/app/products/{market.lamp.product_id}/sample"
    assert "Galway" not in text_of(books.browser(market.retailer).get(page, query_string={"address_id": str(foreign)}))
    answer = books.press(market.retailer, f"{page}/address/{foreign}/remove")
    assert answer.status_code == 404
    sent = {"address_id": str(foreign), "variant": str(market.lamp.variants[0]), "units": "1", "total": "9.00 USD"}
    assert books.press(market.retailer, page, key=str(foreign), **sent).status_code == 404


def test_addresses_are_kept_once_and_not_without_end(market: Market) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        retailer = market.retailer.id
        first = save_address(session, retailer, Address(**OFFICE))
        assert save_address(session, retailer, Address(**OFFICE)) == first
        for number in range(MOST_KEPT - 1):
            save_address(session, retailer, Address(**{**OFFICE, "address1": f"{number} Long Walk"}))
        with pytest.raises(Exception, match="At most"):
            save_address(session, retailer, Address(**{**OFFICE, "address1": "Elsewhere"}))
        assert len(saved_addresses(session, retailer)) == MOST_KEPT


def test_a_supplier_sets_terms_for_all_and_for_one_product(market: Market, books: Books) -> None:
    browser = books.browser(market.supplier)
    general, own = "/supplier/products/samples", f"/supplier/products/{market.lamp.product_id}/samples"
    bad = browser.submit(general, "/samples", allowed="yes", price_kind="own", price="", max_units="0")
    assert bad.status_code == 422
    assert browser.submit(general, "/samples", allowed="yes", max_units="2", days="30").status_code == 303
    assert "at the wholesale price" in text_of(browser.get(f"/supplier/products/{market.lamp.product_id}"))
    done = browser.submit(own, "/samples", allowed="yes", price_kind="own", price="3,50", max_units="1", days="10")
    assert done.status_code == 303
    told = market.retailer.api.get(f"/api/variants/{market.lamp.variants[0]}/sample", country_code="IE").json
    assert (told["price"]["amount"], told["max_units"], told["days"]) == ("3.50", 1, 10)
    assert browser.submit(own, "/samples", allowed="default").status_code == 303
    told = market.retailer.api.get(f"/api/variants/{market.lamp.variants[0]}/sample", country_code="IE").json
    assert (told["price"]["amount"], told["max_units"]) == ("10.00", 2)
    foreign = f"/supplier/products/{market.chair.product_id}/samples"
    assert browser.get(foreign).status_code == 404


def test_a_supplier_sets_terms_by_the_api(market: Market) -> None:
    api, product = market.supplier.api, f"/api/supplier/products/{market.lamp.product_id}/sample-terms"
    general = "/api/supplier/sample-terms"
    nothing = {"own": False, "allowed": False, "price": None, "max_units": 1, "days": 90}
    assert (api.get(general).json, api.get(product).json) == (nothing, nothing)
    at_cost = {"own": True, "allowed": True, "price": None, "max_units": 2, "days": 30}
    assert api.put(general, {"allowed": True, "max_units": 2, "days": 30}).json == at_cost
    assert api.get(product).json == {**at_cost, "own": False}

    def quoted() -> tuple[str, int, int]:
        told = market.retailer.api.get(f"/api/variants/{market.lamp.variants[0]}/sample", country_code="IE").json
        return told["price"]["amount"], told["max_units"], told["days"]

    assert quoted() == ("10.00", 2, 30)
    price = {"amount": "3.50", "currency": "USD"}
    told = api.put(product, {"allowed": True, "price": price, "days": 10})
    assert (told.status_code, told.json) == (200, {**at_cost, "price": price, "max_units": 1, "days": 10})
    assert quoted() == ("3.50", 1, 10)
    assert (api.get(product).json, api.get(general).json) == (told.json, at_cost)
    assert api.call("DELETE", product).status_code == 204
    assert quoted() == ("10.00", 2, 30)
    with db.system_scope(actor="test"), db.transaction() as session:
        changed = select(AuditEvent.object_id).where(AuditEvent.action == "catalog.sample_terms_changed")
        assert Counter(session.scalars(changed)) == {str(market.supplier.id): 1, str(market.lamp.product_id): 2}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "allowed"),
        ({"allowed": True, "max_units": 0}, "max_units"),
        ({"allowed": True, "max_units": 101}, "max_units"),
        ({"allowed": True, "days": 366}, "days"),
        ({"allowed": True, "price": {"amount": "0", "currency": "USD"}}, "price.amount"),
        ({"allowed": True, "price": {"amount": "3.50", "currency": "EUR"}}, "price.currency"),
        ({"allowed": True, "limit": 3}, "limit"),
    ],
)
def test_terms_that_make_no_sense_are_refused_and_others_have_none_to_set(
    market: Market, body: Json, field: str
) -> None:
    refused = market.supplier.api.put("/api/supplier/sample-terms", body)
    assert refused.status_code == 422
    assert [one["field"] for one in refused.json["errors"]] == [field]
    foreign = f"/api/supplier/products/{market.chair.product_id}/sample-terms"
    good = {"allowed": True}
    asked = [market.supplier.api.get(foreign), market.supplier.api.put(foreign, good)]
    asked.append(market.supplier.api.call("DELETE", foreign))
    assert [one.status_code for one in asked] == [404, 404, 404]
    assert market.supplier.api.get("/api/supplier/sample-terms").json["own"] is False
