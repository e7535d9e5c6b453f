"""A supplier's own Shopify shop: orders are made there once, and what happens to them comes back."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import requests
from graphql import NoDeprecatedCustomRule, parse, specified_rules, validate

from app.adapters import registries
from app.adapters.channels.shopify_shop import adapter, client
from app.kit.errors import CredentialsRefused, Invalid, Rejected, Unavailable
from app.kit.money import Money
from app.purchasing.answers import Acknowledgement, Answers, CancellationTold, ShipmentTold
from app.purchasing.channel import Awaiting, ChannelSettings, Presence, Stopping
from tests.adapters.channels.partner import NOTE, SENDER, sending
from tests.adapters.settings import set_up
from tests.adapters.stores.conftest import CLIENT_ID, CLIENT_SECRET, configured, simulator
from tests.simulators.shopify import Control
from tests.simulators.shopify.config import API_VERSION
from tests.simulators.shopify.graphql.schema import published

__all__ = ["configured", "set_up", "simulator"]
DOCUMENTS = sorted(Path("app/adapters/channels/shopify_shop/graphql").glob("*.graphql"))
LINES = tuple(
    replace(line, id=f"line-{line.position}", wholesale_price=replace(line.wholesale_price, currency="USD"))
    for line in NOTE.lines
)
ORDER = replace(NOTE, lines=LINES, total=Money(4250, "USD"), shipping=Money(0, "USD"))
FULFIL = """
mutation($fulfillment: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $fulfillment) { fulfillment { id } userErrors { message } } }
"""
UNDO = "mutation($id: ID!) { fulfillmentCancel(id: $id) { fulfillment { status } userErrors { message } } }"
_numbers = itertools.count(1)


@dataclass(slots=True)
class Shop:
    """The supplier's shop and our channel to it."""

    control: Control
    domain: str
    settings: ChannelSettings

    channel = registries.channels.get("shopify_shop")

    def orders(self) -> list[dict[str, Any]]:
        """The shop's orders."""
        return self.control.orders(self.domain)

    def send(self, note: Any = ORDER, *, again: bool = False) -> str:
        """Transmit; the shop's id of the order."""
        sent = self.channel.transmit([note], self.settings, sending(again=again))
        assert sent.confirmed
        return sent.reference

    def poll(self) -> Answers:
        """Look once."""
        answers = self.channel.poll(self.settings, Awaiting(ORDER.released_at, {ORDER.number}.intersection))
        self.settings = replace(self.settings, marks={**self.settings.marks, **answers.marks})
        return answers

    def staff(self, query: str, variables: dict[str, Any]) -> Any:
        """What the supplier's people do."""
        token = self.control.issue_tokens(self.domain)["access_token"]
        answer = requests.post(
            f"{self.control.url}/{self.domain}/admin/api/{API_VERSION}/graphql.json",
            json={"query": query, "variables": variables},
            headers={"X-Shopify-Access-Token": token},
            timeout=20,
        ).json()
        assert "errors" not in answer, answer
        (done,) = answer["data"].values()
        assert done["userErrors"] == []
        return done

    def fulfil(self, quantities: dict[str, int], number: str, *, order: dict[str, Any] | None = None) -> str:
        """Ship units of an order (the only one unless told) by SKU; the fulfilment's id."""
        order = self.control.wait_until_routed(self.domain, (order or self.orders()[0])["id"])
        skus = {line["id"]: line["sku"] for line in order["lines"]}
        (whole,) = [one for one in order["fulfillment_orders"] if one["status"] in ("OPEN", "IN_PROGRESS")]
        parts = [
            {
                "id": f"gid://shopify/FulfillmentOrderLineItem/{part['id']}",
                "quantity": quantities[skus[part["line_item_id"]]],
            }
            for part in whole["lines"]
            if skus[part["line_item_id"]] in quantities
        ]
        given = {
            "lineItemsByFulfillmentOrder": [
                {
                    "fulfillmentOrderId": f"gid://shopify/FulfillmentOrder/{whole['id']}",
                    "fulfillmentOrderLineItems": parts,
                }
            ],
            "trackingInfo": {"company": "UPS", "number": number, "url": f"https://ups.example/{number}"},
        }
        return str(self.staff(FULFIL, {"fulfillment": given})["fulfillment"]["id"])


