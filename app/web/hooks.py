"""Hooks in: verify on the raw bytes, keep, answer. It never grows: what a hook means is found out by a job."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from app import db
from app.adapters import registries
from app.fulfillment.labels import ForgedNotice, LabelGateway, RefundMoved, Told, TrackerMoved
from app.fulfillment.models import LabelAccount
from app.fulfillment.service import labelling as parcels
from app.fulfillment.service.accounts import hook_secret
from app.fulfillment.service.following import take_in_tracker
from app.inbox.service import Received, take_in
from app.kit import clock
from app.kit.crash import crash_point
from app.returns.service import labelling as returned
from app.returns.service import travelling
from app.settlement import processor
from app.stores import hooks as stores
from app.web.errors import problem

#: No platform sends more; larger ones are refused unread.
LARGEST_HOOK = 2 * 1024 * 1024

bp = Blueprint("hooks", __name__)


@bp.post("/hooks/<name>")
@bp.post("/hooks/<name>/compliance")
def from_store(name: str) -> Response:
    """A store platform tells us something. 401 for a bad signature, and nothing is kept."""
    adapter = registries.stores.all().get(name)
    if adapter is None or "hooks" not in adapter.capabilities:
        return problem(404, "not_found", "Not found", "No such platform.")
    body = _raw_body()
    if body is None:
        return problem(413, "too_large", "Too large", "A hook has at most 2 MB.")
    try:
        envelope = adapter.verify_hook(_headers(), body)
    except stores.ForgedHook:
        return problem(401, "bad_signature", "Bad signature", "The signature does not fit the body.")
    return _keep(
        Received(
            source=f"{name}:{envelope.shop}",
            external_id=envelope.message_id,
            topic=envelope.topic,
            headers=dict(envelope.headers),
            body=body,
            triggered_at=envelope.triggered_at,
        )
    )


@bp.post("/hooks/labels/<name>/<uuid:owner_id>")
def from_gateway(name: str, owner_id: UUID) -> Response:
    """A gateway tells where an organisation's parcel is, or that a label's money came back. 401 for a bad signature.
    What it says is small and may be said again, so it is taken in at once."""
    body = _raw_body()
    if body is None:
        return problem(413, "too_large", "Too large", "A hook has at most 2 MB.")
    gateway = registries.labels.all().get(name)
    with db.system_scope(actor=f"gateway:{name}"), db.transaction() as session:
        account = session.get(LabelAccount, owner_id)
        secret = hook_secret(account) if account is not None and account.gateway == name else None
        if gateway is None or secret is None:
            return problem(404, "not_found", "Not found", "No such gateway.")
        told = _told(gateway, body, secret)
        if isinstance(told, Response):
            return told
        if told is not None and not _followed(session, told, owner_id) and not parcels.take_in(session, owner_id, told):
            returned.take_in(session, owner_id, told)
    return Response(status=200)


@bp.post("/hooks/labels/<name>")
def from_platforms_gateway(name: str) -> Response:
    """The same of parcels that are followed by the platform's own account."""
    body = _raw_body()
    if body is None:
        return problem(413, "too_large", "Too large", "A hook has at most 2 MB.")
    gateway = registries.labels.all().get(name)
    account = gateway.platform() if gateway is not None else None
    if gateway is None or account is None or not account.hook_secret:
        return problem(404, "not_found", "Not found", "No such gateway.")
    told = _told(gateway, body, account.hook_secret)
    if isinstance(told, Response):
        return told
    if told is not None:
        with db.system_scope(actor=f"gateway:{name}"), db.transaction() as session:
            _followed(session, told, None)
    return Response(status=200)


def _told(gateway: LabelGateway, body: bytes, secret: str) -> Told | Response:
    """What a gateway tells, or why that is not taken."""
    try:
        return gateway.told(_headers(), body, secret, at=clock.now())
    except ForgedNotice:
        return problem(401, "bad_signature", "Bad signature", "The signature does not fit the body.")
    except (ValueError, KeyError, TypeError):
        return problem(422, "unreadable", "Unreadable", "The body is not what the gateway sends.")


def _followed(session: Session, told: TrackerMoved | RefundMoved, supplier_id: UUID | None) -> bool:
    if not isinstance(told, TrackerMoved):
        return False
    known = take_in_tracker(session, told, supplier_id)
    return travelling.take_in_tracker(session, told, supplier_id) or known


@bp.post("/api/webhooks/<name>")
def from_processor(name: str) -> Response:
    """A payment processor tells us something. 400 for a bad signature, as processors expect."""
    adapter = registries.processors.all().get(name)
    if adapter is None:
        return problem(404, "not_found", "Not found", "No such processor.")
    body = _raw_body()
    if body is None:
        return problem(413, "too_large", "Too large", "A hook has at most 2 MB.")
    try:
        hook = adapter.verify_hook(_headers(), body)
    except processor.ForgedHook:
        return problem(400, "bad_signature", "Bad signature", "The signature does not fit the body.")
    return _keep(
        Received(
            source=name,
            external_id=hook.message_id,
            topic=hook.topic,
            headers={},
            body=body,
            triggered_at=hook.created_at,
        ),
        ignored=None if processor.concerns_us(hook.topic) else hook.topic,
    )


def _headers() -> dict[str, str]:
    """Header names in lower case, as the ports promise."""
    return {name.lower(): value for name, value in request.headers.items()}


def _raw_body() -> bytes | None:
    """The body as it was sent; None when it is too large."""
    if (request.content_length or 0) > LARGEST_HOOK:
        return None
    # Orders of many lines are larger than other bodies may be. One read may give less than is there.
    request.max_content_length = LARGEST_HOOK + 1
    body = bytearray()
    while len(body) <= LARGEST_HOOK and (piece := request.stream.read(LARGEST_HOOK + 1 - len(body))):
        body += piece
    return None if len(body) > LARGEST_HOOK else bytes(body)


def _keep(received: Received, *, ignored: str | None = None) -> Response:
    with db.system_scope(actor="hook"), db.transaction() as session:
        take_in(session, received, ignored=ignored)
    crash_point("web.hook_committed")
    return Response(status=200)
