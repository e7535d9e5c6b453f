"""What follows when a supplier does not take an order as it was placed: another supplier, a question to the retailer,
or what the retailer wants done without being asked; and carrying out what was chosen.

Everything here holds the order's lock, and looks at how things stand: what is done twice is done once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kit import clock
from app.orders import service as orders
from app.orders.models import Order
from app.purchasing.decisions import queries
from app.purchasing.decisions import service as decisions
from app.purchasing.decisions.rules import (
    ACCEPT,
    CHOSEN,
    LATER,
    OPEN,
    PAYING,
    PRICE,
    REFUND,
    REJECTED,
    REROUTE,
    SILENT,
    SUBSTITUTE,
    UNDECIDED,
    WAIT,
    WAITING,
    Rules,
    later_cause,
    tolerated,
    too_late,
    with_changes,
)
from app.purchasing.models import OrderDecision, PurchaseOrder, PurchaseOrderLine
from app.purchasing.service.rerouting import stands
from app.purchasing.service.settling import CANCELLED_UNITS, open_units, settle_requests, withdraw_units
from app.purchasing.service.status import counts, locked_of_order
from app.settlement.service.repricing import accept, costs_more, take_lower
from app.settlement.service.rerouting import refund_rejected, send_elsewhere
from app.settlement.service.withdrawing import forget_lost
from app.suppliers.queries import today_of

_Lines = dict[UUID, tuple[PurchaseOrder, PurchaseOrderLine]]


def follow_rejections(session: Session, order_id: UUID) -> None:
    """What suppliers rejected and nobody has looked at yet another one delivers, or the retailer decides. The purchase
    orders stay locked, so that whoever takes units away next finds all that nobody delivers. Needs a system scope."""
    order = orders.locked(session, order_id)
    decisions.begin_rejected(session, order, locked_of_order(session, order_id))
    rules = _rules(session, order)
    begun = queries.to_take_up(session, order_id)
    _without_asking(session, order, begun, rules, reroute=rules.reroute_rejected)


def follow_silence(session: Session, order_id: UUID, purchase_order_id: UUID) -> None:
    """A supplier has not answered, was reminded, and still does not: another one delivers, or the retailer decides."""
    order = orders.locked(session, order_id)
    rules = _rules(session, order)
    begun = []
    for purchase_order, line in _lines(session, order).values():
        if purchase_order.id != purchase_order_id:
            continue
        purchase_order.remind_at = None
        units = line.quantity - line.cancelled
        if line.answer is None and not line.shipped and units and not _pending(session, line, SILENT):
            cause = f"silent:{purchase_order.reminders}"
            one = decisions.begin(session, purchase_order, line, rules, kind=SILENT, cause=cause, units=units)
            if one is not None:
                begun.append(one)
    _without_asking(session, order, begun, rules, reroute=rules.reroute_silent)


def follow_prices(session: Session, order_id: UUID, purchase_order_id: UUID) -> None:
    """A supplier asks other prices: lower ones are taken, higher ones within the retailer's tolerance too, and about
    the others it decides."""
    order = orders.locked(session, order_id)
    rules = queries.rules_of(session, order.retailer_id)
    for purchase_order, line in _lines(session, order).values():
        if purchase_order.id != purchase_order_id:
            continue
        price, units = line.asked_price, line.quantity - line.shipped - line.cancelled
        pending = _pending(session, line, PRICE)
        decisions.overtake(session, order, [one for one in pending if one.asked_price != price or not units])
        if price is None or not units or any(one.asked_price == price for one in pending):
            continue
        if price < line.wholesale_price:
            take_lower(session, order, purchase_order, line)
            continue
        begun = decisions.begin(
            session,
            purchase_order,
            line,
            rules,
            kind=PRICE,
            cause=f"price:{clock.iso(clock.now())}",
            units=units,
            asked_price=price,
        )
        if begun is None:
            continue
        more = costs_more(purchase_order, line, price).charged.minor
        if tolerated(rules, ordered=line.wholesale_price, asked=price, more=more):
            decisions.decide(begun, ACCEPT, decisions.BY_RULE)
            if not accept(session, order, purchase_order, line, begun):
                decisions.ask(session, order, [begun], trouble="no_card")
        else:
            _without_asking(session, order, [begun], rules, reroute=False)


def follow_backorders(session: Session, order_id: UUID, purchase_order_id: UUID) -> None:
    """A supplier sends units later than ordered: about those that come too late the retailer decides. A sample is
    waited for."""
    order = orders.locked(session, order_id)
    rules = queries.rules_of(session, order.retailer_id)
    begun = []
    for purchase_order, line in _lines(session, order).values():
        if purchase_order.id != purchase_order_id:
            continue
        pending = _pending(session, line, LATER)
        decisions.overtake(session, order, [one for one in pending if not stands(line, one)])
        units, day = counts(line).later, line.available_on
        today = today_of(session, purchase_order.supplier_id)
        if not units or day is None or order.kind == "sample" or not too_late(rules, day, today):
            continue
        units -= sum(one.units for one in pending if stands(line, one))
        if units > 0 and not queries.agreed_to_wait(session, line.id, day, units):
            cause = later_cause(day, units)
            one = decisions.begin(session, purchase_order, line, rules, kind=LATER, cause=cause, units=units)
            begun += [one] if one is not None else []
    _without_asking(session, order, begun, rules, reroute=False)


def follow_changes(session: Session, order_id: UUID) -> None:
    """Something moved in an order: what there is nothing left to decide about is not asked any more."""
    order = orders.locked(session, order_id)
    lines = _lines(session, order)
    over = []
    for one in queries.of_order(session, order_id):
        if one.state not in UNDECIDED or one.kind == REJECTED:
            continue
        if not _to_decide(lines, one):
            over.append(one)
    decisions.overtake(session, order, over)


def carry_out(session: Session, order_id: UUID, decision_id: UUID) -> None:
    """The clock acts: a choice that nobody took back is carried out; one that nobody made is made by the retailer's
    default; units that waited long enough wait no more."""
    order = orders.locked(session, order_id)
    found = decisions.locked(session, None, order_id, decision_id)
    if found.next_at is None or found.next_at > clock.now():
        return
    rules = queries.rules_of(session, order.retailer_id)
    if found.kind != REJECTED and not _to_decide(_lines(session, order), found):
        decisions.overtake(session, order, [found])
        return
    if found.state == WAITING:
        if _try_again(session, order, found):
            return
        decisions.decide(found, REFUND, decisions.BY_DEADLINE)
    elif found.state == OPEN:
        orders.tell(session, order, "decision.by_deadline")
        choice = rules.default_for(found.kind)
        if found.trouble is not None:
            # What could not be done is not tried over and over.
            choice = REFUND
        decisions.decide(found, choice, decisions.BY_DEADLINE)
    elif found.state != CHOSEN:
        return
    _do(session, order, [found], rules)


def try_waiting(session: Session, order_id: UUID, decision_id: UUID) -> None:
    """Stock has come: units that wait may find a supplier now."""
    order = orders.locked(session, order_id)
    found = decisions.locked(session, None, order_id, decision_id)
    if found.state == WAITING:
        _try_again(session, order, found)


def _without_asking(
    session: Session, order: Order, begun: Sequence[OrderDecision], rules: Rules, *, reroute: bool
) -> None:
    """What the retailer's rules do by themselves; it is asked about the rest, where it wants to be."""
    left = list(begun)
    if left and reroute:
        for one in left:
            decisions.decide(one, REROUTE, decisions.BY_RULE)
        left = _try(session, order, left)
    if left and not rules.decide_within_hours:
        for kind in {one.kind for one in left}:
            own = [one for one in left if one.kind == kind]
            for one in own:
                decisions.decide(one, rules.default_for(kind), decisions.BY_RULE)
            _do(session, order, own, rules)
    elif left:
        decisions.ask(session, order, left)
    forget_lost(session, order)


