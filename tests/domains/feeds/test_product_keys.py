"""Products that a list tells by nothing but SKUs: each SKU its own product, which keeps its key."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import db
from app.catalog.service import ProductRecord, VariantRecord, save_products
from app.feeds import files
from tests import factories
from tests.adapters.settings import set_up
from tests.domains.feeds.files import read_file
from tests.domains.feeds.test_changes import Files
from tests.stack import Jobs

__all__ = ["set_up"]

ALIKE = ["A.1", "A-1", "A/1", "a-1", "A 1", "A-1+", "Ä-1", "IPH-15", "IPH-15+", "iph.15"]


def keys(skus: list[str]) -> dict[str, str]:
    lines = "\n".join(f"{sku};Thing {sku};12.50;5" for sku in skus)
    return {row.sku: row.handle for row in read_file(f"sku;title;cost;stock\n{lines}\n".encode()) if row.sku}


def test_skus_of_the_same_letters_are_different_products_in_whatever_order_they_stand() -> None:
    found = keys(ALIKE)
    assert len(set(found.values())) == len(ALIKE)
    assert found["A-1"] == "a-1"
    assert found["IPH-15"] == "iph-15"
    for seed in range(5):
        some = random.Random(seed).sample(ALIKE, 6)
        assert keys(some) == {sku: found[sku] for sku in some}


@given(st.lists(st.text("aAbB1 .-/+_ä", min_size=2, max_size=12).map(str.strip), min_size=2, max_size=8, unique=True))
def test_no_two_skus_have_one_key(skus: list[str]) -> None:
    found = {sku: key for sku, key in keys([sku for sku in skus if sku]).items() if key}
    assert len(set(found.values())) == len(found)


class Lists(Files):
    """A supplier that sends lists of SKUs and titles."""

    def send_skus(self, *skus: str) -> None:
        self.send(*(f"{sku};Thing {sku};12.50;5" for sku in skus), header="sku;title;cost;stock")

    def sold(self) -> dict[str, tuple[UUID, str]]:
        """SKU → its product and the product's key."""
        found = self.rows(
            "select v.sku, p.id, p.handle from supplier_variants v join supplier_products p on p.id = v.product_id"
            f" where p.supplier_id = '{self.supplier_id}'"
        )
        return {row["sku"]: (row["id"], row["handle"]) for row in found}


@pytest.fixture
def supplier(committed: None, system: None, jobs: Jobs, tmp_path: Path, set_up: Callable[..., None]) -> Iterator[Lists]:
    set_up(data_dir=str(tmp_path), media_storage="none")
    files.storage.cache_clear()
    with db.transaction() as session:
        supplier_id = factories.supplier(session).id
    yield Lists(supplier_id, jobs)
    files.storage.cache_clear()


def known(supplier: Lists, handle: str, *skus: str) -> None:
    """A product that is there already."""
    record = ProductRecord(
        handle=handle, title="Thing", description="", brand="", category="", option_names=["Variant"], tags=(),
        images=(), status="active",
        variants=[VariantRecord(sku=sku, options={"Variant": sku}, wholesale_price=1000) for sku in skus],
    )  # fmt: skip
    with db.transaction() as session:
        save_products(session, supplier.supplier_id, "USD", [record])


def test_products_that_are_there_keep_their_keys_and_nothing_new_comes_into_them(supplier: Lists) -> None:
    known(supplier, "a-1", "A.1")
    known(supplier, "b-1", "B.1", "B-1")
    known(supplier, "lamp", "lamp")
    known(supplier, "c-1", "C-1")
    before = supplier.sold()

    supplier.send_skus("LAMP", "A-1", "A/1", "B/1", "C.1", "C-1", "lamp", "B-1", "B.1", "A.1")

    after = supplier.sold()
    assert {sku: after[sku] for sku in before} == before
    assert (
        len({after[sku][0] for sku in ("LAMP", "A-1", "A/1", "B/1", "C.1")} | {one[0] for one in before.values()}) == 9
    )

    supplier.send_skus("A-1", "LAMP", "C.1", "A.1", "B/1", "lamp", "A/1", "B.1", "C-1", "B-1")
    assert supplier.sold() == after
