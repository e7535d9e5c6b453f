"""Parcels, and how they move."""

from __future__ import annotations

import itertools
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

#: The way of a parcel that meets no trouble: status, words, place.
STEPS = (
    ("pre_transit", "The label was made", ""),
    ("in_transit", "Arrived at the sorting centre", "Memphis"),
    ("out_for_delivery", "On the vehicle for delivery", "Springfield"),
    ("delivered", "Left at the front door", "Springfield"),
)
_WORDS = {
    **{status: words for status, words, _ in STEPS},
    "available_for_pickup": "Waiting to be collected",
    "return_to_sender": "Going back to the sender",
    "failure": "Nobody was there",
}
_NUMBER = re.compile(r"SIM([0-9]{11})")


def luhn_digit(digits: str) -> int:
    """The digit that completes the Luhn sum of ``digits``."""
    total = 0
    for index, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 if index % 2 else 2)
        total += value - 9 if value > 9 else value
    return (10 - total % 10) % 10


def is_number(text: str) -> bool:
    """Whether a text has the carrier's form, check digit and all."""
    found = _NUMBER.fullmatch(text)
    return found is not None and luhn_digit(found.group(1)[:10]) == int(found.group(1)[10])


@dataclass(slots=True)
class Event:
    """Something seen of a parcel."""

    id: str
    at: datetime
    status: str
    description: str
    location: str

    def to_json(self) -> dict[str, str]:
        return {
            "id": self.id,
            "at": self.at.isoformat().replace("+00:00", "Z"),
            "status": self.status,
            "description": self.description,
            "location": self.location,
        }


@dataclass(slots=True)
class Parcel:
    """One parcel; ``moved`` is when it last did, on the monotonic clock."""

    number: str
    made_at: datetime
    moved: float
    events: list[Event] = field(default_factory=list)

    @property
    def status(self) -> str:
        return self.events[-1].status


@dataclass(slots=True)
class Faults:
    """What goes wrong on request."""

    slow_seconds: float = 0.0
    errors: int = 0
    duplicate_events: bool = False
    backwards: bool = False


@dataclass(slots=True)
class World:
    """All parcels."""

    seconds_per_step: float = 0.0
    faults: Faults = field(default_factory=Faults)
    parcels: dict[str, Parcel] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(int(time.time()) % 10**7 * 1000))

    def label(self) -> Parcel:
        """A new parcel with a number of its own."""
        with self.lock:
            digits = f"{next(self._numbers) % 10**10:010d}"
            return self._adopt(f"SIM{digits}{luhn_digit(digits)}")

    def find(self, number: str) -> Parcel | None:
        """A parcel; a well-formed number that was not given out here is taken on."""
        with self.lock:
            parcel = self.parcels.get(number)
            if parcel is None and is_number(number):
                parcel = self._adopt(number)
            if parcel is not None:
                self._let_time_pass(parcel)
            return parcel

    def advance(self, parcel: Parcel, to: str | None = None) -> None:
        """The next step, or a status by its name."""
        with self.lock:
            following = to or self._next(parcel)
            if following is None:
                return
            place = next((place for status, _, place in STEPS if status == following), "")
            parcel.events.append(
                Event(
                    f"{parcel.number}-{len(parcel.events) + 1}", datetime.now(UTC), following, _WORDS[following], place
                )
            )
            parcel.moved = time.monotonic()

    def _adopt(self, number: str) -> Parcel:
        now = datetime.now(UTC)
        parcel = Parcel(number, now, time.monotonic())
        status, words, place = STEPS[0]
        parcel.events.append(Event(f"{number}-1", now, status, words, place))
        self.parcels[number] = parcel
        return parcel

    def _let_time_pass(self, parcel: Parcel) -> None:
        while self.seconds_per_step and time.monotonic() - parcel.moved >= self.seconds_per_step:
            if self._next(parcel) is None:
                return
            moved = parcel.moved + self.seconds_per_step
            self.advance(parcel)
            parcel.moved = moved

    def _next(self, parcel: Parcel) -> str | None:
        names = [status for status, _, _ in STEPS]
        if parcel.status not in names or parcel.status == names[-1]:
            return None
        return names[names.index(parcel.status) + 1]


def estimated(parcel: Parcel) -> dict[str, str]:
    """When it should arrive."""
    day = parcel.made_at.date()
    return {"from": (day + timedelta(days=2)).isoformat(), "to": (day + timedelta(days=4)).isoformat()}
