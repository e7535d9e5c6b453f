"""Searching and browsing the entries, and counting them by what they can be narrowed down to.

A query that fits more entries than can be ranked or counted in time is answered from a part of them, and the answer
says so: ``Found.ranked_all``, ``Facets.exact``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import REAL, ColumnElement, CompoundSelect, Float, Select, case, cast, func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY, array
from sqlalchemy.orm import Session
from sqlalchemy.types import Text

from app.catalog.models import CatalogEntry, Category
from app.catalog.pictures.rules import address_of
from app.catalog.rules import search_terms
from app.catalog.search import rules
from app.catalog.search.words import corrections, forms_of, synonyms
from app.config import settings
from app.db import table_of
from app.kit import clock
from app.kit.paging import LARGEST_LIMIT, Page, decode_cursor, encode_cursor
from app.suppliers.models import ShippingRate, Supplier
from app.suppliers.rules import ACTIVE

Sort = Literal["relevance", "newest", "price_asc", "price_desc", "margin", "reliability", "title"]
SORTS: tuple[Sort, ...] = ("relevance", "newest", "price_asc", "price_desc", "margin", "reliability", "title")

_E = table_of(CatalogEntry).c
_S = table_of(Supplier).c
_R = table_of(ShippingRate).c
#: How much a word counts, the last three: of other texts, as a stem of the title, of the title itself.
_WEIGHTS = cast(literal("{0.1,0.1,0.8,1}"), ARRAY(REAL))
#: Most brands and suppliers that are counted out.
_GROUPS_AT_MOST = 100
#: What can be bought now comes a little before what can't.
_STOCK_COUNTS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to look for. Prices are those of the cheapest variant, in minor units of the product's own currency;
    ``category`` is a slug or a path and stands for all below it; ``ships_to`` and ``ships_from`` are ISO country codes;
    ``handling_days`` at most; ``new``: listed within ``rules.NEW_DAYS``."""

    search: str | None = None
    category: str | None = None
    supplier_id: UUID | None = None
    brand: str | None = None
    min_price: int | None = None
    max_price: int | None = None
    in_stock: bool | None = None
    ships_to: str | None = None
    ships_from: str | None = None
    handling_days: int | None = None
    has_gtin: bool | None = None
    new: bool = False
    updated_since: datetime | None = None
    sort: Sort = "newest"


@dataclass(frozen=True, slots=True)
class Entry:
    """A product as lists show it; amounts in minor units of ``currency``."""

    product_id: UUID
    supplier_id: UUID
    supplier_name: str
    ships_from: str
    handling_days: int
    category_id: UUID | None
    title: str
    brand: str
    currency: str
    lowest_wholesale: int
    highest_wholesale: int
    msrp: int | None
    margin_bps: int
    variants: int
    in_stock: bool
    has_gtin: bool
    picture_url: str | None
    picture_sha256: str | None
    listed_at: datetime
    changed_at: datetime

    def picture(self, size: int = 96) -> str | None:
        """Where our pages take the first picture from; None while we do not have it."""
        if self.picture_sha256:
            return address_of(self.picture_sha256, size)
        return None if settings().keeps_pictures else self.picture_url

    @property
    def public_url(self) -> str | None:
        """Where everybody finds it: with us where the world can reach us by https, else where the supplier has it."""
        ours = settings().public_url
        if self.picture_sha256 and (ours.startswith("https://") or str(self.picture_url).startswith("/")):
            return ours + address_of(self.picture_sha256)
        return self.picture_url


@dataclass(frozen=True, slots=True)
class Found:
    """A page of entries. ``ranked_all``: by relevance, all that fit were compared, not only the first
    ``rules.RANKED_AT_MOST``. ``corrected``: what was looked for instead of words that find nothing."""

    page: Page[Entry]
    ranked_all: bool = True
    corrected: str = ""


@dataclass(frozen=True, slots=True)
class Count:
    """One way to narrow down: ``value`` as the filter takes it, ``label`` for people where it differs."""

    value: str
    label: str
    products: int


@dataclass(frozen=True, slots=True)
class Facets:
    """How many products fit, and how many of each kind. Not ``exact``: estimated from an even sample."""

    total: int
    exact: bool
    categories: Sequence[Count] = field(default_factory=list)
    brands: Sequence[Count] = field(default_factory=list)
    suppliers: Sequence[Count] = field(default_factory=list)
    #: By the band's beginning, in major units of each supplier's own currency.
    price_bands: Sequence[Count] = field(default_factory=list)
    ships_from: Sequence[Count] = field(default_factory=list)
    in_stock: int = 0


