"""What a shopper sees of an order that comes in parts: each parcel, what is still to come and when, the shop and
nobody else."""

from __future__ import annotations

import re
from datetime import date, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from app import db
from app.documents.service import save_brand
from app.documents.words import reader_language
from app.fulfillment.carrier import Tracked
from app.fulfillment.service import take_in
from app.kit import clock
from app.orders.models import Order
from app.web.public.shopper import page_phrases
from tests.market import Market
from tests.stack import Jobs
from tests.web.browsing import text_of
from tests.web.pages.test_guards import signed_in

BRAND = {"name": "Harbour & Co", "colour": "#0f766e", "message": "", "email": "hi@harbour.example", "phone": "",
         "website": "", "language": ""}  # fmt: skip


@pytest.fixture
def shopper(market: Market) -> FlaskClient:
    return market.app.test_client()


def carrier_delivers_between(shipment_id: str, first: date, last: date) -> None:
    told = Tracked(delivery_status="pending", estimated_from=first, estimated_to=last, events=())
    with db.system_scope(actor="test"), db.transaction() as session:
        take_in(session, UUID(shipment_id), told, again=clock.now())


def page_of(market: Market) -> str:
    with db.system_scope(actor="test"), db.transaction() as session:
        return "/t/" + session.scalars(select(Order.tracking_token)).one()


def ordered(market: Market, jobs: Jobs, *wanted: Any) -> list[dict[str, Any]]:
    """The purchase orders of a fresh order, as their supplier gets them."""
    market.place(*wanted)
    jobs.drain()
    found: list[dict[str, Any]] = market.supplier.api.get("/api/supplier/orders").json["items"]
    return found


def test_what_was_sent_and_what_is_to_come_stand_on_one_page(market: Market, jobs: Jobs, shopper: FlaskClient) -> None:
    (order,) = ordered(market, jobs, (market.lamp.variants[0], 3))
    before = text_of(shopper.get(page_of(market)))
    assert "0 of 3 items" in before
    assert "Not sent yet" in before
    assert "3 × Desk lamp" in before
    assert "The next arrives" in before
    parcel = {
        "carrier": "ups",
        "tracking_number": "1Z5R89390357567127",
        "lines": [{"line_id": order["lines"][0]["id"], "quantity": 2}],
    }
    market.supplier.api.post(f"/api/supplier/orders/{order['id']}/ship", {"parcels": [parcel]})
    jobs.drain()
    answer = shopper.get(page_of(market))
    after = text_of(answer)
    assert "2 of 3 items" in after
    assert "Parcel 1 of 1" in after
    assert "1Z5R89390357567127" in after
    assert "UPS" in after
    assert "1 × Desk lamp" in after
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    for hidden in ("Nordlicht", order["shipping_address"]["name"], order["shipping_address"]["address1"]):
        assert hidden not in answer.text


def test_a_backordered_item_says_when_it_is_there_again(market: Market, jobs: Jobs, shopper: FlaskClient) -> None:
    (order,) = ordered(market, jobs, (market.lamp.variants[0], 1))
    day = clock.now().date() + timedelta(days=20)
    line = {"line_id": order["lines"][0]["id"], "status": "backordered", "available_on": day.isoformat()}
    market.supplier.api.post(f"/api/supplier/orders/{order['id']}/acknowledge", {"lines": [line]})
    jobs.drain()
    shown = text_of(shopper.get(page_of(market)))
    assert f"In stock again {day.day} {day:%b %Y}" in shown
    assert "The next arrives" not in shown


def test_the_page_is_the_shops_own(market: Market, jobs: Jobs, shopper: FlaskClient) -> None:
    ordered(market, jobs, (market.lamp.variants[0], 1))
    picture = BytesIO()
    Image.new("RGB", (300, 90), (15, 118, 110)).save(picture, "PNG")
    with db.system_scope(actor="test"), db.transaction() as session:
        brand = save_brand(session, market.retailer.id, values=BRAND, logo=picture.getvalue())
        address = f"/logo/{market.retailer.id}/{brand.logo_sha256}.png"
    answer = shopper.get(page_of(market))
    assert f'src="{address}"' in answer.text
    assert 'fill="#0f766e"' in answer.text
    assert "hi@harbour.example" in answer.text
    logo = shopper.get(address)
    assert (logo.status_code, logo.mimetype) == (200, "image/png")
    assert "immutable" in logo.headers["Cache-Control"]
    assert shopper.get(address.replace(address[-8:-4], "0000")).status_code == 404


