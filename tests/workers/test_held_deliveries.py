"""A delivery that the store holds is not accepted; when the store lets it go, it is."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app import db
from app.adapters import registries
from app.kit import clock
from app.orders.models import TimelineEntry
from app.outbox.service import emit
from app.purchasing.models import PurchaseOrder
from app.purchasing.service import place_order, release_purchase_orders
from app.stores.events import FulfillmentWanted
from app.stores.models import StoreLocation
from app.stores.parcels import FulfillmentOrderRef
from tests import factories
from tests.stack import Jobs

REFERENCE, PLACE = "gid://shopify/FulfillmentOrder/7", "gid://shopify/Location/3"


def told() -> list[str]:
    """What the order's story says of the store."""
    with db.system_scope(actor="test"), db.transaction() as session:
        entries = session.scalars(select(TimelineEntry.message).order_by(TimelineEntry.at))
        return [one for one in entries if one.startswith("store.")]


def test_it_waits_for_the_store_and_then_goes_on(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    shopify = type(registries.stores.get("shopify"))
    state, accepted = ["held"], []
    refs = lambda *_: [FulfillmentOrderRef(external_id=REFERENCE, location_id=PLACE, state=state[0])]  # noqa: E731
    monkeypatch.setattr(shopify, "fulfillment_orders", refs)
    monkeypatch.setattr(shopify, "accept_fulfillment", lambda _self, _access, ref: accepted.append(ref.external_id))
    with db.system_scope(actor="test"), db.transaction() as session:
        retailer, supplier = factories.retailer(session), factories.supplier(session)
        (variant,) = factories.product(session, supplier)
        store = factories.store(session, retailer)
        session.add(
            StoreLocation(
                store_id=store.id,
                supplier_id=supplier.id,
                retailer_id=retailer.id,
                external_location_id=PLACE,
                external_service_id="gid://shopify/FulfillmentService/3",
                created_at=clock.now(),
            )
        )
        order_id = place_order(session, factories.order_of(retailer, {variant: 1}, store=store)).order_id
        session.flush()
        release_purchase_orders(session, order_id)
        wanted = FulfillmentWanted(store_id=store.id, retailer_id=retailer.id, order_id=order_id)
    jobs.drain()
    assert (accepted, told()) == ([], ["store.fulfillment_held"])
    with db.system_scope(actor="test"), db.transaction() as session:
        row = session.scalars(select(PurchaseOrder)).one()
        assert (row.external_fulfillment_order_id, row.external_request_state) == (REFERENCE, "held")
        emit(session, wanted)
    jobs.drain()
    assert told() == ["store.fulfillment_held"], "it is said once"
    state[0] = "open"
    with db.system_scope(actor="test"), db.transaction() as session:
        emit(session, wanted)
    jobs.drain()
    assert (accepted, told()) == ([REFERENCE], ["store.fulfillment_held", "store.fulfillment_accepted"])