_SHOWN = (
    _E.product_id, _E.supplier_id, _S.company_name, _S.country, _S.handling_days, _E.category_id, _E.title, _E.brand,
    _E.currency, _E.lowest_wholesale, _E.highest_wholesale, _E.msrp, _E.margin_bps, _E.variants, _E.in_stock,
    _E.has_gtin, _E.picture_url, _E.picture_sha256, _E.listed_at, _E.changed_at,
)  # fmt: skip


def search(session: Session, wanted: Wanted, *, limit: int = 50, cursor: str | None = None) -> Found:
    """A page of active products of active suppliers.

    Words are matched as they are, by their stems in several languages and by what means the same, the last one also
    by its beginning. A word that no product has is replaced by those most like it.
    """
    limit = min(limit, LARGEST_LIMIT)
    terms = search_terms(wanted.search or "")
    if wanted.search and not terms:
        return Found(Page([], None))
    if not terms:
        return Found(_browse(session, wanted, None, limit, cursor))
    corrected = bool(cursor) and str(cursor).startswith("~")
    if not corrected:
        found = _of_words(session, wanted, _meant(session, terms), limit, cursor)
        if found.page.items or cursor:
            return found
    better = corrections(session, terms)
    if better is None:
        return Found(Page([], None))
    found = _of_words(session, wanted, better, limit, cursor.removeprefix("~") if cursor else None)
    onward = "~" + found.page.next_cursor if found.page.next_cursor else None
    told = " ".join(one[0] for one in better)
    return replace(found, page=Page(found.page.items, onward), corrected=told if found.page.items else "")


def facets(session: Session, wanted: Wanted, *, most: int = 12) -> Facets:
    """What ``search`` would find, counted; of each kind the ``most`` frequent."""
    terms = search_terms(wanted.search or "")
    if wanted.search and not terms:
        return Facets(0, True)
    counted = _count(session, wanted, _meant(session, terms) if terms else None, most)
    if counted.total == 0 and terms:
        better = corrections(session, terms)
        if better is not None:
            return _count(session, wanted, better, most)
    return counted


def _meant(session: Session, terms: Sequence[str]) -> list[list[str]]:
    return rules.alternatives(terms, synonyms(session))


def _query_of(session: Session, words: Sequence[Sequence[str]]) -> ColumnElement[Any]:
    forms = forms_of(session, [word for same in words for word in same])
    return cast(literal(rules.query_text(words, forms)), TSQUERY)


def _conditions(
    session: Session, wanted: Wanted, words: ColumnElement[Any] | None, *marks: str
) -> list[ColumnElement[bool]] | None:
    """What an entry must fulfil; None where nothing can."""
    named = list(marks)
    if wanted.category:
        found = session.scalar(
            select(Category.id)
            .where((Category.slug == wanted.category) | (Category.path == wanted.category))
            .order_by(Category.id)
            .limit(1)
        )
        if found is None:
            return None
        named.append(rules.category_mark(found))
    if wanted.brand:
        named.append(rules.brand_mark(wanted.brand[:200]))
    # Alone a supplier's newest products are read in their order from an index of their own.
    if wanted.supplier_id is not None and (named or words is not None or wanted.sort != "newest"):
        named.append(rules.supplier_mark(wanted.supplier_id))
    query: ColumnElement[Any] | None = None
    if named:
        query = cast(literal(" & ".join(rules.quoted(mark) for mark in named)), TSQUERY)
    if words is not None:
        query = words if query is None else words.op("&&", return_type=TSQUERY())(query)
    conditions = [] if query is None else [_E.words.op("@@")(query)]
    return [*conditions, *_plain_conditions(wanted)]


def _plain_conditions(wanted: Wanted) -> Iterable[ColumnElement[bool]]:
    yield _S.status == ACTIVE
    if wanted.supplier_id is not None:
        yield _E.supplier_id == wanted.supplier_id
    if wanted.min_price is not None:
        # Some variant of it costs as much: what lies partly in the range is in it.
        yield _E.highest_wholesale >= wanted.min_price
    if wanted.max_price is not None:
        yield _E.lowest_wholesale <= wanted.max_price
    if wanted.in_stock is not None:
        yield _E.in_stock.is_(wanted.in_stock)
    if wanted.has_gtin is not None:
        yield _E.has_gtin.is_(wanted.has_gtin)
    if wanted.new:
        yield _E.listed_at >= clock.now() - timedelta(days=rules.NEW_DAYS)
    if wanted.updated_since is not None:
        yield _E.changed_at >= wanted.updated_since
    if wanted.handling_days is not None:
        yield _S.handling_days <= wanted.handling_days
    if wanted.ships_from:
        yield _S.country == wanted.ships_from.upper()
    if wanted.ships_to:
        named = _R.countries.op("?|")(array([wanted.ships_to.upper(), "*"], type_=Text))
        yield _E.supplier_id.in_(select(_R.supplier_id).where(named))


