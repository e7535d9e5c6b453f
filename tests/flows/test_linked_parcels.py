"""Parcels of lines that the store would send itself: linked to a supplier by hand, or moved there by its people."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from app.kit import clock
from app.stores.platform import Credentials
from tests.adapters.stores.conftest import configured, open_shop, shop, simulator
from tests.adapters.stores.shop import Shop, asked
from tests.flows.books import Json
from tests.flows.refunding import SCOPES
from tests.flows.test_decisions_in_store import _SCOPES, Counter, counter
from tests.flows.test_parcels_in_store import delivery
from tests.stack import Jobs
from tests.web.browsing import text_of

__all__ = ["configured", "counter", "open_shop", "shop", "simulator"]

OWN = "write_merchant_managed_fulfillment_orders"
_MOVE = """mutation($id: ID!, $place: ID!) {
  fulfillmentOrderMove(id: $id, newLocationId: $place) { userErrors { message } } }"""


def linked(counter: Counter, *others: Json) -> tuple[Json, Json]:
    """Two lamps of the shop's own page are bought, beside other lines, and the retailer links them to its supplier. The
    shop's order, and ours."""
    sku = counter.market.lamp.skus[0]
    counter.control.add_product(counter.shop, "Lamp, old page", sku, price="25.00", available=50)
    placed = counter.control.create_order(counter.shop, [{"sku": sku, "quantity": 2}, *others])
    whole = counter.control.wait_until_routed(counter.shop, placed["id"])
    counter.hears()
    order = counter.only_order()
    (asked,) = [one for one in order["unlinked_lines"] if one["state"] == "waiting"]
    path = f"/api/orders/{order['id']}/unlinked-lines/{asked['id']}/link"
    wanted = {"variant_id": str(counter.market.lamp.variants[0])}
    assert counter.market.retailer.api.post(path, wanted).status_code == 200
    counter.jobs.drain()
    return dict(whole), order


def moved(counter: Counter) -> Json:
    """Two lamps of ours are bought, and the shop's people move them to their own location. The shop's order."""
    placed = counter.control.create_order(counter.shop, [{"sku": "THERE-lamp", "quantity": 2}])
    order = counter.control.wait_until_routed(counter.shop, placed["id"])
    own = next(one for one in counter.control.shop(counter.shop)["locations"] if not one["service_id"])
    wanted = {
        "id": f"gid://shopify/FulfillmentOrder/{order['fulfillment_orders'][0]['id']}",
        "place": f"gid://shopify/Location/{own['id']}",
    }
    assert counter.asks(_MOVE, **wanted)["fulfillmentOrderMove"]["userErrors"] == []
    counter.hears()
    return dict(order)


def ships(counter: Counter, *quantities: int) -> Json:
    """All of the one purchase order leaves in one parcel, or its lines of these quantities."""
    (one,) = counter.books.queue(counter.market.supplier)
    lines = [
        {"line_id": line["id"], "quantity": line["quantity"]}
        for line in one["lines"]
        if not quantities or line["quantity"] in quantities
    ]
    parcel = {"carrier": "manual", "tracking_number": "PARCEL-A", "lines": lines}
    path = f"/api/supplier/orders/{one['id']}/ship"
    answer = counter.market.supplier.api.post(path, {"parcels": [parcel]})
    assert answer.status_code == 201, answer.text
    counter.jobs.drain()
    return dict(answer.json["shipments"][0])


def corrects(counter: Counter, shipment: Json) -> None:
    path = f"/api/supplier/shipments/{shipment['id']}/correct"
    answer = counter.market.supplier.api.post(path, {"tracking_number": "PARCEL-B"})
    assert answer.status_code == 200, answer.text
    counter.jobs.drain()


def sent(counter: Counter, order: Json) -> list[tuple[str, int]]:
    """The shop's fulfilments: number and units."""
    found = counter.seen(order)["fulfillments"]
    return sorted(
        (one["tracking"][0]["number"], sum(line["quantity"] for line in one["lines"]))
        for one in found
        if one["status"] == "SUCCESS"
    )


def letters(counter: Counter, order: Json) -> int:
    return sum(int(one["letters"]) for one in counter.seen(order)["fulfillments"])


def asked_again(counter: Counter, minutes: int) -> None:
    with clock.shifted(timedelta(minutes=minutes)):
        counter.due("push_tracking")


def test_without_the_permission_the_retailer_is_told_what_to_allow_and_then_the_shop_is_told(counter: Counter) -> None:
    order, ours = linked(counter)
    ships(counter)
    waits = counter.books.rows("select available_at - now() as wait from tasks where job = 'push_tracking'")
    assert [one["wait"] is not None for one in waits] == [True], "it is looked for a while"
    asked_again(counter, 12)
    assert [one for one in counter.jobs.open_tasks() if one[0] == "push_tracking"] == [], "and not for ever"
    browser = counter.books.browser(counter.market.retailer)
    inbox = text_of(browser.get("/app/exceptions"))
    assert "Store may not be told the tracking number" in inbox
    assert "linked to a supplier by hand" in inbox
    assert "Allow it" in inbox
    assert "Allow tracking of linked articles" in text_of(browser.get(f"/app/settings/stores/{counter.store_id}"))
    assert sent(counter, order) == []
    counter.grant(*_SCOPES, OWN)
    scopes = {"current": ["read_orders", *_SCOPES, OWN]}
    assert counter.tell("app/scopes_update", scopes, triggered_at=clock.iso(clock.now())) == "permissions noted"
    asked_again(counter, 12)
    assert sent(counter, order) == [("PARCEL-A", 2)]
    assert letters(counter, order) == 1
    assert "may not be told" not in text_of(browser.get("/app/exceptions"))
    assert "Allow tracking of linked articles" not in text_of(browser.get(f"/app/settings/stores/{counter.store_id}"))
    story = text_of(browser.get(f"/app/orders/{ours['id']}"))
    assert "PARCEL-A" in story


