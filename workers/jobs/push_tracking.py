"""A parcel left: the store, and so its customer, gets the tracking number for the right lines. When the parcel turns
out to be otherwise (another number, other units, taken back), the store is brought in line with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.adapters import registries
from app.fulfillment import service as fulfillment
from app.fulfillment.events import ShipmentCorrected, ShipmentCreated, ShipmentVoided, StoreToBeTold
from app.fulfillment.models import Shipment
from app.fulfillment.rules import ANNOUNCED, LOST, NOT_PERMITTED, RETURNED, VOIDED
from app.fulfillment.service.locking import locked
from app.kit import clock
from app.kit.errors import Rejected
from app.orders.family import as_in_store
from app.orders.models import Order
from app.orders.queries import tracking_page
from app.outbox.service import emit
from app.purchasing.models import PurchaseOrder
from app.stores import queries as stores
from app.stores.events import FulfillmentWanted
from app.stores.models import Store
from app.stores.parcels import FulfillmentOrderRef, TrackingPush
from app.stores.platform import StoreAccess, StorePlatform
from app.stores.service import access, lasting_access
from workers.job import RetryLater, Run, job
from workers.parcel_letters import tell_of_parcels
from workers.parcel_lines import completed_by_location

_HEARD = (ShipmentCreated, ShipmentCorrected, ShipmentVoided, StoreToBeTold)
_Event = ShipmentCreated | ShipmentCorrected | ShipmentVoided | StoreToBeTold
#: A parcel that left although the store holds its delivery is told when the store has let go.
_HELD_FOR = timedelta(minutes=5)
#: How long it takes a store to make a fulfilment order, also anew of what was taken back, and us to accept it.
_SOON, _USUAL = timedelta(seconds=2), timedelta(minutes=1)
#: A store in which what left is found nowhere is asked less and less often, for so long after it left or was mended.
_LOOK_FOR = timedelta(minutes=10)

_NOWHERE = (
    "Nothing that your store has to send holds these units: they were sent there, cancelled, or given to another "
    "service. Look at the order in your store, then tell it again."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the store was told at one of its locations."""

    fulfillment_order_ref: str
    external_id: str | None
    lines: Mapping[str, int]
    number: str | None
    tried_number: str | None
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """A parcel, what the store should know of it by location, and what it does. ``shown`` is the parcel whose number
    the shopper is to follow: the one that was sent instead of it, where there is one."""

    shipment: Shipment
    shown: Shipment
    order: Order
    store: Store
    purchase_order: PurchaseOrder
    wanted: Mapping[str, Mapping[str, int]]
    known: Mapping[str, _Known]
    external_order_id: str
    #: The store's locations that are ours, and whether its merchant lets us put numbers at what it sends itself.
    ours: frozenset[str]
    permitted: bool
    #: What the store calls the order's other parcels.
    others: frozenset[str]
    #: The fulfilment orders by location, where they were looked up by what they hold.
    looked_up: Mapping[str, str] = field(default_factory=dict)


@job(queue="stores", on=_HEARD, batch=4, timeout=60, max_attempts=40)
def push_tracking(run: Run, event: _Event) -> None:
    """See the module. Asked again, the store finds the fulfilment that it made the first time."""
    with run.transaction() as session:
        work = _work(session, event)
        platform = None if work is None else registries.stores.get(work.store.platform)
        if work is None or platform is None or "push_tracking" not in platform.capabilities:
            run.end()
            return
        way_in = lasting_access(session, work.store.id)
    way_in = way_in or access(work.store.id, platform)
    try:
        work = _as_told(work)
        for location, known in work.known.items():
            if known.lines and work.wanted.get(location) != known.lines:
                _withdraw(run, platform, way_in, work, location, known)
        if any(not _is_told(work, location) for location in work.wanted):
            work = _ready(run, platform, way_in, work)
            try:
                _tell(run, platform, way_in, work)
            except Rejected as error:
                # What no request names, and was noted before, the store's people may have moved since.
                moved = error.code == "elsewhere" or work.purchase_order.external_request_state != "accepted"
                if work.looked_up or not moved:
                    raise
                _tell(run, platform, way_in, _looked_up(run, platform, way_in, work))
    except Rejected as error:
        if error.code == "held":
            raise RetryLater("the store holds a part of it", at=clock.now() + _HELD_FOR) from error
        with run.closing() as session:
            fulfillment.note_store_refused(session, work.shipment.id, error.message)


