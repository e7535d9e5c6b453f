"""Forms in which many values stand in rows: what the person who sent one changed, whatever happened meanwhile."""

from __future__ import annotations

from uuid import UUID

from app.kit.ids import parse_id
from app.web.forms import Sent


def changed(sent: Sent, kind: str) -> list[UUID]:
    """The rows whose field of a kind (``<kind>-<id>``) was changed from what the page held (``was-<kind>-<id>``)."""
    found = []
    for name, value in sent.values.items():
        if name.startswith(f"{kind}-") and value.strip() != sent.values.get(f"was-{name}", ""):
            found.append(parse_id(name.removeprefix(f"{kind}-")))
    return [one for one in found if one is not None]
