"""Customers send things back from the page of their order: they ask, their shop agrees, suppliers get a return each."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from app import db
from app.config import settings
from app.kit import clock
from app.privacy.service import redact_orders
from app.returns.files import storage
from tests import factories
from tests.flows.books import Books
from tests.flows.test_customer_letters import brand, letters, subjects
from tests.flows.test_returns import act, asked
from tests.market import Market
from tests.stack import Jobs
from tests.web.browsing import text_of

Json = dict[str, Any]


def photo() -> tuple[BytesIO, str]:
    out = BytesIO()
    Image.new("RGB", (40, 40), (200, 40, 40)).save(out, "JPEG")
    out.seek(0)
    return out, "broken.jpg"


class Shopper:
    """Somebody with the address of their order's page, and nothing else."""

    def __init__(self, market: Market, jobs: Jobs, books: Books) -> None:
        self.market, self.books, self.client = market, books, market.app.test_client()
        self.order = market.place()
        jobs.drain()
        for supplier in (market.supplier, market.other_supplier):
            purchase_order = books.purchase_order(self.order, supplier)
            parcel = books.ship(supplier, purchase_order, purchase_order["lines"][0]["quantity"])
            books.arrived(supplier, parcel)
        jobs.drain()
        token = books.row("select tracking_token from orders")["tracking_token"]
        self.page = f"/t/{token}"
        rows = books.rows("select id, title from purchase_order_lines")
        self.lamp, self.chair = (
            next(str(row["id"]) for row in rows if word in row["title"]) for word in ("lamp", "chair")
        )

    def ask(self, **values: Any) -> TestResponse:
        """Send the form."""
        return self.client.post(f"{self.page}/return", data=values, content_type="multipart/form-data")

    def lamp_back(self, units: int = 1, **more: Any) -> TestResponse:
        """A lamp that is broken, with its picture."""
        values = {f"units-{self.lamp}": str(units), f"reason-{self.lamp}": "damaged", "photo": photo()}
        return self.ask(**values | more)


@pytest.fixture
def shopper(market: Market, jobs: Jobs, books: Books) -> Shopper:
    return Shopper(market, jobs, books)


def test_a_customer_asks_its_shop_agrees_and_each_supplier_gets_a_return(
    shopper: Shopper, jobs: Jobs, books: Books, market: Market
) -> None:
    assert "Send something back" in text_of(shopper.client.get(shopper.page))
    form = text_of(shopper.client.get(f"{shopper.page}/return"))
    assert "Desk lamp" in form
    assert "Nordlicht" not in form, "the shop's suppliers are nobody's business"
    sent = shopper.lamp_back(
        2, note="It came in pieces", **{f"units-{shopper.chair}": "1", f"reason-{shopper.chair}": "changed_mind"}
    )
    assert sent.status_code == 303, text_of(sent)
    assert "the shop has not answered yet" in text_of(shopper.client.get(sent.headers["Location"]))
    jobs.drain()
    assert books.rows("select 1 from returns") == [], "nothing goes to suppliers before the shop agrees"
    assert "shopper_return" in books.notices(market.retailer)
    browser = books.browser(market.retailer)
    assert "Customer wants to send something back" in text_of(browser.get("/app/exceptions"))
    row = books.row("select id, note from shopper_returns")
    assert b"pieces" not in bytes(row["note"]), "what the customer wrote is sealed"
    page = f"/app/returns/requests/{row['id']}"
    assert "It came in pieces" in text_of(browser.get(page))
    picture = BeautifulSoup(browser.get(page).text, "html.parser").select_one("a[href*='/photos/']")
    assert picture is not None
    assert browser.get(str(picture["href"])).mimetype == "image/jpeg"
    assert books.browser(market.other_retailer).get(page).status_code == 404
    browser.submit(page, "/grant")
    found = books.rows("select reason, note, state from returns order by reason")
    assert [(one["reason"], one["note"]) for one in found] == [
        ("changed_mind", "It came in pieces"),
        ("damaged", "It came in pieces"),
    ]
    assert len(books.rows("select 1 from return_files where kind = 'evidence'")) == 2, "each supplier sees the photo"
    assert "the shop agrees" in text_of(shopper.client.get(shopper.page))
    assert shopper.lamp_back(1).status_code == 422, "both lamps are on their way back already"


