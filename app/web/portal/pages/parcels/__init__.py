"""One parcel: where it is, and what can be put right about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy.orm import Session

from app import db
from app.adapters import registries
from app.fulfillment import queries as fulfillment
from app.fulfillment.rules import ANNOUNCED, BY_SUPPLIER, FINAL, SHIPPED, VOIDED, may_become, scanned
from app.fulfillment.service import (
    correct,
    hand_over,
    mark_delivered,
    on_its_way,
    refund,
    resend,
    seen_to,
    void,
)
from app.fulfillment.service.giving_up import CAN_WAIT, GONE
from app.fulfillment.service.unreported import nobody_reports
from app.kit.errors import Conflict, Invalid
from app.kit.texts import marked as _
from app.purchasing import queries as purchasing
from app.settlement.queries import payable_at
from app.suppliers import queries as suppliers
from app.web.auth import principal
from app.web.forms import Sent, problems
from app.web.pages import Pages, go, page_url
from app.web.parcels import number_doubt, told_correction, told_parcel
from app.web.portal.carriers import carrier_choices
from app.web.ui.rendering import gettext

pages = Pages(__name__)


@pages.get("/parcels/<uuid:shipment_id>", permission="purchase_orders.read")
def detail(shipment_id: UUID) -> Any:
    """Where it is, and what can be put right about it."""
    return _detail(shipment_id)


def _detail(
    shipment_id: UUID,
    status: int = 200,
    errors: Mapping[str, str] | None = None,
    *,
    refused: str = "",
    doubted: bool = False,
) -> Any:
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        parcel = fulfillment.shipment(session, shipment_id, organisation_id=supplier_id)
        order = purchasing.purchase_order(session, supplier_id, parcel.purchase_order_id)
        had = {line.purchase_order_line_id: line.quantity for line in parcel.lines}
        fresh = parcel.first_scan_at is None and not scanned(parcel.delivery_status)
        open_ = parcel.shipment_status in (ANNOUNCED, SHIPPED)
        context: dict[str, Any] = {
            "parcel": parcel,
            "order": order,
            "lines": [
                (line, had.get(line.id, 0), had.get(line.id, 0) + line.quantity - line.shipped - line.cancelled)
                if parcel.shipment_status == SHIPPED
                else (line, had.get(line.id, 0), line.quantity - line.shipped - line.cancelled)
                for line in order.lines
            ],
            "events": fulfillment.events_of(session, [parcel.id])[parcel.id],
            "troubles": fulfillment.exceptions_of(session, supplier_id, shipment_id=parcel.id, only_open=True),
            "can_wait": CAN_WAIT,
            "gone": GONE,
            "unconfirmed": parcel.arrival_told_by == BY_SUPPLIER,
            "payable_at": payable_at(session, parcel),
            "nobody_reports": nobody_reports(parcel, scanning=registries.scanning_carriers()),
            "carriers": carrier_choices(suppliers.supplier(session, supplier_id).country),
            "number_open": open_ and fresh,
            "units_open": open_ and parcel.delivery_status not in FINAL and parcel.replaces_id is None,
            "voidable": fresh
            and parcel.shipment_status != VOIDED
            and may_become(parcel.shipment_status, VOIDED, parcel.delivery_status),
        }
    typed = request.form if errors or refused else {}
    return pages.render(
        "detail.html", status, errors=errors or {}, refused=refused, typed=typed, doubted=doubted, **context
    )


@pages.post("/parcels/<uuid:shipment_id>/correct", permission="purchase_orders.write")
def correct_parcel(shipment_id: UUID) -> Any:
    """Its number and units as they really are. A number that the carrier would not write is asked about once."""
    supplier_id, sent = principal().organisation_id, Sent()
    number = sent.text("tracking_number", longest=100)
    given = request.form.get("carrier", "")
    doubt = None if request.form.get("number_is_right") or not number else number_doubt(given, number)
    try:
        with db.transaction() as session:
            parcel = fulfillment.shipment(session, shipment_id, organisation_id=supplier_id)
            order = purchasing.purchase_order(session, supplier_id, parcel.purchase_order_id)
            if "tracking_number" in sent.values and not number and parcel.tracking_number:
                sent.refuse("tracking_number", "required", gettext(_("Please fill this in.")))
            moved = number != parcel.tracking_number or given not in ("", parcel.carrier)
            if doubt is not None and moved:
                sent.refuse("tracking_number", "unlikely_number", doubt)
            names = {f"units-{line.id}": line for line in order.lines if request.form.get(f"units-{line.id}")}
            units = {line.id: sent.whole(name, 0, line.quantity) for name, line in names.items()}
            sent.check()
            lines = {line_id: count for line_id, count in units.items() if count} if names else None
            told = told_correction(parcel, carrier=given or None, tracking_number=number or None, lines=lines)
            correct(session, supplier_id, shipment_id, told)
    except Invalid as error:
        return _detail(shipment_id, 422, problems(error), doubted=doubt is not None)
    except Conflict as error:
        return _detail(shipment_id, 409, refused=_why(error))
    return go(page_url("parcels.detail", shipment_id=shipment_id, done="parcel_corrected"))


@pages.post("/parcels/<uuid:shipment_id>/void", permission="purchase_orders.write")
def void_parcel(shipment_id: UUID) -> Any:
    """It never left."""
    sent = Sent()
    reason = sent.text("reason", longest=200, required=True)
    try:
        sent.check()
        with db.transaction() as session:
            void(session, principal().organisation_id, shipment_id, reason=reason)
    except Invalid as error:
        return _detail(shipment_id, 422, problems(error))
    except Conflict as error:
        return _detail(shipment_id, 409, refused=_why(error))
    return go(page_url("parcels.detail", shipment_id=shipment_id, done="parcel_voided"))


@pages.post("/parcels/<uuid:shipment_id>/hand-over", permission="purchase_orders.write")
def hand_over_parcel(shipment_id: UUID) -> Any:
    """An announced one left."""
    supplier_id, sent = principal().organisation_id, Sent()
    number, given = sent.text("tracking_number", longest=100), request.form.get("carrier", "")
    try:
        sent.check()
        with db.transaction() as session:
            parcel = fulfillment.shipment(session, shipment_id, organisation_id=supplier_id)
            told = told_correction(parcel, carrier=given or None, tracking_number=number or None)
            hand_over(
                session,
                supplier_id,
                shipment_id,
                carrier=told.carrier,
                tracking_number=number or None,
                tracking_url=told.tracking_url,
                number_check=told.number_check,
            )
    except Invalid as error:
        return _detail(shipment_id, 422, problems(error))
    except Conflict as error:
        return _detail(shipment_id, 409, refused=_why(error))
    return go(page_url("parcels.detail", shipment_id=shipment_id, done="shipped"))


@pages.post("/parcel-troubles/<uuid:exception_id>/on-its-way", permission="purchase_orders.write")
def promise(exception_id: UUID) -> Any:
    """It leaves, or moves, by a day."""
    sent = Sent()
    day = sent.day("expected_on", required=True)
    sent.check()
    assert day is not None
    return _answered(exception_id, lambda session, supplier_id: on_its_way(session, supplier_id, exception_id, day))


@pages.post("/parcel-troubles/<uuid:exception_id>/resend", permission="purchase_orders.write")
def send_again(exception_id: UUID) -> Any:
    """The same goods leave once more."""
    sent = Sent()
    number, given = sent.text("tracking_number", longest=100, required=True), request.form.get("carrier", "")
    sent.check()

    def again(session: Session, supplier_id: UUID) -> None:
        found = fulfillment.exception(session, supplier_id, exception_id)
        if found.shipment_id is None:
            raise Conflict("Ship the purchase order.", code="nothing_to_resend")
        first = fulfillment.shipment(session, found.shipment_id, organisation_id=supplier_id)
        lines = {line.purchase_order_line_id: line.quantity for line in first.lines}
        resend(session, supplier_id, exception_id, told_parcel(given, number, lines))

    return _answered(exception_id, again)


@pages.post("/parcel-troubles/<uuid:exception_id>/refund", permission="purchase_orders.write")
def pay_back(exception_id: UUID) -> Any:
    """The money goes back."""
    back = bool(request.form.get("restocked"))
    return _answered(
        exception_id, lambda session, supplier_id: refund(session, supplier_id, exception_id, restocked=back)
    )


@pages.post("/parcel-troubles/<uuid:exception_id>/seen", permission="purchase_orders.write")
def see_to(exception_id: UUID) -> Any:
    """People have settled it."""
    note = request.form.get("note", "")
    return _answered(exception_id, lambda session, supplier_id: seen_to(session, supplier_id, exception_id, note))


def _answered(exception_id: UUID, work: Callable[[Session, UUID], object]) -> Any:
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        found = fulfillment.exception(session, supplier_id, exception_id)
        shipment_id, purchase_order_id = found.shipment_id, found.purchase_order_id
    try:
        with db.transaction() as session:
            work(session, supplier_id)
    except (Conflict, Invalid) as error:
        if shipment_id is None:
            raise
        return _detail(shipment_id, error.status, refused=error.detail)
    if shipment_id is None:
        return go(page_url("purchase_orders.detail", purchase_order_id=purchase_order_id, done="parcel_answered"))
    return go(page_url("parcels.detail", shipment_id=shipment_id, done="parcel_answered"))


@pages.post("/shipments/<uuid:shipment_id>/delivered", permission="purchase_orders.write")
def delivered(shipment_id: UUID) -> Any:
    """A person says that a parcel arrived."""
    who = principal()
    with db.transaction() as session:
        parcel = fulfillment.shipment(session, shipment_id, organisation_id=who.organisation_id)
        mark_delivered(session, parcel, source=who.actor, by="supplier")
        purchase_order_id = parcel.purchase_order_id
    return go(page_url("purchase_orders.detail", purchase_order_id=purchase_order_id, done="delivered"))


def _why(error: Conflict) -> str:
    return " ".join([error.detail, *(one.message for one in error.errors)])
