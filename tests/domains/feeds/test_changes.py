"""A file changes what differs and nothing else, and what it changed can be told exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app import db
from app.feeds import files
from app.feeds.service import keep_file, receive_upload, want_applied
from tests import factories
from tests.adapters.settings import set_up
from tests.stack import Jobs

__all__ = ["set_up"]

HEADER = (
    "product_id,title,sku,option1_name,option1_value,cost,msrp,stock,weight,weight_unit,image_urls,gtin,description,"
    "brand,tags,category,status"
)
_PIC = "https://pictures.example"
FIRST = (
    (
        f"lamp,Desk lamp,L-B,Color,Black,12.50,39.90,5,0.8,kg,{_PIC}/1.jpg|{_PIC}/2.jpg,4006381333931,Warm,Nordlicht,"
        "lamp|desk,Home & Garden > Lighting,active"
    ),
    "lamp,,L-W,Color,White,12.50,39.90,0,0.8,kg,,,,,,,",
    f"chair,Chair,C-1,,,80.00,,3,4,kg,{_PIC}/chair.jpg,,<p>Oak.</p>,Nordlicht,,Furniture > Chairs,active",
    "shelf,Shelf,S-1,,,30.00,,9,6,kg,,,<p>Pine.</p>,Nordlicht,,Furniture,active",
)
#: Of the lamp everything is other, one of its variants becomes a product, the chair costs more, a rug is new.
SECOND = (
    (
        f"lamp,Bright desk lamp,L-B,Style,Deep black,13.00,,6,0.9,kg,{_PIC}/2.jpg|{_PIC}/3.jpg,,Bright,Suedlicht,lamp,"
        "Furniture,draft"
    ),
    "white-lamp,White lamp,L-W,,,12.50,39.90,0,0.8,kg,,,<p>White.</p>,Nordlicht,,Home & Garden > Lighting,active",
    f"chair,Chair,C-1,,,81.00,,3,4,kg,{_PIC}/chair.jpg,,<p>Oak.</p>,Nordlicht,,Furniture > Chairs,active",
    "chair,,C-2,Color,Red,81.00,,3,4,kg,,,,,,,",
    "shelf,Shelf,S-1,,,30.00,,9,6,kg,,,<p>Pine.</p>,Nordlicht,,Furniture,active",
    "rug,Rug,R-1,,,20.00,,4,2,kg,,,<p>Wool.</p>,Nordlicht,,Furniture,active",
)

Row = dict[str, Any]


class Files:
    """A supplier that sends files, and what the database holds then."""

    def __init__(self, supplier_id: UUID, jobs: Jobs) -> None:
        self.supplier_id = supplier_id
        self._jobs = jobs

    def send(self, *lines: str, header: str = HEADER, kind: str = "full") -> UUID:
        """Upload a file and take it over."""
        key, stored = keep_file(["\n".join([header, *lines, ""]).encode()])
        with db.transaction() as session:
            run_id = receive_upload(
                session, self.supplier_id, file_name="list.csv", feed="csv", file_key=key, stored=stored, kind=kind
            ).id
        self._jobs.drain()
        with db.transaction() as session:
            want_applied(session, self.supplier_id, run_id)
        self._jobs.drain()
        ((state,),) = [tuple(row.values()) for row in self.rows(f"select state from feed_runs where id = '{run_id}'")]
        assert state == "APPLIED"
        return run_id

    def rows(self, statement: str) -> list[Row]:
        """Rows of a query across tenants."""
        with db.transaction() as session:
            return [dict(row) for row in session.connection().exec_driver_sql(statement).mappings()]

    def do(self, statement: str) -> None:
        """A change behind the services' backs."""
        with db.transaction() as session:
            session.connection().exec_driver_sql(statement)

    def written(self) -> dict[str, list[Row]]:
        """All that a file may write, with each row's version."""
        return {
            table: self.rows(f"select xmin::text as version, * from {table} order by id")
            for table in ("supplier_products", "supplier_variants", "product_images", "category_mappings")
        }

    def changes(self, run_id: UUID) -> dict[tuple[str, str], Row]:
        """What a run changed, by kind and name of its target."""
        found = self.rows(
            "select c.*, coalesce(p.handle, v.sku, lv.sku) as name from feed_run_changes c "
            "left join supplier_products p on p.id = c.target_id left join supplier_variants v on v.id = c.target_id "
            "left join inventory_levels l on l.id = c.target_id left join supplier_variants lv on lv.id = l.variant_id "
            f"where c.run_id = '{run_id}'"
        )
        return {(row["kind"], row["name"]): row for row in found}

    def told(self) -> list[set[str]]:
        """The products of each fact that products have changed, by handle."""
        handles = {row["id"]: row["handle"] for row in self.rows("select id, handle from supplier_products")}
        told = self.rows(
            "select payload -> 'product_ids' as ids from outbox_events where topic = 'catalog.products_changed' "
            "order by id"
        )
        return [{handles[UUID(one)] for one in row["ids"]} for row in told]


