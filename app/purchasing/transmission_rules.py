"""How a purchase order gets to its supplier, as decisions on plain values.

::

    QUEUED ──► SENDING ──► SENT ──► DELIVERED
      ▲          │  │        └────► REJECTED
      │          │  └──► DELIVERED, REJECTED
      │          ▼
      │     OUTCOME_UNKNOWN ──► DELIVERED            a probe found it, the supplier answered it, or a person says so
      │          └──► NOT_RECEIVED ──► SENDING       a probe says that it is not there: the same message again
      └── refused for pace or access: nothing was taken

``SENT`` is handed over (a mail server has it, a file lies in the supplier's folder); ``DELIVERED`` is known to have
arrived. ``WITHDRAWN``: nothing of it was wanted any more before it was sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

QUEUED = "QUEUED"
SENDING = "SENDING"
SENT = "SENT"
DELIVERED = "DELIVERED"
REJECTED = "REJECTED"
UNKNOWN = "OUTCOME_UNKNOWN"
NOT_RECEIVED = "NOT_RECEIVED"
WITHDRAWN = "WITHDRAWN"

#: Problems of a channel that waiting mends nothing of, and after how many failures in a row the others are told of.
FAILS_FOR_GOOD = ("rejected", "access_refused")
TOLD_AFTER = 3

STATES = (QUEUED, SENDING, SENT, DELIVERED, REJECTED, UNKNOWN, NOT_RECEIVED, WITHDRAWN)

#: State → the states it may become. Every other move is refused.
MOVES: Mapping[str, frozenset[str]] = {
    QUEUED: frozenset({SENDING, SENT, DELIVERED, WITHDRAWN}),
    SENDING: frozenset({QUEUED, SENT, DELIVERED, REJECTED, UNKNOWN}),
    SENT: frozenset({DELIVERED, REJECTED}),
    UNKNOWN: frozenset({DELIVERED, NOT_RECEIVED}),
    NOT_RECEIVED: frozenset({SENDING, QUEUED, DELIVERED, WITHDRAWN}),
    REJECTED: frozenset({QUEUED, DELIVERED, WITHDRAWN}),
    DELIVERED: frozenset(),
    WITHDRAWN: frozenset(),
}
#: States in which it is on its way or stuck.
OPEN = frozenset({QUEUED, SENDING, UNKNOWN, NOT_RECEIVED, REJECTED})
#: The supplier has it, or should have.
ARRIVED = frozenset({SENT, DELIVERED})
#: The supplier's system has it, or it is not known yet whether it has.
MAY_HAVE_IT = ARRIVED | {SENDING, UNKNOWN, NOT_RECEIVED}

#: How long after the call each probe comes. The other side may be at work on what it was slow to answer, so that
#: "not there" counts only from ``ABSENT_COUNTS_AFTER`` on.
PROBE_AFTER = (
    timedelta(seconds=20),
    timedelta(minutes=1),
    timedelta(minutes=3),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=2),
    timedelta(hours=4),
)
ABSENT_COUNTS_AFTER = timedelta(seconds=60)
#: Another task's call is over by then: no job may run longer.
CALL_OVER_AFTER = timedelta(minutes=5)


def may_move(current: str, wanted: str) -> bool:
    """Whether a transmission's state may change so."""
    return wanted == current or wanted in MOVES[current]


def probe_due(asked_at: datetime, probes: int) -> datetime | None:
    """When to ask for the next time whether it arrived, after so many probes; None once a person has to be asked."""
    if probes >= len(PROBE_AFTER):
        return None
    return asked_at + PROBE_AFTER[probes]


def absence_counts(asked_at: datetime, now: datetime) -> bool:
    """Whether "not there" can be believed so soon after the call."""
    return now - asked_at >= ABSENT_COUNTS_AFTER
