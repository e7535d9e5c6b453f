"""Whether and how a supplier gives samples: of all its products, and of one that differs."""

from __future__ import annotations

from uuid import UUID

from flask import Response, jsonify
from sqlalchemy.orm import Session

from app import db
from app.catalog import queries as catalog
from app.catalog.samples.rules import NONE, Terms
from app.catalog.samples.service import own_terms, set_terms
from app.web.api import present
from app.web.api.amounts import minor_of
from app.web.api.blueprint import api, caller, guarded
from app.web.api.repetition import work
from app.web.api.schemas.orders import SampleTermsInput, SampleTermsOut
from app.web.api.schemas.shapes import IdPath


@api.get("/supplier/sample-terms", responses={200: SampleTermsOut}, summary="How you give samples")
@guarded("supplier", scope="read:catalog")
def general_sample_terms() -> Response:
    """Of all products that have no terms of their own."""
    with db.transaction() as session:
        return jsonify(_shown(session, None))


@api.put("/supplier/sample-terms", responses={200: SampleTermsOut}, summary="Set how you give samples")
@guarded("supplier", scope="write:catalog")
def set_general_sample_terms(body: SampleTermsInput) -> Response:
    return _set(None, body)


@api.get(
    "/supplier/products/<uuid:id>/sample-terms",
    responses={200: SampleTermsOut},
    summary="How you give samples of one product",
)
@guarded("supplier", scope="read:catalog")
def sample_terms_of_product(path: IdPath) -> Response:
    with db.transaction() as session:
        catalog.product(session, path.id, supplier_id=caller().organisation_id)
        return jsonify(_shown(session, path.id))


@api.put(
    "/supplier/products/<uuid:id>/sample-terms",
    responses={200: SampleTermsOut},
    summary="Set how you give samples of one product",
)
@guarded("supplier", scope="write:catalog")
def set_sample_terms_of_product(path: IdPath, body: SampleTermsInput) -> Response:
    return _set(path.id, body)


@api.delete(
    "/supplier/products/<uuid:id>/sample-terms",
    responses={204: None},
    summary="Give samples of one product as of all others",
)
@guarded("supplier", scope="write:catalog")
def remove_sample_terms_of_product(path: IdPath) -> Response:
    with db.transaction() as session:
        set_terms(session, caller().organisation_id, path.id, None)
    return Response(status=204)


def _set(product_id: UUID | None, body: SampleTermsInput) -> Response:
    who = caller()
    terms = Terms(body.allowed, minor_of("price", body.price, who.currency), body.max_units, body.days)
    with work() as done:
        set_terms(done.session, who.organisation_id, product_id, terms)
        done.answers(_shown(done.session, product_id))
    return done.response()


def _shown(session: Session, product_id: UUID | None) -> present.Json:
    who = caller()
    own = own_terms(session, who.organisation_id, product_id)
    terms = own or own_terms(session, who.organisation_id, None) or NONE
    return {
        "own": own is not None,
        "allowed": terms.allowed,
        "price": present.money_or_none(terms.price, who.currency),
        "max_units": terms.max_units,
        "days": terms.days,
    }
