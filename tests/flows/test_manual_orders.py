"""Orders that a retailer enters itself, by form or by file: shown with route and cost before, placed once by number."""

from __future__ import annotations

import io
from uuid import UUID

from bs4 import BeautifulSoup
from sqlalchemy import select
from werkzeug.test import TestResponse

from app import db
from app.catalog.models import SupplierVariant
from app.kit.countries import country_codes
from app.kit.ids import new_id
from app.orders.address_form import AddressField, address_fields
from app.orders.rules import province_problem
from app.suppliers.models import ShippingRate
from tests.flows.books import Books
from tests.market import Market
from tests.web.browsing import Browser, text_of
from tests.web.pages.test_settings import problem

ADDRESS = {
    "name": "Ada Lovelace",
    "address1": "12 St James's Square",
    "postal_code": "SW1Y 4JH",
    "city": "London",
    "country_code": "GB",
}


def typed(units: dict[UUID, int], number: str = "W-1", **more: str) -> dict[str, str]:
    return {f"units-{variant}": str(count) for variant, count in units.items()} | {"number": number} | ADDRESS | more


def hidden(answer: TestResponse, action: str) -> dict[str, str]:
    """What a form of a page sends when its button is pressed."""
    page = BeautifulSoup(answer.text, "html.parser")
    form = next(one for one in page.select("form") if one.get("action") == action)
    return {str(one["name"]): str(one.get("value", "")) for one in form.select("input[name]")}


def token(shop: Browser) -> str:
    field = BeautifulSoup(shop.get("/app/settings").text, "html.parser").select_one("input[name=csrf_token]")
    assert field is not None
    return str(field["value"])


def send_file(shop: Browser, text: str) -> TestResponse:
    data = {"csrf_token": token(shop), "file": (io.BytesIO(text.encode()), "orders.csv")}
    return shop.post("/app/orders/file", data)


def test_an_order_is_searched_for_previewed_and_placed_once(market: Market, books: Books) -> None:
    shop = books.browser(market.retailer)
    books.rows("update organisations set country = 'NO' where id = %s returning 1", market.retailer.id)
    found = shop.get("/app/orders/new?search=lamp")
    assert market.lamp.skus[0] in text_of(found)
    lamp, chair = market.lamp.variants[0], market.chair.variants[0]
    added = shop.get(f"/app/orders/new?line={lamp}:2&add={chair}")
    chosen = BeautifulSoup(added.text, "html.parser").select_one("[name=country_code] [selected]")
    assert chosen is not None and chosen["value"] == "NO", "its retailer's own country, until another is chosen"
    assert "Units of Oak chair" in text_of(added)
    values = typed({lamp: 2, chair: 1})
    seen = shop.post("/app/orders/new/preview", values | {"csrf_token": token(shop)})
    assert seen.status_code == 200, seen.text[:500]
    assert "Nordlicht" in text_of(seen)
    assert "Kanto" in text_of(seen)
    assert "71.00" in text_of(seen)
    assert market.count("orders") == market.count("reservations") == 0, "nothing is placed by looking"
    sent = hidden(seen, "/app/orders/new")
    dearer = shop.post("/app/orders/new", sent | {"total": "1.00 USD"})
    assert dearer.status_code == 409
    assert "It costs something else by now." in text_of(dearer)
    assert market.count("orders") == 0
    assert shop.post("/app/orders/new", sent).status_code == 303
    assert shop.post("/app/orders/new", sent).status_code == 303
    books.jobs.drain()
    (order,) = market.retailer.api.get("/api/orders").json["items"]
    assert (order["kind"], order["external_id"], order["status"]) == ("manual", "W-1", "PENDING")
    assert books.taken(order) == [7100]


