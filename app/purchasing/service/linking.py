"""Lines of store orders that no supplier's variant was linked to: their retailer says what they are, and the order goes
on. What is said holds for the article from then on, and for other orders that wait for it."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.catalog.models import SupplierProduct, SupplierVariant
from app.catalog.queries import on_offer
from app.catalog.rules import variant_title
from app.kit.errors import Conflict, Invalid, NotFound
from app.listings.models import StoreLink
from app.listings.service import remember_link
from app.orders import service as orders
from app.orders.models import Order, OrderLine, UnlinkedLine
from app.orders.rules import CANCELLED, HoldReason
from app.purchasing.service.correcting import waiting_order
from app.purchasing.service.placing import resume_order, unlinked_details
from app.suppliers.models import Supplier


def link_line(session: Session, retailer_id: UUID, order_id: UUID, line_id: UUID, variant_id: UUID) -> bool:
    """A store's line is this supplier's variant, now and in later orders. Returns whether the order is routed now.

    Raises ``NotFound``, ``Invalid`` for a variant that is not on offer, and ``Conflict`` when suppliers have the order
    or something was said of the line already.
    """
    order = waiting_order(session, retailer_id, order_id)
    line = _waiting_line(session, order, line_id)
    if not _take(session, order, line, variant_id):
        raise Invalid.field("variant_id", "not_on_offer", "This variant is not on offer.")
    remember_link(session, retailer_id, line.store_id, line.link_key, variant_id, title=line.title)
    audit.record(
        session, retailer_id, "orders.line_linked", "order", order_id, details={"line": line_id, "variant": variant_id}
    )
    return _go_on(session, order)


def say_not_ours(session: Session, retailer_id: UUID, order_id: UUID, line_id: UUID) -> bool:
    """A store's line is not to be delivered by a supplier, now and in later orders. An order of which no line is left
    is closed. Returns whether the order is routed now. Raises ``NotFound`` and ``Conflict``."""
    order = waiting_order(session, retailer_id, order_id)
    line = _waiting_line(session, order, line_id)
    _refuse(session, order, line)
    remember_link(session, retailer_id, line.store_id, line.link_key, None, title=line.title)
    audit.record(session, retailer_id, "orders.line_not_ours", "order", order_id, details={"line": line_id})
    return _go_on(session, order)


def follow_link(session: Session, order_id: UUID, link_key: str) -> None:
    """What was said of an article holds for this order, too, as far as it waits for that."""
    order = orders.locked(session, order_id)
    waiting = [line for line in waiting_lines(session, order_id) if line.link_key == link_key]
    if not waiting or order.status == CANCELLED:
        return
    link = session.scalar(
        select(StoreLink).where(StoreLink.store_id == waiting[0].store_id, StoreLink.link_key == link_key)
    )
    if link is None:
        return
    for line in waiting:
        if link.variant_id is None:
            _refuse(session, order, line)
        elif not _take(session, order, line, link.variant_id):
            return
    _go_on(session, order)


def follow_unlinked(session: Session, order: Order, units: Mapping[str, int]) -> None:
    """The store changed its order: how many ``units`` of its lines are left to deliver now. What of it is asked about
    follows; a line of which nothing is left (somebody has sent it, or it was taken away) is asked about no more."""
    changed = False
    for line in waiting_lines(session, order.id):
        now = units.get(line.external_line_id)
        if now is None or now == line.quantity:
            continue
        changed = True
        line.quantity = now
        if not now:
            line.state = "gone"
            orders.tell(session, order, "order.line_gone", title=line.title)
    if changed:
        _go_on(session, order)


def drop_unlinked(session: Session, order: Order) -> None:
    """An order is cancelled altogether: nothing is asked about its lines any more. One of which nothing else is left is
    cancelled."""
    waiting = waiting_lines(session, order.id)
    for line in waiting:
        line.state = "gone"
    if waiting and not _has_lines(session, order):
        _close(session, order)


def waiting_lines(session: Session, order_id: UUID) -> list[UnlinkedLine]:
    """An order's lines that wait for a word of what they are."""
    return list(
        session.scalars(
            select(UnlinkedLine)
            .where(UnlinkedLine.order_id == order_id, UnlinkedLine.state == "waiting")
            .order_by(UnlinkedLine.position)
            .execution_options(populate_existing=True)
        )
    )


def _waiting_line(session: Session, order: Order, line_id: UUID) -> UnlinkedLine:
    line = session.scalar(
        select(UnlinkedLine)
        .where(UnlinkedLine.id == line_id, UnlinkedLine.order_id == order.id)
        .execution_options(populate_existing=True)
    )
    if line is None:
        raise NotFound("order line")
    if line.state != "waiting":
        raise Conflict("Nothing is asked about this line any more.", code="line_settled")
    return line


def _take(session: Session, order: Order, line: UnlinkedLine, variant_id: UUID) -> bool:
    """Make a line of ours of it. False for a variant that is not on offer."""
    row = session.execute(
        select(SupplierVariant.sku, SupplierVariant.options, SupplierProduct.title, Supplier.company_name)
        .join(SupplierProduct, SupplierProduct.id == SupplierVariant.product_id)
        .join(Supplier, Supplier.id == SupplierVariant.supplier_id)
        .where(SupplierVariant.id == variant_id, on_offer())
    ).one_or_none()
    if row is None:
        return False
    title = variant_title(row.title, row.options)
    orders.add_line(
        session,
        order,
        orders.NewLine(
            variant_id=variant_id,
            quantity=line.quantity,
            title=title,
            sku=row.sku,
            external_line_id=line.external_line_id,
            retail_price=line.retail_price,
        ),
    )
    line.state = "linked"
    orders.tell(
        session,
        order,
        "order.line_linked",
        quantity=line.quantity,
        title=line.title,
        linked=title,
        supplier=row.company_name,
    )
    return True


def _refuse(session: Session, order: Order, line: UnlinkedLine) -> None:
    line.state = "not_ours"
    orders.tell(session, order, "order.line_not_ours", quantity=line.quantity, title=line.title)


def _has_lines(session: Session, order: Order) -> bool:
    left = (OrderLine.order_id == order.id) & (OrderLine.quantity > OrderLine.cancelled)
    return session.scalar(select(OrderLine.id).where(left).limit(1)) is not None


def _close(session: Session, order: Order) -> None:
    order.status = CANCELLED
    orders.release(session, order, list(HoldReason))


def _go_on(session: Session, order: Order) -> bool:
    """End the hold when nothing is asked any more, and take the order up again; else say what is still asked."""
    session.flush()
    waiting = waiting_lines(session, order.id)
    if waiting:
        orders.hold(session, order, HoldReason.UNLINKED_LINES, details=unlinked_details(waiting))
        return False
    if not _has_lines(session, order):
        orders.tell(session, order, "order.nothing_ours")
        _close(session, order)
        return False
    orders.release(session, order, [HoldReason.UNLINKED_LINES])
    return resume_order(session, order.id)
