"""Orders that a store tells of: taken once, routed by supplier, or held with a reason that its retailer can end."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

from werkzeug.test import TestResponse

from app import db
from app.identity.models import Organisation
from app.kit import clock
from app.stores.models import Store
from app.stores.platform import Credentials, ShopFacts
from app.stores.service import connect
from app.suppliers.rules import Rate
from app.suppliers.service import set_rates
from tests import factories
from tests.flows.storefront import ADDRESS, Json, Storefront
from tests.market import Party
from tests.web.browsing import Browser, problems_in, text_of

MENDED = {
    "name": "Ada Lovelace",
    "address1": "12 St James's Square",
    "postal_code": "SW1Y 4JH",
    "city": "London",
    "country_code": "GB",
    "fields_of": "GB",
}


def person(storefront: Storefront, party: Party, role: str) -> Browser:
    """A member of a party, signed in."""
    with db.system_scope(actor="test"), db.transaction() as session:
        email = factories.member(session, session.get_one(Organisation, party.id), role).email
    browser = Browser(storefront.market.app)
    assert browser.sign_in(email).status_code == 303
    return browser


def owner_page(storefront: Storefront, order: Json) -> tuple[Browser, str]:
    """The retailer's owner, and the address of an order's page."""
    return storefront.books.browser(storefront.market.retailer), f"/app/orders/{order['id']}"


def after(browser: Browser, answer: TestResponse) -> str:
    """What the page says to which a change leads."""
    assert answer.status_code == 303, answer.text[:500]
    return text_of(browser.get(answer.headers["Location"]))


def restock(party: Party, sku: str, quantity: int) -> None:
    answer = party.api.post("/api/supplier/inventory/batch", {"items": [{"sku": sku, "quantity": quantity}]})
    assert answer.status_code == 200, answer.text


def ships_to(storefront: Storefront, party: Party, *countries: str) -> None:
    """The supplier ships to these countries and no others."""
    with db.system_scope(actor="test"), db.transaction() as session:
        set_rates(session, party.id, [Rate("Standard", countries, 500, 100, 2, 5)])


# Taken in


def test_a_paid_order_becomes_one_order_with_reservations_and_a_purchase_order_for_each_supplier(
    storefront: Storefront,
) -> None:
    market, body = storefront.market, storefront.order()
    assert storefront.tell("orders/paid", body).endswith("placed")
    order = storefront.only_order()
    assert (order["external_id"], order["currency"], order["holds"]) == (body["admin_graphql_api_id"], "USD", [])
    assert [(line["variant_id"], line["quantity"]) for line in order["lines"]] == [
        (str(market.lamp.variants[0]), 2),
        (str(market.chair.variants[0]), 1),
    ]
    assert storefront.reserved() == (2, 1)
    assert market.count("reservations") == 2
    routed = {one["supplier_id"]: one for one in order["purchase_orders"]}
    assert {supplier: [line["quantity"] for line in one["lines"]] for supplier, one in routed.items()} == {
        str(market.supplier.id): [2],
        str(market.other_supplier.id): [1],
    }
    for party in (market.supplier, market.other_supplier):
        (received,) = storefront.books.queue(party)
        assert received["order_reference"] == body["name"]
        assert received["shipping_address"]["address1"] == ADDRESS["address1"]
    assert storefront.books.taken(order) == [7100]


def test_lines_that_are_not_ours_are_left_alone(storefront: Storefront) -> None:
    market = storefront.market
    body = storefront.order(
        storefront.foreign_line(),
        storefront.foreign_line(variant_id=None, product_exists=False),
        storefront.line(market.lamp.variants[1], 3),
        storefront.foreign_line(variant_id=None, product_id=None, title="Gift wrapping", requires_shipping=False),
        storefront.foreign_line(gift_card=True, title="Gift card", requires_shipping=False),
        storefront.line(market.chair.variants[0], 1, current_quantity=0),
    )
    assert storefront.tell("orders/paid", body).endswith("placed")
    order = storefront.only_order()
    assert [(line["variant_id"], line["quantity"]) for line in order["lines"]] == [(str(market.lamp.variants[1]), 3)]
    assert [one["supplier_id"] for one in order["purchase_orders"]] == [str(market.supplier.id)]
    assert market.count("reservations") == 1


def test_an_order_of_foreign_lines_only_is_none_of_ours(storefront: Storefront) -> None:
    foreign: dict[str, Json] = {
        "another product": {},
        "a deleted variant": {"variant_id": None, "product_exists": False},
        "a line made by hand": {"variant_id": None, "product_id": None},
        "a gift card": {"gift_card": True, "requires_shipping": False},
        "a number that is none": {"variant_id": -1},
    }
    for name, changes in foreign.items():
        outcome = storefront.tell("orders/paid", storefront.order(storefront.foreign_line(**changes)))
        assert outcome == "ignored: no line is ours", name
    assert storefront.orders() == []
    assert storefront.books.notices(storefront.market.retailer) == {}


def test_a_line_of_no_units_is_nothing_to_deliver(storefront: Storefront) -> None:
    line = storefront.line(storefront.market.lamp.variants[0], 0)
    assert storefront.tell("orders/paid", storefront.order(line)) == "ignored: no line is ours"
    assert storefront.orders() == []


def test_a_quantity_that_can_not_be_delivered_is_refused_whole_and_its_retailer_told(storefront: Storefront) -> None:
    market = storefront.market
    wrong: list[tuple[Any, str]] = [
        (1.5, "whole number"),
        (-1, "whole number"),
        ("2", "whole number"),
        (True, "whole number"),
        (100_001, "from 1 up"),
        (1e300, "from 1 up"),
    ]
    for quantity, reason in wrong:
        body = storefront.order(storefront.line(market.chair.variants[0]), storefront.line(market.lamp.variants[0]))
        body["line_items"][1] |= {"quantity": quantity, "current_quantity": quantity}
        outcome = storefront.tell("orders/paid", body)
        assert outcome.startswith("refused: "), quantity
        assert reason in outcome, quantity
    assert storefront.orders() == []
    assert storefront.reserved() == (0, 0)
    notices = storefront.books.rows(
        "select title, body from notices where organisation_id = %s order by id", market.retailer.id
    )
    assert {notice["title"] for notice in notices} == {"Something from Northwind Home could not be taken over"}
    assert [reason in notice["body"] for notice, (_, reason) in zip(notices, wrong, strict=True)] == [True] * len(wrong)


def test_an_order_that_is_not_paid_waits_for_the_word_that_it_is(storefront: Storefront) -> None:
    body = storefront.order(financial_status="pending")
    assert storefront.tell("orders/updated", body).endswith("waits until it is paid")
    assert storefront.holds() == ["unpaid"]
    assert storefront.tell("orders/paid", body | {"financial_status": "paid"}).endswith("changed: paid")
    assert storefront.holds() == []
    assert storefront.reserved() == (2, 1)


def test_a_currency_that_is_not_settled_is_refused_by_its_name(storefront: Storefront) -> None:
    outcome = storefront.tell("orders/paid", storefront.order(currency="JPY"))
    assert outcome.startswith("refused: ")
    assert "JPY" in outcome
    assert storefront.orders() == []
    assert storefront.reserved() == (0, 0)
    notice = storefront.books.row("select body from notices where kind = 'hook_refused'")
    assert "JPY" in notice["body"]


# Once


def test_the_same_hook_twice_at_once_and_again_later_is_one_order(storefront: Storefront) -> None:
    body, start = storefront.order(), threading.Barrier(4)
    answers: list[int] = []

    def deliver(message_id: str) -> None:
        start.wait(30)
        answers.append(storefront.send("orders/paid", body, message_id=message_id).status_code)

    threads = [threading.Thread(target=deliver, args=(name,)) for name in ("twice", "twice", "twice", "other")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers == [200, 200, 200, 200]
    storefront.jobs.drain()
    assert sorted(storefront.outcome(name).rsplit(" ", 1)[1] for name in ("twice", "other")) == ["known", "placed"]
    with clock.shifted(timedelta(hours=4)):
        assert storefront.send("orders/paid", body, message_id="twice").status_code == 200
    storefront.jobs.drain()
    assert len(storefront.orders()) == 1
    assert storefront.reserved() == (2, 1)
    assert storefront.market.count("inbox_messages") == 2
    assert storefront.market.count("purchase_orders") == 2
    assert storefront.books.taken(storefront.only_order()) == [7100]


def test_an_update_that_comes_before_the_order_itself_is_the_order(storefront: Storefront) -> None:
    body = storefront.order()
    assert storefront.tell("orders/updated", body).endswith("placed")
    assert storefront.tell("orders/paid", body).endswith("known")
    assert storefront.tell("orders/updated", body | {"note": "Ring thrice"}).endswith("known")
    assert storefront.market.count("orders") == 1
    assert storefront.reserved() == (2, 1)


# On hold, and going on


def test_an_order_without_an_address_waits_until_its_page_is_given_one(storefront: Storefront) -> None:
    storefront.tell("orders/paid", storefront.order(shipping_address=None))
    order = storefront.only_order()
    assert (order["status"], storefront.holds()) == ("ON_HOLD", ["address_incomplete"])
    assert order["purchase_orders"] == []
    assert storefront.reserved() == (2, 1), "what the shopper has paid for is kept"
    browser, page = owner_page(storefront, order)
    assert "Complete the delivery address." in text_of(browser.get(page))
    assert storefront.books.notices(storefront.market.retailer)["order_held"].endswith("is on hold")

    lacking = browser.submit(page, f"{page}/address", **{**MENDED, "address1": " "})
    assert lacking.status_code == 422
    assert problems_in(lacking) == {"address1": "Please fill this in."}
    assert storefront.holds() == ["address_incomplete"]

    assert browser.submit(page, f"{page}/address", **MENDED).status_code == 303
    storefront.jobs.drain()
    routed = storefront.only_order()
    assert (routed["status"], routed["holds"]) == ("PENDING", [])
    assert storefront.reserved() == (2, 1)
    (received,) = storefront.books.queue(storefront.market.supplier)
    assert received["shipping_address"]["name"] == "Ada Lovelace"
    assert storefront.books.taken(routed) == [7100]
    assert storefront.books.notices(storefront.market.retailer) == {}


def test_an_address_that_lacks_something_says_what(storefront: Storefront) -> None:
    lacking: dict[str, Json] = {
        "postal_code": {"zip": ""},
        "name": {"name": None, "first_name": "", "last_name": None},
        "country_code": {"country_code": "XX"},
        "city": {"city": None},
    }
    for changes in lacking.values():
        line = storefront.line(storefront.market.lamp.variants[0])
        storefront.tell("orders/paid", storefront.order(line, shipping_address=ADDRESS | changes))
    held = storefront.books.rows("select reason, details from order_holds order by id")
    assert {row["reason"] for row in held} == {"address_incomplete"}
    assert [row["details"]["field"] for row in held] == list(lacking)


def test_a_postal_code_that_is_none_of_its_country_is_shown_at_its_field_and_mended(storefront: Storefront) -> None:
    storefront.tell("orders/paid", storefront.order(shipping_address=ADDRESS | {"zip": "97201", "city": None}))
    browser, page = owner_page(storefront, storefront.only_order())
    seen = text_of(browser.get(page))
    assert "This is no postal code of the country; one looks like EC1Y 8SY." in seen
    assert "The city is missing." in seen
    field = browser.form(page, "/address").select_one("input[name=postal_code]")
    assert field is not None
    assert field.get("aria-invalid") == "true"
    refused = browser.submit(page, f"{page}/address", **{**MENDED, "city": "Leeds", "postal_code": "1"})
    assert refused.status_code == 422
    assert 'value="Leeds"' in refused.text, "what was typed is still there"
    assert "one looks like" in text_of(refused)
    assert browser.submit(page, f"{page}/address", **{**MENDED, "postal_code": "sw1y4jh"}).status_code == 303
    assert storefront.holds() == []


def test_a_country_that_a_supplier_does_not_ship_to_holds_the_order_until_the_address_or_the_supplier_changes(
    storefront: Storefront,
) -> None:
    market = storefront.market
    ships_to(storefront, market.other_supplier, "US")
    storefront.tell("orders/paid", storefront.order())
    order = storefront.only_order()
    assert storefront.holds() == ["not_shipped_there"]
    assert order["purchase_orders"] == []
    browser, page = owner_page(storefront, order)
    assert "The supplier does not ship to this country." in text_of(browser.get(page))

    still = browser.submit(page, f"{page}/address", **MENDED)
    assert "The order still waits" in after(browser, still)
    assert storefront.holds() == ["not_shipped_there"]

    ships_to(storefront, market.other_supplier, "US", "GB")
    pressed = storefront.books.press(market.retailer, f"{page}/resume")
    assert "The order is on its way" in after(browser, pressed)
    storefront.jobs.drain()
    assert len(storefront.only_order()["purchase_orders"]) == 2
    assert storefront.reserved() == (2, 1)


def test_another_country_that_the_suppliers_ship_to_ends_the_hold(storefront: Storefront) -> None:
    for party in (storefront.market.supplier, storefront.market.other_supplier):
        ships_to(storefront, party, "US")
    storefront.tell("orders/paid", storefront.order())
    browser, page = owner_page(storefront, storefront.only_order())
    moved = {
        **MENDED,
        "fields_of": "US",
        "city": "Boston",
        "province": "MA",
        "postal_code": "02108",
        "country_code": "US",
    }
    assert browser.submit(page, f"{page}/address", **moved).status_code == 303
    storefront.jobs.drain()
    assert storefront.holds() == []
    assert [one["ship_to_country"] for one in storefront.books.queue(storefront.market.supplier)] == ["US"]


def test_an_order_for_more_than_there_is_waits_for_stock_and_is_tried_again(storefront: Storefront) -> None:
    market = storefront.market
    lamp, chair = market.lamp.variants[0], market.chair.variants[0]
    storefront.tell("orders/paid", storefront.order(storefront.line(lamp, 11), storefront.line(chair, 2)))
    order = storefront.only_order()
    assert storefront.holds() == ["out_of_stock"]
    assert storefront.reserved() == (0, 2), "what can be delivered is set aside"
    browser, page = owner_page(storefront, order)
    assert "Wait for stock and try again" in text_of(browser.get(page))

    assert "The order still waits" in after(browser, browser.submit(page, f"{page}/resume"))
    assert storefront.holds() == ["out_of_stock"]

    restock(market.supplier, market.lamp.skus[0], 12)
    storefront.jobs.drain()
    routed = storefront.only_order()
    assert (routed["status"], routed["holds"]) == ("PENDING", [])
    assert storefront.reserved() == (11, 2)


def test_an_item_that_is_no_longer_offered_holds_the_order_and_takes_no_stock(storefront: Storefront) -> None:
    market = storefront.market
    with db.system_scope(actor="test"), db.transaction() as session:
        session.connection().exec_driver_sql(
            "update supplier_products set status = 'ended' where id = %s", (str(market.lamp.product_id),)
        )
    storefront.tell("orders/paid", storefront.order())
    assert storefront.holds() == ["not_on_offer"]
    assert storefront.reserved() == (0, 1)
    browser, page = owner_page(storefront, storefront.only_order())
    assert "The order still waits" in after(browser, browser.submit(page, f"{page}/resume"))
    assert storefront.reserved() == (0, 1), "trying again sets nothing aside that is not to be had"

    line = storefront.only_order()["lines"][0]
    storefront.books.cancel(storefront.only_order(), line)
    storefront.books.press(market.retailer, f"{page}/resume")
    storefront.jobs.drain()
    order = storefront.only_order()
    assert (order["holds"], [one["supplier_id"] for one in order["purchase_orders"]]) == (
        [],
        [str(market.other_supplier.id)],
    )


def test_a_test_order_is_written_down_and_goes_no_further(storefront: Storefront) -> None:
    assert storefront.tell("orders/paid", storefront.order(test=True)).startswith("test order")
    order = storefront.only_order()
    assert (order["purchase_orders"], storefront.holds()) == ([], ["test_order"])
    assert storefront.reserved() == (0, 0)
    assert storefront.books.taken(order) == []


# Who may mend an order, and when

MENDING: dict[str, dict[str, str]] = {"address": MENDED, "resume": {}}


def test_another_retailer_finds_no_such_order_to_mend(storefront: Storefront) -> None:
    storefront.tell("orders/paid", storefront.order(shipping_address=None))
    page = f"/app/orders/{storefront.only_order()['id']}"
    for action, values in MENDING.items():
        answer = storefront.books.press(storefront.market.other_retailer, f"{page}/{action}", **values)
        assert answer.status_code == 404, action
    assert storefront.holds() == ["address_incomplete"]
    assert storefront.books.row("select ship_to_country from orders")["ship_to_country"] == ""


def test_a_role_that_only_reads_mends_nothing(storefront: Storefront) -> None:
    storefront.tell("orders/paid", storefront.order(shipping_address=None))
    page = f"/app/orders/{storefront.only_order()['id']}"
    browser = person(storefront, storefront.market.retailer, "retailer_readonly")
    token = browser.form("/app/", "/sign-out").select_one("input[name=csrf_token]")
    assert token is not None
    for action, values in MENDING.items():
        answer = browser.post(f"{page}/{action}", {"csrf_token": str(token["value"]), **values})
        assert answer.status_code == 403, action
    assert storefront.holds() == ["address_incomplete"]
    assert browser.get(f"{page}?address=1").status_code == 403


def test_an_order_that_suppliers_have_is_not_tried_again(storefront: Storefront) -> None:
    storefront.tell("orders/paid", storefront.order())
    before = storefront.only_order()
    answer = storefront.books.press(storefront.market.retailer, f"/app/orders/{before['id']}/resume")
    assert answer.status_code == 409
    assert "Its suppliers have this order already" in text_of(answer)
    storefront.jobs.drain()
    assert storefront.only_order() == before


def test_a_cancelled_order_is_not_mended(storefront: Storefront) -> None:
    body = storefront.order(shipping_address=None)
    storefront.tell("orders/paid", body)
    storefront.tell("orders/cancelled", body)
    before = storefront.only_order()
    assert before["status"] == "CANCELLED"
    for action, values in MENDING.items():
        answer = storefront.books.press(storefront.market.retailer, f"/app/orders/{before['id']}/{action}", **values)
        assert answer.status_code == 409, action
        assert "was cancelled" in text_of(answer)
    assert storefront.only_order() == before


# Cancelled in the store


def test_an_order_cancelled_in_the_store_before_it_ships_is_withdrawn_and_refunded(storefront: Storefront) -> None:
    body = storefront.order()
    storefront.tell("orders/paid", body)
    assert storefront.tell("orders/cancelled", body | {"cancelled_at": "2026-11-01T11:00:00-04:00"}) == "cancelled"
    order = storefront.only_order()
    assert order["status"] == "CANCELLED"
    assert {one["status"] for one in order["purchase_orders"]} == {"CANCELLED"}
    assert storefront.reserved() == (0, 0)
    assert sorted(storefront.books.given_back(order)) == [2600, 4500]
    assert storefront.tell("orders/cancelled", body) == "cancelled"
    assert sorted(storefront.books.given_back(order)) == [2600, 4500], "a repeated word refunds nothing twice"
    assert storefront.tell("orders/updated", body).endswith("known"), "a late word does not revive it"
    assert storefront.only_order()["status"] == "CANCELLED"
    assert storefront.reserved() == (0, 0)


def test_what_a_supplier_has_accepted_is_not_taken_back_and_the_retailer_is_told(storefront: Storefront) -> None:
    body, market = storefront.order(), storefront.market
    storefront.tell("orders/paid", body)
    (received,) = storefront.books.queue(market.supplier)
    storefront.books.answer(market.supplier, received, status="accepted")
    assert storefront.tell("orders/cancelled", body) == "partly cancelled"
    order = storefront.only_order()
    assert {one["supplier_id"]: one["status"] for one in order["purchase_orders"]} == {
        str(market.supplier.id): "CONFIRMED",
        str(market.other_supplier.id): "CANCELLED",
    }
    assert storefront.reserved() == (2, 0)
    assert storefront.books.given_back(order) == [4500]
    assert "cancelled_in_store" in storefront.books.notices(market.retailer)


def test_a_cancellation_that_overtakes_its_order_is_not_forgotten(storefront: Storefront) -> None:
    body = storefront.order()
    cancelled = body | {"cancelled_at": "2026-11-01T11:00:00-04:00", "financial_status": "refunded"}
    storefront.tell("orders/cancelled", cancelled)
    assert storefront.tell("orders/paid", body).endswith("known")
    order = storefront.only_order()
    assert (order["status"], order["purchase_orders"], order["holds"]) == ("CANCELLED", [], [])
    assert storefront.reserved() == (0, 0)
    assert storefront.books.taken(order) == []
    assert storefront.books.queue(storefront.market.supplier) == []
    browser, page = owner_page(storefront, order)
    assert "The order was cancelled in the store." in text_of(browser.get(page))


def test_a_cancelled_order_of_foreign_lines_leaves_nothing(storefront: Storefront) -> None:
    body = storefront.order(storefront.foreign_line(), cancelled_at="2026-11-01T11:00:00-04:00")
    assert storefront.tell("orders/cancelled", body) == "not an order of ours"
    assert storefront.orders() == []


# Other times of the store


def test_an_order_that_comes_after_the_app_was_removed_is_refused_and_its_retailer_told(
    storefront: Storefront,
) -> None:
    now = clock.iso(clock.now())
    assert storefront.tell("app/uninstalled", {"id": 1}, triggered_at=now) == "uninstalled"
    outcome = storefront.tell("orders/paid", storefront.order())
    assert outcome.startswith("refused: store_not_connected")
    assert storefront.orders() == []
    assert storefront.reserved() == (0, 0)
    notice = storefront.books.row("select body from notices where kind = 'hook_refused'")
    assert "no longer connected" in notice["body"]


def test_what_concerns_people_is_heard_after_the_app_was_removed(storefront: Storefront) -> None:
    body = storefront.order()
    storefront.tell("orders/paid", body)
    storefront.tell("app/uninstalled", {"id": 1}, triggered_at=clock.iso(clock.now()))
    assert storefront.tell("customers/redact", {"orders_to_redact": [body["id"]]}) == "customer_redact noted"
    assert storefront.tell("orders/cancelled", body) == "cancelled", "an order that is there is stopped all the same"


def test_a_late_word_of_an_earlier_installation_removes_nothing(storefront: Storefront) -> None:
    during_the_first = clock.iso(clock.now())
    storefront.tell("app/uninstalled", {"id": 1}, triggered_at=during_the_first)
    reinstall(storefront)
    body = storefront.order()
    assert storefront.tell("app/uninstalled", {"id": 1}, triggered_at=during_the_first) == "an earlier installation"
    row = storefront.books.row("select status, generation from stores where id = %s", storefront.store_id)
    assert row == {"status": "connected", "generation": 2}
    assert storefront.tell("orders/paid", body, triggered_at=during_the_first).endswith("placed")
    assert storefront.tell("orders/paid", body).endswith("known")
    assert storefront.reserved() == (2, 1)


def reinstall(storefront: Storefront) -> None:
    """The shop's owner installs the app again."""
    with db.system_scope(actor="test"), db.transaction() as session:
        store = session.get_one(Store, storefront.store_id)
        shop = ShopFacts(
            external_id=store.external_id,
            name=store.name,
            url=store.url,
            currency="USD",
            timezone="UTC",
            country="US",
        )
        connect(session, store.retailer_id, "shopify", shop, Credentials(access_token="shpat_again"))
