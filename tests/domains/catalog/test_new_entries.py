"""Products that a list brought are found a moment later, as they are by then."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from uuid import UUID

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from app import db
from app.catalog.models import ProductImage, SupplierProduct, SupplierVariant
from app.catalog.search.queries import Wanted, search
from app.catalog.search.refreshing import list_new, mend, show_pictures, tell_of_changes
from app.catalog.service import PriceChange, set_prices, set_status
from app.feeds.service import create_block, plan_blocks, prepare_block
from app.kit.in_turn import Turn
from app.listings.service.quantities import refresh_in_stock
from tests.domains.feeds.test_runs import _files_here, apply, supplier_id, upload
from tests.processes import wait_for_lock
from tests.stack import Jobs

__all__ = ["_files_here", "supplier_id"]

LIST = b"""product_id,title,sku,cost,stock,image_urls
lamp,Lamp,S1,5.00,3,https://pictures.example/lamp.jpg
rug,Rug,S2,6.00,4,https://pictures.example/rug.jpg
"""


@pytest.fixture
def made(supplier_id: UUID, jobs: Jobs) -> dict[str, UUID]:
    """Handle → id of products that a list brought a moment ago; no job has heard of them."""
    run_id = upload(supplier_id, LIST)
    jobs.drain()
    apply(supplier_id, run_id)
    with db.transaction() as session:
        (first_row,) = plan_blocks(session, run_id)
        block = prepare_block(session, run_id, first_row)
    assert block is not None
    assert block.new
    with db.transaction() as session:
        create_block(session, run_id, block, Turn(None), beside=False)
    with db.transaction() as session:
        return {row.handle: row.id for row in session.execute(select(SupplierProduct.handle, SupplierProduct.id))}


def found() -> dict[str, tuple[int, bool]]:
    """Title → price and whether it is in stock, of what retailers find."""
    with db.transaction() as session:
        return {
            one.title: (one.lowest_wholesale, one.in_stock)
            for one in search(session, Wanted(sort="title")).page.items
        }  # fmt: skip


def entries() -> list[tuple[object, ...]]:
    with db.transaction() as session:
        return [tuple(row) for row in session.execute(text("select xmin::text, e.* from catalog_entries e order by 2"))]


def test_new_products_are_found_when_their_job_is_done(made: dict[str, UUID], jobs: Jobs) -> None:
    assert found() == {}
    jobs.drain()
    assert found() == {"Lamp": (500, True), "Rug": (600, True)}
    before = entries()
    with db.transaction() as session:
        list_new(session, list(made.values()))
    assert entries() == before, "nothing is written twice"


def test_what_changed_before_the_job_came_is_listed_as_it_is(
    supplier_id: UUID, made: dict[str, UUID], jobs: Jobs
) -> None:
    with db.transaction() as session:
        set_status(session, supplier_id, [made["rug"]], "ended")
        variant = session.scalars(select(SupplierVariant.id).where(SupplierVariant.sku == "S1")).one()
        set_prices(
            session, supplier_id, {variant: PriceChange(wholesale_price=450, told=frozenset({"wholesale_price"}))}
        )
    assert found() == {"Lamp": (450, False)}, "whoever changes a product lists it"
    jobs.drain()
    assert found() == {"Lamp": (450, True)}


def _end(session: Session, supplier_id: UUID, rug: UUID) -> None:
    set_status(session, supplier_id, [rug], "ended")


def _sell(session: Session, _supplier_id: UUID, rug: UUID) -> None:
    refresh_in_stock(
        session, session.scalars(select(SupplierVariant.id).where(SupplierVariant.product_id == rug)).all()
    )


def _show(session: Session, _supplier_id: UUID, rug: UUID) -> None:
    session.execute(update(ProductImage).where(ProductImage.product_id == rug).values(sha256="ab" * 32))
    show_pictures(session, [rug])


def _list(session: Session, products: list[UUID]) -> None:
    list_new(session, products)


def _sweep(session: Session, _products: list[UUID]) -> None:
    mend(session)


@pytest.mark.parametrize("list_by", [_list, _sweep])
@pytest.mark.parametrize("change", [_end, _sell, _show])
@pytest.mark.parametrize("listed_first", [True, False])
def test_what_changes_at_the_same_time_is_not_lost(
    supplier_id: UUID,
    made: dict[str, UUID],
    list_by: Callable[[Session, list[UUID]], None],
    change: Callable[[Session, UUID, UUID], None],
    listed_first: bool,
    database_url: str,
) -> None:
    """Whichever of the two comes first, the other waits for its end."""

    def list_them() -> None:
        with db.transaction() as session:
            list_by(session, list(made.values()))

    def change_it() -> None:
        with db.transaction() as session:
            change(session, supplier_id, made["rug"])

    with ThreadPoolExecutor(1) as threads:
        with db.transaction() as session:
            if listed_first:
                list_by(session, list(made.values()))
            else:
                change(session, supplier_id, made["rug"])
            second: Future[None] = threads.submit(copy_context().run, change_it if listed_first else list_them)
            wait_for_lock(database_url, "the second one waits for the first")
        second.result()
    rug = [row for row in _as_listed() if row[0] == "Rug"]
    assert rug == {_end: [], _sell: [("Rug", True, None)], _show: [("Rug", False, "ab" * 32)]}[change]


@pytest.mark.parametrize("listed", [True, False])
def test_a_picture_that_comes_in_while_its_product_changes_is_shown(
    supplier_id: UUID, made: dict[str, UUID], jobs: Jobs, listed: bool, database_url: str
) -> None:
    """Also where the change puts a product on offer again, whose entry is not there yet."""
    jobs.drain()
    if not listed:
        with db.transaction() as session:
            _end(session, supplier_id, made["rug"])

    def change_it() -> None:
        with db.transaction() as session:
            if listed:
                tell_of_changes(session, supplier_id, [made["rug"]])
            else:
                set_status(session, supplier_id, [made["rug"]], "active")

    with ThreadPoolExecutor(1) as threads:
        with db.transaction() as session:
            _show(session, supplier_id, made["rug"])
            change = threads.submit(copy_context().run, change_it)
            wait_for_lock(database_url, "the change waits for the picture")
        change.result()
    assert [row[2] for row in _as_listed() if row[0] == "Rug"] == ["ab" * 32]


def _as_listed() -> list[tuple[object, ...]]:
    with db.transaction() as session:
        rows = session.execute(text("select title, in_stock, picture_sha256 from catalog_entries order by title"))
        return [tuple(row) for row in rows]
