"""Cancelling by line, and what suppliers answer when they are asked to change what they have accepted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, jsonify
from sqlalchemy.orm import Session

from app import db
from app.audit import service as audit
from app.kit.errors import Invalid
from app.orders import queries as orders
from app.orders.service import address_of
from app.purchasing import queries as purchasing
from app.purchasing import service
from app.purchasing.changes import queries
from app.purchasing.changes.rules import STATES
from app.purchasing.models import ChangeRequest
from app.stores.store_orders import Address
from app.web.api import present
from app.web.api.blueprint import api, caller, guarded
from app.web.api.line_ids import named_once
from app.web.api.purchase_orders import READ_ADDRESSES
from app.web.api.repetition import work
from app.web.api.schemas.changes import (
    AcceptChangeInput,
    AddressChangeOut,
    CancelInput,
    CancelOut,
    ChangeRequestList,
    ChangeRequestOut,
    ChangeRequestsQuery,
    GiveUpInput,
    RefuseChangeInput,
)
from app.web.api.schemas.orders import AddressInput
from app.web.api.schemas.purchase_orders import AddressOut, SupplierOrderOut
from app.web.api.schemas.shapes import IdPath

_RETAILER, _SUPPLIER = "/change-requests", "/supplier/change-requests"
_PLAIN = tuple(name for name in ChangeRequestOut.model_fields if name not in ("lines", "shipping_address"))


@api.post("/orders/<uuid:id>/cancel", responses={200: CancelOut}, summary="Cancel units of an order")
@guarded("retailer", scope="write:orders")
def cancel(path: IdPath, body: CancelInput) -> Response:
    """At once what no supplier has accepted; what one has, it is asked to stop, and answers. 409:
    `quantity_exceeds_open`, with what can still be cancelled. Repeat it with the same `Idempotency-Key` only."""
    mine = caller().organisation_id
    named_once([line.line_id for line in body.lines or ()])
    with work() as done:
        session = done.session
        order = orders.order(session, mine, path.id)
        named = {line.line_id: line.quantity for line in body.lines or ()}
        lines = list(named) or [line.id for line in order.lines if line.quantity > line.cancelled]
        # All of an order is all that is left of it; a line that is named must have something left.
        if named:
            asked = service.ask_to_cancel(session, mine, path.id, named, note=body.reason or "")
        else:
            asked = service.cancel_all(session, mine, path.id, note=body.reason or "")
        session.flush()
        session.expire_all()
        row = orders.order(session, mine, path.id)
        found = [queries.change_request(session, mine, one) for one in asked.request_ids]
        done.answers(
            {
                "order": present.order(row, purchasing.of_orders(session, [row.id])[row.id]),
                "lines": [
                    {
                        "line_id": line_id,
                        "cancelled": asked.cancelled.get(line_id, 0),
                        "asked": asked.asked.get(line_id, 0),
                    }
                    for line_id in lines
                ],
                "change_requests": [_shown(one) for one in found],
            },
            200,
        )
    return done.response()


@api.put("/orders/<uuid:id>/address", responses={200: AddressChangeOut}, summary="Send an order to another address")
@guarded("retailer", scope="write:orders")
def put_address(path: IdPath, body: AddressInput) -> Response:
    """Applied while no supplier has accepted it; those that have are asked, and what they send changes when they
    accept. 409: `already_shipped`, `not_shipped_there`, `dearer_there` (another country costs more than was paid),
    `order_cancelled`."""
    mine = caller().organisation_id
    address = Address(**{name: value or "" for name, value in body.model_dump().items()})
    with work() as done:
        session = done.session
        changed = service.change_address(session, mine, path.id, address)
        session.flush()
        session.expire_all()
        row = orders.order(session, mine, path.id)
        done.answers(
            {
                "order": present.order(row, purchasing.of_orders(session, [row.id])[row.id]),
                "applied": changed.applied,
                "change_requests": [_shown(queries.change_request(session, mine, one)) for one in changed.request_ids],
            },
            200,
        )
    return done.response()


@api.get(_RETAILER, responses={200: ChangeRequestList}, summary="What suppliers were asked to change, newest first")
@guarded("retailer", scope="read:orders")
def list_change_requests(query: ChangeRequestsQuery) -> Response:
    return _listed(query)


@api.get(f"{_RETAILER}/<uuid:id>", responses={200: ChangeRequestOut}, summary="One request to change")
@guarded("retailer", scope="read:orders")
def one_change_request(path: IdPath) -> Response:
    return _one(path.id)


@api.post(f"{_RETAILER}/<uuid:id>/withdraw", responses={200: ChangeRequestOut}, summary="Withdraw a request")
@guarded("retailer", scope="write:orders")
def withdraw_change_request(path: IdPath) -> Response:
    """The supplier goes on as ordered. 409 `answered` once it has answered."""
    return _changed(lambda session, mine: service.withdraw_request(session, mine, path.id))


@api.get(_SUPPLIER, responses={200: ChangeRequestList}, summary="What you are asked to change, newest first")
@guarded("supplier", scope="read:purchase_orders")
def list_supplier_change_requests(query: ChangeRequestsQuery) -> Response:
    return _listed(query)


@api.get(f"{_SUPPLIER}/<uuid:id>", responses={200: ChangeRequestOut}, summary="One request to you")
@guarded("supplier", scope="read:purchase_orders")
def one_supplier_change_request(path: IdPath) -> Response:
    """With the new address it asks for, where your key may read addresses; the reading is written down."""
    with db.transaction() as session:
        row = queries.change_request(session, caller().organisation_id, path.id)
        shown = _shown(row)
        address = address_of(row.ship_to, "change_requests", row.id) if caller().may(READ_ADDRESSES) else None
        if address is not None:
            audit.record(session, row.supplier_id, "orders.address_read", "change_request", row.id)
            shown["shipping_address"] = {name: getattr(address, name) for name in AddressOut.model_fields}
        return jsonify(shown)


@api.post(f"{_SUPPLIER}/<uuid:id>/accept", responses={200: ChangeRequestOut}, summary="Do what you are asked to")
@guarded("supplier", scope="write:purchase_orders")
def accept_change_request(path: IdPath, body: AcceptChangeInput) -> Response:
    """Stopped units are taken off the purchase order at once. 409 `answered` for a request that is over."""
    named_once([line.line_id for line in body.lines or ()])
    units = {line.line_id: line.quantity for line in body.lines} if body.lines else None
    return _changed(lambda session, mine: service.accept_request(session, mine, path.id, units))


@api.post(f"{_SUPPLIER}/<uuid:id>/refuse", responses={200: ChangeRequestOut}, summary="Go on as ordered")
@guarded("supplier", scope="write:purchase_orders")
def refuse_change_request(path: IdPath, body: RefuseChangeInput) -> Response:
    """409 `answered` for a request that is over."""
    return _changed(
        lambda session, mine: service.refuse_request(session, mine, path.id, body.reason, body.message or "")
    )


@api.post("/supplier/orders/<uuid:id>/give-up", responses={200: SupplierOrderOut}, summary="Units that can't come")
@guarded("supplier", scope="write:purchase_orders")
def give_up_units(path: IdPath, body: GiveUpInput) -> Response:
    """What you had accepted and can't deliver any more is taken off at once, like a rejected line. Reasons are those of
    rejecting. Repeat it with the same `Idempotency-Key` only."""
    named_once([line.line_id for line in body.lines])
    given = {
        line.line_id: service.GivenUp(line_id=line.line_id, quantity=line.quantity, reason=line.reason)
        for line in body.lines
    }
    with work() as done:
        row = service.give_up(done.session, caller().organisation_id, path.id, given)
        done.answers(present.supplier_order(row))
    return done.response()


def _listed(query: ChangeRequestsQuery) -> Response:
    if query.state is not None and query.state not in STATES:
        raise Invalid.field("state", "unknown_state", f"States are: {', '.join(STATES)}.")
    with db.transaction() as session:
        page = queries.change_requests(
            session,
            caller().organisation_id,
            states=[query.state] if query.state else None,
            order_id=query.order_id,
            limit=query.limit,
            cursor=query.cursor,
        )
        return jsonify(items=[_shown(row) for row in page.items], next_cursor=page.next_cursor)


def _one(request_id: UUID) -> Response:
    with db.transaction() as session:
        return jsonify(_shown(queries.change_request(session, caller().organisation_id, request_id)))


def _changed(change: Callable[[Session, UUID], ChangeRequest]) -> Response:
    with work() as done:
        done.answers(_shown(change(done.session, caller().organisation_id)))
    return done.response()


def _shown(row: ChangeRequest) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in _PLAIN},
        "lines": [
            {
                "line_id": line.purchase_order_line_id,
                "quantity": line.quantity,
                "accepted": line.granted,
                "shipped_first": line.lost,
            }
            for line in row.lines
        ],
    }
