"""Asking a retailer, and what it answers. Money and new purchase orders are for those who carry a choice out."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.catalog.models import SupplierProduct, SupplierVariant
from app.catalog.queries import on_offer
from app.db import current_scope, table_of
from app.kit import clock
from app.kit.errors import Conflict, Invalid, NotFound
from app.kit.ids import new_id
from app.kit.texts import zone_of
from app.orders import service as orders
from app.orders.models import Order
from app.outbox.service import emit
from app.purchasing.decisions import queries
from app.purchasing.decisions.rules import (
    CHOICES,
    CHOSEN,
    DONE,
    LATER,
    OPEN,
    OVERTAKEN,
    PAYING,
    PRICE,
    REFUND,
    REJECTED,
    SILENT,
    SUBSTITUTE,
    UNDO_FOR,
    WAIT,
    WAITING,
    Rules,
    may_move,
)
from app.purchasing.events import (
    DecisionChosen,
    DecisionMade,
    DecisionNeeded,
    DecisionWaits,
    LinesBackordered,
    PriceAsked,
    ids_of,
)
from app.purchasing.models import OrderDecision, PurchaseOrder, PurchaseOrderLine
from app.stores.models import Store
from app.suppliers.models import Supplier

#: Who chose, where it was no person.
BY_RULE, BY_DEADLINE = "rule", "deadline"


def begin(
    session: Session,
    purchase_order: PurchaseOrder,
    line: PurchaseOrderLine,
    rules: Rules,
    *,
    kind: str,
    cause: str,
    units: int,
    reason: str | None = None,
    asked_price: int | None = None,
) -> OrderDecision | None:
    """Something is to be decided about units of a line; None where the same cause was taken up before."""
    now = clock.now()
    row_id = session.scalar(
        upsert(table_of(OrderDecision))
        .values(
            id=new_id(),
            retailer_id=purchase_order.retailer_id,
            order_id=purchase_order.order_id,
            order_line_id=line.order_line_id,
            purchase_order_id=purchase_order.id,
            purchase_order_line_id=line.id,
            supplier_id=purchase_order.supplier_id,
            component=line.component,
            per_unit=line.per_unit,
            kind=kind,
            cause=cause,
            units=units,
            reason=reason,
            currency=purchase_order.currency,
            ordered_price=line.wholesale_price,
            asked_price=asked_price,
            state=OPEN,
            due_at=now + timedelta(hours=rules.decide_within_hours),
            created_at=now,
            updated_at=now,
        )
        .on_conflict_do_nothing()
        .returning(table_of(OrderDecision).c.id)
    )
    return None if row_id is None else session.get_one(OrderDecision, row_id)


def begin_rejected(session: Session, order: Order, purchase_orders: Iterable[PurchaseOrder]) -> None:
    """Something is to be decided about all units of these purchase orders of an order that their suppliers rejected,
    once for each unit, at the price that it has now: so it is called before a line's price becomes another one. The
    caller holds the locks of the purchase orders. Nobody is asked yet (``queries.to_take_up``)."""
    rules = queries.rules_of(session, order.retailer_id)
    begun = Counter[UUID]()
    for one in queries.about_rejected(session, order.id):
        begun[one.purchase_order_line_id] += one.units
    for purchase_order in purchase_orders:
        for line in purchase_order.lines:
            if line.rejected > begun[line.id]:
                begin(
                    session,
                    purchase_order,
                    line,
                    rules,
                    kind=REJECTED,
                    cause=f"units:{line.rejected}",
                    units=line.rejected - begun[line.id],
                    reason=line.reason,
                )


def ask(session: Session, order: Order, decisions: Sequence[OrderDecision], *, trouble: str | None = None) -> None:
    """Let the retailer choose, each until its deadline. What could not be carried out says so by ``trouble``, and
    leaves at least an hour."""
    asked = [one for one in decisions if one.state == OPEN or may_move(one.state, OPEN)]
    for one in asked:
        one.state, one.choice, one.chosen_by, one.trouble = OPEN, None, None, trouble
        one.rerouting_id = one.charge_id = one.substitute_id = one.wait_until = None
        if trouble is not None:
            one.due_at = max(one.due_at, clock.now() + timedelta(hours=1))
        one.next_at, one.updated_at = one.due_at, clock.now()
    if asked:
        session.flush()
        orders.tell(session, order, "decision.asked", until=_iso(asked[0]))
        emit(
            session,
            *(
                DecisionNeeded(decision_id=one.id, order_id=order.id, retailer_id=order.retailer_id, kind=one.kind)
                for one in asked
            ),
        )


def choose(
    session: Session,
    retailer_id: UUID,
    order_id: UUID,
    decision_id: UUID,
    choice: str,
    *,
    substitute_id: UUID | None = None,
    refund_customer: bool | None = None,
) -> OrderDecision:
    """Somebody chooses. It is carried out a little later and can be taken back until then; another choice takes the
    place of this one. ``refund_customer``: whether the store gives its customer the money back when it is cancelled;
    None: as its setting says. Raises ``NotFound``, ``Invalid``, and ``Conflict`` for what is decided or being paid
    for."""
    order = _own_order(session, retailer_id, order_id)
    found = locked(session, retailer_id, order_id, decision_id)
    if choice not in CHOICES[found.kind]:
        raise Invalid.field("choice", "unknown_choice", f"One of: {', '.join(CHOICES[found.kind])}.")
    if not (found.state == CHOSEN or may_move(found.state, CHOSEN)):
        raise Conflict("This is decided already.", code="decided")
    if choice == SUBSTITUTE:
        _check_substitute(session, found, substitute_id)
    found.state, found.choice, found.chosen_by = CHOSEN, choice, current_scope().actor
    found.substitute_id = substitute_id if choice == SUBSTITUTE else None
    found.refund_customer = refund_customer if choice == REFUND else None
    found.trouble, found.updated_at = None, clock.now()
    found.next_at = clock.now() + UNDO_FOR
    session.flush()
    orders.tell(session, order, f"decision.chosen_{choice}")
    audit.record(session, retailer_id, "orders.decided", "order_decision", found.id, details={"choice": choice})
    emit(session, DecisionChosen(decision_id=found.id, order_id=order_id, retailer_id=retailer_id))
    return found


def undo(session: Session, retailer_id: UUID, order_id: UUID, decision_id: UUID) -> OrderDecision:
    """Take a choice back that is not carried out yet. Raises ``NotFound`` and ``Conflict``."""
    order = _own_order(session, retailer_id, order_id)
    found = locked(session, retailer_id, order_id, decision_id)
    if found.state != CHOSEN:
        raise Conflict("It is carried out already and can't be taken back.", code="carried_out")
    found.state, found.choice, found.chosen_by, found.substitute_id = OPEN, None, None, None
    found.refund_customer = None
    found.next_at = max(found.due_at, clock.now())
    if found.wait_until is not None:
        # It waited for stock before, and was not asked about any more: it goes on waiting.
        found.state, found.choice, found.chosen_by = WAITING, WAIT, current_scope().actor
        found.next_at = found.wait_until
    found.updated_at = clock.now()
    session.flush()
    orders.tell(session, order, "decision.undone")
    audit.record(session, retailer_id, "orders.decision_undone", "order_decision", found.id)
    return found


def locked(session: Session, retailer_id: UUID | None, order_id: UUID, decision_id: UUID) -> OrderDecision:
    """A decision as it is now, of an order that the caller has locked. Raises ``NotFound``."""
    query = select(OrderDecision).where(OrderDecision.id == decision_id, OrderDecision.order_id == order_id)
    if retailer_id is not None:
        query = query.where(OrderDecision.retailer_id == retailer_id)
    found = session.scalar(query.with_for_update().execution_options(populate_existing=True))
    if found is None:
        raise NotFound("decision")
    return found


def pay_for(decisions: Iterable[OrderDecision], *, charge_id: UUID) -> None:
    """They are carried out once the card has paid."""
    for one in decisions:
        one.state, one.charge_id, one.next_at, one.updated_at = PAYING, charge_id, None, clock.now()


def wait(session: Session, order: Order, found: OrderDecision, rules: Rules) -> None:
    """The units wait for stock."""
    until = clock.now() + timedelta(days=rules.wait_days)
    found.state, found.updated_at = WAITING, clock.now()
    found.wait_until = found.next_at = until
    orders.tell(session, order, "decision.waiting")
    emit(
        session,
        DecisionWaits(
            decision_id=found.id,
            order_id=order.id,
            retailer_id=order.retailer_id,
            until=last_day(session, order, until).isoformat(),
        ),
    )


def last_day(session: Session, order: Order, wait_until: datetime) -> date:
    """The day until which units wait, where the order's store is; in UTC without a store."""
    store = session.get(Store, order.store_id) if order.store_id else None
    return wait_until.astimezone(zone_of(store.timezone if store else "UTC")).date()


