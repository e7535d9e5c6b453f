"""What brought choices of an order's suppliers about, in sentences for pages and the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from app.kit.texts import marked as _
from app.orders.models import Order
from app.orders.rules import HOLD_RULES, HoldReason
from app.purchasing.decisions.service import BY_DEADLINE, BY_RULE
from app.purchasing.models import RoutingDecision
from app.purchasing.routing.occasions import PLACED, REPLACED, TAKEN_UP, Lost, lost_in
from app.suppliers.queries import names
from app.web.ui.rendering import gettext

_LOST: Mapping[str, str] = {
    "rejected": _("%(supplier)s can't deliver %(units)s × %(title)s."),
    "silent": _("%(supplier)s did not answer about %(units)s × %(title)s."),
    "price": _("%(supplier)s asked another price for %(units)s × %(title)s."),
    "later": _("%(supplier)s can send %(units)s × %(title)s only later."),
}
_ANSWERS: Mapping[str, str] = {
    BY_RULE: _("By your rules, others were asked."),
    BY_DEADLINE: _("Nobody had chosen in time, so others were asked."),
}
_SUBSTITUTE = _("Another article was chosen in its place.")
_BY_HAND = _("Others were chosen by hand.")


def occasions_of(session: Session, order: Order, decisions: Sequence[RoutingDecision]) -> dict[int, list[str]]:
    """The sentences of each choice, by its number."""
    lost = {one.attempt: lost_in(one.about) for one in decisions if one.occasion == REPLACED}
    called = names(session, {UUID(one.supplier_id) for found in lost.values() for one in found})
    titles = {line.position: line.title for line in order.lines}
    return {one.attempt: _sentences(one, lost.get(one.attempt, []), called, titles) for one in decisions}


def _sentences(
    decision: RoutingDecision, lost: Sequence[Lost], called: Mapping[UUID, str], titles: Mapping[int, str]
) -> list[str]:
    if decision.occasion == PLACED:
        return [gettext(_("The order came in."))]
    if decision.occasion == TAKEN_UP:
        ended = [gettext(HOLD_RULES[HoldReason(one)].heading) for one in decision.about.get("holds", ())]
        if not ended:
            return [gettext(_("The order was taken up again."))]
        return [gettext(_("The order was taken up again after: %(holds)s.")) % {"holds": ", ".join(ended)}]
    if decision.occasion != REPLACED:
        return [gettext(_("What brought this choice about was not kept."))] if decision.attempt > 1 else []
    found = [
        gettext(_LOST[one.kind])
        % {
            "supplier": called.get(UUID(one.supplier_id), "–"),
            "units": one.units,
            "title": titles.get(one.position, "–"),
        }
        for one in lost
    ]
    found += [gettext(one) for one in dict.fromkeys(_how(one) for one in lost)]
    return found


def _how(lost: Lost) -> str:
    if lost.substitute:
        return _SUBSTITUTE
    return _ANSWERS.get(lost.by or BY_RULE, _BY_HAND)
