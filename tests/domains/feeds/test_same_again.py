"""Products whose rows are the same as the last time are passed over, and nothing is other for it than if they had been
understood again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app import db
from app.catalog.service import change_prices, set_status
from app.feeds import files, queries
from app.feeds.service import (
    confirm_same,
    keep_file,
    plan_same,
    receive_upload,
    set_same,
    want_applied,
    want_rolled_back,
)
from app.inventory.errors import InsufficientStock
from app.inventory.queries import availability
from app.inventory.service import Aside, StockFigure, Wanted, consume, reserve, set_figures
from app.kit import clock
from app.kit.errors import Conflict
from app.kit.ids import new_id
from tests import factories
from tests.adapters.settings import set_up
from tests.campaign import same_each_time, walks
from tests.domains.feeds.test_changes import Files
from tests.stack import Jobs

__all__ = ["set_up"]

COLUMNS = "product_id,title,sku,option1_name,option1_value,cost,stock,weight,weight_unit,image_urls,description,status"
SHOPIFY = (
    "Handle,Title,Variant SKU,Option1 Name,Option1 Value,Variant Price,Variant Inventory Qty,Image Src,Cost per item"
)
#: What the catalogue says of a supplier, by the names that the supplier gave.
_STATE = """
    select p.handle, p.title, p.description, p.option_names, p.tags, p.status, p.lowest_wholesale, p.highest_wholesale,
        p.search_text, v.sku, v.options, v.wholesale_price, v.weight_grams, v.status as variant_status, v.position,
        (select array_agg(i.url order by i.position) from product_images i where i.product_id = p.id) as pictures,
        (select array_agg(array[l.on_hand, l.reserved]) from inventory_levels l where l.variant_id = v.id) as stock
    from supplier_products p join supplier_variants v on v.product_id = p.id
    where p.supplier_id = '{supplier}' order by v.sku
