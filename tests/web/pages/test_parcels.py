"""A supplier ships in the portal: carriers are known by numbers, and one that can't be right is asked about."""

from __future__ import annotations

from typing import Any

import pytest

from tests.market import Market
from tests.stack import Jobs
from tests.web.browsing import Browser, text_of
from tests.web.pages.test_settings import member, problem

RIGHT, WRONG = "1Z5R89390357567127", "1Z5R89390357567128"


@pytest.fixture
def order(market: Market, jobs: Jobs) -> dict[str, Any]:
    """A purchase order of three units, released to its supplier."""
    market.place((market.lamp.variants[0], 3))
    jobs.drain()
    (received,) = market.supplier.api.get("/api/supplier/orders").json["items"]
    found: dict[str, Any] = received
    return found


def ship(browser: Browser, order: dict[str, Any], **fields: str) -> Any:
    units = {f"units-{line['id']}": fields.pop("units", "1") for line in order["lines"]}
    at = f"/supplier/purchase-orders/{order['id']}"
    return browser.submit(at, f"{at}/ship", **units, **fields)


def parcels(market: Market) -> list[dict[str, Any]]:
    (placed,) = market.retailer.api.get("/api/orders").json["items"]
    (purchase_order,) = market.retailer.api.get(f"/api/orders/{placed['id']}/status").json["purchase_orders"]
    found: list[dict[str, Any]] = purchase_order["shipments"]
    return found


def test_the_carrier_is_known_by_the_number(market: Market, order: dict[str, Any]) -> None:
    browser, _ = member(market, "supplier")
    assert ship(browser, order, tracking_number="yt2229521272164446").status_code == 303
    (parcel,) = parcels(market)
    assert (parcel["carrier"], parcel["number_check"]) == ("yun_express", "fits")
    assert parcel["tracking_url"] == "https://www.yuntrack.com/parcelTracking?id=YT2229521272164446"
    assert "YunExpress" in text_of(browser.get(f"/supplier/purchase-orders/{order['id']}"))


def test_a_number_with_a_wrong_digit_is_asked_about_once(market: Market, order: dict[str, Any]) -> None:
    browser, _ = member(market, "supplier")
    asked = ship(browser, order, tracking_number=WRONG, carrier="ups", units="2")
    assert asked.status_code == 422
    assert "UPS doesn't write its numbers like this" in problem(asked.text, "tracking_number")
    assert f'value="{WRONG}"' in asked.text, "what was typed stays"
    assert 'value="2"' in asked.text
    assert parcels(market) == []
    sure = ship(browser, order, tracking_number=WRONG, carrier="ups", units="2", number_is_right="1")
    assert sure.status_code == 303
    (parcel,) = parcels(market)
    assert (parcel["carrier"], parcel["number_check"]) == ("ups", "misfit")


def test_another_carriers_number_is_named(market: Market, order: dict[str, Any]) -> None:
    browser, _ = member(market, "supplier")
    asked = ship(browser, order, tracking_number=RIGHT, carrier="gls")
    assert asked.status_code == 422
    assert "it looks like one of UPS" in problem(asked.text, "tracking_number")


def test_a_number_of_nobodys_is_asked_about_and_the_parcel_is_followed_by_its_link(
    market: Market, order: dict[str, Any]
) -> None:
    browser, _ = member(market, "supplier")
    asked = ship(browser, order, tracking_number=WRONG)
    assert asked.status_code == 422
    assert "We know no carrier that writes its numbers like this." in problem(asked.text, "tracking_number")
    assert parcels(market) == []
    no_link = ship(browser, order, tracking_number="MOON-1", tracking_url="javascript:alert(1)")
    assert "https://" in problem(no_link.text, "tracking_url")
    assert ship(browser, order, tracking_number=WRONG, number_is_right="1").status_code == 303
    link = "https://moon.example/parcels/MOON-1"
    assert ship(browser, order, tracking_number="MOON-1", tracking_url=link).status_code == 303
    assert {(one["tracking_number"], one["tracking_url"]) for one in parcels(market)} == {
        (WRONG, None),
        ("MOON-1", link),
    }


def test_a_parcel_that_is_told_twice_is_not_said_to_have_left_again(market: Market, order: dict[str, Any]) -> None:
    browser, _ = member(market, "supplier")
    assert "done=shipped" in ship(browser, order, tracking_number=RIGHT).headers["Location"]
    again = ship(browser, order, tracking_number=RIGHT).headers["Location"]
    assert "The parcel with this number and these units is there; nothing was added." in text_of(browser.get(again))
    assert len(parcels(market)) == 1


def test_a_parcel_without_a_number_or_with_too_much_is_explained_beside_the_field(
    market: Market, order: dict[str, Any]
) -> None:
    browser, _ = member(market, "supplier")
    nothing = ship(browser, order)
    assert nothing.status_code == 422
    assert problem(nothing.text, "tracking_number")
    too_many = ship(browser, order, tracking_number=RIGHT, units="4")
    assert too_many.status_code == 422
    assert "from 0 to 3" in problem(too_many.text, f"units-{order['lines'][0]['id']}")
    empty = ship(browser, order, tracking_number=RIGHT, units="0")
    assert "how many units" in problem(empty.text, f"units-{order['lines'][0]['id']}")
    assert parcels(market) == []


def test_the_api_takes_any_number_and_says_what_it_thinks_of_it(market: Market, order: dict[str, Any]) -> None:
    path = f"/api/supplier/orders/{order['id']}/ship"
    line = [{"line_id": order["lines"][0]["id"], "quantity": 1}]
    told = [
        {"carrier": "UPS", "tracking_number": RIGHT, "lines": line},
        {"carrier": "dhl", "tracking_number": "1Z879E930346834440", "lines": line},
        {"carrier": "Our own van", "tracking_number": "TOUR-7", "lines": line},
    ]
    answer = market.supplier.api.post(path, {"parcels": told})
    assert answer.status_code == 201, answer.text
    shown = [(one["carrier"], one["number_check"]) for one in answer.json["shipments"]]
    assert shown == [("ups", "fits"), ("dhl", "other"), ("Our own van", "unknown")]
