"""What becomes of units that are not to be sent, and of the requests about them: shared by all that ends either."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit import service as audit
from app.db import current_scope
from app.inventory.service import Aside, release
from app.kit import clock
from app.orders.service import write_timeline
from app.outbox.service import emit
from app.purchasing.changes.queries import waiting_of
from app.purchasing.changes.rules import (
    ACCEPTED,
    CANCELLATION,
    REFUSED,
    SHIPPED_FIRST,
    WITHDRAWN,
    answered_state,
)
from app.purchasing.events import ChangeRequestMoved, LinesWithdrawn, ids_of
from app.purchasing.models import ChangeRequest, PurchaseOrder, PurchaseOrderLine
from app.purchasing.service.status import refresh_status
from app.suppliers.models import Supplier

#: What the cause of a withdrawal begins with: the retailer cancelled; a supplier stopped what it was asked to stop; or
#: what it was asked to stop counts as stopped without its word.
CANCELLED_UNITS, STOPPED_UNITS, UNANSWERED_UNITS = "cancelled", "stopped", "unanswered"


def open_units(line: PurchaseOrderLine) -> int:
    """Units that have neither left nor been cancelled."""
    return line.quantity - line.shipped - line.cancelled


def withdraw_units(
    session: Session, purchase_order: PurchaseOrder, units: Mapping[PurchaseOrderLine, int], *, why: str
) -> None:
    """Cancel units of a purchase order's lines and let their stock go; order and money follow (``LinesWithdrawn``). The
    caller holds its lock and has its lines loaded."""
    goods = 0
    freed: defaultdict[Aside, int] = defaultdict(int)
    for line, count in units.items():
        line.cancelled += count
        goods += count * line.wholesale_price
        freed[Aside(line.order_line_id, line.variant_id)] += count
    if not any(freed.values()):
        return
    release(session, freed, reference=f"purchase_order:{purchase_order.id}")
    session.flush()
    refresh_status(session, purchase_order)
    cancelled = sum(line.cancelled for line in purchase_order.lines)
    emit(
        session,
        LinesWithdrawn(
            **ids_of(purchase_order),
            cause=f"{why}:{cancelled}",
            goods=goods,
        ),
    )


def settle_requests(session: Session, purchase_order: PurchaseOrder, *, by_shipping: bool) -> None:
    """Bring the requests that wait up to date after units of the purchase order left, or were rejected.

    Where more left than may have, what left has won, and the rest of what was to be stopped is stopped. The caller
    holds the purchase order's lock and has its lines loaded.
    """
    for request in waiting_of(session, [purchase_order.id]):
        if request.kind == CANCELLATION:
            _settle_cancellation(session, purchase_order, request, by_shipping=by_shipping)
        elif not any(open_units(line) for line in purchase_order.lines):
            close(session, request, REFUSED if by_shipping else WITHDRAWN, refusal=SHIPPED_FIRST)


def _settle_cancellation(
    session: Session, purchase_order: PurchaseOrder, request: ChangeRequest, *, by_shipping: bool
) -> None:
    lines = {line.id: line for line in purchase_order.lines}
    rest: dict[PurchaseOrderLine, int] = {}
    touched = False
    for row in request.lines:
        line = lines[row.purchase_order_line_id]
        gone = row.waiting - open_units(line)
        if gone <= 0:
            continue
        touched = True
        if by_shipping:
            row.lost += gone
            if open_units(line):
                rest[line] = open_units(line)
            tell(session, purchase_order, "change.shipped_first", quantity=gone, title=line.title)
        else:
            row.granted += gone
    if not touched:
        return
    grant(session, purchase_order, request, rest, why=UNANSWERED_UNITS)
    if not any(row.waiting for row in request.lines):
        granted = sum(row.granted for row in request.lines)
        state = answered_state(sum(row.quantity for row in request.lines), granted)
        close(session, request, state, refusal=None if state == ACCEPTED else SHIPPED_FIRST)


def grant(
    session: Session,
    purchase_order: PurchaseOrder,
    request: ChangeRequest,
    units: Mapping[PurchaseOrderLine, int],
    *,
    message: str = "change.granted",
    why: str = STOPPED_UNITS,
) -> None:
    """Stop units that a request asks for."""
    rows = {row.purchase_order_line_id: row for row in request.lines}
    supplier = supplier_name(session, purchase_order.supplier_id)
    for line, count in units.items():
        if count:
            rows[line.id].granted += count
            tell(session, purchase_order, message, quantity=count, title=line.title, supplier=supplier)
    withdraw_units(session, purchase_order, units, why=why)


def close(
    session: Session, request: ChangeRequest, state: str, *, refusal: str | None = None, answer: str = ""
) -> None:
    """A request is over; both sides are told."""
    request.state, request.refusal, request.answer = state, refusal, answer
    request.answered_at, request.answered_by = clock.now(), current_scope().actor
    request.ship_to = None
    session.flush()
    audit.record(
        session,
        current_scope().organisation_id or request.supplier_id,
        "purchasing.change_answered",
        "change_request",
        request.id,
        details={"state": state, "kind": request.kind},
    )
    emit(session, moved(request))


def moved(request: ChangeRequest) -> ChangeRequestMoved:
    """The fact that a request is where it is now."""
    return ChangeRequestMoved(
        change_request_id=request.id,
        purchase_order_id=request.purchase_order_id,
        order_id=request.order_id,
        retailer_id=request.retailer_id,
        supplier_id=request.supplier_id,
        kind=request.kind,
        state=request.state,
        asked_at=clock.iso(request.asked_at),
    )


def tell(session: Session, purchase_order: PurchaseOrder, message: str, **values: Any) -> None:
    """A line of the order's story that the supplier reads too."""
    write_timeline(
        session,
        [
            {
                "order_id": purchase_order.order_id,
                "retailer_id": purchase_order.retailer_id,
                "purchase_order_id": purchase_order.id,
                "supplier_id": purchase_order.supplier_id,
                "message": message,
                "values": values,
            }
        ],
    )


def supplier_name(session: Session, supplier_id: UUID) -> str:
    """How a supplier is called."""
    return session.get_one(Supplier, supplier_id).company_name
