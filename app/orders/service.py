"""Changing orders: taking them in, holding and releasing them, cancelling lines, and writing their story."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ScalarSelect, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.config import key_ring, keyed_hash
from app.db import add_rows, current_scope, table_of
from app.kit import clock
from app.kit.crypto import Place
from app.kit.errors import Conflict, FieldError, Invalid, NotFound
from app.kit.ids import new_id, random_token
from app.orders.events import OrderHeld, OrderHoldsReleased, UnitsCancelled
from app.orders.models import Order, OrderHold, OrderLine, TimelineEntry, UnlinkedLine
from app.orders.rules import ADVICE, CANCELLED, ON_HOLD, PENDING, HoldReason, address_problems
from app.orders.story import SENTENCES
from app.outbox.service import emit
from app.stores.store_orders import Address, BesideGoods

LARGEST_QUANTITY = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLine:
    """A line to be delivered. ``retail_price`` is what the shopper paid for one after all discounts, in
    minor units."""

    variant_id: UUID
    quantity: int
    title: str
    sku: str
    external_line_id: str | None = None
    retail_price: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUnlinkedLine:
    """A store's line that no supplier's variant is linked to. ``why`` it is asked about, one of
    ``app.orders.rules.LINE_LOOKS``; empty: it is left alone."""

    external_line_id: str
    external_product_id: str | None
    link_key: str
    title: str
    sku: str
    quantity: int
    retail_price: int | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    """An order to be taken in. ``external_id`` is unique within its store (or within the retailer, without one)."""

    retailer_id: UUID
    store_id: UUID | None
    external_id: str
    external_name: str
    currency: str
    address: Address | None
    note: str
    placed_at: datetime
    lines: Sequence[NewLine]
    kind: str = "order"
    supplements: UUID | None = None
    store_updated_at: datetime | None = None
    #: How far its customer has paid, where that is not all.
    unpaid: str | None = None
    #: By what the customer is known in the store.
    customer_ref: str = ""
    #: What the customer pays beside the prices of the lines.
    beside_goods: BesideGoods | None = None


_TAKE_IN = (
    upsert(table_of(Order))
    .on_conflict_do_nothing(index_elements=["retailer_id", "store_id", "external_id"])
    .returning(table_of(Order).c.number)
)


def take_in(session: Session, new: NewOrder) -> tuple[UUID, int, list[UUID]] | None:
    """Write an order and its lines. Returns its id, its number and the lines' ids in order; None when an order
    with this external id is there already."""
    order_id, now = new_id(), clock.now()
    number = session.connection().scalar(
        _TAKE_IN,
        {
            "id": order_id,
            "retailer_id": new.retailer_id,
            "store_id": new.store_id,
            "external_id": new.external_id,
            "external_name": new.external_name,
            "kind": new.kind,
            "status": PENDING,
            "currency": new.currency,
            "ship_to": _sealed(new.address, "orders", order_id),
            "ship_to_country": new.address.country_code if new.address else "",
            "note": new.note[:2000],
            "tracking_token": random_token(24),
            "placed_at": new.placed_at,
            "created_at": now,
            "updated_at": now,
            "supplements": new.supplements,
            "store_updated_at": new.store_updated_at,
            "unpaid": new.unpaid,
            "beside_goods": None if new.beside_goods is None else asdict(new.beside_goods),
            "store_address": address_hash(new.address) if new.store_updated_at is not None else None,
            "address_key": address_key(new.retailer_id, new.address) if new.store_updated_at is not None else None,
            "customer_key": customer_key(new.retailer_id, new.customer_ref),
        },
    )
    if number is None:
        return None
    rows = [
        {
            "id": new_id(),
            "order_id": order_id,
            "retailer_id": new.retailer_id,
            "position": position,
            "variant_id": line.variant_id,
            "external_line_id": line.external_line_id,
            "title": line.title,
            "sku": line.sku,
            "quantity": line.quantity,
            "retail_price": line.retail_price,
        }
        for position, line in enumerate(new.lines)
    ]
    add_rows(session, OrderLine, rows)
    return order_id, int(number), [row["id"] for row in rows]  # type: ignore[misc]


def note_unlinked(
    session: Session, order_id: UUID, retailer_id: UUID, store_id: UUID, lines: Sequence[NewUnlinkedLine]
) -> None:
    """Write down an order's lines that no supplier's variant is linked to; those that are asked about wait."""
    add_rows(
        session,
        UnlinkedLine,
        [
            {
                "id": new_id(),
                "order_id": order_id,
                "retailer_id": retailer_id,
                "store_id": store_id,
                "position": position,
                "external_line_id": line.external_line_id,
                "external_product_id": line.external_product_id,
                "link_key": line.link_key,
                "title": line.title[:500],
                "sku": line.sku[:255],
                "quantity": line.quantity,
                "retail_price": line.retail_price,
                "why": line.why,
                "state": "waiting" if line.why else "left",
            }
            for position, line in enumerate(lines)
        ],
    )


def add_line(session: Session, order: Order, line: NewLine) -> UUID:
    """A line that turned out to be ours after the order was taken in."""
    last = session.scalar(select(func.max(OrderLine.position)).where(OrderLine.order_id == order.id))
    row = OrderLine(
        id=new_id(),
        order_id=order.id,
        retailer_id=order.retailer_id,
        position=0 if last is None else last + 1,
        variant_id=line.variant_id,
        external_line_id=line.external_line_id,
        title=line.title,
        sku=line.sku,
        quantity=line.quantity,
        retail_price=line.retail_price,
    )
    session.add(row)
    session.flush()
    return row.id


def find_by_external_id(session: Session, retailer_id: UUID, store_id: UUID | None, external_id: str) -> Order | None:
    """The order that a store (or an integrator) knows by this id."""
    return session.scalar(
        select(Order).where(
            Order.retailer_id == retailer_id,
            Order.store_id.is_not_distinct_from(store_id),
            Order.external_id == external_id,
        )
    )


def locked(session: Session, order_id: UUID | ScalarSelect[UUID]) -> Order:
    """An order, by its id or by a query that gives it, locked against other changes. Raises ``NotFound``."""
    order = session.scalar(
        select(Order)
        .where(Order.id == order_id)
        # Nobody changes its key: those who only refer to it need not wait, and so can't be waited for in a circle.
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if order is None:
        raise NotFound("order")
    return order


def hold(session: Session, order: Order, reason: HoldReason, *, details: dict[str, Any] | None = None) -> bool:
    """Let an order wait. False when it waits for this already (its details are renewed)."""
    now = clock.now()
    held = session.scalar(
        upsert(OrderHold)
        .values(
            id=new_id(),
            order_id=order.id,
            retailer_id=order.retailer_id,
            reason=reason,
            advice=ADVICE[reason],
            details=details or {},
            since=now,
        )
        .on_conflict_do_nothing()
        .returning(OrderHold.id)
    )
    order.status, order.updated_at = ON_HOLD, now
    if held is None:
        session.execute(
            update(OrderHold)
            .where(OrderHold.order_id == order.id, OrderHold.reason == reason, OrderHold.released_at.is_(None))
            .values(details=details or {})
        )
        return False
    tell(session, order, "order.held", advice=ADVICE[reason], reason=reason)
    emit(session, OrderHeld(order_id=order.id, retailer_id=order.retailer_id, reason=reason))
    return True


def release(session: Session, order: Order, reasons: Sequence[HoldReason]) -> bool:
    """End holds of these kinds. True when that was the last of them and nothing holds the order any more; a
    cancelled order stays cancelled."""
    if order.status == PENDING:
        # What is held is ON_HOLD, or was cancelled meanwhile.
        return False
    now = clock.now()
    ended = session.scalars(
        update(OrderHold)
        .where(OrderHold.order_id == order.id, OrderHold.reason.in_(reasons), OrderHold.released_at.is_(None))
        .values(released_at=now, released_by=current_scope().actor)
        .returning(OrderHold.id)
    ).all()
    if not ended:
        return False
    order.updated_at = now
    left = session.scalar(
        select(OrderHold.id).where(OrderHold.order_id == order.id, OrderHold.released_at.is_(None)).limit(1)
    )
    if left is not None:
        return False
    if order.status != CANCELLED:
        order.status = PENDING
        tell(session, order, "order.released")
    emit(session, OrderHoldsReleased(order_id=order.id, retailer_id=order.retailer_id))
    return True


def open_holds(session: Session, order_id: UUID) -> list[OrderHold]:
    """Why an order waits."""
    return list(
        session.scalars(
            select(OrderHold)
            .where(OrderHold.order_id == order_id, OrderHold.released_at.is_(None))
            .order_by(OrderHold.since)
        )
    )


def until_of(hold: OrderHold) -> datetime | None:
    """When a hold ends by itself; None for one that no clock ends."""
    until = hold.details.get("until")
    return None if until is None else datetime.fromisoformat(until)


def change_address(session: Session, order: Order, address: Address) -> None:
    """Replace the delivery address. Raises ``Invalid`` for one that can't be used."""
    check_address(address)
    order.ship_to = _sealed(address, "orders", order.id)
    order.ship_to_country = address.country_code
    order.updated_at = clock.now()
    tell(session, order, "order.address_changed")


