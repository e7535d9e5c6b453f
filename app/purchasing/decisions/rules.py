"""Decisions about units that do not come as ordered, on plain values: who is asked, until when, and what may follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from app.kit.errors import FieldError
from app.kit.money import LARGEST_MINOR
from app.kit.texts import zone_of
from app.suppliers.rules import Closure, working_days_from

PRICE, REJECTED, SILENT, LATER = "price", "rejected", "silent", "later"
KINDS = (PRICE, REJECTED, SILENT, LATER)

OPEN, CHOSEN, PAYING, WAITING, DONE, OVERTAKEN = "OPEN", "CHOSEN", "PAYING", "WAITING", "DONE", "OVERTAKEN"
STATES = (OPEN, CHOSEN, PAYING, WAITING, DONE, OVERTAKEN)
#: Nothing is over yet.
UNDECIDED = (OPEN, CHOSEN, WAITING)
#: Units that a supplier rejected are in no purchase order in these states, and not cancelled either.
IN_BETWEEN = (OPEN, CHOSEN, WAITING)

#: State → what it may become. PAYING: the card is asked for what the choice costs more. OVERTAKEN: there is nothing
#: left to decide, because the supplier answered, shipped or the order was cancelled meanwhile.
MOVES: Mapping[str, frozenset[str]] = {
    OPEN: frozenset({CHOSEN, PAYING, WAITING, DONE, OVERTAKEN}),
    CHOSEN: frozenset({OPEN, PAYING, WAITING, DONE, OVERTAKEN}),
    PAYING: frozenset({OPEN, DONE, OVERTAKEN}),
    WAITING: frozenset({OPEN, CHOSEN, PAYING, DONE, OVERTAKEN}),
    DONE: frozenset(),
    OVERTAKEN: frozenset(),
}

ACCEPT, REROUTE, WAIT, SUBSTITUTE, REFUND = "accept", "reroute", "wait", "substitute", "refund"
#: What a retailer may choose, by what is decided about.
CHOICES: Mapping[str, tuple[str, ...]] = {
    PRICE: (ACCEPT, REROUTE, SUBSTITUTE, REFUND),
    REJECTED: (REROUTE, WAIT, SUBSTITUTE, REFUND),
    SILENT: (WAIT, REROUTE, SUBSTITUTE, REFUND),
    LATER: (WAIT, REROUTE, SUBSTITUTE, REFUND),
}
PRICE_DEFAULTS = (REFUND, ACCEPT, REROUTE)
DEFAULT_CHOICES = (REFUND, WAIT)

#: What a store's people are told of a decision's units: they wait (until a day), something else is sent, what waited is
#: sent after all, or is not.
WAITS, REPLACED, COMES, DROPPED = "waits", "replaced", "comes", "dropped"

#: How long a choice can be taken back before it is carried out.
UNDO_FOR = timedelta(minutes=2)

#: Reasons for which a supplier that rejected units may have them another time.
MAY_COME_BACK = frozenset({"out_of_stock"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a retailer wants done: ``app.purchasing.models.AnswerRules`` as plain values."""

    price_tolerance_bps: int = 0
    price_tolerance_amount: int = 0
    price_default: str = REFUND
    reroute_rejected: bool = True
    reroute_silent: bool = True
    decide_within_hours: int = 24
    decision_default: str = REFUND
    wait_days: int = 30
    backorder_days: int = 30
    reminders: int = 1
    remind_hours: int = 8

    def default_for(self, kind: str) -> str:
        """What is done when nobody decides."""
        return self.price_default if kind == PRICE else self.decision_default


#: What holds until a retailer says otherwise.
DEFAULTS = Rules()

_WITHIN: Mapping[str, tuple[int, int]] = {
    "price_tolerance_bps": (0, 5_000),
    "price_tolerance_amount": (0, 10**9),
    "decide_within_hours": (0, 24 * 14),
    "wait_days": (1, 180),
    "backorder_days": (0, 365),
    "reminders": (0, 5),
    "remind_hours": (1, 72),
}


def problems_of(rules: Rules) -> list[FieldError]:
    """What is wrong with a set of rules."""
    found = [
        FieldError(name, "out_of_range", f"A whole number from {least} to {most}.")
        for name, (least, most) in _WITHIN.items()
        if not least <= getattr(rules, name) <= most
    ]
    for name, allowed in (("price_default", PRICE_DEFAULTS), ("decision_default", DEFAULT_CHOICES)):
        if getattr(rules, name) not in allowed:
            found.append(FieldError(name, "unknown", f"One of: {', '.join(allowed)}."))
    return found


def may_move(current: str, wanted: str) -> bool:
    """Whether a decision's state may change so."""
    return wanted in MOVES[current]


def store_news(state: str, choice: str | None, until: date | None, told: str | None) -> str | None:
    """What a store is to be told of a decision now, given what it was told last; None where it knows all. Another day
    until which units wait (``until``, where the store is) is news."""
    wanted = None
    if state == WAITING and until is not None:
        wanted = f"{WAITS}:{until.isoformat()}"
    elif state == DONE and choice == SUBSTITUTE:
        wanted = REPLACED
    elif state in (DONE, OVERTAKEN) and told is not None and told.startswith(WAITS):
        wanted = COMES if choice == REROUTE and state == DONE else DROPPED
    return None if wanted == told else wanted


def tolerated(rules: Rules, *, ordered: int, asked: int, more: int) -> bool:
    """Whether a price is taken without asking: a lower one always, a higher one within both limits. ``more`` is what
    the whole line costs more, in minor units of the retailer's currency."""
    if asked <= ordered:
        return True
    return (asked - ordered) * 10_000 <= rules.price_tolerance_bps * ordered and more <= rules.price_tolerance_amount


def next_step(now: datetime, hours: int, closed: Sequence[Closure], timezone: str) -> datetime:
    """When a silent supplier is looked at again: in so many hours, but on a day on which it works (Monday to Friday
    where it is, outside its closures)."""
    due = now + timedelta(hours=hours)
    day = due.astimezone(zone_of(timezone)).date()
    # The first working day from that one on.
    works = working_days_from(day - timedelta(days=1), 1, closed)
    return due + (works - day)


def with_changes(rules: Rules, **changes: object) -> Rules:
    """The rules with some of them changed."""
    return replace(rules, **changes)  # type: ignore[arg-type]


def too_late(rules: Rules, day: date, today: date) -> bool:
    """Whether goods that a supplier promises for a day come too late to wait for them without asking."""
    return day > today + timedelta(days=rules.backorder_days)


def later_cause(day: date, units: int) -> str:
    """The cause of what is to be decided about units that are promised for a day."""
    return f"later:{day.isoformat()}:{units}"


def promised_for(cause: str) -> date:
    """The day in it."""
    return date.fromisoformat(cause.split(":")[1])


def valid_price(price: int) -> bool:
    """Whether an amount in minor units can be the price of one unit."""
    return 0 <= price <= LARGEST_MINOR