def opened(control: Control, name: str, sku: str) -> str:
    """The domain of a new shop that has ten lamps, with an app of its own that may make orders and see them sent."""
    domain = f"{name.lower()}-{next(_numbers)}.myshopify.com"
    control.add_shop(domain, name)
    control.install(domain)
    control.grant_scopes(
        domain,
        ["read_products", "write_orders", "read_orders", "write_merchant_managed_fulfillment_orders",
         "read_merchant_managed_fulfillment_orders", "read_locations"],
    )  # fmt: skip
    control.add_product(domain, "Lamp", sku, price="39.00", available=10)
    return domain


@pytest.fixture
def shop(configured: Control) -> Shop:
    """A shop that has what is ordered, with an app of its own."""
    domain = opened(configured, "Bright", "LAMP-1")
    configured.add_product(domain, "Bulb", "BULB-9", price="4.00", available=10)
    channel = registries.channels.get("shopify_shop")
    values = {one.name: one.default for one in channel.form if one.default}
    values |= {"shop": domain, "client_id": CLIENT_ID}
    return Shop(
        configured,
        domain,
        ChannelSettings(supplier_id=ORDER.supplier_id, values=values, secrets={"client_secret": CLIENT_SECRET}),
    )


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_a_document_fits_the_published_schema(path: Path) -> None:
    document = parse(path.read_text())
    assert [str(error) for error in validate(published().schema, document, specified_rules)] == []
    assert [str(error) for error in validate(published().schema, document, [NoDeprecatedCustomRule])] == []


def test_a_purchase_order_is_an_order_there_at_our_prices(shop: Shop) -> None:
    assert "USD" in shop.channel.test(shop.settings)
    reference = shop.send()
    (order,) = shop.orders()
    assert reference == f"gid://shopify/Order/{order['id']}"
    assert [(line["sku"], line["quantity"], line["price"]) for line in order["lines"]] == [
        ("LAMP-1", 2, "15.00"),
        ("BULB-9", 5, "2.50"),
    ]
    assert order["tags"] == ["Crossdock", "crossdock-1001-1"]
    assert order["shipping_address"]["city"] == "Łódź"
    assert order["email"] is None, "the shopper hears from its own store only"


ABOUT = "query($id: ID!) { order(id: $id) { note customAttributes { key value } } }"


def test_an_order_says_who_stands_on_the_parcel(shop: Shop) -> None:
    reference = shop.send(replace(ORDER, sender=replace(SENDER, as_return_address=False)))
    token = shop.control.issue_tokens(shop.domain)["access_token"]
    told = requests.post(
        f"{shop.control.url}/{shop.domain}/admin/api/{API_VERSION}/graphql.json",
        json={"query": ABOUT, "variables": {"id": reference}},
        headers={"X-Shopify-Access-Token": token},
        timeout=20,
    ).json()["data"]["order"]
    line = "Northwind Returns, Northwind Home Inc., 77 Retail Street, 04101 Portland ME, US, +12075552368"
    assert told["note"].splitlines()[1:] == [f"Sender on the parcel: {line}"]
    assert told["customAttributes"][1:] == [{"key": "Sender on the parcel", "value": line}]


def test_after_a_lost_answer_the_order_is_found_and_not_made_twice(shop: Shop) -> None:
    shop.control.add_fault("drop_after_effect", {"operation": "orderCreate", "shop": shop.domain})
    with pytest.raises(Unavailable):
        shop.send()
    found = shop.channel.probe(ORDER, shop.settings, sending())
    assert found.presence is Presence.FOUND
    assert shop.send(again=True) == found.reference
    assert len(shop.orders()) == 1
    other = replace(ORDER, number="1002-1")
    assert shop.channel.probe(other, shop.settings, sending(8)).presence is Presence.ABSENT


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"lines": (replace(LINES[0], sku="LAMP-7"),)}, "unknown_sku"),
        ({"lines": (replace(LINES[0], quantity=11),)}, "out_of_stock"),
        ({"total": Money(4250, "EUR")}, "other_currency"),
    ],
)
def test_what_the_shop_can_not_take_is_refused_in_words(shop: Shop, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Rejected) as caught:
        shop.send(replace(ORDER, **changes))
    assert caught.value.code == code
    assert "our shop" in caught.value.message
    assert shop.orders() == []


