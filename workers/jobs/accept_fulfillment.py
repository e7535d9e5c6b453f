"""An order's purchase orders are released: accept in the store what it wants sent for them.

What the store holds is not accepted; its story says so, and the store tells us when it lets go.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.adapters import registries
from app.catalog.models import SupplierVariant
from app.db import together
from app.kit import clock
from app.kit.errors import Rejected
from app.orders import service as orders
from app.orders.family import as_in_store
from app.orders.models import Order, OrderLine
from app.purchasing.events import OrderReleased
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from app.purchasing.queries import to_be_accepted
from app.stores import queries as stores
from app.stores.events import FulfillmentWanted
from app.stores.models import Store
from app.stores.parcels import FulfillmentOrderRef
from app.stores.platform import StoreAccess, StorePlatform
from app.stores.service import access, lasting_access
from workers.job import RetryLater, Run, job

#: Stores decide which location sends what a moment after the order came in. Asking is cheaper than hearing of each
#: decision; the waits grow with the order's age.
_SHORTEST_WAIT, _LONGEST_WAIT = timedelta(seconds=1), timedelta(hours=1)
_ASK_FOR = timedelta(days=1)
#: Within which a store decides of all lines alike. What is at none of our locations then is sent from elsewhere: what
#: the merchant has linked to a supplier by hand, or moved.
_DECIDES_WITHIN = timedelta(minutes=1)
#: What becomes of a request, and how the order's story says it.
_TOLD = {"held": "store.fulfillment_held", "accepted": "store.fulfillment_accepted"}


@job(queue="stores", on=(OrderReleased, FulfillmentWanted), coalesce=True, batch=4, timeout=60, max_attempts=40)
def accept_fulfillment(run: Run, event: OrderReleased | FulfillmentWanted) -> None:
    """See the module. Harmless when all is accepted."""
    with run.transaction() as session:
        order = session.get_one(Order, event.order_id)
        store = session.get(Store, order.store_id) if order.store_id else None
        platform = None if store is None else registries.stores.get(store.platform)
        waiting = _waiting(session, order.id)
        if store is None or platform is None or not waiting or "fulfillment_requests" not in platform.capabilities:
            run.end()
            return
        locations = stores.locations(session, store.id)
        external_id = as_in_store(session, order).external_id
        way_in = lasting_access(session, store.id)
    way_in = way_in or access(store.id, platform)
    by_location = _by_location(platform.fulfillment_orders(way_in, external_id))
    split = {ref.external_id for group in by_location.values() if len(group) > 1 for ref in group}
    lines = {one.order.external_id: one.lines for one in platform.unsent_units(way_in, external_id)} if split else {}
    age = clock.now() - order.created_at
    states: dict[str, str] = {}
    found: list[_Found] = []
    missing = all_asked = False
    try:
        for purchase_order_id, (supplier_id, listed_from) in waiting.items():
            places = [locations.get(one) for one in listed_from]
            groups = [by_location.get(place.location_id, []) for place in places if place is not None]
            groups = [[ref for ref in group if ref.state != "cancelled"] for group in groups]
            there = [ref for group in groups for ref in group]
            if sum(map(bool, groups)) < len(places):
                missing = True
                if not there or age < _DECIDES_WITHIN:
                    continue
            for ref in there:
                if ref.external_id not in states:
                    states[ref.external_id] = (
                        "accepted" if ref.state == "closed" else _accepted_or_held(platform, way_in, ref)
                    )
            held = any(states[ref.external_id] == "held" for ref in there)
            parts = {ref.external_id: lines.get(ref.external_id, {}) for ref in there if ref.external_id in split}
            found.append(_Found(purchase_order_id, supplier_id, there, parts, "held" if held else "accepted"))
        all_asked = not missing
    finally:
        # What the store took is written down, also where it refuses what follows.
        _note(run, order.id, found, ends=all_asked)
    if missing and age < _ASK_FOR:
        wait = min(max(age / 2, _SHORTEST_WAIT), _LONGEST_WAIT)
        raise RetryLater("the store has not decided yet", at=clock.now() + wait)
    if missing and not found:
        with run.closing() as session:
            orders.tell(session, orders.locked(session, order.id), "store.fulfillment_elsewhere")


@dataclass(frozen=True, slots=True)
class _Found:
    """A purchase order, what the store wants sent for it (with the units of each line, where it has split what one
    location has), and what became of the request."""

    purchase_order_id: UUID
    supplier_id: UUID
    refs: Sequence[FulfillmentOrderRef]
    parts: Mapping[str, Mapping[str, int]]
    state: str


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


def _by_location(refs: Iterable[FulfillmentOrderRef]) -> dict[str, list[FulfillmentOrderRef]]:
    """What each location has to send: all that is still to be sent, which the store may have split into several; where
    nothing is, what was done last. Where a parcel was taken back there may be both."""
    found: defaultdict[str, list[FulfillmentOrderRef]] = defaultdict(list)
    for ref in refs:
        found[ref.location_id].append(ref)
    return {
        location: [ref for ref in group if ref.state not in ("closed", "cancelled")] or group[-1:]
        for location, group in found.items()
    }


def _waiting(session: Session, order_id: UUID) -> dict[UUID, tuple[UUID, list[UUID]]]:
    """Purchase orders with their suppliers, and the suppliers at whose locations the store has what they deliver: those
    that it was listed from, whoever delivers it, that of the first line first."""
    rows = session.execute(
        select(PurchaseOrder.id, PurchaseOrder.supplier_id, SupplierVariant.supplier_id)
        .join(PurchaseOrderLine, PurchaseOrderLine.purchase_order_id == PurchaseOrder.id)
        .join(OrderLine, OrderLine.id == PurchaseOrderLine.order_line_id)
        .join(SupplierVariant, SupplierVariant.id == OrderLine.variant_id)
        .where(*to_be_accepted(order_id))
        .order_by(PurchaseOrder.id, PurchaseOrderLine.position)
    )
    found: dict[UUID, tuple[UUID, list[UUID]]] = {}
    for purchase_order_id, supplier_id, listed_from in rows:
        places = found.setdefault(purchase_order_id, (supplier_id, []))[1]
        if listed_from not in places:
            places.append(listed_from)
    return found


def _note(run: Run, order_id: UUID, found: Sequence[_Found], *, ends: bool) -> None:
    if not found and not ends:
        return
    with run.transaction() as session, together(session):
        if ends:
            run.end()
        order = orders.locked(session, order_id)
        for one in found:
            purchase_order = session.get_one(PurchaseOrder, one.purchase_order_id)
            if purchase_order.external_request_state in ("accepted", one.state):
                continue
            again = purchase_order.external_request_state == "again"
            purchase_order.external_fulfillment_order_id = one.refs[0].external_id
            purchase_order.external_fulfillment_orders = {ref.external_id: ref.location_id for ref in one.refs}
            purchase_order.external_fulfillment_lines = {ref: dict(units) for ref, units in one.parts.items()}
            purchase_order.external_request_state = one.state
            if not again or one.state != "accepted":
                # What was asked for before, and is asked for once more, has been told.
                orders.tell(
                    session,
                    order,
                    _TOLD[one.state],
                    purchase_order_id=one.purchase_order_id,
                    supplier_id=one.supplier_id,
                )
