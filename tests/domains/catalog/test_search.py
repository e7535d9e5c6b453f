"""Finding products: words in many forms, filters, counts, orders and pages."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.catalog.models import CatalogEntry, Category, SupplierVariant
from app.catalog.search import rules, words
from app.catalog.search.queries import SORTS, Sort, Wanted, facets, search
from app.catalog.search.refreshing import mend, refresh
from app.catalog.service import ProductRecord, VariantRecord, save_products, set_status
from app.kit.errors import Invalid
from app.kit.paging import encode_cursor
from app.listings.service.quantities import refresh_in_stock
from app.suppliers.models import Supplier
from app.suppliers.rules import SUSPENDED, Rate
from app.suppliers.service import set_rates
from tests import factories


@pytest.fixture(autouse=True)
def _no_synonyms_of_others() -> Iterator[None]:
    words.forget_synonyms()
    yield
    words.forget_synonyms()


def _offer(
    session: Session,
    supplier: Supplier,
    title: str,
    *,
    price: int = 1000,
    msrp: int | None = None,
    gtin: str | None = None,
    category: str = "Furniture > Chairs",
    brand: str = "Nordlicht",
    stock: int = 0,
) -> UUID:
    handle = title.lower().replace(" ", "-")
    record = ProductRecord(
        handle=handle,
        title=title,
        description="",
        brand=brand,
        category=category,
        option_names=[],
        tags=[],
        images=[(f"https://images.example/{handle}.jpg", title)],
        status="active",
        variants=[VariantRecord(sku=f"SKU-{handle}", options={}, wholesale_price=price, msrp=msrp, gtin=gtin)],
    )
    (variant_id,) = save_products(session, supplier.id, supplier.currency, [record]).variants.values()
    if stock:
        factories.set_stock(session, supplier.id, {variant_id: stock})
        refresh_in_stock(session, [variant_id])
    return session.get_one(SupplierVariant, variant_id).product_id


def _titles(session: Session, wanted: Wanted) -> list[str]:
    return [one.title for one in search(session, wanted).page.items]


@pytest.mark.parametrize(
    "query",
    [
        "oak chair",
        "oaks chairs",
        "CHAIR",
        "cha",
        "SKU-oak-chair",
        "4006381333931",
        "nordlicht",
    ],
)
def test_a_product_is_found_by_words_stems_beginnings_and_numbers(session: Session, query: str) -> None:
    supplier = factories.supplier(session)
    _offer(session, supplier, "Oak chair", gtin="4006381333931")
    _offer(session, supplier, "Wool rug", brand="Kanto")
    assert _titles(session, Wanted(search=query, sort="relevance")) == ["Oak chair"]


def test_stems_of_several_languages_meet(session: Session) -> None:
    supplier = factories.supplier(session)
    _offer(session, supplier, "Lampen aus Glas")
    _offer(session, supplier, "Chaises élégantes")
    assert _titles(session, Wanted(search="lampe")) == ["Lampen aus Glas"]
    assert _titles(session, Wanted(search="chaise elegante")) == ["Chaises élégantes"]


def test_a_typing_error_is_forgiven_and_told(session: Session) -> None:
    supplier = factories.supplier(session)
    _offer(session, supplier, "Wireless headphones")
    words.learn(session)
    found = search(session, Wanted(search="wirelss headfones", sort="relevance"))
    assert [one.title for one in found.page.items] == ["Wireless headphones"]
    assert found.corrected == "wireless headphones"
    assert facets(session, Wanted(search="wirelss")).total == 1
    assert search(session, Wanted(search="qqqzzz", sort="relevance")).page.items == []


@pytest.mark.parametrize(
    ("typed", "found"), [("lmap", "lamp"), ("lapm", "lamp"), ("alpm", None), ("rgu", "rug"), ("wool rgu", "wool rug")]
)
def test_swapped_letters_are_forgiven_in_short_words_too(session: Session, typed: str, found: str | None) -> None:
    supplier = factories.supplier(session)
    _offer(session, supplier, "Desk lamp")
    _offer(session, supplier, "Wool rug")
    words.learn(session)
    answer = search(session, Wanted(search=typed, sort="relevance"))
    assert (answer.corrected or None) == found
    assert len(answer.page.items) == (1 if found else 0)


def test_what_means_the_same_is_found_both_ways(session: Session) -> None:
    supplier = factories.supplier(session)
    _offer(session, supplier, "Leather sofa")
    assert _titles(session, Wanted(search="couch")) == []
    words.save_synonym(session, "Sofa, Couch, settee")
    session.flush()
    words.forget_synonyms()
    assert _titles(session, Wanted(search="couch")) == ["Leather sofa"]
    (made,) = words.all_synonyms(session)
    words.remove_synonym(session, made.id)
    assert _titles(session, Wanted(search="couch")) == []


@pytest.mark.parametrize("text_", ["sofa", "sofa, sofa", "sofa, two words", ",".join(f"w{n}" for n in range(13))])
def test_synonyms_are_several_single_words(session: Session, text_: str) -> None:
    with pytest.raises(Invalid):
        words.save_synonym(session, text_)


def test_a_title_comes_before_a_tag_and_stock_before_none(session: Session) -> None:
    supplier = factories.supplier(session)
    _offer(session, supplier, "Rug", brand="Lamp")
    _offer(session, supplier, "Lamp of old")
    _offer(session, supplier, "Lamp of new", stock=3)
    assert _titles(session, Wanted(search="lamp", sort="relevance")) == ["Lamp of new", "Lamp of old", "Rug"]


def test_each_filter_keeps_what_fits(session: Session) -> None:
    german = factories.supplier(session, "Nord", country="DE", handling_days=1)
    dutch = factories.supplier(session, "Zuid", country="NL", handling_days=4)
    set_rates(session, dutch.id, [Rate("Near", ("NL", "BE"), 500, 0, 1, 2)])
    _offer(session, german, "Chair", price=5000, gtin="4006381333931", stock=1)
    _offer(session, german, "Lamp", price=900, category="Home & Garden > Lighting > Lamps", brand="Lux")
    _offer(session, dutch, "Stool", price=2000)
    session.flush()
    everything = {"Chair", "Lamp", "Stool"}
    kept = {
        Wanted(category="Home & Garden"): {"Lamp"},
        Wanted(category="furniture-chairs"): {"Chair", "Stool"},
        Wanted(category="nowhere"): set(),
        Wanted(brand="LUX"): {"Lamp"},
        Wanted(supplier_id=dutch.id): {"Stool"},
        Wanted(supplier_id=german.id, brand="lux"): {"Lamp"},
        Wanted(min_price=1000, max_price=3000): {"Stool"},
        Wanted(in_stock=True): {"Chair"},
        Wanted(has_gtin=True): {"Chair"},
        Wanted(handling_days=2): {"Chair", "Lamp"},
        Wanted(ships_from="nl"): {"Stool"},
        Wanted(ships_to="be"): everything,
        Wanted(ships_to="US"): {"Chair", "Lamp"},
        Wanted(new=True): everything,
    }
    for wanted, titles in kept.items():
        assert set(_titles(session, wanted)) == titles, wanted
        assert facets(session, wanted).total == len(titles), wanted
        found = set(_titles(session, replace(wanted, search="chair", sort="relevance")))
        assert found == titles & {"Chair"}, wanted


def test_counts_are_of_what_is_found(session: Session) -> None:
    supplier = factories.supplier(session, country="DE")
    _offer(session, supplier, "Chair", price=999, stock=1)
    _offer(session, supplier, "Stool", price=2500)
    _offer(session, supplier, "Lamp", price=2600, category="Home & Garden > Lighting", brand="Lux")
    counted = facets(session, Wanted())
    assert (counted.total, counted.exact, counted.in_stock) == (3, True, 1)
    assert {one.label: one.products for one in counted.categories} == {
        "Furniture": 2, "Furniture > Chairs": 2, "Home & Garden": 1, "Home & Garden > Lighting": 1,
    }  # fmt: skip
    assert [(one.value, one.products) for one in counted.brands] == [("Nordlicht", 2), ("Lux", 1)]
    assert [(one.value, one.products) for one in counted.price_bands] == [("0", 1), ("25", 2)]
    assert [(one.value, one.label, one.products) for one in counted.suppliers] == [
        (str(supplier.id), supplier.company_name, 3)
    ]
    assert [(one.value, one.products) for one in counted.ships_from] == [("DE", 3)]


def test_margin_is_that_of_the_variant_with_the_least(session: Session) -> None:
    supplier = factories.supplier(session)
    _offer(session, supplier, "Half", price=1000, msrp=2000)
    _offer(session, supplier, "Tenth", price=900, msrp=1000)
    _offer(session, supplier, "Unknown", price=900)
    found = search(session, Wanted(sort="margin")).page.items
    assert [(one.title, one.margin_bps) for one in found] == [("Half", 5000), ("Tenth", 1000), ("Unknown", 0)]


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("query", [None, "lamp"])
def test_pages_show_each_product_once(session: Session, sort: Sort, query: str | None) -> None:
    supplier = factories.supplier(session)
    made = {_offer(session, supplier, f"Lamp {number}", price=1000 + number % 2) for number in range(7)}
    seen = _all_pages(session, Wanted(search=query, sort=sort))
    assert len(seen) == 7
    assert set(seen) == made


@pytest.mark.parametrize("sort", SORTS)
def test_all_ways_of_looking_find_the_same_in_the_same_order(
    session: Session, monkeypatch: pytest.MonkeyPatch, sort: Sort
) -> None:
    one, two = factories.supplier(session, "One"), factories.supplier(session, "Two")
    for number in range(6):
        category = "Furniture > Chairs" if number % 3 else "Furniture > Chairs > Stools"
        _offer(session, one, f"Lamp {number}", price=500 + 300 * number, category=category, brand="Ünder & Öak")
        _offer(session, two, f"Lamp {10 - number}", price=900, msrp=1000 + number, stock=number % 2, brand="Under")
    for wanted in (
        Wanted(category="Furniture > Chairs"),
        Wanted(category="Furniture > Chairs > Stools", in_stock=False),
        Wanted(brand="ünder & öAK", min_price=800),
        Wanted(supplier_id=two.id, max_price=900),
        Wanted(supplier_id=two.id, brand="Under", in_stock=True),
        Wanted(search="lamp", min_price=600, max_price=1700),
    ):
        ways = []
        for most, of_category, gathered in ((0, 0, 0), (1_000, 0, 0), (0, 1_000, rules.GATHERED_OF)):
            with monkeypatch.context() as patched:
                patched.setattr(rules, "SORTED_AT_MOST", most)
                patched.setattr(rules, "SORTED_WHERE_ALIKE", most)
                patched.setattr(rules, "SORTED_OF_CATEGORY", of_category)
                patched.setattr(rules, "GATHERED_OF", gathered)
                ways.append(_all_pages(session, replace(wanted, sort=sort)))
        assert ways[0] == ways[1] == ways[2]
        assert len(set(ways[0])) == len(ways[0]) > 1


_TREE = ("Toys", "Toys > Dolls", "Toys > Dolls > Houses", "Toys > Kites", "Tools")


@pytest.mark.parametrize("gathered", [0, rules.GATHERED_OF])
@pytest.mark.parametrize("sorted_at_most", [0, 1_000])
def test_pages_show_all_that_fits_once_in_its_order(
    session: Session, monkeypatch: pytest.MonkeyPatch, gathered: int, sorted_at_most: int
) -> None:
    """However it is looked for: each category's own first ones, all sorted, or an order walked."""
    monkeypatch.setattr(rules, "GATHERED_OF", gathered)
    for name in ("SORTED_AT_MOST", "SORTED_WHERE_ALIKE", "SORTED_OF_CATEGORY"):
        monkeypatch.setattr(rules, name, sorted_at_most)
    dice = random.Random(7)
    sellers = [factories.supplier(session, name) for name in ("One", "Two", "Three", "Gone")]
    for seller, rating in zip(sellers, ("4.5", "3.9", "4.5", "5"), strict=True):
        seller.rating = Decimal(rating)
    for number in range(60):
        # Few prices and many products: most have others of the same price beside them.
        _offer(
            session, sellers[number % 4], f"Thing {number}", price=dice.choice((500, 700, 900)), msrp=1000,
            category=dice.choice(_TREE), stock=dice.choice((0, 3)),
        )  # fmt: skip
    sellers[3].status = SUSPENDED
    session.flush()
    entries = [one for one in session.scalars(select(CatalogEntry)) if one.supplier_id != sellers[3].id]
    paths = {one.id: one.path for one in session.scalars(select(Category))}

    @given(
        category=st.sampled_from(_TREE),
        sort=st.sampled_from([sort for sort in SORTS if sort != "relevance"]),
        in_stock=st.sampled_from([None, True, False]),
        least=st.sampled_from([None, 600, 700]),
        most=st.sampled_from([None, 700, 800]),
        limit=st.integers(1, 30),
    )
    @settings(max_examples=60)
    def check(
        category: str, sort: Sort, in_stock: bool | None, least: int | None, most: int | None, limit: int
    ) -> None:
        wanted = Wanted(category=category, sort=sort, in_stock=in_stock, min_price=least, max_price=most)
        fitting = [
            one
            for one in entries
            if one.category_id is not None
            and (paths[one.category_id] + " > ").startswith(category + " > ")
            and in_stock in (None, one.in_stock)
            and (least or 0) <= one.lowest_wholesale <= (most or 1_000)
        ]
        column = {"newest": "listed_at", "margin": "margin_bps", "title": "title", "reliability": "reliability"}.get(
            sort, "lowest_wholesale"
        )
        descending = sort not in ("price_asc", "title")
        fitting.sort(key=lambda one: (getattr(one, column), one.product_id.bytes), reverse=descending)
        assert _all_pages(session, wanted, limit) == [one.product_id for one in fitting]

    check()


