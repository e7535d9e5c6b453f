"""Booking what a supplier owes back for returned goods, and giving it to the retailer."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.fulfillment.models import Shipment
from app.kit import clock
from app.kit.ids import new_id
from app.kit.money import Money
from app.ledger.service import post
from app.orders import service as orders
from app.outbox.service import emit
from app.pricing.rules import converted
from app.purchasing.models import PurchaseOrder
from app.purchasing.rules import Share, share_of
from app.returns import service as returns
from app.returns.models import CreditMemo
from app.settlement.events import RefundWanted
from app.settlement.models import Earning, Refund
from app.settlement.rules import PaidPart, credit_lines
from app.settlement.service.earning import earn
from app.settlement.service.refunding import give_difference, locked_charges, portions_of
from app.settlement.service.shares import locked_purchase_order


def book_credit_memo(session: Session, credit_memo_id: UUID) -> None:
    """Take the credited goods from the supplier's earnings and our share of them from our commission, owe them to the
    retailer, and have its card refunded. Twice is once."""
    # The order first, then its purchase order, then what hangs on them: else two could wait for each other.
    of_memo = select(PurchaseOrder.order_id).join(CreditMemo, CreditMemo.purchase_order_id == PurchaseOrder.id)
    orders.locked(session, of_memo.where(CreditMemo.id == credit_memo_id).scalar_subquery())
    purchase_order_id = session.scalars(
        select(CreditMemo.purchase_order_id).where(CreditMemo.id == credit_memo_id)
    ).one()
    purchase_order = locked_purchase_order(session, purchase_order_id)
    memo = returns.credit_memo(session, credit_memo_id)
    if memo.refund_amount is not None:
        return
    for shipment_id in session.scalars(select(Shipment.id).where(Shipment.purchase_order_id == purchase_order.id)):
        # What is taken back was earned before, also where goods are credited right after they arrived.
        earn(session, shipment_id)
    share, refund = _share_of_credit(session, purchase_order, memo.goods - memo.restocking)
    returns.note_booked(session, memo, refund)
    _take_from_earnings(session, purchase_order, credit_memo_id, share, refund)
    part = PaidPart(purchase_order.supplier_id, refund, share)
    lines = credit_lines(part, purchase_order.retailer_id)
    if any(line.amount for line in lines):
        post(
            session,
            key=memo.journal_key,
            kind="credit_memo",
            reference=("credit_memo", memo.id),
            description=f"{memo.number} for {purchase_order.number}",
            lines=lines,
        )
    portions = portions_of(locked_charges(session, purchase_order.order_id), refund.minor)
    if not portions:
        returns.note_refunded(session, memo.id)
        return
    charge, amount = portions[0]
    wanted = Refund(
        id=new_id(),
        charge_id=charge.id,
        purchase_order_id=purchase_order.id,
        retailer_id=purchase_order.retailer_id,
        amount=amount,
        currency=refund.currency,
        goods=0,
        shipping=0,
        platform_fee=0,
        cause=memo.journal_key,
        credit_memo_id=memo.id,
        state="PENDING",
        attempt=1,
        created_at=clock.now(),
        updated_at=clock.now(),
    )
    session.add(wanted)
    charge.refunded += amount
    session.flush()
    emit(session, RefundWanted(refund_id=wanted.id, retailer_id=wanted.retailer_id))
    if amount < refund.minor:
        give_difference(session, purchase_order, refund.minor - amount, cause=f"{memo.journal_key}:rest")


def _share_of_credit(session: Session, purchase_order: PurchaseOrder, goods: int) -> tuple[Share, Money]:
    """The fee in ``goods``, and what of the charge belongs to them. Both follow all credits of the purchase order
    together, so that parts add up, and the card never gets more than was charged for what shipped."""
    credited, fee, refunded = session.execute(
        select(
            func.coalesce(-func.sum(Earning.goods), 0),
            func.coalesce(-func.sum(Earning.platform_fee), 0),
            func.coalesce(-func.sum(Earning.charged), 0),
        ).where(Earning.purchase_order_id == purchase_order.id, Earning.credit_memo_id.is_not(None))
    ).one()
    charged = session.scalar(
        select(func.coalesce(func.sum(Earning.charged), 0)).where(
            Earning.purchase_order_id == purchase_order.id, Earning.credit_memo_id.is_(None)
        )
    )
    currency = purchase_order.currency
    nothing = Money(0, currency)
    share = share_of(
        goods=Money(goods, currency),
        settled_goods=Money(int(credited), currency),
        total_goods=Money(purchase_order.wholesale_total, currency),
        shipping=nothing,
        fee=Money(purchase_order.platform_fee, currency),
        settled=Share(Money(int(credited), currency), nothing, Money(int(fee), currency)),
    )
    so_far = converted(
        Money(int(credited) + goods, currency),
        rate=purchase_order.exchange_rate,
        currency=purchase_order.charge_currency,
    ).minor
    return share, Money(min(so_far, int(charged or 0)) - int(refunded), purchase_order.charge_currency)


def _take_from_earnings(
    session: Session, purchase_order: PurchaseOrder, credit_memo_id: UUID, share: Share, refund: Money
) -> None:
    """An earning below zero: held as long as what it takes back is held, else taken from the next payout."""
    held_until = session.scalar(
        select(func.max(Earning.payable_at)).where(
            Earning.purchase_order_id == purchase_order.id, Earning.state == "HELD"
        )
    )
    session.add(
        Earning(
            id=new_id(),
            supplier_id=purchase_order.supplier_id,
            credit_memo_id=credit_memo_id,
            purchase_order_id=purchase_order.id,
            currency=purchase_order.currency,
            goods=-share.goods.minor,
            shipping=0,
            platform_fee=-share.fee.minor,
            amount=-share.supplier.minor,
            charged=-refund.minor,
            state="HELD" if held_until is not None else "PAYABLE",
            payable_at=held_until,
            created_at=clock.now(),
        )
    )
    session.flush()
