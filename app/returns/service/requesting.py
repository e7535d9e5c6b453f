"""Asking for goods to be taken back, and withdrawing that."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import current_scope
from app.kit import clock
from app.kit.errors import Conflict, FieldError, Invalid, NotFound
from app.kit.ids import new_id
from app.orders import service as orders
from app.purchasing.models import PurchaseOrder
from app.purchasing.service.status import locked_of_order
from app.returns.models import Return, ReturnLine
from app.returns.queries import returnable_units
from app.returns.rules import CANCELLED, REASONS, REQUESTED, payer
from app.returns.service.standing import RETAILER, arrived, locked, move
from app.suppliers import queries as suppliers

_LONGEST_NOTE = 2000


def request_return(
    session: Session,
    retailer_id: UUID,
    purchase_order_id: UUID,
    *,
    reason: str,
    lines: Mapping[UUID, int],
    note: str = "",
    asked_at: datetime | None = None,
) -> Return:
    """Ask a supplier to take units of a purchase order's lines back. Its terms are frozen now. ``asked_at``: when the
    customer asked, who must do so within the supplier's days; without it, now. Raises ``NotFound``, ``Invalid``, and
    ``Conflict`` where more is asked for than may come back."""
    order_id = session.scalar(
        select(PurchaseOrder.order_id).where(
            PurchaseOrder.id == purchase_order_id, PurchaseOrder.retailer_id == retailer_id
        )
    )
    if order_id is None:
        raise NotFound("purchase order")
    order = orders.locked(session, order_id)
    purchase_order = next(one for one in locked_of_order(session, order_id) if one.id == purchase_order_id)
    if reason not in REASONS:
        raise Invalid.field("reason", "unknown", "Choose why it comes back.")
    if len(note) > _LONGEST_NOTE:
        raise Invalid.field("note", "too_long", f"Use at most {_LONGEST_NOTE} characters.")
    _check_units(session, purchase_order, lines, asked_at)
    policy = suppliers.return_policy(session, purchase_order.supplier_id)
    before = session.scalar(select(func.count()).select_from(Return).where(Return.order_id == order_id)) or 0
    row = Return(
        id=new_id(),
        number=f"R-{order.number}-{before + 1}",
        order_id=order_id,
        purchase_order_id=purchase_order.id,
        retailer_id=retailer_id,
        supplier_id=purchase_order.supplier_id,
        state=REQUESTED,
        reason=reason,
        note=note.strip(),
        policy_version=policy.version if policy is not None else 0,
        restocking_bps=policy.restocking_bps if policy is not None else 0,
        photo_wanted=policy is not None and reason in policy.photo_reasons,
        payer=payer(reason, policy.payers if policy is not None else {}),
        requested_by=current_scope().actor,
        answer="",
        carrier="",
        tracking_number="",
        created_at=clock.now(),
        updated_at=clock.now(),
    )
    session.add(row)
    session.flush()
    wanted = [line for line in purchase_order.lines if line.id in lines]
    session.add_all(
        ReturnLine(
            id=new_id(),
            return_id=row.id,
            purchase_order_line_id=line.id,
            retailer_id=retailer_id,
            supplier_id=row.supplier_id,
            position=position,
            sku=line.sku,
            title=line.title,
            quantity=lines[line.id],
        )
        for position, line in enumerate(wanted)
    )
    arrived(session, row, by=RETAILER, units=sum(lines.values()))
    session.refresh(row, ["lines", "files", "memo"])
    return row


def cancel_return(session: Session, retailer_id: UUID, return_id: UUID) -> Return:
    """The retailer's customer keeps the goods after all. Raises ``NotFound`` and ``Conflict``."""
    row = locked(session, return_id, retailer_id).row
    if row.state != CANCELLED:
        move(session, row, CANCELLED, by=RETAILER)
    return row


def _check_units(
    session: Session, purchase_order: PurchaseOrder, lines: Mapping[UUID, int], asked_at: datetime | None
) -> None:
    if not lines:
        raise Invalid.field("lines", "required", "Say what comes back.")
    free = returnable_units(session, [purchase_order], asked_at=asked_at)
    wrong = []
    for line_id, units in lines.items():
        if line_id not in free:
            raise Invalid.field("lines", "unknown_line", "The purchase order has no such line.")
        if units < 1:
            raise Invalid.field("lines", "out_of_range", "A quantity is a whole number from 1 up.")
        if units > free[line_id]:
            wrong.append(
                FieldError(
                    f"lines.{line_id}",
                    "not_returnable",
                    f"{free[line_id]} can be returned, {units} asked for: what has arrived, within the supplier's "
                    "days, and is in no other return.",
                )
            )
    if wrong:
        raise Conflict("More is asked for than can be returned.", code="not_returnable", errors=wrong)