def _all_pages(session: Session, wanted: Wanted, limit: int = 2) -> list[UUID]:
    seen: list[UUID] = []
    cursor = None
    while True:
        page = search(session, wanted, limit=limit, cursor=cursor).page
        seen += [one.product_id for one in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return seen


def test_of_very_many_finds_a_sample_is_ranked(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    supplier = factories.supplier(session)
    made = [_offer(session, supplier, f"Lamp {number}") for number in range(8)]
    marked = text(
        "update catalog_entries set words = words || array_to_tsvector(array['~d16']) where product_id = any(:ids)"
    )
    bare = text("update catalog_entries set words = ts_delete(words, '~d16')")
    wanted = Wanted(search="lamp", sort="relevance")
    monkeypatch.setattr(rules, "SAMPLED_FROM", 0)
    monkeypatch.setattr(rules, "RANKED_AT_MOST", 3)
    session.execute(bare)
    session.execute(marked, {"ids": made[4:]})
    assert not search(session, wanted, limit=2).ranked_all
    found = _all_pages(session, wanted)
    assert len(set(found)) == len(found) == 3
    assert set(found) <= set(made[4:])
    # Where the sample turns out to be too small, all that fit are ranked.
    session.execute(bare)
    session.execute(marked, {"ids": made[7:]})
    monkeypatch.setattr(rules, "RANKED_AT_MOST", 20)
    assert search(session, wanted, limit=2).ranked_all
    assert set(_all_pages(session, wanted)) == set(made)


def test_a_word_that_plenty_has_is_not_the_beginning_of_another(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    supplier = factories.supplier(session)
    _offer(session, supplier, "Lamp")
    _offer(session, supplier, "Lampshade")
    assert sorted(_titles(session, Wanted(search="lamp"))) == ["Lamp", "Lampshade"]
    monkeypatch.setattr(rules, "PLENTY", 0)
    assert _titles(session, Wanted(search="lamp")) == ["Lamp"]


def test_a_cursor_of_another_list_is_refused(session: Session) -> None:
    with pytest.raises(Invalid):
        search(session, Wanted(), cursor=encode_cursor([1, 2, 3]))


def test_what_is_off_offer_is_not_found(session: Session) -> None:
    supplier = factories.supplier(session)
    product_id = _offer(session, supplier, "Lamp")
    set_status(session, supplier.id, [product_id], "draft")
    assert _titles(session, Wanted()) == []
    set_status(session, supplier.id, [product_id], "active")
    assert _titles(session, Wanted()) == ["Lamp"]
    supplier.status = SUSPENDED
    session.flush()
    assert _titles(session, Wanted()) == _titles(session, Wanted(search="lamp", sort="relevance")) == []
    assert facets(session, Wanted()).total == 0


def test_entries_gone_astray_are_mended(session: Session) -> None:
    supplier = factories.supplier(session)
    kept, ended = _offer(session, supplier, "Lamp"), _offer(session, supplier, "Rug")
    session.execute(text("delete from catalog_entries where product_id = :id"), {"id": kept})
    session.execute(text("update supplier_products set status = 'ended' where id = :id"), {"id": ended})
    assert mend(session) == 2
    assert mend(session) == 0
    assert _titles(session, Wanted()) == ["Lamp"]


def test_many_finds_are_counted_by_a_sample(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    supplier = factories.supplier(session)
    for number in range(40):
        _offer(session, supplier, f"Lamp {number}")
    monkeypatch.setattr(rules, "COUNTED_AT_MOST", 10)
    counted = facets(session, Wanted(search="lamp"))
    assert not counted.exact
    monkeypatch.setattr(rules, "RANKED_AT_MOST", 10)
    assert not search(session, Wanted(search="lamp", sort="relevance"), limit=5).ranked_all


def test_an_entry_is_the_same_however_often_it_is_written(session: Session) -> None:
    supplier = factories.supplier(session)
    product_id = _offer(session, supplier, "Lamp", price=700, msrp=1000)

    def seen() -> tuple[object, ...]:
        return tuple(session.execute(text("select e.* from catalog_entries e")).one())

    before = seen()
    refresh(session, [product_id, product_id])
    assert seen() == before
    assert session.get_one(CatalogEntry, product_id).lowest_wholesale == 700


@given(st.text(max_size=60))
def test_any_text_makes_a_query_that_can_be_asked(engine: None, typed: str) -> None:
    from app import db

    with db.system_scope(actor="test"), db.transaction() as session:
        found = search(session, Wanted(search=typed.replace("\x00", ""), brand=typed.replace("\x00", "") or None))
        assert found.page.items == []


@given(st.sampled_from([1, *rules.SAMPLES]), st.integers(0, rules.COUNTED_AT_MOST + 1))
def test_the_next_sample_is_another_that_can_be_counted(one_in: int, found: int) -> None:
    following = rules.next_sample(one_in, found)
    assert following != one_in
    if following is not None and following < one_in:
        assert found * one_in // following <= rules.COUNTED_AT_MOST
