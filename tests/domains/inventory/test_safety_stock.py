"""Units that a supplier keeps back are never sold and shown to no store, and it hears once when little is left."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import db
from app.catalog.models import SupplierProduct
from app.identity.models import Organisation
from app.inventory.errors import InsufficientStock
from app.inventory.queries import availability
from app.inventory.rules import BufferPolicy, for_sale, sellable
from app.inventory.service import (
    StockChoice,
    StockFigure,
    Wanted,
    add_location,
    choose_defaults,
    choose_stock,
    reserve,
    set_figures,
    set_free,
    take_untold,
    watch_low_stock,
)
from app.inventory.stock_list import low_count
from app.kit import clock
from app.kit.errors import Invalid
from app.kit.ids import new_id
from app.listings.models import ListingVariant
from app.listings.service import follow_inventory
from app.notifications.models import Email, Notice
from tests import factories as make
from tests.stack import Jobs


def safety(units: int | None) -> StockChoice:
    return StockChoice(frozenset({"safety_stock"}), safety_stock=units)


def low_at(units: int | None) -> StockChoice:
    return StockChoice(frozenset({"low_stock_at"}), low_stock_at=units)


@given(
    free=st.lists(st.integers(-5, 20), max_size=3), kept=st.integers(0, 30), percent=st.integers(0, 100),
    units=st.integers(0, 5), small=st.integers(0, 5),
)  # fmt: skip
def test_no_store_is_ever_shown_the_safety_stock(
    free: list[int], kept: int, percent: int, units: int, small: int
) -> None:
    policy = BufferPolicy(percent=percent, units=units, small_stock=small)
    there = sum(max(0, one) for one in free)
    shown = sellable(for_sale(free, kept), policy, fresh=True)
    assert 0 <= shown <= max(0, there - kept)
    assert for_sale(free, 0) == there


def take(session: Session, retailer_id: UUID, variant_id: UUID, units: int) -> int:
    """Reserve one by one until there is no more; how many that were."""
    taken = 0
    while taken < units:
        try:
            reserve(session, retailer_id, [Wanted(new_id(), variant_id, 1)], expires_at=None)
        except InsufficientStock:
            break
        taken += 1
    return taken


def test_the_safety_stock_is_never_sold_wherever_it_lies(session: Session) -> None:
    shop, supplier = make.retailer(session), make.supplier(session)
    lamp, vase = make.product(session, supplier, variants=2, stock=5)
    far = add_location(session, supplier.id, code="far", name="Far away", country="PL", default=False)
    set_figures(session, supplier.id, [StockFigure(lamp, 4, clock.now(), far)])
    choose_stock(session, supplier.id, {lamp: safety(6)})
    choose_defaults(session, supplier.id, safety_stock=2, low_stock_at=None)

    stock = availability(session, [lamp, vase])
    assert [(stock[one].free, stock[one].safety_stock, stock[one].for_sale) for one in (lamp, vase)] == [
        (9, 6, 3), (5, 2, 3),
    ]  # fmt: skip
    with pytest.raises(InsufficientStock) as refused:
        reserve(session, shop.id, [Wanted(new_id(), lamp, 4)], expires_at=None)
    assert refused.value.lines[0].available == 3
    assert take(session, shop.id, lamp, 9) == take(session, shop.id, vase, 9) == 3

    choose_stock(session, supplier.id, {lamp: safety(None)})
    assert take(session, shop.id, lamp, 9) == 4, "as for all: two are kept back"
    choose_stock(session, supplier.id, {lamp: safety(0)})
    assert take(session, shop.id, lamp, 9) == 2


def test_lines_of_one_order_do_not_share_the_last_units(session: Session) -> None:
    shop, supplier = make.retailer(session), make.supplier(session)
    [lamp] = make.product(session, supplier, stock=5)
    choose_stock(session, supplier.id, {lamp: safety(2)})
    wanted = [Wanted(new_id(), lamp, 2), Wanted(new_id(), lamp, 2)]
    assert reserve(session, shop.id, wanted, expires_at=None, partial=True) == {wanted[0].order_line_id}


def test_stores_follow_what_is_kept_back(session: Session) -> None:
    shop, supplier = make.retailer(session), make.supplier(session)
    store = make.store(session, shop)
    [lamp] = make.product(session, supplier, stock=20)
    product_id = session.scalars(select(SupplierProduct.id)).one()
    make.live_listing(session, store, product_id)

    def shown() -> int:
        follow_inventory(session, [lamp])
        session.expire_all()
        return session.scalars(select(ListingVariant.wanted_quantity)).one()

    assert shown() == 18
    choose_stock(session, supplier.id, {lamp: safety(10)})
    assert shown() == 9
    choose_defaults(session, supplier.id, safety_stock=5, low_stock_at=None)
    assert shown() == 9, "its own choice goes before that for all"
    choose_stock(session, supplier.id, {lamp: safety(None)})
    assert shown() == 13
    choose_stock(session, supplier.id, {lamp: safety(20)})
    assert shown() == 0


@pytest.mark.parametrize("units", [-1, 100_000_001])
def test_nonsense_is_refused(session: Session, units: int) -> None:
    supplier = make.supplier(session)
    [lamp] = make.product(session, supplier)
    with pytest.raises(Invalid):
        choose_stock(session, supplier.id, {lamp: safety(units)})
    with pytest.raises(Invalid):
        choose_defaults(session, supplier.id, safety_stock=0, low_stock_at=units)


class Warehouse:
    """A supplier whose stock rises and falls, and what it is told."""

    def __init__(self, jobs: Jobs) -> None:
        self.jobs = jobs
        with db.system_scope(actor="test"), db.transaction() as session:
            supplier = make.supplier(session)
            make.member(session, session.get_one(Organisation, supplier.id), "supplier_owner")
            self.id = supplier.id
            self.variants = make.product(session, supplier, variants=3, stock=10)

    def says(self, *free: int) -> None:
        """New figures."""
        self.change(lambda session: make.set_stock(session, self.id, dict(zip(self.variants, free, strict=False))))

    def change(self, what: Any) -> None:
        """A change, and what the background makes of it."""
        with db.system_scope(actor="test"), db.transaction() as session:
            what(session)
        self.jobs.drain()
        self.jobs.run_scheduled("tell_of_low_stock")

    def told(self) -> tuple[list[tuple[str, bool]], int]:
        """Titles of notices, and whether they are still up; and the number of e-mails."""
        with db.system_scope(actor="test"), db.transaction() as session:
            notices = session.scalars(select(Notice).where(Notice.kind == "low_stock")).all()
            emails = session.scalars(select(Email.id).where(Email.kind == "low_stock")).all()
            return [(one.title, one.resolved_at is None) for one in notices], len(emails)


@pytest.fixture
def warehouse(committed: None, jobs: Jobs) -> Warehouse:
    return Warehouse(jobs)


def test_a_supplier_is_told_once_of_all_that_runs_low(warehouse: Warehouse) -> None:
    def choose(session: Session) -> None:
        choose_defaults(session, warehouse.id, safety_stock=0, low_stock_at=4)
        make.set_stock(session, warehouse.id, dict(zip(warehouse.variants, (4, 3, 5), strict=True)))

    warehouse.change(choose)
    assert warehouse.told() == ([("2 variants are running low", True)], 1), "one letter for all of them"
    warehouse.jobs.run_scheduled("tell_of_low_stock")
    assert warehouse.told()[1] == 1, "still low is not news"
    warehouse.says(9, 9, 9)
    assert warehouse.told() == ([("2 variants are running low", False)], 1)


@given(
    limit=st.integers(0, 4), raised=st.none() | st.integers(0, 4),
    figures=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 6), st.integers(0, 2)), max_size=12),
)  # fmt: skip
@settings(
    max_examples=20, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_variant_is_told_of_when_it_falls_to_its_limit_and_again_after_it_rose(
    session: Session, limit: int, raised: int | None, figures: list[tuple[int, int, int]]
) -> None:
    """The model: low is what has no more free units than its limit says; news is what was not low the time before."""
    savepoint = session.begin_nested()
    shop, supplier = make.retailer(session), make.supplier(session, f"S {new_id()}")
    variants = make.product(session, supplier, variants=2, stock=5)
    choose_defaults(session, supplier.id, safety_stock=1, low_stock_at=limit)
    choose_stock(session, supplier.id, {variants[0]: low_at(raised)})
    limits = [limit if raised is None else raised, limit]
    free, low = [5, 5], [one >= 5 for one in limits]
    assert not take_untold(session, supplier.id, clock.now()), "who just chose it need not be told"
    for which, units, ordered in figures:
        set_free(session, supplier.id, {variants[which]: units})
        free[which] = units
        watch_low_stock(session, supplier.id, [variants[which]])
        if ordered and units - 1 >= ordered:
            reserve(session, shop.id, [Wanted(new_id(), variants[which], ordered)], expires_at=None)
            free[which] -= ordered
            watch_low_stock(session, supplier.id, [variants[which]])
        was, low[which] = low[which] and units <= limits[which], free[which] <= limits[which]
        assert take_untold(session, supplier.id, clock.now()) == int(low[which] and not was)
        assert low_count(session, supplier.id) == sum(low)
    savepoint.rollback()
    session.expunge_all()
