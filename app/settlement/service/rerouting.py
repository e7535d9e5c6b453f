"""The money of units that another supplier delivers: what was paid for them pays for them there, and only the
difference is charged or given back.

Until that is settled, the first supplier keeps the units and the other one sees nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kit.money import Money
from app.orders import service as orders
from app.orders.models import Order, OrderLine
from app.purchasing.decisions import service as decisions
from app.purchasing.decisions.rules import LATER, PRICE, REFUND, REJECTED, SILENT
from app.purchasing.models import OrderDecision, PurchaseOrder
from app.purchasing.service import release_purchase_orders
from app.purchasing.service.completing import drop_odd_parts
from app.purchasing.service.rerouting import give_up_units, reroute, stands, withdraw_unpaid
from app.purchasing.service.status import locked_of_order, refresh_order_status
from app.settlement.models import Charge
from app.settlement.rules import MOVED, PAID, PENDING, PROCESSING, SENDING, PaidPart
from app.settlement.service.parts import parts_of, total_of
from app.settlement.service.refunding import give_difference, share_refund, withdraw
from app.settlement.service.shares import next_share
from app.settlement.service.supplements import REROUTING, ROUNDING, book_change, give_up_supplement, want_supplement


def send_elsewhere(
    session: Session, order: Order, found: Sequence[OrderDecision], *, barred: Collection[UUID]
) -> list[OrderDecision]:
    """Let other suppliers deliver what is decided about, as far as they can and as the card pays for it. Returns what
    nobody can deliver."""
    made = reroute(session, order, found, locked_of_order(session, order.id), barred=barred)
    if made is None:
        return list(found)
    for one in made.decisions:
        one.rerouting_id = made.id
    session.flush()
    fund(session, order, made.id)
    return [one for one in found if one not in made.decisions]


def answered(session: Session, order: Order, charge: Charge) -> None:
    """A supplement for a rerouting was paid, or will not be. Where less was to be delivered meanwhile, so that the
    rerouting went on without it, it is given back."""
    rerouting_id = UUID(charge.cause.partition(":")[2])
    made = [one for one in locked_of_order(session, order.id) if one.rerouting_id == rerouting_id]
    if charge.state == PAID and any(one.released_at is not None for one in made):
        _give_back(session, order, charge, made[0])
    else:
        fund(session, order, rerouting_id)


def fund(session: Session, order: Order, rerouting_id: UUID) -> None:
    """Go on with a rerouting, wherever it stands: charge what it costs more, and when that is paid (or it costs no
    more) take the units from the first supplier and release them to the other. Given up when the card is declined, or
    when there is nothing left to deliver."""
    every = locked_of_order(session, order.id)
    made = [one for one in every if one.rerouting_id == rerouting_id]
    found = session.scalars(
        select(OrderDecision).where(OrderDecision.rerouting_id == rerouting_id).order_by(OrderDecision.id)
    ).all()
    charge = session.scalar(
        select(Charge)
        .where(Charge.order_id == order.id, Charge.cause == f"{REROUTING}:{rerouting_id}")
        .with_for_update()
    )
    if any(one.released_at is not None for one in made):
        return
    live = [one for one in made if any(line.quantity > line.cancelled for line in one.lines)]
    stands = bool(found) and bool(live) and all(_stands(every, one) for one in found)
    if not stands or (charge is not None and charge.state not in (PAID, PENDING, SENDING, PROCESSING)):
        declined = stands and charge is not None
        _give_up(session, order, made, found, charge, every, declined=declined)
        return
    olds = _shares_of(session, every, found)
    owed = total_of(parts_of(session, live)).minor - sum(part.charged.minor for _, part in olds)
    paid = charge.amount if charge is not None and charge.state == PAID else 0
    if charge is not None and charge.state == PAID and paid < owed <= paid + ROUNDING:
        live[-1].charge_total -= owed - paid
        session.flush()
        owed = paid
    if owed > paid:
        if charge is None:
            currency = live[0].charge_currency
            charge = want_supplement(session, order, Money(owed, currency), cause=f"{REROUTING}:{rerouting_id}")
            if charge is None:
                _give_up(session, order, made, found, None, every, declined=True)
            else:
                decisions.pay_for(found, charge_id=charge.id)
        elif charge.state == PAID:
            _give_up(session, order, made, found, charge, every, declined=False)
        return
    _go_on(session, order, rerouting_id, every, live, found, charge, olds)


def _go_on(
    session: Session,
    order: Order,
    rerouting_id: UUID,
    every: Sequence[PurchaseOrder],
    live: Sequence[PurchaseOrder],
    found: Sequence[OrderDecision],
    charge: Charge | None,
    olds: Sequence[tuple[PurchaseOrder, PaidPart]],
) -> None:
    for kind in (SILENT, PRICE, LATER):
        give_up_units(session, every, [one for one in found if one.kind == kind], why=kind)
    for old, part in olds:
        moved = share_refund(old, part.share, part.charged, cause=f"rerouted:{rerouting_id}")
        moved.state = MOVED
        session.add(moved)
    session.flush()
    if charge is not None and charge.state != PAID:
        give_up_supplement(session, charge)
    left = book_change(
        session,
        order,
        charge,
        key=f"rerouting:{rerouting_id}",
        description=f"Order {order.number}: another supplier delivers",
        now_owed=parts_of(session, live),
        no_longer=[part for _, part in olds],
    )
    release_purchase_orders(session, order.id, rerouting_id=rerouting_id)
    for one in live:
        orders.tell(session, order, "order.rerouted", number=one.number)
    if left:
        give_difference(session, olds[0][0], left, cause=f"difference:{rerouting_id}")
    decisions.finish(session, found)
    session.flush()
    drop_odd_parts(session, order)
    refresh_order_status(session, order)


def _give_up(
    session: Session,
    order: Order,
    made: Sequence[PurchaseOrder],
    found: Sequence[OrderDecision],
    charge: Charge | None,
    every: Sequence[PurchaseOrder],
    *,
    declined: bool,
) -> None:
    """Nothing goes to another supplier. What was paid for it goes back."""
    withdraw_unpaid(session, order, made)
    if charge is not None and charge.state == PAID and not charge.refunded:
        _give_back(session, order, charge, made[0])
    elif charge is not None:
        give_up_supplement(session, charge)
    if declined:
        orders.tell(session, order, "order.rerouting_failed")
    for one in found:
        if one.rerouting_id is None:
            continue
        if one.kind != REJECTED and not _stands(every, one):
            decisions.overtake(session, order, [one])
        elif one.kind == REJECTED and _cancelled(session, one):
            # Its order line was cancelled meanwhile.
            decisions.decide(one, REFUND, one.chosen_by or decisions.BY_RULE)
            refund_rejected(session, [one])
        else:
            decisions.ask(session, order, [one], trouble="card_declined" if declined else "nobody_can")
    session.flush()
    refresh_order_status(session, order)


def _give_back(session: Session, order: Order, charge: Charge, purchase_order: PurchaseOrder) -> None:
    left = book_change(
        session,
        order,
        charge,
        key=f"supplement:{charge.id}",
        description=f"Order {order.number}: nothing was bought for it",
    )
    give_difference(session, purchase_order, left, cause=f"unused:{charge.id}")


def refund_rejected(session: Session, found: Sequence[OrderDecision]) -> None:
    """Give back what was paid for units that a supplier rejected and nobody else delivers."""
    goods: defaultdict[UUID, int] = defaultdict(int)
    for one in found:
        goods[one.purchase_order_id] += one.units * one.ordered_price
    for purchase_order_id, value in goods.items():
        first = next(one for one in found if one.purchase_order_id == purchase_order_id)
        withdraw(session, purchase_order_id, cause=f"decision:{first.id}", goods=value)
    decisions.finish(session, found)


def _stands(every: Sequence[PurchaseOrder], one: OrderDecision) -> bool:
    """Whether a decision's units are still its to give to another supplier."""
    if one.state in ("DONE", "OVERTAKEN"):
        return False
    if one.kind == REJECTED:
        return True
    return stands(next(line for order in every for line in order.lines if line.id == one.purchase_order_line_id), one)


def _cancelled(session: Session, one: OrderDecision) -> bool:
    line = session.get_one(OrderLine, one.order_line_id)
    return line.cancelled >= line.quantity


def _shares_of(
    session: Session, every: Sequence[PurchaseOrder], found: Sequence[OrderDecision]
) -> list[tuple[PurchaseOrder, PaidPart]]:
    """What was paid of the first suppliers' purchase orders for what others deliver now."""
    goods: defaultdict[UUID, int] = defaultdict(int)
    for one in found:
        goods[one.purchase_order_id] += one.units * one.ordered_price
    shares = []
    for old in every:
        if old.id in goods:
            share, charged = next_share(session, old, goods[old.id])
            shares.append((old, PaidPart(old.supplier_id, charged, share)))
    return shares
