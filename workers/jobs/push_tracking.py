"""A parcel left: the store, and so its customer, gets the tracking number for the right lines."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.adapters import registries
from app.fulfillment.events import ShipmentCreated, StoreToBeTold
from app.fulfillment.models import Shipment, ShipmentLine
from app.fulfillment.service import note_nothing_to_tell, note_store_refused, note_store_told
from app.kit import clock
from app.kit.errors import Rejected
from app.orders.models import Order, OrderLine
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from app.purchasing.rules import whole_units
from app.stores.models import Store
from app.stores.platform import TrackingPush
from app.stores.service import access
from workers.job import RetryLater, Run, job

#: A parcel that left although the store holds its delivery is told when the store has let go.
_HELD_FOR = timedelta(minutes=5)


@job(queue="stores", on=(ShipmentCreated, StoreToBeTold), timeout=60, max_attempts=40)
def push_tracking(run: Run, event: ShipmentCreated | StoreToBeTold) -> None:
    """See the module. Asked again, the store finds the fulfilment that it made the first time."""
    with run.transaction() as session:
        work = _work(session, event)
    if work is None:
        return
    store, shipment, purchase_order, lines = work
    platform = registries.stores.get(store.platform)
    if "push_tracking" not in platform.capabilities:
        return
    if purchase_order.external_fulfillment_order_id is None:
        raise RetryLater("the store has not decided yet", at=clock.now() + timedelta(seconds=2))
    if purchase_order.external_request_state == "held":
        raise RetryLater("the store holds the delivery", at=clock.now() + _HELD_FOR)
    carrier = registries.carriers.all().get(shipment.carrier)
    parcel = TrackingPush(
        fulfillment_order_id=purchase_order.external_fulfillment_order_id,
        lines=lines,
        carrier=carrier.label if carrier else shipment.carrier,
        tracking_number=shipment.tracking_number,
        tracking_url=shipment.tracking_url or (carrier.tracking_url(shipment.tracking_number) if carrier else None),
        notify_shopper=True,
    )
    try:
        external_id = platform.push_tracking(access(store.id, platform), parcel)
    except Rejected as error:
        with run.closing() as session:
            note_store_refused(session, shipment.id, error.message)
        return
    with run.closing() as session:
        note_store_told(session, shipment.id, external_id)


def _completed_by(session: Session, shipment: Shipment) -> dict[str, int]:
    """Units of the store's lines that are whole with this parcel and were not with those before it: of a bundle, those
    whose last component is in it."""
    row = PurchaseOrderLine
    mine = select(row.order_line_id).where(row.id.in_([line.purchase_order_line_id for line in shipment.lines]))
    rows: Any = session.execute(
        select(OrderLine.external_line_id, row.id, row.component, row.per_unit, ShipmentLine)
        .join(row, row.order_line_id == OrderLine.id)
        .outerjoin(ShipmentLine, ShipmentLine.purchase_order_line_id == row.id)
        .where(OrderLine.id.in_(mine), OrderLine.external_line_id.is_not(None))
    )
    after: defaultdict[str, dict[UUID, tuple[int, int, int]]] = defaultdict(dict)
    before: defaultdict[str, dict[UUID, tuple[int, int, int]]] = defaultdict(dict)
    for ref, line_id, component, per_unit, sent in rows:
        for sums, counts in (
            (after, sent and sent.shipment_id <= shipment.id),
            (before, sent and sent.shipment_id < shipment.id),
        ):
            had = sums[ref].get(line_id, (component, 0, per_unit))
            sums[ref][line_id] = (component, had[1] + (sent.quantity if counts else 0), per_unit)
    completed = {ref: whole_units(after[ref].values()) - whole_units(before[ref].values()) for ref in after}
    return {ref: units for ref, units in completed.items() if units}


def _work(
    session: Session, event: ShipmentCreated | StoreToBeTold
) -> tuple[Store, Shipment, PurchaseOrder, dict[str, int]] | None:
    shipment = session.scalars(
        select(Shipment).where(Shipment.id == event.shipment_id).options(selectinload(Shipment.lines))
    ).one()
    order = session.get_one(Order, event.order_id)
    if order.store_id is None or shipment.store_told_at is not None:
        return None
    lines = _completed_by(session, shipment)
    if not lines:
        # Parts of a bundle: the parcel that makes it whole is told.
        note_nothing_to_tell(session, shipment.id)
        return None
    store = session.get_one(Store, order.store_id)
    return store, shipment, session.get_one(PurchaseOrder, event.purchase_order_id), lines
