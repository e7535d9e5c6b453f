"""What is looked for, and the conditions that an entry must fulfil.

Conditions have names, and places for values instead of values: what is asked often is written down as SQL once
(``statements.py``) and sent with other values each time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Uuid, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY
from sqlalchemy.orm import Session
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.types import Text

from app.catalog.models import CatalogEntry
from app.catalog.search import rules
from app.catalog.search.estimates import expected
from app.catalog.search.words import forms_of, synonyms
from app.db import table_of
from app.kit import clock
from app.suppliers.models import ShippingRate, Supplier
from app.suppliers.rules import ACTIVE

Sort = Literal["relevance", "newest", "price_asc", "price_desc", "margin", "reliability", "title"]
SORTS: tuple[Sort, ...] = ("relevance", "newest", "price_asc", "price_desc", "margin", "reliability", "title")

_E = table_of(CatalogEntry).c
_S = table_of(Supplier).c
_R = table_of(ShippingRate).c
Columns = ReadOnlyColumnCollection[str, Column[Any]]

#: The words alone, without the marks of what else is wanted.
WORDS = cast(bindparam("words", type_=Text), TSQUERY)

#: Conditions on what every index of an order holds (``CatalogEntry``), by their names, for a table or its alias.
COVERED: Mapping[str, Callable[[Columns], ColumnElement[bool]]] = {
    "supplier": lambda columns: columns.supplier_id == bindparam("supplier"),
    "categories": lambda columns: columns.category_id == func.any(bindparam("categories", type_=ARRAY(Uuid))),
    "brand": lambda columns: func.lower(func.left(columns.brand, 200)) == bindparam("brand"),
    # Some variant of it costs as much: what lies partly in the range is in it.
    "least": lambda columns: columns.highest_wholesale >= bindparam("least"),
    "most": lambda columns: columns.lowest_wholesale <= bindparam("most"),
}
#: Every condition by its name, which is also that of its value where it has one. ``lexemes`` says the same as
#: ``categories`` and ``brand``, and of words besides.
CONDITIONS: Mapping[str, ColumnElement[bool]] = {
    "sells": _S.status == ACTIVE,
    "lexemes": _E.words.op("@@")(cast(bindparam("lexemes", type_=Text), TSQUERY)),
    **{name: condition(_E) for name, condition in COVERED.items()},
    "in_stock": _E.in_stock.is_(True),
    "sold_out": _E.in_stock.is_(False),
    "has_gtin": _E.has_gtin.is_(True),
    "no_gtin": _E.has_gtin.is_(False),
    "listed_since": _E.listed_at >= bindparam("listed_since"),
    "changed_since": _E.changed_at >= bindparam("changed_since"),
    "handling_days": _S.handling_days <= bindparam("handling_days"),
    "min_rating": _S.rating >= bindparam("min_rating"),
    "ships_from": _S.country == bindparam("ships_from"),
    "ships_to": _E.supplier_id.in_(
        select(_R.supplier_id).where(_R.countries.op("?|")(bindparam("ships_to", type_=ARRAY(Text))))
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to look for. Prices are those of the cheapest variant, in minor units of the product's own currency;
    ``category`` is a slug or a path and stands for all below it; ``ships_to`` and ``ships_from`` are ISO country codes;
    ``handling_days`` at most; ``min_rating`` of its supplier, 0 to 5; ``new``: listed within ``rules.NEW_DAYS``."""

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
    min_rating: Decimal | None = None
    has_gtin: bool | None = None
    new: bool = False
    updated_since: datetime | None = None
    sort: Sort = "newest"


_CATEGORY = "select id from categories where slug = %(named)s or path = %(named)s order by id limit 1"


class Asked(NamedTuple):
    """The names of conditions, and the values that stand in them. ``category``: whose mark is among the lexemes."""

    names: tuple[str, ...]
    values: dict[str, Any]
    category: UUID | None = None

    def within(self, mark: str) -> Asked:
        """The same among what has a mark besides."""
        lexemes = [self.values["lexemes"]] if "lexemes" in self.values else []
        values = {**self.values, "lexemes": " & ".join([*lexemes, rules.quoted(mark)])}
        return self._replace(names=tuple(dict.fromkeys((*self.names, "lexemes"))), values=values)


def meant(session: Session, terms: Sequence[str]) -> list[list[str]]:
    """For each term itself and what means the same."""
    return rules.alternatives(terms, synonyms(session))


def words_text(session: Session, words: Sequence[Sequence[str]]) -> str:
    """A text search query for all of the words, each as any of its alternatives in any of their forms; the last one
    also as the beginning of a word, unless plenty has the word itself."""
    forms = forms_of(session, [word for same in words for word in same])
    last = words[-1][0]
    begins = len(last) >= rules.PREFIX_FROM and expected(session, rules.quoted(last)) < rules.PLENTY
    return rules.query_text(words, forms, begins=begins)


def asked_of(session: Session, wanted: Wanted, words: str | None, *, in_order: bool = True) -> Asked | None:
    """What an entry must fulfil: ``wanted`` and the query ``words``; None where nothing can. ``in_order``: the entries
    are wanted in their order."""
    named: list[str] = []
    found: UUID | None = None
    if wanted.category:
        found = session.connection().exec_driver_sql(_CATEGORY, {"named": wanted.category}).scalar()
        if found is None:
            return None
        named.append(rules.category_mark(found))
    if wanted.brand:
        named.append(rules.brand_mark(wanted.brand[:200]))
    # Alone a supplier's newest products are read in their order from an index of their own.
    if wanted.supplier_id is not None and (named or words is not None or wanted.sort != "newest" or not in_order):
        named.append(rules.supplier_mark(wanted.supplier_id))
    values = _values(wanted)
    lexemes = [*([words] if words is not None else []), *(rules.quoted(mark) for mark in named)]
    if lexemes:
        values = {"lexemes": " & ".join(lexemes), **values}
    if words is not None:
        values["words"] = words
    return Asked(("sells", *(name for name in CONDITIONS if name in values)), values, found)


def _values(wanted: Wanted) -> dict[str, Any]:
    """The values of conditions on columns, by their names; of those without one, nothing."""
    sides = {
        "in_stock": wanted.in_stock is True,
        "sold_out": wanted.in_stock is False,
        "has_gtin": wanted.has_gtin is True,
        "no_gtin": wanted.has_gtin is False,
    }
    values = {
        "supplier": wanted.supplier_id,
        "least": wanted.min_price,
        "most": wanted.max_price,
        "listed_since": clock.now() - timedelta(days=rules.NEW_DAYS) if wanted.new else None,
        "changed_since": wanted.updated_since,
        "handling_days": wanted.handling_days,
        "min_rating": wanted.min_rating,
        "ships_from": wanted.ships_from.upper() if wanted.ships_from else None,
        "ships_to": [wanted.ships_to.upper(), "*"] if wanted.ships_to else None,
    }
    return {
        **{name: True for name, wished in sides.items() if wished},
        **{name: value for name, value in values.items() if value is not None},
    }
