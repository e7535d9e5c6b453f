"""Decisions about refunds in stores, on plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.kit.texts import marked as _
from app.orders import rules as o

#: The store is asked; it gave the money back; it did not; the retailer saw to it in the store itself.
ASKED, MADE, REFUSED, BY_HAND = "ASKED", "MADE", "REFUSED", "BY_HAND"

#: State → the states it may become. A refund that was refused may turn out to be made: by a later try, by the store's
#: own people, or by the try whose answer was lost.
MOVES: Mapping[str, frozenset[str]] = {
    ASKED: frozenset({MADE, REFUSED, BY_HAND}),
    REFUSED: frozenset({ASKED, MADE, BY_HAND}),
    BY_HAND: frozenset({MADE}),
    MADE: frozenset(),
}
STATES = tuple(MOVES)

#: How long a store may take to say what became of it; then a person may ask it again.
ANSWERED_WITHIN = timedelta(hours=24)

#: What a refusal of ours is called; a store's own words stand beside ``refused``.
NOT_GRANTED, NO_ACCESS, ALREADY, PARTLY, TOO_MUCH = (
    "access_denied",
    "no_access",
    "already_refunded",
    "partly_refunded",
    "too_much",
)

#: Code of a refusal → what can be done about it.
ADVICE: Mapping[str, str] = {
    NOT_GRANTED: _("Your store does not let us refund. Allow it under Settings, or refund it in your store."),
    NO_ACCESS: _("Your store can't be reached. Connect it again, or refund it in your store."),
    PARTLY: _("Some of these units were refunded in your store already. Refund the rest there."),
    TOO_MUCH: _("Your customer has not paid that much, or has it back already."),
}


#: Statuses of an order at which its customer may want money back although nothing is owed: something of it has left,
#: or nothing comes any more. Before, what should not come is cancelled, and then owed.
OFFERED_AT = frozenset({o.PARTIALLY_SHIPPED, o.SHIPPED, o.DELIVERED, o.RETURNED, o.CANCELLED})


class Way(StrEnum):
    """How a store's customer gets its money back: the store is asked by a call; its own system is told; or only by the
    retailer's hand, since the merchant has not permitted more, or nobody can."""

    STORE = "store"
    SYSTEM = "system"
    NOT_PERMITTED = "not_permitted"
    NONE = "none"


def may_move(current: str, wanted: str) -> bool:
    """Whether a refund's state may change so."""
    return wanted in MOVES[current]


def is_overdue(state: str, since: datetime, now: datetime) -> bool:
    """Whether a store that was asked has not answered in time."""
    return state == ASKED and since < now - ANSWERED_WITHIN


def may_ask_again(state: str, since: datetime, now: datetime) -> bool:
    """Whether a person may have the store asked anew: it refused, or has not answered in time."""
    return may_move(state, ASKED) or is_overdue(state, since, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFacts:
    """Units of an order's line: ``sold``; ``cancelled``, which will not come; ``gone`` from the store's own line by its
    last word; in refunds of ours for units that will not come (``settled``) and for others (``others``)."""

    sold: int
    cancelled: int
    gone: int
    settled: int
    others: int

    @property
    def owed(self) -> int:
        """Units that will not come and whose money the customer has not got back. What the store took away and no
        refund of ours explains was settled by the store itself. What was refunded for another reason, and did not come
        in the end, is not owed once more."""
        return max(0, min(self.cancelled - max(self.settled, self.gone - self.others), self.refundable))

    @property
    def refundable(self) -> int:
        """Units that may be refunded at all."""
        return max(0, self.sold - max(self.settled + self.others, self.gone))
