"""What of our facts the programs of retailers and suppliers are told: each fact in the words of its public events.

Both sides of an order hear of it, each with the ids that are its own. Nothing personal is in an event; who wants to
know more reads the object, with a key that may.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import singledispatch
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalog.events import ProductsChanged
from app.feeds.events import FeedFinished, FeedHeld, FeedMappingNeeded, FeedSourceFailing
from app.fulfillment.events import (
    ShipmentAnnounced,
    ShipmentCorrected,
    ShipmentCreated,
    ShipmentDelivered,
    ShipmentMoved,
    ShipmentVoided,
)
from app.inventory.events import InventoryChanged, ShortfallFound
from app.listings.events import ListingPricesChanged, ListingsRefused
from app.listings.models import Listing, ListingVariant
from app.listings.rules import DRAFT, UNLINKED
from app.orders.events import OrderHeld, OrderHoldsReleased, OrderLapsed
from app.orders.rules import CANCELLED, ON_HOLD, PENDING
from app.outbox.events import Event
from app.purchasing.changes.rules import OPEN
from app.purchasing.events import (
    AnswerOverdue,
    ChangeRequestMoved,
    DecisionMade,
    DecisionNeeded,
    DecisionWaits,
    LinesRerouted,
    LinesWithdrawn,
    OrderReleased,
    OrderRouted,
    PurchaseOrderAcknowledged,
    PurchaseOrderChanged,
    PurchaseOrderReleased,
)
from app.purchasing.models import PurchaseOrder
from app.settlement.events import PayoutSent
from app.store_refunds.events import StoreRefundAsked, StoreRefundMoved
from app.stores.events import StoreConnected, StoreDisconnected
from app.suppliers.events import SupplierStatusChanged, TestOrderPlaced
from app.webhooks.service import Fact, anybody_listens, listeners

SUPPLIER, RETAILER = "supplier", "retailer"
#: Most ids in one event.
_IDS_AT_ONCE = 100
#: The fields of our events that name whom they concern.
_PARTIES = ("retailer_id", "supplier_id")


def for_listeners(session: Session, payloads: Sequence[Mapping[str, Any]]) -> Callable[[Mapping[str, Any]], bool]:
    """What tells whether a fact concerns somebody who listens."""
    named = {payload[party] for payload in payloads for party in _PARTIES if payload.get(party)}
    listening = {str(one) for one in listeners(session, {UUID(one) for one in named})}
    return lambda payload: any(payload.get(party) in listening for party in _PARTIES)


def for_anybody(session: Session, _payloads: Sequence[Mapping[str, Any]]) -> Callable[[Mapping[str, Any]], bool]:
    """What tells whether anybody listens at all, of facts that do not name all whom they concern."""
    heard = anybody_listens(session)
    return lambda _payload: heard


@singledispatch
def public_facts(event: Event, _session: Session) -> Iterable[Fact]:
    """The public events of a fact."""
    raise LookupError(f"{type(event).__name__} is told nobody")


@public_facts.register
def _released(event: PurchaseOrderReleased, _session: Session) -> Iterable[Fact]:
    yield _of_purchase_order(event, "purchase_order.created")


@public_facts.register
def _changed(event: PurchaseOrderChanged, session: Session) -> Iterable[Fact]:
    yield _to_retailer(
        event.retailer_id,
        "order.updated",
        f"order:{event.order_id}",
        order_id=event.order_id,
        purchase_order_id=event.purchase_order_id,
        status=event.status,
    )
    # Its supplier knows nothing of one that is not released yet, which has one of these statuses.
    if event.status in (PENDING, ON_HOLD, CANCELLED) and not session.scalar(
        select(PurchaseOrder.released_at).where(PurchaseOrder.id == event.purchase_order_id)
    ):
        return
    if event.status == CANCELLED:
        yield _of_purchase_order(event, "purchase_order.cancelled")
    else:
        yield _of_purchase_order(event, "purchase_order.updated", status=event.status)


@public_facts.register
def _withdrawn(event: LinesWithdrawn, session: Session) -> Iterable[Fact]:
    if event.cause.startswith("rejected"):
        yield _of_order(event, "order.lines_rejected", purchase_order_id=event.purchase_order_id)
    elif session.scalar(select(PurchaseOrder.released_at).where(PurchaseOrder.id == event.purchase_order_id)):
        yield _of_purchase_order(event, "purchase_order.lines_cancelled")


@public_facts.register
def _change_moved(event: ChangeRequestMoved, _session: Session) -> Iterable[Fact]:
    about = {"purchase_order_id": event.purchase_order_id, "change_request_id": event.change_request_id}
    subject = f"purchase_order:{event.purchase_order_id}"
    if event.state == OPEN:
        yield _to_supplier(event.supplier_id, "purchase_order.change_requested", subject, kind=event.kind, **about)
        return
    told = {"kind": event.kind, "state": event.state, **about}
    yield _to_supplier(event.supplier_id, "purchase_order.change_answered", subject, **told)
    yield _to_retailer(event.retailer_id, "purchase_order.change_answered", f"order:{event.order_id}", **told)


@public_facts.register
def _acknowledged(event: PurchaseOrderAcknowledged, _session: Session) -> Iterable[Fact]:
    yield _of_order(event, "purchase_order.acknowledged", purchase_order_id=event.purchase_order_id)


@public_facts.register
def _rerouted(event: LinesRerouted, _session: Session) -> Iterable[Fact]:
    yield _of_purchase_order(event, "purchase_order.lines_cancelled")
    yield _of_order(event, "order.lines_rerouted", purchase_order_id=event.purchase_order_id)


@public_facts.register
def _overdue(event: AnswerOverdue, _session: Session) -> Iterable[Fact]:
    yield _of_purchase_order(event, "purchase_order.answer_overdue")
    if event.step == "escalated":
        yield _of_order(event, "order.answer_overdue", purchase_order_id=event.purchase_order_id)


@public_facts.register
def _to_refund(event: StoreRefundAsked, _session: Session) -> Iterable[Fact]:
    yield _of_order(event, "store_refund.asked", store_refund_id=event.store_refund_id)


@public_facts.register
def _refunded(event: StoreRefundMoved, _session: Session) -> Iterable[Fact]:
    yield _of_order(event, "store_refund.updated", store_refund_id=event.store_refund_id, state=event.state)


@public_facts.register
def _to_decide(event: DecisionNeeded, _session: Session) -> Iterable[Fact]:
    yield _of_order(event, "order.decision_needed", decision_id=event.decision_id, kind=event.kind)


@public_facts.register
def _waits(event: DecisionWaits, _session: Session) -> Iterable[Fact]:
    yield _of_order(event, "order.decision_waits", decision_id=event.decision_id, until=event.until)


@public_facts.register
def _decided(event: DecisionMade, _session: Session) -> Iterable[Fact]:
    made = {"decision_id": event.decision_id, "choice": event.choice, "chosen_by": event.chosen_by}
    yield _of_order(event, "order.decision_made", **made)


@public_facts.register
def _routed(event: OrderRouted, _session: Session) -> Iterable[Fact]:
    yield _of_order(event, "order.created")


@public_facts.register
def _paid(event: OrderReleased, _session: Session) -> Iterable[Fact]:
    yield _of_order(event, "order.paid")


@public_facts.register
def _held(event: OrderHeld, _session: Session) -> Iterable[Fact]:
    yield _of_order(event, "order.held", reason=event.reason)


@public_facts.register
def _resumed(event: OrderHoldsReleased, _session: Session) -> Iterable[Fact]:
    yield _of_order(event, "order.resumed")


@public_facts.register
def _lapsed(event: OrderLapsed, _session: Session) -> Iterable[Fact]:
    yield _of_order(event, "order.lapsed")


@public_facts.register
def _shipped(event: ShipmentCreated, _session: Session) -> Iterable[Fact]:
    return _of_shipment(event, "shipment.created")


@public_facts.register
def _announced(event: ShipmentAnnounced, _session: Session) -> Iterable[Fact]:
    return _of_shipment(event, "shipment.announced")


@public_facts.register
def _corrected(event: ShipmentCorrected, _session: Session) -> Iterable[Fact]:
    return _of_shipment(event, "shipment.corrected")


@public_facts.register
def _voided(event: ShipmentVoided, _session: Session) -> Iterable[Fact]:
    return _of_shipment(event, "shipment.voided")


@public_facts.register
def _moved(event: ShipmentMoved, _session: Session) -> Iterable[Fact]:
    return _of_shipment(event, "shipment.updated", delivery_status=event.delivery_status)


@public_facts.register
def _delivered(event: ShipmentDelivered, _session: Session) -> Iterable[Fact]:
    return _of_shipment(event, "shipment.delivered")


@public_facts.register
def _refused(event: ListingsRefused, _session: Session) -> Iterable[Fact]:
    return _of_listings(event, "listing.failed")


@public_facts.register
def _repriced(event: ListingPricesChanged, _session: Session) -> Iterable[Fact]:
    return _of_listings(event, "listing.price_changed")


@public_facts.register
def _stock_moved(event: InventoryChanged, session: Session) -> Iterable[Fact]:
    """For every retailer that listens and lists one of the variants."""
    rows = session.execute(
        select(ListingVariant.retailer_id, ListingVariant.variant_id)
        .join(Listing, Listing.id == ListingVariant.listing_id)
        .where(
            ListingVariant.variant_id.in_(event.variant_ids),
            ListingVariant.enabled,
            Listing.state.not_in((DRAFT, UNLINKED)),
        )
        .distinct()
        .order_by(ListingVariant.retailer_id, ListingVariant.variant_id)
    )
    of_retailers: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for retailer_id, variant_id in rows:
        of_retailers[retailer_id].append(variant_id)
    for retailer_id in sorted(listeners(session, of_retailers.keys())):
        variant_ids = of_retailers[retailer_id]
        for part in _parts(variant_ids):
            yield _to_retailer(
                retailer_id,
                "listing.stock_changed",
                f"supplier:{event.supplier_id}",
                supplier_id=event.supplier_id,
                variant_ids=part,
            )


@public_facts.register
def _store_connected(event: StoreConnected, _session: Session) -> Iterable[Fact]:
    yield _to_retailer(event.retailer_id, "store.connected", f"store:{event.store_id}", store_id=event.store_id)


@public_facts.register
def _store_lost(event: StoreDisconnected, _session: Session) -> Iterable[Fact]:
    subject = f"store:{event.store_id}"
    yield _to_retailer(event.retailer_id, "store.disconnected", subject, store_id=event.store_id, reason=event.reason)


@public_facts.register
def _products_changed(event: ProductsChanged, _session: Session) -> Iterable[Fact]:
    for part in _parts(event.product_ids):
        yield _to_supplier(event.supplier_id, "product.updated", f"supplier:{event.supplier_id}", product_ids=part)


@public_facts.register
def _short(event: ShortfallFound, _session: Session) -> Iterable[Fact]:
    yield _to_supplier(
        event.supplier_id,
        "inventory.shortfall",
        f"variant:{event.variant_id}",
        shortfall_id=event.shortfall_id,
        variant_id=event.variant_id,
        missing=event.missing,
    )


@public_facts.register
def _file_finished(event: FeedFinished, _session: Session) -> Iterable[Fact]:
    subject = f"feed_run:{event.run_id}"
    yield _to_supplier(event.supplier_id, "feed_run.finished", subject, run_id=event.run_id, state=event.state)


@public_facts.register
def _file_held(event: FeedHeld, _session: Session) -> Iterable[Fact]:
    yield _to_supplier(event.supplier_id, "feed_run.held", f"feed_run:{event.run_id}", run_id=event.run_id)


@public_facts.register
def _mapping_needed(event: FeedMappingNeeded, _session: Session) -> Iterable[Fact]:
    yield _to_supplier(event.supplier_id, "feed_run.needs_mapping", f"feed_run:{event.run_id}", run_id=event.run_id)


@public_facts.register
def _feed_failing(event: FeedSourceFailing, _session: Session) -> Iterable[Fact]:
    subject = f"feed_source:{event.source_id}"
    yield _to_supplier(event.supplier_id, "feed.failing", subject, source_id=event.source_id)


@public_facts.register
def _paid_out(event: PayoutSent, _session: Session) -> Iterable[Fact]:
    yield _to_supplier(event.supplier_id, "payout.sent", f"payout:{event.payout_id}", payout_id=event.payout_id)


@public_facts.register
def _tested(event: TestOrderPlaced, _session: Session) -> Iterable[Fact]:
    subject = f"test_order:{event.test_order_id}"
    yield _to_supplier(event.supplier_id, "test_order.created", subject, test_order_id=event.test_order_id)


@public_facts.register
def _status_changed(event: SupplierStatusChanged, _session: Session) -> Iterable[Fact]:
    subject = f"supplier:{event.supplier_id}"
    yield _to_supplier(event.supplier_id, "account.status_changed", subject, status=event.status)


#: What the job that records events hears, each told by one of the functions above.
TOLD: tuple[type[Event], ...] = (
    ChangeRequestMoved,
    AnswerOverdue,
    DecisionMade,
    DecisionNeeded,
    DecisionWaits,
    FeedFinished,
    FeedHeld,
    FeedMappingNeeded,
    FeedSourceFailing,
    LinesRerouted,
    LinesWithdrawn,
    ListingPricesChanged,
    ListingsRefused,
    OrderHeld,
    OrderHoldsReleased,
    OrderLapsed,
    OrderReleased,
    OrderRouted,
    PayoutSent,
    ProductsChanged,
    PurchaseOrderAcknowledged,
    PurchaseOrderChanged,
    PurchaseOrderReleased,
    ShipmentAnnounced,
    ShipmentCorrected,
    ShipmentCreated,
    ShipmentDelivered,
    ShipmentMoved,
    ShipmentVoided,
    ShortfallFound,
    StoreConnected,
    StoreDisconnected,
    StoreRefundAsked,
    StoreRefundMoved,
    SupplierStatusChanged,
    TestOrderPlaced,
)


class _ConcernsOrder(Protocol):
    """An event about a retailer's order."""

    @property
    def order_id(self) -> UUID: ...

    @property
    def retailer_id(self) -> UUID: ...


