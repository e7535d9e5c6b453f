"""What becomes of the things that stores tell us: each kind of fact, and the service it goes to.

Everything here happens in the transaction that closes the hook; nothing calls out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import singledispatch
from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, false, or_, select
from sqlalchemy.orm import Session

from app.identity.models import Organisation
from app.kit import clock, texts
from app.kit.errors import AppError, Conflict
from app.kit.money import Money
from app.listings import queries as listings
from app.listings import service as listing_service
from app.listings.rules import link_key
from app.listings.unlinked import links_of, looks
from app.notifications.service import notify
from app.orders import service as orders
from app.orders.models import Order
from app.orders.risk import HIGH
from app.orders.rules import CANCELLED
from app.outbox.service import emit
from app.privacy.service import note_request
from app.purchasing import service as purchasing
from app.purchasing.changes.queries import waiting_of
from app.purchasing.models import PurchaseOrder
from app.purchasing.queries import to_be_accepted
from app.settlement.service import cancel_unpaid_charge, follow_rejections
from app.store_refunds import queries as store_refunds_queries
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
from app.stores.payment import Payment
from app.stores.risk import AUTHORIZED, rules_of
from app.stores.store_orders import Address, StoreOrder
from workers.store_locations import lines_there
from workers.store_payments import tell_of_lapse, tell_of_payment_in_vain


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
    if order is None and fact.order is not None and _concerns_us(wanted := _wanted(session, store, fact.order)):
        # It overtook the order, which is to find itself cancelled when it comes.
        if purchasing.record_cancelled(session, wanted):
            return "cancelled before it came"
        order = orders.find_by_external_id(session, store.retailer_id, store.id, fact.external_id)
    if order is None:
        return "not an order of ours"
    return _gone_in_store(session, store, order, None if fact.order is None else fact.order.updated_at)


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


def take_order(session: Session, store: Store, order: StoreOrder, *, settled: bool = False) -> str:
    """Take in a store's order: the lines that are ours, once; what is not paid yet waits for that. ``settled``: see
    ``follow_store_order``."""
    known = orders.find_by_external_id(session, store.retailer_id, store.id, order.external_id)
    if order.cancelled:
        if known is None:
            return "ignored: cancelled"
        # The hook that says so may have got lost. All words that follow say it, too: what one of them has done is done.
        purchasing.locked_family(session, known.id)
        if purchasing.is_gone_in_store(session, known.id):
            return f"order {known.id} known"
        return _gone_in_store(session, store, known, order.updated_at)
    wanted = _wanted(session, store, order)
    if known is not None:
        return _follow(session, store, known, order, wanted, settled=settled)
    if not order.paid and (order.test or not order.awaited):
        return "ignored: not paid"
    if not _concerns_us(wanted):
        return "ignored: no line is ours"
    if store.status == "uninstalled":
        raise Conflict(
            f"Order {order.name} came after the app was removed: the store is no longer connected.",
            code="store_not_connected",
        )
    placed = purchasing.place_order(session, wanted)
    if order.test:
        # Nothing is set aside for it: the store, which counted it as a sale, is to show the units again.
        listing_service.follow_inventory(session, [line.variant_id for line in wanted.lines])
        return f"test order {placed.order_id} {'written down' if placed.created else 'known'}"
    if (
        placed.created
        and not order.paid
        and not (order.payment is Payment.AUTHORIZED and store.sends_when == AUTHORIZED)
    ):
        return f"order {placed.order_id} waits until it is paid"
    return f"order {placed.order_id} {'placed' if placed.created else 'known'}"


def _gone_in_store(session: Session, store: Store, order: Order, told_at: datetime | None) -> str:
    """An order that is there was cancelled in its store, which told so with its word of ``told_at``."""
    _, *supplements = purchasing.locked_family(session, order.id)
    before = order.status
    purchasing.note_gone_in_store(session, order.id, told_at)
    asked = purchasing.cancel_all(session, order.retailer_id, order.id, origin="store")
    session.refresh(order)
    for more in supplements:
        asked.asked |= purchasing.cancel_all(session, more.retailer_id, more.id, origin="store").asked
        session.refresh(more)
        if more.status == CANCELLED:
            cancel_unpaid_charge(session, more.id)
    if before != CANCELLED:
        orders.tell(session, order, "order.cancelled_in_store")
    if order.status == CANCELLED:
        cancel_unpaid_charge(session, order.id)
        return "cancelled"
    waits = "A supplier has accepted part of it and was asked to stop; we tell you its answer."
    left = "Part of it has left already. If your customer does not want it, start a return when it has arrived."
    notify(
        session,
        store.retailer_id,
        kind="cancelled_in_store",
        severity="warning",
        title=f"Order {order.external_name} was cancelled in your store",
        body=waits if asked.asked else left,
        link=f"/app/orders/{order.id}",
        dedupe=f"cancelled_in_store:{order.id}",
    )
    return "partly cancelled"


def _follow(
    session: Session,
    store: Store,
    known: Order,
    order: StoreOrder,
    wanted: purchasing.PlaceOrder,
    *,
    settled: bool,
) -> str:
    """An order that is there: what its store changed of it since is changed here."""
    lapsed = False
    if order.payment is Payment.LAPSED:
        lapse = purchasing.follow_lapse(session, known.id, told_at=order.updated_at)
        if lapse.cancelled:
            tell_of_lapse(session, known)
            return f"order {known.id} cancelled: it will not be paid"
        lapsed = lapse.withdrawn

    def before_less(family: Sequence[Order]) -> Mapping[str, int]:
        for one in family:
            follow_rejections(session, one.id)
        return store_refunds_queries.given_back(session, known.id)

    followed = purchasing.follow_store_order(
        session,
        known.id,
        {line.external_line_id: line.quantity for line in order.lines},
        wanted if (order.paid or order.awaited) and not order.test else None,
        told_at=order.updated_at,
        before_less=before_less,
        settled=settled,
    )
    moved = ""
    if followed.address_changed and order.address is not None:
        moved = _another_address(session, store, known.id, order.address, message_id=f"{known.id}:{order.updated_at}")
    paid = purchasing.follow_payment(session, known.id, order.payment, told_at=order.updated_at)
    if paid.in_vain:
        tell_of_payment_in_vain(session, known)
    said = [
        moved,
        ("paid" if order.paid else "authorised") if paid.goes_on else "",
        "its payment is withdrawn" if lapsed else "",
        f"{followed.cancelled} cancelled" if followed.cancelled else "",
        f"{followed.asked} asked for" if followed.asked else "",
        f"{followed.added} added" if followed.added else "",
    ]
    changes = ", ".join(one for one in said if one)
    return f"order {known.id} changed: {changes}" if changes else f"order {known.id} known"


def _another_address(session: Session, store: Store, order_id: UUID, address: Address, *, message_id: str) -> str:
    """The store's address of an order is another now: its suppliers follow, or the retailer is told why not."""
    try:
        with session.begin_nested():
            changed = purchasing.change_address(session, store.retailer_id, order_id, address, origin="store")
    except AppError as error:
        order = session.get_one(Order, order_id)
        notify(
            session,
            store.retailer_id,
            kind="address_changed",
            severity="warning",
            title=f"The address of {order.external_name} was changed in your store",
            body=f"It still goes to the one before: {error.detail}",
            link=f"/app/orders/{order_id}",
            dedupe=f"address_changed:{message_id}",
        )
        return "another address is refused"
    return "another address" if changed.applied else "another address is asked for"


