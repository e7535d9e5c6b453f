"""Parcels that are late, not scanned, stuck, lost or coming back, and the ways out of that for either side."""

from __future__ import annotations

from uuid import UUID

from flask import Response, jsonify
from sqlalchemy.orm import Session

from app import db
from app.fulfillment import queries as fulfillment
from app.fulfillment.models import ShipmentException
from app.fulfillment.rules import UNREPORTED
from app.fulfillment.service import claim, on_its_way, refund, resend, seen_to
from app.fulfillment.service.giving_up import CAN_WAIT, GONE
from app.kit.errors import Conflict
from app.web.api import present
from app.web.api.blueprint import api, caller, guarded
from app.web.api.repetition import work
from app.web.api.schemas.orders import ShipmentOut
from app.web.api.schemas.parcel_exceptions import (
    ClaimInput,
    OnItsWayInput,
    ParcelExceptionList,
    ParcelExceptionOut,
    ParcelExceptionsQuery,
    RefundInput,
    ResendInput,
    SeenInput,
)
from app.web.api.schemas.shapes import IdPath
from app.web.parcels import told_parcel

_MADE = frozenset({"order_id", "ways"})


@api.get("/parcel-exceptions", responses={200: ParcelExceptionList}, summary="Parcels that do not come as they should")
@guarded("retailer", scope="read:orders")
def list_parcel_exceptions(query: ParcelExceptionsQuery) -> Response:
    return _listed(query)


@api.post(
    "/parcel-exceptions/<uuid:id>/claim", responses={200: ParcelExceptionOut}, summary="Ask for money or a new parcel"
)
@guarded("retailer", scope="write:orders")
def claim_parcel(path: IdPath, body: ClaimInput) -> Response:
    """For one that is lost or goes back. Its supplier has three working days to answer; then the money is given back.
    409 `not_lost` for one that may still come, `exception_over` where it is settled, `counted_as_arrived` where its
    goods count as arrived since nobody complained in time."""
    with work() as done:
        claim(done.session, caller().organisation_id, path.id, body.wanted)
        done.answers(_anew(done.session, path.id))
    return done.response()


@api.get(
    "/supplier/parcel-exceptions",
    responses={200: ParcelExceptionList},
    summary="A supplier's parcels that do not come as they should",
)
@guarded("supplier", scope="read:purchase_orders")
def list_supplier_parcel_exceptions(query: ParcelExceptionsQuery) -> Response:
    return _listed(query)


@api.post(
    "/supplier/parcel-exceptions/<uuid:id>/on-its-way",
    responses={200: ParcelExceptionOut},
    summary="Say by when it leaves or moves",
)
@guarded("supplier", scope="write:purchase_orders")
def promise(path: IdPath, body: OnItsWayInput) -> Response:
    """For what is late, not scanned or stuck; it is found again when that day is over. 409 `cant_wait` for what is lost
    or goes back."""
    with work() as done:
        on_its_way(done.session, caller().organisation_id, path.id, body.expected_on)
        done.answers(_anew(done.session, path.id))
    return done.response()


@api.post(
    "/supplier/parcel-exceptions/<uuid:id>/resend", responses={201: ShipmentOut}, summary="Send the same goods again"
)
@guarded("supplier", scope="write:purchase_orders")
def send_again(path: IdPath, body: ResendInput) -> Response:
    """For what is lost or goes back, at your expense: it earns nothing, and the first of both that arrives counts. The
    same number again is the same parcel."""
    supplier_id = caller().organisation_id
    with work() as done:
        found = fulfillment.exception(done.session, supplier_id, path.id)
        if found.shipment_id is None:
            raise Conflict("Only what is lost or goes back is sent again.", code="nothing_to_resend")
        first = fulfillment.shipment(done.session, found.shipment_id, organisation_id=supplier_id)
        units = {line.purchase_order_line_id: line.quantity for line in first.lines}
        told = told_parcel(body.carrier or "", body.tracking_number, units, tracking_url=body.tracking_url)
        made = resend(done.session, supplier_id, path.id, told)
        done.session.flush()
        done.session.refresh(made, ["lines"])
        done.answers(present.shipment(made), 201)
    return done.response()


@api.post(
    "/supplier/parcel-exceptions/<uuid:id>/refund", responses={200: ParcelExceptionOut}, summary="Give the money back"
)
@guarded("supplier", scope="write:purchase_orders")
def pay_back(path: IdPath, body: RefundInput) -> Response:
    """For what is lost or goes back: its units are withdrawn, with what you would earn by them; the refund follows."""
    with work() as done:
        refund(done.session, caller().organisation_id, path.id, restocked=body.restocked)
        done.answers(_anew(done.session, path.id))
    return done.response()


@api.post(
    "/supplier/parcel-exceptions/<uuid:id>/seen", responses={200: ParcelExceptionOut}, summary="Say that it is settled"
)
@guarded("supplier", scope="write:purchase_orders")
def see_to(path: IdPath, body: SeenInput) -> Response:
    """For what only people can settle, such as a parcel that left though it was cancelled. 409 `wants_answer` for the
    others."""
    with work() as done:
        seen_to(done.session, caller().organisation_id, path.id, body.note)
        done.answers(_anew(done.session, path.id))
    return done.response()


def _listed(query: ParcelExceptionsQuery) -> Response:
    with db.transaction() as session:
        page = fulfillment.exceptions_page(
            session,
            caller().organisation_id,
            state=query.state,
            shipment_id=query.shipment_id,
            purchase_order_id=query.purchase_order_id,
            limit=query.limit,
            cursor=query.cursor,
        )
        return jsonify(items=[_one(row) for row in page.items], next_cursor=page.next_cursor)


def _anew(session: Session, exception_id: UUID) -> present.Json:
    session.flush()
    found = fulfillment.exception(session, caller().organisation_id, exception_id)
    session.refresh(found)
    return _one(found)


def _one(row: ShipmentException) -> present.Json:
    retailer = caller().organisation_id == row.retailer_id
    return {
        **{name: getattr(row, name) for name in ParcelExceptionOut.model_fields if name not in _MADE},
        "expected_on": row.expected_on.isoformat() if row.expected_on else None,
        # Retailers' orders are not suppliers' to ask for.
        "order_id": row.order_id if retailer else None,
        "ways": _ways(row, retailer=retailer),
    }


def _ways(row: ShipmentException, *, retailer: bool) -> list[str]:
    if row.state != "open":
        return []
    gone = row.kind in GONE
    if row.kind == UNREPORTED:
        return ["arrived", "missing"] if retailer else []
    if retailer:
        return ["claim"] if gone else []
    if row.kind in CAN_WAIT:
        return ["on_its_way"]
    return ["resend", "refund"] if gone else ["seen"]
