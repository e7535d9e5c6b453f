"""What a simulated Shopify shop is told of parcels: the right lines at the right locations, once, also when the parcel
turns out to be otherwise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import selectinload

from app import db
from app.config import settings
from app.fulfillment.models import Shipment
from app.fulfillment.service import Correction, NewParcel, correct, mark_delivered, ship, void
from app.kit import clock
from app.orders.models import Order, OrderLine, TimelineEntry
from app.orders.queries import tracking_page
from app.purchasing.changes.queries import waiting_of
from app.purchasing.models import PurchaseOrder
from app.purchasing.service import (
    Line,
    LineAnswer,
    accept_request,
    acknowledge,
    place_order,
    release_purchase_orders,
)
from app.returns.service.asking import choose_settings
from app.stores.hooks import CancellationAsked
from app.stores.models import Store, StoreLocation
from app.stores.platform import ShopFacts
from app.stores.service import change_tracking_link, connect
from tests import factories
from tests.adapters.stores.conftest import configured, open_shop, shop, simulator
from tests.adapters.stores.shop import Shop, asked, listing, number, pushed
from tests.stack import Jobs
from workers.store_facts import handle

__all__ = ["configured", "open_shop", "shop", "simulator"]


@dataclass
class Delivery:
    """An order of a shop whose lines are listed from one location each, all delivered by the first supplier."""

    shop: Shop
    jobs: Jobs
    supplier_id: UUID
    order_id: UUID
    purchase_order_id: UUID
    external_id: int
    line_ids: list[UUID]
    line_refs: list[int]

    def sent(self) -> list[tuple[str, list[str], dict[int, int]]]:
        """The shop's fulfilments: status, numbers, units by line."""
        return [
            (
                one["status"],
                [entry["number"] for entry in one["tracking"]],
                # A line that comes from several fulfilment orders stands there once for each.
                dict(sum((Counter({line["line_item_id"]: line["quantity"]}) for line in one["lines"]), Counter())),
            )
            for one in self.shop.control.order(self.shop.domain, self.external_id)["fulfillments"]
        ]

    def letters(self) -> list[int]:
        """How often the shop has written to its customer about each of its fulfilments."""
        whole = self.shop.control.order(self.shop.domain, self.external_id)
        return [one["letters"] for one in whole["fulfillments"]]

    def alive(self) -> list[tuple[str, dict[int, int]]]:
        """Number and units of those that are not cancelled."""
        return [(numbers[0], units) for status, numbers, units in self.sent() if status != "CANCELLED"]

    def within(self, what: Callable[[Any], Any]) -> Any:
        with db.system_scope(actor="test"), db.transaction() as session:
            return what(session)

    def ship(self, tracking_number: str, *units: int) -> UUID:
        lines = {line: count for line, count in zip(self.line_ids, units, strict=False) if count}
        parcel = NewParcel(
            carrier="ups", tracking_number=tracking_number, tracking_url=None, shipped_at=None, lines=lines
        )
        made: UUID = self.within(
            lambda session: ship(session, self.supplier_id, self.purchase_order_id, [parcel])[0].shipment.id
        )
        return made

    def correct(self, shipment_id: UUID, **how: Any) -> None:
        if "units" in how:
            how["lines"] = {line: n for line, n in zip(self.line_ids, how.pop("units"), strict=False) if n}
        self.within(lambda session: correct(session, self.supplier_id, shipment_id, Correction(**how)))

    def void(self, shipment_id: UUID) -> None:
        self.within(lambda session: void(session, self.supplier_id, shipment_id, reason="Still here"))

    def story(self) -> list[str]:
        rows = self.within(
            lambda session: session.scalars(select(TimelineEntry.message).order_by(TimelineEntry.at)).all()
        )
        return [one for one in rows if one.startswith("store.")]

    def asked_to_stop(self, ref: str, message_id: str) -> str:
        """The shop asks to stop one of its fulfilment orders. Returns what was done."""
        with db.system_scope(actor="test"), db.transaction() as session:
            store = session.scalars(select(Store)).one()
            fact = CancellationAsked(ref)
            return handle(session, store, fact, message_id=message_id, triggered_at=None)

    def settle(self) -> None:
        """All that waits is done, what the shop decides a moment later included."""
        for _ in range(6):
            self.jobs.drain(retries=True)
            if not self.jobs.open_tasks():
                return


