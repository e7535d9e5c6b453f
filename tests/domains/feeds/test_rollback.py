"""A file that was taken over can be undone, also after orders, but for what was changed again since."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app import db
from app.feeds import files, queries
from app.feeds.models import FeedRun
from app.feeds.service import (
    cancel,
    create_block,
    plan_blocks,
    prepare_block,
    rolling_back,
    undo_batch,
    want_applied,
    want_rolled_back,
)
from app.feeds.service.new_rows import PRODUCTS_AT_ONCE
from app.inventory.service import (
    Aside,
    StockFigure,
    Wanted,
    commit_reservations,
    consume,
    release,
    reserve,
    set_figures,
)
from app.kit import clock
from app.kit.errors import Conflict, NotFound
from app.kit.ids import new_id
from app.kit.in_turn import Turn
from tests import factories
from tests.adapters.settings import set_up
from tests.domains.feeds.test_changes import FIRST, SECOND, Files
from tests.stack import Jobs

__all__ = ["set_up"]

#: What a file may change, without the versions and times of rows.
_KEPT = {
    "supplier_products": "to_jsonb(t) - 'updated_at' - 'in_stock' - 'ended_by_feed'",
    "supplier_variants": "to_jsonb(t) - 'updated_at'",
    "product_images": "to_jsonb(t) - 'id'",
    "inventory_levels": "to_jsonb(t) - 'updated_at' - 'as_of' - 'confirmed_by'",
}


class Undoing(Files):
    """A supplier whose files are undone."""

    def __init__(self, supplier_id: UUID, jobs: Jobs) -> None:
        super().__init__(supplier_id, jobs)
        self.jobs = jobs

    def undo(self, run_id: UUID) -> str:
        """Roll a run back; its state then."""
        with db.transaction() as session:
            want_rolled_back(session, self.supplier_id, run_id)
        self.jobs.drain()
        return self.state(run_id)

    def state(self, run_id: UUID) -> str:
        (row,) = self.rows(f"select state from feed_runs where id = '{run_id}'")
        return str(row["state"])

    def refused(self, run_id: UUID) -> str:
        """Why it can't be undone."""
        with pytest.raises(Conflict) as caught, db.transaction() as session:
            want_rolled_back(session, self.supplier_id, run_id)
        return caught.value.detail

    def stands(self, *skus: str) -> dict[str, list[Any]]:
        """The catalogue and the stock as they are; of ``skus`` only, where there are any."""
        named = "', '".join(skus)
        of = {
            "supplier_products": f"id in (select product_id from supplier_variants where sku in ('{named}'))",
            "supplier_variants": f"sku in ('{named}')",
            "product_images": f"product_id in (select product_id from supplier_variants where sku in ('{named}'))",
            "inventory_levels": f"variant_id in (select id from supplier_variants where sku in ('{named}'))",
        }
        return {
            table: sorted(
                (row["kept"] for row in self.rows(
                    f"select {kept} as kept from {table} t where {of[table] if skus else 'true'}")),
                key=repr,
            )
            for table, kept in _KEPT.items()
        }  # fmt: skip

    def left(self, run_id: UUID) -> list[tuple[str, str]]:
        with db.transaction() as session:
            return queries.left_alone(session, session.get_one(FeedRun, run_id))[0]

    def statuses(self) -> dict[str, tuple[str, str]]:
        found = self.rows(
            "select sku, v.status, p.status as of_product from supplier_variants v "
            "join supplier_products p on p.id = v.product_id"
        )
        return {row["sku"]: (row["status"], row["of_product"]) for row in found}


@pytest.fixture
def sender(committed: None, system: None, jobs: Jobs, tmp_path: Path, set_up: Callable[..., None]) -> Iterator[Undoing]:
    set_up(data_dir=str(tmp_path), media_storage="none")
    files.storage.cache_clear()
    with db.transaction() as session:
        supplier_id = factories.supplier(session).id
    yield Undoing(supplier_id, jobs)
    files.storage.cache_clear()


def test_all_that_a_file_changed_is_as_before_and_what_it_made_is_ended(sender: Undoing) -> None:
    sender.send(*FIRST)
    before = sender.stands()
    known = {row["sku"] for row in sender.rows("select sku from supplier_variants")}
    run_id = sender.send(*SECOND)
    assert sender.stands(*known) != before

    assert sender.undo(run_id) == "ROLLED_BACK"

    assert sender.stands(*known) == before
    made = {sku: statuses for sku, statuses in sender.statuses().items() if sku not in known}
    assert made == {"R-1": ("ended", "ended"), "C-2": ("ended", "active")}
    assert sender.left(run_id) == []
    assert sender.undo(run_id) == "ROLLED_BACK", "asked again, nothing happens"
    sender.send("rug,Rug,R-1,,,20.00", header="product_id,title,sku,option1_name,option1_value,cost")
    assert sender.statuses()["R-1"] == ("active", "active"), "a file that names it offers it again"