def _order(sort: Sort) -> tuple[ColumnElement[Any], bool]:
    """The column, and whether it descends."""
    columns: dict[Sort, tuple[ColumnElement[Any], bool]] = {
        "price_asc": (_E.lowest_wholesale, False),
        "price_desc": (_E.lowest_wholesale, True),
        "margin": (_E.margin_bps, True),
        "reliability": (_E.reliability, True),
        "title": (_E.title, False),
    }
    return columns.get(sort, (_E.listed_at, True))


def _browse(
    session: Session, wanted: Wanted, words: ColumnElement[Any] | None, limit: int, cursor: str | None
) -> Page[Entry]:
    conditions = _conditions(session, wanted, words)
    if conditions is None:
        return Page([], None)
    # A supplier's products all have its rating.
    all_alike = wanted.sort == "reliability" and wanted.supplier_id is not None
    column, descending = _order("newest" if all_alike else wanted.sort)
    if wanted.updated_since is not None and wanted.sort == "newest":
        column = _E.changed_at
    query = (
        select(*_SHOWN, column.label("sorted"))
        .join_from(table_of(CatalogEntry), table_of(Supplier), _S.id == _E.supplier_id)
        .where(*conditions)
        .limit(limit + 1)
    )
    key = (column, _E.product_id)
    query = query.order_by(*(one.desc() if descending else one.asc() for one in key))
    if cursor:
        after, here = func.row(*decode_cursor(cursor, 2)), func.row(*key)
        query = query.where(here < after if descending else here > after)
    return _page(session, query, limit)


def _page(session: Session, query: Select[Any], limit: int) -> Page[Entry]:
    rows = session.execute(query).all()
    kept = rows[:limit]
    onward = encode_cursor([kept[-1][-1], kept[-1][0]]) if len(rows) > limit else None
    return Page([Entry(*row[: len(_SHOWN)]) for row in kept], onward)


def _of_words(
    session: Session, wanted: Wanted, words: Sequence[Sequence[str]], limit: int, cursor: str | None
) -> Found:
    query = _query_of(session, words)
    if wanted.sort != "relevance":
        return Found(_browse(session, wanted, query, limit, cursor))
    conditions = _conditions(session, wanted, query)
    if conditions is None:
        return Found(Page([], None))
    # The first that fit, in the order in which they lie: always the same ones. A scan of the whole table would begin
    # anywhere.
    session.execute(text("set local enable_seqscan = off"))
    rank = cast(func.ts_rank(_WEIGHTS, _E.words, query), Float) + case((_E.in_stock, _STOCK_COUNTS), else_=0.0)
    fitting = (
        select(_E.product_id, rank.label("rank"))
        .join_from(table_of(CatalogEntry), table_of(Supplier), _S.id == _E.supplier_id)
        .where(*conditions)
        .limit(rules.RANKED_AT_MOST)
        .subquery("fitting")
    )
    counted = select(fitting, func.count().over().label("fitting")).subquery("counted")
    chosen = select(counted).order_by(counted.c.rank.desc(), counted.c.product_id.desc()).limit(limit + 1)
    if cursor:
        chosen = chosen.where(func.row(counted.c.rank, counted.c.product_id) < func.row(*decode_cursor(cursor, 2)))
    top = chosen.subquery("top")
    rows = session.execute(
        select(*_SHOWN, top.c.fitting, top.c.rank)
        .join_from(top, table_of(CatalogEntry), _E.product_id == top.c.product_id)
        .join(table_of(Supplier), _S.id == _E.supplier_id)
        .order_by(top.c.rank.desc(), top.c.product_id.desc())
    ).all()
    kept = rows[:limit]
    onward = encode_cursor([kept[-1][-1], kept[-1][0]]) if len(rows) > limit else None
    whole = not rows or rows[0][-2] < rules.RANKED_AT_MOST
    return Found(Page([Entry(*row[: len(_SHOWN)]) for row in kept], onward), ranked_all=whole)


def _count(session: Session, wanted: Wanted, words: Sequence[Sequence[str]] | None, most: int) -> Facets:
    query = _query_of(session, words) if words else None
    session.execute(text("set local enable_seqscan = off"))
    size: int | None = rules.SAMPLES[1]
    tried: set[int] = set()
    rows: Sequence[Any] = []
    counted = size
    while size is not None and size not in tried:
        tried.add(size)
        conditions = _conditions(session, wanted, query, *([rules.sample_mark(size)] if size > 1 else []))
        if conditions is None:
            return Facets(0, True)
        rows, counted = session.execute(_grouped(conditions)).all(), size
        size = rules.next_sample(size, next((row.products for row in rows if row.kind == "all"), 0))
    return _facets(session, rows, counted or 1, most)