HOLD = """mutation($id: ID!, $hold: FulfillmentOrderHoldInput!) {
  fulfillmentOrderHold(id: $id, fulfillmentHold: $hold) { userErrors { message } } }"""
RELEASE = "mutation($id: ID!) { fulfillmentOrderReleaseHold(id: $id) { userErrors { message } } }"


def hold_some(shop: Shop, whole: dict[str, Any], units: Sequence[int]) -> str:
    """So many units of each line of the order's only fulfilment order wait, by which the shop splits it. Returns the
    one that waits."""
    (one,) = whole["fulfillment_orders"]
    items = [
        {"id": f"gid://shopify/FulfillmentOrderLineItem/{line['id']}", "quantity": count}
        for line, count in zip(one["lines"], units, strict=True)
        if count
    ]
    reference = f"gid://shopify/FulfillmentOrder/{one['id']}"
    asked(shop, HOLD, {"id": reference, "hold": {"reason": "OTHER", "fulfillmentOrderLineItems": items}})
    return reference


def delivery(
    shop: Shop,
    jobs: Jobs,
    *,
    quantities: Sequence[int],
    locations: Sequence[int],
    first: Callable[[dict[str, Any]], object] | None = None,
) -> Delivery:
    """``locations``: of each line, the number of the supplier that it is listed from. ``first``: what happens in the
    shop before its suppliers get it."""
    places = [shop.location(f"Supplier {index}") for index in range(max(locations) + 1)]
    made = [
        pushed(shop, listing(places[place], key=f"article-{index}", variants=1))
        for index, place in enumerate(locations)
    ]
    lines = [
        {"variant_id": number(one.variants[0].external_id), "quantity": count}
        for one, count in zip(made, quantities, strict=True)
    ]
    placed = shop.control.create_order(shop.domain, lines, financial_status="PAID")
    whole = shop.control.wait_until_routed(shop.domain, placed["id"])
    refs = [line["id"] for line in whole["lines"]]
    if first is not None:
        first(whole)
    with db.system_scope(actor="test"), db.transaction() as session:
        retailer = factories.retailer(session)
        suppliers = [factories.supplier(session) for _ in places]
        facts = ShopFacts(
            external_id=shop.domain, name="Northwind", url=f"https://{shop.domain}", currency=retailer.currency,
            timezone="UTC", country="US", remember=shop.access.remembered,
        )  # fmt: skip
        store = connect(session, retailer.id, "shopify", facts, shop.access.credentials)
        variants = factories.product(session, suppliers[0], variants=len(quantities), stock=50)
        listed = [
            variant if place == 0 else factories.product(session, suppliers[place])[0]
            for variant, place in zip(variants, locations, strict=True)
        ]
        for supplier, place in zip(suppliers, places, strict=True):
            session.add(
                StoreLocation(
                    store_id=store.id,
                    supplier_id=supplier.id,
                    retailer_id=retailer.id,
                    external_location_id=place.location_id,
                    external_service_id=place.service_id,
                    created_at=clock.now(),
                )
            )
        wanted = replace(
            factories.order_of(retailer, {}, external_id=f"gid://shopify/Order/{placed['id']}", store=store),
            lines=[
                Line(variant_id=variant, quantity=count, external_line_id=f"gid://shopify/LineItem/{ref}")
                for variant, count, ref in zip(variants, quantities, refs, strict=True)
            ],
        )
        order_id = place_order(session, wanted).order_id
        session.flush()
        # The first supplier has the same articles as those that the lines are listed from.
        for variant, shown in zip(variants, listed, strict=True):
            session.execute(update(OrderLine).where(OrderLine.variant_id == variant).values(variant_id=shown))
        release_purchase_orders(session, order_id)
        order = session.scalars(
            select(PurchaseOrder).where(PurchaseOrder.order_id == order_id).options(selectinload(PurchaseOrder.lines))
        ).one()
        found = Delivery(
            shop, jobs, suppliers[0].id, order_id, order.id, placed["id"], [line.id for line in order.lines], refs
        )
    found.settle()
    return found


