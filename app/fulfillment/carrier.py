"""The port to carriers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierEvent:
    """What a carrier says of a parcel. ``delivery_status`` is one of ``app.fulfillment.rules``."""

    id: str
    at: datetime
    delivery_status: str
    description: str
    location: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """A parcel as its carrier sees it, events oldest first."""

    delivery_status: str
    estimated_from: date | None
    estimated_to: date | None
    events: Sequence[CarrierEvent]


@runtime_checkable
class Carrier(Protocol):
    """One carrier."""

    @property
    def name(self) -> str:
        """The adapter's name."""

    @property
    def label(self) -> str:
        """The carrier's name for people and for stores."""

    @property
    def can_track(self) -> bool:
        """Whether ``track`` tells anything."""

    @property
    def countries(self) -> frozenset[str]:
        """Where it collects or delivers, as ISO codes; empty: anywhere."""

    def recognises(self, tracking_number: str) -> bool:
        """Whether the number has a form that is this carrier's alone."""

    def may_have(self, tracking_number: str) -> bool | None:
        """Whether the number has any of this carrier's forms, those that others share included; None when its forms
        are not known."""

    def tracking_url(self, tracking_number: str) -> str | None:
        """Where people follow the parcel; None when there is no such page."""

    def track(self, tracking_number: str) -> Tracked | None:
        """Ask the carrier; None when it does not know the number (yet)."""
