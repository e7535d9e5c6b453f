"""Connecting stores, listing products in them, and how far they are in sync."""

from __future__ import annotations

from flask import Response, jsonify

from app import db
from app.adapters import registries
from app.kit.errors import Invalid
from app.listings import queries as listings
from app.listings.models import ImportItem, Listing
from app.listings.service import ImportRequest, import_products
from app.orders.senders import Sender, remove_sender, save_sender, sender_of_store
from app.stores import queries as stores
from app.stores.models import Store
from app.stores.risk import RiskRules, as_json, rules_of
from app.stores.service import (
    change_fraud_window,
    change_risk_rules,
    change_sends_when,
    change_unlinked_lines,
    connect_without_credentials,
    request_connection,
)
from app.stores.store_orders import Address
from app.web.api import present
from app.web.api.blueprint import api, caller, guarded
from app.web.api.repetition import work
from app.web.api.schemas.shapes import IdPath
from app.web.api.schemas.stores import (
    ConnectInput,
    ConnectOut,
    HoldRulesInput,
    HoldRulesOut,
    ImportInput,
    ImportOut,
    ImportProgressOut,
    SenderInput,
    StoreSenderOut,
    SyncOut,
)


@api.post("/retailer/connect", responses={201: ConnectOut}, summary="Connect a store")
@guarded("retailer", scope="write:stores")
def connect_store(body: ConnectInput) -> Response:
    platform = registries.stores.all().get(body.platform)
    if platform is None:
        known = ", ".join(registries.stores.names())
        raise Invalid.field("platform", "unknown_platform", f"Platforms are: {known}.")
    shop, authorize_url = platform.connect_url(body.url, state="")
    with work() as done:
        store = request_connection(
            done.session,
            caller().organisation_id,
            platform=platform.name,
            external_id=shop,
            url=body.url,
            currency=body.currency,
        )
        if authorize_url is None:
            connect_without_credentials(done.session, store)
        connected = store.status == "connected"
        answer = {
            "store_id": store.id,
            "platform": store.platform,
            "status": "connected" if connected else "pending",
        }
        if not connected and authorize_url is not None:
            answer["authorize_url"] = authorize_url
        done.answers(answer, 201)
    return done.response()


@api.get("/stores/<uuid:id>/hold-rules", responses={200: HoldRulesOut}, summary="Which orders of a store wait")
@guarded("retailer", scope="read:orders")
def hold_rules(path: IdPath) -> Response:
    with db.transaction() as session:
        return jsonify(_hold_rules(stores.store_of(session, caller().organisation_id, path.id)))


@api.put("/stores/<uuid:id>/hold-rules", responses={200: HoldRulesOut}, summary="Choose which orders of a store wait")
@guarded("retailer", scope="write:stores")
def change_hold_rules(path: IdPath, body: HoldRulesInput) -> Response:
    """All of them at once. They hold for orders that come in from then on."""
    retailer_id = caller().organisation_id
    with work() as done:
        change_fraud_window(done.session, retailer_id, path.id, body.wait_minutes)
        change_risk_rules(done.session, retailer_id, path.id, RiskRules(**body.risk.model_dump()))
        change_unlinked_lines(done.session, retailer_id, path.id, body.unlinked_lines)
        change_sends_when(done.session, retailer_id, path.id, body.send_when)
        done.session.flush()
        done.answers(_hold_rules(stores.store_of(done.session, retailer_id, path.id)))
    return done.response()


@api.get("/stores/<uuid:id>/sender", responses={200: StoreSenderOut}, summary="Who stands on a store's parcels")
@guarded("retailer", scope="read:orders")
def store_sender(path: IdPath) -> Response:
    with db.transaction() as session:
        sender = sender_of_store(session, caller().organisation_id, path.id)
    return jsonify(_sender(path, sender))


