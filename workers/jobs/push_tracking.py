"""A parcel left: the store, and so its customer, gets the tracking number for the right lines."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.adapters import registries
from app.fulfillment.events import ShipmentCreated
from app.fulfillment.models import Shipment
from app.fulfillment.service import note_store_refused, note_store_told
from app.kit import clock
from app.kit.errors import Rejected
from app.orders.models import Order, OrderLine
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from app.stores.models import Store
from app.stores.platform import TrackingPush
from app.stores.service import access
from workers.job import RetryLater, Run, job

#: A parcel that left although the store holds its delivery is told when the store has let go.
_HELD_FOR = timedelta(minutes=5)


@job(queue="stores", on=ShipmentCreated, timeout=60, max_attempts=40)
def push_tracking(run: Run, event: ShipmentCreated) -> None:
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


def _work(session: Session, event: ShipmentCreated) -> tuple[Store, Shipment, PurchaseOrder, dict[str, int]] | None:
    shipment = session.scalars(
        select(Shipment).where(Shipment.id == event.shipment_id).options(selectinload(Shipment.lines))
    ).one()
    order = session.get_one(Order, event.order_id)
    if order.store_id is None or shipment.store_told_at is not None:
        return None
    refs: Any = session.execute(
        select(PurchaseOrderLine.id, OrderLine.external_line_id)
        .join(OrderLine, OrderLine.id == PurchaseOrderLine.order_line_id)
        .where(PurchaseOrderLine.purchase_order_id == event.purchase_order_id)
    )
    by_line = {line_id: ref for line_id, ref in refs if ref is not None}
    lines = {
        by_line[line.purchase_order_line_id]: line.quantity
        for line in shipment.lines
        if line.purchase_order_line_id in by_line
    }
    store = session.get_one(Store, order.store_id)
    return store, shipment, session.get_one(PurchaseOrder, event.purchase_order_id), lines