def test_what_can_not_be_delivered_is_said_at_the_form_which_keeps_what_was_typed(market: Market, books: Books) -> None:
    shop = books.browser(market.retailer)
    lamp = market.lamp.variants[0]
    wrong = typed({lamp: 1}, postal_code="1") | {"csrf_token": token(shop)}
    refused = shop.post("/app/orders/new/preview", wrong)
    assert refused.status_code == 422
    assert "one looks like" in text_of(refused)
    assert 'value="London"' in refused.text
    short = shop.post("/app/orders/new/preview", typed({lamp: 11}) | {"csrf_token": token(shop)})
    assert short.status_code == 409
    assert "Only 10 are in stock." in problem(short.text, f"units-{lamp}"), "at the item"
    for units in ("-3", "1.5", "many", "100001"):
        refused = shop.post(
            "/app/orders/new/preview",
            typed({lamp: 1}) | {f"units-{market.chair.variants[0]}": units, "csrf_token": token(shop)},
        )
        assert "A whole number from 0 to 100000." in problem(refused.text, f"units-{market.chair.variants[0]}")
        assert f'value="{units}"' in refused.text, "no item is left out of the order without a word"
    bare = shop.post("/app/orders/new/preview", typed({lamp: 1}, name="", city="") | {"csrf_token": token(shop)})
    banner = BeautifulSoup(bare.text, "html.parser").select_one("[role=alert]")
    assert banner is not None
    assert "Please fill this in." not in banner.get_text(), "it is said at the fields"
    assert problem(bare.text, "name")
    nothing = shop.post("/app/orders/new/preview", typed({}) | {"csrf_token": token(shop)})
    assert "Add at least one item." in text_of(nothing)
    assert market.count("orders") == 0


def test_a_file_is_looked_at_placed_in_part_and_its_refused_rows_come_back(market: Market, books: Books) -> None:
    shop = books.browser(market.retailer)
    template = shop.get("/app/orders/file/template").text
    assert template.startswith("order_number,sku,supplier,quantity,name")
    home = "Ada Lovelace,,12 St James's Square,,SW1Y 4JH,London,,GB,,,"
    lamp, chair = market.lamp.skus[0], market.chair.skus[0]
    head = template.splitlines()[0]
    lines = [
        head,
        f"A1,{lamp},,2,{home}",
        f"A1,{chair},,1,,,,,,,,,,,",
        f"A2,NOTHING,,1,{home}",
        f"A3,{lamp},,many,{home}",
        f"A4,{lamp},,1,{home.replace('SW1Y 4JH', '1')}",
        f"A5,{lamp},,11,{home}",
    ]
    text = "\n".join(lines)
    seen = send_file(shop, text)
    assert seen.status_code == 200, seen.text[:500]
    shown = text_of(seen)
    assert "71.00" in shown
    assert "Nothing on offer has the SKU NOTHING." in shown
    assert "The quantity is not a whole number from 1 up." in shown
    assert f"Only 10 of {lamp} are in stock." in shown
    assert market.count("orders") == 0
    again = hidden(seen, "/app/orders/file/place")
    placed = shop.post("/app/orders/file/place", again)
    assert placed.status_code == 200
    assert market.count("orders") == 1
    shop.post("/app/orders/file/place", again)
    assert market.count("orders") == 1, "each number once"
    back = shop.post("/app/orders/file/rejected", hidden(placed, "/app/orders/file/rejected"))
    assert back.headers["Content-Type"].startswith("text/csv")
    rows = back.text.splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == ["A2", "A3", "A4", "A5"]
    assert rows[0].endswith("reason")
    mended = (
        back.text.replace("NOTHING", lamp)
        .replace("many", "1")
        .replace(",1,London", ",SW1Y 4JH,London")
        .replace(",11,", ",1,")
    )
    done = shop.post("/app/orders/file/place", hidden(send_file(shop, mended), "/app/orders/file/place"))
    assert done.status_code == 200
    books.jobs.drain()
    assert market.count("orders") == 5
    assert {one["kind"] for one in market.retailer.api.get("/api/orders").json["items"]} == {"manual"}


