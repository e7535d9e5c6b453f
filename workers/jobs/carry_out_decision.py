"""A retailer has chosen: the choice is carried out when it can be taken back no more. The task waits in the database
until then."""

from __future__ import annotations

from app.kit import clock
from app.purchasing.events import DecisionChosen
from app.purchasing.models import OrderDecision
from app.settlement import service as settlement
from workers.job import RetryLater, Run, job


@job(queue="money", on=DecisionChosen)
def carry_out_decision(run: Run, event: DecisionChosen) -> None:
    """See the module. One that was taken back, or chosen anew, is left to the clock of its own."""
    with run.transaction() as session:
        found = session.get_one(OrderDecision, event.decision_id)
        due = found.next_at if found.state == "CHOSEN" else None
    if due is not None and due > clock.now():
        raise RetryLater("it can still be taken back", at=due)
    with run.closing() as session:
        if due is not None:
            settlement.carry_out(session, event.order_id, event.decision_id)