"""


class Again(Files):
    """A supplier that sends the same file again and again; ``forgetful``: nothing is remembered of the last one."""

    def __init__(self, supplier_id: UUID, jobs: Jobs, *, forgetful: bool = False) -> None:
        super().__init__(supplier_id, jobs)
        self._jobs, self._forgetful = jobs, forgetful

    def send(self, *lines: str, header: str = COLUMNS, kind: str = "full") -> UUID:
        if self._forgetful:
            self.do(f"delete from feed_marks where supplier_id = '{self.supplier_id}'")
        return super().send(*lines, header=header, kind=kind)

    def look_at(self, *lines: str) -> UUID:
        """Upload a file and have it checked."""
        key, stored = keep_file(["\n".join([COLUMNS, *lines, ""]).encode()])
        with db.transaction() as session:
            run_id = receive_upload(
                session, self.supplier_id, file_name="list.csv", feed="csv", file_key=key, stored=stored
            ).id
        if self._forgetful:
            self.do(f"delete from feed_marks where supplier_id = '{self.supplier_id}'")
        self._jobs.drain()
        return run_id

    def take_over(self, run_id: UUID) -> None:
        with db.transaction() as session:
            want_applied(session, self.supplier_id, run_id)
        self._jobs.drain()

    def undo(self, run_id: UUID) -> None:
        with db.transaction() as session:
            want_rolled_back(session, self.supplier_id, run_id)
        self._jobs.drain()

    def variant(self, sku: str) -> UUID:
        """The variant of an SKU."""
        return self.variants()[sku]

    def variants(self) -> dict[str, UUID]:
        """All variants by SKU."""
        found = self.rows(
            f"select sku, id from supplier_variants where supplier_id = '{self.supplier_id}' order by sku"
        )
        return {row["sku"]: row["id"] for row in found}

    def figure_times(self) -> dict[str, datetime]:
        """For when the figure of each SKU holds."""
        variants = self.variants()
        with db.transaction() as session:
            known = availability(session, variants.values())
        return {sku: as_of for sku, one in variants.items() if one in known and (as_of := known[one].as_of)}

    def passed_over(self, run_id: UUID) -> list[str]:
        """The SKUs of a file that were not understood again."""
        found = self.rows(
            f"select row, sku from feed_rows where run_id = '{run_id}' and same union all "
            "select told.row, v.sku from feed_same s, unnest(s.row_numbers, s.variants) as told(row, id), "
            f"supplier_variants v where s.run_id = '{run_id}' and v.id = told.id order by row"
        )
        return [row["sku"] for row in found if row["sku"]]

    def counts(self, run_id: UUID) -> dict[str, int]:
        """What a run says of its file."""
        (row,) = self.rows(f"select counts from feed_runs where id = '{run_id}'")
        places = ("applied_row", "blocks_to", "same_to")
        return {name: times for name, times in row["counts"].items() if name not in places}

    def state(self) -> list[dict[str, Any]]:
        return self.rows(_STATE.format(supplier=self.supplier_id))


@pytest.fixture(autouse=True)
def _files_here(set_up: Callable[..., None], tmp_path: Path) -> Iterator[None]:
    set_up(data_dir=str(tmp_path))
    files.storage.cache_clear()
    yield
    files.storage.cache_clear()


@pytest.fixture
def make(committed: None, system: None, jobs: Jobs) -> Callable[..., Again]:
    def supplier(*, forgetful: bool = False) -> Again:
        with db.transaction() as session:
            supplier_id = factories.supplier(session).id
        return Again(supplier_id, jobs, forgetful=forgetful)

    return supplier


LAMPS = (
    "lamp,Desk lamp,L-B,Color,Black,12.50,5,0.8,kg,https://pictures.example/1.jpg,Warm",
    "lamp,,L-W,Color,White,12.50,0,0.8,kg,,",
    "lamp,,,,,,,,,https://pictures.example/2.jpg,",
)
CHAIR = "chair,Chair,C-1,,,80.00,3,4,kg,,Oak"


def test_a_product_with_the_same_rows_is_passed_over_and_its_stock_is_taken_over(make: Callable[..., Again]) -> None:
    supplier = make()
    supplier.send(*LAMPS, CHAIR)
    again = supplier.send(LAMPS[0].replace(",5,", ",7,"), *LAMPS[1:], CHAIR.replace("80", "81"))

    assert supplier.passed_over(again) == ["L-B", "L-W"], "the chair has another price"
    assert supplier.counts(again) == {
        "rows": 4, "products": 2, "variants": 3, "new": 0, "changed": 2, "unchanged": 1, "merged": 1, "rejected": 0,
        "warnings": 0, "applied": 2,
    }  # fmt: skip
    stock = {row["sku"]: row["stock"] for row in supplier.state()}
    assert stock == {"L-B": [[7, 0]], "L-W": [[0, 0]], "C-1": [[3, 0]]}
    (changed,) = supplier.rows(f"select changes from feed_rows where run_id = '{again}' and sku = 'L-B'")
    assert changed["changes"] == {"stock": [5, 7]}
    pictures = next(row["pictures"] for row in supplier.state() if row["sku"] == "L-B")
    assert pictures == ["https://pictures.example/1.jpg", "https://pictures.example/2.jpg"]

    supplier.undo(again)
    assert {row["sku"]: row["stock"] for row in supplier.state()} == stock | {"L-B": [[5, 0]]}


def test_what_is_kept_of_the_last_files_lines_may_be_damaged_or_gone(
    make: Callable[..., Again], tmp_path: Path
) -> None:
    supplier = make()
    supplier.send(*LAMPS, CHAIR)
    before = supplier.state()
    kept = list(tmp_path.glob("files/uploads/*.lines"))
    assert len(kept) == 1
    kept[0].write_bytes(kept[0].read_bytes()[:-3])
    assert supplier.passed_over(supplier.send(*LAMPS, CHAIR)) == ["L-B", "L-W", "C-1"]

    for one in tmp_path.glob("files/uploads/*.lines"):
        one.unlink()
    assert supplier.passed_over(supplier.send(*LAMPS, CHAIR)) == ["L-B", "L-W", "C-1"]
    assert supplier.state() == before


def test_rows_that_change_nothing_are_shown_at_their_places(make: Callable[..., Again]) -> None:
    supplier = make()
    rug = "rug,Rug,R-1,,,40.00,2,,,,,"
    supplier.send(*LAMPS, CHAIR, rug)
    again = supplier.send(*LAMPS, CHAIR.replace("80", "81"), rug)

    (kept,) = supplier.rows(f"select count(*) as n from feed_rows where run_id = '{again}'")
    assert kept["n"] == 2, "the chair, and the row of a picture"
    shown: list[tuple[int, str, str, Any]] = []
    cursor = None
    with db.transaction() as session:
        run = queries.feed_run(session, supplier.supplier_id, again)
        while cursor or not shown:
            page = queries.rows(session, run, action=None, limit=2, cursor=cursor)
            shown += [(one.row, one.sku, one.action, one.record.get("cost")) for one in page.items]
            cursor = page.next_cursor
        (lamp, white, other) = queries.rows(session, run, action="unchanged", limit=10, cursor=None).items
    assert shown == [
        (2, "L-B", "unchanged", 1250), (3, "L-W", "unchanged", 1250), (4, "", "merged", None),
        (5, "C-1", "changed", 8100), (6, "R-1", "unchanged", 4000),
    ]  # fmt: skip
    assert lamp.record == {"title": "Desk lamp", "cost": 1250, "weight_grams": 800, "stock": 5}
    assert (white.handle, other.handle, other.record["title"]) == ("lamp", "rug", "Rug")


def test_a_figure_that_is_confirmed_is_fresh_again(make: Callable[..., Again]) -> None:
    supplier = make()
    supplier.send(*LAMPS)
    before = supplier.figure_times()
    supplier.send(*LAMPS)

    after = supplier.figure_times()
    assert after.keys() == before.keys()
    assert all(after[sku] > before[sku] for sku in before)
    assert supplier.rows("select count(*) as n from stock_movements") == [{"n": 1}], "of the first file's lamp alone"


def test_what_a_file_no_longer_names_is_not_confirmed_by_it(make: Callable[..., Again]) -> None:
    supplier = make()
    supplier.send(*LAMPS, CHAIR)
    supplier.send(*LAMPS, CHAIR)
    before = supplier.figure_times()
    supplier.send(*LAMPS)
    after = supplier.figure_times()
    assert (after["L-B"] > before["L-B"], after["L-W"] > before["L-W"], after["C-1"]) == (True, True, before["C-1"])

    supplier.send(*LAMPS, CHAIR)
    last = supplier.figure_times()
    assert last["L-B"] == last["L-W"] == last["C-1"] > after["L-B"]


def test_a_message_that_is_older_than_a_confirmation_changes_nothing_and_a_newer_one_counts(
    make: Callable[..., Again],
) -> None:
    supplier = make()
    supplier.send(*LAMPS)
    between = clock.now()
    supplier.send(*LAMPS)
    supplier.send(*LAMPS)
    black, white = supplier.variant("L-B"), supplier.variant("L-W")
    newer = clock.now()
    with db.transaction() as session:
        stale, fresh = set_figures(
            session, supplier.supplier_id, [StockFigure(black, 50, between), StockFigure(white, 8, newer)]
        )
    assert (stale.stale, stale.on_hand, fresh.stale, fresh.on_hand) == (True, 5, False, 8)

    supplier.send(LAMPS[0], LAMPS[2])
    times = supplier.figure_times()
    assert times["L-W"] == newer, "the last file says nothing of it"
    assert times["L-B"] > newer
    assert {row["sku"]: row["stock"] for row in supplier.state()} == {"L-B": [[5, 0]], "L-W": [[8, 0]]}


def test_a_figure_that_a_later_file_confirms_stays_when_the_run_that_brought_it_is_undone(
    make: Callable[..., Again],
) -> None:
    supplier = make()
    supplier.send(*LAMPS, CHAIR)
    fewer = supplier.send(LAMPS[0].replace(",5,", ",4,"), *LAMPS[1:], CHAIR.replace(",3,", ",2,"))
    supplier.send(LAMPS[0].replace(",5,", ",4,"), *LAMPS[1:])

    supplier.undo(fewer)
    assert {row["sku"]: row["stock"] for row in supplier.state()} == {
        "L-B": [[4, 0]], "L-W": [[0, 0]], "C-1": [[3, 0]],
    }  # fmt: skip


def test_stock_of_which_nothing_was_heard_for_long_is_told_again_when_a_file_confirms_it(
    make: Callable[..., Again],
) -> None:
    """Stores show it as too old until then."""
    supplier = make()
    supplier.send(*LAMPS, CHAIR)
    supplier.send(*LAMPS, CHAIR)
    supplier.do("delete from outbox_events where topic = 'inventory.changed'")
    supplier.do("update inventory_levels set as_of = as_of - interval '2 hours'")
    supplier.do("update stock_confirmations set as_of = as_of - interval '2 hours'")
    supplier.send(*LAMPS, CHAIR)
    supplier.send(*LAMPS, CHAIR)

    told = supplier.rows("select payload from outbox_events where topic = 'inventory.changed'")
    variants = [variant for event in told for variant in event["payload"]["variant_ids"]]
    assert sorted(variants) == sorted(map(str, supplier.variants().values())), "once each"


def test_units_set_aside_are_not_sold_again_by_a_file_that_says_the_same(make: Callable[..., Again]) -> None:
    supplier = make()
    supplier.send(*LAMPS)
    with db.transaction() as session:
        reserve(
            session,
            new_id(),
            [Wanted(order_line_id=new_id(), variant_id=supplier.variant("L-B"), quantity=2)],
            expires_at=None,
        )
    again = supplier.send(*LAMPS)

    assert supplier.passed_over(again) == ["L-B", "L-W"]
    stock = next(row["stock"] for row in supplier.state() if row["sku"] == "L-B")
    assert stock == [[5, 2]], "the supplier does not know of the order yet; its five are all of them"


def test_stock_that_differs_by_now_is_set_and_a_newer_figure_stays(make: Callable[..., Again]) -> None:
    """Between the comparison and the taking over, another file or the portal may come."""
    supplier = make()
    supplier.send(*LAMPS, CHAIR)
    again = supplier.send(*LAMPS, CHAIR)
    with db.transaction() as session:
        set_figures(session, supplier.supplier_id, [StockFigure(supplier.variant("C-1"), 1, clock.now())])
    supplier.do(
        f"update feed_runs set state = 'APPLYING', counts = counts - 'same_to' - 'blocks_to' where id = '{again}'"
    )
    supplier.do(
        "update inventory_levels set on_hand = 9, as_of = as_of - interval '1 hour', confirmed_by = null "
        f"where variant_id = '{supplier.variant('L-B')}'"
    )
    with db.transaction() as session:
        parts = plan_same(session, again)
    for part in parts:
        with db.transaction() as session:
            others = confirm_same(session, again, part)
        assert others is not None
        with db.transaction() as session:
            assert set_same(session, again, part, others)

    assert {row["sku"]: row["stock"] for row in supplier.state()} == {"L-B": [[5, 0]], "L-W": [[0, 0]], "C-1": [[1, 0]]}


def test_units_that_left_while_a_task_was_cut_off_are_not_there_again_when_it_goes_on(
    make: Callable[..., Again],
) -> None:
    supplier = make()
    supplier.send(*LAMPS[:2])
    again = supplier.send(*LAMPS[:2])
    supplier.do(
        f"update feed_runs set state = 'APPLYING', counts = counts - 'same_to' - 'blocks_to' where id = '{again}'"
    )
    supplier.do("update inventory_levels set as_of = as_of - interval '1 hour'")
    supplier.do("update stock_confirmations set as_of = as_of - interval '1 hour'")
    with db.transaction() as session:
        (part,) = plan_same(session, again)
        confirm_same(session, again, part)
    with db.transaction() as session:
        sold = Wanted(order_line_id=new_id(), variant_id=supplier.variant("L-B"), quantity=2)
        reserve(session, new_id(), [sold], expires_at=None)
        consume(session, {Aside(sold.order_line_id, sold.variant_id): 2}, reference="parcel")

    with db.transaction() as session:
        others = confirm_same(session, again, part)
        assert others is not None
        assert set_same(session, again, part, others)
    assert next(row["stock"] for row in supplier.state() if row["sku"] == "L-B") == [[3, 0]]


@pytest.mark.parametrize(
    "second",
    [
        pytest.param((*LAMPS, CHAIR, "lamp,,L-R,Color,Red,12.50,1,,,,"), id="a row elsewhere in the file"),
        pytest.param((*LAMPS, CHAIR, "rug,Rug,L-B,,,9.00,1,,,,"), id="a SKU that stands twice"),
        pytest.param((CHAIR, *LAMPS), id="another order"),
        pytest.param((LAMPS[1], LAMPS[0], LAMPS[2], CHAIR), id="another order of rows"),
        pytest.param((LAMPS[0], CHAIR), id="fewer rows"),
        pytest.param((LAMPS[0].replace(",5,", ",-5,"), *LAMPS[1:], CHAIR), id="stock that can't be"),
        pytest.param((LAMPS[0].replace(",5,", ",plenty,"), *LAMPS[1:], CHAIR), id="a word for stock"),
    ],
)
def test_what_a_second_file_says_is_taken_over_as_if_it_came_alone(
    make: Callable[..., Again], second: Sequence[str]
) -> None:
    supplier, twin = make(), make(forgetful=True)
    runs = []
    for one in (supplier, twin):
        one.send(*LAMPS, CHAIR)
        runs.append(one.send(*second))

    assert supplier.state() == twin.state()
    assert supplier.counts(runs[0]) == twin.counts(runs[1])


def test_what_people_changed_since_is_as_the_file_has_it_again(make: Callable[..., Again]) -> None:
    supplier = make()
    supplier.send(*LAMPS, CHAIR)
    before = supplier.state()
    with db.transaction() as session:
        change_prices(session, supplier.supplier_id, {supplier.variant("C-1"): 777})
    (lamp,) = supplier.rows("select id from supplier_products where handle = 'lamp'")
    with db.transaction() as session:
        set_status(session, supplier.supplier_id, [lamp["id"]], "ended")
    again = supplier.send(*LAMPS, CHAIR)

    assert supplier.passed_over(again) == []
    assert supplier.state() == before


@pytest.mark.parametrize("forgetful", [False, True])
def test_the_file_that_is_taken_over_last_decides_though_it_was_looked_at_before_the_other_was(
    make: Callable[..., Again], jobs: Jobs, *, forgetful: bool
) -> None:
    supplier = make(forgetful=forgetful)
    supplier.send(*LAMPS, CHAIR)
    dearer, as_before = supplier.look_at(*LAMPS, CHAIR.replace("80.00", "90.00")), supplier.look_at(*LAMPS, CHAIR)
    supplier.take_over(dearer)
    chair = f"select wholesale_price from supplier_variants where id = '{supplier.variant('C-1')}'"
    assert supplier.rows(chair) == [{"wholesale_price": 9000}]

    supplier.take_over(as_before)
    assert supplier.rows(chair) == [{"wholesale_price": 8000}]
    assert supplier.rows(f"select state from feed_runs where id = '{as_before}'") == [{"state": "APPLIED"}]
    supplier.undo(as_before)
    assert supplier.rows(chair) == [{"wholesale_price": 9000}]


@pytest.mark.parametrize("forgetful", [False, True])
def test_what_later_rows_say_otherwise_of_their_product_is_no_change(
    make: Callable[..., Again], forgetful: bool
) -> None:
    rows = ("rug,Rug,R-1,Color,Red,5.00,3,1,kg,,Good,active", "rug,Runner,R-2,Color,Blue,5.00,3,1,kg,,Fair,draft")
    supplier = make(forgetful=forgetful)
    supplier.send(*rows)
    before = supplier.state()
    for _ in range(2):
        counts = supplier.counts(supplier.send(*rows))
        assert (counts["unchanged"], counts["changed"]) == (2, 0)
    assert supplier.state() == before
    assert {row["title"] for row in before} == {"Rug"}


def test_pictures_that_were_put_back_come_again_with_the_file(make: Callable[..., Again]) -> None:
    supplier = make()
    supplier.send(*LAMPS)
    other = (LAMPS[0].replace("1.jpg", "3.jpg"), *LAMPS[1:])
    supplier.undo(supplier.send(*other))
    assert supplier.state()[0]["pictures"] == ["https://pictures.example/1.jpg", "https://pictures.example/2.jpg"]

    supplier.send(*other)
    assert supplier.state()[0]["pictures"] == ["https://pictures.example/3.jpg", "https://pictures.example/2.jpg"]


def test_another_way_of_reading_voids_all_marks(make: Callable[..., Again]) -> None:
    supplier = make()
    supplier.send(*LAMPS)
    other = supplier.send(*LAMPS, header=COLUMNS.replace("description", "brand"))

    assert supplier.passed_over(other) == []
    assert supplier.rows("select distinct brand from supplier_products") == [{"brand": "Warm"}]


_ROW = st.tuples(
    st.sampled_from(["lamp", "chair", "rug", ""]),
    st.sampled_from(["Lamp", "Chair", ""]),
    st.sampled_from(["A", "B", "C", "D", ""]),
    st.just("Color"),
    st.sampled_from(["Red", "Blue", ""]),
    st.sampled_from(["5.00", "6.00", "free"]),
    st.sampled_from(["0", "3", "7", "", "-1", "plenty"]),
    st.sampled_from(["1", ""]),
    st.just("kg"),
    st.sampled_from(["", "https://pictures.example/1.jpg"]),
    st.sampled_from(["", "Good"]),
    st.sampled_from(["active", "draft"]),
)
_GOOD = st.builds(
    lambda product, number, stock: (
        product, product.title(), f"{product}-{number}", "Color", f"no {number}", "5.00", stock, "1", "kg", "", "Good",
        "active",
    ),
    st.sampled_from(["lamp", "chair", "rug"]),
    st.integers(0, 2),
    st.sampled_from(["0", "3", "7"]),
)  # fmt: skip
#: What is done to the last file before it is sent again: nothing, or one cell, row or order.
_STEP = st.one_of(
    st.tuples(st.just("same")),
    st.tuples(st.just("stock"), st.integers(0, 5), st.sampled_from(["0", "3", "7", "plenty"])),
    st.tuples(st.just("cost"), st.integers(0, 5), st.sampled_from(["5.00", "6.00"])),
    st.tuples(st.just("drop"), st.integers(0, 5)),
    st.tuples(st.just("swap"), st.integers(0, 5), st.integers(0, 5)),
    st.tuples(st.just("repeat"), st.integers(0, 5)),
    st.tuples(st.just("add"), _ROW),
    st.tuples(st.just("put in"), st.integers(0, 5), _GOOD),
    st.tuples(st.just("move"), st.integers(0, 5), st.integers(1, 3), st.integers(0, 5)),
    st.tuples(
        st.just("described"), st.integers(0, 5), st.sampled_from(['"So\nso"', '5" wide', '"Very ""good"""', '"'])
    ),
    st.tuples(st.just("ends"), st.sampled_from(["\r", ""])),
    st.tuples(st.just("priced"), st.integers(0, 5)),
    st.tuples(st.just("ended")),
    st.tuples(st.just("sold"), st.integers(0, 5)),
    st.tuples(st.just("counted"), st.integers(0, 5), st.sampled_from([0, 3, 9])),
    st.tuples(st.just("undo")),
)


