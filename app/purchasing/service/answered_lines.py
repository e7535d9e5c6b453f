"""What a supplier's answer about lines comes to: how many units of each come at once, later and never."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from app.kit import clock
from app.kit.errors import Conflict, Invalid
from app.purchasing.decisions.rules import valid_price
from app.purchasing.models import PurchaseOrderLine
from app.purchasing.rules import ANSWERS, REJECT_REASONS
from app.purchasing.service.status import counts

ACCEPTED, BACKORDERED, REJECTED = ANSWERS
#: With these reasons the units do not exist, and go out of stock.
NOT_THERE = frozenset({"out_of_stock", "discontinued"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LineAnswer:
    """What a supplier answers about a line, or about some of its units: several answers, each another status, share a
    line out.

    ``quantity``: how many units it is about, None for all that the line's other answers leave. Of those that it rejects
    and of those that it accepts it counts all of the line, before this answer too; of what comes later those still to
    come. What no answer is about is accepted; where units are only rejected, what was said of the rest before stands.
    ``price``: what it asks for one unit instead of the ordered price, in minor units of its currency; None: the ordered
    price.
    """

    line_id: UUID
    answer: str
    quantity: int | None = None
    available_on: date | None = None
    reason: str | None = None
    price: int | None = None


#: How far ahead backordered goods may be promised; what is beyond it is a slip of the keys.
_FARTHEST = timedelta(days=3653)

#: What is said of one line, by status.
Said = Mapping[str, LineAnswer]


def as_it_stands(line: PurchaseOrderLine) -> list[LineAnswer]:
    """The answers that say again what was said of what is open of a line; it counts as accepted before."""
    later = counts(line).later
    found = [LineAnswer(line_id=line.id, answer=ACCEPTED)] if counts(line).now else []
    if later:
        day = line.available_on
        found.append(LineAnswer(line_id=line.id, answer=BACKORDERED, quantity=later, available_on=day))
    return found


def by_line(
    lines: Mapping[UUID, PurchaseOrderLine], answers: Sequence[LineAnswer], *, today: date
) -> list[tuple[PurchaseOrderLine, Said]]:
    """The answers about each line; ``today`` is the supplier's. Raises ``Invalid``, by the answer's place, for what
    makes no sense."""
    found: dict[UUID, dict[str, tuple[int, LineAnswer]]] = {}
    for index, answer in enumerate(answers):
        _check(answer, index, lines, today)
        said = found.setdefault(answer.line_id, {})
        if answer.answer in said:
            raise Invalid.field(f"lines[{index}].line_id", "repeated", "Give one answer of each status about a line.")
        if answer.quantity is None and any(one.quantity is None for _, one in said.values()):
            raise Invalid.field(
                f"lines[{index}].quantity", "required", "Of several answers about a line, one may go without a number."
            )
        said[answer.answer] = index, answer
    for line_id, said in found.items():
        _check_together(lines[line_id], said)
    return [
        (lines[line_id], {status: answer for status, (_, answer) in said.items()}) for line_id, said in found.items()
    ]


def newly_rejected(line: PurchaseOrderLine, said: Said) -> int:
    """Units that what is said rejects and that are not cancelled yet. Raises ``Conflict`` for more than is open."""
    if REJECTED not in said:
        return 0
    quantity, left = said[REJECTED].quantity, counts(line).open
    if quantity is None:
        if not left and line.shipped and len(said) == 1:
            raise Conflict("This line has left already.", code="line_closed")
        return max(0, left - _others(line, said))
    # A number in all, so that the same answer twice is one.
    units = max(0, quantity - line.cancelled)
    if units > left:
        raise Conflict("More than is open can't be rejected.", code="quantity_exceeds_open")
    return units


def write_down(line: PurchaseOrderLine, said: Said) -> int:
    """Write what is said on the line. Returns the units newly withdrawn. Raises ``Conflict``."""
    if line.rerouted and not counts(line).open and not line.shipped:
        raise Conflict(
            f"Your answer comes too late: {line.rerouted} × {line.sku} went to another supplier. Send nothing of it.",
            code="rerouted",
        )
    units = newly_rejected(line, said)
    if units:
        line.cancelled += units
        line.rejected += units
        if said[REJECTED].reason in NOT_THERE:
            line.unavailable += units
        line.reason = said[REJECTED].reason
        line.answer = REJECTED if line.cancelled == line.quantity else line.answer or ACCEPTED
    coming = [answer for status, answer in said.items() if status != REJECTED]
    if not coming:
        if units:
            _forget_day(line)
        return units
    left = counts(line).open
    if not left and units:
        _forget_day(line)
        return units
    if line.answer == REJECTED or not left:
        if line.answer in said or line.shipped:
            return 0
        raise Conflict("This line was rejected or cancelled before.", code="line_closed")
    later = _later(line, said)
    if later:
        line.answer, line.at_once = BACKORDERED, line.quantity - line.cancelled - later
        line.available_on = said[BACKORDERED].available_on
        line.backordered_at = line.backordered_at or clock.now()
    else:
        line.answer, line.at_once, line.available_on = ACCEPTED, 0, None
    if REJECTED not in said:
        line.reason = coming[0].reason
    return units


def ask_price(line: PurchaseOrderLine, said: Said) -> bool:
    """Write down which price the supplier asks. Returns whether it is a new one. Raises ``Conflict``."""
    coming = [answer for status, answer in said.items() if status != REJECTED]
    if not coming:
        line.asked_price = None if line.cancelled == line.quantity else line.asked_price
        return False
    price = next((one.price for one in coming if one.price is not None), None)
    if price is None or price == line.wholesale_price:
        line.asked_price = None
        return False
    if line.shipped:
        raise Conflict("Units of this line have left at the ordered price; it holds for all.", code="price_fixed")
    if line.asked_price == price:
        return False
    line.asked_price = price
    return True


def _later(line: PurchaseOrderLine, said: Said) -> int:
    """Units still to come that are sent later, once what is rejected is cancelled."""
    left = counts(line).open
    if BACKORDERED not in said:
        return 0
    quantity = said[BACKORDERED].quantity
    if quantity is None:
        accepted = said[ACCEPTED].quantity if ACCEPTED in said else 0
        quantity = line.quantity - line.cancelled - max(accepted or 0, line.shipped)
    return max(0, min(quantity, left))


def _others(line: PurchaseOrderLine, said: Said) -> int:
    """Open units that are said to come, where all others are rejected."""
    accepted, later = said.get(ACCEPTED), said.get(BACKORDERED)
    now = max(0, (accepted.quantity or 0) - line.shipped) if accepted else 0
    return now + (later.quantity or 0 if later else 0)


def _forget_day(line: PurchaseOrderLine) -> None:
    """Where nothing comes later any more, no day is left."""
    if not counts(line).later:
        line.answer, line.at_once = (ACCEPTED if line.answer == BACKORDERED else line.answer), 0
        line.available_on = None


def _check(answer: LineAnswer, index: int, lines: Mapping[UUID, PurchaseOrderLine], today: date) -> None:
    where = f"lines[{index}]"
    line = lines.get(answer.line_id)
    if line is None:
        raise Invalid.field(f"{where}.line_id", "unknown_line", "The purchase order has no such line.")
    if answer.answer not in ANSWERS:
        raise Invalid.field(f"{where}.status", "unknown_status", f"One of: {', '.join(ANSWERS)}.")
    if answer.answer == BACKORDERED:
        _check_day(answer.available_on, f"{where}.available_on", line, today)
    if answer.answer == REJECTED and answer.reason not in REJECT_REASONS:
        raise Invalid.field(f"{where}.reason", "unknown_reason", f"One of: {', '.join(REJECT_REASONS)}.")
    if answer.quantity is not None and not 0 < answer.quantity <= line.quantity:
        raise Invalid.field(f"{where}.quantity", "out_of_range", f"A quantity from 1 to {line.quantity}.")
    if answer.price is not None:
        if not valid_price(answer.price):
            raise Invalid.field(f"{where}.price", "out_of_range", "A price that is not below zero.")
        if answer.answer == REJECTED:
            raise Invalid.field(f"{where}.price", "not_asked", "A price belongs to units that you send.")


def _check_day(day: date | None, field: str, line: PurchaseOrderLine, today: date) -> None:
    if day is None:
        raise Invalid.field(field, "required", f"Say when the goods will be there: {line.sku}.")
    if line.answer == BACKORDERED and day == line.available_on:
        # It was told when it was to come.
        return
    if day < today:
        raise Invalid.field(
            field, "in_the_past", f"{day.isoformat()} is over: say on which day, today or later, {line.sku} is there."
        )
    if day - today > _FARTHEST:
        raise Invalid.field(field, "too_far", f"{day.isoformat()} is years away: is the year of {line.sku} right?")


def _check_together(line: PurchaseOrderLine, said: Mapping[str, tuple[int, LineAnswer]]) -> None:
    """Raises ``Invalid`` where the answers about a line do not share out its units."""
    last = max(index for index, _ in said.values())
    told = [one.quantity for _, one in said.values() if one.quantity is not None]
    if sum(told) > line.quantity:
        raise Invalid.field(
            f"lines[{last}].quantity", "out_of_range", f"More than the {line.quantity} units of {line.sku} together."
        )
    if ACCEPTED in said and len(told) == len(said):
        rejected = said[REJECTED][1].quantity or 0 if REJECTED in said else 0
        left = line.quantity - max(line.cancelled, rejected) - line.shipped
        missing = left - (sum(told) - rejected)
        if missing > 0:
            raise Invalid.field(
                f"lines[{last}].quantity",
                "incomplete",
                f"Say what becomes of the other {missing} of {line.sku}: when they come, or that they don't.",
            )
    prices = {one.price for status, (_, one) in said.items() if status != REJECTED and one.price is not None}
    if len(prices) > 1:
        raise Invalid.field(f"lines[{last}].price", "differs", "Ask one price for all units of a line.")
