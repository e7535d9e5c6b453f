"""What comes next for an order, and who has the ball: of everything that it waits for, the first in the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.exceptions.kind import Party
from app.exceptions.kinds.held_orders import ball_of
from app.exceptions.queries import StuckThing
from app.kit.texts import marked as _
from app.orders.rules import (
    BACKORDERED,
    CANCELLED,
    CONFIRMED,
    DELIVERED,
    HOLD_RULES,
    ON_HOLD,
    PARTIALLY_SHIPPED,
    PENDING,
    PROCESSING,
    RETURNED,
    SHIPPED,
    HoldReason,
)
from app.purchasing.decisions.rules import CHOSEN, OPEN, PAYING


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A purchase order, as far as it is waited for. ``asked``: its supplier was asked to change something, by when it
    answers. ``there``: when the supplier has all that it backordered, as it promised; ``leaves``: whether units are to
    leave at once. ``price_asked``: nothing may leave before its retailer has agreed to another price."""

    status: str
    released: bool
    answer_by: datetime | None = None
    ship_by: datetime | None = None
    there: datetime | None = None
    leaves: bool = False
    asked: datetime | None = None
    price_asked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """Units that do not come as ordered, in one of the states of a decision that is not over, and when the clock ends
    it: ``OPEN`` until its retailer should have decided, ``CHOSEN`` until it is carried out, ``WAITING`` for stock;
    ``PAYING`` has no such moment."""

    state: str
    due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """``ball``: who has to do something, None where nothing is left to do. ``due``: by when; ``code`` is stable.
    ``heading``: what is stuck, where something is. ``text`` says it to everybody, ``own`` to whoever has the ball;
    empty where ``text`` fits both."""

    code: str
    text: str
    ball: Party | None
    due: datetime | None = None
    heading: str = ""
    own: str = ""


_DONE = {
    CANCELLED: NextStep(code="cancelled", text=_("Nothing is left to do: the order is cancelled."), ball=None),
    DELIVERED: NextStep(code="delivered", text=_("Nothing is left to do: all of it has arrived."), ball=None),
    RETURNED: NextStep(code="returned", text=_("Nothing is left to do: all of it came back."), ball=None),
}
#: Of several purchase orders, the one that is least far tells what comes next.
_PROGRESS = (ON_HOLD, PENDING, BACKORDERED, CONFIRMED, PROCESSING, PARTIALLY_SHIPPED, SHIPPED)


def next_step(
    status: str,
    holds: Sequence[HoldReason],
    parts: Sequence[Part],
    *,
    open_return: bool = False,
    undecided: Sequence[Undecided] = (),
) -> NextStep:
    """What an order of this status, with these open holds and purchase orders, waits for. Every order has a step."""
    if status in _DONE:
        if open_return and status != CANCELLED:
            return NextStep(
                code="return",
                text=_("A return is under way: the supplier takes the goods back and credits them."),
                own=_("A return is under way: take the goods back and credit them."),
                ball=Party.SUPPLIER,
            )
        return _DONE[status]
    if holds:
        # The one that a person must end comes before those that end by themselves.
        reason = sorted(holds, key=lambda one: (HOLD_RULES[one].severity == "info", one))[0]
        return NextStep(code=f"held.{reason}", text=HOLD_RULES[reason].advice, ball=ball_of(HOLD_RULES[reason]))
    asked_of_retailer = [one for one in undecided if one.state == OPEN]
    if asked_of_retailer:
        text = _("What becomes of units that do not come as ordered is to be decided.")
        return NextStep(
            code="decide",
            text=text,
            own=_("Decide what becomes of units that do not come as ordered."),
            ball=Party.RETAILER,
            due=_first(asked_of_retailer),
        )
    asked = min((one.asked for one in parts if one.asked is not None), default=None)
    if asked is not None:
        return NextStep(
            code="change",
            text=_("The supplier says whether it can change what was asked."),
            own=_("Say whether you can change what was asked."),
            ball=Party.SUPPLIER,
            due=asked,
        )
    live = [one for one in parts if one.status in _PROGRESS]
    if undecided and all(one.status == SHIPPED or one.price_asked for one in live):
        # Nothing else is in the way.
        return _undecided(undecided)
    if not live:
        return NextStep(code="routing", text=_("Suppliers are chosen, usually within seconds."), ball=Party.PLATFORM)
    # What may not leave before a price is agreed on tells what comes next only where nothing else is to leave.
    going = [one for one in live if not one.price_asked] or live
    first = min(going, key=lambda one: _PROGRESS.index(one.status))
    if first.price_asked:
        text = _("The retailer says whether it takes the new price; nothing of it is sent before.")
        own = _("Say whether you take the new price; nothing of it is sent before.")
        return NextStep(code="price", text=text, own=own, ball=Party.RETAILER)
    return _of(first, going)