def finish(session: Session, decisions: Iterable[OrderDecision]) -> None:
    """They are carried out."""
    for one in decisions:
        one.state, one.next_at, one.updated_at = DONE, None, clock.now()
        audit.record(
            session,
            one.retailer_id,
            "orders.decision_carried_out",
            "order_decision",
            one.id,
            details={"choice": one.choice, "by": _kind_of_actor(one.chosen_by)},
        )
        emit(
            session,
            DecisionMade(
                decision_id=one.id,
                order_id=one.order_id,
                retailer_id=one.retailer_id,
                choice=one.choice or "",
                chosen_by=_kind_of_actor(one.chosen_by),
            ),
        )


def overtake(session: Session, order: Order, decisions: Iterable[OrderDecision]) -> None:
    """There is nothing left to decide as it was asked. Where fewer units are left than it was asked about, what is to
    become of those is taken up anew."""
    over = [one for one in decisions if may_move(one.state, OVERTAKEN)]
    for one in over:
        one.state, one.next_at, one.updated_at = OVERTAKEN, None, clock.now()
        _take_up_rest(session, one)
    if over:
        orders.tell(session, order, "decision.overtaken")
        emit(
            session,
            *(
                DecisionMade(
                    decision_id=one.id, order_id=order.id, retailer_id=order.retailer_id, choice="", chosen_by=""
                )
                for one in over
            ),
        )