@pytest.fixture
def one_place(shop: Shop, jobs: Jobs) -> Delivery:
    return delivery(shop, jobs, quantities=(3, 2), locations=(0, 0))


def test_a_number_is_put_right_there_too(one_place: Delivery) -> None:
    first, second = one_place.line_refs
    parcel = one_place.ship("WRONG", 3, 2)
    one_place.settle()
    assert one_place.alive() == [("WRONG", {first: 3, second: 2})]
    one_place.correct(parcel, tracking_number="RIGHT", carrier="ups")
    one_place.settle()
    assert one_place.alive() == [("RIGHT", {first: 3, second: 2})]
    assert len(one_place.sent()) == 1
    assert one_place.story().count("store.tracking_told") == 2


def test_customers_are_led_to_their_orders_page_unless_the_retailer_wants_the_carriers(one_place: Delivery) -> None:
    def led_to() -> list[str]:
        told = one_place.shop.control.order(one_place.shop.domain, one_place.external_id)["fulfillments"]
        return [entry["url"] for one in told for entry in one["tracking"]]

    one_place.ship("1Z5R89390357567127", 3, 0)
    one_place.settle()
    page = one_place.within(lambda session: tracking_page(session.get_one(Order, one_place.order_id)))
    assert led_to() == [page]
    one_place.within(
        lambda session: change_tracking_link(
            session, *session.execute(select(Store.retailer_id, Store.id)).one(), False
        )
    )
    one_place.ship("1Z5R89390357567128", 0, 2)
    one_place.settle()
    assert urlsplit(led_to()[1]).hostname == "www.ups.com"


def test_two_parcels_may_have_one_number(one_place: Delivery) -> None:
    """A supplier tells of one box in two calls."""
    first, second = one_place.line_refs
    one_place.ship("ONE-BOX", 3, 0)
    one_place.settle()
    one_place.ship("ONE-BOX", 0, 2)
    one_place.settle()
    assert one_place.alive() == [("ONE-BOX", {first: 3}), ("ONE-BOX", {second: 2})]


def test_corrected_before_the_shop_was_told_it_is_told_once(one_place: Delivery) -> None:
    parcel = one_place.ship("WRONG", 3, 0)
    one_place.correct(parcel, tracking_number="RIGHT", carrier="ups")
    one_place.settle()
    assert [number for number, _ in one_place.alive()] == ["RIGHT"]
    assert one_place.story().count("store.tracking_told") == 1


def test_units_put_right_are_told_anew_and_the_rest_can_follow(one_place: Delivery) -> None:
    first, second = one_place.line_refs
    parcel = one_place.ship("N-1", 3, 2)
    one_place.settle()
    one_place.correct(parcel, units=(2, 2))
    one_place.settle()
    assert one_place.alive() == [("N-1", {first: 2, second: 2})]
    one_place.ship("N-2", 1)
    one_place.settle()
    assert sorted(one_place.alive()) == [("N-1", {first: 2, second: 2}), ("N-2", {first: 1})]


def test_a_parcel_taken_back_is_taken_back_there_and_sent_again(one_place: Delivery) -> None:
    first, second = one_place.line_refs
    parcel = one_place.ship("N-1", 3, 2)
    one_place.settle()
    one_place.void(parcel)
    one_place.settle()
    assert one_place.alive() == []
    again = one_place.ship("N-2", 3, 2)
    one_place.settle()
    assert one_place.alive() == [("N-2", {first: 3, second: 2})]
    one_place.within(lambda session: mark_delivered(session, session.get_one(Shipment, again), source="test"))
    one_place.settle()
    assert one_place.story()[-1] == "store.delivery_told"


