"""Changing many products at once: prices are never lost, and what is taken back is as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app.catalog.assortment.rules import LEAST_PERCENT, MOST_PERCENT, BulkChange, How, odd, price_after
from app.catalog.assortment.service import KEPT, edit, undo
from app.catalog.models import BulkEdit, BulkEditChange, SupplierProduct, SupplierVariant
from app.catalog.service import set_status
from app.kit.errors import Conflict, Invalid, NotFound
from tests import factories

prices = st.integers(1, 10**9)


@given(prices, st.integers(LEAST_PERCENT, MOST_PERCENT))
def test_a_percentage_moves_a_price_its_way_and_by_at_most_half_a_unit_off(today: int, points: int) -> None:
    try:
        after = price_after(today, BulkChange("msrp", "percent", points))
    except ValueError:
        assert today * (10_000 + points) < 10_000, "only what rounds to nothing is refused"
        return
    assert after is not None
    assert abs(after * 10_000 - today * (10_000 + points)) <= 5_000
    assert (after - today) * points >= 0


@given(prices, st.integers(-(10**9), 10**9))
def test_an_amount_is_added_or_refused(today: int, amount: int) -> None:
    change = BulkChange("wholesale_price", "amount", amount)
    if today + amount > 0:
        assert price_after(today, change) == today + amount
    else:
        with pytest.raises(ValueError, match="above zero"):
            price_after(today, change)


@pytest.mark.parametrize(("how", "after"), [("percent", None), ("amount", None), ("set", 500), ("clear", None)])
def test_what_has_no_price_gets_one_by_being_set_only(how: How, after: int | None) -> None:
    assert price_after(None, BulkChange("msrp", how, 500)) == after


@pytest.mark.parametrize(
    ("cost", "msrp", "lowest", "contradicts"),
    [
        (100, 200, 150, False),
        (100, None, None, False),
        (200, 200, None, True),
        (100, 200, 201, True),
        (150, 300, 140, True),
    ],
)
def test_prices_that_contradict_one_another_are_told(
    cost: int, msrp: int | None, lowest: int | None, contradicts: bool
) -> None:
    assert odd({"wholesale_price": cost, "msrp": msrp, "map_price": lowest}) is contradicts


def test_prices_are_raised_and_taken_back_but_not_those_that_changed_again(session: Session) -> None:
    supplier = factories.supplier(session)
    first = factories.product(session, supplier, wholesale="10.00", variants=2)
    second = factories.product(session, supplier, wholesale="0.01")
    products = [session.get_one(SupplierVariant, one).product_id for one in (first[0], second[0])]
    made = edit(session, supplier.id, products, BulkChange("wholesale_price", "amount", -5))
    assert made.changed == 2, "the cheap one would cost less than nothing"

    def costs() -> list[int]:
        session.expire_all()
        return [session.get_one(SupplierVariant, one).wholesale_price for one in (*first, *second)]

    assert costs() == [995, 995, 1]
    assert session.get_one(SupplierProduct, products[0]).lowest_wholesale == 995
    session.get_one(SupplierVariant, first[1]).wholesale_price = 777
    session.flush()
    undone = undo(session, supplier.id, made.id)
    assert (undone.left, costs()) == (1, [1000, 777, 1])
    assert session.get_one(SupplierProduct, products[0]).lowest_wholesale == 777
    with pytest.raises(Conflict):
        undo(session, supplier.id, made.id)


def test_status_and_category_are_changed_and_taken_back(session: Session) -> None:
    supplier = factories.supplier(session)
    product = session.get_one(SupplierVariant, factories.product(session, supplier)[0]).product_id

    def stands() -> tuple[str, object, str]:
        session.expire_all()
        row = session.get_one(SupplierProduct, product)
        return row.status, row.category_id, row.source_category

    before = stands()
    ended = edit(session, supplier.id, [product], BulkChange("status", "set", "ended"))
    assert stands()[0] == "ended"
    moved = edit(session, supplier.id, [product], BulkChange("category", "set", "Apparel & Accessories > Shoes"))
    assert stands()[1] != before[1]
    with pytest.raises(Invalid):
        edit(session, supplier.id, [product], BulkChange("category", "set", "No such thing"))
    assert edit(session, supplier.id, [product], BulkChange("status", "set", "ended")).changed == 0
    undo(session, supplier.id, moved.id)
    undo(session, supplier.id, ended.id)
    assert stands() == before


def test_nobody_changes_or_takes_back_what_is_anothers(session: Session) -> None:
    supplier, other = factories.supplier(session), factories.supplier(session)
    variant = factories.product(session, supplier)[0]
    product = session.get_one(SupplierVariant, variant).product_id
    assert edit(session, other.id, [product], BulkChange("msrp", "set", 5000)).changed == 0
    assert edit(session, other.id, [product], BulkChange("status", "set", "ended")).changed == 0
    made = edit(session, supplier.id, [product], BulkChange("msrp", "set", 5000))
    with pytest.raises(NotFound):
        undo(session, other.id, made.id)


def test_only_the_newest_edits_are_kept(session: Session) -> None:
    supplier = factories.supplier(session)
    product = session.get_one(SupplierVariant, factories.product(session, supplier)[0]).product_id
    for number in range(KEPT + 3):
        edit(session, supplier.id, [product], BulkChange("msrp", "set", 5000 + number))
    assert session.query(BulkEdit).filter_by(supplier_id=supplier.id).count() == KEPT
    assert session.query(BulkEditChange).filter_by(supplier_id=supplier.id).count() == KEPT


def test_ending_a_product_by_hand_is_not_overturned_by_undoing(session: Session) -> None:
    supplier = factories.supplier(session)
    product = session.get_one(SupplierVariant, factories.product(session, supplier)[0]).product_id
    made = edit(session, supplier.id, [product], BulkChange("status", "set", "draft"))
    set_status(session, supplier.id, [product], "ended")
    assert undo(session, supplier.id, made.id).left == 1
    session.expire_all()
    assert session.get_one(SupplierProduct, product).status == "ended"
