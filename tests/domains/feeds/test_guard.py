"""A file that looks like a mistake is held until somebody has looked at it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import db
from app.feeds.rules.guard import DEFAULT_LIMITS, FEWEST_ROWS, Compared, findings
from app.purchasing.service import place_order
from tests import factories
from tests.adapters.settings import set_up
from tests.domains.feeds.portal import Json, Portal, list_of, portal
from tests.web.browsing import text_of

__all__ = ["portal", "set_up"]

CALM = Compared(
    rows=100, rows_before=100, rejected=0, had_stock=100, to_zero=0, priced=100, median_price=0.0, far_prices=0,
    weighed=100, far_weights=0,
)  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "kinds"),
    [
        ({}, []),
        ({"rows": 80}, []),
        ({"rows": 79}, ["fewer_rows"]),
        ({"rows": 79, "rows_before": None}, []),
        ({"rows": 1, "rows_before": 4}, []),
        ({"to_zero": 30}, []),
        ({"to_zero": 31}, ["to_zero"]),
        ({"to_zero": 4, "had_stock": 4}, []),
        ({"rejected": 25}, []),
        ({"rejected": 26}, ["rejected"]),
        ({"median_price": 15.0}, []),
        ({"median_price": 15.1}, ["median_price"]),
        ({"moved_prices": 20}, []),
        ({"moved_prices": 21}, ["moved_prices"]),
        ({"far_prices": 1}, ["far_prices"]),
        ({"far_prices": 1, "priced": 1}, ["far_prices"]),
        ({"far_weights": 30}, []),
        ({"far_weights": 31}, ["weights"]),
        ({"rejected": 5, "rows": 95, "other_currency": 5}, []),
        ({"rejected": 6, "rows": 94, "other_currency": 6}, ["other_currency"]),
        ({"to_zero": 100, "rejected": 100}, ["to_zero", "rejected"]),
    ],
)
def test_what_is_beyond_a_limit_is_held(changed: dict[str, int], kinds: list[str]) -> None:
    assert [one.kind for one in findings(replace(CALM, **changed))] == kinds  # type: ignore[arg-type]


@given(
    rows=st.integers(0, 1000), before=st.integers(0, 1000), more=st.integers(0, 1000), zero=st.integers(0, 1000),
    more_zero=st.integers(0, 1000),
)  # fmt: skip
def test_more_of_a_mistake_is_never_let_through(rows: int, before: int, more: int, zero: int, more_zero: int) -> None:
    had_stock = zero + more_zero + FEWEST_ROWS
    small = replace(CALM, rows=rows + more, rows_before=before, to_zero=zero, had_stock=had_stock)
    large = replace(CALM, rows=rows, rows_before=before, to_zero=zero + more_zero, had_stock=had_stock)
    assert {one.kind for one in findings(small)} <= {one.kind for one in findings(large)}
    for one in findings(large):
        assert one.of >= FEWEST_ROWS
        assert one.rows * 100 > one.of * one.limit
    everything = replace(DEFAULT_LIMITS, fewer_rows=100, to_zero=100)
    assert findings(large, everything) == []


def lamps(price: str = "10.00", stock: int = 5, count: int = 8) -> bytes:
    return list_of(*(f"L-{number},Lamp {number},{price},{stock}" for number in range(count)))


@pytest.fixture
def feed(portal: Portal) -> str:
    """A feed whose first file was confirmed and taken over."""
    source = portal.add("push")
    push(portal, source, lamps())
    portal.confirm(portal.runs()[-1])
    assert portal.runs()[-1]["state"] == "APPLIED"
    return source


def push(portal: Portal, source: str, content: bytes) -> None:
    answer = portal.api.call("POST", f"/api/supplier/feeds/{source}/push", data=content, content_type="text/csv")
    assert answer.status_code == 202, answer.text
    portal.jobs.drain()


def costs(portal: Portal) -> set[int]:
    return {row["wholesale_price"] for row in portal.rows("select wholesale_price from supplier_variants")}


def test_a_held_file_changes_nothing_until_it_is_taken_over(portal: Portal, feed: str) -> None:
    push(portal, feed, lamps(price="1000.00", stock=0))

    run = portal.runs()[-1]
    assert run["state"] == "QUARANTINED"
    assert [one["kind"] for one in run["detected"]["held"]] == ["to_zero", "median_price", "moved_prices", "far_prices"]
    assert (costs(portal), set(portal.stock().values())) == ({1000}, {5})
    assert portal.notices() == [("feed_held", "A file of “Stock” is held for you to look at")]
    assert portal.letters() == ["feed_mapping", "feed_held"]
    assert "Held for you to look at" in portal.page(feed)
    page = text_of(portal.browser.get(f"/supplier/uploads/{run['id']}"))
    assert "100 % of what is in stock would be sold out (limit 30 %)" in page
    assert "L-0: 5 → 0" in page
    assert "1,000.00" in page, page

    path = f"/supplier/uploads/{run['id']}"
    assert portal.browser.submit(path, "/apply").status_code == 303
    portal.jobs.drain()
    assert portal.runs()[-1]["state"] == "APPLIED"
    assert (costs(portal), set(portal.stock().values())) == ({100_000}, {0})
    assert portal.notices() == []


def test_what_a_held_file_would_do_in_stores_is_shown_in_numbers_before_anybody_decides(
    portal: Portal, feed: str
) -> None:
    products = [row["id"] for row in portal.rows("select id from supplier_products order by handle")]
    (ordered,) = portal.rows("select id from supplier_variants where sku = 'L-0'")
    with db.system_scope(actor="test"), db.transaction() as session:
        shops = [factories.retailer(session, name) for name in ("Northwind Home", "Southwind Home")]
        stores = [factories.store(session, shops[index]) for index in (0, 0, 1)]
        for store, listed in zip(stores, (products[:3], products[:1], products[3:4]), strict=True):
            for product in listed:
                factories.live_listing(session, store, product)
        place_order(session, factories.order_of(shops[0], {ordered["id"]: 1}))
    push(portal, feed, lamps(price="1000.00", stock=0))

    page = text_of(portal.browser.get(f"/supplier/uploads/{portal.runs()[-1]['id']}"))

    assert "Listings that lose stock 5 in 3 stores of 2 retailers · 1 open order" in page, page
    assert "Listings that change price 5 in 3 stores of 2 retailers" in page
    assert "Listings that disappear" not in page
    assert page.index("Listings that change price") < page.index("Take over all the same")
    assert "wind Home" not in page, "whose stores they are is not the supplier's business"


def test_undoing_a_file_names_the_categories_that_go_back(portal: Portal, feed: str) -> None:
    columns = "sku,title,cost,category"
    for path in ("Home & Garden > Lighting > Lamps", "Furniture > Chairs"):
        rows = list_of(*(f"L-{number},Lamp {number},10.00,{path}" for number in range(8)), columns=columns)
        sent = portal.api.call("POST", "/api/supplier/uploads?file_name=list.csv", data=rows, content_type="text/csv")
        portal.jobs.drain()
        portal.api.post(f"/api/supplier/uploads/{sent.json['id']}/apply", {})
        portal.jobs.drain()
    page = text_of(portal.browser.get(f"/supplier/uploads/{sent.json['id']}/roll-back"))
    assert "Category Home & Garden > Lighting > Lamps Furniture > Chairs" in page, page


def test_many_prices_that_move_far_are_held_though_the_middle_one_stands(portal: Portal, feed: str) -> None:
    assert portal.browser.submit("/supplier/settings/files", "/settings/files", moved_by="40").status_code == 303
    prices = ["13.90"] * 3 + ["10.00"] * 5
    push(portal, feed, list_of(*(f"L-{number},Lamp {number},{price},5" for number, price in enumerate(prices))))
    assert portal.runs()[-1]["state"] == "APPLIED", "39 % is not more than 40 %"

    prices[5:7] = ["29.00"] * 2
    push(portal, feed, list_of(*(f"L-{number},Lamp {number},{price},5" for number, price in enumerate(prices))))

    run = portal.runs()[-1]
    assert (run["state"], [one["kind"] for one in run["detected"]["held"]]) == ("QUARANTINED", ["moved_prices"])
    page = text_of(portal.browser.get(f"/supplier/uploads/{run['id']}"))
    assert "25 % of the wholesale prices move by more than 40 % (limit 20 %)" in page, page
    assert "L-5: $10.00 → $29.00" in page


def test_an_upload_is_compared_with_what_stands_before_it_is_taken_over(portal: Portal, feed: str) -> None:
    path = "/api/supplier/uploads"

    def upload(content: bytes) -> Json:
        sent = portal.api.call("POST", f"{path}?file_name=list.csv", data=content, content_type="text/csv")
        portal.jobs.drain()
        return dict(portal.api.get(f"{path}/{sent.json['id']}").json)

    part = upload(lamps(price="10.50", stock=4, count=5))
    assert (part["state"], part["findings"]) == ("READY", []), "a part of a list by hand is usual"

    mistake = upload(lamps(price="100.00", stock=0))
    assert mistake["state"] == "QUARANTINED"
    assert [one["kind"] for one in mistake["findings"]] == ["to_zero", "median_price", "moved_prices", "far_prices"]
    assert mistake["findings"][0] == {
        "kind": "to_zero", "rows": 8, "of": 8, "percent": 100, "limit": 30, "by": None,
        "examples": [{"sku": f"L-{number}", "before": 5, "after": 0} for number in range(5)],
    }  # fmt: skip
    at = f"{path}/{mistake['id']}/apply"
    refused = portal.api.post(at, {})
    assert (refused.status_code, refused.json["code"]) == (409, "beyond_limits"), refused.text
    portal.jobs.drain()
    assert (costs(portal), set(portal.stock().values())) == ({1000}, {5})
    page = portal.browser.get(f"/supplier/uploads/{mistake['id']}")
    words = text_of(page)
    assert words.index("100 % of what is in stock would be sold out (limit 30 %)") < words.index("L-0: 5 → 0")
    assert words.index("L-0: $10.00 → $100.00") < words.index("Take over all the same")

    assert portal.api.post(f"{at}?despite_findings=true", {}).status_code == 202
    portal.jobs.drain()
    assert (costs(portal), set(portal.stock().values())) == ({10_000}, {0})
    assert portal.api.get(f"{path}/{mistake['id']}").json["state"] == "APPLIED"


def test_a_held_file_can_be_refused(portal: Portal, feed: str) -> None:
    push(portal, feed, lamps(count=5))
    run = portal.runs()[-1]
    assert [one["kind"] for one in run["detected"]["held"]] == ["fewer_rows"]

    assert portal.browser.submit(f"/supplier/uploads/{run['id']}", "/discard").status_code == 303
    portal.jobs.drain()

    assert portal.runs()[-1]["state"] == "DISCARDED"
    assert portal.notices() == []
    assert len(portal.stock()) == 8
    push(portal, feed, lamps(stock=4, count=7))
    assert portal.runs()[-1]["state"] == "APPLIED", "compared with what was taken over, not with what was refused"


def test_a_mended_file_takes_the_place_of_a_held_one(portal: Portal, feed: str) -> None:
    push(portal, feed, lamps(price="1.00"))
    held = portal.runs()[-1]
    assert held["state"] == "QUARANTINED"

    push(portal, feed, lamps(price="10.50"))

    assert [run["state"] for run in portal.runs()[-2:]] == ["DISCARDED", "APPLIED"]
    assert (costs(portal), portal.notices()) == ({1050}, [])
    answer = portal.api.post(f"/api/supplier/uploads/{held['id']}/apply", {})
    assert answer.status_code == 409
    assert costs(portal) == {1050}


def test_usual_changes_and_unknown_skus_of_a_stock_file_are_not_held(portal: Portal, feed: str) -> None:
    push(portal, feed, lamps(price="10.90", stock=3))
    assert portal.runs()[-1]["state"] == "APPLIED"
    stock = portal.add("push", content="stock_price")
    push(portal, stock, list_of(*(f"L-{number},2" for number in range(40)), columns="Artikelnummer,Bestand"))
    portal.confirm(portal.runs()[-1])
    run = portal.runs()[-1]
    assert (run["state"], run["counts"]["rejected"]) == ("APPLIED", 32)
    assert set(portal.stock().values()) == {2}


def test_a_supplier_chooses_its_limits(portal: Portal, feed: str) -> None:
    page = "/supplier/settings/files"
    refused = portal.browser.submit(page, "/settings/files", to_zero="101")
    assert (refused.status_code, "A whole number from 0 to 100." in text_of(refused)) == (422, True)
    assert portal.browser.submit(page, "/settings/files", to_zero="100", fewer_rows="60").status_code == 303

    push(portal, feed, lamps(stock=0, count=5))
    assert portal.runs()[-1]["state"] == "APPLIED"
    push(portal, feed, lamps(stock=0, count=1))
    (finding,) = portal.runs()[-1]["detected"]["held"]
    assert (finding["kind"], finding["limit"]) == ("fewer_rows", 60)

    assert portal.browser.submit(page, "/settings/files", usual="1").status_code == 303
    assert "Back to the usual limits" not in text_of(portal.browser.get(page))
    push(portal, feed, lamps(stock=0, count=2))
    assert portal.runs()[-1]["detected"]["held"][0]["limit"] == 20


def test_a_file_in_another_currency_or_unit_is_held(portal: Portal, feed: str) -> None:
    rows = [f"L-{number},Lamp {number},{'10.00 EUR' if number < 2 else '10.00'},5" for number in range(8)]
    push(portal, feed, list_of(*rows))
    run = portal.runs()[-1]
    assert [one["kind"] for one in run["detected"]["held"]] == ["fewer_rows", "rejected", "other_currency"]
    page = text_of(portal.browser.get(f"/supplier/uploads/{run['id']}"))
    assert "25 % of the rows have prices in another currency (limit 5 %)" in page
    assert "'10.00 EUR' is in EUR. Your prices are in USD: send them in USD." in page


def test_a_file_is_stopped_and_rolled_back_through_the_pages(portal: Portal, feed: str) -> None:
    push(portal, feed, lamps(price="10.50", stock=7))
    run = portal.runs()[-1]
    page = f"/supplier/uploads/{run['id']}"
    assert "Roll back…" in text_of(portal.browser.get(page))
    preview = text_of(portal.browser.get(f"{page}/roll-back"))
    assert "L-0 Wholesale price $10.00 $10.50" in preview, preview
    assert "L-0 Stock 5 7" in preview

    assert portal.browser.submit(f"{page}/roll-back", "/roll-back").status_code == 303
    assert "changes are undone" in text_of(portal.browser.get(page))
    portal.jobs.drain()
    assert "What this file changed is as before." in text_of(portal.browser.get(page))
    assert (portal.runs()[-1]["state"], costs(portal), set(portal.stock().values())) == ("ROLLED_BACK", {1000}, {5})
    assert portal.api.post(f"/api/supplier/uploads/{run['id']}/cancel", {}).status_code == 409
    first = portal.runs()[0]["id"]
    assert portal.api.post(f"/api/supplier/uploads/{first}/rollback", {}).status_code == 202
    portal.jobs.drain()
    assert portal.api.get(f"/api/supplier/uploads/{first}").json["state"] == "ROLLED_BACK"
    statuses = portal.rows("select distinct status from supplier_products")
    assert statuses == [{"status": "ended"}]

    portal.rows(f"update feed_runs set state = 'APPLYING' where id = '{run['id']}' returning id")
    assert portal.browser.submit(page, "/cancel").status_code == 303
    assert "Stopped" in text_of(portal.browser.get(page))


def test_rejected_rows_come_in_the_files_own_columns_and_go_back_mended(portal: Portal, feed: str) -> None:
    rows = ["L-0;Small lamp;10,50;7", "L-1;=1+1;free;7", "L-9;Neu;12,00;4"]
    content = ("\n".join(["Nr;Artikelnummer;Bezeichnung;EK netto;Bestand", *(f"x;{row}" for row in rows)])).encode()
    answer = portal.api.call(
        "POST", "/api/supplier/uploads?file_name=liste.csv", data=content, content_type="application/octet-stream"
    )
    portal.jobs.drain()
    run = portal.runs()[-1]
    assert (answer.status_code, run["counts"]["rejected"]) == (202, 1), run
    lines = portal.browser.get(f"/supplier/uploads/{run['id']}/rejected.csv").text.splitlines()
    assert lines == [
        "Nr,Artikelnummer,Bezeichnung,EK netto,Bestand,row,reason",
        "x,L-1,'=1+1,free,7,3,'free' is not a price above zero.",
    ]
    mended = "\r\n".join(lines).replace("free,7", '"11,00",7').encode()
    portal.api.call("POST", "/api/supplier/uploads?file_name=rejected.csv", data=mended, content_type="text/csv")
    portal.jobs.drain()
    again = portal.runs()[-1]
    assert (again["state"], again["counts"]["rejected"]) == ("READY", 0), again
    assert [one["column"] for one in again["detected"]["columns"]] == [
        "Nr", "Artikelnummer", "Bezeichnung", "EK netto", "Bestand",
    ]  # fmt: skip
    (row,) = portal.rows(f"select sku, record from feed_rows where run_id = '{again['id']}'")
    assert (row["sku"], row["record"]["title"], row["record"]["cost"]) == ("L-1", "=1+1", 1100)
    portal.rows(f"update feed_runs set file_key = '' where id = '{run['id']}' returning id")
    assert portal.browser.get(f"/supplier/uploads/{run['id']}/rejected.csv").status_code == 409
