"""Units wait for stock, or something else is sent instead: the shop's customer is written to, once for each, where the
shop wants it."""

from __future__ import annotations

from app.documents.customer_letters import CustomerLetters
from app.orders.models import Order, OrderLine
from app.purchasing.decisions.queries import bundles
from app.purchasing.decisions.rules import DONE, SUBSTITUTE, WAITING
from app.purchasing.decisions.store_news import order_units, substitute_title
from app.purchasing.events import DecisionMade, DecisionWaits
from app.purchasing.models import OrderDecision, PurchaseOrderLine
from workers.job import Run, job


@job(queue="letters", on=(DecisionWaits, DecisionMade))
def write_to_customer_of_decision(run: Run, event: DecisionWaits | DecisionMade) -> None:
    """See the module. Units that wait no more when it is done are not written about."""
    with run.closing() as session:
        row = session.get_one(OrderDecision, event.decision_id)
        order = session.get_one(Order, row.order_id)
        if order.kind == "sample":
            # Its customer is the retailer, who has just chosen.
            return
        letters = CustomerLetters(session, order)
        line = session.get_one(OrderLine, row.order_line_id)
        what = f"{letters.units(order_units(row))} {line.title}"
        if bundles(session, [line.id]):
            # Named, so that letters about two parts of one thing can be told apart.
            part = session.get_one(PurchaseOrderLine, row.purchase_order_line_id)
            what = letters.part(f"{letters.units(row.units)} {part.title}", what)
        if row.state == WAITING and row.wait_until is not None:
            letters.later(f"{row.id}:waits", what, row.wait_until)
        elif row.state == DONE and row.choice == SUBSTITUTE:
            letters.replaced(f"{row.id}:replaced", what, substitute_title(session, row)[0])
