"""Webhook endpoints and their deliveries, and the stream of events that they are a hint of."""

from __future__ import annotations

from datetime import timedelta

from flask import Response, jsonify

from app import db
from app.config import settings
from app.kit.errors import Invalid
from app.web.api import present
from app.web.api.blueprint import api, caller, guarded
from app.web.api.repetition import work
from app.web.api.schemas.shapes import IdPath
from app.web.api.schemas.webhooks import (
    DeliveriesQuery,
    DeliveryList,
    DeliveryOut,
    DeliveryPath,
    EndpointChange,
    EndpointInput,
    EndpointList,
    EndpointOut,
    EndpointWithSecret,
    EventList,
    EventsQuery,
    RedeliveredOut,
    RedeliverInput,
    RotateInput,
)
from app.webhooks import queries as webhooks
from app.webhooks.models import WebhookDelivery, WebhookEndpoint
from app.webhooks.rules import EVENT_TYPES, WAITING
from app.webhooks.service import (
    EndpointSpec,
    add_endpoint,
    change_endpoint,
    pause_endpoint,
    redeliver,
    redeliver_since,
    remove_endpoint,
    resume_endpoint,
    rotate_secret,
    send_test,
)

_KINDS = ("retailer", "supplier")
READ, WRITE = "read:webhooks", "write:webhooks"


@api.get("/events", responses={200: EventList}, summary="What happened, in its order")
@guarded(*_KINDS, scope="read:events")
def list_events(query: EventsQuery) -> Response:
    """The oldest first, for 90 days. Webhooks are the hint, this is the truth: ask with ``after``, the id of the last
    event that you have, and nothing is missed. Events are kept from when you have an endpoint or a key for this."""
    if query.type is not None and query.type not in EVENT_TYPES:
        raise Invalid.field("type", "unknown_event", "There is no such type of event.")
    with db.transaction() as session:
        page = webhooks.events(
            session,
            caller().organisation_id,
            after=query.after,
            types=[query.type] if query.type else (),
            limit=query.limit,
            cursor=query.cursor,
        )
        return jsonify(
            items=[webhooks.envelope(row, settings().public_url) for row in page.items], next_cursor=page.next_cursor
        )


@api.get("/webhook-endpoints", responses={200: EndpointList}, summary="Your webhook endpoints")
@guarded(*_KINDS, scope=READ)
def list_endpoints() -> Response:
    """The oldest first; there are at most twenty, so it is one page."""
    with db.transaction() as session:
        found = webhooks.endpoints(session, caller().organisation_id)
        return jsonify(items=[_shown(row) for row in found], next_cursor=None)


@api.post("/webhook-endpoints", responses={201: EndpointWithSecret}, summary="Have events sent to an address")
@guarded(*_KINDS, scope=WRITE)
def create_endpoint(body: EndpointInput) -> Response:
    """The answer holds the secret that signs its messages; it is shown this once."""
    with work() as done:
        spec = EndpointSpec(url=body.url, events=body.events, description=body.description)
        endpoint, secret = add_endpoint(done.session, caller().organisation_id, spec)
        # What is kept for the Idempotency-Key holds no secret.
        shown = _shown(endpoint)
        done.answers({**shown, "secret": None}, 201)
    answer = jsonify(**shown, secret=secret)
    answer.status_code = 201
    return answer


@api.get("/webhook-endpoints/<uuid:id>", responses={200: EndpointOut}, summary="One webhook endpoint")
@guarded(*_KINDS, scope=READ)
def one_endpoint(path: IdPath) -> Response:
    with db.transaction() as session:
        return jsonify(_shown(webhooks.endpoint(session, caller().organisation_id, path.id)))


@api.patch("/webhook-endpoints/<uuid:id>", responses={200: EndpointOut}, summary="Change a webhook endpoint")
@guarded(*_KINDS, scope=WRITE)
def update_endpoint(path: IdPath, body: EndpointChange) -> Response:
    owner = caller().organisation_id
    with work() as done:
        endpoint = webhooks.endpoint(done.session, owner, path.id, lock=True)
        spec = EndpointSpec(
            url=endpoint.url if body.url is None else body.url,
            events=endpoint.events if body.events is None else body.events,
            description=endpoint.description if body.description is None else body.description,
        )
        if body.model_fields_set - {"state"}:
            endpoint = change_endpoint(done.session, owner, path.id, spec)
        if body.state == "PAUSED":
            endpoint = pause_endpoint(done.session, owner, path.id)
        elif body.state == "ACTIVE":
            endpoint = resume_endpoint(done.session, owner, path.id)
        done.answers(_shown(endpoint))
    return done.response()


