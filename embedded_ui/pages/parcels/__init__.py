"""One parcel as its retailer sees it: where it is, and what to do when it does not come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy.orm import Session

from app import db
from app.adapters import registries
from app.fulfillment import queries as fulfillment
from app.fulfillment.arrivals import arrivals_of
from app.fulfillment.rules import BY_SUPPLIER
from app.fulfillment.service import claim
from app.fulfillment.service.giving_up import GONE
from app.fulfillment.service.unreported import (
    due_day,
    is_on_its_way,
    may_be_missed,
    nobody_reports,
    say_arrived,
    say_missing,
)
from app.kit.errors import AppError, Conflict
from app.orders import queries as orders
from app.purchasing import queries as purchasing
from app.settlement.queries import payable_at
from app.web.auth import principal
from app.web.pages import Pages, go, page_url

pages = Pages(__name__)


@pages.get("/parcels/<uuid:shipment_id>", permission="orders.read")
def detail(shipment_id: UUID) -> Any:
    """Where it is, and what is wrong with it."""
    return _detail(shipment_id)


def _detail(shipment_id: UUID, status: int = 200, *, refused: str = "") -> Any:
    retailer_id = principal().organisation_id
    with db.transaction() as session:
        parcel = fulfillment.shipment(session, shipment_id, organisation_id=retailer_id)
        routed = purchasing.of_orders(session, [parcel.order_id])[parcel.order_id]
        unreported = nobody_reports(parcel, scanning=registries.scanning_carriers())
        context: dict[str, Any] = {
            "parcel": parcel,
            "order": orders.order(session, retailer_id, parcel.order_id),
            "titles": {line.id: line for one in routed for line in one.lines},
            "events": fulfillment.events_of(session, [parcel.id])[parcel.id],
            "troubles": fulfillment.exceptions_of(session, retailer_id, shipment_id=parcel.id),
            "nobody_reports": unreported,
            "arrivable": is_on_its_way(parcel) or parcel.arrival_told_by == BY_SUPPLIER,
            "unconfirmed": parcel.arrival_told_by == BY_SUPPLIER,
            "due": due_day(parcel),
            "missable": unreported and may_be_missed(parcel),
            "claimable": GONE,
        }
    if context["unconfirmed"]:
        # What a supplier earns is its own; when it is paid its retailer may know, who can say that it arrived.
        with db.system_scope(actor=principal().actor), db.transaction() as session:
            context["payable_at"] = payable_at(session, parcel)
    expected = arrivals_of(parcel.order_id, actor=principal().actor)[parcel.id]
    return pages.render("detail.html", status, refused=refused, expected=expected, **context)


@pages.post("/parcels/<uuid:shipment_id>/claim", permission="orders.write")
def claim_parcel(shipment_id: UUID) -> Any:
    """Ask for the money, or for another parcel."""
    retailer_id = principal().organisation_id
    try:
        with db.transaction() as session:
            parcel = fulfillment.shipment(session, shipment_id, organisation_id=retailer_id)
            troubles = fulfillment.exceptions_of(session, retailer_id, shipment_id=parcel.id)
            gone = [one for one in troubles if one.kind in GONE]
            if not gone:
                raise Conflict("This parcel is neither lost nor on its way back.", code="not_lost")
            # One that is over meanwhile says why it can't be claimed.
            for one in [one for one in gone if one.state == "open"] or gone[:1]:
                claim(session, retailer_id, one.id, request.form.get("wanted", ""))
    except AppError as error:
        if error.status not in (409, 422):
            raise
        return _detail(shipment_id, error.status, refused=error.detail)
    return go(page_url("parcels.detail", shipment_id=shipment_id, done="parcel_claimed"))


@pages.post("/parcels/<uuid:shipment_id>/arrived", permission="orders.write")
def parcel_arrived(shipment_id: UUID) -> Any:
    """Its customer has it."""
    return _said(shipment_id, say_arrived, done="parcel_arrived")


@pages.post("/parcels/<uuid:shipment_id>/missing", permission="orders.write")
def parcel_missing(shipment_id: UUID) -> Any:
    """Its customer has not got it."""
    return _said(shipment_id, say_missing, done="parcel_missing")


def _said(shipment_id: UUID, say: Callable[[Session, UUID, UUID], object], *, done: str) -> Any:
    try:
        with db.transaction() as session:
            say(session, principal().organisation_id, shipment_id)
    except Conflict as error:
        return _detail(shipment_id, 409, refused=error.detail)
    return go(page_url("parcels.detail", shipment_id=shipment_id, done=done))
