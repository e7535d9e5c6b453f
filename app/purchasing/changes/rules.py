"""Decisions about requests to change a purchase order, on plain values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.purchasing import transmission_rules as t

CANCELLATION, ADDRESS = "cancellation", "address"
KINDS = (CANCELLATION, ADDRESS)

OPEN, ACCEPTED, PARTLY, REFUSED, WITHDRAWN = "OPEN", "ACCEPTED", "PARTLY", "REFUSED", "WITHDRAWN"
STATES = (OPEN, ACCEPTED, PARTLY, REFUSED, WITHDRAWN)

#: Why a supplier refuses. ``no_answer`` and ``shipped_first`` are never said by it: time and a parcel say them.
REFUSALS = ("packed", "shipped", "made_to_order", "other")
NO_ANSWER, SHIPPED_FIRST = "no_answer", "shipped_first"

#: Messages about requests, and how far they are, in the words of ``app.purchasing.transmission_rules``. ``BY_PEOPLE``:
#: the supplier's channel takes no such message. A message whose outcome is unknown is sent again under its key, which
#: asks once: nothing is shipped twice by it, so nobody has to decide whether it arrived.
ASK, WITHDRAW = "ask", "withdraw"
BY_PEOPLE = "BY_PEOPLE"
MESSAGE_MOVES: Mapping[str, frozenset[str]] = {
    t.QUEUED: frozenset({t.SENDING, t.WITHDRAWN}),
    t.SENDING: frozenset({t.QUEUED, t.SENT, t.DELIVERED, t.REJECTED, t.UNKNOWN}),
    t.UNKNOWN: frozenset({t.SENDING, t.SENT, t.DELIVERED}),
    t.SENT: frozenset({t.DELIVERED, t.REJECTED}),
    t.REJECTED: frozenset(),
    t.DELIVERED: frozenset(),
    t.WITHDRAWN: frozenset(),
    BY_PEOPLE: frozenset(),
}
#: The supplier's system may have the message.
MAY_HAVE = frozenset({t.SENDING, t.UNKNOWN, t.SENT, t.DELIVERED})

#: How long a supplier has to answer.
ANSWER_WITHIN = timedelta(hours=24)
#: A store platform wants its own requests answered within the hour
#: (https://shopify.dev/docs/apps/launch/app-store-review, requirement 5.8).
STORE_ANSWER_WITHIN = timedelta(minutes=55)
LONGEST_NOTE = 500


def due_at(asked_at: datetime, *, by_platform: bool) -> datetime:
    """When silence becomes the answer."""
    return asked_at + (STORE_ANSWER_WITHIN if by_platform else ANSWER_WITHIN)


def remind_at(asked_at: datetime, due: datetime) -> datetime:
    """When a supplier that has not answered is asked again: half way."""
    return asked_at + (due - asked_at) / 2


def silence_accepts(kind: str, *, packing: bool) -> bool:
    """What no answer means. Nobody who has not begun to pack loses by stopping; what is being packed may have left, and
    an address that nobody confirmed is not the one that the parcel goes to."""
    return kind == CANCELLATION and not packing


def answered_state(asked: int, granted: int) -> str:
    """What a request for so many units came to."""
    if not granted:
        return REFUSED
    return ACCEPTED if granted >= asked else PARTLY


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellable:
    """A purchase order's line as far as units of it can be cancelled. ``open``: neither shipped nor cancelled;
    ``asked``: of these, asked for in a request that waits; ``at_once``: nobody has to be asked."""

    line_id: UUID
    component: int
    per_unit: int
    open: int
    asked: int = 0
    at_once: bool
    packing: bool = False

    @property
    def free(self) -> int:
        """Units that can still be cancelled or asked for."""
        return self.open - self.asked


def cancellable_units(lines: Iterable[Cancellable]) -> int:
    """Units of an order line that can still be cancelled or asked for: of a bundle, those of which a component can."""
    components: dict[int, int] = {}
    for line in lines:
        components[line.component] = components.get(line.component, 0) + line.free // line.per_unit
    return max(components.values(), default=0)


def spread(lines: Sequence[Cancellable], units: int) -> Mapping[UUID, int]:
    """So many units of an order line, spread over the purchase orders' lines that fill it: first what goes at once,
    then what is not being packed. Of a component that has fewer, all."""
    found: dict[UUID, int] = {}
    for component in {line.component for line in lines}:
        wanted = units
        own = [line for line in lines if line.component == component]
        for line in sorted(own, key=lambda one: (not one.at_once, one.packing, one.line_id)):
            taken = min(wanted, line.free // line.per_unit)
            if taken > 0:
                found[line.line_id] = taken * line.per_unit
                wanted -= taken
    return found
