"""What suppliers earn: by shipping, payable after delivery and the dispute window."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.fulfillment.models import Shipment
from app.fulfillment.rules import BY_SUPPLIER, SHIPPED
from app.fulfillment.service.unreported import promised_day
from app.kit import clock
from app.kit.ids import new_id
from app.ledger.models import JournalEntry
from app.ledger.service import post, reverse
from app.purchasing.models import PurchaseOrderLine
from app.settlement.models import Earning
from app.settlement.rules import shipment_lines
from app.settlement.service.shares import locked_purchase_order, next_share


def earn(session: Session, shipment_id: UUID) -> Earning | None:
    """Bring a supplier's earning in line with its parcel: its share of what left, less what was booked of it and is not
    so (the parcel was taken back, given up, or held other units). None when nothing was to be booked."""
    of_parcel = select(Shipment.purchase_order_id).where(Shipment.id == shipment_id)
    purchase_order = locked_purchase_order(session, of_parcel.scalar_subquery())
    # Read under the lock: only so is it what the parcel is now.
    shipment = session.scalars(
        select(Shipment)
        .where(Shipment.id == shipment_id)
        .options(selectinload(Shipment.lines))
        .execution_options(populate_existing=True)
    ).one()
    booked = session.scalar(
        select(Earning).where(Earning.shipment_id == shipment_id, Earning.state != "REVERSED").with_for_update()
    )
    # A parcel that is sent instead of another one earns nothing: its goods were earned with that one.
    earned = shipment.shipment_status == SHIPPED and shipment.replaces_id is None
    if booked is not None:
        if earned and booked.units_revision == shipment.units_revision:
            return None
        _take_back(session, booked)
    if not earned:
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
        units_revision=shipment.units_revision,
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
            key=_journal_key(earning),
            kind="shipment",
            reference=("shipment", shipment_id),
            description=f"{purchase_order.number} shipped",
            lines=lines,
        )
    return earning


def _journal_key(earning: Earning) -> str:
    key = f"shipment:{earning.shipment_id}"
    return f"{key}:{earning.units_revision}" if earning.units_revision else key


def _take_back(session: Session, booked: Earning) -> None:
    """What was earned by a parcel is not so. It was not payable yet: nothing is before its parcel has arrived, and then
    nothing is taken back like this. Raises ``ValueError`` for what is paid out all the same: the supplier has it."""
    if booked.payout_id is not None:
        raise ValueError(f"what was earned by shipment {booked.shipment_id} is paid out and can't be taken back")
    booked.state = "REVERSED"
    session.flush()
    session.add(
        Earning(
            id=new_id(),
            supplier_id=booked.supplier_id,
            reverses_id=booked.id,
            units_revision=booked.units_revision,
            purchase_order_id=booked.purchase_order_id,
            currency=booked.currency,
            goods=-booked.goods,
            shipping=-booked.shipping,
            platform_fee=-booked.platform_fee,
            amount=-booked.amount,
            charged=-booked.charged,
            state="REVERSED",
            created_at=clock.now(),
        )
    )
    session.flush()
    key = _journal_key(booked)
    entry = session.scalar(select(JournalEntry.id).where(JournalEntry.idempotency_key == key))
    if entry is not None:
        reverse(session, entry, key=f"{key}:reversed", description="The parcel was not as it was told")


def start_dispute_window(session: Session, shipment_id: UUID, window: timedelta, *, grace: timedelta) -> None:
    """A parcel arrived: its earning is held for the dispute window more. For one that was sent instead of another it is
    that one's. Where its supplier alone says so, the window begins no sooner than ``grace`` after the day by which the
    parcel should have arrived; once somebody else says so, too, it is as if that had been told at first."""
    shipment = session.get_one(Shipment, shipment_id, populate_existing=True)
    earning = session.scalar(
        select(Earning)
        .where(Earning.shipment_id == (shipment.replaces_id or shipment_id), Earning.state != "REVERSED")
        .with_for_update()
    )
    if earning is None or shipment.delivered_at is None:
        return
    # Not before now: a carrier that reports late must not cut the window short.
    begins = max(shipment.delivered_at, clock.now() - timedelta(days=2))
    if shipment.arrival_told_by == BY_SUPPLIER:
        if earning.payable_at is not None:
            return
        promised = datetime.combine(promised_day(session, shipment) + timedelta(days=1), time(), UTC)
        begins = max(begins, promised + grace)
    if earning.payable_at is None:
        earning.payable_at = begins + window
    elif earning.state == "HELD":
        earning.payable_at = min(earning.payable_at, begins + window)


def pay_without_word(session: Session, shipment_id: UUID) -> None:
    """A parcel counts as arrived, since nobody complained in time: its earning is payable, without another window."""
    replaces_id = session.execute(select(Shipment.replaces_id).where(Shipment.id == shipment_id)).scalar_one()
    earn(session, replaces_id or shipment_id)
    earning = session.scalar(
        select(Earning)
        .where(Earning.shipment_id == (replaces_id or shipment_id), Earning.state != "REVERSED")
        .with_for_update()
    )
    if earning is not None and earning.payable_at is None:
        earning.payable_at = clock.now()


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
