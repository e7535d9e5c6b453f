"""What becomes of the things that stores tell us: each kind of fact, and the service it goes to.

Everything here happens in the transaction that closes the hook; nothing calls out.
"""

from __future__ import annotations

from datetime import datetime
from functools import singledispatch
from uuid import UUID

from sqlalchemy import ColumnElement, false, or_, select
from sqlalchemy.orm import Session

from app.identity.models import Organisation
from app.kit import clock, texts
from app.listings import service as listing_service
from app.notifications.service import notify
from app.orders import service as orders
from app.orders.models import Order
from app.orders.risk import HIGH
from app.outbox.service import emit
from app.privacy.service import note_request
from app.purchasing import service as purchasing
from app.purchasing.changes.queries import waiting_of
from app.purchasing.models import PurchaseOrder
from app.purchasing.queries import to_be_accepted
from app.store_refunds import service as store_refunds
from app.stores import service as stores
from app.stores.events import CancellationWanted, FulfillmentWanted, StoreReturnTold
from app.stores.hooks import (
    AppUninstalled,
    CancellationAsked,
    FulfillmentAsked,
    HookFact,
    Ignored,
    OrderCancelled,
    OrderRefunded,
    OrderReported,
    PrivacyAsked,
    ProductEdited,
    ProductRemoved,
    ReturnTold,
    RiskTold,
    ScopesChanged,
)
from app.stores.models import Store
from app.stores.risk import rules_of
from workers.store_locations import lines_there
from workers.store_orders import concerns_us, gone_in_store, take_order, wanted_of


def handle(session: Session, store: Store, fact: HookFact, *, message_id: str, triggered_at: datetime | None) -> str:
    """Take a fact in. Returns what was done, for the inbox. Raises ``AppError`` when it can't be taken."""
    if isinstance(fact, AppUninstalled):
        return (
            "uninstalled" if stores.uninstall(session, store, triggered_at=triggered_at) else "an earlier installation"
        )
    if isinstance(fact, PrivacyAsked):
        note_request(
            session,
            store.retailer_id,
            store_id=store.id,
            kind=fact.kind,
            external_id=message_id,
            order_refs=fact.external_order_ids,
            requested_at=triggered_at or clock.now(),
        )
        return f"{fact.kind} noted"
    return _handle(fact, session, store)


@singledispatch
def _handle(fact: HookFact, session: Session, store: Store) -> str:
    raise NotImplementedError(f"nothing handles {type(fact).__name__}")


@_handle.register
def _(fact: Ignored, session: Session, store: Store) -> str:
    return f"ignored: {fact.why}"


@_handle.register
def _(fact: OrderReported, session: Session, store: Store) -> str:
    return take_order(session, store, fact.order)


@_handle.register
def _(fact: OrderCancelled, session: Session, store: Store) -> str:
    order = orders.find_by_external_id(session, store.retailer_id, store.id, fact.external_id)
    if order is None and fact.order is not None and concerns_us(wanted := wanted_of(session, store, fact.order)):
        # It overtook the order, which is to find itself cancelled when it comes.
        if purchasing.record_cancelled(session, wanted):
            return "cancelled before it came"
        order = orders.find_by_external_id(session, store.retailer_id, store.id, fact.external_id)
    if order is None:
        return "not an order of ours"
    return gone_in_store(session, store, order, None if fact.order is None else fact.order.updated_at)


@_handle.register
def _(fact: OrderRefunded, session: Session, store: Store) -> str:
    order = orders.find_by_external_id(session, store.retailer_id, store.id, fact.external_id)
    if order is None:
        return "not an order of ours"
    known = store_refunds.match(
        session, order, refund_id=fact.refund_id, note=fact.note, units=fact.units, amount=fact.amount
    )
    if known is not None:
        return f"the refund {known.id}: {known.state}"
    # What had not left is taken away by the word of the order itself, which the store sends too.
    left = purchasing.left_units(session, order.id, fact.units)
    if not left:
        return "nothing of it had left"
    orders.tell(session, order, "order.refunded_in_store", quantity=left)
    notify(
        session,
        store.retailer_id,
        kind="refunded_in_store",
        severity="info",
        title=f"You refunded {texts.counted(left, 'unit', 'units')} of {order.external_name} that had left",
        body="If your customer sends them back, start a return here: then their supplier credits you.",
        link=f"/app/orders/{order.id}",
        dedupe=f"refunded_in_store:{fact.refund_id}",
    )
    return f"{texts.counted(left, 'unit', 'units')} had left"


@_handle.register
def _(fact: ReturnTold, session: Session, store: Store) -> str:
    emit(session, StoreReturnTold(store_id=store.id, retailer_id=store.retailer_id, return_ref=fact.external_id))
    return "the return is read"


