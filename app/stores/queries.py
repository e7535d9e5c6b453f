"""Reads of stores."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kit.errors import NotFound
from app.stores.goods import LocationRef
from app.stores.models import GRANTED, LIVE, Store, StoreCredential, StoreLocation
from app.stores.platform import StorePlatform


def stores_of(session: Session, retailer_id: UUID) -> Sequence[Store]:
    """A retailer's stores, oldest first."""
    return session.scalars(
        select(Store).where(Store.retailer_id == retailer_id, Store.status != "disconnected").order_by(Store.created_at)
    ).all()


def store_of(session: Session, retailer_id: UUID, store_id: UUID) -> Store:
    """One store of a retailer. Raises ``NotFound``."""
    store = session.scalar(select(Store).where(Store.id == store_id, Store.retailer_id == retailer_id))
    if store is None:
        raise NotFound("store")
    return store


def store_by_shop(session: Session, platform: str, external_id: str) -> Store | None:
    """The live store of a platform's shop. Needs a system scope."""
    return session.scalar(
        select(Store).where(
            Store.platform == platform,
            Store.external_id == external_id,
            Store.status.in_(LIVE),
            Store.claimed,
        )
    )


def pending_requests(session: Session, platform: str, external_id: str) -> Sequence[Store]:
    """Retailers' requests to connect a shop that its owner has not confirmed. Needs a system scope."""
    return session.scalars(
        select(Store)
        .where(Store.platform == platform, Store.external_id == external_id, Store.status == "pending")
        .order_by(Store.created_at)
    ).all()


def grants(session: Session, store: Store, platform: StorePlatform, capability: str) -> bool:
    """Whether a store can be asked for something: its platform can do it, and its merchant has permitted it."""
    if store.status != "connected" or capability not in platform.capabilities:
        return False
    needed = platform.optional_scopes.get(capability)
    if needed is None:
        return True
    granted = store.platform_state.get(GRANTED)
    if granted is None:
        granted = session.scalar(select(StoreCredential.scopes).where(StoreCredential.store_id == store.id)) or ()
    return needed in granted


def locations(session: Session, store_id: UUID) -> dict[UUID, LocationRef]:
    """Supplier → its location in a store."""
    rows = session.scalars(select(StoreLocation).where(StoreLocation.store_id == store_id))
    return {row.supplier_id: LocationRef(row.external_location_id, row.external_service_id) for row in rows}
