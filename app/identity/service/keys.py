"""API keys: shown once, stored as keyed hashes, with scopes and an end."""

from __future__ import annotations

import ipaddress
import zlib
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.config import keyed_hash
from app.db import current_scope
from app.identity.models import ApiKey, Organisation
from app.identity.principal import Principal
from app.identity.rules import API_KEY_LIFE, SCOPES_OF_KIND
from app.kit import clock
from app.kit.errors import Invalid, NotFound
from app.kit.ids import new_id, random_token

_PREFIX = "cd_live_"


def issue_key(
    session: Session,
    organisation_id: UUID,
    *,
    name: str,
    scopes: Sequence[str],
    allowed_ips: Sequence[str] = (),
    life: timedelta = API_KEY_LIFE,
) -> tuple[ApiKey, str]:
    """Make a key. Returns its row and the key itself, which is shown this once. Raises ``Invalid``."""
    kind = session.get_one(Organisation, organisation_id).kind
    unknown = sorted(set(scopes) - set(SCOPES_OF_KIND[kind]))
    if unknown or not scopes:
        allowed = ", ".join(SCOPES_OF_KIND[kind])
        raise Invalid.field("scopes", "unknown_scope", f"A {kind}'s key has at least one of the scopes: {allowed}.")
    if not name.strip():
        raise Invalid.field("name", "required", "Give the key a name, so that you can tell keys apart.")
    for network in allowed_ips:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError as error:
            raise Invalid.field("allowed_ips", "invalid_network", f"{network!r} is no network.") from error
    body = random_token()
    secret = f"{_PREFIX}{body}{zlib.crc32(body.encode()):08x}"
    now = clock.now()
    key = ApiKey(
        id=new_id(),
        organisation_id=organisation_id,
        name=name.strip(),
        prefix=secret[:14],
        secret_hash=_hash(secret),
        scopes=sorted(set(scopes)),
        allowed_ips=list(allowed_ips),
        created_by=current_scope().actor,
        created_at=now,
        expires_at=now + life,
    )
    session.add(key)
    session.flush()
    audit.record(session, organisation_id, "identity.key_issued", "api_key", key.id, details={"scopes": key.scopes})
    return key, secret


def principal_of_key(session: Session, secret: str) -> tuple[Principal, list[str]] | None:
    """Who holds this key, and the networks it may be used from; None when it is unknown, revoked or expired."""
    if not _well_formed(secret):
        return None
    row = session.execute(
        select(ApiKey, Organisation)
        .join(Organisation, Organisation.id == ApiKey.organisation_id)
        .where(ApiKey.secret_hash == _hash(secret), ApiKey.revoked_at.is_(None), ApiKey.expires_at > clock.now())
    ).first()
    if row is None:
        return None
    key, organisation = row
    now = clock.now()
    if key.last_used_at is None or (now - key.last_used_at).total_seconds() > 60:
        key.last_used_at = now
    principal = Principal(
        actor=f"key:{key.id}",
        organisation_id=organisation.id,
        organisation_kind=organisation.kind,
        organisation_name=organisation.name,
        permissions=frozenset(key.scopes),
        locale=organisation.locale,
        timezone=organisation.timezone,
        currency=organisation.currency,
        name=key.name,
    )
    return principal, key.allowed_ips


def revoke_key(session: Session, organisation_id: UUID, key_id: UUID) -> None:
    """End a key at once. Raises ``NotFound``."""
    key = session.scalar(select(ApiKey).where(ApiKey.id == key_id, ApiKey.organisation_id == organisation_id))
    if key is None:
        raise NotFound("API key")
    if key.revoked_at is None:
        key.revoked_at = clock.now()
        audit.record(session, organisation_id, "identity.key_revoked", "api_key", key.id)


def _hash(secret: str) -> bytes:
    return keyed_hash().of("api key", secret)


def _well_formed(secret: str) -> bool:
    """A checksum turns away typing errors and guesses before the database is asked."""
    if not secret.startswith(_PREFIX) or len(secret) > 100:
        return False
    body, checksum = secret[len(_PREFIX) : -8], secret[-8:]
    return f"{zlib.crc32(body.encode()):08x}" == checksum