def test_what_was_changed_since_stays_and_is_listed(sender: Undoing) -> None:
    sender.send(*FIRST)
    wrong = sender.send(FIRST[0].replace("12.50", "99.00"), FIRST[1], FIRST[2].replace("80.00", "70.00"), FIRST[3])
    sender.do("update supplier_variants set wholesale_price = 7500 where sku = 'C-1'")
    later = sender.send(*SECOND[:3])

    with db.transaction() as session:
        run = session.get_one(FeedRun, wrong)
        assert queries.why_not_undone(session, run) is not None, "the later file changed all of it again"
    assert sender.refused(wrong) == "Everything that this file changed was changed again since."
    assert sender.undo(later) == "ROLLED_BACK"
    assert sender.undo(wrong) == "ROLLED_BACK"
    prices = {row["sku"]: row["wholesale_price"] for row in sender.rows("select * from supplier_variants")}
    assert (prices["L-B"], prices["C-1"]) == (1250, 7500)
    assert sender.left(wrong) == [("C-1", "wholesale_price")]


def test_what_a_later_file_names_too_is_not_ended(sender: Undoing) -> None:
    sender.send(*FIRST[:3])
    run_id = sender.send(*FIRST, "rug,Rug,R-1,,,20.00,,4,2,kg,,,,Nordlicht,,Furniture,active")
    sender.send(*FIRST)
    sender.undo(run_id)
    assert (sender.statuses()["S-1"], sender.statuses()["R-1"]) == (("active", "active"), ("ended", "ended"))


def test_stock_goes_back_below_a_later_figure_only(sender: Undoing) -> None:
    sender.send(*FIRST)
    run_id = sender.send(*(line.replace(",5,0.8", ",50,0.8").replace(",3,4", ",33,4") for line in FIRST))
    (level,) = sender.rows(
        "select l.* from inventory_levels l join supplier_variants v on v.id = l.variant_id where sku = 'C-1'"
    )
    with db.transaction() as session:
        set_figures(session, sender.supplier_id, [StockFigure(level["variant_id"], 20, clock.now())])
    sender.undo(run_id)
    stock = {
        row["sku"]: row["on_hand"]
        for row in sender.rows("select * from inventory_levels l join supplier_variants v on v.id = l.variant_id")
    }
    assert (stock["L-B"], stock["C-1"]) == (5, 20)
    assert sender.left(run_id) == [("C-1", "stock")]


def test_a_run_that_is_not_taken_over_or_long_ago_or_foreign_is_not_undone(sender: Undoing) -> None:
    run_id = sender.send(*FIRST)
    unchanged = sender.send(*FIRST)
    assert sender.refused(unchanged) == "There is nothing to roll back: this file changed nothing."
    with pytest.raises(NotFound), db.transaction() as session:
        want_rolled_back(session, new_id(), run_id)
    sender.do(f"update feed_runs set state = 'READY' where id = '{run_id}'")
    assert sender.refused(run_id) == "Only a file that was taken over can be rolled back."
    sender.do(f"update feed_runs set state = 'APPLIED' where id = '{run_id}'")
    sender.do(f"update feed_runs set state = 'APPLYING' where id = '{unchanged}'")
    assert sender.refused(run_id) == "Another file is being worked on. Wait until it is done."
    sender.do(f"update feed_runs set state = 'APPLIED' where id = '{unchanged}'")
    sender.do(f"delete from feed_run_changes where run_id = '{run_id}'")
    assert "too long ago" in sender.refused(run_id)


def test_a_run_that_is_stopped_keeps_what_it_did_and_can_go_on_or_be_undone(sender: Undoing) -> None:
    lines = [f"lamp-{number:03},Lamp,S{number},,,5.00,,1,,,,,,,,," for number in range(PRODUCTS_AT_ONCE + 5)]
    with db.transaction() as session:
        key, stored = files_of(lines)
        run_id = receive(session, sender.supplier_id, key, stored)
    sender.jobs.drain()
    with db.transaction() as session:
        want_applied(session, sender.supplier_id, run_id)
        prepared = prepare_block(session, run_id, plan_blocks(session, run_id)[0])
        assert prepared is not None
        create_block(session, run_id, prepared, Turn(None), beside=True)
        cancel(session, sender.supplier_id, run_id)
    sender.jobs.drain()
    assert sender.state(run_id) == "CANCELLED"
    assert len(sender.statuses()) == PRODUCTS_AT_ONCE

    with db.transaction() as session:
        want_applied(session, sender.supplier_id, run_id)
    sender.jobs.drain()
    assert (sender.state(run_id), len(sender.statuses())) == ("APPLIED", PRODUCTS_AT_ONCE + 5)
    with pytest.raises(Conflict), db.transaction() as session:
        cancel(session, sender.supplier_id, run_id)

    assert sender.undo(run_id) == "ROLLED_BACK"
    assert set(sender.statuses().values()) == {("ended", "ended")}


