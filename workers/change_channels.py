"""By which channel a supplier's system is asked for changes."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from sqlalchemy.orm import Session

from app.adapters import registries
from app.purchasing.channel import ChangeKind
from app.purchasing.service.channels import setting_of, settings_of
from app.purchasing.service.passing_on import Takes


def takes_of(session: Session, supplier_id: UUID) -> Takes:
    """Whether the system behind a channel takes requests of a kind, as the supplier has set it up."""
    row = setting_of(session, supplier_id)

    def takes(name: str, kind: str) -> bool | None:
        channel = registries.channels.all().get(name)
        if channel is None or not channel.transmits:
            return None
        if row is None or row.channel != name:
            return False
        return channel.takes(cast(ChangeKind, kind), settings_of(row))

    return takes
