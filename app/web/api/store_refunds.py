"""Refunds that a retailer's store gives to its own customers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, jsonify
from sqlalchemy.orm import Session

from app import db
from app.kit.errors import Invalid
from app.kit.money import Money
from app.orders import queries as orders
from app.orders.models import Order, OrderLine
from app.store_refunds import queries, service
from app.store_refunds.models import StoreRefund
from app.web.api.blueprint import api, caller, guarded
from app.web.api.line_ids import named_once
from app.web.api.present import money
from app.web.api.repetition import work
from app.web.api.schemas.shapes import IdPath
from app.web.api.schemas.shapes import Money as MoneyInput
from app.web.api.schemas.store_refunds import (
    RefundReportInput,
    StoreRefundInput,
    StoreRefundList,
    StoreRefundOut,
)


@api.get(
    "/orders/<uuid:id>/store-refunds", responses={200: StoreRefundList}, summary="What a store refunds its customer"
)
@guarded("retailer", scope="read:orders")
def order_store_refunds(path: IdPath) -> Response:
    """`owed` is what your customer paid for and will not get, and has no refund yet."""
    with db.transaction() as session:
        order = orders.order(session, caller().organisation_id, path.id)
        owed = queries.owed(session, order.id) if queries.store_of(session, order) is not None else {}
        return jsonify(
            items=[shown(session, one) for one in queries.of_order(session, order.id)],
            owed=[_line(line, units) for line, units in owed.items()],
            owed_worth=_money(queries.worth(order, owed)),
        )


@api.post("/orders/<uuid:id>/store-refunds", responses={201: StoreRefundOut}, summary="Refund a customer in the store")
@guarded("retailer", scope="write:orders")
def ask_store_refund(path: IdPath, body: StoreRefundInput) -> Response:
    """The money is your own: it is asked of your store and never passes through your account here. 409:
    `not_refundable`. Repeat it with the same `Idempotency-Key` only, else it is another refund."""
    named_once([line.line_id for line in body.lines])
    with work() as done:
        order = orders.order(done.session, caller().organisation_id, path.id)
        row = service.ask(
            done.session,
            caller().organisation_id,
            path.id,
            {line.line_id: line.quantity for line in body.lines},
            amount=_minor(body.amount, order.currency),
            shipping=body.shipping,
            notify=body.notify,
            return_id=body.return_id,
            by_hand=body.by_hand,
        )
        done.answers(shown(done.session, row), 201)
    return done.response()


@api.get("/store-refunds/<uuid:id>", responses={200: StoreRefundOut}, summary="One refund in a store")
@guarded("retailer", scope="read:orders")
def one_store_refund(path: IdPath) -> Response:
    with db.transaction() as session:
        return jsonify(shown(session, queries.one_refund(session, caller().organisation_id, path.id)))


@api.post("/store-refunds/<uuid:id>/again", responses={200: StoreRefundOut}, summary="Ask the store again")
@guarded("retailer", scope="write:orders")
def ask_store_refund_again(path: IdPath) -> Response:
    """After it was refused, or when your store has not answered for a day: what it has refunded meanwhile is found, and
    not made twice."""
    with work() as done:
        row = service.ask_again(done.session, caller().organisation_id, path.id)
        done.answers(shown(done.session, row))
    return done.response()


@api.post("/store-refunds/<uuid:id>/report", responses={200: StoreRefundOut}, summary="Say what became of a refund")
@guarded("retailer", scope="write:orders")
def report_store_refund(path: IdPath, body: RefundReportInput) -> Response:
    """For a custom store's own system, which is asked by the event `store_refund.asked`. The same report again changes
    nothing."""
    who = caller()
    with work() as done:
        row = queries.one_refund(done.session, who.organisation_id, path.id)
        order = orders.order(done.session, who.organisation_id, row.order_id)
        made = None
        if body.made:
            amount = _minor(body.amount, order.currency)
            if amount is None:
                raise Invalid.field("amount", "required", "Say how much your store gave back.")
            made = Money(amount, order.currency)
        row = service.report(
            done.session,
            who.organisation_id,
            path.id,
            made=made,
            external_id=body.external_id or "",
            reason=body.reason or "",
        )
        done.answers(shown(done.session, row))
    return done.response()


def shown(session: Session, row: StoreRefund) -> Mapping[str, Any]:
    """A refund as the API tells it."""
    order = session.get_one(Order, row.order_id)
    units = {session.get_one(OrderLine, line.order_line_id): line.units for line in row.lines}
    return {
        "id": row.id,
        "order_id": row.order_id,
        "external_order_id": order.external_id,
        "return_id": row.return_id,
        "reference": row.reference,
        "state": row.state,
        "lines": [_line(line, count) for line, count in units.items()],
        "amount": None if row.amount is None else money(row.amount, order.currency),
        "worth": _money(queries.worth(order, units)),
        "shipping": row.shipping,
        "notify": row.notify,
        "refunded": None if row.made_amount is None else money(row.made_amount, row.made_currency or order.currency),
        "cancelled": row.cancelled,
        "external_id": row.external_id,
        "refusal": row.refusal,
        "refusal_text": row.refusal_text,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def _line(line: OrderLine, units: int) -> dict[str, object]:
    line_id: UUID = line.id
    return {"line_id": line_id, "external_line_id": line.external_line_id, "quantity": units}


def _money(amount: Money | None) -> object:
    return None if amount is None else money(amount.minor, amount.currency)


def _minor(given: MoneyInput | None, currency: str) -> int | None:
    if given is None:
        return None
    try:
        amount = given.value()
    except ValueError as error:
        raise Invalid.field("amount", "not_an_amount", f"{error}.") from error
    if amount.currency != currency:
        raise Invalid.field("amount", "currency", f"The order's currency is {currency}.")
    return amount.minor
