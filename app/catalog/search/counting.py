"""Counting what is found by what it can be narrowed down to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalog.models import Category
from app.catalog.rules import search_terms
from app.catalog.search import rules, statements
from app.catalog.search.asking import Wanted, asked_of, meant, words_text
from app.catalog.search.estimates import expected
from app.catalog.search.words import corrections


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


def facets(session: Session, wanted: Wanted, *, most: int = 12) -> Facets:
    """What ``search`` would find, counted; of each kind the ``most`` frequent."""
    terms = search_terms(wanted.search or "")
    if wanted.search and not terms:
        return Facets(0, True)
    counted = _count(session, wanted, meant(session, terms) if terms else None, most)
    if counted.total == 0 and terms:
        better = corrections(session, terms)
        if better is not None:
            return _count(session, wanted, better, most)
    return counted


def _count(session: Session, wanted: Wanted, words: Sequence[Sequence[str]] | None, most: int) -> Facets:
    query = words_text(session, words) if words else None
    asked = asked_of(session, wanted, query, in_order=False)
    if asked is None:
        return Facets(0, True)
    lexemes = asked.values.get("lexemes")
    size: int | None = rules.first_sample(expected(session, lexemes) if lexemes is not None else math.inf)
    tried: set[int] = set()
    rows: Sequence[Any] = []
    counted = size
    while size is not None and size not in tried:
        tried.add(size)
        among = asked.within(rules.sample_mark(size)) if size > 1 else asked
        values = {**among.values, "at_most": rules.COUNTED_AT_MOST + 1}
        rows, counted = statements.counting(among.names).rows(session, values), size
        size = rules.next_sample(size, next((row.products for row in rows if row.kind == "all"), 0))
    return _facets(session, rows, counted or 1, most)


def _facets(session: Session, rows: Sequence[Any], one_in: int, most: int) -> Facets:
    by_kind: dict[str, list[Count]] = {}
    for kind, value, label, products in rows:
        if value is not None:
            by_kind.setdefault(kind, []).append(Count(value, label or value, products * one_in))
    for counts in by_kind.values():
        counts.sort(key=lambda one: (-one.products, one.value))
    total = by_kind["all"][0].products if by_kind.get("all") else 0
    return Facets(
        total,
        one_in == 1 and total <= rules.COUNTED_AT_MOST,
        _categories(session, by_kind.get("category", []), most),
        [one for one in by_kind.get("brand", []) if one.value][:most],
        by_kind.get("supplier", [])[:most],
        sorted(by_kind.get("band", []), key=lambda one: int(one.value)),
        by_kind.get("country", [])[:most],
        sum(one.products for one in by_kind.get("stock", []) if one.value == "true"),
    )


#: Path of each category, and slug of each path, as far as they were asked for: neither ever changes.
_paths: dict[UUID, str] = {}
_slugs: dict[str, str] = {}


def _categories(session: Session, counts: Sequence[Count], most: int) -> list[Count]:
    """Counts of categories with all above them."""
    own = {UUID(one.value): one.products for one in counts}
    if not own.keys() <= _paths.keys():
        for category_id, path, slug in session.execute(select(Category.id, Category.path, Category.slug)):
            _paths[category_id], _slugs[path] = path, slug
    totals: dict[str, int] = {}
    for category_id, count in own.items():
        names = _paths[category_id].split(" > ") if category_id in _paths else []
        for depth in range(1, len(names) + 1):
            path = " > ".join(names[:depth])
            totals[path] = totals.get(path, 0) + count
    kept = sorted(totals.items(), key=lambda one: (-one[1], one[0]))[:most]
    return [Count(_slugs[path], path, count) for path, count in kept if path in _slugs]
