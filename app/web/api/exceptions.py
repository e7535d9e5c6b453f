"""What is stuck of one's orders, as the pages' inbox shows it."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from app import db
from app.exceptions.kind import Party
from app.exceptions.queries import Reader, StuckThing, inbox
from app.web.api.blueprint import api, caller, guarded
from app.web.api.schemas.exceptions import ExceptionList, ExceptionOut, ExceptionsQuery

#: What no key's scopes cover.
_WITHOUT = frozenset({"payout"})
_MADE = frozenset({"heading", "advice", "severity", "reason", "order_id"})


@api.get("/exceptions", responses={200: ExceptionList}, summary="What is stuck, the longest first")
@guarded("retailer", scope="read:orders")
def list_exceptions(query: ExceptionsQuery) -> Response:
    """What is put right is not listed any more."""
    return _listed(query, Party.RETAILER)


@api.get("/supplier/exceptions", responses={200: ExceptionList}, summary="What is stuck of a supplier's orders")
@guarded("supplier", scope="read:purchase_orders")
def list_supplier_exceptions(query: ExceptionsQuery) -> Response:
    """What is put right is not listed any more."""
    return _listed(query, Party.SUPPLIER)


def _listed(query: ExceptionsQuery, party: Party) -> Response:
    reader = Reader(party=party, organisation_id=caller().organisation_id, without=_WITHOUT)
    with db.transaction() as session:
        page = inbox(
            session,
            reader,
            kind=query.kind,
            ball=Party(query.ball) if query.ball else None,
            order_id=query.order_id,
            snoozed=query.snoozed,
            limit=query.limit,
            cursor=query.cursor,
        )
    return jsonify(items=[_one(one, party) for one in page.items], next_cursor=page.next_cursor)


def _one(thing: StuckThing, party: Party) -> dict[str, Any]:
    return {
        **{name: getattr(thing, name) for name in ExceptionOut.model_fields if name not in _MADE},
        # Retailers' orders are not suppliers' to ask for.
        "order_id": thing.order_id if party is Party.RETAILER else None,
        "reason": thing.about,
        "heading": thing.told.heading_for(party),
        "advice": thing.told.advice_for(party, ball=thing.ball),
        "severity": thing.told.severity,
    }