def _grouped(conditions: Sequence[ColumnElement[bool]]) -> CompoundSelect[str, str, int]:
    """At most ``COUNTED_AT_MOST`` (and one) that fit, counted by each kind in one go."""
    fitting = (
        select(
            _E.category_id.label("category"),
            _E.brand,
            _E.supplier_id.label("supplier"),
            _S.country,
            _E.in_stock,
            _band().label("band"),
        )
        .join_from(table_of(CatalogEntry), table_of(Supplier), _S.id == _E.supplier_id)
        .where(*conditions)
        .limit(rules.COUNTED_AT_MOST + 1)
        .cte("fitting")
    )
    kinds: list[tuple[str, ColumnElement[Any]]] = [
        ("category", fitting.c.category),
        ("brand", fitting.c.brand),
        ("supplier", fitting.c.supplier),
        ("country", fitting.c.country),
        ("stock", fitting.c.in_stock),
        ("band", fitting.c.band),
    ]
    every = [
        select(literal("all").label("kind"), literal("").label("value"), func.count().label("products")).select_from(
            fitting
        )
    ]
    for name, column in kinds:
        counted = select(literal(name), cast(column, Text), func.count().label("products")).select_from(fitting)
        counted = counted.group_by(column)
        if name in ("brand", "supplier"):
            counted = select(counted.order_by(text("products desc")).limit(_GROUPS_AT_MOST).subquery())
        every.append(counted)
    return every[0].union_all(*every[1:])


def _band() -> ColumnElement[int]:
    """The band of the lowest wholesale price, for currencies with two decimals (the price list's own otherwise)."""
    return case(
        *((_E.lowest_wholesale >= start * 100, start) for start in sorted(rules.PRICE_BANDS, reverse=True)), else_=0
    )


def _facets(session: Session, rows: Sequence[Any], one_in: int, most: int) -> Facets:
    by_kind: dict[str, list[tuple[str, int]]] = {}
    for kind, value, products in rows:
        if value is not None:
            by_kind.setdefault(kind, []).append((value, products * one_in))
    for counts in by_kind.values():
        counts.sort(key=lambda one: (-one[1], one[0]))
    total = by_kind["all"][0][1] if by_kind.get("all") else 0
    suppliers = [(UUID(value), count) for value, count in by_kind.get("supplier", [])[:most]]
    names = {
        supplier_id: name
        for supplier_id, name in session.execute(
            select(_S.id, _S.company_name).where(_S.id.in_([one for one, _ in suppliers]))
        )
    }
    return Facets(
        total,
        one_in == 1 and total <= rules.COUNTED_AT_MOST,
        _categories(session, by_kind.get("category", []), most),
        [Count(value, value, count) for value, count in by_kind.get("brand", []) if value][:most],
        [Count(str(one), names.get(one, ""), count) for one, count in suppliers],
        [Count(value, value, count) for value, count in sorted(by_kind.get("band", []), key=lambda one: int(one[0]))],
        [Count(value, value, count) for value, count in by_kind.get("country", [])[:most]],
        sum(count for value, count in by_kind.get("stock", []) if value == "true"),
    )


#: Path and slug of each category, as far as they were asked for: neither ever changes.
_known_categories: dict[UUID, tuple[str, str]] = {}


def _categories(session: Session, counts: Sequence[tuple[str, int]], most: int) -> list[Count]:
    """Counts of categories with all above them."""
    own = {UUID(value): count for value, count in counts}
    if not own.keys() <= _known_categories.keys():
        rows = session.execute(select(Category.id, Category.path, Category.slug)).all()
        _known_categories.update({category_id: (path, slug) for category_id, path, slug in rows})
    totals: dict[str, int] = {}
    for category_id, count in own.items():
        names = _known_categories[category_id][0].split(" > ") if category_id in _known_categories else []
        for depth in range(1, len(names) + 1):
            path = " > ".join(names[:depth])
            totals[path] = totals.get(path, 0) + count
    kept = sorted(totals.items(), key=lambda one: (-one[1], one[0]))[:most]
    slugs = {
        path: slug
        for path, slug in session.execute(
            select(Category.path, Category.slug).where(Category.path.in_([path for path, _ in kept]))
        )
    }
    return [Count(slugs[path], path, count) for path, count in kept if path in slugs]


__all__ = ["SORTS", "Count", "Entry", "Facets", "Found", "Sort", "Wanted", "facets", "search"]
