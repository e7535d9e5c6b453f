"""What retailers say of articles of their stores that are none of our listings."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.kit import clock
from app.kit.errors import NotFound
from app.kit.ids import new_id
from app.listings.events import StoreLinked
from app.listings.models import StoreLink
from app.outbox.service import emit


def remember_link(
    session: Session, retailer_id: UUID, store_id: UUID, link_key: str, variant_id: UUID | None, *, title: str
) -> None:
    """From now on orders of this article are filled by this variant; None: they are not ours. The last word counts. An
    article that nothing names is not remembered."""
    if not link_key:
        return
    values = {"variant_id": variant_id, "title": title, "created_at": clock.now()}
    session.execute(
        upsert(StoreLink)
        .values(id=new_id(), retailer_id=retailer_id, store_id=store_id, link_key=link_key, **values)
        .on_conflict_do_update(index_elements=["store_id", "link_key"], set_=values)
    )
    emit(session, StoreLinked(store_id=store_id, retailer_id=retailer_id, link_key=link_key))


def forget_link(session: Session, retailer_id: UUID, store_id: UUID, link_id: UUID) -> None:
    """Orders of this article are asked about again, as the store's setting says. Raises ``NotFound``."""
    gone = session.scalar(
        delete(StoreLink)
        .where(StoreLink.id == link_id, StoreLink.store_id == store_id, StoreLink.retailer_id == retailer_id)
        .returning(StoreLink.id)
    )
    if gone is None:
        raise NotFound("link")
    audit.record(session, retailer_id, "listings.store_link_forgotten", "store", store_id)
