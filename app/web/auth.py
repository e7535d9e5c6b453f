"""Who asks: browsers by a session cookie, machines by a bearer key; and protection against forged requests.

A route takes one kind of proof and ignores the other. The pages inside a store's admin have a third kind, the
platform's token, which ``embedded_ui`` checks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import ExitStack
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from flask import Response, current_app, g, redirect, request, url_for
from werkzeug.exceptions import HTTPException

from app import db
from app.config import keyed_hash, settings
from app.identity.principal import Principal
from app.identity.rules import SESSION_LIFE, address_allowed
from app.identity.service import KeyHolder, principal_of_key, principal_of_session
from app.kit import clock
from app.kit.crypto import equal
from app.kit.errors import Forbidden, NotFound, Unauthenticated
from app.kit.recent import Recent

View = TypeVar("View", bound=Callable[..., Any])

#: What the rules of paths where no page is call the path.
NOWHERE = "_path"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def cookie_name() -> str:
    """``__Host-`` binds the cookie to this host over https; plain http (development) can't have it."""
    return "__Host-crossdock" if settings().public_url.startswith("https://") else "crossdock"


def set_session_cookie(answer: Response, token: str) -> None:
    """Give a browser its session."""
    answer.set_cookie(
        cookie_name(),
        token,
        max_age=int(SESSION_LIFE.total_seconds()),
        secure=settings().public_url.startswith("https://"),
        httponly=True,
        samesite="Lax",
        path="/",
    )


def clear_session_cookie(answer: Response) -> None:
    """Take it away again."""
    answer.delete_cookie(cookie_name(), path="/")


def principal() -> Principal:
    """The one who asks, on a route that needs one."""
    found: Principal | None = g.get("principal")
    if found is None:
        raise Unauthenticated("Sign in first.")
    return found


def act_as(found: Principal) -> None:
    """Carry the rest of the request out for this principal: transactions see its organisation's rows only."""
    g.principal = found
    scopes: ExitStack = g.setdefault("scopes", ExitStack())
    scopes.enter_context(db.tenant_scope(found.organisation_id, actor=found.actor, request_id=g.get("request_id", "")))


def leave_scopes(_error: BaseException | None = None) -> None:
    """At the end of a request nothing of its scope remains."""
    scopes: ExitStack | None = g.pop("scopes", None)
    if scopes is not None:
        scopes.close()


def session_principal() -> Principal | None:
    """Who holds the request's cookie."""
    token = request.cookies.get(cookie_name())
    if not token or len(token) > 200:
        return None
    with db.system_scope(actor="sign-in"), db.transaction() as session:
        return principal_of_session(session, token)


def page(kind: str | None = None, permission: str | None = None) -> Callable[[View], View]:
    """A page for signed-in members of one kind of organisation, with a permission. Others are sent to sign in,
    or told what they lack; the other kinds' pages do not exist for them."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            found = session_principal()
            if found is None:
                return to_sign_in()
            if kind is not None and found.organisation_kind != kind:
                raise NotFound("page")
            act_as(found)
            if request.method not in _SAFE_METHODS:
                check_not_forged(found)
            if permission is not None:
                found.require(permission)
            return view(*args, **kwargs)

        return cast(View, guarded)

    return decorate


def to_sign_in() -> Any:
    """Send a browser to the sign-in page and back. One that sent a form is told that nothing of it was kept, and comes
    back to the form's page."""
    if request.method in _SAFE_METHODS:
        return redirect(url_for("accounts.sign_in", next=request.full_path.rstrip("?")))
    return redirect(url_for("accounts.sign_in", next=_page_of_the_form(), unsaved=1))


def _page_of_the_form() -> str | None:
    """Where the form stood that was sent; None for what is no page of ours, or only takes forms."""
    came = urlsplit(request.referrer or "")
    if came.netloc != request.host:
        return None
    try:
        _endpoint, values = current_app.url_map.bind(request.host).match(came.path, method="GET")
    except HTTPException:
        return None
    return safe_next(f"{came.path}?{came.query}".rstrip("?")) if NOWHERE not in values else None


def csrf_token(found: Principal | None) -> str:
    """The word that this session's own pages send along with every change."""
    if found is None or found.session_id is None:
        return ""
    return keyed_hash().of("csrf", str(found.session_id)).hex()


def check_not_forged(found: Principal) -> None:
    """A change must come from our own page: the browser says so (Sec-Fetch-Site, Origin), and the token fits."""
    check_same_origin()
    sent = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token", "")
    if not equal(sent.encode(), csrf_token(found).encode()):
        raise Forbidden("This form has gone stale. Reload the page and try again.", code="csrf")


def check_same_origin() -> None:
    """Refuse changes that another site's page started."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in ("same-origin", "none"):
        raise Forbidden("The request came from another site.", code="cross_site")
    origin = request.headers.get("Origin")
    if origin is not None and origin != "null" and urlsplit(origin).netloc != request.host:
        raise Forbidden("The request came from another site.", code="cross_site")
    if origin == "null":
        raise Forbidden("The request came from another site.", code="cross_site")


def safe_next(target: str | None) -> str | None:
    """A path on this site to go to after signing in; None for anything that could lead elsewhere."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return None
    if "\\" in target or any(ord(char) < 33 for char in target) or len(target) > 500:
        return None
    return target


def key_principal() -> Principal:
    """Who holds the request's bearer key. Raises ``Unauthenticated``, and ``Forbidden`` (``address_not_allowed``) for a
    good key that is used from outside of its networks. The address is the one that the trusted proxies tell."""
    secret = _bearer(request.headers.get("Authorization", ""))
    if not secret:
        raise Unauthenticated("Send an API key: Authorization: Bearer cd_live_…")
    address = request.remote_addr or ""
    found = _holder(secret, address)
    if found is None:
        raise Unauthenticated("The API key is unknown, revoked or expired.")
    if not address_allowed(address, found.networks):
        raise Forbidden(
            f"This key can't be used from {address or 'this address'}. Its owner sets the networks in the settings.",
            code="address_not_allowed",
        )
    return found.principal


#: Holders of keys that were found good, by the keys' hashes.
_known: Recent[KeyHolder] = Recent(20_000)


def known_holder(authorization: str) -> KeyHolder | None:
    """Who holds the bearer key of a header, where the database said so at most ``CROSSDOCK_API_KEY_CACHE_SECONDS`` ago
    and the key has not ended since; from which address it is used is not looked at."""
    secret = _bearer(authorization)
    return _remembered(_mark(secret)) if secret else None


def _bearer(authorization: str) -> str:
    scheme, _, secret = authorization.partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def _mark(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _remembered(mark: bytes) -> KeyHolder | None:
    known = _known.get(mark, settings().api_key_cache_seconds)
    return known if known is not None and known.expires_at > clock.now() else None


def _holder(secret: str, address: str) -> KeyHolder | None:
    """Who holds a key, as the database said at most ``CROSSDOCK_API_KEY_CACHE_SECONDS`` ago."""
    mark = _mark(secret)
    known = _remembered(mark)
    if known is not None:
        return known
    begun = clock.ticks()
    with db.system_scope(actor="sign-in"), db.transaction() as session:
        found = principal_of_key(session, secret, address)
    if found is not None and settings().api_key_cache_seconds and address_allowed(address, found.networks):
        _known.put(mark, found, since=begun)
    return found


def forget_keys() -> None:
    """Ask the database for every key anew."""
    _known.forget()
