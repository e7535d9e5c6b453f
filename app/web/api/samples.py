"""Samples that a retailer orders for itself."""

from __future__ import annotations

from flask import Response, jsonify

from app import db
from app.kit.ids import new_id
from app.orders import queries as orders
from app.purchasing import queries as purchasing
from app.purchasing.service import allowance, order_sample, quote_sample
from app.stores.store_orders import Address
from app.web.api import present
from app.web.api.blueprint import api, caller, guarded
from app.web.api.repetition import work
from app.web.api.schemas.orders import OrderOut, SampleInput, SampleQuoteOut, SampleQuoteQuery
from app.web.api.schemas.shapes import IdPath


@api.post("/samples", responses={201: OrderOut, 200: OrderOut}, summary="Order a sample")
@guarded("retailer", scope="write:orders")
def sample(body: SampleInput) -> Response:
    """Charged and delivered as every order. 409: `no_samples`, or `sample_limit`."""
    who = caller()
    address = Address(**{name: value or "" for name, value in body.shipping_address.model_dump().items()})
    with work() as done:
        placed = order_sample(
            done.session,
            who.organisation_id,
            body.variant_id,
            body.quantity,
            address,
            external_id=body.external_id or f"sample-{new_id()}",
            note=body.note or "",
        )
        done.session.flush()
        done.session.expire_all()
        row = orders.order(done.session, who.organisation_id, placed.order_id)
        routed = purchasing.of_orders(done.session, [row.id])[row.id]
        done.answers(present.order(row, routed), 201 if placed.created else 200)
    return done.response()


@api.get("/variants/<uuid:id>/sample", responses={200: SampleQuoteOut}, summary="What a sample costs")
@guarded("retailer", scope="read:catalog")
def sample_cost(path: IdPath, query: SampleQuoteQuery) -> Response:
    """Delivered to a country. 409: `no_samples`, `sample_limit`, or `not_shipped_there`."""
    retailer_id = caller().organisation_id
    with db.transaction() as session:
        quote = quote_sample(session, retailer_id, path.id, query.quantity, query.country_code)
        allowed = allowance(session, retailer_id, quote.product_id)
    return jsonify(
        **{name: getattr(quote, name).to_json() for name in ("price", "goods", "shipping", "order_fee", "total")},
        method=quote.method,
        max_units=allowed.terms.max_units,
        days=allowed.terms.days,
        left=allowed.left,
    )