def cancel_units(session: Session, order: Order, line: OrderLine, units: int) -> None:
    """Write down that units of a line will not be delivered. Stock and money are the caller's. An order of which
    nothing is left, and nothing is asked about, is cancelled."""
    if not 0 < units <= line.quantity - line.cancelled:
        raise Conflict("More than is open can't be cancelled.", code="quantity_exceeds_open")
    line.cancelled += units
    order.updated_at = clock.now()
    tell(session, order, "order.line_cancelled", quantity=units, title=line.title)
    if order.store_id is not None and order.kind == "order":
        emit(session, UnitsCancelled(order_id=order.id, retailer_id=order.retailer_id))
    session.flush()
    lines = session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).all()
    asked_about = exists().where(UnlinkedLine.order_id == order.id, UnlinkedLine.state == "waiting")
    if all(row.cancelled == row.quantity for row in lines) and not session.scalar(select(asked_about)):
        order.status = CANCELLED


def tell(
    session: Session,
    order: Order,
    message: str,
    *,
    purchase_order_id: UUID | None = None,
    supplier_id: UUID | None = None,
    **values: Any,
) -> None:
    """Add a line to the order's story. With a purchase order, its supplier reads it too."""
    write_timeline(
        session,
        [
            {
                "order_id": order.id,
                "retailer_id": order.retailer_id,
                "purchase_order_id": purchase_order_id,
                "supplier_id": supplier_id,
                "message": message,
                "values": values,
            }
        ],
    )


