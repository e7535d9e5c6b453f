"""A store's own sender and return address on the parcels that suppliers send for it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from app import db
from app.kit import clock
from app.privacy.service import carry_out_requests, note_request
from tests.flows.books import Books, Json
from tests.flows.gateway import Gateway, gateway_process
from tests.flows.test_labels import buy, gateway, quoted
from tests.market import Market
from tests.stack import Jobs
from tests.web.browsing import text_of
from tests.web.pages.test_papers import text_in
from tests.web.pages.test_settings import problem

__all__ = ["gateway", "gateway_process"]

ADDRESS = {
    "name": "Northwind Returns",
    "company": "Northwind Home Inc.",
    "address1": "77 Retail Street",
    "city": "Portland",
    "province": "ME",
    "postal_code": "04101",
    "country_code": "US",
    "phone": "(207) 555-2368",
}


def set_sender(market: Market, *, as_sender: bool = True, as_return_address: bool = True, **changes: str) -> Any:
    body = {"address": {**ADDRESS, **changes}, "as_sender": as_sender, "as_return_address": as_return_address}
    return market.retailer.api.put(f"/api/stores/{market.store_id}/sender", body)


def order_of_store(market: Market, jobs: Jobs, books: Books) -> Json:
    """A purchase order for lamps that a customer bought in the store."""
    body = market.order_body((market.lamp.variants[0], 1)) | {"store_id": str(market.store_id)}
    placed = market.retailer.api.post("/api/orders", body)
    assert placed.status_code == 201, placed.text
    jobs.drain()
    return books.purchase_order(placed.json, market.supplier)


def printed(books: Books, market: Market, purchase_order: Json, kind: str) -> str:
    path = f"/supplier/purchase-orders/{purchase_order['id']}/papers/{kind}.pdf"
    slip = books.browser(market.supplier).get(path)
    assert slip.status_code == 200
    return text_in(slip.data)


def test_a_label_says_the_return_address_of_the_store(
    market: Market, jobs: Jobs, books: Books, gateway: Gateway
) -> None:
    answer = set_sender(market)
    assert answer.status_code == 200, answer.text
    assert answer.json["sender"]["address"]["phone"] == "+12075552368"
    lamps = order_of_store(market, jobs, books)
    page = quoted(books, market, lamps, 1)
    (asked,) = gateway.shipments()
    back, start = asked["return_address"], asked["from_address"]
    assert (back["name"], back["street1"], back["zip"]) == ("Northwind Returns", "77 Retail Street", "04101")
    assert (start["name"], start["company"]) == ("Northwind Returns", "Northwind Home Inc.")
    assert start["street1"] == "9 Return Lane", "carriers price the way from where it leaves"
    assert buy(books, market, page).status_code == 303
    label = text_in(books.browser(market.supplier).get(f"{page}/file").data)
    assert "77 Retail Street" in label
    assert "9 Return Lane" not in label
    assert "Nordlicht" not in label


def test_without_a_sender_the_supplier_stands_on_the_label(
    market: Market, jobs: Jobs, books: Books, gateway: Gateway
) -> None:
    before = order_of_store(market, jobs, books)
    assert set_sender(market).status_code == 200
    page = quoted(books, market, before, 1)
    assert buy(books, market, page).status_code == 303
    label = text_in(books.browser(market.supplier).get(f"{page}/file").data)
    assert "9 Return Lane" in label, "an order keeps the sender that it was placed with"
    of_no_store = books.purchase_order(books.paid_order((market.lamp.variants[0], 1)), market.supplier)
    quoted(books, market, of_no_store, 1)
    assert gateway.shipments()[-1]["return_address"]["street1"] == "9 Return Lane"
    assert market.retailer.api.call("DELETE", f"/api/stores/{market.store_id}/sender").status_code == 204
    quoted(books, market, order_of_store(market, jobs, books), 1)
    assert gateway.shipments()[-1]["return_address"]["street1"] == "9 Return Lane"


@pytest.mark.parametrize(
    ("as_sender", "name", "street"),
    [(True, "Northwind Returns", "9 Return Lane"), (False, "Northwind Home", "77 Retail Street")],
)
def test_a_store_chooses_where_it_stands(
    market: Market, jobs: Jobs, books: Books, gateway: Gateway, as_sender: bool, name: str, street: str
) -> None:
    assert set_sender(market, as_sender=as_sender, as_return_address=not as_sender).status_code == 200
    lamps = order_of_store(market, jobs, books)
    quoted(books, market, lamps, 1)
    (asked,) = gateway.shipments()
    assert (asked["from_address"]["name"], asked["return_address"]["street1"]) == (name, street)
    slip = printed(books, market, lamps, "packing_slip")
    assert ("77 Retail Street" in slip) is as_sender


def test_a_parcel_leaves_where_no_carrier_takes_the_return_address(
    market: Market, jobs: Jobs, books: Books, gateway: Gateway
) -> None:
    set_sender(market)
    lamps = order_of_store(market, jobs, books)
    gateway.pull("faults", kind="no_such_return")
    quoted(books, market, lamps, 1)
    assert gateway.shipments()[-1]["return_address"]["street1"] == "9 Return Lane"


def test_papers_name_the_store_and_goods_come_back_to_the_supplier(
    market: Market, jobs: Jobs, books: Books, gateway: Gateway
) -> None:
    without = printed(books, market, order_of_store(market, jobs, books), "packing_slip")
    assert "From" not in without
    set_sender(market)
    lamps = order_of_store(market, jobs, books)
    slip = printed(books, market, lamps, "packing_slip")
    for line in ("From", "Northwind Returns", "77 Retail Street", "04101"):
        assert line in slip
    back = printed(books, market, lamps, "return_slip")
    assert "Northwind Returns" in back
    assert "9 Return Lane" in back
    assert "77 Retail Street" not in back
    assert "77 Retail Street" not in printed(books, market, lamps, "commercial_invoice"), "customs are told the truth"


def test_its_supplier_sees_what_stands_on_the_parcel_and_nobody_else(
    market: Market, jobs: Jobs, books: Books, gateway: Gateway
) -> None:
    set_sender(market)
    lamps = order_of_store(market, jobs, books)
    path = f"/api/supplier/orders/{lamps['id']}"
    seen = market.supplier.api.get(path).json
    assert seen["sender"]["address"]["address1"] == "77 Retail Street"
    assert str(market.store_id) not in str(seen)
    narrow = market.key(market.supplier, "read:purchase_orders").get(path).json
    assert narrow.get("sender") is None
    page = text_of(books.browser(market.supplier).get(f"/supplier/purchase-orders/{lamps['id']}"))
    assert "77 Retail Street" in page
    assert market.other_supplier.api.get(path).status_code == 404
    assert market.supplier.api.get(f"/api/stores/{market.store_id}/sender").status_code == 403


def test_a_store_of_others_is_not_there(market: Market, books: Books) -> None:
    set_sender(market)
    api, path = market.other_retailer.api, f"/api/stores/{market.store_id}/sender"
    body = {"address": {**ADDRESS, "name": "Contoso"}, "as_sender": True, "as_return_address": True}
    assert api.get(path).status_code == 404
    assert api.put(path, body).status_code == 404
    assert api.call("DELETE", path).status_code == 404
    assert market.retailer.api.put(f"/api/stores/{uuid4()}/sender", body).status_code == 404
    page = f"/app/settings/stores/{market.store_id}/sender"
    assert books.browser(market.other_retailer).get(page).status_code == 404
    assert books.press(market.other_retailer, page, country_code="US", **ADDRESS_FORM).status_code == 404
    assert books.press(market.other_retailer, f"{page}/remove").status_code == 404
    assert market.retailer.api.get(path).json["sender"]["address"]["name"] == "Northwind Returns"


ADDRESS_FORM = {name: value for name, value in ADDRESS.items() if name != "country_code"} | {"as_sender": "1"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"postal_code": "1234"}, "address.postal_code"),
        ({"postal_code": ""}, "address.postal_code"),
        ({"country_code": "XX"}, "address.country_code"),
        ({"phone": "12"}, "address.phone"),
    ],
)
def test_an_address_that_its_country_does_not_know_is_refused_by_its_field(
    market: Market, changes: dict[str, str], field: str
) -> None:
    wrong = set_sender(market, **changes)
    assert wrong.status_code == 422
    assert field in [one["field"] for one in wrong.json["errors"]]
    assert market.retailer.api.get(f"/api/stores/{market.store_id}/sender").json["sender"] is None


def test_it_stands_somewhere_or_is_removed(market: Market) -> None:
    wrong = set_sender(market, as_sender=False, as_return_address=False)
    assert (wrong.status_code, wrong.json["errors"][0]["field"]) == (422, "as_sender")


def test_the_page_asks_as_the_country_does_and_shows_the_slip(market: Market, books: Books) -> None:
    browser = books.browser(market.retailer)
    page = f"/app/settings/stores/{market.store_id}/sender"
    assert page in browser.get(page.removesuffix("/sender")).text
    wrong = browser.submit(page, page, fields_of="US", country_code="US", **{**ADDRESS_FORM, "postal_code": "1"})
    assert wrong.status_code == 422
    assert problem(wrong.text, "postal_code")
    assert "77 Retail Street" in wrong.text
    german = browser.submit(page, page, fields_of="US", country_code="DE", **ADDRESS_FORM)
    assert german.status_code == 200
    assert 'name="province"' not in german.text
    assert browser.submit(page, page, fields_of="US", country_code="US", **ADDRESS_FORM).status_code == 303
    shown = browser.get(page)
    assert "77 Retail Street" in shown.text
    assert 'src="data:image/png;base64,' in shown.text
    assert browser.submit(page, "/remove").status_code == 303
    assert "77 Retail Street" not in browser.get(page).text


def test_what_a_shop_wants_forgotten_is_forgotten(market: Market, jobs: Jobs, books: Books, gateway: Gateway) -> None:
    set_sender(market)
    lamps = order_of_store(market, jobs, books)
    with db.system_scope(actor="test"), db.transaction() as session:
        note_request(
            session,
            market.retailer.id,
            store_id=market.store_id,
            kind="shop_redact",
            external_id="1",
            order_refs=[],
            requested_at=clock.now(),
        )
    with db.system_scope(actor="test"), db.transaction() as session:
        assert carry_out_requests(session) == 1
    assert market.count("store_senders") == 0
    assert books.row("select sender from purchase_orders where id = %s", lamps["id"])["sender"] is None
