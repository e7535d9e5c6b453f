"""An order's purchase orders are released: accept in the store what it wants sent for them.

What the store holds is not accepted; its story says so, and the store tells us when it lets go.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.adapters import registries
from app.catalog.models import SupplierVariant
from app.kit import clock
from app.kit.errors import Rejected
from app.orders import service as orders
from app.orders.family import as_in_store
from app.orders.models import Order, OrderLine
from app.purchasing.events import OrderReleased
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from app.stores import queries as stores
from app.stores.events import FulfillmentWanted
from app.stores.models import Store
from app.stores.platform import FulfillmentOrderRef, StoreAccess, StorePlatform
from app.stores.service import access
from workers.job import RetryLater, Run, job

#: Stores decide which location sends what a moment after the order came in. Asking is cheaper than hearing of each
#: decision; the waits grow with the order's age.
_SHORTEST_WAIT, _LONGEST_WAIT = timedelta(seconds=1), timedelta(hours=1)
_ASK_FOR = timedelta(days=1)
#: What becomes of a request, and how the order's story says it.
_TOLD = {"held": "store.fulfillment_held", "accepted": "store.fulfillment_accepted"}


@job(queue="stores", on=(OrderReleased, FulfillmentWanted), coalesce=True, timeout=60, max_attempts=40)
def accept_fulfillment(run: Run, event: OrderReleased | FulfillmentWanted) -> None:
    """See the module. Harmless when all is accepted."""
    with run.transaction() as session:
        order = session.get_one(Order, event.order_id)
        store = session.get(Store, order.store_id) if order.store_id else None
        waiting = _waiting(session, order.id)
        locations = stores.locations(session, store.id) if store else {}
        external_id = as_in_store(session, order).external_id
    if store is None or not waiting:
        return
    platform = registries.stores.get(store.platform)
    if "fulfillment_requests" not in platform.capabilities:
        return
    way_in = access(store.id, platform)
    by_location = _by_location(platform.fulfillment_orders(way_in, external_id))
    states: dict[str, str] = {}
    missing = []
    for purchase_order_id, (supplier_id, listed_from) in waiting.items():
        places = [locations.get(one) for one in listed_from]
        refs = [by_location.get(place.location_id) for place in places if place is not None]
        found = [ref for ref in refs if ref is not None and ref.state != "cancelled"]
        if not found or len(found) < len(places):
            missing.append(purchase_order_id)
            continue
        for ref in found:
            if ref.external_id not in states:
                states[ref.external_id] = (
                    "accepted" if ref.state == "closed" else _accepted_or_held(platform, way_in, ref)
                )
        held = any(states[ref.external_id] == "held" for ref in found)
        _note(run, order.id, purchase_order_id, supplier_id, found, "held" if held else "accepted")
    age = clock.now() - order.created_at
    if missing and age < _ASK_FOR:
        wait = min(max(age / 2, _SHORTEST_WAIT), _LONGEST_WAIT)
        raise RetryLater("the store has not decided yet", at=clock.now() + wait)


def _accepted_or_held(platform: StorePlatform, way_in: StoreAccess, ref: FulfillmentOrderRef) -> str:
    if ref.state == "held":
        return "held"
    try:
        platform.accept_fulfillment(way_in, ref)
    except Rejected as error:
        if error.code != "held":
            raise
        return "held"
    return "accepted"


def _by_location(refs: Iterable[FulfillmentOrderRef]) -> dict[str, FulfillmentOrderRef]:
    """What each location has to send: what is still to be sent before what is done. Where a parcel was taken back there
    may be both."""
    found: dict[str, FulfillmentOrderRef] = {}
    for ref in refs:
        if ref.location_id not in found or found[ref.location_id].state in ("closed", "cancelled"):
            found[ref.location_id] = ref
    return found


def _waiting(session: Session, order_id: UUID) -> dict[UUID, tuple[UUID, list[UUID]]]:
    """Purchase orders with their suppliers, and the suppliers at whose locations the store has what they deliver: those
    that it was listed from, whoever delivers it, that of the first line first."""
    rows = session.execute(
        select(PurchaseOrder.id, PurchaseOrder.supplier_id, SupplierVariant.supplier_id)
        .join(PurchaseOrderLine, PurchaseOrderLine.purchase_order_id == PurchaseOrder.id)
        .join(OrderLine, OrderLine.id == PurchaseOrderLine.order_line_id)
        .join(SupplierVariant, SupplierVariant.id == OrderLine.variant_id)
        .where(
            PurchaseOrder.order_id == order_id,
            PurchaseOrder.released_at.is_not(None),
            PurchaseOrder.external_request_state.is_distinct_from("accepted"),
            PurchaseOrder.status != "CANCELLED",
        )
        .order_by(PurchaseOrder.id, PurchaseOrderLine.position)
    )
    found: dict[UUID, tuple[UUID, list[UUID]]] = {}
    for purchase_order_id, supplier_id, listed_from in rows:
        places = found.setdefault(purchase_order_id, (supplier_id, []))[1]
        if listed_from not in places:
            places.append(listed_from)
    return found


def _note(
    run: Run,
    order_id: UUID,
    purchase_order_id: UUID,
    supplier_id: UUID,
    refs: Sequence[FulfillmentOrderRef],
    state: str,
) -> None:
    with run.transaction() as session:
        order = orders.locked(session, order_id)
        purchase_order = session.get_one(PurchaseOrder, purchase_order_id)
        if purchase_order.external_request_state in ("accepted", state):
            return
        again = purchase_order.external_request_state == "again"
        purchase_order.external_fulfillment_order_id = refs[0].external_id
        purchase_order.external_fulfillment_orders = {ref.external_id: ref.location_id for ref in refs}
        purchase_order.external_request_state = state
        if again and state == "accepted":
            # It was asked for before, and what was taken back is asked for once more.
            return
        orders.tell(
            session,
            order,
            _TOLD[state],
            purchase_order_id=purchase_order_id,
            supplier_id=supplier_id,
        )
