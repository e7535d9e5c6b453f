"""What a file is that somebody uploads: the whole list, or stock and prices of what is there, as said or as found."""

from __future__ import annotations

import io

import pytest

from tests.adapters.settings import set_up
from tests.domains.feeds.portal import Json, Portal, list_of, portal
from tests.web.browsing import text_of

__all__ = ["portal", "set_up"]

INVENTORY = "~".join(
    (
        "ISA*00*          *00*          *ZZ*SUPPLIER       *ZZ*US             *261130*1000*U*00401*000000001*0*P*>",
        "GS*IB*SUPPLIER*US*20261130*1000*1*X*004010", "ST*846*0001", "BIA*00*SI*1*20261130", "LIN*1*VN*L-0",
        "PID*F****Lamp 0", "QTY*33*9", "LIN*2*VN*L-77", "QTY*33*4", "CTT*2", "SE*8*0001", "GE*1*1",
        "IEA*1*000000001", "",
    )
)  # fmt: skip


@pytest.fixture
def stocked(portal: Portal) -> Portal:
    """A supplier with eight lamps, five of each."""
    send(portal, list_of(*(f"L-{number},Lamp {number},10.00,5" for number in range(8))))
    take_over(portal)
    return portal


def send(portal: Portal, file: bytes, **values: str) -> Json:
    """Upload a file on the page; what was found in it."""
    sent = {"file": (io.BytesIO(file), "list.csv"), **values}
    answer = portal.browser.submit("/supplier/uploads", "/uploads", **sent)
    assert answer.status_code == 303, text_of(answer)
    portal.jobs.drain()
    return portal.runs()[-1]


def take_over(portal: Portal) -> None:
    """The newest file."""
    answer = portal.browser.submit(f"/supplier/uploads/{portal.runs()[-1]['id']}", "/apply")
    assert answer.status_code == 303, text_of(answer)
    portal.jobs.drain()
    assert portal.runs()[-1]["state"] == "APPLIED"


def test_rejected_rows_of_a_stock_file_go_back_mended_where_the_page_leads(stocked: Portal) -> None:
    first = send(stocked, list_of("L-0,6", "L-77,7", columns="Artikelnummer,Bestand"), content="stock_price")
    assert (first["kind"], first["counts"]["rejected"]) == ("stock_price", 1)
    page = stocked.browser.get(f"/supplier/uploads/{first['id']}")
    assert "Stock and prices only" in text_of(page)
    assert "/supplier/uploads?content=stock_price" in page.text
    lines = stocked.browser.get(f"/supplier/uploads/{first['id']}/rejected.csv").text
    assert "L-77,7,3," in lines

    again = send(stocked, lines.replace("L-77", "L-7").encode(), content="")

    assert (again["kind"], again["state"], again["counts"]["changed"]) == ("stock_price", "READY", 1), again
    take_over(stocked)
    assert stocked.stock() == {**{f"L-{number}": 5 for number in range(7)}, "L-7": 7}


def test_an_inventory_document_is_stock_though_nobody_said_so(stocked: Portal) -> None:
    answer = stocked.api.call("POST", "/api/supplier/uploads?file_name=stock.edi", data=INVENTORY.encode())
    assert answer.status_code == 202, answer.text
    stocked.jobs.drain()
    told = stocked.api.get(f"/api/supplier/uploads/{answer.json['id']}").json
    assert (told["content"], told["state"], told["counts"]["changed"]) == ("stock_price", "READY", 1), told
    assert [one["code"] for one in told["problems"]] == ["unknown_sku"]


def test_what_a_file_is_said_to_be_counts(stocked: Portal) -> None:
    untitled = list_of("L-0,6", columns="Artikelnummer,Bestand")
    assert send(stocked, untitled, content="full")["state"] == "FAILED", "products have titles"
    found = send(stocked, untitled, content="")
    assert (found["kind"], found["state"]) == ("stock_price", "READY")
    titled = send(stocked, list_of("L-0,Lamp,11.00,6", "L-99,New,12.00,4"), content="stock_price")
    assert (titled["counts"]["new"], titled["counts"]["changed"], titled["counts"]["rejected"]) == (0, 1, 1)
    titled = send(stocked, list_of("L-0,Lamp,11.00,6", "L-99,New,12.00,4"), content="full")
    assert (titled["kind"], titled["counts"]["new"], titled["counts"]["rejected"]) == ("full", 1, 0)
    refused = stocked.api.call("POST", "/api/supplier/uploads?content=everything", data=untitled)
    assert refused.status_code == 422
    refused = stocked.browser.submit("/supplier/uploads", "/uploads", file=(io.BytesIO(untitled), "a.csv"), content="x")
    assert refused.status_code == 422


def test_columns_that_are_named_later_make_it_the_whole_list(stocked: Portal) -> None:
    columns = "Artikelnummer,Xyz,EK netto,Bestand"
    run = send(stocked, list_of("N-1,New lamp,12.00,4", "N-2,Newer lamp,12.00,4", columns=columns), content="")
    stocked.confirm(run, Xyz="title")
    run = stocked.runs()[-1]
    assert (run["kind"], run["counts"]["new"]) == ("full", 2), run