def _of_order(event: _ConcernsOrder, type_name: str, **more: Any) -> Fact:
    return _to_retailer(event.retailer_id, type_name, f"order:{event.order_id}", order_id=event.order_id, **more)


def _of_purchase_order(
    event: PurchaseOrderReleased | PurchaseOrderChanged | LinesWithdrawn | LinesRerouted | AnswerOverdue,
    type_name: str,
    **more: Any,
) -> Fact:
    return _to_supplier(
        event.supplier_id,
        type_name,
        f"purchase_order:{event.purchase_order_id}",
        purchase_order_id=event.purchase_order_id,
        **more,
    )


def _of_shipment(
    event: ShipmentCreated | ShipmentMoved | ShipmentDelivered | ShipmentAnnounced | ShipmentCorrected | ShipmentVoided,
    type_name: str,
    **more: Any,
) -> Iterable[Fact]:
    ids = {"shipment_id": event.shipment_id, "purchase_order_id": event.purchase_order_id}
    yield _to_supplier(event.supplier_id, type_name, f"purchase_order:{event.purchase_order_id}", **ids, **more)
    yield _of_order(event, type_name, **ids, **more)


def _of_listings(event: ListingsRefused | ListingPricesChanged, type_name: str) -> Iterable[Fact]:
    for part in _parts(event.listing_ids):
        yield _to_retailer(
            event.retailer_id, type_name, f"store:{event.store_id}", store_id=event.store_id, listing_ids=part
        )


def _to_supplier(supplier_id: UUID, type_name: str, subject: str, **data: Any) -> Fact:
    return Fact(organisation_id=supplier_id, kind=SUPPLIER, type=type_name, subject=subject, data=_plain(data))


def _to_retailer(retailer_id: UUID, type_name: str, subject: str, **data: Any) -> Fact:
    return Fact(organisation_id=retailer_id, kind=RETAILER, type=type_name, subject=subject, data=_plain(data))


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: [str(one) for one in value]
        if isinstance(value, tuple)
        else str(value)
        if isinstance(value, UUID)
        else value
        for name, value in data.items()
    }


def _parts(ids: Sequence[UUID]) -> Iterable[tuple[UUID, ...]]:
    return (tuple(ids[start : start + _IDS_AT_ONCE]) for start in range(0, len(ids), _IDS_AT_ONCE))
