"""A supplier owes money back for a return: it is booked, and the retailer's card is to be refunded."""

from __future__ import annotations

from app.returns.events import CreditMemoIssued
from app.settlement import service as settlement
from workers.job import Run, job


@job(queue="money", on=CreditMemoIssued)
def book_credit_memo(run: Run, event: CreditMemoIssued) -> None:
    """See the module."""
    with run.closing() as session:
        settlement.book_credit_memo(session, event.credit_memo_id)
