"""A supplier that does not answer: it is reminded, then the retailer and the platform are told, then somebody else must
deliver. The steps lie on days on which the supplier works."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.kit import clock
from app.orders import service as orders
from app.outbox.service import emit
from app.purchasing.decisions.queries import rules_of
from app.purchasing.decisions.rules import Rules, next_step
from app.purchasing.events import AnswerOverdue, ids_of
from app.purchasing.models import PurchaseOrder
from app.suppliers.models import Supplier
from app.suppliers.queries import closures
from app.suppliers.rules import Closure

REMINDED, ESCALATED = "reminded", "escalated"


def unanswered(session: Session, moment: datetime, *, limit: int = 200) -> Sequence[tuple[UUID, UUID]]:
    """Purchase orders whose supplier owes an answer and whose next step is due: their order and their id."""
    rows = session.execute(
        select(PurchaseOrder.order_id, PurchaseOrder.id)
        .where(PurchaseOrder.remind_at <= moment)
        .order_by(PurchaseOrder.remind_at, PurchaseOrder.id)
        .limit(limit)
    )
    return [(order_id, purchase_order_id) for order_id, purchase_order_id in rows]


def follow_up(session: Session, order_id: UUID, purchase_order_id: UUID) -> bool:
    """Take the step that is due. Returns whether all were taken: it is time for somebody else."""
    order = orders.locked(session, order_id)
    purchase_order = session.scalars(
        select(PurchaseOrder)
        .where(PurchaseOrder.id == purchase_order_id)
        .options(selectinload(PurchaseOrder.lines))
        .with_for_update(of=PurchaseOrder)
        .execution_options(populate_existing=True)
    ).one()
    if purchase_order.remind_at is None or purchase_order.remind_at > clock.now():
        return False
    owes = any(line.answer is None and line.quantity > line.cancelled for line in purchase_order.lines)
    if not owes or purchase_order.processing_at is not None:
        purchase_order.remind_at = None
        return False
    rules = rules_of(session, order.retailer_id)
    step = purchase_order.reminders
    purchase_order.reminders += 1
    if step > rules.reminders:
        return True
    done = REMINDED if step < rules.reminders else ESCALATED
    supplier = session.get_one(Supplier, purchase_order.supplier_id)
    purchase_order.remind_at = _next(session, supplier, rules)
    orders.tell(
        session,
        order,
        f"po.{done}",
        purchase_order_id=purchase_order.id,
        supplier_id=purchase_order.supplier_id,
        supplier=supplier.company_name,
        number=purchase_order.number,
    )
    emit(
        session,
        AnswerOverdue(
            **ids_of(purchase_order),
            step=done,
            number=step + 1,
        ),
    )
    return False


def _next(session: Session, supplier: Supplier, rules: Rules) -> datetime:
    now = clock.now()
    closed = [Closure(one.starts_on, one.ends_on) for one in closures(session, supplier.id)]
    return next_step(now, rules.remind_hours, closed, supplier.timezone)
