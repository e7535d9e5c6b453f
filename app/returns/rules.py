"""Decisions about returns, on plain values: states, what may come back, who pays, and what is credited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

REQUESTED, APPROVED, DECLINED = "REQUESTED", "APPROVED", "DECLINED"
LABEL_SENT, IN_TRANSIT, RECEIVED, INSPECTED = "LABEL_SENT", "IN_TRANSIT", "RECEIVED", "INSPECTED"
CREDITED, CLOSED, EXPIRED, CANCELLED = "CREDITED", "CLOSED", "EXPIRED", "CANCELLED"

#: State → the states it may become; every other move is refused. REQUESTED and APPROVED become CREDITED when the
#: supplier does not want the goods back; LABEL_SENT becomes APPROVED again when the label is given back; INSPECTED
#: becomes CLOSED when nothing of what came was accepted.
MOVES: Mapping[str, frozenset[str]] = {
    REQUESTED: frozenset({APPROVED, DECLINED, CREDITED, CANCELLED}),
    APPROVED: frozenset({LABEL_SENT, IN_TRANSIT, RECEIVED, CREDITED, EXPIRED, CANCELLED}),
    LABEL_SENT: frozenset({APPROVED, IN_TRANSIT, RECEIVED, EXPIRED, CANCELLED}),
    IN_TRANSIT: frozenset({RECEIVED}),
    RECEIVED: frozenset({INSPECTED}),
    INSPECTED: frozenset({CREDITED, CLOSED}),
    CREDITED: frozenset({CLOSED}),
    CLOSED: frozenset(),
    DECLINED: frozenset(),
    EXPIRED: frozenset(),
    CANCELLED: frozenset(),
}
STATES = tuple(MOVES)
#: States in which nothing is waited for any more.
ENDED = frozenset(state for state, moves in MOVES.items() if not moves)
#: States in which the units of a return are free to be returned again.
VOID = frozenset({DECLINED, EXPIRED, CANCELLED})

#: What a return of each state is, and what cannot be done where it may not become that state.
IS: Mapping[str, str] = {
    REQUESTED: "waits for the supplier's decision",
    APPROVED: "is approved",
    DECLINED: "was declined",
    LABEL_SENT: "has a label",
    IN_TRANSIT: "is on its way back",
    RECEIVED: "has come in",
    INSPECTED: "was checked",
    CREDITED: "is credited",
    CLOSED: "is done",
    EXPIRED: "ran out",
    CANCELLED: "was withdrawn",
}
BECOMES: Mapping[str, str] = {
    REQUESTED: "asked for",
    APPROVED: "approved",
    DECLINED: "declined",
    LABEL_SENT: "sent a label",
    IN_TRANSIT: "sent back",
    RECEIVED: "taken in",
    INSPECTED: "checked",
    CREDITED: "credited",
    CLOSED: "ended",
    EXPIRED: "ended",
    CANCELLED: "withdrawn",
}

#: How long a state waits for somebody before it ends by itself: a request is approved, goods that were not sent need
#: not come any more, and goods that nobody looked at count as good.
ENDS_AFTER: Mapping[str, timedelta] = {
    REQUESTED: timedelta(days=3),
    APPROVED: timedelta(days=30),
    LABEL_SENT: timedelta(days=30),
    RECEIVED: timedelta(days=5),
    INSPECTED: timedelta(days=2),
}

#: The answer of a return that is declined by itself.
NO_PHOTO = "The supplier's terms want a photo for this reason, and none came."

#: How long a parcel that its carrier has delivered waits for its supplier's word before it counts as received.
RECEIVED_AFTER = timedelta(days=5)

#: What a customer asks of its shop waits for the shop, becomes returns, or does not.
WAITING, GRANTED, REFUSED = "WAITING", "GRANTED", "REFUSED"
SHOPPER_STATES = (WAITING, GRANTED, REFUSED)

#: Why goods come back; a supplier's policy names who pays for each (``app.suppliers``).
REASONS = ("damaged", "wrong_item", "not_as_described", "late", "changed_mind")
#: Reasons for which nobody is to blame: only then a restocking fee is kept.
BLAMELESS = frozenset({"changed_mind"})
CONDITIONS = ("as_new", "opened", "damaged", "missing")


def may_move(current: str, wanted: str) -> bool:
    """Whether a return's state may change so."""
    return wanted in MOVES[current]


def asks_for_parcel(state: str, tracking_number: str) -> bool:
    """Whether somebody has to say with which parcel the goods come: not where a label was bought, whose number is
    known."""
    return may_move(state, IN_TRANSIT) and not tracking_number


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFacts:
    """What is known of a purchase order's line: units that arrived, units in returns that count, and when the last of
    it arrived."""

    delivered: int
    in_returns: int
    delivered_at: datetime | None


def returnable(line: LineFacts, *, window_days: int, now: datetime) -> int:
    """Units that may be sent back now: what arrived and is in no return, while the window is open. The window is
    counted from the arrival of the line's last parcel."""
    if line.delivered_at is None or now > line.delivered_at + timedelta(days=window_days):
        return 0
    return max(0, line.delivered - line.in_returns)


def payer(reason: str, payers: Mapping[str, str]) -> str:
    """Who pays for sending it back: ``supplier``, ``retailer`` or ``shopper``. A policy that does not say leaves it
    with the supplier, where somebody is to blame, else with the shopper."""
    return payers.get(reason) or ("shopper" if reason in BLAMELESS else "supplier")


def buyer(payer: str) -> str:
    """Who buys a label for the way back: the supplier where it pays. Else the retailer: it pays, or does its customer,
    who would pay, a favour."""
    return "supplier" if payer == "supplier" else "retailer"


def restocking_bps(reason: str, policy_bps: int, *, goods_kept: bool) -> int:
    """Basis points that are kept: the policy's where nobody is to blame and the goods come back, else none."""
    return policy_bps if reason in BLAMELESS and not goods_kept else 0


@dataclass(frozen=True, slots=True)
class LineCredit:
    """What is owed back for units of a line, in minor units: their price, and what is kept of it."""

    units: int
    goods: int
    restocking: int

    @property
    def amount(self) -> int:
        """What the retailer gets."""
        return self.goods - self.restocking


def line_credit(price: int, units: int, bps: int) -> LineCredit:
    """The credit for units that cost ``price`` each. The fee is rounded down for each single unit, so that credits in
    parts add up to the credit of the whole."""
    return LineCredit(units, price * units, price * bps // 10_000 * units)
