"""What hooks say: Shopify's payloads in our words, and a clear refusal of bodies that are something else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.adapters.stores.shopify.translate import _READERS, translate
from app.stores.hooks import (
    AppUninstalled,
    CancellationAsked,
    FulfillmentAsked,
    Ignored,
    OrderCancelled,
    OrderReported,
    PrivacyAsked,
    ProductEdited,
    ProductRemoved,
    ScopesChanged,
)
from app.stores.store_orders import BesideGoods
from tests.samples import sample

ORDER: dict[str, Any] = {
    "id": 820982911946154508,
    "admin_graphql_api_id": "gid://shopify/Order/820982911946154508",
    "name": "#1001",
    "created_at": "2026-11-01T10:00:00-04:00",
    "updated_at": "2026-11-01T10:05:00-04:00",
    "processed_at": "2026-11-01T10:00:00-04:00",
    "currency": "USD",
    "financial_status": "paid",
    "cancelled_at": None,
    "test": False,
    "note": "Ring twice",
    "email": "ada@shopper.example",
    "line_items": [
        {
            "id": 11,
            "admin_graphql_api_id": "gid://shopify/LineItem/11",
            "variant_id": 808950810,
            "title": "Desk lamp",
            "sku": "LAMP",
            "quantity": 3,
            "current_quantity": 2,
            "price": "25.00",
            "price_set": {"shop_money": {"amount": "25.00", "currency_code": "USD"}},
            "requires_shipping": True,
        },
        {
            "id": 12,
            "admin_graphql_api_id": "gid://shopify/LineItem/12",
            "variant_id": None,
            "title": "Gift wrapping",
            "sku": None,
            "quantity": 1,
            "current_quantity": 1,
            "price": "3.00",
            "price_set": {"shop_money": {"amount": "3.00", "currency_code": "USD"}},
            "requires_shipping": False,
        },
    ],
    "shipping_address": {
        "name": "Ada Lovelace",
        "address1": "12 St James's Square",
        "address2": None,
        "city": "London",
        "zip": "SW1Y 4JH",
        "province": None,
        "province_code": None,
        "country": "United Kingdom",
        "country_code": "GB",
        "phone": "+442079460958",
        "company": None,
    },
}


def said(topic: str, body: Any) -> Any:
    return translate(topic, json.dumps(body).encode())


def test_a_paid_order_is_reported_with_what_is_still_to_be_sent() -> None:
    fact = said("orders/paid", ORDER)
    assert isinstance(fact, OrderReported)
    order = fact.order
    assert (order.external_id, order.name, order.currency, order.paid) == (
        "gid://shopify/Order/820982911946154508", "#1001", "USD", True,
    )  # fmt: skip
    assert [(line.external_variant_id, line.quantity) for line in order.lines] == [
        ("gid://shopify/ProductVariant/808950810", 2),
        (None, 1),
    ]
    assert order.lines[0].unit_price is not None
    assert order.lines[0].unit_price.to_json() == {"amount": "25.00", "currency": "USD"}
    assert order.address is not None
    assert (order.address.country_code, order.address.postal_code, order.address.email) == (
        "GB", "SW1Y 4JH", "ada@shopper.example",
    )  # fmt: skip
    assert "Lovelace" not in repr(order.address)


def _told(amount: str) -> dict[str, Any]:
    return {"price": amount, "price_set": {"shop_money": {"amount": amount, "currency_code": "USD"}}}


@pytest.mark.parametrize(
    ("changes", "line_taxes", "beside"),
    [
        ({}, [], None),
        ({"shipping_lines": []}, [], BesideGoods(delivery=0)),
        ({"shipping_lines": [_told("4.00") | {"discounted_price": "1.50"}]}, [], BesideGoods(delivery=150)),
        ({"shipping_lines": [{"price": "much"}]}, [], None),
        ({"shipping_lines": [_told("4.00")], "taxes_included": True, "total_tax": "9"}, [], BesideGoods(delivery=400)),
        ({"shipping_lines": [_told("4.00")], "total_tax": "9.00"}, [], BesideGoods(delivery=400, taxes=900)),
        (
            {"shipping_lines": [_told("4.00")], "total_tax": "9.00"},
            [_told("8.01"), _told("0.10")],
            BesideGoods(delivery=489, taxes=811, taxes_by_line={"line": 406}),
        ),
    ],
)
def test_what_a_customer_pays_beside_the_goods_is_told(changes: Any, line_taxes: Any, beside: BesideGoods) -> None:
    line = {"id": 1, "admin_graphql_api_id": "line", "quantity": 2, "price": "25.00", "tax_lines": line_taxes}
    assert said("orders/paid", {**ORDER, "line_items": [line], **changes}).order.beside_goods == beside


def test_a_digital_order_has_no_address_and_an_unpaid_one_says_so() -> None:
    order = said("orders/updated", {**ORDER, "shipping_address": None, "financial_status": "pending"}).order
    assert order.address is None
    assert order.paid is False


@pytest.mark.parametrize(
    ("topic", "body", "fact"),
    [
        ("orders/cancelled", ORDER, OrderCancelled("gid://shopify/Order/820982911946154508")),
        ("app/uninstalled", {"id": 1, "myshopify_domain": "a.myshopify.com"}, AppUninstalled()),
        (
            "app/scopes_update",
            {"previous": [], "current": ["read_products", "write_products"]},
            ScopesChanged(("read_products", "write_products")),
        ),
        ("products/delete", {"id": 788032119674292922}, ProductRemoved("gid://shopify/Product/788032119674292922")),
        (
            "fulfillment_orders/hold_released",
            {"fulfillment_order": {"id": "gid://shopify/FulfillmentOrder/1", "status": "open"}},
            FulfillmentAsked(None, "gid://shopify/FulfillmentOrder/1"),
        ),
        (
            "fulfillment_orders/hold_released",
            {"fulfillment_order": {"id": 7, "order_id": 8}},
            FulfillmentAsked("gid://shopify/Order/8", "gid://shopify/FulfillmentOrder/7"),
        ),
        (
            "fulfillment_orders/fulfillment_request_submitted",
            {
                "original_fulfillment_order": {"id": "gid://shopify/FulfillmentOrder/1"},
                "submitted_fulfillment_order": {"id": "gid://shopify/FulfillmentOrder/2"},
            },
            FulfillmentAsked(None, "gid://shopify/FulfillmentOrder/2"),
        ),
        (
            "orders/edited",
            {"order_edit": {"id": 1, "order_id": 820982911946154508}},
            FulfillmentAsked("gid://shopify/Order/820982911946154508", None),
        ),
        (
            "customers/data_request",
            {"shop_id": 1, "orders_requested": [299938], "data_request": {"id": 9}},
            PrivacyAsked("customer_data", ("gid://shopify/Order/299938",)),
        ),
        (
            "fulfillment_orders/cancellation_request_submitted",
            {"fulfillment_order": {"id": "gid://shopify/FulfillmentOrder/1"}},
            CancellationAsked("gid://shopify/FulfillmentOrder/1"),
        ),
        (
            "customers/redact",
            {"shop_id": 1, "customer": {"id": 2}, "orders_to_redact": [299938, 280263]},
            PrivacyAsked("customer_redact", ("gid://shopify/Order/299938", "gid://shopify/Order/280263")),
        ),
        ("shop/redact", {"shop_id": 1}, PrivacyAsked("shop_redact", ())),
        ("themes/publish", {}, Ignored("nothing is to be done for themes/publish")),
    ],
)
def test_each_topic_says_one_thing(topic: str, body: Any, fact: Any) -> None:
    assert said(topic, body) == fact


def test_a_changed_product_tells_its_prices_by_variant() -> None:
    fact = said(
        "products/update",
        {
            "id": 1,
            "admin_graphql_api_id": "gid://shopify/Product/1",
            "title": "Lamp, renamed",
            "body_html": "<p>New</p>",
            "updated_at": "2026-11-01T10:05:00Z",
            "variants": [{"id": 5, "admin_graphql_api_id": "gid://shopify/ProductVariant/5", "price": "31.00"}],
        },
    )
    assert isinstance(fact, ProductEdited)
    assert (fact.title, dict(fact.prices)) == ("Lamp, renamed", {"gid://shopify/ProductVariant/5": "31.00"})


def test_an_id_that_was_rounded_on_its_way_is_taken_from_the_global_one() -> None:
    rounded = {**ORDER, "id": 820982911946154500}
    assert said("orders/paid", rounded).order.external_id == "gid://shopify/Order/820982911946154508"


@pytest.mark.parametrize(
    ("status", "paid"),
    [
        ("paid", True),
        ("PAID", True),
        ("partially_refunded", True),
        ("pending", False),
        ("authorized", False),
        ("partially_paid", False),
        ("refunded", False),
        ("voided", False),
        ("expired", False),
        (None, False),
        (True, False),
    ],
)
def test_only_an_order_whose_money_was_taken_and_kept_is_paid(status: Any, paid: bool) -> None:
    assert said("orders/updated", {**ORDER, "financial_status": status}).order.paid is paid


def test_who_a_parcel_is_for_is_found_where_the_shop_wrote_it() -> None:
    address = {**ORDER["shipping_address"], "name": None, "first_name": "Ada", "last_name": "Lovelace", "phone": None}
    customer = {"email": "ada@customer.example", "phone": "+15550100"}
    order = said("orders/paid", {**ORDER, "shipping_address": address, "email": None, "customer": customer}).order
    assert (order.address.name, order.address.phone, order.address.email) == (
        "Ada Lovelace", "+15550100", "ada@customer.example",
    )  # fmt: skip


def test_what_a_database_can_not_hold_is_taken_out_of_texts() -> None:
    order = said("orders/paid", {**ORDER, "note": "Ring\x00 twice \x00"}).order
    assert order.note == "Ring twice"


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[]", b"null", b"1", b'{"id": 1'])
@pytest.mark.parametrize("topic", sorted(_READERS))
def test_a_body_that_is_no_object_is_refused(topic: str, body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        translate(topic, body)


@pytest.mark.parametrize(
    "change",
    [
        {"line_items": ["lamp"]},
        {"line_items": [{"id": None, "variant_id": 1, "title": "A", "price": "1.00", "quantity": 1}]},
        {"line_items": [{"id": 1, "variant_id": 1, "title": "A", "price": "1.00", "quantity": 1.5}]},
        {"line_items": [{"id": 1, "variant_id": 1, "title": "A", "price": "1.00", "quantity": -1}]},
        {"line_items": [{"id": 1, "variant_id": 1, "title": "A", "price": "1.00", "quantity": "2"}]},
        {"id": None, "admin_graphql_api_id": None},
        {"id": 1.5, "admin_graphql_api_id": None},
    ],
)
def test_an_order_that_is_none_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        said("orders/paid", {**ORDER, **change})


@pytest.mark.parametrize("price", [None, "free", "1,50", "NaN", "-1.00", "1e400", "9e25", ["1.00"]])
def test_a_price_that_is_none_is_unknown_and_holds_up_nothing(price: Any) -> None:
    line = {"id": 1, "variant_id": 2, "title": "A", "quantity": 1, "price": price}
    (read,) = said("orders/paid", {**ORDER, "line_items": [line]}).order.lines
    assert read.unit_price is None
    assert read.external_variant_id == "gid://shopify/ProductVariant/2"


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)


@settings(deadline=None)
@given(
    st.sampled_from(sorted(_READERS)),
    st.dictionaries(
        st.sampled_from([*ORDER, "order_edit", "fulfillment_order", "variants", "current", "orders_to_redact"]), _json
    ),
)
def test_any_object_is_understood_or_refused(topic: str, body: dict[str, Any]) -> None:
    try:
        said(topic, {**ORDER, **body})
    except ValueError:
        return


@pytest.mark.parametrize("topic", sorted(_READERS))
def test_a_real_payload_of_each_topic_is_understood(topic: str) -> None:
    path = sample(f"payloads/shopify-webhook-{topic.replace('/', '-')}.json")
    assert not isinstance(translate(topic, path.read_bytes()), Ignored)


@pytest.mark.parametrize(
    ("name", "paid", "cancelled", "quantities"),
    [
        ("EUR-custom-item-guest", True, False, [3]),
        ("cancelled-refunded", False, True, [0, 0, 0]),
        ("cancelled", True, True, [0, 1, 0]),
        ("customer-removed", True, False, [0, 1, 0]),
        ("discount-code", True, False, [1]),
        ("partially-paid", False, False, [1]),
        ("partially-refunded", True, False, [0, 1, 0]),
        ("pending", False, False, [1]),
        ("three-custom-items", True, False, [1, 1, 2]),
    ],
)
def test_a_real_order_wants_what_is_left_of_it(name: str, paid: bool, cancelled: bool, quantities: list[int]) -> None:
    fact = translate("orders/updated", sample(f"payloads/shopify-order-{name}.json").read_bytes())
    assert isinstance(fact, OrderReported)
    assert (fact.order.paid, fact.order.cancelled) == (paid, cancelled)
    assert [line.quantity for line in fact.order.lines] == quantities
    assert all(line.unit_price is not None for line in fact.order.lines)
