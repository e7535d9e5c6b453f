"""Searching and browsing the entries; counting is beside it in ``counting.py``.

A query that fits more entries than can be ranked or counted in time is answered from a part of them, and the answer
says so: ``Found.ranked_all``, ``Facets.exact``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.catalog.pictures.rules import address_of
from app.catalog.rules import search_terms
from app.catalog.search import rules, statements
from app.catalog.search.asking import CONDITIONS, SORTS, Asked, Sort, Wanted, asked_of, meant, words_text
from app.catalog.search.counting import Count, Facets, facets
from app.catalog.search.estimates import expected
from app.catalog.search.words import corrections
from app.config import settings
from app.kit.paging import LARGEST_LIMIT, Page, decode_cursor, encode_cursor
from app.kit.recent import Recent

#: The column by which each order sorts, and whether it descends.
_ORDERS: dict[Sort, tuple[str, bool]] = {
    "newest": ("listed_at", True),
    "price_asc": ("lowest_wholesale", False),
    "price_desc": ("lowest_wholesale", True),
    "margin": ("margin_bps", True),
    "reliability": ("reliability", True),
    "title": ("title", False),
}
#: Orders in which what is filtered by may stand far down, all together.
_ALIKE = ("lowest_wholesale", "reliability")


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
        found = _of_words(session, wanted, meant(session, terms), limit, cursor)
        if found.page.items or cursor:
            return found
    better = corrections(session, terms)
    if better is None:
        return Found(Page([], None))
    found = _of_words(session, wanted, better, limit, cursor.removeprefix("~") if cursor else None)
    onward = "~" + found.page.next_cursor if found.page.next_cursor else None
    told = " ".join(one[0] for one in better)
    return replace(found, page=Page(found.page.items, onward), corrected=told if found.page.items else "")


def _of_words(
    session: Session, wanted: Wanted, words: Sequence[Sequence[str]], limit: int, cursor: str | None
) -> Found:
    query = words_text(session, words)
    if wanted.sort != "relevance":
        return Found(_browse(session, wanted, query, limit, cursor))
    asked = asked_of(session, wanted, query)
    if asked is None:
        return Found(Page([], None))
    # Of very many that fit, those to be ranked are taken from a sample: collecting all of them takes long.
    if expected(session, asked.values["lexemes"]) >= rules.SAMPLED_FROM:
        sampled = asked.within(rules.sample_mark(rules.SAMPLES[0]))
        rows = _ranked(session, sampled, limit, cursor)
        # Behind the last page there is nothing that says how many there were.
        told = rows or (_ranked(session, sampled, 1, None) if cursor else [])
        if told and told[0][-2] >= rules.RANKED_AT_MOST:
            return Found(_page(rows, limit), ranked_all=False)
    rows = _ranked(session, asked, limit, cursor)
    whole = not rows or rows[0][-2] < rules.RANKED_AT_MOST
    return Found(_page(rows, limit), ranked_all=whole)


def _ranked(session: Session, asked: Asked, limit: int, cursor: str | None) -> Sequence[Any]:
    return _rows(session, statements.ranking(asked.names, onward=bool(cursor)), asked, limit, cursor)


def _browse(session: Session, wanted: Wanted, words: str | None, limit: int, cursor: str | None) -> Page[Entry]:
    asked = asked_of(session, wanted, words)
    if asked is None:
        return Page([], None)
    # A supplier's products all have its rating.
    all_alike = wanted.sort == "reliability" and wanted.supplier_id is not None
    column, descending = _ORDERS.get("newest" if all_alike else wanted.sort, _ORDERS["newest"])
    if wanted.updated_since is not None and wanted.sort == "newest":
        column = "changed_at"
    below = _below_of(session, asked.category) if asked.category is not None else None
    in_category = words is None and not wanted.brand and wanted.supplier_id is None
    if below is not None and in_category and column == "lowest_wholesale" and len(below) <= rules.GATHERED_OF:
        way, asked = statements.gathering, _of_categories(asked, below)
    elif (
        below is not None
        and in_category
        and column == "reliability"
        and _are_few(session, asked, rules.SORTED_OF_CATEGORY)
    ):
        way, asked = statements.sorting, _of_categories(asked, below)
    elif _are_few(session, asked, rules.SORTED_WHERE_ALIKE if column in _ALIKE else rules.SORTED_AT_MOST):
        way = statements.sorting
    else:
        way, asked = statements.walking, _walked(wanted, asked, below)
    statement = way(asked.names, column, descending=descending, onward=bool(cursor))
    return _page(_rows(session, statement, asked, limit, cursor), limit)


#: What lies below a category.
_below: Recent[list[UUID]] = Recent(10_000)
_BELOW_FOR = 30.0


def _below_of(session: Session, category: UUID) -> list[UUID]:
    """A category and all below it."""
    below = _below.get(category, _BELOW_FOR)
    if below is None:
        below = statements.branch(session, category)
        _below.put(category, below)
    return below


def _are_few(session: Session, asked: Asked, most: int) -> bool:
    """Whether so few entries have what is named that it is quicker to sort them all than to walk an index until
    enough of them have passed by."""
    lexemes = asked.values.get("lexemes")
    return lexemes is not None and expected(session, lexemes) <= most


def _of_categories(asked: Asked, below: list[UUID]) -> Asked:
    """The same in terms of the categories themselves instead of the mark that entries below one have."""
    values = {name: value for name, value in asked.values.items() if name != "lexemes"}
    return _of_values({**values, "categories": below})


def _walked(wanted: Wanted, asked: Asked, below: list[UUID] | None) -> Asked:
    """The same in conditions on what the indexes of orders hold."""
    values = dict(asked.values)
    if wanted.brand:
        values["brand"] = wanted.brand[:200].lower()
    if below is not None:
        values["categories"] = below
    if "words" not in values:
        values.pop("lexemes", None)
    return _of_values(values)


def _of_values(values: dict[str, Any]) -> Asked:
    return Asked(("sells", *(name for name in CONDITIONS if name in values)), values)


def _rows(
    session: Session, statement: statements.Prepared, asked: Asked, limit: int, cursor: str | None
) -> Sequence[Any]:
    values = {**asked.values, "limit": limit + 1, "at_most": rules.RANKED_AT_MOST}
    if cursor:
        values["after_value"], values["after_id"] = decode_cursor(cursor, 2)
    return statement.rows(session, values)


def _page(rows: Sequence[Any], limit: int) -> Page[Entry]:
    """Of rows whose last value they are sorted by."""
    kept = rows[:limit]
    onward = encode_cursor([kept[-1][-1], kept[-1][0]]) if len(rows) > limit else None
    return Page([Entry(*row[: len(statements.SHOWN)]) for row in kept], onward)


__all__ = ["SORTS", "Count", "Entry", "Facets", "Found", "Sort", "Wanted", "facets", "search"]
