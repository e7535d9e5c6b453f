"""Real files of other programs: each gives the products, variants and refusals that a person counted in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.domains.feeds.files import read_file

_SAMPLES = Path(__file__).parents[4] / "shared" / "samples" / "feeds"
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


@pytest.mark.parametrize("name", _NAMES)
def test_a_real_file_gives_what_is_in_it(name: str) -> None:
    file = _SAMPLES / name
    if not file.exists():
        pytest.skip("the samples are not here")
    expected = json.loads((_SAMPLES / "expected.json").read_text())[name]

    rows = read_file(file.read_bytes(), name=name)

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
