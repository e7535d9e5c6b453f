"""The parcel of a return was delivered: its supplier is told to take it in and look at it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.returns.events import ReturnArrived
from app.returns.models import Return
from app.returns.rules import IN_TRANSIT
from workers.job import Run, job
from workers.telling import HANDLES_ORDERS, tell, told_moment


@job(queue="letters", on=ReturnArrived)
def tell_of_arrived_return(run: Run, event: ReturnArrived) -> None:
    """See the module."""
    with run.closing() as session:
        row = session.get_one(Return, event.return_id)
        if row.state == IN_TRANSIT:
            _tell(session, row)


def _tell(session: Session, row: Return) -> None:
    until = told_moment(session, row.supplier_id, row.due_at) if row.due_at else ""
    title = f"Return {row.number} has arrived: take it in and look at it"
    text = f"{row.tracking_number} was delivered to you. Without a word from you it counts as received after {until}."
    link = f"/supplier/returns/{row.id}"
    tell(
        session,
        row.supplier_id,
        "purchase_orders.write",
        kind="return",
        severity="warning",
        title=title,
        subject=f"Return {row.number} has arrived",
        body=text,
        link=link,
        button="Look at it",
        reason=HANDLES_ORDERS,
        dedupe=f"return:{row.id}",
        letter_dedupe=f"return:{row.id}:arrived",
    )
