"""Looking at what came back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from app.inventory.service import Aside, restock
from app.kit.errors import FieldError, Invalid
from app.returns.models import Return
from app.returns.rules import CLOSED, CONDITIONS, INSPECTED
from app.returns.service.standing import SUPPLIER, SYSTEM, Locked, locked, move

#: Conditions in which goods can be sold again.
_SELLABLE = frozenset({"as_new", "opened"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found of a line: units that came, how many of them are accepted, in which condition, and whether they go
    back into the stock."""

    received: int
    accepted: int
    condition: str
    restock: bool = False


def inspect(
    session: Session, supplier_id: UUID, return_id: UUID, findings: Mapping[UUID, Finding], *, answer: str = ""
) -> Return:
    """Write down what was found, line by line, and put accepted units into the stock. Units that came and are not
    accepted need a reason and a photo. A return of which nothing is accepted is done.

    Raises ``NotFound``, ``Invalid`` with all that is wrong, and ``Conflict``."""
    held = locked(session, return_id, supplier_id)
    row = held.row
    if row.state == INSPECTED:
        return row
    _check(row, findings, answer)
    for line in row.lines:
        found = findings[line.id]
        line.received, line.accepted, line.condition = found.received, found.accepted, found.condition
        line.restocked = found.restock and found.accepted > 0
    row.answer = answer.strip()
    _inspected(session, held, by=SUPPLIER)
    return row


def take_for_good(session: Session, held: Locked) -> None:
    """Nobody looked at it in time: all of it counts as received and accepted; nothing goes back into the stock."""
    for line in held.row.lines:
        line.received = line.accepted = line.quantity
    _inspected(session, held, by=SYSTEM)


def _inspected(session: Session, held: Locked, *, by: str) -> None:
    row = held.row
    accepted = sum(line.accepted for line in row.lines)
    move(session, row, INSPECTED, by=by, accepted=accepted, units=sum(line.quantity for line in row.lines))
    homes = {line.id: Aside(line.order_line_id, line.variant_id) for line in held.purchase_order.lines}
    back = {homes[line.purchase_order_line_id]: line.accepted for line in row.lines if line.restocked}
    restock(session, row.supplier_id, back, reference=f"return:{row.id}")
    if not accepted:
        move(session, row, CLOSED, by=by)


def _check(row: Return, findings: Mapping[UUID, Finding], answer: str) -> None:
    wrong: list[FieldError] = []
    refused = False
    for line in row.lines:
        found = findings.get(line.id)
        if found is None:
            wrong.append(FieldError(f"lines.{line.id}", "required", "Say what was found of each line."))
            continue
        if not 0 <= found.accepted <= found.received <= line.quantity:
            message = f"Received 0 to {line.quantity}, and of these the accepted ones."
            wrong.append(FieldError(f"lines.{line.id}", "out_of_range", message))
        if found.condition not in CONDITIONS:
            wrong.append(FieldError(f"lines.{line.id}.condition", "unknown", "Choose a condition."))
        elif found.restock and found.condition not in _SELLABLE:
            message = "Only what is as new or just opened goes back into the stock."
            wrong.append(FieldError(f"lines.{line.id}.restock", "not_sellable", message))
        refused = refused or found.accepted < line.quantity
    if findings.keys() - {line.id for line in row.lines}:
        wrong.append(FieldError("lines", "unknown_line", "The return has no such line."))
    if len(answer) > 500:
        wrong.append(FieldError("answer", "too_long", "Use at most 500 characters."))
    if refused and not answer.strip():
        wrong.append(FieldError("answer", "required", "Say why not all of it is accepted."))
    if any(found.accepted < found.received for found in findings.values()) and not any(
        file.kind == "inspection" for file in row.files
    ):
        wrong.append(FieldError("photo", "required", "Add a photo that shows why it is not accepted."))
    if wrong:
        raise Invalid(wrong[0].message, errors=wrong)
