"""A supplier's purchase orders: the queue, the answer, the parcels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Response, jsonify
from sqlalchemy.orm import Session

from app import db
from app.audit import service as audit
from app.fulfillment.service import NewParcel, ship
from app.kit.errors import FieldError, Invalid
from app.orders.rules import STATUSES
from app.orders.senders import Sender, sender_of
from app.orders.service import address_of
from app.purchasing import queries as purchasing
from app.purchasing.models import PurchaseOrder
from app.purchasing.service import LineAnswer, acknowledge
from app.purchasing.service.transmitting import note_answered
from app.stores.store_orders import Address
from app.suppliers import queries as suppliers
from app.suppliers.models import TestOrder
from app.suppliers.queries import open_test_order, own_test_order
from app.suppliers.rules.round_trip import API as BY_API
from app.suppliers.service.round_trip import TestParcel, answer_test_order, note_seen, ship_test_order
from app.web.api import present
from app.web.api.blueprint import api, caller, guarded
from app.web.api.repetition import work
from app.web.api.schemas.purchase_orders import (
    AcknowledgeInput,
    ParcelInput,
    ParcelLineInput,
    PurchaseOrdersQuery,
    ShipInput,
    ShipOut,
    SupplierOrderList,
    SupplierOrderOut,
)
from app.web.api.schemas.shapes import IdPath
from app.web.parcels import told_parcel

READ_ADDRESSES = "read:addresses"


@api.get("/supplier/orders", responses={200: SupplierOrderList}, summary="Purchase orders, longest waiting first")
@guarded("supplier", scope="read:purchase_orders")
def list_purchase_orders(query: PurchaseOrdersQuery) -> Response:
    if query.status is not None and query.status not in STATUSES:
        raise Invalid.field("status", "unknown_status", f"Statuses are: {', '.join(STATUSES)}.")
    with db.transaction() as session:
        page = purchasing.for_supplier(
            session,
            caller().organisation_id,
            statuses=[query.status] if query.status else None,
            search=query.search,
            updated_since=query.updated_since,
            limit=query.limit,
            cursor=query.cursor,
        )
        with db.together(session):
            shown = [present.supplier_order(row, _address(session, row), _sender(row)) for row in page.items]
        if not query.cursor and query.search is None:
            shown = _waiting_test_orders(session, query) + shown
        return jsonify(items=shown, next_cursor=page.next_cursor)


@api.get("/supplier/orders/<uuid:id>", responses={200: SupplierOrderOut}, summary="One purchase order")
@guarded("supplier", scope="read:purchase_orders")
def one_purchase_order(path: IdPath) -> Response:
    with db.transaction() as session:
        test = own_test_order(session, caller().organisation_id, path.id)
        if test is not None:
            return jsonify(_shown_test(session, test))
        row = purchasing.purchase_order(session, caller().organisation_id, path.id)
        # Whoever fetches it has it, however it was sent.
        note_answered(session, row.supplier_id, [row.id], by="fetched")
        return jsonify(present.supplier_order(row, _address(session, row), _sender(row)))


def _waiting_test_orders(session: Session, query: PurchaseOrdersQuery) -> list[dict[str, Any]]:
    """The test order that waits for this supplier stands before the others."""
    test = open_test_order(session, caller().organisation_id)
    if test is None or (query.updated_since is not None and test.placed_at < query.updated_since):
        return []
    return [_shown_test(session, test)] if query.status in (None, present.test_order_status(test)) else []


def _shown_test(session: Session, test: TestOrder) -> dict[str, Any]:
    """A test order as a purchase order looks. Fetching it counts as having got it."""
    note_seen(session, test, BY_API)
    supplier = suppliers.supplier(session, test.supplier_id)
    return present.test_order(test, supplier, with_address=caller().may(READ_ADDRESSES))


def _address(session: Session, row: PurchaseOrder) -> Address | None:
    """Where it goes, for keys that may read addresses; the reading is written down."""
    if not caller().may(READ_ADDRESSES):
        return None
    address = address_of(row.ship_to, "purchase_orders", row.id)
    if address is not None:
        audit.record(session, row.supplier_id, "orders.address_read", "purchase_order", row.id)
    return address


def _sender(row: PurchaseOrder) -> Sender | None:
    """Who stands on the parcel, for keys that may read addresses."""
    return sender_of(row.sender, "purchase_orders", row.id) if caller().may(READ_ADDRESSES) else None


@api.post(
    "/supplier/orders/<uuid:id>/acknowledge", responses={200: SupplierOrderOut}, summary="Answer a purchase order"
)
@guarded("supplier", scope="write:purchase_orders")
def acknowledge_purchase_order(path: IdPath, body: AcknowledgeInput) -> Response:
    with work() as done:
        supplier_id = caller().organisation_id
        answers = _answers(done.session, body)
        if own_test_order(done.session, supplier_id, path.id) is not None:
            # Of a line that is shared out counts what is not accepted.
            said = sorted(((one.line_id, one.answer) for one in answers), key=lambda one: one[1] != "accepted")
            test = answer_test_order(done.session, supplier_id, path.id, said, via=BY_API)
            done.answers(_shown_test(done.session, test))
            return done.response()
        row = acknowledge(done.session, caller().organisation_id, path.id, answers)
        done.answers(present.supplier_order(row))
    return done.response()


def _answers(session: Session, body: AcknowledgeInput) -> list[LineAnswer]:
    currency = suppliers.supplier(session, caller().organisation_id).currency
    found = []
    for index, line in enumerate(body.lines):
        price = None
        if line.price is not None:
            field = f"lines[{index}].price"
            try:
                price = line.price.value().minor
            except ValueError as error:
                raise Invalid.field(field, "not_an_amount", f"{error}.") from error
            if line.price.currency != currency:
                raise Invalid.field(field, "currency", f"Your currency is {currency}.")
        found.append(
            LineAnswer(
                line_id=line.line_id,
                answer=line.status,
                quantity=line.quantity,
                available_on=line.available_on,
                reason=line.reason,
                price=price,
            )
        )
    return found


@api.post("/supplier/orders/<uuid:id>/ship", responses={201: ShipOut, 200: ShipOut}, summary="Ship parcels")
@guarded("supplier", scope="write:purchase_orders")
def ship_purchase_order(path: IdPath, body: ShipInput) -> Response:
    parcels = [_parcel(parcel, index) for index, parcel in enumerate(body.parcels)]
    with work() as done:
        supplier_id = caller().organisation_id
        if own_test_order(done.session, supplier_id, path.id) is not None:
            wanted = [TestParcel(one.carrier, one.tracking_number, one.tracking_url, one.lines) for one in parcels]
            _, given = ship_test_order(done.session, supplier_id, path.id, wanted, via=BY_API)
            done.answers({"shipments": [present.test_parcel(one) for one in given]}, 201)
            return done.response()
        results = ship(done.session, caller().organisation_id, path.id, parcels)
        created = any(result.created for result in results)
        shown = [present.shipment(result.shipment) for result in results]
        done.answers({"shipments": shown}, 201 if created else 200)
    return done.response()


def _parcel(parcel: ParcelInput, index: int) -> NewParcel:
    return told_parcel(
        parcel.carrier,
        parcel.tracking_number,
        units_by_line(parcel.lines, f"parcels[{index}]."),
        tracking_url=parcel.tracking_url,
        shipped_at=parcel.shipped_at,
        package_ref=parcel.package_ref,
    )


def units_by_line(given: Sequence[ParcelLineInput], where: str = "") -> dict[UUID, int]:
    """What is in a parcel. Raises ``Invalid`` for a line that stands twice."""
    lines: dict[UUID, int] = {}
    for place, line in enumerate(given):
        if line.line_id in lines:
            raise Invalid(
                "A line stands twice in one parcel.",
                errors=[FieldError(f"{where}lines[{place}].line_id", "repeated", "Add the quantities up.")],
            )
        lines[line.line_id] = line.quantity
    return lines
