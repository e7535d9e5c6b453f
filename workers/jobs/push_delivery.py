"""A parcel arrived: the store is told."""

from __future__ import annotations

from datetime import timedelta

from app.adapters import registries
from app.fulfillment.events import ShipmentDelivered
from app.fulfillment.models import Shipment
from app.fulfillment.service import note_store_refused, note_store_told_delivered, told_of
from app.kit import clock
from app.kit.errors import Rejected
from app.orders.models import Order
from app.stores.models import Store
from app.stores.service import access, lasting_access
from workers.job import RetryLater, Run, job


@job(queue="stores", on=ShipmentDelivered, batch=4, timeout=60, max_attempts=40)
def push_delivery(run: Run, event: ShipmentDelivered) -> None:
    """See the module."""
    with run.transaction() as session:
        shipment = session.get_one(Shipment, event.shipment_id)
        # The store's fulfilment is that of the parcel which left first.
        first = shipment if shipment.replaces_id is None else session.get_one(Shipment, shipment.replaces_id)
        order = session.get_one(Order, event.order_id)
        store = session.get(Store, order.store_id) if order.store_id else None
        known = [row.external_id for row in told_of(session, first.id) if row.external_id is not None]
        platform = None if store is None else registries.stores.get(store.platform)
        done = shipment.store_told_delivered_at is not None or first.store_error is not None
        if store is None or platform is None or done or "push_tracking" not in platform.capabilities:
            run.end()
            return
        way_in = lasting_access(session, store.id) if known or first.external_fulfillment_id else None
    if not known and first.external_fulfillment_id is not None:
        known = [first.external_fulfillment_id]
    if not known and first.store_told_at is not None:
        # There was nothing to tell of it.
        return
    if not known:
        raise RetryLater("the store does not know the parcel yet", at=clock.now() + timedelta(seconds=2))
    delivered_at = shipment.delivered_at or clock.now()
    way_in = way_in or access(store.id, platform)
    try:
        for external_id in known:
            platform.push_delivered(way_in, external_id, delivered_at)
    except Rejected as error:
        with run.closing() as session:
            note_store_refused(session, shipment.id, error.message)
        return
    with run.closing() as session:
        note_store_told_delivered(session, shipment.id)
