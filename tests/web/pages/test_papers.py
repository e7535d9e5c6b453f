"""Papers in the portal, and the brand that stands on them."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pypdfium2
import pytest
from PIL import Image

from app import db
from app.identity.models import Organisation
from tests import factories
from tests.market import Market
from tests.stack import Jobs
from tests.web.browsing import Browser, text_of
from tests.web.pages.test_settings import member, problem


def text_in(content: bytes) -> str:
    document = pypdfium2.PdfDocument(content)
    try:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()


def picture(kind: str = "PNG") -> tuple[BytesIO, str]:
    out = BytesIO()
    Image.new("RGB", (900, 300), (200, 40, 40)).save(out, kind)
    out.seek(0)
    return out, f"logo.{kind.lower()}"


@pytest.fixture
def order(market: Market, jobs: Jobs) -> dict[str, Any]:
    """A purchase order, released to its supplier."""
    market.place((market.lamp.variants[0], 3))
    jobs.drain()
    (received,) = market.supplier.api.get("/api/supplier/orders").json["items"]
    found: dict[str, Any] = received
    return found


def test_a_supplier_prints_papers_and_says_that_they_are_in_the_parcel(market: Market, order: dict[str, Any]) -> None:
    browser, _ = member(market, "supplier")
    page = f"/supplier/purchase-orders/{order['id']}"
    slip = browser.get(f"{page}/papers/packing_slip.pdf")
    assert (slip.status_code, slip.mimetype) == (200, "application/pdf")
    assert slip.headers["Cache-Control"] == "private, no-store"
    text = text_in(slip.data)
    for shown in (order["number"], order["lines"][0]["sku"], order["shipping_address"]["name"], "Northwind Home"):
        assert shown in text
    assert "$" not in text
    assert "20.00" not in text
    many = browser.submit("/supplier/purchase-orders", "/papers.pdf", kind="pick_list", order=order["id"])
    assert f"{order['number']}: 3" in text_in(many.data)
    browser.submit(page, "/packing_slip/printed")
    assert "in the parcel" in text_of(browser.get(page))
    retailer, _ = member(market, "retailer")
    (placed,) = market.retailer.api.get("/api/orders").json["items"]
    assert "packing slip" in text_of(retailer.get(f"/app/orders/{placed['id']}"))


def test_papers_are_for_those_who_may_read_the_address_of_an_order_of_their_own(
    market: Market, order: dict[str, Any]
) -> None:
    path = f"/supplier/purchase-orders/{order['id']}/papers/packing_slip.pdf"
    catalogue, _ = member(market, "supplier", "supplier_catalogue")
    assert catalogue.get(path).status_code == 403
    with db.system_scope(actor="test"), db.transaction() as session:
        stranger = factories.member(
            session, session.get_one(Organisation, market.other_supplier.id), "supplier_owner"
        ).email
    other = Browser(market.app)
    other.sign_in(stranger)
    assert other.get(path).status_code == 404
    token = other.form("/supplier/uploads", "/supplier/uploads").select_one("[name=csrf_token]")
    assert token is not None
    asked = {"kind": "packing_slip", "order": order["id"], "csrf_token": str(token["value"])}
    assert other.post("/supplier/purchase-orders/papers.pdf", asked).status_code == 404
    browser, _ = member(market, "supplier")
    assert browser.get(path.replace("packing_slip", "love_letter")).status_code == 404
    nothing = browser.submit("/supplier/purchase-orders", "/papers.pdf", kind="packing_slip")
    assert nothing.status_code == 422


def test_a_retailer_designs_its_papers_and_looks_first(market: Market, order: dict[str, Any]) -> None:
    browser, _ = member(market, "retailer")
    at = "/app/settings/brand"
    values = {"name": "Harbour & Co", "colour": "#0F766E", "message": "Enjoy it!", "email": "hi@harbour.example"}
    looked = browser.submit(at, at, logo=picture(), look="1", **values)
    assert looked.status_code == 200
    assert "This is not saved yet." in looked.text
    assert 'src="data:image/png;base64,' in looked.text
    assert "Harbour &amp; Co" not in browser.get(at).text
    assert browser.submit(at, at, logo=picture("JPEG"), **values).status_code == 303
    supplier, _ = member(market, "supplier")
    slip = f"/supplier/purchase-orders/{order['id']}/papers/packing_slip.pdf"
    with_logo = text_in(supplier.get(slip).data)
    assert "Enjoy it!" in with_logo
    assert "hi@harbour.example" in with_logo
    assert "Harbour & Co" not in with_logo, "the logo stands for the name"
    browser.submit(at, "/logo/remove")
    assert "Harbour & Co" in text_in(supplier.get(slip).data)


def test_what_is_wrong_with_a_brand_is_said_beside_it(market: Market) -> None:
    browser, _ = member(market, "retailer")
    at = "/app/settings/brand"
    wrong = browser.submit(at, at, colour="red", message="Hello")
    assert wrong.status_code == 422
    assert "#0f766e" in problem(wrong.text, "colour")
    assert "Hello" in wrong.text
    no_picture = browser.submit(at, at, logo=(BytesIO(b"MZ not a picture"), "logo.png"))
    assert no_picture.status_code == 422
    assert problem(no_picture.text, "logo")
    reader, _ = member(market, "retailer", "retailer_readonly")
    assert reader.get(at).status_code == 403
