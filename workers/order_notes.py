"""Purchase orders as their suppliers are told of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.audit import service as audit
from app.catalog.models import SupplierVariant
from app.config import settings
from app.identity.queries import recipients
from app.kit.money import Money
from app.kit.texts import zone_of
from app.orders.senders import sender_of
from app.orders.service import address_of
from app.purchasing.channel import PurchaseOrderLineNote, PurchaseOrderNote, SenderNote
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from app.purchasing.queries import newest_transmissions
from app.purchasing.rules import Share
from app.purchasing.service.transmitting import units_gone
from app.purchasing.worth import share_of_units
from app.suppliers.models import Supplier
from app.suppliers.queries import supplier


def notes_of(
    session: Session,
    supplier_id: UUID,
    purchase_order_ids: Sequence[UUID],
    *,
    with_address: bool = False,
    told: Mapping[UUID, Mapping[str, int]] | None = None,
) -> dict[UUID, PurchaseOrderNote]:
    """A supplier's released purchase orders as notes, without the units that had left before it was told of them.
    ``told``: of some, the units of each line as they were told before, so that a repetition says the same. Addresses,
    of the shopper and of the shop as sender, are handed over only where the channel needs them, and that is written
    down. Needs a system scope."""
    rows = session.scalars(
        select(PurchaseOrder)
        .where(
            PurchaseOrder.id.in_(purchase_order_ids),
            PurchaseOrder.supplier_id == supplier_id,
            PurchaseOrder.released_at.is_not(None),
        )
        .options(selectinload(PurchaseOrder.lines))
        .order_by(PurchaseOrder.number)
    ).all()
    variants = {line.variant_id for row in rows for line in row.lines}
    gtins: dict[UUID, str | None] = {
        variant_id: gtin
        for variant_id, gtin in session.execute(
            select(SupplierVariant.id, SupplierVariant.gtin).where(SupplierVariant.id.in_(variants))
        )
    }
    company, people = supplier(session, supplier_id), recipients(session, supplier_id, "purchase_orders.write")
    # Whose goods had left, or were packed, was answered.
    answered = [row.id for row in rows if row.acknowledged_at]
    ways = newest_transmissions(session, answered) if answered else {}
    notes = {}
    for row in rows:
        address = sender = None
        if with_address:
            address = address_of(row.ship_to, "purchase_orders", row.id)
            sender = _sender(row)
            audit.record(session, supplier_id, "orders.address_read", "purchase_order", row.id)
        gone = units_gone(ways.get(row.id))
        whole = {str(line.id): line.quantity - gone.get(str(line.id), 0) for line in row.lines}
        units = (told or {}).get(row.id) or {
            str(line.id): max(0, whole[str(line.id)] - line.cancelled) for line in row.lines
        }
        share = share_of_units(row, {line: units.get(str(line.id), 0) for line in row.lines})
        notes[row.id] = PurchaseOrderNote(
            id=str(row.id),
            number=row.number,
            sample=row.kind == "sample",
            retailer_id=str(row.retailer_id),
            retailer_name=row.retailer_name,
            order_reference=row.order_reference,
            supplier_id=str(supplier_id),
            supplier_name=company.company_name,
            recipients=people,
            country=row.ship_to_country,
            released_at=_by_their_clock(row.released_at, company),
            acknowledge_by=_by_their_clock(row.acknowledge_by, company),
            ship_by=_by_their_clock(row.ship_by, company),
            shipping_method=row.shipping_method,
            url=f"{settings().public_url}/supplier/purchase-orders/{row.id}",
            total=share.charged,
            shipping=share.shipping,
            order_fee=_fee(row, share),
            address=address,
            sender=sender,
            lines=[
                _line(line, row.currency, gtins.get(line.variant_id), units[str(line.id)])
                for line in row.lines
                if units.get(str(line.id))
            ],
            withdrawn=[
                _line(line, row.currency, gtins.get(line.variant_id), less)
                for line in row.lines
                if (less := whole[str(line.id)] - units.get(str(line.id), 0)) > 0
            ],
            left_before=sum(gone.values()),
        )
    return notes


def _by_their_clock(moment: datetime | None, company: Supplier) -> datetime | None:
    """A moment in the supplier's time zone: what is told of it may be its day alone."""
    return None if moment is None else moment.astimezone(zone_of(company.timezone))


def _fee(row: PurchaseOrder, share: Share) -> Money:
    """What of the share's shipping is the order fee."""
    if not row.shipping_cost:
        return Money(0, row.currency)
    return Money(row.order_fee * share.shipping.minor // row.shipping_cost, row.currency)


def _sender(row: PurchaseOrder) -> SenderNote | None:
    found = sender_of(row.sender, "purchase_orders", row.id)
    if found is None:
        return None
    return SenderNote(address=found.address, as_sender=found.as_sender, as_return_address=found.as_return_address)


def _line(line: PurchaseOrderLine, currency: str, gtin: str | None, units: int) -> PurchaseOrderLineNote:
    return PurchaseOrderLineNote(
        id=str(line.id),
        # Lines count from 0 in their table, and from 1 for people and in messages.
        position=line.position + 1,
        sku=line.sku,
        gtin=gtin or "",
        title=line.title,
        quantity=units,
        wholesale_price=Money(line.wholesale_price, currency),
    )