def _tell(run: Run, platform: StorePlatform, way_in: StoreAccess, work: _Work) -> None:
    changed = [location for location in work.wanted if not _is_told(work, location)]
    for location in changed:
        lines, told = work.wanted[location], work.known.get(location)
        last = location == changed[-1]
        if told is None or told.lines != lines or told.external_id is None:
            _push(run, platform, way_in, work, location, lines, last=last)
        else:
            _change(run, platform, way_in, work, location, told, last=last)


def _as_told(work: _Work) -> _Work:
    """What the store was told where it has the lines, which need not be where they are expected, stays there."""
    told = {location: known.lines for location, known in work.known.items() if known.lines}
    return replace(work, wanted=told) if told and _added_up(told) == _added_up(work.wanted) else work


def _added_up(places: Mapping[str, Mapping[str, int]]) -> Counter[str]:
    return sum((Counter(lines) for lines in places.values()), Counter())


def _is_told(work: _Work, location: str) -> bool:
    told = work.known.get(location)
    return (
        told is not None
        and told.lines == work.wanted[location]
        and told.external_id is not None
        and (told.number, told.revision) == (work.shown.tracking_number, work.shown.revision)
    )


def _is_noted(work: _Work, location: str) -> bool:
    """Whether the store was told these units at a location, or was asked to take them there."""
    noted = work.known.get(location)
    return noted is not None and noted.lines == work.wanted[location] and _reference(work, location) is not None


def _ready(run: Run, platform: StorePlatform, way_in: StoreAccess, work: _Work) -> _Work:
    """The work, once it is known where the store has what left. Raises ``RetryLater`` and ``Rejected``."""
    state = work.purchase_order.external_request_state
    if all(_is_noted(work, location) for location in work.wanted):
        # Wherever the store has it, also where no request was accepted: what it took already is sent there, and what
        # it may have taken is asked for by its number.
        return work
    if state == "held":
        # Perhaps only what is not in this parcel.
        return _looked_up(run, platform, way_in, work)
    if state == "accepted" and all(_reference(work, location) for location in work.wanted):
        return work
    begun = work.shipment.updated_at if state == "again" else work.order.created_at
    if state != "accepted" and clock.now() - begun < _USUAL:
        raise RetryLater("the store has not decided yet", at=clock.now() + _SOON)
    return _looked_up(run, platform, way_in, work)


