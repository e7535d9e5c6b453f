"""What stores were told of parcels."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.config import settings
from app.fulfillment.events import ShipmentCorrected, StoreToBeTold
from app.fulfillment.models import Shipment, StoreFulfillment
from app.fulfillment.queries import refused_by_store
from app.fulfillment.service.locking import ids_of, locked, tell_story
from app.kit import clock
from app.kit.errors import Conflict, NotFound
from app.outbox.service import emit


def told_of(session: Session, shipment_id: UUID) -> Sequence[StoreFulfillment]:
    """What the store was told of a parcel, by location."""
    return session.scalars(
        select(StoreFulfillment)
        .where(StoreFulfillment.shipment_id == shipment_id)
        .order_by(StoreFulfillment.location_ref)
        .execution_options(populate_existing=True)
    ).all()


def told_of_others(session: Session, shipment: Shipment) -> frozenset[str]:
    """The store's ids of fulfilments that are other parcels of the same order."""
    found = session.scalars(
        select(StoreFulfillment.external_id).where(_of_order(shipment), StoreFulfillment.shipment_id != shipment.id)
    )
    return frozenset(one for one in found if one is not None)


def note_trying(
    session: Session,
    shipment: Shipment,
    *,
    location_ref: str,
    fulfillment_order_ref: str,
    lines: Mapping[str, int],
    number: str,
    told_apart: bool = False,
) -> tuple[StoreFulfillment, str | None]:
    """Written before the store is asked to take a number. ``told_apart``: its customer knows of this parcel without the
    store's letter. Returns what is noted, and another number that the store may
    have taken instead, when an answer was lost."""
    row = session.get(StoreFulfillment, (shipment.id, location_ref))
    if row is None:
        row = StoreFulfillment(
            shipment_id=shipment.id,
            location_ref=location_ref,
            retailer_id=shipment.retailer_id,
            supplier_id=shipment.supplier_id,
            tried_number=number,
            tells_shopper=not (told_apart or _told_of_another(session, shipment)),
        )
        session.add(row)
    elif not row.lines and row.told_number is None:
        # It was not to be told here for a while, and others may have been since, or have been given up too.
        row.tells_shopper = not (told_apart or _told_of_another(session, shipment))
    before = row.tried_number
    row.fulfillment_order_ref, row.lines, row.updated_at = fulfillment_order_ref, dict(lines), clock.now()
    return row, before if before != number else None


def _told_of_another(session: Session, shipment: Shipment) -> bool:
    """Whether the store's customer was, or is just now being, written to about another parcel of the order. One at a
    time finds out for an order, so that of two parcels at once one is told of."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"parcels:{shipment.order_id}", 0))))
    told = exists().where(
        _of_order(shipment),
        StoreFulfillment.tells_shopper,
        # What was taken back there has been forgotten.
        StoreFulfillment.lines != {},
        StoreFulfillment.updated_at > clock.now() - settings().parcel_letters_apart,
    )
    return session.scalar(select(told)) or False


def _of_order(shipment: Shipment) -> ColumnElement[bool]:
    """Whether it is about a parcel of the same order."""
    return StoreFulfillment.shipment_id.in_(select(Shipment.id).where(Shipment.order_id == shipment.order_id))


def forget_places(session: Session, shipment_id: UUID, *, but: Collection[str]) -> None:
    """Where the store was to be told of a parcel and was not, it is not to be told, ``but`` at these locations."""
    session.execute(
        update(StoreFulfillment)
        .where(
            StoreFulfillment.shipment_id == shipment_id,
            StoreFulfillment.location_ref.not_in(list(but)),
            StoreFulfillment.external_id.is_(None),
        )
        .values(lines={})
    )


def note_store_told(
    session: Session, shipment_id: UUID, location_ref: str, external_id: str, *, number: str, revision: int
) -> None:
    """The store (and so its customer) has the tracking number."""
    shipment = locked(session, shipment_id, lines=False)
    row = session.get_one(StoreFulfillment, (shipment_id, location_ref))
    said = row.told_number == number and row.external_id == external_id
    row.external_id, row.told_number, row.tried_number, row.told_revision = external_id, number, number, revision
    row.updated_at = clock.now()
    shipment.external_fulfillment_id = shipment.external_fulfillment_id or external_id
    shipment.store_told_at, shipment.store_error = shipment.store_told_at or clock.now(), None
    if not said:
        tell_story(session, shipment, "store.tracking_told")


def note_store_withdrawn(session: Session, shipment_id: UUID, location_ref: str) -> None:
    """The store no longer has the parcel's fulfilment at one of its locations."""
    shipment = locked(session, shipment_id)
    row = session.get_one(StoreFulfillment, (shipment_id, location_ref))
    if shipment.external_fulfillment_id == row.external_id:
        shipment.external_fulfillment_id = None
    row.external_id, row.lines, row.updated_at = None, {}, clock.now()
    tell_story(session, shipment, "store.tracking_withdrawn")


def note_nothing_to_tell(session: Session, shipment_id: UUID) -> None:
    """The store has no line that this parcel makes whole, so it is not told of it."""
    shipment = locked(session, shipment_id, lines=False)
    if shipment.store_told_at is None:
        shipment.store_told_at = clock.now()


def note_store_told_delivered(session: Session, shipment_id: UUID) -> None:
    """The store knows that the parcel arrived."""
    shipment = locked(session, shipment_id, lines=False)
    if shipment.store_told_delivered_at is None:
        shipment.store_told_delivered_at = clock.now()
        tell_story(session, shipment, "store.delivery_told")


def note_store_refused(session: Session, shipment_id: UUID, reason: str) -> None:
    """The store would not take the tracking number."""
    shipment = locked(session, shipment_id, lines=False)
    if shipment.store_error != reason:
        shipment.store_error = reason
        tell_story(session, shipment, "store.refused", reason=reason)


def tell_store_again(session: Session, retailer_id: UUID, shipment_id: UUID) -> Shipment:
    """The retailer put right what its store refused: the store is told of the parcel again. Raises ``NotFound``, and
    ``Conflict`` where the store refused nothing."""
    shipment = locked(session, shipment_id)
    if shipment.retailer_id != retailer_id:
        raise NotFound("shipment")
    if shipment.store_error is None:
        raise Conflict("The store has not refused this parcel.", code="nothing_refused")
    _ask_again(session, shipment)
    audit.record(session, retailer_id, "fulfillment.store_told_again", "shipment", shipment.id)
    return shipment


def tell_store_of_refused(session: Session, store_id: UUID) -> int:
    """A store's merchant has permitted more: the store is told again of the parcels that it refused and does not know.
    Returns of how many."""
    refused = session.scalars(refused_by_store(store_id).order_by(Shipment.id)).all()
    for shipment_id in refused:
        shipment = locked(session, shipment_id)
        if shipment.store_error is not None:
            _ask_again(session, shipment)
    return len(refused)


def _ask_again(session: Session, shipment: Shipment) -> None:
    """The store is told of a locked parcel again."""
    shipment.store_error = None
    tell_story(session, shipment, "store.asked_again")
    emit(session, StoreToBeTold(**ids_of(shipment)))


def compare_again(session: Session, shipments: Sequence[Shipment]) -> None:
    """Have what the store was told of parcels compared with what they make whole now."""
    emit(session, *(ShipmentCorrected(**ids_of(one)) for one in shipments))