def test_a_shop_may_say_no_and_the_customer_reads_why(
    shopper: Shopper, jobs: Jobs, books: Books, market: Market
) -> None:
    assert shopper.lamp_back().status_code == 303
    browser = books.browser(market.retailer)
    page = f"/app/returns/requests/{books.row('select id from shopper_returns')['id']}"
    jobs.drain()
    assert "shopper_return" in books.notices(market.retailer)
    assert browser.submit(page, "/refuse", answer="").status_code == 422
    browser.submit(page, "/refuse", answer="We send you another one.")
    assert "shopper_return" not in books.notices(market.retailer), "nobody waits any more"
    assert "the shop says no: We send you another one." in text_of(shopper.client.get(shopper.page))
    assert shopper.lamp_back().status_code == 303, "what was refused can be asked for again"
    token = browser.form("/app/returns/settings", "/returns/settings").select_one("[name=csrf_token]")
    assert token is not None
    assert browser.post(f"{page}/grant", {"csrf_token": token["value"]}).status_code == 409, "it is decided already"


def test_a_shops_settings_decide_whether_who_and_with_what_may_be_asked(
    shopper: Shopper, books: Books, market: Market
) -> None:
    without = shopper.lamp_back(photo=(BytesIO(b""), ""))
    assert without.status_code == 422
    assert "Please add a photo" in text_of(without)
    browser = books.browser(market.retailer)
    browser.submit("/app/returns/settings", "/returns/settings", by_shoppers="1", automatic="1", photo_reasons=[])
    assert shopper.lamp_back(photo=(BytesIO(b""), "")).status_code == 303
    (made,) = books.rows("select state from returns")
    assert made["state"] == "REQUESTED", "nobody had to look at it"
    form = browser.form("/app/returns/settings", "/returns/settings")
    token = form.select_one("[name=csrf_token]")
    assert token is not None
    browser.post("/app/returns/settings", {"csrf_token": token["value"]})
    assert shopper.client.get(f"{shopper.page}/return").status_code == 404
    assert "Send something back" not in text_of(shopper.client.get(shopper.page))
    assert shopper.lamp_back().status_code == 404


def test_what_can_not_be_asked_leaves_nothing_and_nobody_asks_for_ever(shopper: Shopper, books: Books) -> None:
    for values, said in (
        ({}, "Say what you want to send back."),
        ({f"units-{shopper.lamp}": "9", f"reason-{shopper.lamp}": "late"}, "2 can be sent back."),
        ({f"units-{shopper.lamp}": "x", f"reason-{shopper.lamp}": "late"}, "A whole number."),
        ({f"units-{shopper.lamp}": "1", f"reason-{shopper.lamp}": "because"}, "Choose why it comes back."),
    ):
        refused = shopper.ask(**values)
        assert refused.status_code == 422
        assert said in text_of(refused)
        # What is wrong with a field is tied to it.
        form = BeautifulSoup(refused.text, "html.parser")
        wrong = [form.select_one(f"#{field['aria-describedby']}") for field in form.select("[aria-invalid]")]
        assert [one.get_text() for one in wrong if one] == ([said] if values else [])
    script = shopper.lamp_back(photo=(BytesIO(b"<script>alert(1)</script>"), "x.jpg"))
    assert script.status_code == 422, "what is no picture is not kept"
    assert books.rows("select 1 from shopper_returns") == []
    for _ in range(5):
        assert shopper.lamp_back().status_code in (303, 422)
        with db.system_scope(actor="test"), db.transaction() as session:
            session.connection().exec_driver_sql("update shopper_returns set state = 'REFUSED'")
    assert shopper.lamp_back().status_code == 429
    with clock.shifted(timedelta(days=2)):
        assert shopper.lamp_back().status_code == 303
    assert shopper.client.get("/t/somebody/return").status_code == 404