def _looked_up(run: Run, platform: StorePlatform, way_in: StoreAccess, work: _Work) -> _Work:
    """The work with what the store has to send of it, wherever that is: at the merchant's own location where a line is
    linked to a supplier by hand, or where its people have moved it."""
    with run.transaction() as session:
        # This run itself may have told one location before it found that another has none of the lines.
        work = replace(work, known=_known(session, work.shipment.id))
    told = {
        location: lines
        for location, lines in work.wanted.items()
        if (known := work.known.get(location)) and known.external_id is not None and known.lines == lines
    }
    left = _added_up(work.wanted) - _added_up(told)
    wanted: dict[str, dict[str, int]] = {}
    found: dict[str, list[FulfillmentOrderRef]] = {}
    # One location may have several: what waits is taken last.
    unsent = platform.unsent_units(way_in, work.external_order_id)
    for place in sorted(unsent, key=lambda one: one.order.state == "held"):
        location = place.order.location_id
        if location in told or not (location in work.ours or place.order.of_merchant):
            continue
        here = {line: min(left[line], units) for line, units in place.lines.items() if left[line] > 0}
        if here:
            wanted[location] = dict(Counter(wanted.get(location, {})) + Counter(here))
            found.setdefault(location, []).append(place.order)
            left -= Counter(here)
    if left:
        age = clock.now() - work.shipment.updated_at
        if age > _LOOK_FOR:
            raise Rejected("elsewhere", _NOWHERE if work.permitted else NOT_PERMITTED)
        raise RetryLater("the store has what left nowhere yet", at=clock.now() + max(age / 2, _SOON))
    if any(order.state == "held" for orders in found.values() for order in orders):
        raise RetryLater("the store holds the delivery", at=clock.now() + _HELD_FOR)
    for location, orders in found.items():
        for order in orders if location in work.ours else ():
            platform.accept_fulfillment(way_in, order)
    refs = {location: orders[0].external_id for location, orders in found.items()}
    with run.transaction() as session:
        # All places are noted before one is told, so that another run takes the same ones.
        shipment = locked(session, work.shipment.id)
        # First those where it was tried in vain, which else would count as where the shopper is written to.
        fulfillment.forget_places(session, shipment.id, but=wanted)
        for location, lines in wanted.items():
            fulfillment.note_trying(
                session,
                shipment,
                location_ref=location,
                fulfillment_order_ref=refs[location],
                lines=lines,
                number=work.shown.tracking_number,
            )
    return replace(work, wanted={**told, **wanted}, looked_up=refs)


def _withdraw(
    run: Run, platform: StorePlatform, way_in: StoreAccess, work: _Work, location: str, known: _Known
) -> None:
    """The store forgets the parcel; what is to be sent anew is asked for again."""
    parcel = _parcel(work, known.fulfillment_order_ref, known.lines, number=known.tried_number or "")
    if known.external_id is not None or known.tried_number:
        platform.withdraw_tracking(way_in, known.external_id, parcel)
    with run.transaction() as session:
        shipment = locked(session, work.shipment.id)
        purchase_order = session.get_one(PurchaseOrder, shipment.purchase_order_id)
        fulfillment.note_store_withdrawn(session, shipment.id, location)
        if purchase_order.external_request_state == "accepted":
            purchase_order.external_request_state = "again"
        ids = {"store_id": work.store.id, "retailer_id": work.store.retailer_id, "order_id": work.order.id}
        emit(session, FulfillmentWanted(**ids))
    work.purchase_order.external_request_state = purchase_order.external_request_state


def _push(
    run: Run,
    platform: StorePlatform,
    way_in: StoreAccess,
    work: _Work,
    location: str,
    lines: Mapping[str, int],
    *,
    last: bool,
) -> None:
    shipment = work.shipment
    reference = _reference(work, location)
    assert reference is not None
    with run.transaction() as session:
        told_apart = tell_of_parcels(session, work.order.id)
    with run.transaction() as session:
        trying, other = fulfillment.note_trying(
            session,
            locked(session, shipment.id),
            location_ref=location,
            fulfillment_order_ref=reference,
            lines=lines,
            number=work.shown.tracking_number,
            told_apart=told_apart,
        )
        notify = trying.tells_shopper and trying.told_number != work.shown.tracking_number
    parcel = _parcel(work, reference, lines, also_known_as=other, notify=notify)
    _told(run, work, location, platform.push_tracking(way_in, parcel), last=last)


def _change(
    run: Run,
    platform: StorePlatform,
    way_in: StoreAccess,
    work: _Work,
    location: str,
    known: _Known,
    *,
    last: bool,
) -> None:
    assert known.external_id is not None
    notify = known.number != work.shown.tracking_number
    parcel = _parcel(work, known.fulfillment_order_ref, known.lines, notify=notify)
    platform.change_tracking(way_in, known.external_id, parcel)
    _told(run, work, location, known.external_id, last=last)


def _told(run: Run, work: _Work, location: str, external_id: str, *, last: bool) -> None:
    """Written down; at the last location that ends the task."""
    with run.closing() if last else run.transaction() as session:
        fulfillment.note_store_told(
            session,
            work.shipment.id,
            location,
            external_id,
            number=work.shown.tracking_number,
            revision=work.shown.revision,
        )


