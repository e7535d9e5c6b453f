"""Parcels of a supplier's purchase orders: announced, handed over, put right, taken back."""

from __future__ import annotations

from flask import Response, jsonify
from sqlalchemy.orm import Session

from app import db
from app.fulfillment import queries as fulfillment
from app.fulfillment.models import Shipment
from app.fulfillment.service import announce, correct, hand_over, void
from app.fulfillment.service.unreported import say_arrived, say_missing
from app.purchasing import queries as purchasing
from app.web.api import present
from app.web.api.blueprint import api, caller, guarded
from app.web.api.purchase_orders import units_by_line
from app.web.api.repetition import work
from app.web.api.schemas.orders import ShipmentOut
from app.web.api.schemas.purchase_orders import (
    AnnounceInput,
    CorrectionInput,
    HandOverInput,
    ShipOut,
    VoidInput,
)
from app.web.api.schemas.shapes import IdPath
from app.web.parcels import told_correction, told_parcel


@api.get("/supplier/orders/<uuid:id>/shipments", responses={200: ShipOut}, summary="Parcels of a purchase order")
@guarded("supplier", scope="read:purchase_orders")
def shipments_of_purchase_order(path: IdPath) -> Response:
    with db.transaction() as session:
        order = purchasing.purchase_order(session, caller().organisation_id, path.id)
        found = fulfillment.of_purchase_orders(session, [order.id])[order.id]
        return jsonify(shipments=[present.shipment(one) for one in found])


@api.post(
    "/supplier/orders/<uuid:id>/announce", responses={201: ShipOut, 200: ShipOut}, summary="Announce parcels (ASN)"
)
@guarded("supplier", scope="write:purchase_orders")
def announce_parcels(path: IdPath, body: AnnounceInput) -> Response:
    """Packages that are to leave on a later day. Their first scan, `hand-over` or `ship` makes them shipped. Each needs
    a tracking number or a `package_ref`; the same package again changes nothing."""
    packages = [
        told_parcel(
            one.carrier or "",
            one.tracking_number or "",
            units_by_line(one.lines, f"packages[{index}]."),
            tracking_url=one.tracking_url,
            package_ref=one.package_ref,
            expected_ship_on=one.expected_ship_on,
        )
        for index, one in enumerate(body.packages)
    ]
    with work() as done:
        results = announce(done.session, caller().organisation_id, path.id, packages)
        created = any(result.created for result in results)
        shown = [_shown(done.session, result.shipment) for result in results]
        done.answers({"shipments": shown}, 201 if created else 200)
    return done.response()


@api.post("/supplier/shipments/<uuid:id>/hand-over", responses={200: ShipmentOut}, summary="An announced parcel left")
@guarded("supplier", scope="write:purchase_orders")
def hand_over_parcel(path: IdPath, body: HandOverInput) -> Response:
    """With its tracking number, where it was announced without one."""
    with work() as done:
        supplier_id = caller().organisation_id
        parcel = fulfillment.shipment(done.session, path.id, organisation_id=supplier_id)
        told = told_correction(
            parcel, carrier=body.carrier, tracking_number=body.tracking_number, tracking_url=body.tracking_url
        )
        result = hand_over(
            done.session,
            supplier_id,
            path.id,
            carrier=told.carrier,
            tracking_number=body.tracking_number,
            tracking_url=told.tracking_url,
            number_check=told.number_check,
        )
        done.answers(_shown(done.session, result.shipment))
    return done.response()


@api.post("/supplier/shipments/<uuid:id>/correct", responses={200: ShipmentOut}, summary="Put a parcel right")
@guarded("supplier", scope="write:purchase_orders")
def correct_parcel(path: IdPath, body: CorrectionInput) -> Response:
    """Another number or carrier until the carrier has scanned it (409 `already_scanned`), other units until it has
    arrived (409 `already_arrived`, `quantity_exceeds_open`). The store is told, and the shopper once."""
    with work() as done:
        supplier_id = caller().organisation_id
        parcel = fulfillment.shipment(done.session, path.id, organisation_id=supplier_id)
        lines = None if body.lines is None else units_by_line(body.lines)
        told = told_correction(
            parcel,
            carrier=body.carrier,
            tracking_number=body.tracking_number,
            tracking_url=body.tracking_url,
            lines=lines,
        )
        done.answers(_shown(done.session, correct(done.session, supplier_id, path.id, told)))
    return done.response()


@api.post("/supplier/shipments/<uuid:id>/void", responses={200: ShipmentOut}, summary="Take back a parcel")
@guarded("supplier", scope="write:purchase_orders")
def void_parcel(path: IdPath, body: VoidInput) -> Response:
    """One that was never handed over: its units are open again. 409 `already_handed_over` once it was scanned."""
    with work() as done:
        done.answers(_shown(done.session, void(done.session, caller().organisation_id, path.id, reason=body.reason)))
    return done.response()


@api.post("/shipments/<uuid:id>/arrived", responses={200: ShipmentOut}, summary="Say that a parcel has arrived")
@guarded("retailer", scope="write:orders")
def parcel_arrived(path: IdPath) -> Response:
    """For one whose way nobody reports, or is reported late: the time for complaints begins, after which its supplier
    is paid. Twice is once. 409 `not_on_its_way`."""
    with work() as done:
        done.answers(_shown(done.session, say_arrived(done.session, caller().organisation_id, path.id)))
    return done.response()


@api.post("/shipments/<uuid:id>/missing", responses={200: ShipmentOut}, summary="Say that a parcel has not arrived")
@guarded("retailer", scope="write:orders")
def parcel_missing(path: IdPath) -> Response:
    """For one whose way nobody reports, when the day by which it should have arrived is over: it counts as lost, and is
    claimed as such. 409 `may_still_come` before that day is over, `reported` where its way is reported,
    `counted_as_arrived` where that was said too late."""
    with work() as done:
        retailer_id = caller().organisation_id
        say_missing(done.session, retailer_id, path.id)
        done.answers(_shown(done.session, fulfillment.shipment(done.session, path.id, organisation_id=retailer_id)))
    return done.response()


def _shown(session: Session, shipment: Shipment) -> dict[str, object]:
    session.flush()
    session.refresh(shipment, ["lines"])
    return present.shipment(shipment)