def test_an_app_that_is_refused_is_told(shop: Shop) -> None:
    shop.settings = replace(shop.settings, secrets={"client_secret": "guess"})
    with pytest.raises(CredentialsRefused):
        shop.channel.test(shop.settings)
    token = str(shop.control.issue_tokens(shop.domain)["access_token"])
    shop.settings = replace(shop.settings, secrets={"access_token": token})
    assert shop.channel.test(shop.settings)


def test_fulfilments_come_back_as_parcels_with_their_lines(shop: Shop) -> None:
    shop.send()
    (taken,) = shop.poll().answers
    assert isinstance(taken, Acknowledgement)
    assert (taken.number, taken.whole) == ("1001-1", "accepted")

    shop.fulfil({"LAMP-1": 2, "BULB-9": 3}, "1Z999AA10123456784")
    last = shop.fulfil({"BULB-9": 2}, "1Z999AA10123456785")
    found = shop.poll()
    told = [one for one in found.answers if isinstance(one, ShipmentTold)]
    assert [
        (parcel.carrier, parcel.tracking_number, [(name.line_id, units) for name, units in parcel.lines])
        for one in told
        for parcel in one.parcels
    ] == [
        ("UPS", "1Z999AA10123456784", [("line-1", 2), ("line-2", 3)]),
        ("UPS", "1Z999AA10123456785", [("line-2", 2)]),
    ]
    assert {one.key for one in shop.poll().answers} == {one.key for one in found.answers}, "the same once more"

    shop.staff(UNDO, {"id": last})
    (undone,) = shop.poll().unreadable
    assert "1Z999AA10123456785" in undone.problem


def test_what_the_supplier_takes_off_or_cancels_is_an_answer(shop: Shop) -> None:
    shop.send()
    (order,) = shop.orders()
    shop.control.wait_until_routed(shop.domain, order["id"])
    shop.control.edit_order(shop.domain, order["id"], {order["lines"][1]["id"]: 3})
    less = [one for one in shop.poll().answers if isinstance(one, Acknowledgement) and one.lines]
    assert [(line.line.line_id, line.answer, line.quantity) for one in less for line in one.lines] == [
        ("line-2", "rejected", 2)
    ]
    shop.control.cancel_order(shop.domain, order["id"])
    (end,) = shop.poll().answers
    assert isinstance(end, CancellationTold)


def test_what_is_withdrawn_is_taken_off_or_cancelled_there(shop: Shop) -> None:
    reference = shop.send()
    shop.control.wait_until_routed(shop.domain, shop.orders()[0]["id"])
    less = replace(ORDER, lines=(replace(LINES[1], quantity=4),))
    assert shop.channel.cancel(less, reference, shop.settings, sending(8)) is Stopping.STOPPED
    assert [line["current_quantity"] for line in shop.orders()[0]["lines"]] == [0, 4]
    assert shop.channel.cancel(less, reference, shop.settings, sending(8)) is Stopping.STOPPED, "asked again: done"

    gone = replace(ORDER, lines=())
    assert shop.channel.cancel(gone, reference, shop.settings, sending(9)) is Stopping.STOPPED
    assert shop.orders()[0]["cancelled_at"]
    assert shop.channel.cancel(gone, reference, shop.settings, sending(9)) is Stopping.STOPPED


def test_what_has_left_can_not_be_stopped(shop: Shop) -> None:
    reference = shop.send()
    shop.fulfil({"LAMP-1": 2}, "1Z999AA10123456784")
    gone = replace(ORDER, lines=())
    assert shop.channel.cancel(gone, reference, shop.settings, sending(8)) is Stopping.REFUSED


def test_orders_of_others_are_left_alone(shop: Shop) -> None:
    shop.control.create_order(shop.domain, [{"sku": "LAMP-1", "quantity": 1}], tags=["crossdock-9-9"])
    assert shop.poll().answers == []


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"shop": "bright.example"}, "shop"),
        ({"shop": "x.myshopify.com@evil.example"}, "shop"),
        ({"client_id": ""}, "client_id"),
    ],
)
def test_settings_that_can_not_be_are_refused_by_their_field(
    shop: Shop, set_up: Callable[..., None], values: dict[str, str], field: str
) -> None:
    shop.channel.check(shop.settings)
    with pytest.raises(Invalid) as caught:
        shop.channel.check(replace(shop.settings, values={**shop.settings.values, **values}))
    assert [one.field for one in caught.value.errors] == [field]


