"""Returns: asked for by retailers, decided and looked at by suppliers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, jsonify
from sqlalchemy.orm import Session

from app import db
from app.kit.errors import Invalid
from app.returns import queries, service
from app.returns.models import CreditMemo, Return
from app.returns.rules import STATES
from app.web.api import present
from app.web.api.blueprint import api, caller, guarded
from app.web.api.line_ids import named_once
from app.web.api.repetition import work
from app.web.api.schemas.returns import (
    DeclineInput,
    InspectInput,
    ReturnInput,
    ReturnLineOut,
    ReturnList,
    ReturnOut,
    ReturnShipInput,
    ReturnsQuery,
)
from app.web.api.schemas.shapes import IdPath

_RETAILER = "/returns"
_SUPPLIER = "/supplier/returns"
#: What is not shown as the row has it.
_MADE = frozenset({"return_shipping_paid_by", "restocking_fee_bps", "lines", "credit_memo", "exchange_order_id"})


@api.post(_RETAILER, responses={201: ReturnOut}, summary="Ask for goods to be taken back")
@guarded("retailer", scope="write:orders")
def request_return(body: ReturnInput) -> Response:
    """Of what has arrived, within the supplier's days. 409: `not_returnable`. Repeat it with the same `Idempotency-Key`
    only, else it is another return."""
    wanted = {line.line_id: line.quantity for line in body.lines}
    named_once([line.line_id for line in body.lines])
    with work() as done:
        row = service.request_return(
            done.session,
            caller().organisation_id,
            body.purchase_order_id,
            reason=body.reason,
            lines=wanted,
            note=body.note or "",
        )
        done.answers(_shown(row), 201)
    return done.response()


@api.get(_RETAILER, responses={200: ReturnList}, summary="Returns, newest first")
@guarded("retailer", scope="read:orders")
def list_returns(query: ReturnsQuery) -> Response:
    return _listed(query)


@api.get(f"{_RETAILER}/<uuid:id>", responses={200: ReturnOut}, summary="One return")
@guarded("retailer", scope="read:orders")
def one_return(path: IdPath) -> Response:
    return _one(path.id)


@api.post(f"{_RETAILER}/<uuid:id>/ship", responses={200: ReturnOut}, summary="The goods are on their way back")
@guarded("retailer", scope="write:orders")
def ship_return(path: IdPath, body: ReturnShipInput) -> Response:
    return _changed(
        lambda session, mine: service.send_back(
            session, mine, path.id, carrier=body.carrier, tracking_number=body.tracking_number
        )
    )


@api.post(f"{_RETAILER}/<uuid:id>/cancel", responses={200: ReturnOut}, summary="Withdraw a return")
@guarded("retailer", scope="write:orders")
def withdraw_return(path: IdPath) -> Response:
    """Before the goods are on their way."""
    return _changed(lambda session, mine: service.cancel_return(session, mine, path.id))


@api.post(f"{_RETAILER}/<uuid:id>/exchange", responses={200: ReturnOut}, summary="Send the same again")
@guarded("retailer", scope="write:orders")
def exchange_return(path: IdPath) -> Response:
    """Places an order of the same goods to the same address, once; `exchange_order_id` names it. It is charged as every
    order, while the return is credited as every return."""

    def change(session: Session, mine: UUID) -> Return:
        service.exchange(session, mine, path.id)
        session.expire_all()
        return queries.one_return(session, mine, path.id)

    return _changed(change)


@api.get(_SUPPLIER, responses={200: ReturnList}, summary="Returns to a supplier, newest first")
@guarded("supplier", scope="read:purchase_orders")
def list_supplier_returns(query: ReturnsQuery) -> Response:
    return _listed(query)


@api.get(f"{_SUPPLIER}/<uuid:id>", responses={200: ReturnOut}, summary="One return to a supplier")
@guarded("supplier", scope="read:purchase_orders")
def one_supplier_return(path: IdPath) -> Response:
    return _one(path.id)


@api.post(f"{_SUPPLIER}/<uuid:id>/approve", responses={200: ReturnOut}, summary="The goods may come back")
@guarded("supplier", scope="write:purchase_orders")
def approve_return(path: IdPath) -> Response:
    return _changed(lambda session, mine: service.approve(session, mine, path.id))


@api.post(f"{_SUPPLIER}/<uuid:id>/decline", responses={200: ReturnOut}, summary="The goods may not come back")
@guarded("supplier", scope="write:purchase_orders")
def decline_return(path: IdPath, body: DeclineInput) -> Response:
    return _changed(lambda session, mine: service.decline(session, mine, path.id, body.reason))


@api.post(f"{_SUPPLIER}/<uuid:id>/receive", responses={200: ReturnOut}, summary="The goods came in")
@guarded("supplier", scope="write:purchase_orders")
def receive_return(path: IdPath) -> Response:
    return _changed(lambda session, mine: service.receive(session, mine, path.id))


@api.post(f"{_SUPPLIER}/<uuid:id>/inspect", responses={200: ReturnOut}, summary="What was found of each line")
@guarded("supplier", scope="write:purchase_orders")
def inspect_return(path: IdPath, body: InspectInput) -> Response:
    """Units that came and are not accepted need a reason, and a photo, which is added on the return's page."""
    named_once([line.line_id for line in body.lines])
    findings = {
        line.line_id: service.Finding(
            received=line.received, accepted=line.accepted, condition=line.condition, restock=line.restock
        )
        for line in body.lines
    }
    return _changed(lambda session, mine: service.inspect(session, mine, path.id, findings, answer=body.reason or ""))


