"""Reading what a supplier answers about a purchase order's lines, as the portal's form and the letter's send it."""

from __future__ import annotations

from flask import request

from app.purchasing.models import PurchaseOrderLine
from app.purchasing.service import LineAnswer
from app.purchasing.service.status import counts
from app.web.forms import Sent


def sent_answer(line: PurchaseOrderLine) -> LineAnswer | None:
    """What is said about a line, but for its price; None where nothing is. Raises ``Invalid``."""
    sent, said, rejects = Sent(), request.form.get(f"answer-{line.id}", ""), f"reject-{line.id}"
    if not said:
        return None
    quantity = None
    if said == "rejected" and request.form.get(rejects, "").strip():
        # The form asks how many of those that are open; an answer counts what was rejected or cancelled before, too.
        quantity = line.cancelled + sent.whole(rejects, 1, counts(line).open)
    available_on = sent.day(f"day-{line.id}")
    sent.check()
    return LineAnswer(
        line_id=line.id,
        answer=said,
        available_on=available_on,
        reason=request.form.get(f"reason-{line.id}") or None,
        quantity=quantity,
    )
