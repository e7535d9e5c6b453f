"""Carriers that a test makes: they answer as it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from app import db
from app.adapters import registries
from app.adapters.carriers.manual.adapter import Manual
from app.fulfillment.carrier import CarrierEvent, Tracked
from app.kit import clock


@dataclass
class Asked(Manual):
    """A carrier that answers as it is told, by number; other parcels are on their way."""

    name: str
    answers: dict[str, Callable[[], Tracked | None]] = field(default_factory=dict)
    #: Numbers of parcels, as it was asked about them.
    asked: list[str] = field(default_factory=list)
    label: str = "A carrier"
    can_track: bool = True

    def track(self, tracking_number: str) -> Tracked | None:
        self.asked.append(tracking_number)
        return self.answers.get(tracking_number, moving)()


def moving() -> Tracked:
    """Scanned once."""
    seen = CarrierEvent(id="1", at=clock.now(), delivery_status="in_transit", description="On its way")
    return Tracked(delivery_status="in_transit", estimated_from=None, estimated_to=None, events=[seen])


def carried_by(monkeypatch: pytest.MonkeyPatch, carrier: Asked, numbers: list[str]) -> Asked:
    """Let a carrier carry the parcels with these numbers."""
    monkeypatch.setitem(registries.carriers.all(), carrier.name, carrier)  # type: ignore[misc]
    for number in numbers:
        change("update shipments set carrier = %s where tracking_number = %s", carrier.name, number)
    return carrier


def change(statement: str, *values: object) -> None:
    """Change rows across tenants."""
    with db.system_scope(actor="test"), db.transaction() as session:
        session.connection().exec_driver_sql(statement, tuple(map(str, values)))
