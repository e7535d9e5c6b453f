"""What is asked of the catalogue: words, categories, brands and suppliers that it has, drawn by a seed."""

from __future__ import annotations

import random
from functools import partial
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app import db
from app.catalog.search.queries import SORTS, Wanted, facets, search
from benchmarks.catalogue import Ask

_LIMIT = 24
_COUNT = 160


def searches() -> list[Ask]:
    """One to three words of titles, as whole words or as a beginning; some with a filter."""
    return [partial(_search, wanted=one) for one in _worded(random.Random(1))]


def browsing() -> list[Ask]:
    """Lists without words: all, a category, a supplier, a brand, a price range; in every order."""
    return [partial(_search, wanted=one) for one in _narrowed(random.Random(2))]


def counting() -> list[Ask]:
    """Counts beside both."""
    dice = random.Random(3)
    both = [*_worded(dice), *_narrowed(dice)]
    return [partial(_facets, wanted=one) for one in dice.sample(both, _COUNT)]


def _search(session: Session, wanted: Wanted) -> Any:
    return search(session, wanted, limit=_LIMIT)


def _facets(session: Session, wanted: Wanted) -> Any:
    return facets(session, wanted)


def _worded(dice: random.Random) -> list[Wanted]:
    with db.system_scope(actor="bench"), db.transaction() as session:
        titles = session.scalars(
            text("select title from catalog_entries where words @@ '''~d256'''::tsquery order by product_id limit 2000")
        ).all()
    made = []
    for number in range(_COUNT):
        words = [word for word in dice.choice(titles).split() if word.isalpha()] or ["lamp"]
        asked = dice.sample(words, min(len(words), dice.randint(1, 3)))
        if number % 4 == 0:
            asked[-1] = asked[-1][: max(3, len(asked[-1]) - 2)]
        made.append(Wanted(search=" ".join(asked), sort="relevance", in_stock=True if number % 5 == 0 else None))
    return made


def _narrowed(dice: random.Random) -> list[Wanted]:
    with db.system_scope(actor="bench"), db.transaction() as session:
        slugs = session.scalars(text("select slug from categories order by slug")).all()
        sellers = session.scalars(text("select id from suppliers where status = 'ACTIVE' order by id")).all()
        brands = session.scalars(
            text("select distinct brand from catalog_entries where words @@ '''~d256'''::tsquery and brand <> ''")
        ).all()
    orders = SORTS[1:]
    made = []
    for number in range(_COUNT):
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
