"""Magento's export of products: variants below one product, though it stands below them, and nothing twice."""

from __future__ import annotations

import csv
import io

import pytest

from app.feeds.rules.choices import Choices
from app.feeds.rules.records import ReadRow
from tests.adapters.settings import set_up
from tests.domains.feeds.files import opened, read_file
from tests.domains.feeds.portal import Portal, portal
from tests.domains.feeds.test_kinds import send, take_over

__all__ = ["portal", "set_up"]

COLUMNS = (
    "sku", "store_view_code", "attribute_set_code", "product_type", "categories", "product_websites", "name",
    "description", "weight", "product_online", "visibility", "price", "special_price", "url_key", "base_image",
    "additional_images", "additional_attributes", "qty", "is_in_stock", "manage_stock", "use_config_manage_stock",
    "configurable_variations", "configurable_variation_labels",
)  # fmt: skip
BLACK = {
    "sku": "MH01-XS-Black", "product_type": "simple", "name": "Chaz Hoodie-XS-Black", "price": "52.00", "qty": "100",
    "categories": "Default Category/Men,Default Category/Men/Tops/Hoodies", "weight": "1.5", "is_in_stock": "1",
    "additional_attributes": 'activity=Gym|Hiking,color=Black,manufacturer=Acme, Inc.,size="XS",ean=4006381333931',
    "visibility": "Not Visible Individually", "product_online": "1",
}  # fmt: skip
RED = {**BLACK, "sku": "MH01-S-Red", "name": "Chaz Hoodie-S-Red", "qty": "5", "additional_attributes": "color=Red"}
HOODIE = {
    "sku": "MH01", "product_type": "configurable", "name": "Chaz Hoodie", "description": "<p>Warm</p>", "qty": "0",
    "categories": "Default Category/Men/Tops/Hoodies", "product_online": "1", "is_in_stock": "1",
    "base_image": "https://m.example/1.jpg", "additional_images": "https://m.example/1.jpg,https://m.example/2.jpg",
    "configurable_variations": "sku=MH01-XS-Black,size=XS,color=Black|sku=MH01-S-Red,size=S,color=Red",
    "configurable_variation_labels": "size=Größe,color=Farbe",
}  # fmt: skip
BAG = {"sku": "24-MB01", "product_type": "simple", "name": "Duffle Bag", "price": "34.00", "qty": "7"}


