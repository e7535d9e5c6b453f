"""Whether a parcel's goods have arrived: with it, or with another one that was sent with them; or count so."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.fulfillment.models import Shipment
from app.kit.errors import Conflict


def came() -> ColumnElement[bool]:
    """Whether a parcel's goods were delivered, with whichever parcel."""
    other = aliased(Shipment)
    return _same_goods(other, other.delivery_status == "delivered")


def counted() -> ColumnElement[bool]:
    """Whether a parcel's goods count as arrived, since nobody complained in time."""
    other = aliased(Shipment)
    return _same_goods(other, other.assumed_at.is_not(None))


def has_arrived(session: Session, shipment_id: UUID) -> bool:
    """Whether a parcel's goods were delivered, with whichever parcel, or count as arrived."""
    return session.scalar(select(Shipment.id).where(Shipment.id == shipment_id, or_(came(), counted()))) is not None


def not_arrived(session: Session, shipment: Shipment, *, code: str = "already_arrived") -> None:
    """Raises ``Conflict`` where a locked parcel, or one that was sent instead of it, was delivered or counts as arrived
    for its supplier's payout: what is paid out is not taken back with the parcel. ``code``: the conflict's for what was
    delivered."""
    with_its_goods = session.execute(
        select(Shipment.assumed_at, Shipment.delivery_status).where(has_goods_of(shipment))
    ).all()
    if any(one.assumed_at is not None for one in with_its_goods):
        raise Conflict(
            "Nobody complained of these goods in time, so they count as arrived and their supplier is paid. If they "
            "have arrived, say so, and settle what is wrong by a return.",
            code="counted_as_arrived",
        )
    if any(one.delivery_status == "delivered" for one in with_its_goods):
        raise Conflict("These goods have arrived. If something is wrong with them, settle it by a return.", code=code)


def has_goods_of(shipment: Shipment) -> ColumnElement[bool]:
    """Whether a parcel is this one, or was sent instead of it."""
    return or_(Shipment.id == shipment.id, Shipment.replaces_id == shipment.id)


def _same_goods(other: type[Shipment], which: ColumnElement[bool]) -> ColumnElement[bool]:
    first = func.coalesce(Shipment.replaces_id, Shipment.id)
    return select(other.id).where(or_(other.id == first, other.replaces_id == first), which).exists()
