"""Decisions about placements, on plain values."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar
from uuid import UUID

#: Of the first ten finds at most so many are promoted, and of fewer in proportion.
MOST_OF_TEN = 2
#: Where the promoted ones stand among the finds, counted from 0.
PLACES = (0, 4)
MOST_WEIGHT, MOST_DAYS = 100, 366

#: Orders in which nothing is lifted: who sorts by a figure gets that order.
LIFTED_SORTS = frozenset({"relevance", "newest"})

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ActivePlacement:
    """A placement that holds today; ``words`` is empty for one in a category."""

    id: UUID
    supplier_id: UUID
    category_id: UUID | None
    words: tuple[str, ...]
    weight: int


def room_for(limit: int) -> int:
    """How many of so many finds may be promoted."""
    return min(MOST_OF_TEN, limit * MOST_OF_TEN // 10)


def fitting(
    placements: Sequence[ActivePlacement], categories: Collection[UUID], terms: Collection[str], moment: str
) -> list[ActivePlacement]:
    """The placements that hold for what is looked for: ``categories`` is the category with all above it, ``terms`` the
    words, folded. The heavier first; equals take turns by ``moment``."""
    asked = set(terms)
    found = [
        one
        for one in placements
        if (one.category_id in categories if one.category_id is not None else one.words and asked.issuperset(one.words))
    ]
    return sorted(found, key=lambda one: (-one.weight, hashlib.sha256(f"{moment} {one.id}".encode()).digest()))


def in_turns(offers: Sequence[Sequence[T]], room: int) -> list[T]:
    """Each one's first, then each one's second, up to ``room``, nothing twice."""
    found: dict[T, None] = {}
    for place in range(max(map(len, offers), default=0)):
        for own in offers:
            if place < len(own) and len(found) < room:
                found.setdefault(own[place])
    return list(found)


def mixed(organic: Sequence[T], lifted: Sequence[T]) -> list[T]:
    """Both in one list: the lifted ones at their places, or right behind the last."""
    rest = list(organic)
    for place, one in zip(PLACES, lifted, strict=False):
        rest.insert(min(place, len(rest)), one)
    return rest


def state_of(starts_on: date, ends_on: date, today: date, *, ended: bool) -> str:
    """``ended``, ``coming`` or ``running``."""
    if ended or ends_on < today:
        return "ended"
    return "coming" if starts_on > today else "running"
