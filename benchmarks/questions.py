"""What is asked of the catalogue: words, categories, brands and suppliers that it has, drawn by a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import text
from sqlalchemy.orm import Session

from app import db
from app.catalog import queries as catalog
from app.catalog.search.queries import SORTS, Wanted, facets, search
from app.inventory.queries import availability
from benchmarks.catalogue import Ask

_LIMIT = 24
_COUNT = 160


def searches() -> list[Ask]:
    """One to three words of titles, as whole words or as a beginning; some with a filter."""
    return [partial(_search, wanted=one) for one in _worded(random.Random(1), _COUNT)]


def browsing() -> list[Ask]:
    """Lists without words: all, a category, a supplier, a brand, a price range; in every order."""
    return [partial(_search, wanted=one) for one in _narrowed(random.Random(2), _COUNT)]


def counting() -> list[Ask]:
    """Counts beside both."""
    dice = random.Random(3)
    both = [*_worded(dice, _COUNT), *_narrowed(dice, _COUNT)]
    return [partial(_facets, wanted=one) for one in dice.sample(both, _COUNT)]


@dataclass(frozen=True, slots=True)
class Call:
    """A question as the HTTP API takes it, path and query, and what sends the same SQL."""

    target: str
    ask: Ask


def search_calls(count: int) -> list[Call]:
    """As ``searches``, in every fourth the page after the first."""
    return [_call(one, number) for number, one in enumerate(_worded(random.Random(4), count))]


def browse_calls(count: int) -> list[Call]:
    """As ``browsing``, a supplier's list by its own address where that has the order; in every fourth the page after
    the first."""
    return [_call(one, number) for number, one in enumerate(_narrowed(random.Random(5), count))]


def _call(wanted: Wanted, number: int) -> Call:
    cursor = _second_page(wanted) if number % 4 == 3 else None
    asked: dict[str, Any] = {
        "search": wanted.search,
        "category": wanted.category,
        "brand": wanted.brand,
        "min_price": _decimal(wanted.min_price),
        "max_price": _decimal(wanted.max_price),
        "in_stock": "true" if wanted.in_stock else None,
        "sort": wanted.sort,
        "limit": _LIMIT,
        "cursor": cursor,
    }
    path = "/api/products"
    ask = partial(_search, wanted=wanted, cursor=cursor)
    if wanted.supplier_id is not None and wanted.sort in ("newest", "price_asc", "price_desc", "title"):
        path = f"/api/suppliers/{wanted.supplier_id}/products"
        ask = partial(_with_variants, wanted=wanted, cursor=cursor)
    elif wanted.supplier_id is not None:
        asked["supplier_id"] = wanted.supplier_id
    return Call(path + "?" + urlencode({name: value for name, value in asked.items() if value is not None}), ask)


def _decimal(minor: int | None) -> str | None:
    return None if minor is None else f"{minor / 100:.2f}"


def _second_page(wanted: Wanted) -> str | None:
    with db.system_scope(actor="bench"), db.transaction() as session:
        return search(session, wanted, limit=_LIMIT).page.next_cursor


def _search(session: Session, wanted: Wanted, cursor: str | None = None) -> Any:
    return search(session, wanted, limit=_LIMIT, cursor=cursor)


def _with_variants(session: Session, wanted: Wanted, cursor: str | None = None) -> Any:
    page = catalog.products(session, wanted, limit=_LIMIT, cursor=cursor)
    availability(session, [variant.id for row in page.items for variant in row.variants])
    return page


def _facets(session: Session, wanted: Wanted) -> Any:
    return facets(session, wanted)


def _worded(dice: random.Random, count: int) -> list[Wanted]:
    with db.system_scope(actor="bench"), db.transaction() as session:
        titles = session.scalars(
            text("select title from catalog_entries where words @@ '''~d256'''::tsquery order by product_id limit 2000")
        ).all()
    made = []
    for number in range(count):
        words = [word for word in dice.choice(titles).split() if word.isalpha()] or ["lamp"]
        asked = dice.sample(words, min(len(words), dice.randint(1, 3)))
        if number % 4 == 0:
            asked[-1] = asked[-1][: max(3, len(asked[-1]) - 2)]
        made.append(Wanted(search=" ".join(asked), sort="relevance", in_stock=True if number % 5 == 0 else None))
    return made


def _narrowed(dice: random.Random, count: int) -> list[Wanted]:
    with db.system_scope(actor="bench"), db.transaction() as session:
        slugs = session.scalars(text("select slug from categories order by slug")).all()
        sellers = session.scalars(text("select id from suppliers where status = 'ACTIVE' order by id")).all()
        brands = session.scalars(
            text("select distinct brand from catalog_entries where words @@ '''~d256'''::tsquery and brand <> ''")
        ).all()
    orders = SORTS[1:]
    made = []
    for number in range(count):
        sort = orders[number % len(orders)]
        kinds = (
            Wanted(sort=sort),
            Wanted(sort=sort, in_stock=True),
            Wanted(sort=sort, category=dice.choice(slugs)),
            Wanted(sort=sort, supplier_id=dice.choice(sellers)),
            Wanted(sort=sort, brand=dice.choice(sorted(brands))),
            Wanted(sort=sort, min_price=dice.randint(500, 3000), max_price=dice.randint(4000, 20000)),
        )
        made.append(dice.choice(kinds))
    return made
