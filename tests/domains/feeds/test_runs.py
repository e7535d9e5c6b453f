"""A file's way into the catalogue, through the jobs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select

from app import config as app_config
from app import db
from app.catalog.models import ProductImage, SupplierProduct, SupplierVariant
from app.feeds import files, queries
from app.feeds.models import FeedRow, FeedRun
from app.feeds.service import change_mapping, discard, keep_file, receive_upload, want_applied
from app.feeds.template import template_csv
from app.inventory.queries import availability
from app.kit.errors import Conflict, Invalid, NotFound
from tests import factories
from tests.domains.feeds.files import template
from tests.stack import Jobs


@pytest.fixture(autouse=True)
def _files_here(tmp_path: Path) -> Iterator[None]:
    os.environ["CROSSDOCK_DATA_DIR"] = str(tmp_path)
    app_config.reload()
    files.storage.cache_clear()
    yield
    del os.environ["CROSSDOCK_DATA_DIR"]
    app_config.reload()
    files.storage.cache_clear()


@pytest.fixture
def supplier_id(committed: None, system: None) -> UUID:
    with db.transaction() as session:
        return factories.supplier(session).id


def upload(supplier_id: UUID, content: bytes, name: str = "list.csv") -> UUID:
    key, stored = keep_file([content])
    with db.transaction() as session:
        return receive_upload(session, supplier_id, file_name=name, feed="csv", file_key=key, stored=stored).id


def run_of(run_id: UUID) -> FeedRun:
    with db.transaction() as session:
        return session.get_one(FeedRun, run_id)


def apply(supplier_id: UUID, run_id: UUID) -> None:
    with db.transaction() as session:
        want_applied(session, supplier_id, run_id)


def test_our_template_goes_through(supplier_id: UUID, jobs: Jobs) -> None:
    run_id = upload(supplier_id, template_csv().encode())
    jobs.drain()
    checked = run_of(run_id)
    assert (checked.state, checked.counts["new"], checked.counts["rejected"]) == ("READY", 2, 0)

    apply(supplier_id, run_id)
    jobs.drain()

    assert run_of(run_id).state == "APPLIED"
    with db.transaction() as session:
        product = session.scalars(select(SupplierProduct)).one()
        assert (product.title, product.option_names, product.lowest_wholesale) == ("Desk lamp", ["Color"], 1250)
        variants = {row.sku: row for row in session.scalars(select(SupplierVariant))}
        assert {sku: variant.options for sku, variant in variants.items()} == {
            "LAMP-BLK": {"Color": "Black"},
            "LAMP-WHT": {"Color": "White"},
        }
        stock = availability(session, [variant.id for variant in variants.values()])
        assert stock[variants["LAMP-BLK"].id].free == 120
        assert session.scalar(select(func.count()).select_from(ProductImage)) == 2


def test_the_same_file_again_changes_nothing(supplier_id: UUID, jobs: Jobs) -> None:
    for _ in range(2):
        run_id = upload(supplier_id, template_csv().encode())
        jobs.drain()
        apply(supplier_id, run_id)
        jobs.drain()
    places = ("applied_row", "blocks_to", "same_to")
    told = {name: times for name, times in run_of(run_id).counts.items() if name not in places}
    assert told == {
        "rows": 2, "products": 1, "variants": 2, "new": 0, "changed": 0, "unchanged": 2, "merged": 0, "rejected": 0,
        "warnings": 0, "applied": 1,
    }  # fmt: skip


def test_the_preview_shows_what_would_change(supplier_id: UUID, jobs: Jobs) -> None:
    first = upload(supplier_id, template("a,Lamp,S1,,,5.00,3,,,,,"))
    jobs.drain()
    apply(supplier_id, first)
    jobs.drain()

    second = upload(supplier_id, template("a,Lamp,S1,,,6.00,0,,,,,", "b,Chair,S2,,,free,,,,,,"))
    jobs.drain()

    with db.transaction() as session:
        run = queries.feed_run(session, supplier_id, second)
        changed = queries.rows(session, run, action="changed", limit=10, cursor=None).items
        assert changed[0].changes == {"cost": [500, 600], "stock": [3, 0]}
        (group,) = [group for group in queries.problem_groups(session, run) if not group.warning]
        assert (group.code, group.rows, group.first_row) == ("not_a_price", 1, 3)
        assert queries.rejected_rows(session, run)[3].reason == "'free' is not a price above zero."


@pytest.mark.parametrize("content", [b"\x00\x01", b"a,b\n", b"foo,bar\n1,2\n"])
def test_an_unreadable_file_fails_with_a_sentence_and_leaves_nothing(
    supplier_id: UUID, jobs: Jobs, content: bytes
) -> None:
    run_id = upload(supplier_id, content)
    jobs.drain()
    run = run_of(run_id)
    assert (run.state, bool(run.error)) == ("FAILED", True)
    with db.transaction() as session:
        assert session.scalar(select(func.count()).select_from(FeedRow)) == 0
    with pytest.raises(Conflict), db.transaction() as session:
        want_applied(session, supplier_id, run_id)


def test_the_mapping_can_be_corrected(supplier_id: UUID, jobs: Jobs) -> None:
    run_id = upload(supplier_id, b"SKU,Name,Foo,Bar\nS1,Lamp,5,7\nS2,Chair,9,0\n")
    jobs.drain()
    assert run_of(run_id).state == "FAILED"
    with db.transaction() as session:
        change_mapping(session, supplier_id, run_id, {"SKU": "sku", "Name": "title", "Foo": "cost", "Bar": "stock"})
    jobs.drain()
    assert (run_of(run_id).state, run_of(run_id).counts["new"]) == ("READY", 2)


@pytest.mark.parametrize(
    "mapping", [{"Nope": "sku"}, {"SKU": "nonsense"}, {"SKU": "sku", "Name": "sku"}, {"Name": "brand"}]
)
def test_a_wrong_mapping_is_refused(supplier_id: UUID, jobs: Jobs, mapping: dict[str, str]) -> None:
    run_id = upload(supplier_id, b"SKU,Name,Cost\nS1,Lamp,5.00\n")
    jobs.drain()
    with pytest.raises(Invalid), db.transaction() as session:
        change_mapping(session, supplier_id, run_id, mapping)


def test_another_suppliers_file_does_not_exist(supplier_id: UUID, jobs: Jobs) -> None:
    run_id = upload(supplier_id, template_csv().encode())
    jobs.drain()
    with db.transaction() as session:
        other = factories.supplier(session, "Kanto").id
    for verb in (want_applied, discard):
        with pytest.raises(NotFound), db.transaction() as session:
            verb(session, other, run_id)
    with pytest.raises(NotFound), db.transaction() as session:
        queries.feed_run(session, other, run_id)


def test_an_upload_beyond_the_limit_is_refused_and_not_kept(supplier_id: UUID, tmp_path: Path) -> None:
    os.environ["CROSSDOCK_UPLOAD_MAX_BYTES"] = "1000"
    app_config.reload()
    try:
        with pytest.raises(Invalid):
            keep_file([b"x" * 600, b"x" * 600])
    finally:
        del os.environ["CROSSDOCK_UPLOAD_MAX_BYTES"]
        app_config.reload()
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []
