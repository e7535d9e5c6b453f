"""Days on which a supplier sends nothing."""

from __future__ import annotations

from flask import Response, jsonify

from app import db
from app.suppliers import queries as suppliers
from app.suppliers.models import SupplierClosure
from app.suppliers.service import add_closure, remove_closure
from app.web.api import present
from app.web.api.blueprint import api, caller, guarded
from app.web.api.repetition import work
from app.web.api.schemas.products import ClosureInput, ClosureOut, ClosuresOut
from app.web.api.schemas.shapes import IdPath


@api.get("/supplier/closures", responses={200: ClosuresOut}, summary="Your closures that are not over")
@guarded("supplier", scope="read:catalog")
def list_closures() -> Response:
    """The next first; there are at most fifty, so it is one page."""
    with db.transaction() as session:
        found = suppliers.closures(session, caller().organisation_id)
        return jsonify(items=[_shown(row) for row in found], next_cursor=None)


@api.post("/supplier/closures", responses={201: ClosureOut}, summary="Plan a closure")
@guarded("supplier", scope="write:closures")
def create_closure(body: ClosureInput) -> Response:
    """Retailers see it, and delivery dates of new orders reckon with it."""
    with work() as done:
        closure_id = add_closure(
            done.session, caller().organisation_id, starts_on=body.starts_on, ends_on=body.ends_on, note=body.note
        )
        done.answers(_shown(done.session.get_one(SupplierClosure, closure_id)), 201)
    return done.response()


@api.delete("/supplier/closures/<uuid:id>", responses={204: None}, summary="Open on those days after all")
@guarded("supplier", scope="write:closures")
def delete_closure(path: IdPath) -> Response:
    with db.transaction() as session:
        remove_closure(session, caller().organisation_id, path.id)
    return Response(status=204)


def _shown(row: SupplierClosure) -> present.Json:
    return {
        "id": row.id,
        "starts_on": row.starts_on.isoformat(),
        "ends_on": row.ends_on.isoformat(),
        "note": row.note,
    }
