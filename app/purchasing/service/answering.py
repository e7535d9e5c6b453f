"""The supplier's answer to a request to stop units, silence as an answer, and lines that it can't deliver any more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.kit import clock
from app.kit.errors import Conflict, Invalid
from app.orders import service as orders
from app.outbox.service import emit
from app.purchasing.changes.rules import (
    ACCEPTED,
    ADDRESS,
    LONGEST_NOTE,
    NO_ANSWER,
    OPEN,
    PARTLY,
    REFUSALS,
    REFUSED,
    answered_state,
    silence_accepts,
)
from app.purchasing.events import ChangeRequestSilent, ids_of
from app.purchasing.models import ChangeRequest, PurchaseOrder, PurchaseOrderLine
from app.purchasing.rules import REJECT_REASONS
from app.purchasing.service.acknowledging import acknowledge, locked_for_supplier
from app.purchasing.service.addressing import replace_address
from app.purchasing.service.answered_lines import LineAnswer
from app.purchasing.service.asking import locked_request
from app.purchasing.service.settling import (
    STOPPED_UNITS,
    UNANSWERED_UNITS,
    close,
    grant,
    open_units,
    supplier_name,
    tell,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """Units of a line that a supplier can't deliver any more, and why (one of ``REJECT_REASONS``)."""

    line_id: UUID
    quantity: int
    reason: str


def accept_request(
    session: Session, supplier_id: UUID, request_id: UUID, units: Mapping[UUID, int] | None = None
) -> ChangeRequest:
    """The supplier stops what it was asked to stop, or only these units of the lines. The same answer again changes
    nothing. Raises ``NotFound``, ``Invalid``, and ``Conflict`` (``answered``) for a request that is over."""
    request = locked_request(session, request_id, supplier_id=supplier_id)
    if request.state == ACCEPTED or _said_before(request, units):
        return request
    _still_open(request)
    purchase_order = locked_for_supplier(session, supplier_id, request.purchase_order_id)
    _accept(session, purchase_order, request, units)
    return request


def refuse_request(
    session: Session, supplier_id: UUID, request_id: UUID, reason: str, answer: str = ""
) -> ChangeRequest:
    """The supplier goes on as ordered. The same answer again changes nothing. Raises as ``accept_request``."""
    if reason not in REFUSALS:
        raise Invalid.field("reason", "unknown_reason", f"One of: {', '.join(REFUSALS)}.")
    if len(answer) > LONGEST_NOTE:
        raise Invalid.field("message", "too_long", f"Use at most {LONGEST_NOTE} characters.")
    request = locked_request(session, request_id, supplier_id=supplier_id)
    if request.state == REFUSED:
        return request
    _still_open(request)
    purchase_order = locked_for_supplier(session, supplier_id, request.purchase_order_id)
    _refuse(session, purchase_order, request, reason, answer.strip(), "change.refused")
    return request


def count_silence(session: Session, request_id: UUID) -> None:
    """Nobody answered in time: what that means is done. One that was answered meanwhile is left alone."""
    request = locked_request(session, request_id)
    if request.state != OPEN or request.due_at > clock.now():
        return
    purchase_order = session.scalars(
        select(PurchaseOrder)
        .where(PurchaseOrder.id == request.purchase_order_id)
        .options(selectinload(PurchaseOrder.lines))
        .execution_options(populate_existing=True)
    ).one()
    if silence_accepts(request.kind, packing=purchase_order.processing_at is not None):
        _accept(session, purchase_order, request, None, message="change.silence_granted", why=UNANSWERED_UNITS)
    else:
        _refuse(session, purchase_order, request, NO_ANSWER, "", "change.silence_refused")


def remind(session: Session, request_id: UUID) -> None:
    """Half of the time is over: the supplier is asked again, once."""
    request = locked_request(session, request_id)
    if request.state != OPEN or request.reminded_at is not None or request.remind_at > clock.now():
        return
    request.reminded_at = clock.now()
    purchase_order = session.get_one(PurchaseOrder, request.purchase_order_id)
    emit(session, ChangeRequestSilent(**ids_of(purchase_order), change_request_id=request.id))


