"""The test order: what a supplier has shown so far, and what is still missing, in words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.kit.texts import marked as _

PORTAL, API = "portal", "api"
ANSWERS = ("accepted", "backordered", "rejected")
_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ./-]{4,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a test order: units wanted and shipped, and the supplier's answer."""

    quantity: int
    answer: str | None = None
    shipped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """What happened to a test order, and by which way: ``portal`` or ``api``."""

    lines: Sequence[Line]
    seen_via: str | None = None
    answered_via: str | None = None
    shipped_via: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must be shown. ``missing`` says what to do; empty once it was shown."""

    label: str
    missing: str

    @property
    def done(self) -> bool:
        """It was shown."""
        return not self.missing


def checks(trip: Trip, connection: str) -> tuple[Check, ...]:
    """What a test order shows of its supplier, in order. One that connects by API must do all of it by API."""
    by_api = connection == API
    return (
        Check(_("The order reaches you"), "" if trip.seen_via else _unseen(by_api)),
        Check(_("You accept it"), _unanswered(trip)),
        Check(_("You ship it with a tracking number"), _unshipped(trip)),
        *((Check(_("All of it by API"), _by_hand(trip)),) if by_api else ()),
    )


def passed(trip: Trip, connection: str) -> bool:
    """Whether all was shown."""
    return all(check.done for check in checks(trip, connection))


def plausible(tracking_number: str) -> bool:
    """Whether something looks like a tracking number at all."""
    return _NUMBER.fullmatch(tracking_number) is not None and any(char.isdigit() for char in tracking_number)


def _unseen(by_api: bool) -> str:
    if by_api:
        return _("Fetch it: GET /api/supplier/orders lists it, marked as a test.")
    return _("Open it in your purchase orders.")


def _unanswered(trip: Trip) -> str:
    if any(line.answer in ("backordered", "rejected") for line in trip.lines):
        return _("A line is backordered or rejected. Accept every line of a test order.")
    if any(line.answer is None for line in trip.lines):
        return _("Accept every line.")
    return ""


def _unshipped(trip: Trip) -> str:
    if all(line.shipped == 0 for line in trip.lines):
        return _("Ship it: one parcel or several, each with its tracking number.")
    if any(line.shipped < line.quantity for line in trip.lines):
        return _("Some units are not shipped yet.")
    return ""


def _by_hand(trip: Trip) -> str:
    ways = (trip.seen_via, trip.answered_via, trip.shipped_via)
    if PORTAL in ways:
        return _("You connect by API, but did a part of it in the portal. Start again, and let your system do it.")
    return "" if all(ways) else _("Your system has not done all of it yet.")