@pytest.fixture
def sender(committed: None, system: None, jobs: Jobs, tmp_path: Path, set_up: Callable[..., None]) -> Iterator[Files]:
    set_up(data_dir=str(tmp_path), media_storage="none")
    files.storage.cache_clear()
    with db.transaction() as session:
        supplier_id = factories.supplier(session).id
    yield Files(supplier_id, jobs)
    files.storage.cache_clear()


def test_a_file_that_says_the_same_writes_and_tells_nothing(sender: Files) -> None:
    sender.send(*FIRST)
    before, told = sender.written(), sender.told()
    run_id = sender.send(*FIRST)
    assert sender.written() == before
    assert sender.told() == told
    assert sender.changes(run_id) == {}


def test_only_what_differs_is_written_and_told_of(sender: Files) -> None:
    first = sender.send(*FIRST)
    created = sender.changes(first)
    assert {(kind, name, row["created"]) for (kind, name), row in created.items()} == {
        ("product", "lamp", True), ("product", "chair", True), ("product", "shelf", True),
    }  # fmt: skip
    variants = {row["sku"]: str(row["id"]) for row in sender.rows("select id, sku from supplier_variants")}
    assert sorted(created["product", "lamp"]["after"]["variants"]) == sorted([variants["L-B"], variants["L-W"]])
    before = sender.written()

    chair = FIRST[2].replace("80.00", "81.00").replace(",3,4,", ",2,4,")
    run_id = sender.send(*FIRST[:2], chair, FIRST[3])

    after = sender.written()
    assert before["product_images"] == after["product_images"]
    assert [one for one in after["supplier_products"] if one not in before["supplier_products"]] == [
        one for one in after["supplier_products"] if one["handle"] == "chair"
    ], "its range of prices"
    assert [one["sku"] for one in after["supplier_variants"] if one not in before["supplier_variants"]] == ["C-1"]
    changes = sender.changes(run_id)
    assert {key: (row["before"], row["after"]) for key, row in changes.items() if key[0] != "stock"} == {
        ("variant", "C-1"): ({"wholesale_price": 8000}, {"wholesale_price": 8100})
    }
    stock = changes["stock", "C-1"]
    assert (stock["before"]["on_hand"], stock["after"]["on_hand"], stock["after"]["quantity"]) == (3, 2, 2)
    assert stock["before"]["as_of"] < stock["after"]["as_of"]
    assert len(changes) == 2
    assert sender.told()[-1] == {"chair"}


