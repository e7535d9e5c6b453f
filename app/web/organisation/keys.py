"""API keys of an organisation: making one with chosen scopes and networks, showing it once, replacing, revoking."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import request

from app import db
from app.identity.models import ApiKey
from app.identity.queries import api_key, api_keys
from app.identity.rules import API_KEY_LIFE, API_KEY_NOTICES, SCOPES_OF_KIND
from app.identity.service import issue_key, revoke_key, rotate_key, set_networks
from app.kit import clock
from app.kit.errors import Invalid, NotFound
from app.kit.texts import marked as _
from app.notifications.service import resolve
from app.web.auth import principal
from app.web.forms import Sent, problems
from app.web.pages import Pages, go, page_url, render
from app.web.ui.rendering import gettext

#: Scope → what a key with it may do.
SCOPE_LABELS = {
    "read:catalog": _("Read suppliers, products and stock"),
    "write:catalog": _("Upload and change products and prices"),
    "write:inventory": _("Change stock"),
    "write:closures": _("Plan closures"),
    "read:documents": _("Read your papers, such as the insurance"),
    "write:documents": _("Send and remove papers"),
    "read:listings": _("Read listings"),
    "write:listings": _("Import, change and publish listings"),
    "read:orders": _("Read orders"),
    "write:orders": _("Place and cancel orders"),
    "write:stores": _("Connect and change stores"),
    "read:sync": _("Read how far stores have followed"),
    "read:analytics": _("Read figures"),
    "read:purchase_orders": _("Read purchase orders"),
    "write:purchase_orders": _("Answer and ship purchase orders"),
    "read:addresses": _("Read delivery addresses"),
    "read:events": _("Read what happens, as events"),
    "read:webhooks": _("Read webhook endpoints and what was sent to them"),
    "write:webhooks": _("Add and change webhook endpoints, and send again"),
}


#: How long the old key goes on after a new one took its place, in hours → in words.
OVERLAPS = {
    0: _("Not at all: it stops at once"),
    1: _("1 hour"),
    6: _("6 hours"),
    24: _("1 day"),
    72: _("3 days"),
    168: _("7 days"),
    336: _("14 days"),
    720: _("30 days"),
}
_USUAL_OVERLAP = 24


def shown(pages: Pages, errors: dict[str, Any] | None = None, new_key: str | None = None) -> dict[str, Any]:
    """What ``keys.html`` shows. ``errors`` are those of a key that was refused, ``new_key`` is shown this once."""
    who = principal()
    with db.transaction() as session:
        found = api_keys(session, who.organisation_id) if who.may("keys.write") else []
    now = clock.now()
    return {
        "keys_of": pages.name,
        "keys": [(one, _state(one)) for one in found if one.revoked_at is None and one.expires_at > now],
        "key_days": API_KEY_LIFE.days,
        "scopes": [
            (scope, f"{gettext(SCOPE_LABELS[scope])} ({scope})") for scope in SCOPES_OF_KIND[who.organisation_kind]
        ],
        "scopes_chosen": request.form.getlist("scopes") if errors else [],
        "key_errors": errors or {},
        "key_sent": request.form if errors else {},
        "new_key": new_key,
    }


def notice_of(key_id: UUID) -> str:
    """The name of the notice that a key ends."""
    return f"api_key_ends:{key_id}"


def _state(key: ApiKey) -> str:
    if key.replaced_by is not None:
        return "replaced"
    return "ending" if key.expires_at <= clock.now() + timedelta(days=max(API_KEY_NOTICES)) else "active"


def add_to(pages: Pages, path: str, *, page: str, show: Callable[..., Any]) -> None:
    """Add the changes to a folder's pages below ``path``. ``page`` is the endpoint to go back to, ``show(status,
    key_errors=…, new_key=…)`` renders it with what is wrong, or with the key that was made."""

    @pages.post(path, permission="keys.write")
    def new_key() -> Any:
        """Make an API key; it is shown on the answer to this request and never again."""
        sent = Sent()
        name = sent.text("name", longest=80, required=True)
        try:
            sent.check()
            with db.transaction() as session:
                _row, secret = issue_key(
                    session,
                    principal().organisation_id,
                    name=name,
                    scopes=sent.chosen("scopes"),
                    allowed_ips=sent.words("allowed_ips"),
                )
        except Invalid as error:
            return show(422, key_errors=_understood(problems(error)))
        return show(200, new_key=secret)

    @pages.get(f"{path}/<uuid:key_id>", permission="keys.write")
    def one_key(key_id: UUID) -> Any:
        """One key: what it may do and from where, when it was used, putting a new one in its place."""
        return _one(key_id)

    @pages.post(f"{path}/<uuid:key_id>/networks", permission="keys.write")
    def save_networks(key_id: UUID) -> Any:
        """From where a key may be used."""
        try:
            with db.transaction() as session:
                set_networks(session, principal().organisation_id, key_id, Sent().words("allowed_ips"))
        except Invalid as error:
            return _one(key_id, 422, problems(error))
        return go(page_url(f"{pages.name}.one_key", key_id=key_id, done="key_networks_saved"))

    @pages.post(f"{path}/<uuid:key_id>/rotate", permission="keys.write")
    def replace_key(key_id: UUID) -> Any:
        """Put a new key in a key's place; it is shown on the answer to this request and never again."""
        sent = Sent()
        hours = int(sent.one_of("overlap", [str(one) for one in OVERLAPS], missing=str(_USUAL_OVERLAP)))
        sent.check()
        with db.transaction() as session:
            _row, secret = rotate_key(session, principal().organisation_id, key_id, overlap=timedelta(hours=hours))
            resolve(session, principal().organisation_id, notice_of(key_id))
        return show(200, new_key=secret)

    @pages.post(f"{path}/<uuid:key_id>/revoke", permission="keys.write")
    def drop_key(key_id: UUID) -> Any:
        """Revoke a key at once."""
        with db.transaction() as session:
            revoke_key(session, principal().organisation_id, key_id)
            resolve(session, principal().organisation_id, notice_of(key_id))
        return go(page_url(page, done="key_ended"))

    def _one(key_id: UUID, status: int = 200, errors: dict[str, Any] | None = None) -> Any:
        with db.transaction() as session:
            key = api_key(session, principal().organisation_id, key_id)
        if key.revoked_at is not None or key.expires_at <= clock.now():
            raise NotFound("API key")
        return render(
            "app/web/organisation/key.html",
            status,
            key=key,
            state=_state(key),
            keys_of=pages.name,
            back=page_url(page),
            may=[gettext(SCOPE_LABELS[scope]) for scope in key.scopes],
            overlaps=[(str(hours), gettext(label)) for hours, label in OVERLAPS.items()],
            usual_overlap=str(_USUAL_OVERLAP),
            networks=request.form.get("allowed_ips", "") if errors else "\n".join(key.allowed_ips),
            errors=errors or {},
        )


def _understood(found: dict[str, Any]) -> dict[str, Any]:
    """The list of all scopes says little to somebody who sees them as boxes."""
    if "scopes" in found:
        found["scopes"] = gettext(_("Choose at least one thing that the key may do."))
    return found
