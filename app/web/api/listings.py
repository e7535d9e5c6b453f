"""A retailer's listings."""

from __future__ import annotations

from flask import Response, jsonify

from app import db
from app.kit.errors import Invalid
from app.listings import queries as listings
from app.listings.rules import STATES
from app.stores import queries as stores
from app.web.api import present
from app.web.api.blueprint import api, caller, guarded
from app.web.api.schemas.stores import ListingList, ListingsQuery


@api.get("/listings", responses={200: ListingList}, summary="Listings, newest first")
@guarded("retailer", scope="read:listings")
def list_listings(query: ListingsQuery) -> Response:
    retailer_id = caller().organisation_id
    if query.state is not None and query.state not in STATES:
        raise Invalid.field("state", "unknown_state", f"States are: {', '.join(STATES)}.")
    with db.transaction() as session:
        if query.store_id is not None:
            stores.store_of(session, retailer_id, query.store_id)
        page = listings.listings(
            session,
            retailer_id,
            states=[query.state] if query.state else None,
            store_id=query.store_id,
            search=query.search,
            limit=query.limit,
            cursor=query.cursor,
        )
        currencies = {store.id: store.currency for store in stores.stores_of(session, retailer_id)}
        return jsonify(
            items=[present.listing(row, currencies.get(row.store_id, "USD")) for row in page.items],
            next_cursor=page.next_cursor,
        )
