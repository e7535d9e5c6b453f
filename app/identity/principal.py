"""Who is asking: the person or key behind a request, for which organisation, and with which permissions."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.kit.errors import Forbidden


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """One who asks. ``actor`` goes into the audit log: ``user:<id>``, ``key:<id>`` or ``shop:<user id there>``."""

    actor: str
    organisation_id: UUID
    organisation_kind: str
    organisation_name: str
    permissions: frozenset[str]
    locale: str
    timezone: str
    currency: str
    name: str = ""
    user_id: UUID | None = None
    session_id: UUID | None = None
    role: str | None = None

    def may(self, permission: str) -> bool:
        """Whether the permission (or, for keys, the scope) was given."""
        return permission in self.permissions

    def require(self, permission: str) -> None:
        """Raises ``Forbidden``: keys are told what is missing, people whom to ask."""
        if not self.may(permission):
            if self.user_id is not None:
                raise Forbidden("Your role does not allow this. Ask an owner or administrator of your organisation.")
            raise Forbidden(f"This needs the permission '{permission}'.")
