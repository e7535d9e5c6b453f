"""Where the products stand in XML or JSON can be chosen where the guess is wrong, and is kept for later files."""

from __future__ import annotations

import io
import json

import pytest

from app.feeds.rules.choices import Choices
from tests.adapters.settings import set_up
from tests.domains.feeds.files import opened
from tests.domains.feeds.portal import Json, Portal, portal
from tests.web.browsing import text_of

__all__ = ["portal", "set_up"]


def warehouse(stock: int = 4) -> bytes:
    """The offers of the week look like the products, which stand deeper and are called otherwise."""
    offers = "".join(f"<product><name>Offer {n}</name><price>1.0{n}</price></product>" for n in (1, 2))
    things = "".join(
        f"<thing><code>T-{n}</code><label>Lamp {n}</label><net>5.5{n}</net><qty>{stock}</qty></thing>" for n in range(5)
    )
    return f"<shop><week>{offers}</week><hall><shelf>{things}</shelf></hall></shop>".encode()


def upload(portal: Portal, file: bytes, name: str) -> Json:
    answer = portal.browser.submit("/supplier/uploads", "/uploads", file=(io.BytesIO(file), name), content="full")
    assert answer.status_code == 303, text_of(answer)
    portal.jobs.drain()
    return portal.runs()[-1]


def pick(portal: Portal, run: Json, record: str) -> Json:
    answer = portal.browser.submit(f"/supplier/uploads/{run['id']}/columns", "/columns/record", record=record)
    assert answer.status_code == 303, text_of(answer)
    portal.jobs.drain()
    return next(one for one in portal.runs() if one["id"] == run["id"])


def test_another_element_is_chosen_and_later_files_are_read_by_it(portal: Portal) -> None:
    run = upload(portal, warehouse(), "shop.xml")
    assert run["detected"]["record"] == "shop/week/product"
    page = text_of(portal.browser.get(f"/supplier/uploads/{run['id']}/columns"))
    assert "shop/hall/shelf/thing · 5 times · code, label, net, qty" in page

    run = pick(portal, run, "shop/hall/shelf/thing")

    assert (run["state"], run["counts"]["variants"]) == ("READY", 5), run
    assert portal.choices(run) == {"code": "sku", "label": "title", "net": "cost", "qty": "stock"}
    portal.confirm(run)
    portal.browser.submit(f"/supplier/uploads/{run['id']}", "/apply")
    portal.jobs.drain()
    assert portal.stock() == {f"T-{n}": 4 for n in range(5)}

    later = upload(portal, warehouse(stock=9), "shop.xml")
    assert (later["detected"]["record"], later["counts"]["changed"]) == ("shop/hall/shelf/thing", 5)


def test_a_file_in_which_no_product_is_found_can_be_read_all_the_same(portal: Portal) -> None:
    things = "".join(f"<row><bez>Lamp {n}</bez><zahl>A-{n}</zahl><wert>5.50</wert></row>" for n in range(3))
    run = upload(portal, f"<x><y>{things}</y></x>".encode(), "x.xml")
    if run["state"] == "FAILED":
        assert "Choose what one product is" in text_of(portal.browser.get(f"/supplier/uploads/{run['id']}"))
    run = pick(portal, run, "x/y/row")
    portal.confirm(run, bez="title", zahl="sku", wert="cost")
    run = portal.runs()[-1]
    assert (run["state"], run["counts"]["variants"]) == ("READY", 3), run


def test_only_what_the_file_has_can_be_chosen(portal: Portal) -> None:
    run = upload(portal, warehouse(), "shop.xml")
    answer = portal.browser.submit(f"/supplier/uploads/{run['id']}/columns", "/columns/record", record="shop/none")
    assert answer.status_code == 422
    assert "Choose one of the places that the file has." in text_of(answer)


@pytest.mark.parametrize("record", ["", "data.featured.item"])
def test_json_offers_its_lists(record: str) -> None:
    rows = {"featured": [{"name": "Offer", "price": 1}], "all": [{"sku": "A", "name": "Lamp", "price": 5}] * 2}
    file = opened(json.dumps({"data": rows}).encode(), name="x.json", choices=Choices(record=record))
    assert file.detected["record"] == (record or "data.all.item")
    assert {one["record"] for one in file.detected["records"]} == {"data.featured.item", "data.all.item"}


def test_that_a_file_was_not_quite_xml_is_told_before_it_is_taken_over(portal: Portal) -> None:
    salt = b"<p><sku>A</sku><name>Salt & pepper</name><price>1.50</price></p>"
    file = b"<l>" + salt + b"<p><sku>B</sku><name>B</name><price>2</price></p></l>"
    run = upload(portal, file, "l.xml")
    told = "not quite XML, and was read as it seemed to be meant"
    assert told in text_of(portal.browser.get(f"/supplier/uploads/{run['id']}"))
    right = upload(portal, file.replace(b"& ", b"&amp; "), "l.xml")
    assert told not in text_of(portal.browser.get(f"/supplier/uploads/{right['id']}"))