def test_a_parcel_of_two_locations_is_told_at_both(shop: Shop, jobs: Jobs) -> None:
    found = delivery(shop, jobs, quantities=(1, 2), locations=(0, 1))
    first, second = found.line_refs
    parcel = found.ship("N-1", 1, 2)
    found.settle()
    assert sorted(found.alive(), key=str) == sorted([("N-1", {first: 1}), ("N-1", {second: 2})], key=str)
    found.correct(parcel, tracking_number="N-2", carrier="ups")
    found.settle()
    assert sorted(found.alive(), key=str) == sorted([("N-2", {first: 1}), ("N-2", {second: 2})], key=str)
    found.void(parcel)
    found.settle()
    assert found.alive() == []
    found.ship("N-3", 0, 2)
    found.settle()
    assert found.alive() == [("N-3", {second: 2})]


def left_there(found: Delivery) -> list[dict[int, int]]:
    """Units that are left of each line at the shop's fulfilment orders, in the order in which they were made."""
    whole = found.shop.control.order(found.shop.domain, found.external_id)
    return [{line["line_item_id"]: line["remaining"] for line in one["lines"]} for one in whole["fulfillment_orders"]]


def test_what_a_store_has_split_at_one_location_is_told_where_each_unit_is(shop: Shop, jobs: Jobs) -> None:
    waiting: list[str] = []

    def split(whole: dict[str, Any]) -> None:
        waiting.append(hold_some(shop, whole, (1, 2)))

    found = delivery(shop, jobs, quantities=(3, 2), locations=(0, 0), first=split)
    lamp, vase = found.line_refs
    assert left_there(found) == [{lamp: 1, vase: 2}, {lamp: 2}]
    found.ship("N-1", 1)
    found.settle()
    assert found.alive() == [("N-1", {lamp: 1})], "what waits is not in this parcel"
    found.ship("N-2", 2, 1)
    found.jobs.drain()
    assert found.alive() == [("N-1", {lamp: 1})], "a part of this one waits in the shop"
    asked(shop, RELEASE, {"id": waiting[0]})
    shop.control.add_fault("drop_after_effect", {"operation": "fulfillmentCreate", "shop": shop.domain})
    found.settle()
    assert found.alive() == [("N-1", {lamp: 1}), ("N-2", {lamp: 2, vase: 1})], "once, though its answer was lost"
    assert left_there(found)[:2] == [{lamp: 0, vase: 1}, {lamp: 0}]
    found.ship("N-3", 0, 1)
    found.settle()
    assert found.alive()[-1] == ("N-3", {vase: 1})
    assert "store.refused" not in found.story()


def test_a_store_that_asks_to_stop_a_part_that_it_split_off_stops_that_part(shop: Shop, jobs: Jobs) -> None:
    def split(whole: dict[str, Any]) -> None:
        asked(shop, RELEASE, {"id": hold_some(shop, whole, (1, 0))})

    found = delivery(shop, jobs, quantities=(3, 2), locations=(0, 0), first=split)
    with db.system_scope(actor="test"), db.transaction() as session:
        order = session.get_one(PurchaseOrder, found.purchase_order_id)
        lines = order.external_fulfillment_lines
        acknowledge(
            session, found.supplier_id, order.id, [LineAnswer(line_id=one, answer="accepted") for one in found.line_ids]
        )
    (part,) = [ref for ref, units in lines.items() if sum(units.values()) == 1]
    assert len(lines) == 2, "both were accepted"
    shop.control.request_cancellation(shop.domain, number(part))
    assert found.asked_to_stop(part, "a") == "its supplier is asked"
    with db.system_scope(actor="test"), db.transaction() as session:
        (request,) = waiting_of(session, [found.purchase_order_id])
        assert [(row.purchase_order_line_id, row.quantity) for row in request.lines] == [(found.line_ids[0], 1)]
        accept_request(session, found.supplier_id, request.id)
    found.settle()
    whole = shop.control.order(shop.domain, found.external_id)["fulfillment_orders"]
    assert [one["status"] for one in whole if one["id"] == number(part)] == ["CANCELLED"]
    found.ship("N-1", 2, 2)
    found.settle()
    assert found.alive() == [("N-1", dict(zip(found.line_refs, (2, 2), strict=True)))]