def test_a_parcel_of_both_is_told_where_the_shop_has_its_lines_and_follows_its_number(counter: Counter) -> None:
    counter.grant(*_SCOPES, OWN)
    order, _ = linked(counter, {"sku": "THERE-lamp", "quantity": 1})
    shipment = ships(counter)
    asked_again(counter, 2)
    assert sent(counter, order) == [("PARCEL-A", 1), ("PARCEL-A", 2)]
    assert letters(counter, order) == 1
    corrects(counter, shipment)
    assert sent(counter, order) == [("PARCEL-B", 1), ("PARCEL-B", 2)]
    assert len(counter.seen(order)["fulfillments"]) == 2, "nothing was taken back for it"


def test_what_the_shops_people_moved_to_themselves_is_told_there(counter: Counter) -> None:
    counter.grant(*_SCOPES, OWN)
    order = moved(counter)
    ships(counter)
    asked_again(counter, 2)
    assert sent(counter, order) == [("PARCEL-A", 2)]
    with clock.shifted(timedelta(days=2)):
        counter.due("accept_fulfillment")
    page = text_of(counter.books.browser(counter.market.retailer).get(f"/app/orders/{counter.only_order()['id']}"))
    assert "it expects it from elsewhere" in page


def test_what_no_request_was_accepted_for_follows_its_number_too(counter: Counter) -> None:
    counter.grant(*_SCOPES, OWN)
    order = moved(counter)
    shipment = ships(counter)
    asked_again(counter, 2)
    assert sent(counter, order) == [("PARCEL-A", 2)]
    corrects(counter, shipment)
    assert sent(counter, order) == [("PARCEL-B", 2)]
    assert [one for one in counter.jobs.open_tasks() if one[0] == "push_tracking"] == []
    assert "may not be told" not in text_of(counter.books.browser(counter.market.retailer).get("/app/exceptions"))


def test_what_the_shop_took_without_saying_so_is_found_there_and_told_of_once(counter: Counter) -> None:
    counter.grant(*_SCOPES, OWN)
    order = moved(counter)
    ships(counter)
    counter.control.add_fault("drop_after_effect", {"operation": "FulfillmentCreate", "shop": counter.shop}, times=1)
    asked_again(counter, 2)
    told = "select id from shipments where store_told_at is not null and store_error is null"
    assert counter.books.rows(told) == [], "its answer is lost"
    asked_again(counter, 2)
    assert len(counter.books.rows(told)) == 1
    assert sent(counter, order) == [("PARCEL-A", 2)]
    assert letters(counter, order) == 1


def test_one_location_is_told_though_the_shop_was_away_after_the_other(counter: Counter) -> None:
    counter.grant(*_SCOPES, OWN)
    # Nothing of it is accepted as usual: the parcel is quicker.
    away = {"operation": "FulfillmentOrderSubmitRequest", "shop": counter.shop}
    counter.control.add_fault("http_500", away, times=50)
    order, _ = linked(counter, {"sku": "THERE-lamp", "quantity": 1})
    ships(counter)
    counter.control.clear_faults()
    counter.control.add_fault(
        "drop_before", {"operation": "FulfillmentCreate", "shop": counter.shop}, times=1, spares=1
    )
    asked_again(counter, 2)
    assert len(sent(counter, order)) == 1
    asked_again(counter, 2)
    assert sent(counter, order) == [("PARCEL-A", 1), ("PARCEL-A", 2)]
    assert letters(counter, order) == 1


def test_shoppers_read_of_a_parcel_that_was_first_tried_where_the_shop_has_none_of_it(counter: Counter) -> None:
    counter.grant(*_SCOPES, OWN)
    order, _ = linked(counter, {"sku": "THERE-lamp", "quantity": 1})
    ships(counter, 2)
    asked_again(counter, 2)
    assert sent(counter, order) == [("PARCEL-A", 2)]
    assert letters(counter, order) == 1


def test_what_is_told_at_one_location_is_not_looked_for_when_the_rest_was_moved(shop: Shop, jobs: Jobs) -> None:
    scopes = (*SCOPES, *_SCOPES, OWN)
    shop.control.grant_scopes(shop.domain, list(scopes))
    token = str(shop.control.issue_tokens(shop.domain)["access_token"])
    access = replace(shop.access, credentials=Credentials(access_token=token, scopes=scopes))
    found = delivery(replace(shop, access=access), jobs, quantities=(1, 2), locations=(0, 1))
    first, second = found.line_refs
    parcel = found.ship("N-1", 1, 2)
    found.settle()
    # What is taken back is moved before it is accepted again.
    away = {"operation": "FulfillmentOrderSubmitRequest", "shop": shop.domain}
    shop.control.add_fault("http_500", away, times=50)
    found.correct(parcel, units=(1, 1))
    jobs.drain()
    assert found.alive() == [("N-1", {first: 1})]
    there = shop.control.order(shop.domain, found.external_id)["fulfillment_orders"]
    (free,) = [one["id"] for one in there if one["status"] == "OPEN"]
    own = next(one["id"] for one in shop.control.shop(shop.domain)["locations"] if not one["service_id"])
    place = {"id": f"gid://shopify/FulfillmentOrder/{free}", "place": f"gid://shopify/Location/{own}"}
    asked(found.shop, _MOVE, place)
    shop.control.clear_faults()
    with clock.shifted(timedelta(minutes=2)):
        found.settle()
    assert sorted(found.alive(), key=str) == sorted([("N-1", {first: 1}), ("N-1", {second: 1})], key=str)
