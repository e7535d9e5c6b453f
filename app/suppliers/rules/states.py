"""The states of a supplier, and how it gets from one to another."""

from __future__ import annotations

APPLIED, IN_REVIEW, NEEDS_INFO, TESTING = "APPLIED", "IN_REVIEW", "NEEDS_INFO", "TESTING"
ACTIVE, SUSPENDED, REJECTED, TERMINATED = "ACTIVE", "SUSPENDED", "REJECTED", "TERMINATED"

#: Status → the statuses it may become. Every other move is refused.
MOVES: dict[str, frozenset[str]] = {
    APPLIED: frozenset({IN_REVIEW, NEEDS_INFO, TESTING, ACTIVE, REJECTED}),
    IN_REVIEW: frozenset({NEEDS_INFO, TESTING, ACTIVE, REJECTED}),
    NEEDS_INFO: frozenset({IN_REVIEW, REJECTED}),
    TESTING: frozenset({ACTIVE, NEEDS_INFO, REJECTED}),
    ACTIVE: frozenset({SUSPENDED, TERMINATED}),
    SUSPENDED: frozenset({ACTIVE, TERMINATED}),
    REJECTED: frozenset({APPLIED}),
    TERMINATED: frozenset(),
}
#: The moves that a supplier makes itself: sending its application, answering a question, applying again.
OWN_MOVES: frozenset[tuple[str, str]] = frozenset({(APPLIED, IN_REVIEW), (NEEDS_INFO, IN_REVIEW), (REJECTED, APPLIED)})

BUSINESS_TYPES = ("manufacturer", "distributor", "wholesaler")


def may_move(current: str, wanted: str) -> bool:
    """Whether a supplier's status may change so."""
    return wanted in MOVES[current]