@api.post(f"{_SUPPLIER}/<uuid:id>/credit", responses={200: ReturnOut}, summary="Credit what was accepted")
@guarded("supplier", scope="write:purchase_orders")
def credit_return(path: IdPath) -> Response:
    return _changed(lambda session, mine: service.credit(session, mine, path.id))


@api.post(f"{_SUPPLIER}/<uuid:id>/credit-without-return", responses={200: ReturnOut}, summary="Credit; the goods stay")
@guarded("supplier", scope="write:purchase_orders")
def credit_without_return(path: IdPath) -> Response:
    """Before the goods are on their way."""
    return _changed(lambda session, mine: service.credit_without_return(session, mine, path.id))


def _listed(query: ReturnsQuery) -> Response:
    if query.state is not None and query.state not in STATES:
        raise Invalid.field("state", "unknown_state", f"States are: {', '.join(STATES)}.")
    with db.transaction() as session:
        page = queries.returns_of(
            session,
            caller().organisation_id,
            states=[query.state] if query.state else None,
            order_id=query.order_id,
            limit=query.limit,
            cursor=query.cursor,
        )
        return jsonify(items=[_shown(row) for row in page.items], next_cursor=page.next_cursor)


def _one(return_id: UUID) -> Response:
    with db.transaction() as session:
        return jsonify(_shown(queries.one_return(session, caller().organisation_id, return_id)))


def _changed(change: Callable[[Session, UUID], Return]) -> Response:
    with work() as done:
        done.answers(_shown(change(done.session, caller().organisation_id)))
    return done.response()


def _shown(row: Return) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in ReturnOut.model_fields if name not in _MADE},
        "return_shipping_paid_by": row.payer,
        "restocking_fee_bps": row.restocking_bps,
        "exchange_order_id": row.exchange_order_id if caller().organisation_id == row.retailer_id else None,
        "lines": [{name: getattr(line, name) for name in ReturnLineOut.model_fields} for line in row.lines],
        "credit_memo": None if row.memo is None else _memo(row.memo),
    }


def _memo(memo: CreditMemo) -> dict[str, Any]:
    booked = memo.refund_amount is not None and memo.refund_currency is not None
    return {
        "id": memo.id,
        "number": memo.number,
        "goods": present.money(memo.goods, memo.currency),
        "restocking_fee": present.money(memo.restocking, memo.currency),
        "amount": present.money(memo.goods - memo.restocking, memo.currency),
        "refund": present.money(memo.refund_amount or 0, memo.refund_currency or "") if booked else None,
        "refunded_at": memo.refunded_at,
        "created_at": memo.created_at,
    }
