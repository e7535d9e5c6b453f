"""What a supplier asks once for each purchase order."""

from __future__ import annotations

from flask import Response, jsonify

from app import db
from app.suppliers import queries as suppliers
from app.suppliers.models import Supplier
from app.suppliers.service import set_order_fee
from app.web.api import present
from app.web.api.amounts import minor_of
from app.web.api.blueprint import api, caller, guarded
from app.web.api.repetition import work
from app.web.api.schemas.products import OrderFeeInput, OrderFeeOut


@api.get("/supplier/order-fee", responses={200: OrderFeeOut}, summary="What you ask once for each order")
@guarded("supplier", scope="read:catalog")
def order_fee() -> Response:
    with db.transaction() as session:
        return jsonify(_shown(suppliers.supplier(session, caller().organisation_id)))


@api.put("/supplier/order-fee", responses={200: OrderFeeOut}, summary="Set what you ask once for each order")
@guarded("supplier", scope="write:catalog")
def change_order_fee(body: OrderFeeInput) -> Response:
    """It counts for orders from now on; those that are there keep the fee that they were placed with."""
    who = caller()
    amount = minor_of("order_fee", body.order_fee, who.currency, may_be_zero=True)
    assert amount is not None
    with work() as done:
        done.answers(_shown(set_order_fee(done.session, who.organisation_id, amount)))
    return done.response()


def _shown(supplier: Supplier) -> present.Json:
    return {"order_fee": present.money(supplier.order_fee, supplier.currency)}
