"""Quantities in a Shopify shop: set only from what we believe, told honestly, and never one for another."""

from __future__ import annotations

from app.stores.goods import ListingPushed, LocationRef, PushRefused, StockPush, StockSet, StockStale
from tests.adapters.stores.shop import Shop, listing, number, pushed

GONE = "gid://shopify/Location/99999999"


def stocked(shop: Shop, variants: int) -> tuple[LocationRef, ListingPushed]:
    """A supplier's place with ten of each of so many variants."""
    place = shop.location()
    return place, pushed(shop, listing(place, variants=variants))


def entry(made: ListingPushed, index: int, location: str, quantity: int, change_from: int | None = 10) -> StockPush:
    return StockPush(
        inventory_id=made.variants[index].inventory_id,
        location_id=location,
        quantity=quantity,
        change_from=change_from,
    )


def held(shop: Shop, place: LocationRef, made: ListingPushed) -> list[int | None]:
    return list(
        shop.adapter.read_quantities(shop.access, [(one.inventory_id, place.location_id) for one in made.variants])
    )


def test_a_quantity_that_changed_in_the_shop_is_told_and_then_corrected(shop: Shop) -> None:
    place, made = stocked(shop, 1)
    shop.control.set_stock(shop.domain, number(made.variants[0].external_id), number(place.location_id), 4)
    (stale,) = shop.adapter.push_stock(shop.access, [entry(made, 0, place.location_id, 7)], key="first")
    assert stale == StockStale(4)
    corrected = entry(made, 0, place.location_id, 7, change_from=4)
    assert list(shop.adapter.push_stock(shop.access, [corrected], key="second")) == [StockSet()]
    assert held(shop, place, made) == [7]


def test_units_that_a_shopper_just_bought_are_not_put_back(shop: Shop) -> None:
    place, made = stocked(shop, 1)
    lines = [{"variant_id": number(made.variants[0].external_id), "quantity": 3}]
    shop.control.create_order(shop.domain, lines, financial_status="PAID")
    (stale,) = shop.adapter.push_stock(shop.access, [entry(made, 0, place.location_id, 10)], key="push")
    assert stale == StockStale(7)
    assert held(shop, place, made) == [7]


def test_where_we_are_the_only_source_the_quantity_is_set_whatever_it_was(shop: Shop) -> None:
    place, made = stocked(shop, 1)
    blind = entry(made, 0, place.location_id, 0, change_from=None)
    assert list(shop.adapter.push_stock(shop.access, [blind], key="push")) == [StockSet()]
    assert held(shop, place, made) == [0]


def test_a_place_that_is_gone_holds_up_no_other_wherever_it_stands_in_the_list(shop: Shop) -> None:
    place, made = stocked(shop, 4)
    locations = [GONE, place.location_id, GONE, place.location_id]
    outcomes = shop.adapter.push_stock(
        shop.access, [entry(made, index, location, 5) for index, location in enumerate(locations)], key="push"
    )
    for refused in (outcomes[0], outcomes[2]):
        assert isinstance(refused, PushRefused)
        assert "location" in refused.original
    assert [outcomes[1], outcomes[3]] == [StockSet(), StockSet()]
    assert held(shop, place, made) == [10, 5, 10, 5]


def test_all_kinds_of_trouble_in_one_batch_are_told_each_for_its_entry(shop: Shop) -> None:
    place, made = stocked(shop, 4)
    shop.control.set_stock(shop.domain, number(made.variants[2].external_id), number(place.location_id), 1)
    unknown = StockPush(
        inventory_id="gid://shopify/InventoryItem/99999999", location_id=place.location_id, quantity=1, change_from=1
    )
    set_, gone, stale, lost, negative = shop.adapter.push_stock(
        shop.access,
        [
            entry(made, 0, place.location_id, 8),
            unknown,
            entry(made, 2, place.location_id, 8),
            entry(made, 1, GONE, 8),
            entry(made, 3, place.location_id, -1),
        ],
        key="push",
    )
    assert (set_, stale) == (StockSet(), StockStale(1))
    assert isinstance(gone, PushRefused) and gone.gone
    assert isinstance(lost, PushRefused) and not lost.gone
    assert isinstance(negative, PushRefused) and "negative" in negative.original
    assert held(shop, place, made) == [8, 10, 1, 10]


def test_a_repeated_call_does_no_harm_and_tells_the_truth(shop: Shop) -> None:
    place, made = stocked(shop, 2)
    shop.control.set_stock(shop.domain, number(made.variants[1].external_id), number(place.location_id), 4)
    entries = [entry(made, 0, place.location_id, 7), entry(made, 1, place.location_id, 7)]
    assert list(shop.adapter.push_stock(shop.access, entries, key="push")) == [StockSet(), StockStale(4)]
    repeated = shop.adapter.push_stock(shop.access, entries, key="push")
    assert list(repeated) == [StockStale(7), StockStale(4)]
    assert held(shop, place, made) == [7, 4]


def test_a_key_that_comes_with_other_quantities_keeps_none_of_them_from_the_shop(shop: Shop) -> None:
    place, made = stocked(shop, 1)
    first = entry(made, 0, place.location_id, 7)
    assert list(shop.adapter.push_stock(shop.access, [first], key="push")) == [StockSet()]
    second = entry(made, 0, place.location_id, 3, change_from=7)
    assert list(shop.adapter.push_stock(shop.access, [second], key="push")) == [StockSet()]
    assert held(shop, place, made) == [3]


def test_a_throttled_push_goes_through_once(shop: Shop) -> None:
    place, made = stocked(shop, 1)
    shop.control.add_fault("throttled", {"operation": "InventorySetQuantities", "shop": shop.domain}, times=1)
    pushed_ = shop.adapter.push_stock(shop.access, [entry(made, 0, place.location_id, 6)], key="push")
    assert list(pushed_) == [StockSet()]
    assert held(shop, place, made) == [6]


def test_quantities_are_read_in_the_order_asked_for_with_none_where_nothing_is_stocked(shop: Shop) -> None:
    here, made = stocked(shop, 2)
    there = shop.location("Kanto")
    first, second = (one.inventory_id for one in made.variants)
    shop.control.set_stock(shop.domain, number(made.variants[1].external_id), number(here.location_id), 3)
    places = [
        (second, here.location_id),
        (first, there.location_id),
        ("gid://shopify/InventoryItem/99999999", here.location_id),
        (first, here.location_id),
    ]
    assert list(shop.adapter.read_quantities(shop.access, places)) == [3, None, None, 10]
    assert list(shop.adapter.read_quantities(shop.access, [])) == []
