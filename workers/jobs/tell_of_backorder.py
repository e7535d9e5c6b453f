"""A supplier sends units later than ordered: the retailer is told by which day, and what it can do if that is too late.
When they are there, or not wanted any more, the notice is put away."""

from __future__ import annotations

from sqlalchemy.orm import Session, selectinload

from app.kit.texts import day
from app.notifications.service import resolve
from app.orders.models import Order
from app.purchasing.decisions.queries import rules_of
from app.purchasing.decisions.rules import too_late
from app.purchasing.events import BackorderOver, LinesBackordered
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from app.purchasing.service.status import counts
from app.suppliers.models import Supplier
from app.suppliers.queries import today_of
from workers.job import Run, job
from workers.order_desk import tell_order_desk

_IF_TOO_LATE = "If that is too late, cancel the units on the order's page: the supplier is asked to stop them."


@job(queue="letters", on=(LinesBackordered, BackorderOver), coalesce=True)
def tell_of_backorder(run: Run, event: LinesBackordered | BackorderOver) -> None:
    """See the module. It looks at all that the purchase order waits for."""
    with run.closing() as session:
        purchase_order = session.get_one(
            PurchaseOrder, event.purchase_order_id, options=[selectinload(PurchaseOrder.lines)]
        )
        later = [line for line in purchase_order.lines if counts(line).later and not _asked(session, event, line)]
        if later:
            _tell(session, purchase_order, later)
        else:
            resolve(session, purchase_order.retailer_id, _key(purchase_order))


def _asked(session: Session, event: LinesBackordered | BackorderOver, line: PurchaseOrderLine) -> bool:
    """About what comes too late the retailer is asked instead (``follow_backorders``)."""
    rules = rules_of(session, event.retailer_id)
    if not rules.decide_within_hours or line.available_on is None:
        return False
    order = session.get_one(Order, event.order_id)
    return order.kind != "sample" and too_late(rules, line.available_on, today_of(session, line.supplier_id))


def _tell(session: Session, purchase_order: PurchaseOrder, later: list[PurchaseOrderLine]) -> None:
    order = session.get_one(Order, purchase_order.order_id)
    name = order.external_name or str(order.number)
    supplier = session.get_one(Supplier, purchase_order.supplier_id).company_name
    sentences = [_sentence(line, supplier) for line in later]
    tell_order_desk(
        session,
        order,
        kind="backorder",
        severity="warning",
        title=f"Order {name}: some of it comes later",
        body=" ".join([*sentences[:3], _IF_TOO_LATE]),
        paragraphs=[*sentences, _IF_TOO_LATE],
        button="See the order",
        dedupe=_key(purchase_order),
        cause=",".join(f"{line.id}:{counts(line).later}:{line.available_on}" for line in later),
    )


def _sentence(line: PurchaseOrderLine, supplier: str) -> str:
    when = f"on {day(line.available_on, 'en')}" if line.available_on else "later"
    return f"{supplier} will have {counts(line).later} × {line.title} {when}."


def _key(purchase_order: PurchaseOrder) -> str:
    return f"backorder:{purchase_order.id}"
