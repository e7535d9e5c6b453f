"""What can be done with many rows at once, and what takes it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

#: Rows of one action.
MOST_ROWS = 10_000
#: How long a file that came of an action may be fetched, and how long its rows' results are kept.
FILE_KEPT, KEPT = timedelta(hours=1), timedelta(days=30)

HOLD, RELEASE, CANCEL, RETRY = "hold", "release", "cancel", "retry"
ACCEPT, SHIP, PAPERS = "accept", "ship", "papers"
#: What becomes of a row; ``asked``: a supplier has to agree.
DONE, ASKED, UNCHANGED, REFUSED = "done", "asked", "unchanged", "refused"


@dataclass(frozen=True, slots=True)
class Action:
    """``whose``: the kind of organisation that does it; ``permission``: what the person needs; ``undone_by``: the
    action that takes it back, where one can."""

    whose: str
    permission: str
    undone_by: str | None = None


ACTIONS: Mapping[str, Action] = {
    HOLD: Action("retailer", "orders.write", undone_by=RELEASE),
    RELEASE: Action("retailer", "orders.write", undone_by=HOLD),
    CANCEL: Action("retailer", "orders.write"),
    RETRY: Action("retailer", "orders.write"),
    ACCEPT: Action("supplier", "purchase_orders.write"),
    SHIP: Action("supplier", "purchase_orders.write"),
    PAPERS: Action("supplier", "purchase_orders.read_address"),
}
