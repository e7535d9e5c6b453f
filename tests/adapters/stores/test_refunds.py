"""Refunds in a simulated Shopify shop: the suggested amount, once, whatever became of the answer; and the whole order
cancelled where nothing is left of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from app.kit.errors import Rejected, Unavailable
from app.kit.money import Money
from app.stores.money_back import RefundMade, RefundPending, RefundWish
from tests.adapters.stores.shop import Shop, listing, number, pushed

LAMP = Money(2990, "USD")


@pytest.fixture
def shop(open_shop: Any) -> Shop:
    """A shop whose merchant lets us refund."""
    found: Shop = open_shop()
    return permitted(found, "write_orders")


def permitted(shop: Shop, *more: str) -> Shop:
    """The merchant grants more, and we have a token that may."""
    shop.control.grant_scopes(shop.domain, [*shop.access.credentials.scopes, *more])
    token = str(shop.control.issue_tokens(shop.domain)["access_token"])
    return replace(shop, access=replace(shop.access, credentials=replace(shop.access.credentials, access_token=token)))


def bought(shop: Shop, *units: int, **details: Any) -> tuple[dict[str, Any], list[str]]:
    """A paid order of so many units of each line, with the ids of its lines."""
    place = shop.location()
    lines = []
    for index, count in enumerate(units):
        made = pushed(shop, listing(place, key=f"article-{index}", variants=1))
        lines.append({"variant_id": number(made.variants[0].external_id), "quantity": count})
    order = shop.control.create_order(shop.domain, lines, shipping_price="5.00", **details)
    whole = shop.control.wait_until_routed(shop.domain, order["id"])
    return whole, [f"gid://shopify/LineItem/{line['id']}" for line in whole["lines"]]


def wish(order: Mapping[str, Any], units: Mapping[str, int], **changes: Any) -> RefundWish:
    values: dict[str, Any] = {
        "reference": "CD-0123456789abcdef",
        "key": "refund:0",
        "external_order_id": f"gid://shopify/Order/{order['id']}",
        "units": units,
        "shipping": False,
        "amount": None,
        "note": "Not delivered",
        "notify": False,
    }
    return RefundWish(**{**values, **changes})


def seen(shop: Shop, order: Mapping[str, Any]) -> dict[str, Any]:
    return shop.control.order(shop.domain, order["id"])


def test_what_the_store_suggests_is_told_and_then_given_back(shop: Shop) -> None:
    order, (lamp, _) = bought(shop, 3, 1)
    wanted = wish(order, {lamp: 2})
    told = shop.adapter.suggest_refund(shop.access, wanted)
    assert (told.amount, told.most) == (LAMP * 2, LAMP * 4 + Money(500, "USD"))
    made = shop.adapter.refund(shop.access, wanted)
    assert isinstance(made, RefundMade)
    assert (made.amount, made.cancelled) == (LAMP * 2, False)
    after = seen(shop, order)
    assert [(one["amount"], one["note"]) for one in after["refunds"]] == [
        ("59.8", "Not delivered [CD-0123456789abcdef]")
    ]
    assert [line["current_quantity"] for line in after["lines"]] == [1, 1]
    with_delivery = wish(order, {lamp: 1}, reference="CD-2", key="refund:2", shipping=True)
    assert shop.adapter.suggest_refund(shop.access, with_delivery).amount == LAMP + Money(500, "USD")


def test_an_amount_of_the_retailers_own_is_given_back_as_far_as_it_was_paid(shop: Shop) -> None:
    order, (lamp,) = bought(shop, 2)
    made = shop.adapter.refund(shop.access, wish(order, {lamp: 1}, amount=Money(1000, "USD")))
    assert isinstance(made, RefundMade) and made.amount == Money(1000, "USD")
    with pytest.raises(Rejected) as refused:
        shop.adapter.refund(shop.access, wish(order, {lamp: 1}, reference="CD-2", key="k2", amount=Money(9000, "USD")))
    assert refused.value.code == "too_much"
    assert len(seen(shop, order)["refunds"]) == 1


def test_the_same_wish_again_finds_the_refund_that_it_made(shop: Shop) -> None:
    order, (lamp,) = bought(shop, 2)
    first = shop.adapter.refund(shop.access, wish(order, {lamp: 1}))
    # Another key: Shopify itself would make it a second time.
    assert shop.adapter.refund(shop.access, wish(order, {lamp: 1}, key="another")) == first
    assert len(seen(shop, order)["refunds"]) == 1


@pytest.mark.parametrize(("fault", "made"), [("drop_before", 0), ("drop_after_effect", 1)])
def test_a_lost_answer_makes_no_second_refund(shop: Shop, fault: str, made: int) -> None:
    order, (lamp,) = bought(shop, 2)
    shop.control.add_fault(fault, {"operation": "refundCreate", "shop": shop.domain}, times=1)
    with pytest.raises(Unavailable):
        shop.adapter.refund(shop.access, wish(order, {lamp: 1}))
    assert len(seen(shop, order)["refunds"]) == made
    found = shop.adapter.refund(shop.access, wish(order, {lamp: 1}))
    assert isinstance(found, RefundMade) and found.amount == LAMP
    assert len(seen(shop, order)["refunds"]) == 1


def test_units_that_the_merchant_refunded_are_not_refunded_again(shop: Shop) -> None:
    order, (lamp,) = bought(shop, 2)
    shop.control.refund_order(shop.domain, order["id"], {number(lamp): 1})
    with pytest.raises(Rejected) as partly:
        shop.adapter.refund(shop.access, wish(order, {lamp: 2}))
    assert partly.value.code == "partly_refunded"
    shop.control.refund_order(shop.domain, order["id"], {number(lamp): 1})
    with pytest.raises(Rejected) as already:
        shop.adapter.refund(shop.access, wish(order, {lamp: 2}))
    assert already.value.code == "already_refunded"
    assert Decimal(seen(shop, order)["refunded"]) == Decimal("59.80")


def test_an_order_of_which_nothing_is_left_is_cancelled_with_all_its_money(shop: Shop) -> None:
    order, (lamp, chair) = bought(shop, 2, 1)
    wanted = wish(order, {lamp: 2, chair: 1}, whole=True)
    assert shop.adapter.suggest_refund(shop.access, wanted).amount == LAMP * 3 + Money(500, "USD")
    begun = shop.adapter.refund(shop.access, wanted)
    assert isinstance(begun, RefundPending)
    pending = replace(wanted, pending=begun.pending)

    def ended() -> RefundMade | None:
        outcome = shop.adapter.refund(shop.access, pending)
        return outcome if isinstance(outcome, RefundMade) else None

    made = shop.control.wait_for(ended, "the order is cancelled")
    assert (made.cancelled, made.amount) == (True, LAMP * 3 + Money(500, "USD"))
    after = seen(shop, order)
    assert (after["financial_status"], after["cancel_reason"]) == ("REFUNDED", "INVENTORY")
    assert shop.adapter.refund(shop.access, wanted) == made


def test_an_order_with_goods_of_the_merchants_own_is_refunded_in_part_only(shop: Shop) -> None:
    place = shop.location()
    made = pushed(shop, listing(place, variants=1))
    lines = [
        {"variant_id": number(made.variants[0].external_id), "quantity": 1},
        {"title": "Gift wrapping", "price": "3.00", "quantity": 1},
    ]
    order = shop.control.create_order(shop.domain, lines)
    whole = shop.control.wait_until_routed(shop.domain, order["id"])
    lamp = f"gid://shopify/LineItem/{whole['lines'][0]['id']}"
    outcome = shop.adapter.refund(shop.access, wish(order, {lamp: 1}, whole=True))
    assert isinstance(outcome, RefundMade) and not outcome.cancelled
    assert seen(shop, order)["cancelled_at"] is None


def test_what_can_not_be_cancelled_after_all_is_refunded_line_by_line(shop: Shop) -> None:
    order, (lamp,) = bought(shop, 1)
    # The store's work ended without cancelling it.
    outcome = shop.adapter.refund(shop.access, wish(order, {lamp: 1}, whole=True, pending="gid://shopify/Job/1"))
    assert isinstance(outcome, RefundMade)
    assert (outcome.cancelled, outcome.amount) == (False, LAMP)


def test_without_the_permission_nothing_is_given_back(open_shop: Any) -> None:
    shop = open_shop()
    order, (lamp,) = bought(shop, 1)
    with pytest.raises(Rejected) as refused:
        shop.adapter.refund(shop.access, wish(order, {lamp: 1}))
    assert refused.value.code == "access_denied"
    assert seen(shop, order)["refunds"] == []


def test_what_is_refunded_is_not_put_back_into_the_stock_that_we_set(shop: Shop) -> None:
    order, (lamp,) = bought(shop, 2)
    (before,) = shop.control.levels(shop.domain)
    shop.adapter.refund(shop.access, wish(order, {lamp: 2}))
    (after,) = shop.control.levels(shop.domain)
    assert (before["available"], before["committed"]) == (8, 2)
    assert (after["available"], after["committed"]) == (8, 0)