def test_the_form_its_terms_and_what_is_wrong_with_it_are_in_the_customers_language(
    shopper: Shopper, books: Books, market: Market
) -> None:
    brand(market, language="de")
    page = f"{shopper.page}/return"
    form = BeautifulSoup(shopper.client.get(page).text, "html.parser")
    assert form.html is not None and form.title is not None
    assert (form.html["lang"], form.title.get_text()) == ("de", "Etwas zurücksenden · Lumen & Oak")
    said = form.get_text(" ")
    for part in ("Wie viele von 2", "Es ist beschädigt", "Innerhalb von 30 Tagen", "Nötig bei: Es ist beschädigt,"):
        assert part in said
    units, reason = f"units-{shopper.lamp}", f"reason-{shopper.lamp}"
    for status, values, words in (
        (422, {}, "Geben Sie an, was Sie zurücksenden möchten."),
        (422, {units: "9", reason: "late"}, "Zurücksenden können Sie höchstens 2."),
        (422, {units: "x", reason: "late"}, "Eine ganze Zahl."),
        (422, {units: "1", reason: "because"}, "Wählen Sie, warum es zurückkommt."),
        (422, {units: "1", reason: "damaged"}, "Bitte fügen Sie ein Foto hinzu"),
        (422, {units: "1", reason: "late", "note": "x" * 1001}, "Höchstens 1.000 Zeichen."),
        (422, {units: "1", reason: "late", "photo": (BytesIO(b"<script>"), "x.jpg")}, "eine JPEG- oder PNG-Datei"),
    ):
        answer = shopper.ask(**values)
        assert (answer.status_code, words in text_of(answer)) == (status, True), words
        assert "Etwas zurücksenden · Lumen & Oak" in text_of(answer)
    in_italian = shopper.client.post(f"{page}?lang=it", data={units: "1", reason: "late"})
    assert "lang=it" in in_italian.headers["Location"]
    assert "il negozio non ha ancora risposto" in text_of(shopper.client.get(in_italian.headers["Location"]))


@pytest.mark.parametrize(
    ("photos", "megabytes", "status", "said"),
    [
        (1, 11, 422, "A photo has at most 10 MB."),
        (6, 1, 422, "At most 5 photos."),
        (2, 33, 413, "The photos are too large together. Send at most 50 MB."),
    ],
)
def test_with_photos_that_are_too_large_what_was_typed_comes_back(
    shopper: Shopper, books: Books, photos: int, megabytes: int, status: int, said: str
) -> None:
    large = [(BytesIO(b"\xff" * (megabytes * 1024 * 1024)), "x.jpg") for _ in range(photos)]
    answer = shopper.lamp_back(2, note="Jemand <sagt> „ja“", photo=large, **{f"reason-{shopper.lamp}": "late"})
    assert (answer.status_code, said in text_of(answer)) == (status, True), text_of(answer)
    form = BeautifulSoup(answer.text, "html.parser")
    note, units = form.select_one("[name=note]"), form.select_one(f"[name=units-{shopper.lamp}]")
    chosen = form.select_one(f"[name=reason-{shopper.lamp}] [selected]")
    assert note is not None and units is not None and chosen is not None
    assert (note.get_text(), units["value"], chosen["value"]) == ("Jemand <sagt> „ja“", "2", "late")
    assert books.rows("select 1 from shopper_returns") == []


def test_what_a_supplier_says_is_not_shown_to_a_shops_customer(
    shopper: Shopper, books: Books, market: Market, jobs: Jobs
) -> None:
    books.browser(market.retailer).submit("/app/returns/settings", "/returns/settings", automatic="1")
    assert shopper.lamp_back().status_code == 303
    declined = books.row("select id, number from returns")
    act(market.supplier, {"id": declined["id"]}, "decline", {"reason": "Nordlicht never takes these."})
    jobs.drain()
    (letter,) = [one for one in letters() if one.subject == "Your return can't be accepted"]
    assert "The reason" not in letter.text
    assert "If you have questions, ask us." in letter.text
    # Two that the shop asks for itself: one is withdrawn, one comes in.
    line = books.row("select id, purchase_order_id from purchase_order_lines where title like '%%lamp%%'")
    lamps = {"id": str(line["purchase_order_id"]), "lines": [{"id": str(line["id"])}]}
    withdrawn = asked(market, lamps)
    act(market.retailer, withdrawn, "cancel")
    came = asked(market, lamps)
    waiting = text_of(shopper.client.get(shopper.page))
    assert came["number"] not in waiting
    act(market.supplier, came, "approve")
    assert came["number"] in text_of(shopper.client.get(shopper.page))
    act(market.supplier, came, "receive")
    jobs.drain()
    page = text_of(shopper.client.get(shopper.page))
    assert f"{declined['number']} Declined" in page
    assert "Nordlicht" not in page
    assert withdrawn["number"] not in page
    assert f"Return {came['number']} Being checked" in page
    assert all("Nordlicht" not in one.text for one in letters())


