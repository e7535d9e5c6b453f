"""Kinds of rows in exports of shops that can't be ordered: what is not sent, and what is sold as other rows."""

from __future__ import annotations

from collections.abc import Mapping

from app.feeds.rules.magento import CHILDLESS, SAME_AGAIN, SOLD_BY_VARIANTS
from app.feeds.rules.records import Problem

_NOT_SENT = "Only goods that are sent can be listed."
_REASONS: Mapping[str, str] = {
    "grouped": "A grouped product is a set of other products; it can't be ordered by itself.",
    "bundle": "A bundle is put together of other products; it can't be ordered by itself.",
    "external": "An external product is sold elsewhere.",
    "downloadable": _NOT_SENT,
    "virtual": _NOT_SENT,
    "giftcard": _NOT_SENT,
    CHILDLESS: "A configurable product is sold by its variants, and the file has none of them.",
}
#: Kinds of rows that stand for others.
_GROUPING = frozenset({"variable", SOLD_BY_VARIANTS, "grouped", CHILDLESS, SAME_AGAIN})


def kinds_of(text: str) -> frozenset[str]:
    """The kinds that a cell names, such as ``simple, virtual``."""
    return frozenset(part.strip().lower() for part in text.split(","))


def only_groups(kinds: frozenset[str]) -> bool:
    """Whether a row has no stock and price of its own: a product that is sold by its variants or is a set of others, or
    more of what another row says."""
    return not kinds.isdisjoint(_GROUPING)


def why_refused(kinds: frozenset[str]) -> Problem | None:
    """What is wrong with a row of these kinds; None where it may be taken over."""
    for kind, reason in _REASONS.items():
        if kind in kinds:
            return Problem("type", kind.replace(" ", "_"), reason)
    return None
