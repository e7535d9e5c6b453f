"""Promoted products: few, fitting, marked, and nothing else out of its order, however many pages are read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app.catalog.models import SupplierProduct, SupplierVariant
from app.catalog.placements.finding import PromotedFinds, find
from app.catalog.placements.rules import ActivePlacement, in_turns, mixed, room_for
from app.catalog.placements.service import NewPlacement, active, days, end, figures, grant, tally
from app.catalog.queries import category_by_id, line_of
from app.catalog.search.queries import Wanted, search
from app.catalog.search.refreshing import refresh
from app.kit import clock
from app.kit.errors import Conflict, Invalid
from app.kit.ids import new_id
from tests import factories

LAMPS = Wanted(search="lamp", sort="relevance")


@given(st.integers(1, 200))
def test_at_most_two_of_ten_are_promoted(limit: int) -> None:
    room = room_for(limit)
    assert room <= 2 and room * 10 <= 2 * limit
    first_ten = mixed(list(range(limit - room)), [-1 - n for n in range(room)])[:10]
    assert sum(one < 0 for one in first_ten) == room
    assert [one for one in mixed(list(range(limit)), [-1, -2]) if one >= 0] == list(range(limit)), "in their order"


@given(st.lists(st.lists(st.integers(0, 9), max_size=4), max_size=4), st.integers(0, 5))
def test_placements_take_turns(offers: list[list[int]], room: int) -> None:
    found = in_turns(offers, room)
    assert len(found) == len(set(found)) <= room
    firsts = list(dict.fromkeys(own[0] for own in offers if own))
    assert found[: len(firsts)] == firsts[:room]


class Shop:
    """Two suppliers with lamps: the promoted one has three, one of them sold out; the other has eleven, newer ones."""

    def __init__(self, session: Session) -> None:
        self.session = session
        one, other = factories.supplier(session, "Kantolamp"), factories.supplier(session, "Brightwork")
        self.supplier_id = one.id
        self.own = [self._product(one, f"Lamp of old {n}", 0 if n == 2 else 5) for n in range(3)]
        self.others = [self._product(other, f"Lamp lamp {n}", 5) for n in range(11)]
        session.flush()
        refresh(session, [*self.own, *self.others])
        session.flush()

    def _product(self, supplier: object, title: str, stock: int) -> UUID:
        (variant_id,) = factories.product(self.session, supplier, title=title, wholesale="9.00", stock=stock)  # type: ignore[arg-type]
        product_id = self.session.get_one(SupplierVariant, variant_id).product_id
        self.session.get_one(SupplierProduct, product_id).in_stock = bool(stock)
        return product_id

    def placement(self, words: str = "lamp") -> ActivePlacement:
        return ActivePlacement(new_id(), self.supplier_id, None, tuple(words.split()), 10)


@pytest.fixture
def shop(session: Session) -> Shop:
    """See ``Shop``."""
    return Shop(session)


def ids(finds: PromotedFinds) -> list[UUID]:
    """The products of a page in their order."""
    return [one.product_id for one in finds.found.page.items]


def all_pages(session: Session, wanted: Wanted, placements: Sequence[ActivePlacement], limit: int) -> list[UUID]:
    """Every page's products, one after another."""
    found, cursor = list[UUID](), None
    for _ in range(40):
        page = find(session, wanted, placements, limit=limit, cursor=cursor)
        found += ids(page)
        cursor = page.found.page.next_cursor
        if cursor is None:
            return found
        assert page.found.page.items, "no page before the last is empty"
    raise AssertionError("the pages never end")


def organic(session: Session, wanted: Wanted) -> list[UUID]:
    """The order without any placement."""
    return [one.product_id for one in search(session, wanted, limit=100).page.items]


@pytest.mark.parametrize("wanted", [LAMPS, Wanted(search="lamp", sort="newest")])
@pytest.mark.parametrize("limit", [1, 4, 5, 7, 10, 24])
def test_pages_with_promoted_products_skip_and_repeat_nothing(
    session: Session, shop: Shop, wanted: Wanted, limit: int
) -> None:
    before = organic(session, wanted)
    seen = all_pages(session, wanted, [shop.placement()], limit)
    assert sorted(seen) == sorted(before)
    lifted = set(find(session, wanted, [shop.placement()], limit=limit).promoted)
    assert len(lifted) <= room_for(limit)
    assert [one for one in seen if one not in lifted] == [one for one in before if one not in lifted]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limits=st.lists(st.integers(1, 12), min_size=1, max_size=30))