def test_undoing_that_is_cut_off_goes_on_where_it_stopped(sender: Undoing, monkeypatch: pytest.MonkeyPatch) -> None:
    sender.send(*FIRST)
    before = sender.stands()
    run_id = sender.send(*(line.replace("12.50", "13.00").replace("0.8,kg", "0.9,kg") for line in FIRST))
    monkeypatch.setattr(rolling_back, "CHANGES_AT_ONCE", 1)
    with db.transaction() as session:
        want_rolled_back(session, sender.supplier_id, run_id)
    with db.transaction() as session:
        assert undo_batch(session, run_id)
    with pytest.raises(RuntimeError), db.transaction() as session:
        assert undo_batch(session, run_id)
        raise RuntimeError("cut off")
    assert sender.stands() != before
    sender.jobs.drain()
    assert (sender.state(run_id), sender.stands()) == ("ROLLED_BACK", before)


def files_of(lines: list[str]) -> tuple[str, Any]:
    from app.feeds.service import keep_file
    from tests.domains.feeds.test_changes import HEADER

    return keep_file(["\n".join([HEADER, *lines, ""]).encode()])


def receive(session: Any, supplier_id: UUID, key: str, stored: Any) -> UUID:
    from app.feeds.service import receive_upload

    return receive_upload(session, supplier_id, file_name="list.csv", feed="csv", file_key=key, stored=stored).id


_Order = tuple[int, str]


@given(
    first=st.lists(st.integers(0, 9), min_size=3, max_size=3),
    second=st.lists(st.integers(0, 9), min_size=3, max_size=3),
    early=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3)), max_size=3),
    late=st.lists(
        st.tuples(st.integers(0, 2), st.integers(1, 3), st.sampled_from(["", "release", "consume"])), max_size=5
    ),
)
@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_orders_before_and_after_a_run_survive_its_undoing(
    sender: Undoing,
    first: list[int],
    second: list[int],
    early: list[tuple[int, int]],
    late: list[tuple[int, int, str]],
) -> None:
    """Reserved is the sum of what is set aside, whatever came before and after; what left the house stays gone; the
    catalogue is as before the run."""
    with db.transaction() as session:
        sender.supplier_id = factories.supplier(session, f"S {new_id()}").id
        retailer_id = factories.retailer(session).id
    mark = new_id().hex[-8:]

    def lines(stock: list[int], price: str) -> list[str]:
        return [f"{mark}-{n},Lamp {n},{mark}-{n},,,{price},,{units},,,,,,,,," for n, units in enumerate(stock)]

    sender.send(*lines(first, "5.00"))
    skus = [f"{mark}-{number}" for number in range(3)]
    variants = {row["sku"]: row["id"] for row in sender.rows("select id, sku from supplier_variants")}

    def order(number: int, units: int, then: str) -> int:
        line, variant = new_id(), variants[skus[number]]
        with db.transaction() as session:
            filled = reserve(session, retailer_id, [Wanted(line, variant, units)], expires_at=None, partial=True)
            if filled and then == "consume":
                commit_reservations(session, [line], told_at=clock.now())
                consume(session, {Aside(line, variant): units}, reference="parcel")
            elif filled and then == "release":
                release(session, {Aside(line, variant): units}, reference="cancelled")
        return units if filled and then == "consume" else 0

    for number, units in early:
        order(number, units, "")
    before = sender.stands(*skus)
    run_id = sender.send(*lines(second, "6.00"))
    gone = [0, 0, 0]
    for number, units, then in late:
        gone[number] += order(number, units, then)

    assert sender.undo(run_id) == "ROLLED_BACK"

    after = sender.stands(*skus)
    for table in ("supplier_products", "supplier_variants", "product_images"):
        assert after[table] == before[table]
    levels = {row["variant_id"]: row for row in before["inventory_levels"]}
    for row in after["inventory_levels"]:
        number = skus.index(next(sku for sku, one in variants.items() if str(one) == row["variant_id"]))
        was = levels[row["variant_id"]]
        assert row["on_hand"] == max(0, was["on_hand"] - gone[number]), (row, was, gone)
    sums = sender.rows(
        "select l.reserved, coalesce((select sum(quantity - consumed - released) from reservations r "
        "where r.level_id = l.id and state in ('HELD', 'COMMITTED')), 0) as promised from inventory_levels l"
    )
    assert all(row["reserved"] == row["promised"] for row in sums)
