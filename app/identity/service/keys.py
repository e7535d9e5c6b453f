"""API keys: shown once, stored as keyed hashes, with scopes and an end."""

from __future__ import annotations

import ipaddress
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.config import keyed_hash
from app.db import current_scope
from app.identity.models import ApiKey, Organisation
from app.identity.principal import Principal
from app.identity.rules import (
    API_KEY_LIFE,
    API_KEY_NOTICES,
    LONGEST_OVERLAP,
    SCOPES_OF_KIND,
    address_allowed,
    notice_due,
)
from app.kit import clock
from app.kit.errors import Conflict, Invalid, NotFound
from app.kit.ids import new_id, random_token

_PREFIX = "cd_live_"
_MOST_NETWORKS = 100


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
    _check_networks(allowed_ips)
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


class KeyHolder(NamedTuple):
    """Who holds a good key, the networks it may be used from, and when it ends."""

    principal: Principal
    networks: list[str]
    expires_at: datetime


def principal_of_key(session: Session, secret: str, address: str | None = None) -> KeyHolder | None:
    """Who holds this key; None when it is unknown, revoked or expired. A use from an ``address`` outside of its
    networks is not noted as one."""
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
    allowed = address is None or address_allowed(address, key.allowed_ips)
    if allowed and (key.last_used_at is None or (now - key.last_used_at).total_seconds() > 60):
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
    return KeyHolder(principal, key.allowed_ips, key.expires_at)


def revoke_key(session: Session, organisation_id: UUID, key_id: UUID) -> None:
    """End a key at once. Raises ``NotFound``."""
    key = _locked(session, organisation_id, key_id)
    if key.revoked_at is None:
        key.revoked_at = clock.now()
        audit.record(session, organisation_id, "identity.key_revoked", "api_key", key.id)


def rotate_key(session: Session, organisation_id: UUID, key_id: UUID, *, overlap: timedelta) -> tuple[ApiKey, str]:
    """Make the key that takes another's place, with the same name, scopes and networks and a whole life of its own;
    the old one goes on for ``overlap``, and never longer than it would have.

    Returns the new row and the key itself, which is shown this once. Raises ``NotFound``, ``Invalid`` for an overlap
    below zero or beyond 30 days, ``Conflict`` where the old key has ended (``key_ended``) or has been replaced already
    (``key_replaced``).
    """
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        message = f"The old key goes on for at most {LONGEST_OVERLAP.days} days."
        raise Invalid.field("overlap", "out_of_range", message)
    old = _locked(session, organisation_id, key_id)
    now = clock.now()
    if old.revoked_at is not None or old.expires_at <= now:
        raise Conflict("This key has ended. Make a new one.", code="key_ended")
    if old.replaced_by is not None:
        raise Conflict("This key has been replaced already.", code="key_replaced")
    new, secret = issue_key(session, organisation_id, name=old.name, scopes=old.scopes, allowed_ips=old.allowed_ips)
    old.replaced_by, old.expires_at = new.id, min(old.expires_at, now + overlap)
    details = {"replaced_by": str(new.id), "until": clock.iso(old.expires_at)}
    audit.record(session, organisation_id, "identity.key_rotated", "api_key", old.id, details=details)
    return new, secret


def set_networks(session: Session, organisation_id: UUID, key_id: UUID, allowed_ips: Sequence[str]) -> None:
    """Say from which networks a key may be used; none at all means from everywhere. Raises ``NotFound`` and
    ``Invalid``."""
    _check_networks(allowed_ips)
    key = _locked(session, organisation_id, key_id)
    if key.allowed_ips != list(allowed_ips):
        key.allowed_ips = list(allowed_ips)
        details = {"networks": len(key.allowed_ips)}
        audit.record(session, organisation_id, "identity.key_networks_changed", "api_key", key.id, details=details)


@dataclass(frozen=True, slots=True)
class KeyNotice:
    """What the owner of a key is to be told: that it ends within ``days``; with 0, that it has ended."""

    key_id: UUID
    organisation_id: UUID
    organisation_kind: str
    name: str
    expires_at: datetime
    days: int


def keys_to_tell_of(session: Session, *, limit: int = 500) -> list[KeyNotice]:
    """Keys whose owners are to be told now, each noted as told: what is told must be one commit with this. Keys that
    have been replaced end as their owners chose, and are not told of. Needs a system scope."""
    now = clock.now()
    rows = session.execute(
        select(ApiKey, Organisation.kind)
        .join(Organisation, Organisation.id == ApiKey.organisation_id)
        .where(
            ApiKey.revoked_at.is_(None),
            ApiKey.replaced_by.is_(None),
            ApiKey.expires_at <= now + timedelta(days=max(API_KEY_NOTICES)),
            func.coalesce(ApiKey.told_days, 1) != 0,
        )
        .order_by(ApiKey.expires_at, ApiKey.id)
        .limit(limit)
        .with_for_update(of=ApiKey, skip_locked=True)
    )
    found = []
    for key, kind in rows:
        days = 0 if key.expires_at <= now else notice_due(key.expires_at - now, key.told_days)
        if days is not None:
            key.told_days = days
            found.append(KeyNotice(key.id, key.organisation_id, kind, key.name, key.expires_at, days))
    return found


def _locked(session: Session, organisation_id: UUID, key_id: UUID) -> ApiKey:
    key = session.scalar(
        select(ApiKey).where(ApiKey.id == key_id, ApiKey.organisation_id == organisation_id).with_for_update()
    )
    if key is None:
        raise NotFound("API key")
    return key


def _check_networks(networks: Sequence[str]) -> None:
    if len(networks) > _MOST_NETWORKS:
        raise Invalid.field("allowed_ips", "too_many", f"A key has at most {_MOST_NETWORKS} networks.")
    for network in networks:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError as error:
            raise Invalid.field("allowed_ips", "invalid_network", f"{network!r} is no network.") from error


def _hash(secret: str) -> bytes:
    return keyed_hash().of("api key", secret)


def _well_formed(secret: str) -> bool:
    """A checksum turns away typing errors and guesses before the database is asked."""
    if not secret.startswith(_PREFIX) or len(secret) > 100:
        return False
    body, checksum = secret[len(_PREFIX) : -8], secret[-8:]
    return f"{zlib.crc32(body.encode()):08x}" == checksum
