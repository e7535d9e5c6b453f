"""Exports of shops with a row for each product and rows of its variants below it."""

from __future__ import annotations

import pytest

from app.feeds.rules.choices import Choices
from tests.domains.feeds.files import opened

WIX = """
handleId,fieldType,name,description,productImageUrl,collection,sku,price,surcharge,visible,inventory,weight,cost,\
productOptionName1,productOptionType1,productOptionDescription1,productOptionName2,productOptionDescription2
p1,Product,Shirt,<p>Nice</p>,f1_a.jpg;f1_b.jpg,Apparel,,49.0,,true,InStock,0.3,20.0,Size,DROP_DOWN,S;M,Color,#f00:Red
p1,Variant,,,,,SH-S,,0.0,true,5,0.3,,,,S,,#f00:Red
p1,Variant,,,,,SH-M,,3.5,true,OutOfStock,0.3,,,,M,,#f00:Red
p2,Product,Mug,Cup,https://i.example/m.jpg,Kitchen,MUG,9.0,,true,7,0.4,3.0,,,,,
"""
BIGCOMMERCE = """
Item Type,Product ID,Product Name,Product Type,Product Code/SKU,Price,Cost Price,Product Weight,Product Description,\
Current Stock Level,Category,Product Image File - 1
Product,77,Shirt,P,SH,49.00,20.00,0.3,<p>Nice</p>,0,Apparel,https://i.example/a.jpg
  SKU,201,"[S]Size=S,[CS]Color=Red:#f00",,SH-S,,,,,5,,
  SKU,202,"[S]Size=M,[CS]Color=Red:#f00",,SH-M,52.50,20.00,,,0,,
Product,78,Mug,P,MUG,9.00,3.00,0.4,Cup,7,Kitchen,https://i.example/m.jpg
  Rule,9,,,,,,,,,,
"""
ECWID = """
type,product_internal_id,product_sku,product_name,product_price,product_description,product_quantity,product_weight,\
product_category_1,product_media_main_image_url,product_option_name,product_variation_sku,product_variation_price,\
product_variation_option_Size,product_variation_option_Color
product,1,SH,Shirt,49,<p>Nice</p>,,0.3,Apparel,https://i.example/a.jpg,,,,,
product_option,1,,,,,,,,,Size,,,,
product_variation,1,,,,,5,,,,,SH-S,49,S,Red
product_variation,1,,,,,0,,,,,SH-M,52.50,M,Red
product,2,MUG,Mug,9,Cup,7,0.4,Kitchen,https://i.example/m.jpg,,,,,
"""


@pytest.mark.parametrize("export", [WIX, BIGCOMMERCE, ECWID], ids=["Wix", "BigCommerce", "Ecwid"])
def test_variants_have_what_their_product_says_above_them(export: str) -> None:
    file = opened(export.lstrip().replace("\\\n", "").encode(), choices=Choices(weight_unit="kg"))
    rows = [row for row in file.rows if row.action == "accepted"]
    assert [(row.sku, row.record["stock"], row.record["title"]) for row in rows] == [
        ("SH-S", 5, "Shirt"), ("SH-M", 0, "Shirt"), ("MUG", 7, "Mug"),
    ]  # fmt: skip
    assert len({row.handle for row in rows}) == 2
    small, medium, mug = (row.record for row in rows)
    assert (small["options"], medium["options"]) == ({"Size": "S", "Color": "Red"}, {"Size": "M", "Color": "Red"})
    assert (small["description"], small["category"], small["weight_grams"]) == ("<p>Nice</p>", "Apparel", 300)
    assert [len(record["images"]) > 0 for record in (small, mug)] == [True, True]
    assert file.detected["unsure"] == []


def test_a_surcharge_is_added_to_the_products_price() -> None:
    export = WIX.lstrip().replace("\\\n", "").replace(",20.0,", ",,")
    rows = [row for row in opened(export.encode()).rows if row.action == "accepted"]
    assert [row.record["cost"] for row in rows] == [4900, 5250, 300]


def test_a_variant_without_its_product_is_rejected_and_nothing_else_is() -> None:
    header, _, *others = WIX.lstrip().replace("\\\n", "").splitlines()
    rows = list(opened("\n".join([header, *others]).encode()).rows)
    assert [(row.sku, row.action) for row in rows] == [("SH-S", "rejected"), ("SH-M", "rejected"), ("MUG", "accepted")]
    assert rows[0].problems[0].message == "There is no row above of its product."
