"""The pages of returns: a person on each side takes one from the order to the refund."""

from __future__ import annotations

import io

from PIL import Image
from pypdfium2 import PdfDocument

from app import db
from app.suppliers.models import Supplier
from tests import factories
from tests.flows.books import Books
from tests.flows.test_returns import act, asked, delivered, policy, state
from tests.market import Market
from tests.stack import Jobs


def photo(colour: str = "red") -> tuple[io.BytesIO, str]:
    """A small photo, as a form sends it."""
    content = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(content, "PNG")
    content.seek(0)
    return content, "photo.png"


def test_two_people_take_a_return_from_the_order_to_the_refund(market: Market, jobs: Jobs, books: Books) -> None:
    policy(market)
    lamps = delivered(market, jobs, books)
    line = lamps["lines"][0]["id"]
    retailer, supplier = books.browser(market.retailer), books.browser(market.supplier)
    order = f"/app/orders/{lamps['order']['id']}"
    start = f"{order}/purchase-orders/{lamps['id']}/return"
    assert start in retailer.get(order).text
    too_many = retailer.submit(start, start, **{f"units-{line}": "3"})
    assert (too_many.status_code, "A whole number from 0 to 2." in too_many.text) == (422, True)
    nothing = retailer.submit(start, start, **{f"units-{line}": "0"})
    assert (nothing.status_code, "Say what comes back." in nothing.text) == (422, True)
    sent = retailer.submit(
        start, start, **{f"units-{line}": "2", f"reason-{line}": "damaged", f"note-{line}": "The glass is broken."}
    )
    assert sent.status_code == 303
    (row,) = market.retailer.api.get("/api/returns").json["items"]
    mine, theirs = f"/app/returns/{row['id']}", f"/supplier/returns/{row['id']}"
    assert start not in retailer.get(order).text, "all of it is in a return"
    assert retailer.submit(mine, f"{mine}/photo", file=photo()).status_code == 303
    assert "The glass is broken." in supplier.get(theirs).text
    assert row["number"] in supplier.get("/supplier/returns").text
    (evidence,) = books.rows("select id from return_files")
    assert supplier.get(f"{theirs}/files/{evidence['id']}").mimetype == "image/png"
    assert books.browser(market.other_supplier).get(f"{theirs}/files/{evidence['id']}").status_code == 404
    assert supplier.submit(theirs, f"{theirs}/approve").status_code == 303
    slip = retailer.get(f"{mine}/slip.pdf")
    words = PdfDocument(slip.data)[0].get_textpage().get_text_range()
    assert row["number"] in words
    assert "Dock 4" in words
    assert supplier.submit(theirs, f"{theirs}/label", file=photo("white")).status_code == 303
    assert state(market, row) == "LABEL_SENT"
    way = {"carrier": "DHL", "tracking_number": "00340434161094042557"}
    assert retailer.submit(mine, f"{mine}/send", **way).status_code == 303
    assert supplier.submit(theirs, f"{theirs}/receive").status_code == 303
    one = row["lines"][0]["id"]
    found = {f"received-{one}": "2", f"accepted-{one}": "1", f"condition-{one}": "opened"}
    refused = supplier.submit(theirs, f"{theirs}/inspect", **found, answer="One is scratched.")
    assert (refused.status_code, "Add a photo" in refused.text) == (422, True)
    assert supplier.submit(theirs, f"{theirs}/photo", file=photo("blue")).status_code == 303
    assert supplier.submit(theirs, f"{theirs}/inspect", **found, answer="One is scratched.").status_code == 303
    assert "One is scratched." in retailer.get(mine).text
    assert supplier.submit(theirs, f"{theirs}/credit").status_code == 303
    jobs.drain()
    assert books.given_back(lamps["order"]) == [1000]
    assert state(market, row) == "CLOSED"
    assert "CM-" in supplier.get("/supplier/statements").text
    assert "$10.00" in retailer.get(f"{mine}").text


def test_a_file_that_is_no_photo_is_refused_and_nothing_is_kept(market: Market, jobs: Jobs, books: Books) -> None:
    lamps = delivered(market, jobs, books)
    row = asked(market, lamps)
    mine = f"/app/returns/{row['id']}"
    answer = books.browser(market.retailer).submit(mine, f"{mine}/photo", file=(io.BytesIO(b"MZ"), "photo.png"))
    assert answer.status_code == 422
    assert market.count("return_files") == 0
    act(market.retailer, row, "cancel")
    assert state(market, row) == "CANCELLED"


def test_each_reason_becomes_a_return_with_its_own_words_and_photo(market: Market, jobs: Jobs, books: Books) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        ours = session.get_one(Supplier, market.supplier.id)
        (shade,) = factories.product(session, ours, title="Shade", wholesale="8.00", stock=5)
    order = books.paid_order((market.lamp.variants[0], 2), (shade, 1))
    placed = books.purchase_order(order, market.supplier)
    parcel = {
        "carrier": "manual",
        "tracking_number": "BOTH-1",
        "lines": [{"line_id": one["id"], "quantity": one["quantity"]} for one in placed["lines"]],
    }
    shipped = market.supplier.api.post(f"/api/supplier/orders/{placed['id']}/ship", {"parcels": [parcel]})
    books.arrived(market.supplier, shipped.json["shipments"][0])
    jobs.drain()
    first, second = (one["id"] for one in placed["lines"])
    start = f"/app/orders/{order['id']}/purchase-orders/{placed['id']}/return"
    browser = books.browser(market.retailer)
    values = {f"units-{first}": "1", f"reason-{first}": "damaged", f"note-{first}": "It leaks."}
    values |= {f"units-{second}": "1", f"reason-{second}": "changed_mind"}
    wrong = browser.submit(start, start, **values, **{f"photo-{first}": (io.BytesIO(b"MZ"), "photo.png")})
    assert (wrong.status_code, market.count("returns"), market.count("return_files")) == (422, 0, 0)
    assert browser.submit(start, start, **values, **{f"photo-{first}": photo()}).status_code == 303
    rows = books.rows("select id, reason, note from returns order by reason")
    assert [(one["reason"], one["note"]) for one in rows] == [("changed_mind", ""), ("damaged", "It leaks.")]
    (evidence,) = books.rows("select return_id from return_files")
    assert evidence["return_id"] == rows[1]["id"], "the photo is of what is broken"