def test_what_changed_beyond_one_look_is_read_by_the_next(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "_PAGES", 2)
    monkeypatch.setitem(client._DOCUMENTS, "orders", client._DOCUMENTS["orders"].replace("first: 50", "first: 1"))
    for number in ("1001-7", "1001-8", ORDER.number):
        shop.send(replace(ORDER, number=number, lines=LINES[:1]))
        shop.control.advance_clock(60)
    first = shop.poll()
    assert (list(first.answers), first.more) == ([], True)
    assert [one.number for one in shop.poll().answers] == [ORDER.number]


def test_a_large_order_is_read_whole(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, small in (
        ("order", {"lineItems(first: 100": "lineItems(first: 1", "fulfillments(first: 20": "fulfillments(first: 1"}),
        ("order", {"fulfillmentLineItems(first: 50": "fulfillmentLineItems(first: 1"}),
        ("order_lines", {"first: 250": "first: 1"}),
        ("fulfillment_lines", {"first: 250": "first: 1"}),
    ):
        for said, instead in small.items():
            assert said in client._DOCUMENTS[name]
            monkeypatch.setitem(client._DOCUMENTS, name, client._DOCUMENTS[name].replace(said, instead))
    reference = shop.send()
    shop.fulfil({"LAMP-1": 1, "BULB-9": 3}, "1Z999AA10123456784")
    shop.fulfil({"LAMP-1": 1, "BULB-9": 1}, "1Z999AA10123456785")
    told = [one for one in shop.poll().answers if isinstance(one, ShipmentTold)]
    assert [[(name.line_id, units) for name, units in parcel.lines] for one in told for parcel in one.parcels] == [
        [("line-1", 1), ("line-2", 3)],
        [("line-1", 1), ("line-2", 1)],
    ]
    less = replace(ORDER, lines=(replace(LINES[0], quantity=2), replace(LINES[1], quantity=4)))
    assert shop.channel.cancel(less, reference, shop.settings, sending(8)) is Stopping.STOPPED
    assert [line["current_quantity"] for line in shop.orders()[0]["lines"]] == [2, 4]


HOLD = """
mutation($id: ID!, $hold: FulfillmentOrderHoldInput!) {
  fulfillmentOrderHold(id: $id, fulfillmentHold: $hold) { fulfillmentOrder { id } userErrors { message } } }
"""
RELEASE = """
mutation($id: ID!) { fulfillmentOrderReleaseHold(id: $id) { fulfillmentOrder { id } userErrors { message } } }
"""


def test_what_its_people_hold_for_a_day_comes_later_and_what_they_let_go_comes(shop: Shop) -> None:
    shop.send()
    shop.poll()
    order = shop.control.wait_until_routed(shop.domain, shop.orders()[0]["id"])
    (whole,) = order["fulfillment_orders"]
    sku = {line["id"]: line["sku"] for line in order["lines"]}
    (bulbs,) = [part["id"] for part in whole["lines"] if sku[part["line_item_id"]] == "BULB-9"]
    reference = f"gid://shopify/FulfillmentOrder/{whole['id']}"

    def hold(note: str, handle: str) -> None:
        items = [{"id": f"gid://shopify/FulfillmentOrderLineItem/{bulbs}", "quantity": 3}]
        given = {
            "reason": "INVENTORY_OUT_OF_STOCK", "reasonNotes": note, "handle": handle,
            "fulfillmentOrderLineItems": items if handle == "first" else [],
        }  # fmt: skip
        shop.staff(HOLD, {"id": reference, "hold": given})

    hold("Sold out", "first")
    told = shop.poll()
    assert [one.problem for one in told.unreadable if "write the day" in one.problem], "nobody guesses a day"
    hold("Back on 2026-12-24, says the factory", "second")
    (later,) = [one for one in shop.poll().answers if ":later:" in one.key]
    assert isinstance(later, Acknowledgement)
    assert [(one.line.line_id, one.answer, one.quantity, one.available_on) for one in later.lines] == [
        ("line-2", "backordered", 3, date(2026, 12, 24))
    ]
    assert later.key in {one.key for one in shop.poll().answers}, "the same state is the same answer"
    shop.staff(RELEASE, {"id": reference})
    (there,) = [one for one in shop.poll().answers if ":there:" in one.key]
    assert isinstance(there, Acknowledgement) and there.whole == "accepted"