def _wanted(session: Session, store: Store, order: StoreOrder) -> purchasing.PlaceOrder:
    """A store's order as it would be placed with us."""
    ours = listings.variants_by_external_id(
        session, store.id, [line.external_variant_id for line in order.lines if line.external_variant_id]
    )
    open_lines = [line for line in order.lines if line.quantity > 0]
    others = [line for line in open_lines if line.external_variant_id not in ours]
    links = links_of(session, store.id, others) if others else {}
    why = looks(session, store.id, store.unlinked_lines, others, links, order.placed_at) if others else {}
    lines: list[purchasing.Line] = []
    unlinked: list[orders.NewUnlinkedLine] = []
    for line in open_lines:
        key = link_key(line.external_variant_id, line.sku)
        link = links.get(key)
        price = _in_minor(line.unit_price, order.currency)
        known = ours.get(line.external_variant_id or "")
        by_hand = link.variant_id if link is not None and link.holds_for(order.placed_at) else None
        if known is not None or by_hand is not None:
            lines.append(
                purchasing.Line(
                    variant_id=known[0] if known is not None else cast(UUID, by_hand),
                    quantity=line.quantity,
                    external_line_id=line.external_line_id,
                    retail_price=price,
                    listed=known is not None,
                )
            )
            continue
        unlinked.append(
            orders.NewUnlinkedLine(
                external_line_id=line.external_line_id,
                external_product_id=line.external_product_id,
                link_key=key,
                title=line.title,
                sku=line.sku,
                quantity=line.quantity if line.unsent is None else min(line.quantity, line.unsent),
                retail_price=price,
                why=why.get(line.external_line_id, ""),
            )
        )
    return purchasing.PlaceOrder(
        retailer_id=store.retailer_id,
        store_id=store.id,
        external_id=order.external_id,
        external_name=order.name,
        currency=order.currency,
        address=order.address,
        note=order.note,
        placed_at=order.placed_at,
        lines=lines,
        trouble="hold",
        store_name=store.name,
        test=order.test,
        store_updated_at=order.updated_at,
        unpaid=None if order.paid or order.test else order.payment,
        billing_country=order.billing_country,
        customer_ref=order.customer_ref,
        beside_goods=order.beside_goods,
        unlinked=unlinked,
    )


def _concerns_us(wanted: purchasing.PlaceOrder) -> bool:
    """Whether a line of it is ours, or looks like it."""
    return bool(wanted.lines) or (not wanted.test and any(line.why for line in wanted.unlinked))


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


def _in_minor(price: Money | None, currency: str) -> int | None:
    return price.minor if price is not None and price.currency == currency else None