@api.put("/stores/<uuid:id>/sender", responses={200: StoreSenderOut}, summary="Choose who stands on a store's parcels")
@guarded("retailer", scope="write:stores")
def change_store_sender(path: IdPath, body: SenderInput) -> Response:
    """Of orders that are placed from then on. The address is checked by the rules of its country."""
    wanted = Sender(
        address=Address(**body.address.model_dump()),
        as_sender=body.as_sender,
        as_return_address=body.as_return_address,
    )
    with work() as done:
        done.answers(_sender(path, save_sender(done.session, caller().organisation_id, path.id, wanted)))
    return done.response()


@api.delete("/stores/<uuid:id>/sender", responses={204: None}, summary="Let suppliers stand on a store's parcels")
@guarded("retailer", scope="write:stores")
def remove_store_sender(path: IdPath) -> Response:
    with db.transaction() as session:
        remove_sender(session, caller().organisation_id, path.id)
    return Response(status=204)


def _sender(path: IdPath, sender: Sender | None) -> present.Json:
    return {"store_id": path.id, "sender": None if sender is None else present.store_sender(sender)}


def _hold_rules(store: Store) -> present.Json:
    return {
        "store_id": store.id,
        "wait_minutes": store.fraud_window_minutes,
        "risk": as_json(rules_of(store.risk_rules)),
        "unlinked_lines": store.unlinked_lines,
        "send_when": store.sends_when,
    }


@api.post("/products/import", responses={202: ImportOut}, summary="List products in a store")
@guarded("retailer", scope="write:listings")
def import_into_store(body: ImportInput) -> Response:
    with work() as done:
        store = stores.store_of(done.session, caller().organisation_id, body.store_id)
        requests = []
        for index, item in enumerate(body.items):
            prices = {}
            for variant_id, price in item.prices.items():
                if price.currency != store.currency:
                    raise Invalid.field(
                        f"items[{index}].prices", "currency", f"The store's currency is {store.currency}."
                    )
                prices[variant_id] = price.value().minor
            requests.append(
                ImportRequest(
                    product_id=item.product_id,
                    variant_ids=item.variant_ids,
                    price_rule_id=item.price_rule_id,
                    prices=prices,
                    publish=item.publish,
                )
            )
        batch = import_products(done.session, store, requests)
        _, items = listings.import_batch(done.session, store.retailer_id, batch.id)
        done.answers({"import_id": batch.id, "items": [_item(*pair) for pair in items]}, 202)
    return done.response()


@api.get("/products/import/<uuid:id>", responses={200: ImportProgressOut}, summary="How far an import is")
@guarded("retailer", scope="read:listings")
def import_progress(path: IdPath) -> Response:
    with db.transaction() as session:
        batch, items = listings.import_batch(session, caller().organisation_id, path.id)
        shown = [_item(*pair) for pair in items]
        return jsonify(
            import_id=batch.id,
            store_id=batch.store_id,
            total=len(shown),
            done=sum(item["status"] == "live" for item in shown),
            failed=sum(item["status"] == "failed" for item in shown),
            items=shown,
        )


def _item(item: ImportItem, listing: Listing | None) -> present.Json:
    shown: present.Json = {
        "product_id": item.product_id,
        "listing_id": item.listing_id,
        "status": "failed" if listing is None else listing.state.lower(),
    }
    if item.details:
        shown["error"] = {"field": "product_id", "code": item.details["code"], "message": item.details["message"]}
    elif listing is not None and listing.error:
        shown["error"] = {"field": "listing", "code": "store_refused", "message": listing.error}
    return shown


@api.get("/sync/status", responses={200: SyncOut}, summary="How far stores are in sync")
@guarded("retailer", scope="read:sync")
def sync_status() -> Response:
    with db.transaction() as session:
        shown = []
        for store in stores.stores_of(session, caller().organisation_id):
            figures = listings.sync_figures(session, store.id)
            shown.append(
                {
                    "store_id": store.id,
                    "platform": store.platform,
                    "status": store.status,
                    "listings": figures.listings,
                    "in_sync": figures.in_sync,
                    "pending": figures.pending,
                    "failed": figures.failed,
                    "lag_seconds_p95": figures.lag_seconds_p95,
                    "last_confirmed_at": figures.last_confirmed_at,
                    "accuracy": {"sampled": store.sampled, "matching": store.matching},
                }
            )
        return jsonify(stores=shown)