def _changed(rows: list[tuple[str, ...]], step: tuple[Any, ...]) -> list[tuple[str, ...]]:
    rows = list(rows)
    what, *told = step
    place = told[0] % len(rows) if told and isinstance(told[0], int) else 0
    if what in ("stock", "cost"):
        column = 6 if what == "stock" else 5
        rows[place] = (*rows[place][:column], told[1], *rows[place][column + 1 :])
    elif what == "drop" and len(rows) > 1:
        del rows[place]
    elif what == "swap":
        other = told[1] % len(rows)
        rows[place], rows[other] = rows[other], rows[place]
    elif what == "repeat":
        rows.append(rows[place])
    elif what == "add":
        rows.append(told[0])
    elif what == "put in":
        rows.insert(place, told[1])
    elif what == "move":
        moved = rows[place : place + told[1]]
        del rows[place : place + told[1]]
        rows[told[2] % (len(rows) + 1) : 0] = moved
    elif what == "described":
        rows[place] = (*rows[place][:10], told[1], *rows[place][11:])
    elif what == "ends":
        rows = [(*row[:-1], row[-1].rstrip("\r") + told[0]) for row in rows]
    return rows


def _do(supplier: Again, step: tuple[Any, ...], last: UUID) -> None:
    """What somebody does in the portal between two files."""
    what, *told = step
    if what == "undo":
        with suppress(Conflict):
            supplier.undo(last)
        return
    variants = list(supplier.variants().values())
    with db.transaction() as session:
        if what == "priced":
            change_prices(session, supplier.supplier_id, {variants[told[0] % len(variants)]: 777})
        elif what == "counted":
            figure = StockFigure(variants[told[0] % len(variants)], told[1], clock.now())
            set_figures(session, supplier.supplier_id, [figure])
        elif what == "sold":
            sold = Wanted(order_line_id=new_id(), variant_id=variants[told[0] % len(variants)], quantity=1)
            with suppress(InsufficientStock):
                reserve(session, new_id(), [sold], expires_at=None)
        elif what == "ended":
            (first, *_) = supplier.rows(
                f"select id from supplier_products where supplier_id = '{supplier.supplier_id}' order by handle"
            )
            set_status(session, supplier.supplier_id, [first["id"]], "ended")


