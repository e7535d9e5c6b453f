"""The catalogue for everybody: what is shown, what is kept back, and what machines read."""

from __future__ import annotations

import json
import re

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app import db
from app.catalog.models import SupplierProduct
from app.catalog.service import set_status
from app.config import settings
from tests.market import Market


@pytest.fixture
def visitor(market: Market) -> FlaskClient:
    return market.app.test_client()


def _canonical(answer: TestResponse) -> str:
    found = BeautifulSoup(answer.text, "html.parser").select_one("link[rel=canonical]")
    assert found is not None
    return str(found["href"]).removeprefix(settings().public_url)


def test_everybody_walks_from_the_top_to_a_product_and_sees_no_wholesale_price(
    market: Market, visitor: FlaskClient
) -> None:
    assert "/catalogue" in visitor.get("/").text
    top = visitor.get("/catalogue")
    assert "/catalogue/home-garden" in top.text
    shelf = visitor.get("/catalogue/home-garden-lighting")
    assert "Desk lamp" in shelf.text
    page = visitor.get("/catalogue/home-garden")
    path = next(one for one in re.findall(r'href="(/product/[^"]+)"', page.text) if str(market.lamp.product_id) in one)
    answer = visitor.get(path)
    assert answer.status_code == 200
    assert "Desk lamp" in answer.text
    for shown in (top, shelf, page, answer):
        assert "10.00" not in shown.text, "what the lamp costs"
        assert "<script" not in shown.text.replace('<script type="application/ld+json">', "")


def test_an_old_address_leads_to_the_one_of_today(market: Market, visitor: FlaskClient) -> None:
    path = f"/product/{market.lamp.product_id}/desk-lamp"
    assert visitor.get(path).status_code == 200
    with db.system_scope(actor="test"), db.transaction() as session:
        session.get_one(SupplierProduct, market.lamp.product_id).title = "Reading lamp </script>"
    moved = visitor.get(path)
    assert (moved.status_code, moved.headers["Location"]) == (
        301,
        f"/product/{market.lamp.product_id}/reading-lamp-script",
    )
    answer = visitor.get(moved.headers["Location"])
    assert _canonical(answer) == moved.headers["Location"]
    blocks = [
        json.loads(one.get_text())
        for one in BeautifulSoup(answer.text, "html.parser").select('script[type="application/ld+json"]')
    ]
    product = next(one for one in blocks if one["@type"] == "Product")
    assert "Reading lamp </script>" in product["name"]
    assert "offers" not in product
    assert [
        one["name"] for one in next(one for one in blocks if one["@type"] == "BreadcrumbList")["itemListElement"]
    ] == [
        "Home & Garden",
        "Lighting",
    ]


def test_a_page_that_has_not_changed_is_not_sent_again(market: Market, visitor: FlaskClient) -> None:
    for path in (
        "/catalogue",
        "/catalogue/home-garden",
        f"/product/{market.lamp.product_id}/desk-lamp",
        "/sitemap.xml",
    ):
        first = visitor.get(path)
        assert first.headers["Cache-Control"].startswith("public, max-age=")
        assert "Set-Cookie" not in first.headers
        again = visitor.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")


def test_sitemaps_name_every_product_once(market: Market, visitor: FlaskClient) -> None:
    assert f"Sitemap: {settings().public_url}/sitemap.xml" in visitor.get("/robots.txt").text
    listed: list[str] = []
    for part in re.findall(r"<loc>([^<]+)</loc>", visitor.get("/sitemap.xml").text):
        listed += re.findall(r"<loc>([^<]+)</loc>", visitor.get(part.removeprefix(settings().public_url)).text)
    with db.system_scope(actor="test"), db.transaction() as session:
        ids = {str(one) for one in session.scalars(select(SupplierProduct.id))}
    assert len(listed) == len(ids)
    assert {address.split("/product/")[1].split("/")[0] for address in listed} == ids


def test_what_is_not_on_offer_has_no_page(market: Market, visitor: FlaskClient) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        set_status(session, market.supplier.id, [market.lamp.product_id], "draft")
    assert visitor.get(f"/product/{market.lamp.product_id}/desk-lamp").status_code == 404
    assert visitor.get("/catalogue/no-such-category").status_code == 404
    assert "Desk lamp" not in visitor.get("/catalogue/home-garden").text
    assert visitor.get("/sitemap/00000000-0000-7000-8000-000000000000.xml").status_code == 200
    assert visitor.get("/sitemap/ffffffff-ffff-7fff-bfff-ffffffffffff.xml").status_code == 404
