"""What each bulk action does with one row, in the words of the domain whose business it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from app.adapters import registries
from app.bulk.models import BulkAction, BulkRow
from app.bulk.rules import ACCEPT, ASKED, CANCEL, DONE, HOLD, RELEASE, RETRY, SHIP, UNCHANGED
from app.fulfillment import queries as fulfillment
from app.fulfillment.service import ship
from app.fulfillment.telling import told_parcel
from app.kit.errors import Conflict, NotFound
from app.orders import queries as orders
from app.orders.rules import CANCELLED, HoldReason, Releaser
from app.purchasing import queries as purchasing
from app.purchasing.service import (
    LineAnswer,
    acknowledge,
    cancel_all,
    hold_order,
    release_holds,
    try_again,
)
from app.suppliers import queries as suppliers

Doing = Callable[[Session, BulkAction, BulkRow], str]


def _subject(row: BulkRow) -> UUID:
    if row.subject_id is None:
        raise NotFound("order")
    return row.subject_id


def _hold(session: Session, action: BulkAction, row: BulkRow) -> str:
    order = orders.order(session, action.organisation_id, _subject(row))
    if any(one.reason == HoldReason.MANUAL and one.released_at is None for one in order.holds):
        return UNCHANGED
    note = str(action.given.get("note", ""))
    hold_order(session, action.organisation_id, _subject(row), by=Releaser.RETAILER, note=note)
    return DONE


def _release(session: Session, action: BulkAction, row: BulkRow) -> str:
    # What takes a hold back ends that hold only, and no other that is the retailer's too.
    reasons = [HoldReason.MANUAL] if action.undoes is not None else []
    release_holds(session, action.organisation_id, _subject(row), by=Releaser.RETAILER, reasons=reasons)
    return DONE


def _retry(session: Session, action: BulkAction, row: BulkRow) -> str:
    return DONE if try_again(session, action.organisation_id, _subject(row)) else UNCHANGED


def _cancel(session: Session, action: BulkAction, row: BulkRow) -> str:
    order = orders.order(session, action.organisation_id, _subject(row))
    if order.status == CANCELLED:
        return UNCHANGED
    came = cancel_all(session, action.organisation_id, order.id)
    if order.status == CANCELLED and not came.asked:
        return DONE
    if not came.cancelled and not came.asked:
        raise Conflict("All of it has left, or its supplier is asked already.", code="quantity_exceeds_open")
    return ASKED if came.asked else DONE


def _accept(session: Session, action: BulkAction, row: BulkRow) -> str:
    found = purchasing.purchase_order(session, action.organisation_id, _subject(row))
    answers = [
        LineAnswer(line_id=line.id, answer="accepted")
        for line in found.lines
        if line.answer is None and line.quantity > line.cancelled
    ]
    if not answers:
        return UNCHANGED
    acknowledge(session, action.organisation_id, found.id, answers)
    return DONE


def _ship(session: Session, action: BulkAction, row: BulkRow) -> str:
    found = purchasing.purchase_order(session, action.organisation_id, _subject(row))
    open_units = {line.id: line.quantity - line.shipped - line.cancelled for line in found.lines}
    wanted: Mapping[str, int] = row.given.get("units") or {}
    packed: dict[UUID, int] = {}
    left = fulfillment.of_purchase_orders(session, [found.id])[found.id]
    if not wanted and any(one.tracking_number == row.given["tracking_number"] for one in left):
        # The same file again: that parcel was all that was open then.
        return UNCHANGED
    if wanted:
        by_sku = {line.sku: line.id for line in found.lines}
        for sku, units in wanted.items():
            if sku not in by_sku:
                raise Conflict(f"The order has no line {sku}.", code="unknown_line")
            packed[by_sku[sku]] = units
    else:
        packed = {line_id: units for line_id, units in open_units.items() if units}
    between = {suppliers.supplier(session, action.organisation_id).country, found.ship_to_country}
    parcel = told_parcel(
        registries.carriers.all(), row.given["carrier"], row.given["tracking_number"], packed, between=between
    )
    if not packed and not any(open_units.values()):
        raise Conflict("All of it has left already.", code="quantity_exceeds_open")
    (shipped,) = ship(session, action.organisation_id, found.id, [parcel])
    return DONE if shipped.created else UNCHANGED


DOING: Mapping[str, Doing] = {
    HOLD: _hold,
    RELEASE: _release,
    RETRY: _retry,
    CANCEL: _cancel,
    ACCEPT: _accept,
    SHIP: _ship,
}