@_handle.register
def _(fact: RiskTold, session: Session, store: Store) -> str:
    stores.note_risk(session, store, fact.external_id, fact.level)
    order = orders.find_by_external_id(session, store.retailer_id, store.id, fact.external_id)
    if order is None or fact.level != HIGH or not rules_of(store.risk_rules).platform:
        return f"risk {fact.level} noted"
    if purchasing.hold_for_risk(session, order.id, fact.level):
        return "on hold for its risk"
    notify(
        session,
        store.retailer_id,
        kind="risk_told",
        severity="warning",
        title=f"Your store thinks that {order.external_name} may be fraud",
        body="Its suppliers have it already. Look at it in your store, and cancel here what you do not want sent.",
        link=f"/app/orders/{order.id}",
        dedupe=f"risk_told:{order.id}",
    )
    return "its suppliers have it: the retailer is told"


@_handle.register
def _(fact: ScopesChanged, session: Session, store: Store) -> str:
    stores.note_scopes(session, store, fact.scopes)
    return "permissions noted"


@_handle.register
def _(fact: ProductRemoved, session: Session, store: Store) -> str:
    listing_service.note_removed(session, store.id, fact.external_id)
    return "noted"


@_handle.register
def _(fact: ProductEdited, session: Session, store: Store) -> str:
    owned = listing_service.note_owned_by_store(session, store, fact)
    return f"retailer owns {', '.join(owned)}" if owned else "nothing of the retailer's own"


@_handle.register
def _(fact: FulfillmentAsked, session: Session, store: Store) -> str:
    order_id = _order_of(session, store, fact.external_order_id, fact.external_fulfillment_order_id)
    if order_id is None:
        return "not an order of ours"
    # Most hear of what we asked for ourselves. What is not released yet is accepted when it is.
    if session.scalar(select(PurchaseOrder.id).where(*to_be_accepted(order_id)).limit(1)) is None:
        return "nothing is to be accepted"
    emit(session, FulfillmentWanted(store_id=store.id, retailer_id=store.retailer_id, order_id=order_id))
    return "fulfilment to be accepted"


@_handle.register
def _(fact: CancellationAsked, session: Session, store: Store) -> str:
    ref = fact.external_fulfillment_order_id
    found = session.scalars(
        select(PurchaseOrder).where(PurchaseOrder.retailer_id == store.retailer_id, _asked_as(ref))
    ).all()
    accept = False
    if found:
        order = session.get_one(Order, found[0].order_id)
        there = {here.line.id: here for one in found for here in lines_there(session, store.id, one, ref)}
        only = [one.id for one in found]
        purchasing.ask_to_cancel(
            session,
            order.retailer_id,
            order.id,
            {here.line.order_line_id: here.ordered for here in there.values()},
            origin="store",
            as_far=True,
            only=only,
            external_ref=ref,
        )
        if any(row.purchase_order_line_id in there for one in waiting_of(session, only) for row in one.lines):
            return "its supplier is asked"
        accept = all(here.stopped for here in there.values())
    emit(
        session,
        CancellationWanted(
            store_id=store.id,
            retailer_id=store.retailer_id,
            fulfillment_order_ref=ref,
            accept=accept,
        ),
    )
    return "accepted" if accept else "refused: nothing of it can be stopped any more"


def tell_of_refusal(session: Session, store: Store, reason: str, message_id: UUID) -> None:
    """The retailer should know that something from its store could not be taken."""
    organisation = session.get_one(Organisation, store.retailer_id)
    notify(
        session,
        organisation.id,
        kind="hook_refused",
        severity="warning",
        title=f"Something from {store.name} could not be taken over",
        body=reason,
        link="/app/orders",
        dedupe=f"hook_refused:{message_id}",
    )


def _order_of(
    session: Session, store: Store, external_order_id: str | None, fulfillment_order_ref: str | None
) -> UUID | None:
    if external_order_id is not None:
        order = orders.find_by_external_id(session, store.retailer_id, store.id, external_order_id)
        return order.id if order else None
    return session.scalar(
        select(PurchaseOrder.order_id).where(
            PurchaseOrder.retailer_id == store.retailer_id,
            _asked_as(fulfillment_order_ref),
        )
    )


def _asked_as(fulfillment_order_ref: str | None) -> ColumnElement[bool]:
    """Purchase orders that deliver a store's fulfilment order, or a part of it."""
    if fulfillment_order_ref is None:
        return false()
    return or_(
        PurchaseOrder.external_fulfillment_order_id == fulfillment_order_ref,
        PurchaseOrder.external_fulfillment_orders.has_key(fulfillment_order_ref),
    )