def test_an_address_that_nobody_was_given_shows_nothing(shopper: FlaskClient) -> None:
    answer = shopper.get("/t/made-up", headers={"Accept-Language": "it, en;q=0.5"})
    assert answer.status_code == 404
    assert "Non troviamo questa pagina" in answer.text
    assert 'lang="it"' in answer.text
    assert "Crossdock" not in answer.text, "customers know their shop alone"


def speaks(market: Market, language: str) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        save_brand(session, market.retailer.id, values=BRAND | {"language": language}, logo=None)


def test_the_page_speaks_the_language_of_the_shop_or_the_one_that_its_reader_chooses(
    market: Market, jobs: Jobs, shopper: FlaskClient
) -> None:
    (order,) = ordered(market, jobs, (market.lamp.variants[0], 3))
    page = page_of(market)
    speaks(market, "de")
    body = BeautifulSoup(shopper.get(page, headers={"Accept-Language": "fr"}).text, "html.parser")
    assert body.html is not None and body.title is not None
    assert (body.html["lang"], body.html["dir"]) == ("de", "ltr")
    assert re.fullmatch(r"Ihre Bestellung \S+ · Harbour & Co", body.title.get_text())
    assert "Noch nicht verschickt" in body.get_text()
    chosen = {str(link["lang"]): str(link["href"]) for link in body.select("nav a[hreflang]")}
    assert len(chosen) == 12
    line = order["lines"][0]["id"]
    parcel = {"carrier": "ups", "tracking_number": "N-9", "lines": [{"line_id": line, "quantity": 2}]}
    sent = market.supplier.api.post(f"/api/supplier/orders/{order['id']}/ship", {"parcels": [parcel]}).json
    carrier_delivers_between(sent["shipments"][0]["id"], date(2031, 3, 5), date(2031, 3, 6))
    said = {language: text_of(shopper.get(address)) for language, address in chosen.items()}
    assert "Nächste Ankunft: 5.–6. März 2031" in said["de"]
    assert "Prochaine arrivée : 5–6 mars 2031" in said["fr"]
    assert "W drodze lub doręczone: 2 z 3 sztuk" in said["pl"]
    assert "Jeszcze nie zeskanowano" in said["pl"]
    assert text_of(shopper.get(f"{page}?lang=xx")) == text_of(shopper.get(page)), (
        "a language that there is not is not chosen"
    )


@pytest.mark.parametrize(
    ("own", "country", "language"),
    [("", "FR", "fr"), ("", "CH", "de"), ("", "JP", "en"), ("nl", "FR", "nl"), ("ja", "FR", "en")],
)
def test_letters_papers_and_pages_choose_a_language_alike(own: str, country: str, language: str) -> None:
    assert reader_language(own, country, page_phrases().languages) == language


def test_days_follow_what_happens_before_and_after_a_parcel_leaves(
    market: Market, jobs: Jobs, shopper: FlaskClient
) -> None:
    (order,) = ordered(market, jobs, (market.lamp.variants[0], 3))
    line = order["lines"][0]["id"]
    expected = text_of(shopper.get(page_of(market)))
    with clock.shifted(timedelta(days=40)):
        late = text_of(shopper.get(page_of(market)))
    assert late != expected, "what did not leave in time comes later"
    far = (clock.now().date() + timedelta(days=60)).isoformat()
    package = {"package_ref": "B1", "expected_ship_on": far, "lines": [{"line_id": line, "quantity": 1}]}
    market.supplier.api.post(f"/api/supplier/orders/{order['id']}/announce", {"packages": [package]})
    assert text_of(shopper.get(page_of(market))) != expected, "the announced day counts"
    parcel = {"carrier": "ups", "tracking_number": "N-9", "lines": [{"line_id": line, "quantity": 2}]}
    sent = market.supplier.api.post(f"/api/supplier/orders/{order['id']}/ship", {"parcels": [parcel]}).json
    carrier_delivers_between(sent["shipments"][0]["id"], date(2031, 3, 5), date(2031, 3, 6))
    shown = text_of(shopper.get(page_of(market)))
    assert "5–6 Mar 2031" in shown, "the carrier's own word counts most"
    shop, parcel_id = signed_in(market, "retailer"), sent["shipments"][0]["id"]
    (bought,) = market.retailer.api.get("/api/orders").json["items"]
    for page in (f"/app/orders/{bought['id']}", f"/app/parcels/{parcel_id}"):
        assert "5 Mar 2031 – 6 Mar 2031" in text_of(shop.get(page)), "the shop reads what its customer reads"
    market.supplier.api.post(f"/api/supplier/shipments/{sent['shipments'][0]['id']}/void", {"reason": "Still here"})
    taken_back = text_of(shopper.get(page_of(market)))
    assert "N-9" not in taken_back
    assert "0 of 3 items" in taken_back