def test_what_costs_something_else_than_was_shown_of_a_file_is_asked_again(market: Market, books: Books) -> None:
    shop = books.browser(market.retailer)
    home = "Ada Lovelace,,12 St James's Square,,SW1Y 4JH,London,,GB,,,"
    head = shop.get("/app/orders/file/template").text.splitlines()[0]
    rows = [head, f"B1,{market.lamp.skus[0]},,2,{home}", f"B2,{market.chair.skus[0]},,1,{home}"]
    seen = send_file(shop, "\n".join(rows))
    with db.system_scope(actor="test"), db.transaction() as session:
        session.get_one(SupplierVariant, market.lamp.variants[0]).wholesale_price += 150
    answer = shop.post("/app/orders/file/place", hidden(seen, "/app/orders/file/place"))
    assert [one["external_id"] for one in market.retailer.api.get("/api/orders").json["items"]] == ["B2"]
    assert "Some cost something else by now." in text_of(answer)
    assert "29.00" in text_of(answer), "two are 3.00 dearer"
    again = hidden(answer, "/app/orders/file/place")
    forged = shop.post("/app/orders/file/place", again | {"totals": "[1]"})
    assert market.count("orders") == 1
    assert "Some cost something else by now." in text_of(forged)
    done = shop.post("/app/orders/file/place", again)
    assert market.count("orders") == 2
    assert "Some cost something else by now." not in text_of(done)


def test_a_file_that_is_none_says_why(market: Market, books: Books) -> None:
    shop = books.browser(market.retailer)
    wrong = {
        "": "The file is empty.",
        "sku,quantity\nA,1\n": "These columns are missing: order_number",
        "order_number,sku,quantity,name,address1,city,country_code,colour\n": "unknown: colour",
        "order_number,sku,quantity,name,address1,city,country_code\n": "only the head",
        "a\x00b": "not a CSV file",
    }
    for text, why in wrong.items():
        answer = send_file(shop, text)
        assert answer.status_code == 422, text
        assert why in text_of(answer), text


def test_others_place_nothing_for_a_retailer(market: Market, books: Books) -> None:
    lamp = market.lamp.variants[0]
    supplier = books.browser(market.supplier)
    assert supplier.get("/app/orders/new").status_code in (302, 303, 403, 404)
    answer = books.press(market.other_retailer, "/app/orders/new/preview", **typed({lamp: 1}))
    assert answer.status_code == 200
    assert market.count("orders") == 0


def express_too(market: Market) -> None:
    """The lamps' supplier also sends by a quicker, dearer way, to the same countries."""
    with db.system_scope(actor="test"), db.transaction() as session:
        usual = session.scalars(select(ShippingRate).where(ShippingRate.supplier_id == market.supplier.id)).one()
        session.add(
            ShippingRate(
                id=new_id(),
                supplier_id=market.supplier.id,
                name="Courier",
                method="express",
                countries=usual.countries,
                first_item=2500,
                next_item=0,
                transit_days_min=1,
                transit_days_max=1,
            )
        )


def methods(books: Books) -> list[str]:
    rows = books.rows("select shipping_method from purchase_orders order by number")
    return [str(row["shipping_method"]) for row in rows]