@given(
    rows=st.lists(_GOOD, min_size=2, max_size=6).map(lambda rows: sorted(rows, key=lambda row: row[0])),
    steps=st.lists(_STEP, min_size=1, max_size=5),
)
@settings(
    max_examples=walks(8),
    derandomize=same_each_time(),
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_remembering_the_last_file_changes_nothing_of_what_comes_out(
    make: Callable[..., Again], rows: list[tuple[str, ...]], steps: list[tuple[Any, ...]]
) -> None:
    outcomes = []
    for supplier in (make(), make(forgetful=True)):
        current, told = rows, []
        last = supplier.send(*(",".join(row) for row in current))
        told.append((supplier.counts(last), supplier.state()))
        for step in steps:
            if step[0] in ("priced", "ended", "sold", "counted", "undo"):
                _do(supplier, step, last)
            current = _changed(current, step)
            last = supplier.send(*(",".join(row) for row in current))
            told.append((supplier.counts(last), supplier.state()))
        outcomes.append(told)
    assert outcomes[0] == outcomes[1]


def test_lists_that_shopify_exports_are_passed_over_too(make: Callable[..., Again]) -> None:
    supplier = make()
    rows = (
        "lamp,Desk lamp,L-B,Color,Black,12.50,5,https://pictures.example/1.jpg,6.00",
        "lamp,,L-W,Color,White,12.50,2,,6.00",
        "lamp,,,,,,,https://pictures.example/2.jpg,",
        "chair,Chair,C-1,Title,Default Title,80.00,3,,40.00",
    )
    supplier.send(*rows, header=SHOPIFY)
    again = supplier.send(*rows, header=SHOPIFY)

    assert supplier.passed_over(again) == ["L-B", "L-W", "C-1"]
