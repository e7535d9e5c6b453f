"""The simulator's time: the real one, plus what tests advanced it by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """Now, in UTC; it can be advanced to let tokens and idempotency keys expire."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        """The simulated time."""
        return datetime.now(UTC) + self.ahead

    def advance(self, seconds: float) -> None:
        """Jump ahead. Waiting deliveries are not hurried; only ages change."""
        self.ahead += timedelta(seconds=seconds)


def iso(at: datetime | None) -> str | None:
    """A time as the GraphQL API writes it: whole seconds, with Z."""
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")
