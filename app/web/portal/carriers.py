"""The carriers that a supplier chooses from."""

from __future__ import annotations

from app.adapters import registries
from app.kit.texts import marked as _
from app.web.ui.rendering import gettext


def carrier_choices(country: str) -> list[tuple[str, str]]:
    """Those of the supplier's country first, then those of the whole world, then all others."""
    found = sorted(
        registries.carriers.all().items(),
        key=lambda item: (country not in item[1].countries, bool(item[1].countries), item[1].label.casefold()),
    )
    return [("", gettext(_("Find out by the number"))), *((name, one.label) for name, one in found)]
