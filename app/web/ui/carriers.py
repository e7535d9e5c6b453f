"""Carriers and their services as people call them."""

from __future__ import annotations

import re

from app.adapters import registries
from app.fulfillment.service.buying import carrier_of

#: Where another word begins in a name that is written in one.
_JOINT = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_")


def carrier_label(name: str) -> str:
    """The carrier's own name; one that we do not know is shown as it was given."""
    carrier = registries.carriers.all().get(name)
    return carrier.label if carrier is not None else name


def gateway_carrier(name: str) -> str:
    """A carrier by what a gateway calls it (``UPSDAP``); the words of one that we do not know apart."""
    carrier = registries.carriers.all().get(carrier_of(name))
    return carrier.label if carrier is not None else _apart(name)


def service_label(name: str) -> str:
    """A carrier's service, its words apart (``NextDayAir``: Next Day Air)."""
    return _apart(name)


def _apart(name: str) -> str:
    words = _JOINT.sub(" ", name).split()
    return " ".join(word.capitalize() if "_" in name and word.isupper() and len(word) > 3 else word for word in words)