def test_a_store_that_asks_to_stop_what_is_at_one_location_gets_its_answer(shop: Shop, jobs: Jobs) -> None:
    found = delivery(shop, jobs, quantities=(1, 2), locations=(0, 1))
    with db.system_scope(actor="test"), db.transaction() as session:
        order = session.get_one(PurchaseOrder, found.purchase_order_id)
        refs = list(order.external_fulfillment_orders)
        answers = [LineAnswer(line_id=line, answer="accepted") for line in found.line_ids]
        acknowledge(session, found.supplier_id, order.id, answers)
    assert len(refs) == 2
    for ref, line_id, units in zip(refs, found.line_ids, (1, 2), strict=True):
        shop.control.request_cancellation(shop.domain, number(ref))
        for message in (f"a:{ref}", f"b:{ref}"):
            assert found.asked_to_stop(ref, message) == "its supplier is asked"
        with db.system_scope(actor="test"), db.transaction() as session:
            (request,) = waiting_of(session, [found.purchase_order_id])
            asked = {row.purchase_order_line_id: row.quantity for row in request.lines}
            assert asked == {line_id: units}, "what is there, and nothing else"
            accept_request(session, found.supplier_id, request.id)
        found.settle()
        whole = shop.control.order(shop.domain, found.external_id)["fulfillment_orders"]
        (there,) = [one for one in whole if one["id"] == number(ref)]
        assert there["status"] == "CANCELLED", there
    with db.system_scope(actor="test"), db.transaction() as session:
        assert session.get_one(PurchaseOrder, found.purchase_order_id).status == "CANCELLED"


def test_a_supplier_that_is_asked_for_both_locations_at_once_answers_for_both(shop: Shop, jobs: Jobs) -> None:
    found = delivery(shop, jobs, quantities=(1, 2), locations=(0, 1))
    with db.system_scope(actor="test"), db.transaction() as session:
        order = session.get_one(PurchaseOrder, found.purchase_order_id)
        refs = list(order.external_fulfillment_orders)
        answers = [LineAnswer(line_id=line, answer="accepted") for line in found.line_ids]
        acknowledge(session, found.supplier_id, order.id, answers)
    for ref in refs:
        shop.control.request_cancellation(shop.domain, number(ref))
        assert found.asked_to_stop(ref, f"a:{ref}") == "its supplier is asked"
    with db.system_scope(actor="test"), db.transaction() as session:
        (request,) = waiting_of(session, [found.purchase_order_id])
        accept_request(session, found.supplier_id, request.id, {found.line_ids[0]: 1, found.line_ids[1]: 0})
    found.settle()
    whole = shop.control.order(shop.domain, found.external_id)["fulfillment_orders"]
    states = {one["id"]: one["status"] for one in whole}
    assert states[number(refs[0])] == "CANCELLED"
    assert states[number(refs[1])] == "IN_PROGRESS", "it was refused"


def quiet(delivery: Delivery) -> None:
    """Only the shop itself writes to its customers."""

    def choose(session: Any) -> None:
        store = session.scalars(select(Store)).one()
        choose_settings(
            session, store.retailer_id, by_shoppers=True, automatic=False, photo_reasons=[],
            silent_stores=[str(store.id)],
        )  # fmt: skip

    delivery.within(choose)


def test_an_order_that_comes_apart_is_one_letter_of_the_store_where_we_write_none(one_place: Delivery) -> None:
    quiet(one_place)
    one_place.ship("1Z999AA10123456784", 2, 0)
    one_place.ship("1Z999AA10123456785", 1, 0)
    one_place.settle()
    with clock.shifted(settings().parcel_letters_apart / 2):
        one_place.ship("1Z999AA10123456786", 0, 1)
        one_place.settle()
    assert sorted(one_place.letters()) == [0, 0, 1]
    with clock.shifted(settings().parcel_letters_apart * 2):
        one_place.ship("1Z999AA10123456787", 0, 1)
        one_place.settle()
    assert sorted(one_place.letters()) == [0, 0, 1, 1]


def test_what_is_sent_instead_of_a_parcel_that_was_taken_back_is_written_of(one_place: Delivery) -> None:
    quiet(one_place)
    first = one_place.ship("1Z999AA10123456784", 1, 0)
    one_place.settle()
    one_place.void(first)
    one_place.settle()
    one_place.ship("1Z999AA10123456785", 1, 0)
    one_place.settle()
    assert one_place.letters() == [1, 1]