def test_of_photos_that_are_not_all_fit_none_is_kept(shopper: Shopper) -> None:
    folder = settings().data_dir / "returns"
    before = set(folder.rglob("*"))
    bad = (BytesIO(b"<script>alert(1)</script>"), "x.jpg")
    assert shopper.lamp_back(photo=[photo(), bad]).status_code == 422
    assert {one for one in folder.rglob("*") if one.is_file()} <= before


def test_words_and_photos_are_erased_with_the_rest_of_a_shoppers_data(
    shopper: Shopper, books: Books, market: Market
) -> None:
    browser = books.browser(market.retailer)
    browser.submit("/app/returns/settings", "/returns/settings", automatic="1")
    assert shopper.lamp_back(note="Call me: 0123").status_code == 303
    keys = [
        row["file_key"]
        for row in books.rows("select file_key from return_files union select file_key from shopper_return_files")
    ]
    assert len(keys) == 2
    order_id = books.row("select id from orders")["id"]
    with db.system_scope(actor="test"), db.transaction() as session:
        assert redact_orders(session, [order_id]) == 1
    assert books.rows("select 1 from return_files union all select 1 from shopper_return_files") == []
    assert books.row("select note from returns")["note"] == ""
    assert books.row("select note from shopper_returns")["note"] is None
    for key in keys:
        with pytest.raises(FileNotFoundError):
            storage().open(key)


def test_an_anonymous_stranger_learns_nothing(market: Market) -> None:
    client: FlaskClient = market.app.test_client()
    answer = client.post("/t/nobody/return", data={"note": "x"})
    assert answer.status_code == 404


def test_the_same_is_sent_again_once_by_an_order_of_its_own(
    shopper: Shopper, books: Books, market: Market, jobs: Jobs
) -> None:
    browser = books.browser(market.retailer)
    browser.submit("/app/returns/settings", "/returns/settings", automatic="1")
    assert shopper.lamp_back(2).status_code == 303
    row = books.row("select id from returns")["id"]
    page = f"/app/returns/{row}"
    with db.system_scope(actor="test"), db.transaction() as session:
        factories.set_stock(session, market.supplier.id, {market.lamp.variants[0]: 0})
    refused = browser.submit(page, "/exchange")
    assert (refused.status_code, "Its supplier has 0 left." in text_of(refused)) == (409, True)
    assert "/app/orders/new" in refused.text and f"/refund?return={row}" in refused.text, (
        "it says what else can be done"
    )
    with db.system_scope(actor="test"), db.transaction() as session:
        factories.set_stock(session, market.supplier.id, {market.lamp.variants[0]: 10})
    made = browser.submit(page, "/exchange")
    assert "/app/orders/" in made.headers["Location"]
    again = market.retailer.api.post(f"/api/returns/{row}/exchange", {})
    assert again.status_code == 200, again.text
    jobs.drain()
    orders = market.retailer.api.get("/api/orders").json["items"]
    assert len(orders) == 2, "however often it is asked for"
    new = next(one for one in orders if one["id"] == again.json["exchange_order_id"])
    assert [(line["variant_id"], line["quantity"]) for line in new["lines"]] == [(str(market.lamp.variants[0]), 2)]
    assert books.taken(new) == [2600], "goods and shipping, as every order"
    assert "It replaces what comes back" in text_of(browser.get(f"/app/orders/{new['id']}"))
    assert "The replacement" in text_of(browser.get(page))
    seen = market.supplier.api.get(f"/api/supplier/returns/{row}").json
    assert seen["exchange_order_id"] is None, "the retailer's orders are not the supplier's to see"
    assert market.other_retailer.api.post(f"/api/returns/{row}/exchange", {}).status_code == 404