def test_pages_of_any_sizes_go_on_where_the_last_ended(session: Session, shop: Shop, limits: list[int]) -> None:
    seen, cursor = list[UUID](), None
    for limit in [*limits, *[12] * 20]:
        page = find(session, LAMPS, [shop.placement()], limit=limit, cursor=cursor)
        seen += ids(page)
        cursor = page.found.page.next_cursor
        if cursor is None:
            break
    assert sorted(seen) == sorted(organic(session, LAMPS))


def test_what_is_lifted_fits_and_can_be_bought(session: Session, shop: Shop) -> None:
    finds = find(session, LAMPS, [shop.placement()], limit=10)
    assert len(finds.promoted) == 2
    assert shop.own[2] not in finds.promoted, "it is sold out"
    assert set(finds.promoted) <= set(shop.own)
    assert [place for place, one in enumerate(ids(finds)) if one in finds.promoted] == [0, 4]
    dear = find(session, Wanted(search="lamp", sort="relevance", min_price=5000), [shop.placement()], limit=10)
    assert not dear.promoted
    for wanted in (
        Wanted(search="lamp", sort="price_asc"),
        Wanted(search="lamp", sort="relevance", supplier_id=shop.supplier_id),
        Wanted(search="lamp", sort="relevance", in_stock=False),
        Wanted(search="bright", sort="relevance"),
        Wanted(sort="newest"),
    ):
        assert not find(session, wanted, [shop.placement()], limit=10).promoted, wanted
    assert not find(session, LAMPS, [shop.placement("desk lamp")], limit=10).promoted, "it lacks a word"


def test_a_category_s_placement_holds_in_it_and_below(session: Session, shop: Shop) -> None:
    lighting = category_by_id(session, session.get_one(SupplierProduct, shop.own[0]).category_id)  # type: ignore[arg-type]
    above = line_of(session, lighting)[0]
    assert above.id != lighting.id

    def promoted(of: UUID, looked_in: str) -> int:
        placement = ActivePlacement(new_id(), shop.supplier_id, of, (), 1)
        return len(find(session, Wanted(category=looked_in), [placement], limit=10).promoted)

    assert promoted(above.id, lighting.path) == 2
    assert promoted(lighting.id, lighting.slug) == 2
    assert promoted(lighting.id, above.path) == 0, "not above it"
    assert promoted(new_id(), lighting.path) == 0


def test_a_made_up_cursor_is_refused(session: Session, shop: Shop) -> None:
    for cursor in ("p.", "p.x.y", f"p.{new_id().hex}.", "p.nothing"):
        with pytest.raises(Invalid):
            find(session, LAMPS, [], limit=5, cursor=cursor)


def test_placements_are_granted_for_days_and_end(session: Session, shop: Shop) -> None:
    today = clock.now().date()

    def granted(**more: object) -> NewPlacement:
        told = {"category": "", "words": "Desk Lamps", "weight": 5, "starts_on": today, "ends_on": today}
        return NewPlacement(supplier_id=shop.supplier_id, **{**told, **more})  # type: ignore[arg-type]

    for wrong in (
        {"words": ""},
        {"category": "Nowhere", "words": ""},
        {"weight": 0},
        {"ends_on": today - timedelta(days=1)},
        {"starts_on": today - timedelta(days=3), "ends_on": today - timedelta(days=1)},
        {"ends_on": today + timedelta(days=900)},
    ):
        with pytest.raises(Invalid):
            grant(session, granted(**wrong))
    made = grant(session, granted())
    coming = grant(session, granted(starts_on=today + timedelta(days=1), ends_on=today + timedelta(days=2)))
    assert [one.id for one in active(session)] == [made.id]
    assert active(session)[0].words == ("desk", "lamps")
    with clock.shifted(timedelta(days=1)):
        assert [one.id for one in active(session)] == [coming.id]
    end(session, made.id)
    assert active(session) == []
    with pytest.raises(Conflict):
        end(session, made.id)


def test_figures_are_sums_of_a_day_and_hold_nobody(session: Session, shop: Shop) -> None:
    today = clock.now().date()
    made = grant(
        session,
        NewPlacement(supplier_id=shop.supplier_id, category="", words="lamp", weight=1, starts_on=today, ends_on=today),
    )
    tally(session, {made.id: 2, new_id(): 7}, "impressions")
    tally(session, {made.id: 1}, "impressions")
    tally(session, {made.id: 1}, "clicks")
    told = figures(session, [made.id])[made.id]
    assert (told.impressions, told.clicks) == (3, 1)
    assert [(day, one.impressions) for day, one in days(session, shop.supplier_id) if one.impressions] == [(today, 3)]