def test_what_a_run_changed_is_kept_so_that_it_can_be_undone(sender: Files) -> None:
    """Writing ``before`` back makes everything as it was, but for what was created."""
    sender.send(*FIRST)
    before = sender.written()
    run_id = sender.send(*SECOND)
    after = sender.written()
    changes = sender.changes(run_id)

    tables = {"product": "supplier_products", "variant": "supplier_variants"}
    kept = ("version", "updated_at", "lowest_wholesale", "highest_wholesale", "in_stock")
    for kind, table in tables.items():
        then = {row["id"]: row for row in before[table]}
        for row in after[table]:
            change = sender.rows(
                f"select * from feed_run_changes where run_id = '{run_id}' and target_id = '{row['id']}'"
            )
            if row["id"] not in then:
                continue
            differing = {name for name, value in row.items() if name not in kept and value != then[row["id"]][name]}
            told = change[0] if change else {"before": {}, "after": {}}
            assert differing == set(told["before"]) - {"pictures"} == set(told["after"]) - {"pictures"}
            for name in differing:
                assert told["before"][name] == _as_json(then[row["id"]][name])
                assert told["after"][name] == _as_json(row[name])
            if change:
                assert (change[0]["kind"], change[0]["created"]) == (kind, False)
    pictures = changes["product", "lamp"]
    assert [one["url"][-5:] for one in pictures["before"]["pictures"]] == ["1.jpg", "2.jpg"]
    assert [one["url"][-5:] for one in pictures["after"]["pictures"]] == ["2.jpg", "3.jpg"]
    assert {key for key, row in changes.items() if row["created"]} == {
        ("product", "white-lamp"), ("product", "rug"), ("variant", "C-2"),
    }  # fmt: skip
    assert changes["product", "white-lamp"]["after"] == {"variants": []}, "its variant moved there"
    assert "product_id" in changes["variant", "L-W"]["before"]
    assert {name for kind, name in changes if kind == "stock"} == {"L-B"}
    assert ("product", "shelf") not in changes


def _as_json(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value


def test_what_people_own_stays_and_is_no_difference(sender: Files) -> None:
    sender.send(*FIRST)
    sender.do("update supplier_products set seo_title = 'Mine', seo_description = 'Mine too' where handle = 'lamp'")
    sender.do("update product_images set alt = 'By hand', alt_owned = true where url like '%/1.jpg'".replace("%", "%%"))
    sender.do(
        "insert into product_images (id, product_id, url, alt, position, uploaded) "
        "select gen_random_uuid(), id, '/media/ours.webp', 'Ours', 1000, true from supplier_products "
        "where handle = 'lamp'"
    )
    before = sender.written()
    run_id = sender.send(*FIRST)
    assert (sender.written(), sender.changes(run_id)) == (before, {})

    # Another order of the pictures: the texts go with them, the uploaded one stays.
    turned = FIRST[0].replace(f"{_PIC}/1.jpg|{_PIC}/2.jpg", f"{_PIC}/2.jpg|{_PIC}/1.jpg")
    run_id = sender.send(turned, *FIRST[1:])
    shown = sender.rows(
        "select url, alt from product_images i join supplier_products p on p.id = i.product_id "
        "where handle = 'lamp' order by i.position"
    )
    assert [(row["url"], row["alt"]) for row in shown] == [
        (f"{_PIC}/2.jpg", ""), (f"{_PIC}/1.jpg", "By hand"), ("/media/ours.webp", "Ours"),
    ]  # fmt: skip
    assert set(sender.changes(run_id)) == {("product", "lamp")}


def test_what_a_file_does_not_tell_is_no_difference(sender: Files) -> None:
    sender.send(*FIRST)
    before = sender.written()
    run_id = sender.send(
        "lamp,Desk lamp,L-B,Color,Black,12.50", "lamp,,L-W,Color,White,12.50", "chair,Chair,C-1,,,80.00",
        header="product_id,title,sku,option1_name,option1_value,cost",
    )  # fmt: skip
    assert (sender.written(), sender.changes(run_id)) == (before, {})


def test_a_file_of_stock_and_prices_tells_what_it_changed(sender: Files) -> None:
    sender.send(*FIRST)
    run_id = sender.send("L-B,12.50,7", "C-1,79.00,3", header="sku,cost,stock", kind="stock_price")
    changes = sender.changes(run_id)
    assert set(changes) == {("stock", "L-B"), ("variant", "C-1")}
    assert (changes["variant", "C-1"]["before"], changes["variant", "C-1"]["after"]) == (
        {"wholesale_price": 8000}, {"wholesale_price": 7900},
    )  # fmt: skip
    assert (changes["stock", "L-B"]["before"]["on_hand"], changes["stock", "L-B"]["after"]["on_hand"]) == (5, 7)