def test_of_several_ways_of_sending_one_is_chosen_with_its_price_and_days(market: Market, books: Books) -> None:
    shop = books.browser(market.retailer)
    lamp, chair = market.lamp.variants[0], market.chair.variants[0]
    values = typed({lamp: 2, chair: 1}) | {"csrf_token": token(shop)}
    assert "How it is sent" not in text_of(shop.post("/app/orders/new/preview", values))
    express_too(market)
    seen = shop.post("/app/orders/new/preview", values)
    assert "Courier, $25.00, arrives" in text_of(seen)
    before = hidden(seen, "/app/orders/new")["total"]
    way = f"method-{market.supplier.id}"
    others = {name: value for name, value in hidden(seen, "/app/orders/new").items() if name.startswith("method-")}
    quicker = shop.post("/app/orders/new/preview", values | others | {way: "Courier"})
    assert "Shipping, Courier" in text_of(quicker)
    sent = hidden(quicker, "/app/orders/new")
    assert (sent[way], sent["total"] != before) == ("Courier", True)
    assert shop.post("/app/orders/new", sent).status_code == 303
    assert "Courier" in methods(books)
    books.jobs.drain()
    (order,) = market.retailer.api.get("/api/orders").json["items"]
    assert books.taken(order) == [round(float(sent["total"].split()[0]) * 100)]


def test_a_file_names_the_way_of_sending_for_each_order(market: Market, books: Books) -> None:
    express_too(market)
    shop, lamp = books.browser(market.retailer), market.lamp.skus[0]
    head = "order_number,sku,quantity,name,address1,postal_code,city,country_code,method"
    home = "Ada Lovelace,12 St James's Square,SW1Y 4JH,London,GB"
    lines = [head, *(f"B{at},{lamp},1,{home},{way}" for at, way in enumerate(["", "courier", "Express", "Pigeon"]))]
    seen = send_file(shop, "\n".join(lines))
    assert "No supplier of these items ships there by “Pigeon”." in text_of(seen)
    shop.post("/app/orders/file/place", hidden(seen, "/app/orders/file/place"))
    assert market.count("orders") == 3
    assert methods(books)[1:] == ["Courier", "Courier"]
    assert methods(books)[0] != "Courier"


def test_the_form_asks_for_an_address_as_its_country_writes_it(market: Market, books: Books) -> None:
    shop, lamp = books.browser(market.retailer), market.lamp.variants[0]
    american = text_of(shop.get(f"/app/orders/new?line={lamp}:1&country_code=US"))
    assert "ZIP code" in american
    assert "California" in american
    values = typed({lamp: 1}) | {"csrf_token": token(shop)}
    moved = shop.post("/app/orders/new/preview", values | {"fields_of": "US"})
    british = text_of(moved)
    assert (moved.status_code, "Postcode" in british, "Town" in british) == (200, True, True)
    assert "ZIP code" not in british
    assert 'value="London"' in moved.text, "what was typed stays"
    bare = shop.post("/app/orders/new/preview", values | {"city": "", "country_code": "US", "fields_of": "US"})
    assert bare.status_code == 422
    assert text_of(bare).count("Please fill this in.") >= 2, "the city and the state"


def test_what_the_retailer_lists_comes_first_in_its_search(market: Market, books: Books) -> None:
    found = text_of(books.browser(market.retailer).get("/app/orders/new?search=lamp"))
    assert market.lamp.skus[0] in found


def test_how_addresses_are_asked_for_by_country() -> None:
    def named(country: str) -> list[str]:
        return [one.name for one in address_fields(country)]

    def of(country: str, name: str) -> AddressField:
        return next(one for one in address_fields(country) if one.name == name)

    assert named("DE") == ["name", "company", "address1", "address2", "postal_code", "city"]
    assert named("US")[-3:] == ["city", "province", "postal_code"]
    assert (of("US", "postal_code").label, of("GB", "postal_code").label, of("IE", "postal_code").label) == (
        "ZIP code",
        "Postcode",
        "Eircode",
    )
    assert ("CA", "California") in of("US", "province").choices
    assert ("Hokkaido", "Hokkaido") in of("JP", "province").choices
    assert (of("US", "province").required, of("IE", "postal_code").required) == (True, False)
    assert "postal_code" not in named("HK")
    for country in country_codes():
        required = {one.name for one in address_fields(country) if one.required}
        assert {"name", "address1", "city"} <= required, country
        for value, _name in of(country, "province").choices if "province" in named(country) else ():
            assert province_problem(country, value) is None, (country, value)