def _reference(work: _Work, location: str) -> str | None:
    """The fulfilment order at a location of the store, as far as it is known."""
    if location in work.looked_up:
        return work.looked_up[location]
    orders = work.purchase_order.external_fulfillment_orders
    for reference, place in orders.items():
        if place == location:
            return reference
    known = work.known.get(location)
    if known is not None and known.lines:
        return known.fulfillment_order_ref
    return None if orders else work.purchase_order.external_fulfillment_order_id


def _parcel(
    work: _Work,
    reference: str,
    lines: Mapping[str, int],
    *,
    number: str | None = None,
    also_known_as: str | None = None,
    notify: bool = False,
) -> TrackingPush:
    shipment = work.shown
    carrier = registries.carriers.all().get(shipment.carrier)
    at_carrier = carrier.tracking_url(shipment.tracking_number) if carrier else None
    return TrackingPush(
        fulfillment_order_id=reference,
        lines=lines,
        carrier=carrier.label if carrier else shipment.carrier,
        tracking_number=shipment.tracking_number if number is None else number,
        tracking_url=tracking_page(work.order)
        if work.store.links_tracking_page
        else shipment.tracking_url or at_carrier,
        notify_shopper=notify,
        also_known_as=also_known_as,
        others=work.others,
    )


def _work(session: Session, event: _Event) -> _Work | None:
    shipment = session.scalars(
        select(Shipment).where(Shipment.id == event.shipment_id).options(selectinload(Shipment.lines))
    ).one()
    order = session.get_one(Order, event.order_id)
    if order.store_id is None or shipment.shipment_status == ANNOUNCED or shipment.replaces_id is not None:
        # The store has one fulfilment of a parcel and those sent instead of it; the first one's event tells of it.
        return None
    purchase_order = session.get_one(PurchaseOrder, event.purchase_order_id)
    known = _known(session, shipment.id)
    given_up = shipment.shipment_status in (LOST, RETURNED)
    wanted = {} if shipment.shipment_status == VOIDED else completed_by_location(session, order.store_id, shipment)
    if given_up or (not known and shipment.store_told_at is not None):
        # Nothing is taken back of what is given up; and what was told before it was kept by location stays as it is.
        return None
    if not wanted and not any(one.lines for one in known.values()):
        # Parts of a bundle: the parcel that makes it whole is told. Or it was taken back before it was told.
        fulfillment.note_nothing_to_tell(session, shipment.id)
        return None
    store = session.get_one(Store, order.store_id)
    platform = registries.stores.get(store.platform)
    return _Work(
        shipment=shipment,
        shown=_shown(session, shipment),
        order=order,
        store=store,
        purchase_order=purchase_order,
        wanted=wanted,
        known=known,
        external_order_id=as_in_store(session, order).external_id,
        ours=frozenset(place.location_id for place in stores.locations(session, store.id).values()),
        permitted=stores.grants(session, store, platform, "merchant_fulfillment"),
        others=fulfillment.told_of_others(session, shipment),
    )


def _known(session: Session, shipment_id: UUID) -> dict[str, _Known]:
    """What the store was told of a parcel, by location."""
    return {
        row.location_ref: _Known(
            fulfillment_order_ref=row.fulfillment_order_ref,
            external_id=row.external_id,
            lines=row.lines,
            number=row.told_number,
            tried_number=row.tried_number,
            revision=row.told_revision,
        )
        for row in fulfillment.told_of(session, shipment_id)
    }


def _shown(session: Session, shipment: Shipment) -> Shipment:
    newest = session.scalar(
        select(Shipment)
        .where(Shipment.replaces_id == shipment.id, Shipment.shipment_status.not_in((ANNOUNCED, VOIDED)))
        .order_by(Shipment.id.desc())
        .limit(1)
    )
    return newest or shipment
