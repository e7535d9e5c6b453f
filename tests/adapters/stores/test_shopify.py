"""Shopify from the installation to the parcel, against the simulated Shopify."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from app.adapters.stores.shopify.adapter import Shopify
from app.adapters.stores.shopify.client import AdminClient
from app.adapters.stores.shopify.embedding import exchange
from app.kit import clock
from app.kit.errors import CredentialsRefused, RateLimited, Rejected, Unavailable
from app.kit.money import Money
from app.stores.goods import ListingPushed, LocationRef, PricePush, PushRefused, StockPush, StockSet, StockStale
from app.stores.parcels import TrackingPush
from app.stores.platform import StoreAccess
from tests.adapters.stores.shop import Shop, again, listing, number, ordered, pushed

# Getting in


def test_the_shops_facts_are_read_and_our_metafield_is_there_however_often(shop: Shop) -> None:
    facts = shop.adapter.describe_shop(shop.access)
    assert facts.external_id == shop.domain
    assert (facts.currency, facts.country) == ("USD", "US")
    assert facts.remember["publication_id"].startswith("gid://shopify/Publication/")


def test_a_token_expires_is_refreshed_and_the_old_one_is_dead(shop: Shop) -> None:
    first = shop.access.credentials
    assert first.expires_at is not None
    assert timedelta(minutes=50) < first.expires_at - clock.now() <= timedelta(minutes=60)
    shop.control.advance_clock(3700)
    with pytest.raises(CredentialsRefused):
        shop.adapter.describe_shop(shop.access)
    second = shop.adapter.refresh(shop.access)
    assert second.access_token != first.access_token
    assert shop.adapter.describe_shop(replace(shop.access, credentials=second)).external_id == shop.domain


def test_an_id_token_that_is_spent_or_for_another_shop_gives_no_token(
    shop: Shop, open_shop: Callable[[], Shop]
) -> None:
    stale = shop.control.id_token(shop.domain, expires_in=-120)
    with pytest.raises(CredentialsRefused):
        exchange(shop.domain, stale)
    other = open_shop()
    with pytest.raises(CredentialsRefused):
        exchange(shop.domain, shop.control.id_token(other.domain))


def test_after_an_uninstall_nothing_works_until_the_app_is_installed_again(shop: Shop) -> None:
    shop.control.uninstall(shop.domain)
    with pytest.raises(CredentialsRefused):
        shop.adapter.describe_shop(shop.access)
    with pytest.raises(CredentialsRefused):
        shop.adapter.refresh(shop.access)
    shop.control.install(shop.domain)
    fresh = exchange(shop.domain, shop.control.id_token(shop.domain))
    assert shop.adapter.describe_shop(replace(shop.access, credentials=fresh)).external_id == shop.domain


def test_tokens_show_up_in_no_text_of_theirs(shop: Shop) -> None:
    secret = shop.access.credentials.access_token
    assert secret not in repr(shop.access)
    with pytest.raises(CredentialsRefused) as refused:
        shop.adapter.describe_shop(
            StoreAccess(
                external_id=shop.domain, credentials=replace(shop.access.credentials, access_token=secret + "x")
            )
        )
    assert secret not in str(refused.value)


# Products


def test_a_listing_becomes_one_product_with_price_cost_and_stock_at_the_suppliers_place(shop: Shop) -> None:
    place = shop.location()
    made = pushed(shop, listing(place))
    (product,) = shop.control.products(shop.domain)
    assert product["title"] == "Desk lamp"
    assert [one.key for one in made.variants] == ["listing-1-0", "listing-1-1"]
    held = shop.adapter.read_quantities(shop.access, [(one.inventory_id, place.location_id) for one in made.variants])
    assert list(held) == [10, 10]


def test_a_push_whose_answer_was_lost_makes_no_second_product(shop: Shop) -> None:
    wanted = listing(shop.location())
    shop.control.add_fault("drop_after_effect", {"operation": "ProductSet", "shop": shop.domain}, times=1)
    with pytest.raises(Unavailable):
        shop.adapter.push_listings(shop.access, [wanted])
    made = pushed(shop, wanted)
    assert [product["id"] for product in shop.control.products(shop.domain)] == [number(made.external_id)]


def test_what_the_retailer_owns_is_left_alone(shop: Shop) -> None:
    wanted = listing(shop.location())
    made = pushed(shop, wanted)
    shop.control.change_product(shop.domain, number(made.external_id), title="My own lamp")
    pushed(shop, again(wanted, made, title=None, description_html="<p>Brighter.</p>"))
    (product,) = shop.control.products(shop.domain)
    assert product["title"] == "My own lamp"


def test_a_variant_that_comes_later_is_added_and_the_others_keep_their_ids(shop: Shop) -> None:
    place = shop.location()
    wanted = listing(place)
    made = pushed(shop, wanted)
    larger = pushed(shop, again(listing(place, variants=3), made))
    before = {one.key: one.external_id for one in made.variants}
    after = {one.key: one.external_id for one in larger.variants}
    assert {key: after[key] for key in before} == before
    assert len(after) == 3


def test_a_product_that_was_deleted_in_the_shop_is_said_to_be_gone(shop: Shop) -> None:
    wanted = listing(shop.location())
    made = pushed(shop, wanted)
    shop.control.delete_product(shop.domain, number(made.external_id))
    (outcome,) = shop.adapter.push_listings(shop.access, [again(wanted, made)])
    assert isinstance(outcome, PushRefused)
    assert outcome.gone
    shop.adapter.withdraw_listing(shop.access, made.external_id)


def test_a_listing_that_shopify_can_not_take_is_refused_in_our_words(shop: Shop) -> None:
    place = shop.location()
    four = listing(place, option_names=["A", "B", "C", "D"])
    same = listing(place, key="same")
    same = replace(same, variants=[replace(one, options={"Colour": "Red"}) for one in same.variants])
    good = listing(place, key="good")
    outcomes = shop.adapter.push_listings(shop.access, [four, same, good])
    assert isinstance(outcomes[0], PushRefused)
    assert "at most 3 options" in outcomes[0].message
    assert isinstance(outcomes[1], PushRefused)
    assert "same options" in outcomes[1].message
    assert isinstance(outcomes[2], ListingPushed)


def test_a_withdrawn_listing_is_a_draft_and_can_come_back(shop: Shop) -> None:
    wanted = listing(shop.location())
    made = pushed(shop, wanted)
    shop.adapter.withdraw_listing(shop.access, made.external_id)
    assert shop.control.products(shop.domain)[0]["status"] == "DRAFT"
    pushed(shop, again(wanted, made))
    assert shop.control.products(shop.domain)[0]["status"] == "ACTIVE"


def test_prices_change_and_one_that_is_gone_holds_up_no_other(shop: Shop) -> None:
    made = pushed(shop, listing(shop.location()))
    prices = [
        PricePush(
            product_id=product,
            variant_id=made.variants[0].external_id,
            price=Money(3490, "USD"),
            compare_at=Money(3990, "USD"),
            cost=Money(1100, "USD"),
        )
        for product in (made.external_id, "gid://shopify/Product/999999")
    ]
    taken, refused = shop.adapter.push_prices(shop.access, prices)
    assert taken is None
    assert isinstance(refused, PushRefused)
    (product,) = shop.control.products(shop.domain)
    assert "34.90" in [variant["price"] for variant in product["variants"]]


# Stock


def test_a_suppliers_place_is_made_once_even_by_two_at_once(shop: Shop) -> None:
    found: list[LocationRef] = []
    threads = [threading.Thread(target=lambda: found.append(shop.location("Kanto"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len({one.location_id for one in found}) == 1
    assert shop.location("Nordlicht").location_id != found[0].location_id


def test_stock_is_set_only_where_the_shop_holds_what_we_believe(shop: Shop) -> None:
    place = shop.location()
    made = pushed(shop, listing(place))
    first, second = (one.inventory_id for one in made.variants)
    shop.control.set_stock(shop.domain, number(made.variants[1].external_id), number(place.location_id), 4)
    outcomes = shop.adapter.push_stock(
        shop.access,
        [
            StockPush(inventory_id=first, location_id=place.location_id, quantity=7, change_from=10),
            StockPush(inventory_id=second, location_id=place.location_id, quantity=7, change_from=10),
        ],
        key="push-1",
    )
    assert list(outcomes) == [StockSet(), StockStale(4)]
    assert list(
        shop.adapter.read_quantities(shop.access, [(first, place.location_id), (second, place.location_id)])
    ) == [7, 4]


def test_a_stock_push_whose_answer_was_lost_is_repeated_without_harm(shop: Shop) -> None:
    place = shop.location()
    made = pushed(shop, listing(place))
    entry = StockPush(
        inventory_id=made.variants[0].inventory_id, location_id=place.location_id, quantity=3, change_from=10
    )
    shop.control.add_fault("drop_after_effect", {"operation": "InventorySetQuantities", "shop": shop.domain}, times=1)
    with pytest.raises(Unavailable):
        shop.adapter.push_stock(shop.access, [entry], key="push-2")
    assert list(shop.adapter.push_stock(shop.access, [entry], key="push-2")) == [StockSet()]
    assert list(shop.adapter.read_quantities(shop.access, [(entry.inventory_id, place.location_id)])) == [3]


def test_a_stock_push_that_is_still_being_worked_on_is_tried_again_later(shop: Shop) -> None:
    place = shop.location()
    made = pushed(shop, listing(place))
    entry = StockPush(
        inventory_id=made.variants[0].inventory_id, location_id=place.location_id, quantity=3, change_from=10
    )
    shop.control.add_fault("slow", {"operation": "InventorySetQuantities", "shop": shop.domain}, delay_ms=600)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(shop.adapter.push_stock, shop.access, [entry], key="push-4")
        shop.control.wait_for(lambda: not shop.control.faults(), "the first is being worked on")
        with pytest.raises(Unavailable):
            shop.adapter.push_stock(shop.access, [entry], key="push-4")
        assert list(first.result()) == [StockSet()]
    assert list(shop.adapter.push_stock(shop.access, [entry], key="push-4")) == [StockSet()]


def test_more_than_two_hundred_and_fifty_quantities_go_out_in_parts(shop: Shop) -> None:
    place = shop.location()
    made = pushed(shop, listing(place, variants=260))
    entries = [
        StockPush(inventory_id=one.inventory_id, location_id=place.location_id, quantity=5, change_from=10)
        for one in made.variants
    ]
    assert set(shop.adapter.push_stock(shop.access, entries, key="push-3")) == {StockSet()}
    held = shop.adapter.read_quantities(shop.access, [(one.inventory_id, place.location_id) for one in made.variants])
    assert set(held) == {5}


def test_an_item_that_is_gone_is_told_and_the_others_are_set(shop: Shop) -> None:
    place = shop.location()
    made = pushed(shop, listing(place))
    outcomes = shop.adapter.push_stock(
        shop.access,
        [
            StockPush(
                inventory_id="gid://shopify/InventoryItem/99999999",
                location_id=place.location_id,
                quantity=1,
                change_from=None,
            ),
            StockPush(
                inventory_id=made.variants[0].inventory_id,
                location_id=place.location_id,
                quantity=1,
                change_from=None,
            ),
        ],
        key="push-4",
    )
    assert isinstance(outcomes[0], PushRefused)
    assert outcomes[0].gone
    assert outcomes[1] == StockSet()


# When the shop has trouble


def test_a_throttled_call_waits_as_long_as_the_shop_says_and_goes_through(shop: Shop) -> None:
    slept: list[float] = []
    moments = [0.0]

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        moments[0] += seconds
        shop.control.fill_bucket(shop.domain, 1000)

    adapter = Shopify(AdminClient(sleep=sleep, clock=lambda: moments[0]))
    shop.control.fill_bucket(shop.domain, 0)
    assert adapter.describe_shop(shop.access).external_id == shop.domain
    assert slept
    assert all(0 < seconds <= 8 for seconds in slept)


def test_a_shop_that_stays_short_gives_the_call_back_to_the_queue(shop: Shop) -> None:
    moments = [0.0]

    def sleep(seconds: float) -> None:
        moments[0] += seconds
        shop.control.fill_bucket(shop.domain, 0)

    adapter = Shopify(AdminClient(sleep=sleep, clock=lambda: moments[0]))
    shop.control.fill_bucket(shop.domain, 0)
    with pytest.raises(RateLimited) as limited:
        adapter.describe_shop(shop.access)
    assert limited.value.retry_after is not None
    assert limited.value.retry_after > 0
    assert moments[0] <= 8


def test_trouble_at_the_shop_is_told_apart_from_a_refusal(shop: Shop) -> None:
    shop.control.add_fault("http_500", {"shop": shop.domain}, times=1)
    with pytest.raises(Unavailable):
        shop.adapter.describe_shop(shop.access)
    shop.control.grant_scopes(shop.domain, ["read_products"])
    narrow = exchange(shop.domain, shop.control.id_token(shop.domain))
    with pytest.raises((Rejected, CredentialsRefused)) as refused:
        shop.adapter.push_listings(
            replace(shop.access, credentials=narrow), [listing(LocationRef("gid://shopify/Location/1", "x"))]
        )
    assert not isinstance(refused.value, Unavailable)


# Orders and parcels


def test_an_order_is_accepted_and_its_parcels_told_each_once(shop: Shop) -> None:
    place = shop.location()
    made = pushed(shop, listing(place))
    order_id, reference, whole = ordered(shop, made)
    assert reference.location_id == place.location_id
    shop.adapter.accept_fulfillment(shop.access, reference)
    shop.adapter.accept_fulfillment(shop.access, reference)
    (current,) = shop.adapter.fulfillment_orders(shop.access, order_id)
    assert current.state == "accepted"
    line = f"gid://shopify/LineItem/{whole['lines'][0]['id']}"
    parcel = TrackingPush(
        fulfillment_order_id=reference.external_id,
        lines={line: 2},
        carrier="UPS",
        tracking_number="1Z999AA10123456784",
        tracking_url="https://www.ups.com/track?tracknum=1Z999AA10123456784",
        notify_shopper=False,
    )
    first = shop.adapter.push_tracking(shop.access, parcel)
    assert shop.adapter.push_tracking(shop.access, parcel) == first
    second = shop.adapter.push_tracking(
        shop.access, replace(parcel, lines={line: 1}, tracking_number="1Z999AA10123456785")
    )
    assert second != first
    fulfilments = shop.control.order(shop.domain, number(order_id))["fulfillments"]
    assert len(fulfilments) == 2
    shop.adapter.push_delivered(shop.access, first, clock.now())
    shop.adapter.push_delivered(shop.access, first, clock.now())
    with pytest.raises(Rejected):
        shop.adapter.push_tracking(shop.access, replace(parcel, lines={line: 1}, tracking_number="TOO-MANY"))


def test_a_parcel_whose_answer_was_lost_is_found_again(shop: Shop) -> None:
    made = pushed(shop, listing(shop.location()))
    order_id, reference, whole = ordered(shop, made, quantity=1)
    shop.adapter.accept_fulfillment(shop.access, reference)
    parcel = TrackingPush(
        fulfillment_order_id=reference.external_id,
        lines={f"gid://shopify/LineItem/{whole['lines'][0]['id']}": 1},
        carrier="UPS",
        tracking_number="1Z999AA10123456784",
        tracking_url=None,
        notify_shopper=True,
    )
    shop.control.add_fault("drop_after_effect", {"operation": "FulfillmentCreate", "shop": shop.domain}, times=1)
    with pytest.raises(Unavailable):
        shop.adapter.push_tracking(shop.access, parcel)
    shop.adapter.push_tracking(shop.access, parcel)
    assert len(shop.control.order(shop.domain, number(order_id))["fulfillments"]) == 1


def test_a_request_to_stop_is_answered_once(shop: Shop) -> None:
    made = pushed(shop, listing(shop.location()))
    order_id, reference, _ = ordered(shop, made)
    shop.adapter.accept_fulfillment(shop.access, reference)
    shop.control.request_cancellation(shop.domain, number(reference.external_id))
    for _ in range(2):
        shop.adapter.answer_cancellation(shop.access, reference.external_id, accept=False, message="It has left.")
    (current,) = shop.adapter.fulfillment_orders(shop.access, order_id)
    assert current.state == "accepted"


def test_orders_are_found_without_hooks_whatever_became_of_their_payment(shop: Shop) -> None:
    begun = clock.now() - timedelta(minutes=1)
    made = pushed(shop, listing(shop.location()))
    order_id, _, _ = ordered(shop, made)
    line = {"variant_id": number(made.variants[0].external_id), "quantity": 1}
    shop.control.create_order(shop.domain, [line], financial_status="PENDING")
    refunded, voided = (
        shop.control.create_order(shop.domain, [line], financial_status=status)["id"] for status in ("PAID", "PENDING")
    )
    for one in (refunded, voided):
        shop.control.wait_until_routed(shop.domain, one)
        shop.control.cancel_order(shop.domain, one)
    read = {one.external_id: one for one in shop.adapter.orders_since(shop.access, begun)}
    assert [(one.paid, one.cancelled) for one in read.values()].count((False, False)) == 1
    for one in (refunded, voided):
        gone = read[f"gid://shopify/Order/{one}"]
        assert (gone.paid, gone.cancelled, [row.quantity for row in gone.lines]) == (False, True, [0])
    found = read[order_id]
    assert found.paid
    assert [(line.external_variant_id, line.quantity) for line in found.lines] == [(made.variants[0].external_id, 3)]
