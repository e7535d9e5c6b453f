"""Requests that carry a key of their own: each is carried out once. The key is claimed in the transaction of the work
itself, so the two live or die together; of two requests at once the second waits for the first."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db import table_of
from app.inbox.models import KeyedRequest
from app.kit import clock
from app.kit.ids import new_id


def claim(session: Session, organisation_id: UUID, key: str, fingerprint: bytes) -> bool:
    """Whether the key is new, and now the caller's, which sets what it answers (``known``). ``fingerprint``: a hash of
    all that the request says."""
    claimed = session.connection().execute(
        insert(table_of(KeyedRequest))
        .values(id=new_id(), organisation_id=organisation_id, key=key, fingerprint=fingerprint, created_at=clock.now())
        .on_conflict_do_nothing(index_elements=["organisation_id", "key"])
        .returning(table_of(KeyedRequest).c.id)
    )
    return claimed.first() is not None


def known(session: Session, organisation_id: UUID, key: str) -> KeyedRequest | None:
    """What is kept of the request that claimed a key; None where none did."""
    return session.scalar(
        select(KeyedRequest).where(KeyedRequest.organisation_id == organisation_id, KeyedRequest.key == key)
    )
