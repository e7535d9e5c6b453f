"""Why an order went to these suppliers: every choice that was made for it, each with what brought it about."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app.orders.models import Order
from app.purchasing.models import RoutingDecision
from app.purchasing.routing import queries as routing
from app.purchasing.routing.explaining import explain, value_of
from app.purchasing.routing.problem import Choice
from app.purchasing.routing.snapshot import outcome_of, problem_of
from app.web.routing_occasions import occasions_of
from app.web.routing_words import distance_of, reason

#: An order that waits for stock is looked at again each time that some comes; the API tells the choices beyond these.
_SHOWN = 12


def choices_of(session: Session, order: Order) -> dict[str, Any]:
    """What the page shows of an order's choices, the newest first; ``earlier_choices``: there are more of them."""
    page = routing.decisions(session, order.retailer_id, order.id, limit=_SHOWN)
    occasions = occasions_of(session, order, page.items)
    return {
        "choices": [{**_explained(one), "occasion": occasions[one.attempt]} for one in page.items],
        "earlier_choices": page.next_cursor is not None,
    }


def _explained(decision: RoutingDecision) -> dict[str, Any]:
    """One choice, each candidate with its reason."""
    problem, outcome = problem_of(decision.problem), outcome_of(decision.outcome)
    return {
        "decision": decision,
        "proven": not isinstance(outcome, Choice) or outcome.proven,
        "currency": problem.currency,
        "landed": value_of(outcome, "lowest_cost") if isinstance(outcome, Choice) else None,
        "needs": [
            (need, [(one, distance_of(one.seller), reason(one, problem.currency)) for one in judged])
            for need, judged in explain(problem, outcome).needs
        ],
    }