def _do(session: Session, order: Order, found: Sequence[OrderDecision], rules: Rules) -> None:
    """Carry out the one choice that was made about all of these, which are of one kind."""
    choice, kind = found[0].choice, found[0].kind
    if choice == ACCEPT:
        _accept(session, order, found)
    elif choice in (REROUTE, SUBSTITUTE):
        left = _try(session, order, found)
        decisions.ask(session, order, left, trouble="nobody_can")
    elif choice == WAIT and kind == SILENT:
        _give_time(session, found, rules)
    elif choice == WAIT and kind == LATER:
        # Its supplier sends them, by the day that it named.
        decisions.finish(session, found)
    elif choice == WAIT:
        for one in found:
            decisions.wait(session, order, one, rules)
    elif kind == REJECTED:
        refund_rejected(session, found)
    else:
        _cancel(session, order, found)
    forget_lost(session, order)


def _try(session: Session, order: Order, found: Sequence[OrderDecision]) -> list[OrderDecision]:
    """Have other suppliers deliver. Returns what nobody can deliver."""
    barred = queries.barred_suppliers(session, order.id, {one.order_line_id for one in found})
    left = send_elsewhere(session, order, found, barred=barred)
    if left:
        orders.tell(session, order, "order.nobody_can")
    return left


def _try_again(session: Session, order: Order, found: OrderDecision) -> bool:
    """Have somebody deliver units that wait; who had none of them may have some now. Returns whether they wait no
    more."""
    barred = queries.barred_suppliers(session, order.id, {found.order_line_id}, again=True)
    waits_since = found.updated_at
    decisions.decide(found, REROUTE, found.chosen_by or decisions.BY_RULE)
    left = send_elsewhere(session, order, [found], barred=barred)
    if left:
        decisions.decide(found, WAIT, found.chosen_by or decisions.BY_RULE)
        found.updated_at = waits_since
    forget_lost(session, order)
    return not left


