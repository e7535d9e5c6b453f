"""The REST API: ``/api/…`` with bearer keys, as ``docs/api.md`` describes it."""

from __future__ import annotations

from flask_openapi3.openapi import OpenAPI

from app.web.api.blueprint import api


def register(app: OpenAPI) -> None:
    """Add the API to the application."""
    # Each module adds its calls to the blueprint when it is read.
    from app.web.api import (  # noqa: F401
        analytics,
        catalog,
        changes,
        closures,
        decisions,
        documents,
        exceptions,
        feed_limits,
        feeds,
        inventory,
        listings,
        order_fee,
        orders,
        parcel_exceptions,
        products,
        purchase_orders,
        returns,
        routing,
        sample_terms,
        samples,
        shipments,
        store_refunds,
        stores,
        uploads,
        webhooks,
    )
    from app.web.api.reference import add_reference

    app.register_api(api)
    add_reference(app)
