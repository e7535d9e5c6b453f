"""What suppliers earn: by shipping, payable after delivery and the dispute window."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.fulfillment.models import Shipment
from app.kit import clock
from app.kit.ids import new_id
from app.ledger.service import post
from app.purchasing.models import PurchaseOrderLine
from app.settlement.models import Earning
from app.settlement.rules import shipment_lines
from app.settlement.service.shares import locked_purchase_order, next_share


def earn(session: Session, shipment_id: UUID) -> Earning | None:
    """A parcel left: its supplier has earned its share. None when that was booked."""
    shipment = session.scalars(
        select(Shipment).where(Shipment.id == shipment_id).options(selectinload(Shipment.lines))
    ).one()
    purchase_order = locked_purchase_order(session, shipment.purchase_order_id)
    if session.scalar(select(Earning.id).where(Earning.shipment_id == shipment_id)) is not None:
        return None
    units = {line.purchase_order_line_id: line.quantity for line in shipment.lines}
    prices = session.execute(
        select(PurchaseOrderLine.id, PurchaseOrderLine.wholesale_price).where(PurchaseOrderLine.id.in_(list(units)))
    )
    goods = sum(units[line_id] * price for line_id, price in prices)
    share, charged = next_share(session, purchase_order, goods)
    earning = Earning(
        id=new_id(),
        supplier_id=purchase_order.supplier_id,
        shipment_id=shipment_id,
        purchase_order_id=purchase_order.id,
        currency=purchase_order.currency,
        goods=share.goods.minor,
        shipping=share.shipping.minor,
        platform_fee=share.fee.minor,
        amount=share.supplier.minor,
        charged=charged.minor,
        state="HELD",
        created_at=clock.now(),
    )
    session.add(earning)
    session.flush()
    lines = shipment_lines(purchase_order.supplier_id, share)
    if any(line.amount for line in lines):
        post(
            session,
            key=f"shipment:{shipment_id}",
            kind="shipment",
            reference=("shipment", shipment_id),
            description=f"{purchase_order.number} shipped",
            lines=lines,
        )
    return earning


def start_dispute_window(session: Session, shipment_id: UUID, window: timedelta) -> None:
    """A parcel arrived: its earning is held for the dispute window more."""
    delivered_at = session.scalar(select(Shipment.delivered_at).where(Shipment.id == shipment_id))
    earning = session.scalar(select(Earning).where(Earning.shipment_id == shipment_id).with_for_update())
    if earning is None or delivered_at is None or earning.payable_at is not None:
        return
    # Not before now: a carrier that reports late must not cut the window short.
    earning.payable_at = max(delivered_at, clock.now() - timedelta(days=2)) + window


def make_payable(session: Session, moment: datetime) -> int:
    """Earnings whose window is over can be paid out. Returns how many."""
    due = session.scalars(
        select(Earning)
        .where(Earning.state == "HELD", Earning.payable_at <= moment)
        .order_by(Earning.id)
        .limit(1000)
        .with_for_update(skip_locked=True)
    ).all()
    for earning in due:
        earning.state = "PAYABLE"
    return len(due)