def with_stuck(step: NextStep, things: Sequence[StuckThing], reader: Party) -> NextStep:
    """What comes next for a reader, of whose inbox the order's ``things`` are, the longest first: what is stuck and up
    to the reader comes before what others do, and anything stuck before a step that leaves nobody anything to do."""
    if step.ball is reader:
        return step
    mine = [one for one in things if one.ball is reader]
    nobody = step.ball in (None, Party.OUTSIDE)
    thing = next(iter(mine or (things if nobody else ())), None)
    if thing is None:
        return step
    return NextStep(
        code=f"stuck.{thing.kind}",
        heading=thing.told.heading_for(reader),
        text=thing.told.advice_for(reader, ball=thing.ball),
        ball=thing.ball,
        due=thing.due,
    )


def _first(undecided: Sequence[Undecided]) -> datetime | None:
    return min((one.due for one in undecided if one.due is not None), default=None)


def _undecided(undecided: Sequence[Undecided]) -> NextStep:
    """Of what is decided and not over, what comes first."""
    if any(one.state == PAYING for one in undecided):
        text = _("The card is charged what the choice costs more; then it is carried out.")
        return NextStep(code="difference", text=text, ball=Party.PLATFORM)
    chosen = [one for one in undecided if one.state == CHOSEN]
    if chosen:
        text = _("What was chosen is carried out in a moment; until then it can be taken back.")
        return NextStep(code="chosen", text=text, ball=Party.PLATFORM, due=_first(chosen))
    text = _("Units wait for a supplier to have them again; what has not come by then is refunded.")
    return NextStep(code="stock", text=text, ball=Party.SUPPLIER, due=_first(undecided))


def _of(first: Part, live: Sequence[Part]) -> NextStep:
    if not first.released:
        text = _("The order is paid for, then its suppliers are told.")
        return NextStep(code="payment", text=text, ball=Party.PLATFORM)
    same = [one for one in live if one.status == first.status]
    answer_by = min((one.answer_by for one in same if one.answer_by is not None), default=None)
    ship_by = min((one.ship_by for one in same if one.ship_by is not None), default=None)
    there = max((one.there for one in same if one.there is not None), default=None)
    supplier = Party.SUPPLIER
    match first.status:
        case "PENDING" | "ON_HOLD":
            text = _("The supplier answers whether it can deliver.")
            own = _("Answer whether you can deliver.")
            return NextStep(code="answer", text=text, own=own, ball=supplier, due=answer_by)
        case "BACKORDERED" if any(one.leaves for one in same):
            text, own = _("The supplier ships what is there; the rest comes later."), _("Ship what is there.")
            return NextStep(code="ship", text=text, own=own, ball=supplier, due=ship_by)
        case "BACKORDERED":
            text, own = _("The supplier ships when the goods are there."), _("Ship when the goods are there.")
            return NextStep(code="backorder", text=text, own=own, ball=supplier, due=there)
        case "CONFIRMED" | "PROCESSING":
            text, own = _("The supplier packs and ships."), _("Pack and ship.")
            return NextStep(code="ship", text=text, own=own, ball=supplier, due=ship_by)
        case "PARTIALLY_SHIPPED" if there is not None and not any(one.leaves for one in same):
            text, own = _("The supplier ships the rest when it is there."), _("Ship the rest when it is there.")
            return NextStep(code="backorder", text=text, own=own, ball=supplier, due=there)
        case "PARTIALLY_SHIPPED":
            text, own = _("The supplier ships the rest."), _("Ship the rest.")
            return NextStep(code="rest", text=text, own=own, ball=supplier, due=ship_by)
        case _:
            text = _("The carrier delivers. Nothing is to be done until then.")
            return NextStep(code="delivery", text=text, ball=Party.OUTSIDE)
