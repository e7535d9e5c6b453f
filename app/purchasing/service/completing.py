"""What is left of a bundle of which a part will not come makes nothing whole: it is cancelled where no supplier has
accepted it, and suppliers that have are asked to stop it. So are single units of a thing that is sold in several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.orders import service as orders
from app.orders.models import Order, OrderLine
from app.purchasing.changes.rules import CANCELLATION, OPEN
from app.purchasing.decisions.queries import PENDING_STATES, in_between, of_order
from app.purchasing.decisions.service import withdraw_between
from app.purchasing.models import ChangeRequest, ChangeRequestLine, PurchaseOrder, PurchaseOrderLine
from app.purchasing.queries import coming_parts, of_orders
from app.purchasing.rules import beyond_whole
from app.purchasing.service.asking import cancellable_of, stop_units
from app.purchasing.service.settling import open_units
from app.purchasing.service.status import locked_of_order

_NOTE = "Another part of what was sold as one does not come."


@dataclass(frozen=True, slots=True)
class OddPart:
    """Units of a purchase order's line that make nothing whole: of these, how many ``left`` the house, how many its
    supplier is ``asked`` to stop, and how many come all the same."""

    of: OrderLine
    line: PurchaseOrderLine
    left: int
    asked: int
    coming: int


def drop_odd_parts(session: Session, order: Order) -> None:
    """Have nobody send what makes nothing whole, as far as it has not left and no supplier has refused to stop it. The
    caller holds the order's lock. Looks at how things stand: twice is once."""
    odd = _odd(session, order.id)
    if not odd:
        return
    purchase_orders = locked_of_order(session, order.id)
    odd = _odd(session, order.id)
    able = cancellable_of(session, purchase_orders)
    free = {one.line_id: one for found in able.values() for one in found}
    in_vain = _in_vain(session, purchase_orders)
    plan = {
        row.id: units
        for rows in odd.values()
        for row, count in rows.items()
        if row.id in free and (units := min(free[row.id].free, count - free[row.id].asked - in_vain.get(row.id, 0))) > 0
    }
    for line, rows in odd.items():
        if any(row.id in plan for row in rows):
            orders.tell(session, order, "order.odd_parts", title=line.title)
    stop_units(session, purchase_orders, able, plan, origin="retailer", note=_NOTE, odd=True)
    gone = {line.id for line in odd if line.cancelled >= line.quantity}
    if any(one.order_line_id in gone for one in in_between(session, order.id)):
        withdraw_between(session, order, dict.fromkeys(gone))


def odd_parts(session: Session, order: Order) -> list[OddPart]:
    """What makes nothing whole and leaves, or has left, all the same."""
    odd = _odd(session, order.id)
    if not odd:
        return []
    able = cancellable_of(session, of_orders(session, [order.id])[order.id])
    waiting = {one.line_id: one.asked for found in able.values() for one in found}
    found = []
    for line, rows in odd.items():
        for row, units in rows.items():
            still = min(units, open_units(row))
            asked = min(still, waiting.get(row.id, 0))
            found.append(OddPart(line, row, min(units - still, row.shipped), asked, still - asked))
    return [one for one in found if one.left or one.asked or one.coming]


def _odd(session: Session, order_id: UUID) -> dict[OrderLine, Mapping[PurchaseOrderLine, int]]:
    """What makes nothing whole. Of a line about which is still to be decided, nothing: what is missing may come."""
    found: dict[OrderLine, Mapping[PurchaseOrderLine, int]] = {}
    undecided = {one.order_line_id for one in of_order(session, order_id) if one.state in PENDING_STATES}
    for line, rows in coming_parts(session, order_id).items():
        if line.id in undecided and line.cancelled < line.quantity:
            continue
        # What has left, and what its supplier has accepted, is kept for whole units before the rest.
        kept = sorted(rows, key=lambda one: (-one[0].shipped, one[0].answer is None, one[0].id))
        beyond = beyond_whole([(row.component, units, row.per_unit) for row, units in kept])
        odd = {row: units for (row, _), units in zip(kept, beyond, strict=True) if units}
        if odd:
            found[line] = odd
    return found


def _in_vain(session: Session, purchase_orders: Sequence[PurchaseOrder]) -> dict[UUID, int]:
    """Purchase order's line → units that its supplier was asked to stop for this reason, and that come all the same: it
    did not stop them, or was told not to after all. What it was asked for another reason says nothing about these."""
    row = ChangeRequestLine
    rows = session.execute(
        select(row.purchase_order_line_id, func.sum(func.least(row.waiting, row.odd)))
        .join(ChangeRequest, ChangeRequest.id == row.change_request_id)
        .where(
            ChangeRequest.purchase_order_id.in_([one.id for one in purchase_orders]),
            ChangeRequest.kind == CANCELLATION,
            ChangeRequest.state != OPEN,
            row.odd > 0,
        )
        .group_by(row.purchase_order_line_id)
    )
    return {line_id: int(units) for line_id, units in rows}
