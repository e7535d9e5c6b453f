"""The SQL of searching and counting, put together once for each set of conditions and sent with other values each time:
putting it together takes longer than many a query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    REAL,
    ColumnElement,
    Executable,
    Float,
    Row,
    Select,
    Uuid,
    bindparam,
    case,
    cast,
    func,
    literal,
    select,
    text,
    true,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import Text

from app.catalog.models import CatalogEntry, Category
from app.catalog.search import rules
from app.catalog.search.asking import CONDITIONS, COVERED, WORDS
from app.db import table_of
from app.suppliers.models import Supplier

_ENTRIES, _SUPPLIERS = table_of(CatalogEntry), table_of(Supplier)
_E, _S = _ENTRIES.c, _SUPPLIERS.c
_DIALECT = postgresql.psycopg2.dialect()  # type: ignore[no-untyped-call]
#: How much a word counts, the last three: of other texts, as a stem of the title, of the title itself.
_WEIGHTS = cast(literal("{0.1,0.1,0.8,1}"), ARRAY(REAL))
#: What can be bought now comes a little before what can't.
_STOCK_COUNTS = 0.05
#: Most brands and suppliers that are counted out.
_GROUPS_AT_MOST = 100
#: Results of a scan of the whole table would begin anywhere; by the index they are always the same ones.
_BY_INDEX = "set local enable_seqscan = off; "
#: Of a subquery that is joined the planner thinks that all its rows are wanted, and would sort them rather than walk.
_IN_ORDER = "set local enable_sort = off; "

SHOWN = (
    _E.product_id, _E.supplier_id, _S.company_name, _S.country, _S.handling_days, _E.category_id, _E.title, _E.brand,
    _E.currency, _E.lowest_wholesale, _E.highest_wholesale, _E.msrp, _E.margin_bps, _E.variants, _E.in_stock,
    _E.has_gtin, _E.picture_url, _E.picture_sha256, _E.listed_at, _E.changed_at,
)  # fmt: skip


class Prepared(NamedTuple):
    """SQL as the driver takes it, and the values in it that are always the same."""

    sql: str
    constants: Mapping[str, Any]

    def rows(self, session: Session, values: Mapping[str, Any]) -> Sequence[Row[Any]]:
        """What it finds with these values."""
        return session.connection().exec_driver_sql(self.sql, {**self.constants, **values}).all()


def _prepared(statement: Executable, before: str = "") -> Prepared:
    compiled = statement.compile(dialect=_DIALECT)  # type: ignore[attr-defined]
    constants = {name: value for name, value in compiled.params.items() if value is not None}
    return Prepared(before + str(compiled), constants)


@cache
def walking(names: tuple[str, ...], column: str, *, descending: bool, onward: bool) -> Prepared:
    """Entries in the order of a column and their ids, the column's value last; ``onward``: after ``after_value`` and
    ``after_id``.

    The column's index is walked from the first entry on, and holds itself what most conditions are about: an entry is
    looked at only where these are fulfilled.
    """
    walked = _ENTRIES.alias("walked")
    key = (walked.c[column], walked.c.product_id)
    inside = select(walked.c.product_id, walked.c[column].label("sorted")).where(
        *(COVERED[name](walked.c) for name in names if name in COVERED)
    )
    if onward:
        inside = inside.where(_beyond(key, descending=descending))
    order = inside.order_by(*_directed(key, descending=descending)).subquery("order")
    return _prepared(
        select(*SHOWN, order.c.sorted)
        .join_from(order, _ENTRIES, _E.product_id == order.c.product_id)
        .join(_SUPPLIERS, _S.id == _E.supplier_id)
        .where(*_conditions(tuple(name for name in names if name not in COVERED)))
        .order_by(*_directed((order.c.sorted, order.c.product_id), descending=descending))
        .limit(bindparam("limit")),
        before=_IN_ORDER,
    )


@cache
def sorting(names: tuple[str, ...], column: str, *, descending: bool, onward: bool) -> Prepared:
    """As ``walking``, for few entries: all that fit are fetched, and sorted then."""
    fitting = (
        select(_E.product_id, _E[column].label("sorted"))
        .join_from(_ENTRIES, _SUPPLIERS, _S.id == _E.supplier_id)
        .where(*_conditions(names))
        .cte("fitting")
        .prefix_with("materialized", dialect="postgresql")
    )
    key = (fitting.c.sorted, fitting.c.product_id)
    chosen = select(fitting).order_by(*_directed(key, descending=descending)).limit(bindparam("limit"))
    if onward:
        chosen = chosen.where(_beyond(key, descending=descending))
    return _shown(chosen, descending=descending)


@cache
def gathering(names: tuple[str, ...], column: str, *, descending: bool, onward: bool) -> Prepared:
    """As ``walking``, for what is below a category: as many as are wanted are read of each of ``categories``, where
    each has its products together in this order, and the first of these are taken.
    """
    below = func.unnest(bindparam("categories", type_=ARRAY(Uuid))).table_valued("id", name="below").render_derived()
    key = (_E[column], _E.product_id)
    each = (
        select(_E.product_id, _E[column].label("sorted"))
        .join_from(_ENTRIES, _SUPPLIERS, _S.id == _E.supplier_id)
        .where(
            _E.category_id == below.c.id,
            *_conditions(tuple(name for name in names if name != "categories")),
        )
    )
    if onward:
        each = each.where(_beyond(key, descending=descending))
    first = each.order_by(*_directed(key, descending=descending)).limit(bindparam("limit")).lateral("first")
    chosen = (
        select(first.c.product_id, first.c.sorted)
        .join_from(below, first, true())
        .order_by(*_directed((first.c.sorted, first.c.product_id), descending=descending))
        .limit(bindparam("limit"))
    )
    return _shown(chosen, descending=descending)


@cache
def ranking(names: tuple[str, ...], *, onward: bool) -> Prepared:
    """The best fitting of ``at_most`` entries; last of each row how many there were, and its rank."""
    rank = cast(func.ts_rank(_WEIGHTS, _E.words, WORDS), Float) + case((_E.in_stock, _STOCK_COUNTS), else_=0.0)
    fitting = (
        select(_E.product_id, rank.label("rank"))
        .join_from(_ENTRIES, _SUPPLIERS, _S.id == _E.supplier_id)
        .where(*_conditions(names))
        .limit(bindparam("at_most"))
        .subquery("fitting")
    )
    counted = select(fitting, func.count().over().label("fitting")).subquery("counted")
    chosen: Select[Any] = select(counted).order_by(counted.c.rank.desc(), counted.c.product_id.desc())
    if onward:
        chosen = chosen.where(_beyond((counted.c.rank, counted.c.product_id), descending=True))
    top = chosen.limit(bindparam("limit")).subquery("top")
    return _prepared(
        select(*SHOWN, top.c.fitting, top.c.rank)
        .join_from(top, _ENTRIES, _E.product_id == top.c.product_id)
        .join(_SUPPLIERS, _S.id == _E.supplier_id)
        .order_by(top.c.rank.desc(), top.c.product_id.desc()),
        before=_BY_INDEX,
    )


@cache
def counting(names: tuple[str, ...]) -> Prepared:
    """``at_most`` entries that fit, counted by each kind in one go: kind, value, label, products."""
    fitting = (
        select(
            _E.category_id.label("category"),
            _E.brand,
            _E.supplier_id.label("supplier"),
            _S.company_name,
            _S.country,
            _E.in_stock,
            _band().label("band"),
        )
        .join_from(_ENTRIES, _SUPPLIERS, _S.id == _E.supplier_id)
        .where(*_conditions(names))
        .limit(bindparam("at_most"))
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
    nothing, products = literal("").label("label"), func.count().label("products")
    every = [select(literal("all").label("kind"), literal("").label("value"), nothing, products).select_from(fitting)]
    for name, column in kinds:
        label = func.min(fitting.c.company_name) if name == "supplier" else nothing
        counted = select(literal(name), cast(column, Text), label, products).select_from(fitting).group_by(column)
        if name in ("brand", "supplier"):
            counted = select(counted.order_by(text("products desc")).limit(_GROUPS_AT_MOST).subquery())
        every.append(counted)
    return _prepared(every[0].union_all(*every[1:]), before=_BY_INDEX)


def branch(session: Session, category_id: UUID) -> list[UUID]:
    """A category and all below it."""
    top = select(Category.id).where(Category.id == category_id).cte("branch", recursive=True)
    whole = top.union_all(select(Category.id).join(top, Category.parent_id == top.c.id))
    return list(session.scalars(select(whole.c.id)))


def _shown(chosen: Select[Any], *, descending: bool) -> Prepared:
    """What lists show of entries that are chosen with what they are sorted by."""
    top = chosen.subquery("top")
    return _prepared(
        select(*SHOWN, top.c.sorted)
        .join_from(top, _ENTRIES, _E.product_id == top.c.product_id)
        .join(_SUPPLIERS, _S.id == _E.supplier_id)
        .order_by(*_directed((top.c.sorted, top.c.product_id), descending=descending))
    )


def _conditions(names: tuple[str, ...]) -> list[ColumnElement[bool]]:
    return [CONDITIONS[name] for name in names]


def _directed(key: Sequence[ColumnElement[Any]], *, descending: bool) -> Iterable[ColumnElement[Any]]:
    return (one.desc() if descending else one.asc() for one in key)


def _beyond(key: Sequence[ColumnElement[Any]], *, descending: bool) -> ColumnElement[bool]:
    """Behind the last row of the page before."""
    after, here = func.row(bindparam("after_value"), bindparam("after_id")), func.row(*key)
    return here < after if descending else here > after


def _band() -> ColumnElement[int]:
    """The band of the lowest wholesale price, for currencies with two decimals (the price list's own otherwise)."""
    return case(
        *((_E.lowest_wholesale >= start * 100, start) for start in sorted(rules.PRICE_BANDS, reverse=True)), else_=0
    )
