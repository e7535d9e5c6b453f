"""Decisions about listings, on plain values."""

from __future__ import annotations

from collections.abc import Mapping

DRAFT, PUSHING, LIVE = "DRAFT", "PUSHING", "LIVE"
OUT_OF_SYNC, FAILED, HIDDEN, UNLINKED = "OUT_OF_SYNC", "FAILED", "HIDDEN", "UNLINKED"

#: Listings that a store has or should have.
STATES = (DRAFT, PUSHING, LIVE, OUT_OF_SYNC, FAILED, HIDDEN, UNLINKED)
PUBLISHED_STATES = (PUSHING, LIVE, OUT_OF_SYNC, FAILED, HIDDEN)

#: State → the states it may become.
MOVES: Mapping[str, frozenset[str]] = {
    DRAFT: frozenset({PUSHING}),
    PUSHING: frozenset({LIVE, FAILED, UNLINKED, HIDDEN}),
    LIVE: frozenset({OUT_OF_SYNC, FAILED, HIDDEN, UNLINKED, PUSHING}),
    OUT_OF_SYNC: frozenset({LIVE, FAILED, HIDDEN, UNLINKED, PUSHING}),
    FAILED: frozenset({PUSHING, LIVE, OUT_OF_SYNC, HIDDEN, UNLINKED}),
    HIDDEN: frozenset({PUSHING, UNLINKED, FAILED}),
    UNLINKED: frozenset({PUSHING, DRAFT}),
}

#: Fields that a retailer can make its own.
OWNABLE = ("title", "description", "images", "price")


def link_key(external_variant_id: str | None, sku: str) -> str:
    """By what an article of a store is known again: its id there, else its SKU; empty where it has neither."""
    if external_variant_id:
        return external_variant_id
    return f"sku:{sku}" if sku else ""


def may_move(current: str, wanted: str) -> bool:
    """Whether a listing's state may change so; staying is always allowed."""
    return wanted == current or wanted in MOVES[current]


def stock_target(wanted: int, believed: int | None, actual: int | None) -> tuple[int, int]:
    """What to set when a store turns out to hold another quantity than we believed.

    Fewer than believed: the store has sold units whose orders have not reached us, and they must not be put back
    on sale. Returns the quantity to set, and the sales not seen yet.
    """
    if actual is None or believed is None or actual >= believed:
        return wanted, 0
    unseen = believed - actual
    return max(0, wanted - unseen), unseen