def write_timeline(session: Session, entries: Sequence[dict[str, Any]]) -> None:
    """Add several lines at once."""
    now, actor = clock.now(), current_scope().actor
    add_rows(
        session,
        TimelineEntry,
        [
            {
                "id": new_id(),
                "purchase_order_id": None,
                "supplier_id": None,
                "at": now,
                "actor": actor,
                "kind": SENTENCES[entry["message"]][0],
                **entry,
            }
            for entry in entries
        ],
    )


def check_address(address: Address) -> None:
    """Raises ``Invalid``, naming the fields, for an address that nothing can be sent to."""
    problems = address_problems(
        name=address.name,
        address1=address.address1,
        city=address.city,
        postal_code=address.postal_code,
        country_code=address.country_code,
    )
    if problems:
        raise Invalid(
            problems[0].message,
            errors=[FieldError(f"shipping_address.{one.field}", one.code, one.message) for one in problems],
        )


def address_of(sealed: bytes | None, table: str, row_id: UUID) -> Address | None:
    """An address in the clear; the caller writes the reading into the audit log."""
    if sealed is None:
        return None
    return Address(**orjson.loads(key_ring().open(sealed, Place(table, "ship_to", row_id))))


def address_hash(address: Address | None) -> bytes:
    """By what an address is known again without being kept: a keyed hash of all its fields."""
    return keyed_hash().of("store_address", "" if address is None else orjson.dumps(address).decode())


_PLAIN = re.compile(r"[\W_]+")


def address_key(retailer_id: UUID, address: Address | None) -> bytes | None:
    """By what a retailer's orders to one address are known: a keyed hash, whatever case, spaces and signs it is written
    with. None without a street."""
    if address is None or not address.address1.strip():
        return None
    parts = (address.country_code, address.postal_code, address.address1, address.address2)
    plain = "|".join(_PLAIN.sub("", part).casefold() for part in parts)
    return keyed_hash().of(f"address of {retailer_id}", plain)


def customer_key(retailer_id: UUID, customer_ref: str) -> bytes | None:
    """By what a retailer's orders of one customer are known, as a keyed hash."""
    return keyed_hash().of(f"customer of {retailer_id}", customer_ref) if customer_ref else None


def seal_address(address: Address, table: str, row_id: UUID) -> bytes:
    """An address sealed for one row."""
    return key_ring().seal(orjson.dumps(address), Place(table, "ship_to", row_id))


def _sealed(address: Address | None, table: str, row_id: UUID) -> bytes | None:
    return None if address is None else seal_address(address, table, row_id)
