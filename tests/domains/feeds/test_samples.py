"""Real files of other programs: each gives the products, variants and refusals that a person counted in it."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from tests.domains.feeds.files import read_file
from tests.samples import sample

_NAMES = (
    "shopifypartners-apparel.csv",
    "shopifypartners-jewelery.csv",
    "shopifypartners-home-and-garden.csv",
    "Velofant-products_export_1.csv",
    "ClassicPress-sample_products.csv",
    "thirtybees-products_import.csv",
    "ankitsrivastavacedcoss-catalog_product.csv",
    "Valdri-ceneo.xml",
    "olivere-bmecat12-new_catalog.xml",
    "olivere-bmecat2005-new_catalog.xml",
    "jzvikas-matterhorn-sample.xml",
)
#: What they say their prices are in.
_CURRENCIES = {"olivere-bmecat12-new_catalog.xml": "EUR", "olivere-bmecat2005-new_catalog.xml": "EUR"}


@pytest.mark.parametrize("name", _NAMES)
def test_a_real_file_gives_what_is_in_it(name: str) -> None:
    file = sample(f"feeds/{name}")
    expected = json.loads(sample("feeds/expected.json").read_text())[name]

    rows = read_file(file.read_bytes(), name=name, currency=_CURRENCIES.get(name, "USD"))

    accepted = [row for row in rows if row.action == "accepted"]
    rejected = [row for row in rows if row.action == "rejected"]
    wanted = expected["rejected"]
    assert {
        "products": len({row.handle for row in accepted}),
        "variants": len(accepted),
        "rejected": len(rejected),
    } == {
        "products": expected["products"],
        "variants": expected["variants"],
        "rejected": sum(wanted.values()) if isinstance(wanted, dict) else wanted,
    }, [(row.row, [problem.code for problem in row.problems]) for row in rejected]
    if "price_tiers" in expected:
        # The price of one is the cost, the others are steps.
        assert {1 + len(row.record["tiers"]) for row in accepted} == {expected["price_tiers"]}


def test_products_and_combinations_in_one_archive_are_one_list() -> None:
    names = ("thirtybees-products_import.csv", "thirtybees-combinations_import.csv")
    files = {name: sample(f"feeds/{name}") for name in names}
    expected = json.loads(sample("feeds/expected.json").read_text())[names[0]]["with_combinations"]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, file in files.items():
            archive.write(file, f"export/{name}")

    rows = [row for row in read_file(out.getvalue(), name="export.zip") if row.action == "accepted"]

    assert (len({row.handle for row in rows}), len(rows)) == (expected["products"], expected["variants"])


def test_a_real_price_catalogue_of_x12_gives_its_article() -> None:
    name = "Inteligenz-832-Example1_HIBCC.txt"

    (row,) = read_file(sample(f"x12/{name}").read_bytes(), name=name)

    told = row.record
    assert (row.action, row.sku, told["cost"], told["msrp"]) == ("accepted", "1000", 6650, 8850)
    assert told["title"] == "DRAPE, SMALL TOWEL, CLEAR PLASTIC, ADHESIVE STRIP"
    # The 50387698433528 in it ends in a wrong check digit.
    assert (told["gtin"], [one.code for one in row.problems]) == (None, ["bad_gtin"])


def test_a_real_inventory_of_x12_is_stock_alone() -> None:
    name = "Inteligenz-846-Example1.txt"

    (row,) = read_file(sample(f"x12/{name}").read_bytes(), name=name, figures_only=None)

    # Its other quantities are on hold, in quarantine and received: none of them can be sold besides.
    assert (row.action, row.sku, row.record) == ("accepted", "46L5055", {"stock": 5250})
