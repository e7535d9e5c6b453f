"""Reading what a supplier answers about a purchase order's lines, as the portal's form and the letter's send it."""

from __future__ import annotations

from flask import request

from app.kit.texts import marked as _
from app.purchasing.models import PurchaseOrderLine
from app.purchasing.service import LineAnswer
from app.purchasing.service.status import counts
from app.web.forms import Sent
from app.web.ui.rendering import gettext


def sent_answers(line: PurchaseOrderLine) -> list[LineAnswer]:
    """What is said about a line, but for its price; empty where nothing is. The form asks of how many of the open units
    something is said; the others are accepted. Raises ``Invalid``."""
    sent, said = Sent(), request.form.get(f"answer-{line.id}", "")
    if not said:
        return []
    later, rejected = f"later-{line.id}", f"reject-{line.id}"
    units = {name: sent.whole(name, 1, counts(line).open) for name in (later, rejected) if _typed(name)}
    if said != "backordered" and rejected not in units and units.get(later, 0) == part_later(line):
        # It stood there already, and something else is said of the line.
        units.pop(later, None)
    if said == "accepted" and units:
        sent.refuse(next(iter(units)), "not_all", gettext(_("Of only a part, say above that it comes later or not.")))
    if said == "rejected" and later in units and rejected not in units:
        sent.refuse(rejected, "required", gettext(_("Say how many units you can't send.")))
    if sum(units.values()) > counts(line).open:
        sent.refuse(later, "too_many", gettext(_("Together these are more units than are open.")))
    day = sent.day(f"day-{line.id}")
    sent.check()
    reason = request.form.get(f"reason-{line.id}") or None
    if reason is None and (said == "rejected" or rejected in units):
        sent.refuse(f"reason-{line.id}", "required", gettext(_("Choose why you can't send it.")))
        sent.check()
    found = []
    if said == "rejected" or rejected in units:
        # An answer counts what was rejected or cancelled before, too.
        count = line.cancelled + units[rejected] if rejected in units else None
        found.append(LineAnswer(line_id=line.id, answer="rejected", quantity=count, reason=reason))
    if said == "backordered" or later in units:
        found.append(LineAnswer(line_id=line.id, answer="backordered", quantity=units.get(later), available_on=day))
    if said not in ("backordered", "rejected"):
        found.append(LineAnswer(line_id=line.id, answer=said, available_on=day, reason=reason))
    elif all(one.quantity is not None for one in found) and sum(units.values()) < counts(line).open:
        found.append(LineAnswer(line_id=line.id, answer="accepted"))
    return found


def part_later(line: PurchaseOrderLine) -> int:
    """How many of a line's open units come later, where others leave at once; 0 where none do, or all."""
    return counts(line).later if counts(line).now else 0


def _typed(name: str) -> bool:
    return bool(request.form.get(name, "").strip())
