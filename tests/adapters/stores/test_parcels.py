"""Orders of a Shopify shop and the parcels for them: the right lines, each parcel once, nothing against its will."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.kit import clock
from app.kit.errors import Rejected
from app.kit.money import Money
from app.stores.goods import ListingPushed
from app.stores.parcels import FulfillmentOrderRef, TrackingPush
from tests.adapters.stores.shop import Shop, asked, listing, number, ordered, pushed, variant

NUMBERS = ["1Z999AA10123456784", "1Z999AA10123456793"]


def parcel(reference: FulfillmentOrderRef, lines: dict[str, int], tracking_number: str = NUMBERS[0]) -> TrackingPush:
    return TrackingPush(
        fulfillment_order_id=reference.external_id,
        lines=lines,
        carrier="UPS",
        tracking_number=tracking_number,
        tracking_url=f"https://tracking.example/{tracking_number}",
        notify_shopper=False,
    )


def line_ids(whole: dict[str, Any]) -> list[str]:
    return [f"gid://shopify/LineItem/{line['id']}" for line in whole["lines"]]


def many_lines(shop: Shop, made: ListingPushed, count: int) -> tuple[str, dict[str, Any]]:
    """A paid order with so many lines, each one unit of the first variant."""
    line = {"variant_id": number(made.variants[0].external_id), "quantity": 1}
    order = shop.control.create_order(shop.domain, [line] * count, financial_status="PAID", allow_oversell=True)
    whole = shop.control.wait_until_routed(shop.domain, order["id"])
    return f"gid://shopify/Order/{order['id']}", whole


def test_each_supplier_sends_its_own_part_of_an_order(shop: Shop) -> None:
    here, there = shop.location("Nordlicht"), shop.location("Kanto")
    lamp = pushed(shop, listing(here, key="lamp", variants=1))
    vase = pushed(shop, listing(there, key="vase", variants=1))
    lines = [{"variant_id": number(made.variants[0].external_id), "quantity": 2} for made in (lamp, vase)]
    order = shop.control.create_order(shop.domain, lines, financial_status="PAID")
    whole = shop.control.wait_until_routed(shop.domain, order["id"])
    found = shop.adapter.fulfillment_orders(shop.access, f"gid://shopify/Order/{order['id']}")
    by_place = {one.location_id: one for one in found}
    assert set(by_place) == {here.location_id, there.location_id}
    mine, other = by_place[here.location_id], by_place[there.location_id]
    shop.adapter.accept_fulfillment(shop.access, mine)
    states = {
        one.external_id: one.state
        for one in shop.adapter.fulfillment_orders(shop.access, f"gid://shopify/Order/{order['id']}")
    }
    assert states == {mine.external_id: "accepted", other.external_id: "open"}
    lamp_line, vase_line = line_ids(whole)
    with pytest.raises(Rejected):
        shop.adapter.push_tracking(shop.access, parcel(mine, {vase_line: 1}))
    shop.adapter.push_tracking(shop.access, parcel(mine, {lamp_line: 2}))
    (sent,) = shop.control.order(shop.domain, order["id"])["fulfillments"]
    assert sent["location_id"] == number(here.location_id)
    assert [(line["line_item_id"], line["quantity"]) for line in sent["lines"]] == [(number(lamp_line), 2)]
    assert sent["tracking"] == [
        {"number": NUMBERS[0], "url": f"https://tracking.example/{NUMBERS[0]}", "company": "UPS"}
    ]


def test_a_parcel_of_a_very_long_order_names_its_lines(shop: Shop) -> None:
    made = pushed(shop, listing(shop.location(), of=[variant("Red", quantity=500)]))
    order_id, whole = many_lines(shop, made, 130)
    (reference,) = shop.adapter.fulfillment_orders(shop.access, order_id)
    shop.adapter.accept_fulfillment(shop.access, reference)
    wanted = line_ids(whole)[-2:]
    shop.adapter.push_tracking(shop.access, parcel(reference, dict.fromkeys(wanted, 1)))
    (sent,) = shop.control.order(shop.domain, number(order_id))["fulfillments"]
    assert sorted(line["line_item_id"] for line in sent["lines"]) == sorted(map(number, wanted))


def test_a_parcel_that_was_taken_back_in_the_shop_can_be_told_again(shop: Shop) -> None:
    made = pushed(shop, listing(shop.location()))
    order_id, reference, whole = ordered(shop, made, quantity=1)
    shop.adapter.accept_fulfillment(shop.access, reference)
    (line,) = line_ids(whole)
    first = shop.adapter.push_tracking(shop.access, parcel(reference, {line: 1}))
    cancel = "mutation($id: ID!) { fulfillmentCancel(id: $id) { userErrors { message } } }"
    asked(shop, cancel, {"id": first})
    (current,) = [one for one in shop.adapter.fulfillment_orders(shop.access, order_id) if one.state != "closed"]
    shop.adapter.accept_fulfillment(shop.access, current)
    second = shop.adapter.push_tracking(shop.access, parcel(current, {line: 1}))
    assert second != first


def test_a_fulfilment_on_hold_is_not_taken_from_the_merchant(shop: Shop) -> None:
    order_id, reference, _ = ordered(shop, pushed(shop, listing(shop.location())))
    hold = """mutation($id: ID!, $hold: FulfillmentOrderHoldInput!) {
      fulfillmentOrderHold(id: $id, fulfillmentHold: $hold) { userErrors { message } } }"""
    asked(shop, hold, {"id": reference.external_id, "hold": {"reason": "HIGH_RISK_OF_FRAUD"}})
    with pytest.raises(Rejected) as refused:
        shop.adapter.accept_fulfillment(shop.access, reference)
    assert refused.value.code == "held"
    (current,) = shop.adapter.fulfillment_orders(shop.access, order_id)
    assert current.state == "held"


def test_a_request_that_the_merchant_made_is_accepted(shop: Shop) -> None:
    order_id, reference, _ = ordered(shop, pushed(shop, listing(shop.location())))
    shop.control.request_fulfillment(shop.domain, number(reference.external_id), "Fragile")
    (asked_for,) = shop.adapter.fulfillment_orders(shop.access, order_id)
    assert asked_for.state == "requested"
    shop.adapter.accept_fulfillment(shop.access, asked_for)
    (current,) = shop.adapter.fulfillment_orders(shop.access, order_id)
    assert current.state == "accepted"


def test_what_was_believed_open_and_is_accepted_meanwhile_is_fine(shop: Shop) -> None:
    _, reference, _ = ordered(shop, pushed(shop, listing(shop.location())))
    shop.adapter.accept_fulfillment(shop.access, reference)
    shop.adapter.accept_fulfillment(shop.access, replace(reference, state="open"))
    shop.adapter.accept_fulfillment(shop.access, replace(reference, state="requested"))


def test_a_cancellation_that_is_accepted_stops_the_fulfilment(shop: Shop) -> None:
    order_id, reference, whole = ordered(shop, pushed(shop, listing(shop.location())))
    shop.adapter.accept_fulfillment(shop.access, reference)
    shop.control.request_cancellation(shop.domain, number(reference.external_id))
    for _ in range(2):
        shop.adapter.answer_cancellation(shop.access, reference.external_id, accept=True, message="Stopped.")
    states = {one.external_id: one.state for one in shop.adapter.fulfillment_orders(shop.access, order_id)}
    assert states[reference.external_id] in ("cancelled", "closed")
    with pytest.raises(Rejected):
        shop.adapter.push_tracking(shop.access, parcel(reference, {line_ids(whole)[0]: 1}))


def test_an_order_that_is_not_there_wants_nothing_and_takes_nothing(shop: Shop) -> None:
    assert list(shop.adapter.fulfillment_orders(shop.access, "gid://shopify/Order/999999")) == []
    nowhere = FulfillmentOrderRef(
        external_id="gid://shopify/FulfillmentOrder/999999", location_id="gid://shopify/Location/1", state="open"
    )
    with pytest.raises(Rejected):
        shop.adapter.accept_fulfillment(shop.access, nowhere)
    with pytest.raises(Rejected):
        shop.adapter.push_tracking(shop.access, parcel(nowhere, {"gid://shopify/LineItem/1": 1}))


def test_a_delivery_is_told_once_with_its_time(shop: Shop) -> None:
    order_id, reference, whole = ordered(shop, pushed(shop, listing(shop.location())), quantity=1)
    shop.adapter.accept_fulfillment(shop.access, reference)
    fulfilment = shop.adapter.push_tracking(shop.access, parcel(reference, {line_ids(whole)[0]: 1}))
    at = clock.now() - timedelta(hours=3)
    shop.adapter.push_delivered(shop.access, fulfilment, at)
    shop.adapter.push_delivered(shop.access, fulfilment, clock.now())
    (sent,) = shop.control.order(shop.domain, number(order_id))["fulfillments"]
    (event,) = sent["events"]
    assert event["status"] == "DELIVERED"
    assert abs(clock.parse_iso(event["happened_at"]) - at) < timedelta(seconds=1)


# Orders whose hooks never came


def test_an_order_that_was_paid_and_partly_refunded_is_caught_up_with_what_is_left(shop: Shop) -> None:
    made = pushed(shop, listing(shop.location()))
    order_id, _, whole = ordered(shop, made, quantity=3)
    shop.control.refund_order(shop.domain, number(order_id), {whole["lines"][0]["id"]: 1})
    (found,) = shop.adapter.orders_since(shop.access, clock.now() - timedelta(minutes=5))
    assert (found.external_id, found.paid, found.cancelled) == (order_id, True, False)
    assert [line.quantity for line in found.lines] == [2]


def test_all_orders_come_oldest_change_first_with_all_their_lines(shop: Shop) -> None:
    made = pushed(shop, listing(shop.location(), of=[variant("Red", quantity=500)]))
    begun = clock.now() - timedelta(minutes=5)
    long_order, whole = many_lines(shop, made, 120)
    others = [ordered(shop, made, quantity=1)[0] for _ in range(4)]
    found = shop.adapter.orders_since(shop.access, begun)
    assert [one.external_id for one in sorted(found, key=lambda one: one.updated_at)] == [
        one.external_id for one in found
    ]
    assert {one.external_id for one in found} == {long_order, *others}
    lines = {one.external_id: one.lines for one in found}
    assert [line.external_line_id for line in lines[long_order]] == line_ids(whole)
    assert {line.unit_price for line in lines[long_order]} == {Money(2990, "USD")}


def test_what_happened_before_is_not_told_again(shop: Shop) -> None:
    ordered(shop, pushed(shop, listing(shop.location())))
    assert list(shop.adapter.orders_since(shop.access, clock.now() + timedelta(days=2))) == []


def events_of(shop: Shop, order_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = shop.control.order(shop.domain, number(order_id))["fulfillments"]
    return found


def test_a_number_is_put_right_in_the_shop_and_told_once(shop: Shop) -> None:
    made = pushed(shop, listing(shop.location()))
    order_id, reference, whole = ordered(shop, made, quantity=1)
    shop.adapter.accept_fulfillment(shop.access, reference)
    (line,) = line_ids(whole)
    sent = shop.adapter.push_tracking(shop.access, parcel(reference, {line: 1}))
    right = parcel(reference, {line: 1}, NUMBERS[1])
    for _ in range(2):
        shop.adapter.change_tracking(shop.access, sent, right)
    (fulfillment,) = events_of(shop, order_id)
    assert [one["number"] for one in fulfillment["tracking"]] == [NUMBERS[1]]


def test_a_corrected_number_whose_first_answer_was_lost_makes_no_second_parcel(shop: Shop) -> None:
    made = pushed(shop, listing(shop.location()))
    order_id, reference, whole = ordered(shop, made, quantity=2)
    shop.adapter.accept_fulfillment(shop.access, reference)
    (line,) = line_ids(whole)
    first = shop.adapter.push_tracking(shop.access, parcel(reference, {line: 1}))
    right = replace(parcel(reference, {line: 1}, NUMBERS[1]), also_known_as=NUMBERS[0])
    assert shop.adapter.push_tracking(shop.access, right) == first
    (fulfillment,) = events_of(shop, order_id)
    assert [one["number"] for one in fulfillment["tracking"]] == [NUMBERS[1]]


@pytest.mark.parametrize("known", [True, False])
def test_a_parcel_that_never_left_is_taken_back_in_the_shop(shop: Shop, known: bool) -> None:
    made = pushed(shop, listing(shop.location()))
    order_id, reference, whole = ordered(shop, made, quantity=1)
    shop.adapter.accept_fulfillment(shop.access, reference)
    (line,) = line_ids(whole)
    told = parcel(reference, {line: 1})
    sent = shop.adapter.push_tracking(shop.access, told)
    for _ in range(2):
        shop.adapter.withdraw_tracking(shop.access, sent if known else None, told)
    assert [one["status"] for one in events_of(shop, order_id)] == ["CANCELLED"]
    with pytest.raises(Rejected):
        shop.adapter.change_tracking(shop.access, sent, told)