def export(*rows: dict[str, str]) -> bytes:
    """A file as Magento writes it."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def read(*rows: dict[str, str]) -> list[ReadRow]:
    return list(read_file(export(*rows), choices=Choices(weight_unit="kg")))


def test_of_stock_and_prices_what_only_groups_variants_is_no_article() -> None:
    stripe = {**BLACK, "store_view_code": "de", "qty": "", "price": ""}
    lone = {**HOODIE, "sku": "MH02", "configurable_variations": ""}
    rows = list(read_file(export(BLACK, RED, HOODIE, stripe, lone, BAG), figures_only=True))
    assert [(row.sku, row.record.get("stock")) for row in rows if row.action == "accepted"] == [
        ("MH01-XS-Black", 100), ("MH01-S-Red", 5), ("24-MB01", 7),
    ]  # fmt: skip
    assert {row.action for row in rows} == {"accepted", "merged"}
    woo = (
        b"ID,Type,SKU,Name,Published,Stock,Regular price,Parent\n"
        b"1,variable,HAT,Hat,1,,,\n2,variation,HAT-S,Hat S,1,4,9,HAT\n3,simple,BAG,Bag,1,6,8,\n"
    )
    found = list(read_file(woo, figures_only=True))
    assert [(row.sku, row.action) for row in found] == [("", "merged"), ("HAT-S", "accepted"), ("BAG", "accepted")]


def test_variants_are_one_product_with_its_name_and_texts_though_it_stands_below_them() -> None:
    black, red, hoodie, bag = read(BLACK, RED, HOODIE, BAG)
    assert [(row.action, row.handle, row.record["title"]) for row in (black, red, bag)] == [
        ("accepted", "mh01", "Chaz Hoodie"), ("accepted", "mh01", "Chaz Hoodie"),
        ("accepted", bag.handle, "Duffle Bag"),
    ]  # fmt: skip
    assert (black.record["options"], red.record["options"]) == (
        {"Size": "XS", "Color": "Black"}, {"Size": "S", "Color": "Red"},
    )  # fmt: skip
    assert (black.record["description"], black.record["category"]) == ("<p>Warm</p>", "Men > Tops > Hoodies")
    assert [url for url, _ in red.record["images"]] == ["https://m.example/1.jpg", "https://m.example/2.jpg"]
    assert (black.record["brand"], black.record["gtin"]) == ("Acme, Inc.", "4006381333931")
    assert (black.record["cost"], black.record["stock"], black.record["weight_grams"]) == (5200, 100, 1500)
    assert (hoodie.action, hoodie.handle) == ("merged", "mh01")


def test_rows_of_other_store_views_are_no_duplicates() -> None:
    german = {"sku": "MH01-S-Red", "store_view_code": "de", "name": "Kapuzenpulli S rot"}
    rows = read(BLACK, RED, german, HOODIE, {"sku": "MH01", "store_view_code": "de", "name": "Kapuzenpulli"}, BAG)
    assert [row.action for row in rows] == ["accepted", "accepted", "merged", "merged", "merged", "accepted"]
    assert {row.record["title"] for row in rows[:2]} == {"Chaz Hoodie"}


def test_what_is_not_sent_is_told_apart() -> None:
    kinds = ("virtual", "downloadable", "bundle", "grouped", "giftcard")
    rows = read(*({**BAG, "sku": kind, "product_type": kind} for kind in kinds), {**HOODIE, "sku": "alone"})
    assert [row.action for row in rows] == ["rejected"] * 6
    assert [[problem.code for problem in row.problems] for row in rows] == [
        ["virtual"], ["downloadable"], ["bundle"], ["grouped"], ["giftcard"], ["configurable_without_variants"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("told", "stock"),
    [
        ({"qty": "5", "is_in_stock": "0"}, 0),
        ({"qty": "5.0000", "is_in_stock": "1"}, 5),
        ({"qty": "0.0000", "is_in_stock": "1", "manage_stock": "0", "use_config_manage_stock": "0"}, 5),
        ({"qty": "0", "is_in_stock": "1", "manage_stock": "1"}, 0),
        ({"qty": "", "is_in_stock": "1"}, None),
    ],
)
def test_stock_is_what_can_be_sold(told: dict[str, str], stock: int | None) -> None:
    (row,) = read({**BAG, **told})
    assert row.record.get("stock") == stock


def test_a_weight_is_asked_about_for_the_export_does_not_say_its_unit() -> None:
    content = export({**BAG, "weight": "3"})
    file = opened(content)
    (row,) = file.rows
    assert file.detected["unsure"] == ["weight"]
    assert row.record["weight_grams"] is None
    assert "no_unit" in [problem.code for problem in row.problems]


def test_a_product_type_beside_magentos_columns_is_no_category() -> None:
    columns = {column["column"]: column["field"] for column in opened(export(BAG)).detected["columns"]}
    assert (columns["product_type"], columns["categories"]) == ("type", "category")
    plain = opened(b"sku,title,product_type,cost\nA,Lamp,Lamps,5\nB,Chair,Chairs,6\n")
    assert plain.mapping["product_type"] == "category"


def test_an_export_is_taken_over_as_products_with_their_variants(portal: Portal) -> None:
    run = send(portal, export(BLACK, RED, {**RED, "store_view_code": "de", "price": ""}, HOODIE, BAG))
    assert (run["state"], run["counts"]["products"], run["counts"]["variants"]) == ("READY", 2, 3), run
    assert (run["counts"]["merged"], run["counts"]["rejected"]) == (2, 0)
    take_over(portal)
    products = portal.rows(
        "select p.title, count(*) as variants from supplier_products p join supplier_variants v on v.product_id = p.id"
        " group by p.id, p.title order by p.title"
    )
    assert [(one["title"], one["variants"]) for one in products] == [("Chaz Hoodie", 2), ("Duffle Bag", 1)]
    assert portal.stock() == {"24-MB01": 7, "MH01-S-Red": 5, "MH01-XS-Black": 100}
