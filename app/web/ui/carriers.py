"""Carriers as people call them."""

from __future__ import annotations

from app.adapters import registries


def carrier_label(name: str) -> str:
    """The carrier's own name; one that we do not know is shown as it was given."""
    carrier = registries.carriers.all().get(name)
    return carrier.label if carrier is not None else name
