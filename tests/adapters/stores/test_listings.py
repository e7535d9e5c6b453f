"""What a listing becomes in a Shopify shop, and what stays the merchant's whatever is pushed later."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.kit.errors import Unavailable
from app.kit.money import Money
from app.stores.goods import PricePush, PushRefused
from tests.adapters.stores.shop import Shop, again, asked, listing, number, pushed, variant


def product_of(shop: Shop) -> dict[str, Any]:
    (product,) = shop.control.products(shop.domain)
    return product


def test_shoppers_and_the_merchants_books_get_every_field(shop: Shop) -> None:
    red = variant(
        "Red",
        gtin="4006381333931",
        price=Money(1999, "USD"),
        compare_at=Money(2499, "USD"),
        cost=Money(812, "USD"),
        weight_grams=350,
        quantity=7,
    )
    images = [("https://cdn.example/red.jpg", "A red lamp"), ("https://cdn.example/back.jpg", "Its back")]
    pushed(shop, listing(shop.location(), images=images, tags=["lamp", "desk"], of=[red]))
    product = product_of(shop)
    assert (product["title"], product["description_html"]) == ("Desk lamp", "<p>Bright.</p>")
    assert (product["vendor"], product["product_type"]) == ("Nordlicht", "Lighting")
    assert sorted(product["tags"]) == ["desk", "lamp"]
    assert [(one["url"], one["alt"]) for one in product["media"]] == images
    (shown,) = product["variants"]
    assert (shown["sku"], shown["barcode"], shown["sellable"]) == ("SKU-Red", "4006381333931", 7)
    assert (shown["price"], shown["compare_at_price"]) == ("19.99", "24.99")
    assert shown["inventory_policy"] == "DENY", "what is not there is not sold"
    item = shown["item"]
    assert (item["cost"], item["weight"], item["weight_unit"], item["tracked"]) == ("8.12", 350, "GRAMS", True)


def test_a_published_listing_is_in_the_online_store_and_a_hidden_one_is_a_draft(shop: Shop) -> None:
    place = shop.location()
    pushed(shop, listing(place, key="shown"))
    pushed(shop, listing(place, key="hidden", published=False))
    online = next(one["id"] for one in shop.control.shop(shop.domain)["publications"] if one["name"] == "Online Store")
    shown, hidden = shop.control.products(shop.domain)
    assert (shown["status"], hidden["status"]) == ("ACTIVE", "DRAFT")
    assert str(online) in shown["publications"]
    assert hidden["publications"] == {}


def test_a_product_without_options_has_one_variant(shop: Shop) -> None:
    wanted = listing(shop.location(), variants=1, option_names=[])
    made = pushed(shop, wanted)
    assert pushed(shop, again(wanted, made)).variants == made.variants
    assert [one["title"] for one in product_of(shop)["variants"]] == ["Default Title"]


def test_more_stock_than_one_call_may_bring_still_arrives(shop: Shop) -> None:
    variants = [variant(name, quantity=30_000) for name in ("Red", "Green", "Blue")]
    made = pushed(shop, listing(shop.location(), of=variants))
    place = shop.location().location_id
    held = shop.adapter.read_quantities(shop.access, [(one.inventory_id, place) for one in made.variants])
    assert list(held) == [30_000, 30_000, 30_000]


def test_a_first_push_that_broke_off_half_way_is_completed_by_the_next(shop: Shop) -> None:
    variants = [variant(name, quantity=30_000) for name in ("Red", "Green", "Blue")]
    wanted = listing(shop.location(), of=variants)
    shop.control.add_fault("drop_before", {"operation": "ProductVariantsBulkCreate", "shop": shop.domain}, times=1)
    with pytest.raises(Unavailable):
        shop.adapter.push_listings(shop.access, [wanted])
    made = pushed(shop, wanted)
    product = product_of(shop)
    assert product["id"] == number(made.external_id)
    assert sorted(one["sku"] for one in product["variants"]) == ["SKU-Blue", "SKU-Green", "SKU-Red"]


def test_a_later_push_leaves_the_merchants_prices_tags_pictures_and_variants_alone(shop: Shop) -> None:
    wanted = listing(shop.location())
    made = pushed(shop, wanted)
    first = number(made.variants[0].external_id)
    shop.control.change_product(shop.domain, number(made.external_id), tags=["mine"], prices={str(first): "99.00"})
    add = """mutation($id: ID!, $variants: [ProductVariantsBulkInput!]!) {
      productVariantsBulkCreate(productId: $id, variants: $variants) { userErrors { message } } }"""
    own = {"price": "5.00", "optionValues": [{"optionName": "Colour", "name": "Gold"}]}
    asked(shop, add, {"id": made.external_id, "variants": [own]})
    changed = again(wanted, made, tags=["ours"], images=[("https://cdn.example/new.jpg", "")], title="A better lamp")
    assert pushed(shop, changed).variants == made.variants
    product = product_of(shop)
    assert product["title"] == "A better lamp"
    assert product["tags"] == ["mine"]
    assert product["media"] == []
    assert [(one["title"], one["price"]) for one in product["variants"]] == [
        ("Colour 0", "99.00"),
        ("Colour 1", "29.90"),
        ("Gold", "5.00"),
    ]


@pytest.mark.parametrize("option", ["Colour", "Shade"])
def test_a_variant_that_the_merchant_renamed_is_still_ours_and_is_not_made_again(shop: Shop, option: str) -> None:
    wanted = listing(shop.location())
    made = pushed(shop, wanted)
    rename = """mutation($id: ProductSetIdentifiers!, $input: ProductSetInput!) {
      productSet(identifier: $id, input: $input) { userErrors { message } } }"""
    names = ["Midnight", "Colour 1"]
    renamed = {
        "productOptions": [{"name": option, "values": [{"name": name} for name in names]}],
        "variants": [
            {"id": one.external_id, "optionValues": [{"optionName": option, "name": name}]}
            for one, name in zip(made.variants, names, strict=True)
        ],
    }
    asked(shop, rename, {"id": {"id": made.external_id}, "input": renamed})
    later = pushed(shop, again(wanted, made))
    assert later.variants == made.variants
    assert [one["title"] for one in product_of(shop)["variants"]] == ["Midnight", "Colour 1"]


def test_a_variant_that_the_merchant_deleted_comes_back_under_a_new_id(shop: Shop) -> None:
    wanted = listing(shop.location())
    made = pushed(shop, wanted)
    delete = """mutation($id: ID!, $ids: [ID!]!) {
      productVariantsBulkDelete(productId: $id, variantsIds: $ids) { userErrors { message } } }"""
    gone = made.variants[1].external_id
    asked(shop, delete, {"id": made.external_id, "ids": [gone]})
    later = pushed(shop, again(wanted, made))
    assert later.variants[0] == made.variants[0]
    assert later.variants[1].key == made.variants[1].key
    assert later.variants[1].external_id != gone


def test_a_price_that_is_the_retailers_is_left_while_the_cost_changes(shop: Shop) -> None:
    wanted = listing(shop.location(), of=[variant("Red", compare_at=Money(3990, "USD"))])
    made = pushed(shop, wanted)
    shared = {"product_id": made.external_id, "variant_id": made.variants[0].external_id}
    only_cost = PricePush(**shared, price=None, compare_at=None, cost=Money(1234, "USD"))
    assert list(shop.adapter.push_prices(shop.access, [only_cost])) == [None]
    (shown,) = product_of(shop)["variants"]
    assert (shown["price"], shown["compare_at_price"], shown["item"]["cost"]) == ("29.90", "39.90", "12.34")
    no_offer = PricePush(**shared, price=Money(2500, "USD"), compare_at=None, cost=Money(1234, "USD"))
    assert list(shop.adapter.push_prices(shop.access, [no_offer])) == [None]
    (shown,) = product_of(shop)["variants"]
    assert (shown["price"], shown["compare_at_price"]) == ("25.00", None)


def test_of_many_prices_of_a_product_only_that_of_a_deleted_variant_is_refused(shop: Shop) -> None:
    made = pushed(shop, listing(shop.location()))
    ids = [made.variants[0].external_id, "gid://shopify/ProductVariant/999999", made.variants[1].external_id]
    prices = [
        PricePush(
            product_id=made.external_id, variant_id=one, price=Money(100, "USD"), compare_at=None, cost=Money(50, "USD")
        )
        for one in ids
    ]
    first, second, third = shop.adapter.push_prices(shop.access, prices)
    assert (first, third) == (None, None)
    assert isinstance(second, PushRefused)
    assert second.gone
    assert [one["price"] for one in product_of(shop)["variants"]] == ["1.00", "1.00"]


@pytest.mark.parametrize("options", [{"Colour": ""}, {}, {"Colour": "  "}])
def test_a_variant_without_a_value_for_an_option_is_taken_all_the_same(shop: Shop, options: dict[str, str]) -> None:
    wanted = listing(shop.location(), of=[variant("Red"), variant("x", options=options)])
    made = pushed(shop, wanted)
    assert [one.key for one in made.variants] == ["Red", "x"]
    assert pushed(shop, again(wanted, made)).variants == made.variants


def test_a_listing_with_too_many_variants_is_refused_before_anything_is_made(shop: Shop) -> None:
    crowd = [variant(f"Colour {index}") for index in range(2049)]
    wanted = replace(listing(shop.location(), variants=0), variants=crowd)
    (outcome,) = shop.adapter.push_listings(shop.access, [wanted])
    assert isinstance(outcome, PushRefused)
    assert "2048" in outcome.message
    assert shop.control.products(shop.domain) == []
