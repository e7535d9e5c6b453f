"""Stores that were quiet for long: their refresh tokens are used before they run out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from app import log
from app.adapters import registries
from app.kit import clock
from app.kit.errors import AdapterError, CredentialsRefused
from app.stores.models import Store, StoreCredential
from app.stores.service import access, lose_access
from workers.job import Run, job

#: Shopify's refresh tokens live 90 days after their last use.
_BEFORE = timedelta(days=30)

logger = log.get("workers.renew_credentials")


@job(queue="stores", every="31 4 * * *", coalesce=True, timeout=300)
def renew_credentials(run: Run, payload: dict[str, Any]) -> None:
    """See the module."""
    with run.transaction() as session:
        due = session.execute(
            select(Store.id, Store.platform)
            .join(StoreCredential, StoreCredential.store_id == Store.id)
            .where(Store.status == "connected", StoreCredential.refresh_expires_at < clock.now() + _BEFORE)
        ).all()
        # Marked as run out, so that the next use renews them.
        session.execute(
            update(StoreCredential)
            .where(StoreCredential.store_id.in_([store_id for store_id, _ in due]))
            .values(expires_at=clock.now())
        )
    for store_id, name in due:
        try:
            access(store_id, registries.stores.get(name))
        except CredentialsRefused:
            with run.transaction() as session:
                lose_access(session, store_id)
        except AdapterError as error:
            logger.info("not renewed", store=str(store_id), reason=type(error).__name__)
