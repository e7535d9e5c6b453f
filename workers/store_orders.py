"""Orders as stores tell them, taken in: new ones are placed, known ones follow what their store changed or cancelled.

Everything here happens in the transaction of whoever calls; nothing calls out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy.orm import Session

from app.kit.errors import AppError, Conflict
from app.kit.money import Money
from app.listings import queries as listings
from app.listings import service as listing_service
from app.listings.rules import link_key
from app.listings.unlinked import links_of, looks
from app.notifications.service import notify
from app.orders import service as orders
from app.orders.models import Order
from app.orders.rules import CANCELLED
from app.purchasing import service as purchasing
from app.settlement.service import cancel_unpaid_charge, follow_rejections
from app.store_refunds import queries as store_refunds_queries
from app.stores.models import Store
from app.stores.payment import Payment
from app.stores.store_orders import Address, StoreOrder
from workers.store_payments import tell_of_lapse, tell_of_payment_in_vain


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
        return gone_in_store(session, store, known, order.updated_at)
    wanted = wanted_of(session, store, order)
    if known is not None:
        return _follow(session, store, known, order, wanted, settled=settled)
    if not order.paid and (order.test or not order.awaited):
        return "ignored: not paid"
    if not concerns_us(wanted):
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
        and not (order.payment is Payment.AUTHORIZED and store.sends_when == Payment.AUTHORIZED)
    ):
        return f"order {placed.order_id} waits until it is paid"
    return f"order {placed.order_id} {'placed' if placed.created else 'known'}"


def gone_in_store(session: Session, store: Store, order: Order, told_at: datetime | None) -> str:
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


def wanted_of(session: Session, store: Store, order: StoreOrder) -> purchasing.PlaceOrder:
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


def concerns_us(wanted: purchasing.PlaceOrder) -> bool:
    """Whether a line of it is ours, or looks like it."""
    return bool(wanted.lines) or (not wanted.test and any(line.why for line in wanted.unlinked))


def _in_minor(price: Money | None, currency: str) -> int | None:
    return price.minor if price is not None and price.currency == currency else None