def give_up(
    session: Session, supplier_id: UUID, purchase_order_id: UUID, given_up: Mapping[UUID, GivenUp]
) -> PurchaseOrder:
    """The supplier can't deliver units any more that it had accepted: they are withdrawn at once, as if it had rejected
    them, and the retailer is told. Raises ``NotFound``, ``Invalid``, and ``Conflict`` for more than is open."""
    purchase_order = locked_for_supplier(session, supplier_id, purchase_order_id)
    lines = {line.id: line for line in purchase_order.lines}
    answers = []
    for place, one in enumerate(given_up.values()):
        line = lines.get(one.line_id)
        if line is None:
            raise Invalid.field(f"lines[{place}].line_id", "unknown_line", "The purchase order has no such line.")
        if one.reason not in REJECT_REASONS:
            raise Invalid.field(f"lines[{place}].reason", "unknown_reason", f"One of: {', '.join(REJECT_REASONS)}.")
        if not 0 < one.quantity <= open_units(line):
            raise Conflict(f"{line.sku}: {open_units(line)} units are open.", code="quantity_exceeds_open")
        # Answers count what is cancelled in all.
        answers.append(
            LineAnswer(
                line_id=one.line_id, answer="rejected", quantity=line.cancelled + one.quantity, reason=one.reason
            )
        )
    return acknowledge(session, supplier_id, purchase_order_id, answers)


def _said_before(request: ChangeRequest, units: Mapping[UUID, int] | None) -> bool:
    """Whether just so many units were stopped by an answer before."""
    if request.state != PARTLY or units is None:
        return False
    return all(row.granted == units.get(row.purchase_order_line_id, 0) for row in request.lines)


def _still_open(request: ChangeRequest) -> None:
    if request.state != OPEN:
        raise Conflict("This request is over already.", code="answered")


def _accept(
    session: Session,
    purchase_order: PurchaseOrder,
    request: ChangeRequest,
    units: Mapping[UUID, int] | None,
    *,
    message: str = "change.granted",
    why: str = STOPPED_UNITS,
) -> None:
    if request.kind == ADDRESS:
        address = orders.address_of(request.ship_to, "change_requests", request.id)
        if address is None:
            raise Conflict("The address was erased, as the law asks.", code="answered")
        replace_address(session, purchase_order, address, accepted=True)
        tell(
            session,
            purchase_order,
            "change.address_granted",
            supplier=supplier_name(session, purchase_order.supplier_id),
        )
        close(session, request, ACCEPTED)
    else:
        stopped = _stopped(purchase_order, request, units)
        grant(session, purchase_order, request, stopped, message=message, why=why)
        asked = sum(row.quantity for row in request.lines)
        state = answered_state(asked, sum(row.granted for row in request.lines))
        close(session, request, state, refusal=None if state == ACCEPTED else "packed")


def _stopped(
    purchase_order: PurchaseOrder, request: ChangeRequest, units: Mapping[UUID, int] | None
) -> dict[PurchaseOrderLine, int]:
    rows = {row.purchase_order_line_id: row.waiting for row in request.lines}
    lines = {line.id: line for line in purchase_order.lines}
    if units is None:
        return {lines[line_id]: min(left, open_units(lines[line_id])) for line_id, left in rows.items()}
    for place, (line_id, count) in enumerate(units.items()):
        if line_id not in rows:
            raise Invalid.field(f"lines[{place}].line_id", "unknown_line", "The request is not about such a line.")
        if not 0 <= count <= rows[line_id]:
            raise Invalid.field(f"lines[{place}].quantity", "out_of_range", f"From 0 to {rows[line_id]}.")
    if not any(units.values()):
        raise Invalid.field("lines", "required", "Say how many units you stop, or refuse.")
    return {lines[line_id]: count for line_id, count in units.items()}


def _refuse(
    session: Session, purchase_order: PurchaseOrder, request: ChangeRequest, reason: str, answer: str, message: str
) -> None:
    tell(session, purchase_order, message, supplier=supplier_name(session, purchase_order.supplier_id))
    granted = sum(row.granted for row in request.lines)
    state = answered_state(sum(row.quantity for row in request.lines), granted) if granted else REFUSED
    close(session, request, state, refusal=reason, answer=answer)