def _take_up_rest(session: Session, one: OrderDecision) -> None:
    purchase_order = session.get_one(PurchaseOrder, one.purchase_order_id)
    line = session.get_one(PurchaseOrderLine, one.purchase_order_line_id)
    if one.kind == LATER:
        if line.answer == "backordered" and line.quantity > line.shipped + line.cancelled:
            emit(session, LinesBackordered(**ids_of(purchase_order)))
        return
    if line.shipped or line.quantity == line.cancelled:
        return
    if one.kind == PRICE and line.asked_price == one.asked_price:
        emit(
            session,
            PriceAsked(**ids_of(purchase_order)),
        )
    elif one.kind == SILENT and line.answer is None:
        purchase_order.remind_at = clock.now()


def withdraw_between(session: Session, order: Order, units: Mapping[UUID, int | None]) -> None:
    """So many units of order lines (None: all) that are in between are not wanted any more: they are refunded, by those
    who carry choices out. Of a decision about more units the rest is decided about on its own. Counted units are found
    among those that can be taken away alone (``free_between``)."""
    left = {line_id: sys.maxsize if count is None else count for line_id, count in units.items()}
    for one in queries.in_between(session, order.id):
        count = min(one.units, left.get(one.order_line_id, 0))
        counted = units.get(one.order_line_id) is not None
        if not count or (counted and (one.choice == REFUND or not queries.counts_as_ordered(one))):
            # What is to be refunded anyway is not taken away twice.
            continue
        left[one.order_line_id] -= count
        found = one if count == one.units else _split(session, one, count)
        found.state, found.choice, found.chosen_by = CHOSEN, REFUND, current_scope().actor
        found.substitute_id = None
        found.next_at = found.updated_at = clock.now()
        session.flush()
        emit(session, DecisionChosen(decision_id=found.id, order_id=order.id, retailer_id=order.retailer_id))
    session.flush()


def _split(session: Session, one: OrderDecision, units: int) -> OrderDecision:
    """Another decision about some of a decision's units."""
    kept = {column.name: getattr(one, column.name) for column in table_of(OrderDecision).columns}
    found = OrderDecision(**{**kept, "id": new_id(), "units": units, "cause": f"{one.cause}:less:{one.units}"})
    one.units -= units
    one.updated_at = clock.now()
    session.add(found)
    return found


def decide(found: OrderDecision, choice: str, by: str) -> None:
    """A rule or the deadline decides instead of a person."""
    found.choice, found.chosen_by, found.updated_at = choice, by, clock.now()


def _check_substitute(session: Session, found: OrderDecision, substitute_id: UUID | None) -> None:
    if substitute_id is None:
        raise Invalid.field("variant_id", "required", "Say which variant is to be sent instead.")
    offered = session.scalar(
        select(SupplierVariant.id)
        .join(SupplierProduct, SupplierProduct.id == SupplierVariant.product_id)
        .join(Supplier, Supplier.id == SupplierVariant.supplier_id)
        .where(SupplierVariant.id == substitute_id, on_offer())
    )
    if offered is None:
        raise Invalid.field("variant_id", "not_on_offer", "This variant is not on offer.")
    mine = session.scalar(
        select(PurchaseOrderLine.variant_id).where(PurchaseOrderLine.id == found.purchase_order_line_id)
    )
    if mine == substitute_id:
        raise Invalid.field("variant_id", "same", "This is the one that does not come.")


def _own_order(session: Session, retailer_id: UUID, order_id: UUID) -> Order:
    order = orders.locked(session, order_id)
    if order.retailer_id != retailer_id:
        raise NotFound("order")
    return order


def _iso(found: OrderDecision) -> str:
    return clock.iso(found.due_at.replace(microsecond=0))


def _kind_of_actor(actor: str | None) -> str:
    return actor if actor in (BY_RULE, BY_DEADLINE) else "person"