@api.delete("/webhook-endpoints/<uuid:id>", responses={204: None}, summary="Send nothing there any more")
@guarded(*_KINDS, scope=WRITE)
def delete_endpoint(path: IdPath) -> Response:
    with db.transaction() as session:
        remove_endpoint(session, caller().organisation_id, path.id)
    return Response(status=204)


@api.post("/webhook-endpoints/<uuid:id>/rotate", responses={200: EndpointWithSecret}, summary="Change the secret")
@guarded(*_KINDS, scope=WRITE)
def rotate_endpoint_secret(path: IdPath, body: RotateInput) -> Response:
    """Messages are signed with both secrets until the old one ends."""
    with work() as done:
        overlap = timedelta(hours=body.overlap_hours)
        endpoint, secret = rotate_secret(done.session, caller().organisation_id, path.id, overlap=overlap)
        shown = _shown(endpoint)
        done.answers({**shown, "secret": None})
    return jsonify(**shown, secret=secret)


@api.post("/webhook-endpoints/<uuid:id>/test", responses={202: DeliveryOut}, summary="Send a test event")
@guarded(*_KINDS, scope=WRITE)
def test_endpoint(path: IdPath) -> Response:
    """An ``endpoint.test``, tried once; also where the endpoint is paused or switched off."""
    owner = caller().organisation_id
    with work() as done:
        delivery_id = send_test(done.session, owner, caller().organisation_kind, path.id)
        done.answers(_delivery(webhooks.delivery(done.session, owner, path.id, delivery_id)), 202)
    return done.response()


@api.get("/webhook-endpoints/<uuid:id>/deliveries", responses={200: DeliveryList}, summary="What was sent there")
@guarded(*_KINDS, scope=READ)
def list_deliveries(path: IdPath, query: DeliveriesQuery) -> Response:
    """The newest event first."""
    owner = caller().organisation_id
    with db.transaction() as session:
        webhooks.endpoint(session, owner, path.id)
        page = webhooks.deliveries(session, owner, path.id, state=query.state, limit=query.limit, cursor=query.cursor)
        return jsonify(items=[_delivery(row) for row in page.items], next_cursor=page.next_cursor)


@api.post(
    "/webhook-endpoints/<uuid:id>/deliveries/<uuid:delivery_id>/redeliver",
    responses={202: DeliveryOut},
    summary="Send one message again",
)
@guarded(*_KINDS, scope=WRITE)
def redeliver_one(path: DeliveryPath) -> Response:
    """With the id that it had. What failed has its whole time again."""
    with work() as done:
        row = redeliver(done.session, caller().organisation_id, path.id, path.delivery_id)
        done.answers(_delivery(row), 202)
    return done.response()


@api.post("/webhook-endpoints/<uuid:id>/redeliver", responses={202: RedeliveredOut}, summary="Send all that was missed")
@guarded(*_KINDS, scope=WRITE)
def redeliver_missed(path: IdPath, body: RedeliverInput) -> Response:
    """All that the endpoint did not get since a moment, also what happened while it was switched off: at most 10,000
    events of these at a time."""
    with work() as done:
        count = redeliver_since(done.session, caller().organisation_id, path.id, body.since)
        done.answers({"deliveries": count}, 202)
    return done.response()


def _shown(row: WebhookEndpoint) -> present.Json:
    return {
        "id": row.id,
        "url": row.url,
        "description": row.description,
        "events": row.events,
        "state": row.state,
        "failing_since": row.failing_since,
        "next_attempt_at": row.retry_at,
        "previous_secret_until": row.previous_until,
        "created_at": row.created_at,
    }


def _delivery(row: WebhookDelivery) -> present.Json:
    return {
        "id": row.id,
        "event_id": row.event_id,
        "type": row.type,
        "state": row.state,
        "attempts": row.attempts,
        "response_status": row.status,
        "response_body": webhooks.response_of(row),
        "error": row.error,
        "latency_ms": row.latency_ms,
        "created_at": row.created_at,
        "last_attempt_at": row.last_attempt_at,
        "next_attempt_at": row.next_attempt_at if row.state == WAITING else None,
        "delivered_at": row.delivered_at,
    }