def _accept(session: Session, order: Order, found: Sequence[OrderDecision]) -> None:
    lines = _lines(session, order)
    for one in found:
        purchase_order, line = lines[one.purchase_order_line_id]
        if not accept(session, order, purchase_order, line, one):
            decisions.ask(session, order, [one], trouble="no_card")


def _give_time(session: Session, found: Sequence[OrderDecision], rules: Rules) -> None:
    """A silent supplier gets more time, and is watched as before."""
    for one in found:
        purchase_order = session.get_one(PurchaseOrder, one.purchase_order_id)
        purchase_order.remind_at = clock.now() + timedelta(hours=max(24, rules.remind_hours))
    decisions.finish(session, found)


def _cancel(session: Session, order: Order, found: Sequence[OrderDecision]) -> None:
    """Take units from a supplier that still has them, without giving them to another one."""
    lines = _lines(session, order)
    for one in found:
        purchase_order, line = lines[one.purchase_order_line_id]
        units = min(one.units, open_units(line))
        if one.kind != LATER:
            line.asked_price = None
        withdraw_units(session, purchase_order, {line: units}, why=CANCELLED_UNITS)
        settle_requests(session, purchase_order, by_shipping=False)
        if all(row.answer or row.cancelled == row.quantity for row in purchase_order.lines):
            purchase_order.remind_at = None
    decisions.finish(session, found)


def _rules(session: Session, order: Order) -> Rules:
    """The retailer's; a sample is of one supplier's goods, and nobody is asked about it."""
    rules = queries.rules_of(session, order.retailer_id)
    if order.kind != "sample":
        return rules
    return with_changes(
        rules, reroute_rejected=False, reroute_silent=False, decide_within_hours=0, decision_default=REFUND
    )


def _lines(session: Session, order: Order) -> _Lines:
    return {line.id: (one, line) for one in locked_of_order(session, order.id) for line in one.lines}


def _pending(session: Session, line: PurchaseOrderLine, kind: str) -> list[OrderDecision]:
    return list(
        session.scalars(
            select(OrderDecision).where(
                OrderDecision.purchase_order_line_id == line.id,
                OrderDecision.kind == kind,
                OrderDecision.state.in_((*UNDECIDED, PAYING)),
            )
        )
    )


def _to_decide(lines: _Lines, one: OrderDecision) -> bool:
    """Whether a price still stands to be agreed on, an answer is still owed, or units still come too late."""
    return stands(lines[one.purchase_order_line_id][1], one)