def test_a_supplier_says_for_which_reasons_it_wants_a_photo_and_silence_approves_none_without(
    shopper: Shopper, books: Books, market: Market, jobs: Jobs
) -> None:
    portal = books.browser(market.supplier)
    terms = {"name": "Nordlicht", "address1": "Kai 1", "postal_code": "20457", "city": "Hamburg", "country_code": "DE"}
    saved = portal.submit("/supplier/settings/returns", "/settings/returns", photo_reasons="late", **terms)
    assert saved.status_code == 303, text_of(saved)
    retailer = books.browser(market.retailer)
    retailer.submit("/app/returns/settings", "/returns/settings", automatic="1", photo_reasons=[])
    late = {f"units-{shopper.lamp}": "1", f"reason-{shopper.lamp}": "late"}
    assert "Please add a photo" in text_of(shopper.ask(**late)), "the supplier wants one, whatever the shop wants"
    line = books.row("select id, purchase_order_id from purchase_order_lines where title like '%%lamp%%'")
    asked = {
        "purchase_order_id": str(line["purchase_order_id"]),
        "reason": "late",
        "lines": [{"line_id": str(line["id"]), "quantity": 1}],
    }
    made = market.retailer.api.post("/api/returns", asked)
    assert made.status_code == 201, made.text
    page = text_of(retailer.get(f"/app/returns/{made.json['id']}"))
    assert "The supplier wants a photo for this reason." in page
    assert "Approved by itself after" not in page and "Declined by itself after" in page
    with clock.shifted(timedelta(days=2, hours=12)):
        (stuck,) = market.retailer.api.get("/api/exceptions").json["items"]
        assert (stuck["kind"], stuck["ball"]) == ("return", "retailer"), stuck
        assert "without one it is declined" in stuck["advice"]
    with clock.shifted(timedelta(days=4)):
        jobs.run_scheduled("watch_returns")
        jobs.drain()
    found = market.retailer.api.get(f"/api/returns/{made.json['id']}").json
    assert found["state"] == "DECLINED"
    assert "none came" in found["answer"]
    assert letters() == [], "its customer has not asked for it"


def test_what_was_asked_for_in_time_is_agreed_to_later(
    shopper: Shopper, jobs: Jobs, books: Books, market: Market
) -> None:
    with clock.shifted(timedelta(days=29)):
        assert shopper.lamp_back(2).status_code == 303
    page = f"/app/returns/requests/{books.row('select id from shopper_returns')['id']}"
    with clock.shifted(timedelta(days=32)):
        assert shopper.lamp_back(2).status_code == 422, "the window is over for new requests"
        answer = books.browser(market.retailer).submit(page, "/grant")
    assert answer.status_code == 303, text_of(answer)
    assert [one["state"] for one in books.rows("select state from returns")] == ["REQUESTED"]


def test_a_request_that_came_in_and_is_refused(
    shopper: Shopper,
    jobs: Jobs,
    books: Books,
    market: Market,
) -> None:
    brand(market)
    assert shopper.lamp_back().status_code == 303
    jobs.drain()
    (first,) = letters()
    assert first.subject == "Your return: we have your request"
    assert first.recipient == "ada@shopper.example"
    assert (first.sender_name, first.reply_to) == ("Lumen & Oak", "help@lumen.example")
    assert "Crossdock" not in first.text + first.html, "customers know their shop alone"
    assert "#0a7f5a" in first.html
    page = f"/app/returns/requests/{books.row('select id from shopper_returns')['id']}"
    books.browser(market.retailer).submit(page, "/refuse", answer="It was worn.")
    jobs.drain()
    assert subjects()[1:] == ["Your return can't be accepted"]
    assert "It was worn." in letters()[-1].text
