"""SKUs that a full file no longer names: kept, set to 0 or ended as their supplier chose, for the origin that brought
them alone, and back as they were when they come back or the file is rolled back."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app import db
from app.feeds import files
from app.feeds.models import FeedRun
from app.feeds.rules.guard import GuardLimits
from app.feeds.rules.missing import MissingPolicy
from app.feeds.service import (
    SourceSpec,
    add_source,
    change_limits,
    change_mapping,
    change_policy,
    discard,
    keep_file,
    missing,
    note_missing,
    receive_upload,
    settle_missing,
    want_applied,
)
from app.inventory.service import StockFigure, set_figures
from app.kit import clock
from app.kit.errors import Invalid
from app.kit.ids import new_id
from app.suppliers.models import Supplier
from tests import factories
from tests.adapters.settings import set_up
from tests.domains.feeds.portal import Portal, list_of, portal
from tests.domains.feeds.test_guard import push
from tests.domains.feeds.test_rollback import Undoing
from tests.stack import Jobs
from tests.web.browsing import text_of

__all__ = ["portal", "set_up"]

HEADER = "product_id,title,sku,cost,stock"
#: Whatever is missing, nothing is held.
OPEN = GuardLimits(fewer_rows=100, to_zero=100)


class Catalogue(Undoing):
    """A supplier with several feeds, and what it sells."""

    def feed(self, policy: str = "keep", files: int = 1, days: int = 0) -> UUID:
        """A feed whose missing SKUs are treated so."""
        with db.transaction() as session:
            source = add_source(session, self.supplier_id, SourceSpec(name=f"Stock {uuid4()}", kind="push")).id
        self.choose(source, policy, files, days)
        return source

    def choose(self, origin: UUID, policy: str, files: int = 1, days: int = 0) -> None:
        chosen = MissingPolicy(policy=policy, after_files=files, after_days=days)
        with db.transaction() as session:
            change_policy(session, self.supplier_id, origin, chosen)

    def come(self, origin: UUID | None, lines: Sequence[str], *, header: str = HEADER, kind: str = "full") -> UUID:
        """A file comes from a feed (None: somebody uploads it), its columns are confirmed."""
        key, stored = keep_file(["\n".join([header, *lines, ""]).encode()])
        with db.transaction() as session:
            run_id = receive_upload(
                session, self.supplier_id, file_name="list.csv", feed="csv", file_key=key, stored=stored,
                source_id=origin, kind=kind,
            ).id  # fmt: skip
        self.jobs.drain()
        if self.state(run_id) == "NEEDS_MAPPING":
            with db.transaction() as session:
                change_mapping(session, self.supplier_id, run_id, session.get_one(FeedRun, run_id).mapping)
            self.jobs.drain()
        return run_id

    def take(self, origin: UUID | None, *skus: str, stock: int = 5, **how: Any) -> UUID:
        """A file of so many units of each SKU is taken over."""
        run_id = self.come(origin, [f"{sku},Thing {sku},{sku},5.00,{stock}" for sku in skus], **how)
        if origin is None:
            with db.transaction() as session:
                want_applied(session, self.supplier_id, run_id)
            self.jobs.drain()
        assert self.state(run_id) == "APPLIED"
        return run_id

    def sells(self) -> dict[str, tuple[str, int]]:
        """SKU → status and units on hand."""
        found = self.rows(
            "select sku, v.status, coalesce(on_hand, 0) as units from supplier_variants v "
            f"left join inventory_levels l on l.variant_id = v.id where v.supplier_id = '{self.supplier_id}'"
        )
        return {row["sku"]: (row["status"], row["units"]) for row in found}

    def count(self, run_id: UUID, name: str) -> int:
        (row,) = self.rows(f"select counts from feed_runs where id = '{run_id}'")
        return int(row["counts"].get(name, 0))


@pytest.fixture
def supplier(
    committed: None, system: None, jobs: Jobs, tmp_path: Path, set_up: Callable[..., None]
) -> Iterator[Catalogue]:
    set_up(data_dir=str(tmp_path), media_storage="none")
    files.storage.cache_clear()
    with db.transaction() as session:
        supplier_id = factories.supplier(session).id
        change_limits(session, supplier_id, OPEN)
    yield Catalogue(supplier_id, jobs)
    files.storage.cache_clear()


@pytest.mark.parametrize(
    ("policy", "becomes"), [("keep", ("active", 5)), ("zero", ("active", 0)), ("end", ("ended", 5))]
)
def test_what_is_missing_becomes_what_was_chosen_and_comes_back(
    supplier: Catalogue, policy: str, becomes: tuple[str, int]
) -> None:
    feed = supplier.feed(policy)
    supplier.take(feed, "A", "B", "C")
    run_id = supplier.take(feed, "A")
    assert supplier.sells() == {"A": ("active", 5), "B": becomes, "C": becomes}
    assert supplier.count(run_id, "missing") == 2
    assert supplier.count(run_id, "missing_done") == (0 if policy == "keep" else 2)

    again = supplier.take(feed, "A")
    assert supplier.count(again, "missing_done") == 0, "nothing becomes of it twice"
    supplier.take(feed, "A", "B", stock=7)
    assert supplier.sells() == {"A": ("active", 7), "B": ("active", 7), "C": becomes}
    assert {status for status, _ in [supplier.statuses()["B"]]} == {"active"}


def test_a_product_ends_when_none_of_its_variants_is_left(supplier: Catalogue) -> None:
    header = "product_id,title,sku,option1_name,option1_value,cost,stock"
    both = ["lamp,Lamp,L-1,Color,Black,5.00,5", "lamp,Lamp,L-2,Color,White,5.00,5"]
    feed = supplier.feed("end")
    supplier.come(feed, [*both, "mat,Mat,M-1,,,5.00,1"], header=header)
    supplier.come(feed, [both[0], "mat,Mat,M-1,,,5.00,1"], header=header)
    assert supplier.statuses()["L-1"] == ("active", "active")
    assert supplier.statuses()["L-2"] == ("ended", "active")
    supplier.come(feed, ["mat,Mat,M-1,,,5.00,1"], header=header)
    assert supplier.statuses()["L-1"] == ("ended", "ended")
    told = supplier.rows("select payload from outbox_events where topic = 'inventory.changed'")
    ended = {str(row["id"]) for row in supplier.rows("select id from supplier_variants where sku like 'L-%%'")}
    assert ended <= {one for row in told for one in row["payload"]["variant_ids"]}, "stores hear of it"


def test_a_sold_out_sku_is_not_a_missing_one(supplier: Catalogue) -> None:
    feed = supplier.feed("end")
    supplier.take(feed, "A", "B")
    run_id = supplier.come(feed, ["A,Thing A,A,5.00,5", "B,Thing B,B,5.00,0", "C,Thing C,C,5.00,1"])
    assert supplier.sells()["B"] == ("active", 0)
    assert supplier.count(run_id, "missing") == 0


def test_a_rejected_row_names_its_sku(supplier: Catalogue) -> None:
    feed = supplier.feed("end")
    supplier.take(feed, "A", "B")
    run_id = supplier.come(feed, ["A,Thing A,A,5.00,5", "B,Thing B,B,none,5"])
    assert supplier.count(run_id, "rejected") == 1
    assert (supplier.state(run_id), supplier.sells()["B"]) == ("APPLIED", ("active", 5))


def test_only_what_the_same_feed_brought_and_no_other_names_is_touched(supplier: Catalogue) -> None:
    with db.transaction() as session:
        factories.product(session, session.get_one(Supplier, supplier.supplier_id), skus=["HAND"], stock=5)
    first, second = supplier.feed("end"), supplier.feed("end")
    supplier.take(first, "A", "BOTH")
    supplier.take(second, "B", "BOTH")
    supplier.take(first, "A")
    assert supplier.sells()["BOTH"] == ("active", 5), "the other feed names it"
    supplier.take(first, "X")
    assert {sku: status for sku, (status, _) in supplier.sells().items()} == {
        "HAND": "active", "A": "ended", "BOTH": "active", "B": "active", "X": "active",
    }  # fmt: skip
    supplier.take(second, "B")
    assert supplier.sells()["BOTH"][0] == "ended", "nobody names it any more"


def test_files_that_are_not_taken_over_to_their_end_or_of_stock_only_take_nothing_away(supplier: Catalogue) -> None:
    feed = supplier.feed("end")
    supplier.take(feed, "A", "B", "C", "D", "E", "F")
    with db.transaction() as session:
        change_limits(session, supplier.supplier_id, GuardLimits())
    held = supplier.come(feed, ["A,Thing A,A,5.00,5"])
    assert supplier.state(held) == "QUARANTINED"
    (row,) = supplier.rows(f"select detected from feed_runs where id = '{held}'")
    assert {one["kind"]: (one["rows"], one["of"]) for one in row["detected"]["held"]} == {
        "fewer_rows": (5, 6), "missing": (5, 6),
    }  # fmt: skip
    with db.transaction() as session:
        discard(session, supplier.supplier_id, held)
    supplier.come(feed, ["A,Thing A,A,5.00,4"], kind="stock_price")
    stopped = supplier.come(feed, ["A,Thing A,A,5.00,6"])
    with db.transaction() as session:
        session.get_one(FeedRun, stopped).state = "CANCELLED"
    with db.transaction() as session:
        note_missing(session, stopped)
        assert not settle_missing(session, stopped)
    assert {status for status, _ in supplier.sells().values()} == {"active"}


def test_so_many_files_and_days_are_waited_for(supplier: Catalogue) -> None:
    feed = supplier.feed("zero", files=3)
    supplier.take(feed, "A", "B")
    supplier.take(feed, "A")
    undone = supplier.take(feed, "A", stock=6)
    assert supplier.undo(undone) == "ROLLED_BACK"
    supplier.take(feed, "A")
    assert supplier.sells()["B"] == ("active", 5), "a file that was rolled back does not count"
    supplier.take(feed, "A")
    assert supplier.sells()["B"] == ("active", 0)

    days = supplier.feed("end", days=3)
    supplier.take(days, "C", "D")
    supplier.take(days, "C")
    supplier.jobs.run_scheduled("settle_missing_skus")
    assert supplier.sells()["D"] == ("active", 5)
    _later(supplier, timedelta(days=3))
    supplier.jobs.run_scheduled("settle_missing_skus")
    assert supplier.sells()["D"] == ("ended", 5), "though no other file came"


def _later(supplier: Catalogue, by: timedelta) -> None:
    supplier.do(f"update feed_brought set missing_since = missing_since - interval '{by.total_seconds()} seconds'")


def test_rolling_back_gives_back_exactly_what_was_missing(supplier: Catalogue) -> None:
    for policy in ("zero", "end"):
        feed = supplier.feed(policy)
        names = [f"{policy}-{number}" for number in range(3)]
        supplier.take(feed, *names)
        before = supplier.stands()
        run_id = supplier.take(feed, names[0])
        assert supplier.stands() != before
        assert supplier.undo(run_id) == "ROLLED_BACK"
        assert supplier.stands() == before
        assert supplier.left(run_id) == []
        supplier.take(feed, names[0])
        assert supplier.stands() != before, "the next file without them counts anew"


def test_what_a_file_brought_that_was_rolled_back_is_not_its_feeds(supplier: Catalogue) -> None:
    with db.transaction() as session:
        factories.product(session, session.get_one(Supplier, supplier.supplier_id), skus=["HAND"], stock=5)
    feed = supplier.feed("end")
    supplier.take(feed, "A")
    wrong = supplier.take(feed, "A", "HAND")
    supplier.undo(wrong)
    supplier.take(feed, "A", stock=6)
    assert supplier.sells()["HAND"][0] == "active"


def test_a_list_without_stock_gives_the_stock_of_before_back(supplier: Catalogue) -> None:
    feed = supplier.feed("zero")
    supplier.take(feed, "A", "B", "C")
    supplier.take(feed, "A")
    with db.transaction() as session:
        (level,) = supplier.rows(
            "select variant_id from inventory_levels l join supplier_variants v on v.id = variant_id where sku = 'C'"
        )
        set_figures(session, supplier.supplier_id, [StockFigure(level["variant_id"], 2, clock.now())])
    lines = [f"{sku},Thing {sku},{sku},5.00" for sku in "ABC"]
    back = supplier.come(feed, lines, header="product_id,title,sku,cost")
    assert supplier.state(back) == "APPLIED"
    assert supplier.sells() == {"A": ("active", 5), "B": ("active", 5), "C": ("active", 2)}
    supplier.undo(back)
    assert supplier.sells() == {"A": ("active", 5), "B": ("active", 0), "C": ("active", 2)}


def test_settling_that_is_cut_off_goes_on_where_it_stopped(
    supplier: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(missing, "SETTLED_AT_ONCE", 1)
    feed = supplier.feed("end")
    supplier.take(feed, "A", "B", "C")
    run_id = supplier.come(feed, ["A,Thing A,A,5.00,5"])
    assert supplier.count(run_id, "missing_done") == 2
    supplier.undo(run_id)

    held = supplier.come(feed, ["A,Thing A,A,5.00,6"])
    supplier.undo(held)
    with db.transaction() as session:
        session.get_one(FeedRun, held).state = "APPLYING"
    with db.transaction() as session:
        note_missing(session, held)
        note_missing(session, held)
        assert settle_missing(session, held)
    with pytest.raises(RuntimeError), db.transaction() as session:
        assert settle_missing(session, held)
        raise RuntimeError("cut off")
    assert sorted(status for status, _ in supplier.sells().values()) == ["active", "active", "ended"]
    with db.transaction() as session:
        assert settle_missing(session, held)
        assert not settle_missing(session, held)
    assert sorted(status for status, _ in supplier.sells().values()) == ["active", "ended", "ended"]
    moved = supplier.rows(f"select target_id from feed_run_changes where run_id = '{held}' and kind = 'variant'")
    assert len(moved) == 2


def test_an_upload_keeps_what_it_leaves_out_unless_chosen_and_can_keep_it_once(supplier: Catalogue) -> None:
    supplier.take(None, "A", "B", "C")
    supplier.take(None, "A")
    assert supplier.sells()["B"] == ("active", 5)
    supplier.choose(supplier.supplier_id, "end")
    run_id = supplier.come(None, ["A,Thing A,A,5.00,5"])
    with db.transaction() as session:
        want_applied(session, supplier.supplier_id, run_id, keep_missing=True)
    supplier.jobs.drain()
    assert supplier.sells()["B"] == ("active", 5)
    supplier.take(None, "A", "B")
    assert supplier.sells() == {"A": ("active", 5), "B": ("active", 5), "C": ("ended", 5)}


@pytest.mark.parametrize("wrong", [{"policy": "delete"}, {"after_files": 0}, {"after_days": 91}])
def test_nonsense_is_not_chosen(supplier: Catalogue, wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid), db.transaction() as session:
        change_policy(session, supplier.supplier_id, supplier.supplier_id, MissingPolicy(**wrong))


@given(
    sent=st.lists(
        st.tuples(st.integers(0, 1), st.frozensets(st.integers(0, 3), min_size=1), st.booleans()),
        min_size=2,
        max_size=5,
    ),
    policy=st.sampled_from(["keep", "zero", "end"]),
    after=st.integers(1, 2),
)
@settings(
    max_examples=5,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_files_of_two_feeds_leave_what_a_model_says(
    supplier: Catalogue, sent: list[tuple[int, frozenset[int], bool]], policy: str, after: int
) -> None:
    """The model knows for each feed how many of its last files did not name an SKU, and what became of it. A file that
    is rolled back leaves the catalogue as it was, and what it named is not missing."""
    with db.transaction() as session:
        supplier.supplier_id = factories.supplier(session, f"S {new_id()}").id
        change_limits(session, supplier.supplier_id, OPEN)
    mark = new_id().hex[-8:]
    feeds = [supplier.feed(policy, files=after) for _ in range(2)]
    absent: list[dict[int, int]] = [{}, {}]
    settled: list[set[int]] = [set(), set()]
    stands: dict[int, tuple[str, int]] = {}
    for units, (which, named, undone) in enumerate(sent, start=1):
        run_id = supplier.take(feeds[which], *(f"{mark}-{number}" for number in sorted(named)), stock=units)
        mine, other, done = absent[which], absent[1 - which], settled[which]
        if undone:
            supplier.undo(run_id)
            for number in named & mine.keys():
                mine[number] = 0
                done.discard(number)
            for number in named - stands.keys():
                stands[number] = ("ended", units)
        else:
            for number in named:
                mine[number] = 0
                done.discard(number)
                stands[number] = ("active", units)
            for number in mine.keys() - named:
                mine[number] += 1
                due = mine[number] >= after and other.get(number) != 0 and number not in done
                if policy != "keep" and due and stands[number][0] == "active":
                    stands[number] = ("active", 0) if policy == "zero" else ("ended", stands[number][1])
                    done.add(number)
        assert supplier.sells() == {f"{mark}-{number}": one for number, one in stands.items()}


def test_a_supplier_chooses_and_sees_what_is_missing(portal: Portal) -> None:
    feed = portal.add("push")
    assert "Leave it as it is." in portal.page(feed)
    answer = portal.browser.submit(f"/supplier/feeds/{feed}/missing", "/missing", policy="zero", after_files="0")
    assert answer.status_code == 422
    assert "A whole number from 1 to 30." in text_of(answer)
    answer = portal.browser.submit(f"/supplier/feeds/{feed}/missing", "/missing", policy="zero", after_files="1")
    assert answer.status_code == 303
    assert "Set its stock to 0." in portal.page(feed)

    rows = [f"L-{number},Lamp {number},5.00,{number}" for number in range(1, 7)]
    push(portal, feed, list_of(*rows))
    portal.confirm(portal.runs()[-1])
    push(portal, feed, list_of(*rows[:4]))
    run = portal.runs()[-1]
    path = f"/supplier/uploads/{run['id']}"
    page = text_of(portal.browser.get(path))
    assert "2 SKUs are no longer in the file" in page
    assert "33 % of the SKUs are no longer in the file and would be set to 0 or taken off sale" in page
    assert "L-6 (6), L-5 (5)." in page
    assert "Stock will be set to 0" in text_of(portal.browser.get(f"{path}/missing"))
    assert portal.stock()["L-6"] == 6, "nothing is taken away from a file that is held"

    assert portal.browser.submit(path, "/apply").status_code == 303
    portal.jobs.drain()
    assert {sku: units for sku, units in portal.stock().items() if not units} == {"L-5": 0, "L-6": 0}
    assert "Of 2 the stock was set to 0." in text_of(portal.browser.get(path))
    assert ("feed_missing", "“Stock” no longer names 2 SKUs") in portal.notices()
    told = list(csv.DictReader(io.StringIO(portal.browser.get(f"{path}/missing.csv").text)))
    assert [(one["sku"], one["what"]) for one in told] == [("L-5", "Stock set to 0"), ("L-6", "Stock set to 0")]


def test_a_feed_of_stock_only_and_a_strangers_feed_have_no_such_choice(portal: Portal) -> None:
    feed = portal.add("push", content="stock_price")
    assert portal.browser.get(f"/supplier/feeds/{feed}/missing").status_code == 409
    assert portal.browser.get(f"/supplier/feeds/{new_id()}/missing").status_code == 404
    assert portal.browser.get(f"/supplier/uploads/{new_id()}/missing").status_code == 404
    answer = portal.browser.submit("/supplier/uploads/missing", "/missing", policy="end", after_files="2")
    assert answer.status_code == 303
    assert "Take it off sale, once it was missing in 2 files in a row." in text_of(
        portal.browser.get("/supplier/uploads")
    )
