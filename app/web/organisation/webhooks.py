"""Webhook endpoints of an organisation: adding and changing them, secrets shown once, what was sent, sending again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from flask import request

from app import db
from app.config import settings
from app.kit import clock
from app.kit.errors import Invalid
from app.kit.texts import marked as _
from app.web.auth import principal
from app.web.forms import Sent, problems
from app.web.organisation.keys import OVERLAPS
from app.web.pages import Pages, go, page_url, render
from app.web.ui.rendering import gettext
from app.webhooks import queries as webhooks
from app.webhooks.rules import DELIVERY_STATES, LONGEST_URL, USUAL_OVERLAP, types_of
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

_PERMISSION = "keys.write"
_PER_PAGE = 25
#: Why a message was not taken, where no HTTP status says it.
_REASONS = {
    "address_refused": _("Not on the public internet"),
    "url_refused": _("The address must begin with https://"),
    "certificate_refused": _("The certificate is not valid"),
    "no_answer": _("No answer"),
    "endpoint_disabled": _("Switched off"),
    "endpoint_removed": _("Removed"),
}
#: Hours to look back for what was missed → in words.
_SINCE = {
    1: _("the last hour"),
    24: _("the last day"),
    72: _("the last 3 days"),
    168: _("the last 7 days"),
    720: _("the last 30 days"),
    2160: _("the last 90 days"),
}
_USUAL_SINCE = 72
_STATE_LABELS = {"WAITING": _("Waiting"), "DELIVERED": _("Delivered"), "FAILED": _("Failed")}


def add_to(pages: Pages, path: str, *, frame: Callable[[], dict[str, Any]]) -> None:
    """Add the pages to a folder's own, below ``path``. ``frame``: what stands around them, as ``views`` (the settings'
    other pages) or ``back`` (an address and its label)."""

    def url_of(endpoint_id: UUID, **values: Any) -> str:
        return page_url(f"{pages.name}.one_webhook", endpoint_id=endpoint_id, **values)

    def shown(template: str, status: int = 200, **context: Any) -> Any:
        return render(f"app/web/organisation/{template}", status, webhooks_of=pages.name, **frame(), **context)

    @pages.get(path, permission=_PERMISSION)
    def webhooks_list() -> Any:
        """All endpoints, and a form for one more."""
        return _list()

    @pages.post(path, permission=_PERMISSION)
    def new_webhook() -> Any:
        """Add an endpoint; its secret is shown on the answer to this request and never again."""
        try:
            spec = _spec()
            with db.transaction() as session:
                endpoint, secret = add_endpoint(session, principal().organisation_id, spec)
        except Invalid as error:
            return _list(422, _understood(problems(error)))
        return _one(endpoint.id, secret=secret)

    @pages.get(f"{path}/<uuid:endpoint_id>", permission=_PERMISSION)
    def one_webhook(endpoint_id: UUID) -> Any:
        """One endpoint: how it does, what was sent to it, changing it."""
        return _one(endpoint_id)

    @pages.post(f"{path}/<uuid:endpoint_id>", permission=_PERMISSION)
    def save_webhook(endpoint_id: UUID) -> Any:
        """Change where it is and what it is told."""
        try:
            spec = _spec()
            with db.transaction() as session:
                change_endpoint(session, principal().organisation_id, endpoint_id, spec)
        except Invalid as error:
            return _one(endpoint_id, 422, errors=_understood(problems(error)))
        return go(url_of(endpoint_id, done="saved"))

    @pages.post(f"{path}/<uuid:endpoint_id>/secret", permission=_PERMISSION)
    def change_secret(endpoint_id: UUID) -> Any:
        """Make a new secret; it is shown on the answer to this request and never again."""
        sent = Sent()
        usual = str(int(USUAL_OVERLAP.total_seconds()) // 3600)
        hours = int(sent.one_of("overlap", [str(one) for one in OVERLAPS], missing=usual))
        sent.check()
        with db.transaction() as session:
            _row, secret = rotate_secret(
                session, principal().organisation_id, endpoint_id, overlap=timedelta(hours=hours)
            )
        return _one(endpoint_id, secret=secret)

    @pages.post(f"{path}/<uuid:endpoint_id>/test", permission=_PERMISSION)
    def test_webhook(endpoint_id: UUID) -> Any:
        """Send a test event."""
        who = principal()
        with db.transaction() as session:
            send_test(session, who.organisation_id, who.organisation_kind, endpoint_id)
        return go(url_of(endpoint_id, done="webhook_tested"))

    @pages.post(f"{path}/<uuid:endpoint_id>/pause", permission=_PERMISSION)
    def pause_webhook(endpoint_id: UUID) -> Any:
        """Send nothing for now."""
        with db.transaction() as session:
            pause_endpoint(session, principal().organisation_id, endpoint_id)
        return go(url_of(endpoint_id, done="webhook_paused"))

    @pages.post(f"{path}/<uuid:endpoint_id>/resume", permission=_PERMISSION)
    def resume_webhook(endpoint_id: UUID) -> Any:
        """Send again."""
        with db.transaction() as session:
            resume_endpoint(session, principal().organisation_id, endpoint_id)
        return go(url_of(endpoint_id, done="webhook_resumed"))

    @pages.post(f"{path}/<uuid:endpoint_id>/remove", permission=_PERMISSION)
    def drop_webhook(endpoint_id: UUID) -> Any:
        """End the endpoint."""
        with db.transaction() as session:
            remove_endpoint(session, principal().organisation_id, endpoint_id)
        return go(page_url(f"{pages.name}.webhooks_list", done="webhook_removed"))

    @pages.post(f"{path}/<uuid:endpoint_id>/missed", permission=_PERMISSION)
    def send_missed(endpoint_id: UUID) -> Any:
        """Send all that was missed since a moment."""
        sent = Sent()
        hours = int(sent.one_of("since", [str(one) for one in _SINCE], missing=str(_USUAL_SINCE)))
        sent.check()
        with db.transaction() as session:
            since = clock.now() - timedelta(hours=hours)
            count = redeliver_since(session, principal().organisation_id, endpoint_id, since)
        return go(url_of(endpoint_id, done="webhook_sent_again" if count else "webhook_nothing_missed"))

    @pages.get(f"{path}/<uuid:endpoint_id>/deliveries/<uuid:delivery_id>", permission=_PERMISSION)
    def one_delivery(endpoint_id: UUID, delivery_id: UUID) -> Any:
        """One message: what was sent and what was answered."""
        owner = principal().organisation_id
        with db.transaction() as session:
            endpoint = webhooks.endpoint(session, owner, endpoint_id)
            row = webhooks.delivery(session, owner, endpoint_id, delivery_id)
            event = webhooks.event(session, owner, row.event_id)
        body = orjson.dumps(webhooks.envelope(event, settings().public_url), option=orjson.OPT_INDENT_2).decode()
        return shown(
            "delivery.html",
            endpoint=endpoint,
            row=row,
            body=body,
            response=webhooks.response_of(row),
            reason=_reason(row.error),
        )

    @pages.post(f"{path}/<uuid:endpoint_id>/deliveries/<uuid:delivery_id>/again", permission=_PERMISSION)
    def send_again(endpoint_id: UUID, delivery_id: UUID) -> Any:
        """Send one message again."""
        with db.transaction() as session:
            redeliver(session, principal().organisation_id, endpoint_id, delivery_id)
        return go(url_of(endpoint_id, done="webhook_sent_again"))

    def _list(status: int = 200, errors: dict[str, Any] | None = None) -> Any:
        with db.transaction() as session:
            found = webhooks.endpoints(session, principal().organisation_id)
        return shown(
            "webhooks.html",
            status,
            endpoints=found,
            event_types=_event_types(),
            sent=request.form if errors else {},
            chosen=request.form.getlist("events") if errors else [],
            errors=errors or {},
        )

    def _one(
        endpoint_id: UUID, status: int = 200, *, errors: dict[str, Any] | None = None, secret: str | None = None
    ) -> Any:
        owner, wanted = principal().organisation_id, request.args.get("state")
        with db.transaction() as session:
            endpoint = webhooks.endpoint(session, owner, endpoint_id)
            counts = webhooks.delivery_counts(session, owner, endpoint_id)
            page = webhooks.deliveries(
                session,
                owner,
                endpoint_id,
                state=wanted if wanted in DELIVERY_STATES else None,
                limit=_PER_PAGE,
                cursor=request.args.get("cursor"),
            )
        views = [
            {"label": gettext(_("All")), "href": url_of(endpoint_id), "current": wanted not in DELIVERY_STATES},
            *(
                {
                    "label": gettext(_STATE_LABELS[state]),
                    "href": url_of(endpoint_id, state=state),
                    "current": wanted == state,
                    "count": counts.get(state, 0),
                }
                for state in DELIVERY_STATES
            ),
        ]
        return shown(
            "webhook.html",
            status,
            endpoint=endpoint,
            deliveries=[(row, _reason(row.error)) for row in page.items],
            next_cursor=page.next_cursor,
            delivery_views=views,
            secret=secret,
            event_types=_event_types(),
            sent=request.form if errors else {"url": endpoint.url, "description": endpoint.description},
            chosen=request.form.getlist("events") if errors else endpoint.events,
            errors=errors or {},
            overlaps=[(str(hours), gettext(label)) for hours, label in OVERLAPS.items()],
            usual_overlap=str(int(USUAL_OVERLAP.total_seconds()) // 3600),
            since=[(str(hours), gettext(label)) for hours, label in _SINCE.items()],
            usual_since=str(_USUAL_SINCE),
            now=clock.now(),
        )


def _spec() -> EndpointSpec:
    """What the form says of an endpoint."""
    sent = Sent()
    url = sent.text("url", longest=LONGEST_URL, required=True)
    description = sent.text("description", longest=200)
    sent.check()
    return EndpointSpec(url=url, events=sent.chosen("events"), description=description)


def _event_types() -> list[tuple[str, str]]:
    return [(one.name, f"{gettext(one.meaning)} ({one.name})") for one in types_of(principal().organisation_kind)]


def _reason(error: str | None) -> str:
    """Why a message was not taken, in words; empty where it was."""
    if error is None:
        return ""
    if error.startswith("http_"):
        return gettext(_("Answered %(status)s")) % {"status": error.removeprefix("http_")}
    return gettext(_REASONS[error]) if error in _REASONS else error


def _understood(found: dict[str, Any]) -> dict[str, Any]:
    """The list of all events says little to somebody who sees them as boxes."""
    if "events" in found:
        found["events"] = gettext(_("Choose at least one thing to be told of."))
    return found
