"""A retailer is to decide about units that do not come as ordered: it is told once an order, however many lines and
suppliers it is about; and what was decided puts the notice away."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.kit.money import Money
from app.kit.texts import day
from app.notifications.service import resolve
from app.orders.models import Order
from app.purchasing.decisions.queries import of_order, rules_of
from app.purchasing.decisions.rules import (
    ACCEPT,
    LATER,
    OPEN,
    PRICE,
    REFUND,
    REJECTED,
    REROUTE,
    SILENT,
    WAIT,
    promised_for,
)
from app.purchasing.events import DecisionChosen, DecisionMade, DecisionNeeded
from app.purchasing.models import OrderDecision, PurchaseOrderLine
from app.suppliers.models import Supplier
from workers.job import Run, job
from workers.order_desk import tell_order_desk
from workers.telling import told_moment

_WHAT = {
    PRICE: "{supplier} asks {asked} instead of {ordered} for {title}.",
    REJECTED: "{supplier} can't deliver {units} × {title}.",
    SILENT: "{supplier} has not answered about {units} × {title}.",
    LATER: "{supplier} will have {units} × {title} on {day}, later than you wait without being asked.",
}
_DEFAULT = {
    REFUND: "it is cancelled and refunded",
    WAIT: "it waits",
    ACCEPT: "the new price is paid",
    REROUTE: "another supplier is asked",
}


@job(queue="letters", on=(DecisionNeeded, DecisionChosen, DecisionMade), coalesce=True)
def tell_of_decision(run: Run, event: DecisionNeeded | DecisionChosen | DecisionMade) -> None:
    """See the module. It looks at all that is open about the order."""
    with run.closing() as session:
        found = [one for one in of_order(session, event.order_id) if one.state == OPEN]
        order = session.get_one(Order, event.order_id)
        key = f"order_decision:{order.id}"
        if not found:
            resolve(session, order.retailer_id, key)
            return
        _tell(session, order, found, key)


def _tell(session: Session, order: Order, found: list[OrderDecision], key: str) -> None:
    first = min(found, key=lambda one: one.due_at)
    until = told_moment(session, order.retailer_id, first.due_at)
    default = _DEFAULT[rules_of(session, order.retailer_id).default_for(first.kind)]
    name = order.external_name or str(order.number)
    ending = f"Decide by {until}. Otherwise {default}."
    lines = [_sentence(session, one) for one in found]
    tell_order_desk(
        session,
        order,
        kind="order_decision",
        severity="warning",
        title=f"Order {name}: decide by {until}",
        body=" ".join([*lines[:3], ending]),
        paragraphs=[f"Order {name} does not come as it was ordered.", *lines, ending],
        button="Decide",
        dedupe=key,
        # One letter for all that is open; another one when something is added.
        cause=f"{max(found, key=lambda one: one.id).id}:{len(found)}:{first.trouble or ''}",
    )


def _sentence(session: Session, one: OrderDecision) -> str:
    line = session.get_one(PurchaseOrderLine, one.purchase_order_line_id)
    return _WHAT[one.kind].format(
        supplier=session.get_one(Supplier, one.supplier_id).company_name,
        title=line.title,
        units=one.units,
        ordered=Money(one.ordered_price, one.currency),
        asked=Money(one.asked_price or 0, one.currency),
        day=day(promised_for(one.cause), "en") if one.kind == LATER else "",
    )
