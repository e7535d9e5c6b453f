"""The simulated carrier: ``SIM``, ten digits and a check digit; asked over HTTP like a real one."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from app.adapters._by_number import cleaned
from app.adapters._check_digits import luhn
from app.adapters._http import HttpClient
from app.config import settings
from app.fulfillment.carrier import CarrierEvent, Tracked
from app.kit.clock import parse_iso
from app.kit.errors import Rejected

_NUMBER = re.compile(r"SIM([0-9]{11})")


class Simulated:
    """The ``Carrier`` port for the simulator at ``CROSSDOCK_SIMULATED_CARRIER_URL``."""

    name = "simulated"
    label = "Simulated Carrier"
    countries: frozenset[str] = frozenset()
    can_track = True

    def __init__(self) -> None:
        self._http = HttpClient(read_seconds=5)

    def recognises(self, tracking_number: str) -> bool:
        """By form and check digit, where there is a simulator at all."""
        found = _NUMBER.fullmatch(cleaned(tracking_number))
        return bool(settings().simulated_carrier_url) and found is not None and luhn(found.group(1))

    def may_have(self, tracking_number: str) -> bool | None:
        """It has one form."""
        return self.recognises(tracking_number)

    def tracking_url(self, tracking_number: str) -> str | None:
        """The simulator's page of the parcel."""
        base = settings().simulated_carrier_url
        return f"{base}/parcels/{cleaned(tracking_number)}" if base else None

    def track(self, tracking_number: str) -> Tracked | None:
        """None for a number that the carrier does not know."""
        base = settings().simulated_carrier_url
        if not base:
            return None
        try:
            answer = self._http.send("GET", f"{base}/v1/track/{cleaned(tracking_number)}").json()
        except Rejected as error:
            if error.code == "http_404":
                return None
            raise
        estimated = answer.get("estimated_delivery") or {}
        return Tracked(
            delivery_status=answer["status"],
            estimated_from=_day(estimated.get("from")),
            estimated_to=_day(estimated.get("to")),
            events=[_event(event) for event in answer["events"]],
        )


def _event(event: dict[str, Any]) -> CarrierEvent:
    return CarrierEvent(
        id=str(event["id"]),
        at=parse_iso(event["at"]),
        delivery_status=event["status"],
        description=event["description"],
        location=event.get("location") or "",
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
