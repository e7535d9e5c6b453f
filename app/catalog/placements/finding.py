"""A layer over the search: a few promoted products on its first page, and the rest as it is.

What was lifted on the first page is named in the cursor, and left out of the pages that follow, so that going on shows
nothing twice and misses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalog.models import Category
from app.catalog.placements.rules import LIFTED_SORTS, MOST_OF_TEN, ActivePlacement, fitting, in_turns, mixed, room_for
from app.catalog.queries import line_of
from app.catalog.rules import search_terms
from app.catalog.search.queries import Entry, Found, Wanted, search
from app.kit import clock
from app.kit.ids import parse_id
from app.kit.paging import LARGEST_LIMIT, Page, bad_cursor

_MARK, _BETWEEN = "p.", "."


@dataclass(frozen=True, slots=True)
class PromotedFinds:
    """A page of finds, and those of them that are promoted: product → placement."""

    found: Found
    promoted: Mapping[UUID, UUID]


def find(
    session: Session,
    wanted: Wanted,
    placements: Sequence[ActivePlacement],
    *,
    limit: int = 50,
    cursor: str | None = None,
) -> PromotedFinds:
    """What ``search`` finds, with promoted products among the first page's: in stock, fitting all that is asked for,
    and at most two of the first ten. Nothing else changes its order."""
    limit = min(limit, LARGEST_LIMIT)
    if cursor is None:
        return _first_page(session, wanted, _lifted(session, wanted, placements, room_for(limit)), limit)
    shown, onward = _read(cursor)
    found = search(session, wanted, limit=limit, cursor=onward)
    page = _without(found, shown)
    # A page that held nothing but what was shown is no end.
    while not page.page.items and page.page.next_cursor:
        found = search(session, wanted, limit=limit, cursor=page.page.next_cursor)
        page = _without(found, shown)
    return PromotedFinds(_marked(page, page.page.items, shown), {})


def _first_page(session: Session, wanted: Wanted, lifted: Sequence[tuple[Entry, UUID]], limit: int) -> PromotedFinds:
    found = search(session, wanted, limit=limit - len(lifted))
    if found.corrected:
        # What was meant is only guessed: nothing is advertised for it.
        lifted = []
    chosen = {entry.product_id: placement for entry, placement in lifted}
    organic = _without(found, list(chosen)).page.items
    items = mixed(organic, [entry for entry, _ in lifted])
    return PromotedFinds(_marked(found, items, list(chosen)), chosen)


def _lifted(
    session: Session, wanted: Wanted, placements: Sequence[ActivePlacement], room: int
) -> list[tuple[Entry, UUID]]:
    # Whoever looks at one supplier, or for what is sold out, or for changes, is shown that and nothing else.
    plain = wanted.supplier_id is None and wanted.in_stock is not False and wanted.updated_since is None
    if not (placements and room and plain and wanted.sort in LIFTED_SORTS):
        return []
    lines = _categories(session, wanted.category) if any(one.category_id for one in placements) else []
    terms = search_terms(wanted.search or "")
    offers = []
    for one in fitting(placements, lines, terms, f"{clock.now():%Y-%m-%d %H}")[: MOST_OF_TEN * 2]:
        own = replace(wanted, supplier_id=one.supplier_id, in_stock=True)
        best = search(session, own, limit=room)
        if not best.corrected:
            offers.append([(entry.product_id, (entry, one.id)) for entry in best.page.items])
    by_product: dict[UUID, tuple[Entry, UUID]] = {}
    for offer in offers:
        for product_id, told in offer:
            by_product.setdefault(product_id, told)
    return [by_product[one] for one in in_turns([[one for one, _ in offer] for offer in offers], room)]


def _categories(session: Session, named: str | None) -> list[UUID]:
    """The category that is looked in, and all above it."""
    if not named:
        return []
    found = session.scalar(
        select(Category).where((Category.slug == named) | (Category.path == named)).order_by(Category.id).limit(1)
    )
    return [] if found is None else [one.id for one in line_of(session, found)]


def _without(found: Found, shown: Sequence[UUID]) -> Found:
    if not shown:
        return found
    items = [one for one in found.page.items if one.product_id not in shown]
    return replace(found, page=Page(items, found.page.next_cursor))


def _marked(found: Found, items: Sequence[Entry], shown: Sequence[UUID]) -> Found:
    onward = found.page.next_cursor
    if onward and shown:
        onward = _MARK + _BETWEEN.join([*(one.hex for one in shown), onward])
    return replace(found, page=Page(items, onward))


def _read(cursor: str) -> tuple[list[UUID], str]:
    """The products that a cursor says were lifted, and the search's own cursor. Raises ``Invalid``."""
    if not cursor.startswith(_MARK):
        return [], cursor
    *named, onward = cursor.removeprefix(_MARK).split(_BETWEEN, MOST_OF_TEN)
    # A search's own cursor has no full stop, so fewer products leave fewer parts.
    shown = [parse_id(one) for one in named]
    if not onward or None in shown:
        raise bad_cursor()
    return [one for one in shown if one is not None], onward
