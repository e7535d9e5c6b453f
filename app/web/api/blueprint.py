"""The blueprint of all API calls, and what happens before and after each of them.

In this order: the key is checked, then its scope, then its pace; an answer that is kept is given at once (``early.py``
gives most of them before Flask begins); a repeated ``Idempotency-Key`` gets its first answer; only then is the body
looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Response, g, request
from flask_openapi3.blueprint import APIBlueprint
from werkzeug.exceptions import UnsupportedMediaType

from app.identity.principal import Principal
from app.kit.errors import Forbidden, Invalid
from app.web.api.kept import ready
from app.web.api.pace import keep_pace
from app.web.api.repetition import replay
from app.web.api.schemas.shapes import Problem
from app.web.auth import act_as, key_principal, principal

View = TypeVar("View", bound=Callable[..., Any])
_KINDS = {"retailer": "a retailer's", "supplier": "a supplier's", "platform": "an admin's"}

api = APIBlueprint(
    "api",
    __name__,
    url_prefix="/api",
    abp_security=[{"key": []}],
    abp_responses=dict.fromkeys(("400", "401", "403", "404", "409", "413", "415", "422", "429", "503"), Problem),
)


@dataclass(frozen=True, slots=True)
class Guard:
    """Who may call: kinds of organisations, and the scope that the key must have. ``cost``: how much of the pace
    one call uses up. ``takes_file``: the body is a file, where all others are JSON. ``kept``: the answer may be one
    that is kept (``kept.py``)."""

    kinds: tuple[str, ...]
    scope: str
    cost: int = 1
    takes_file: bool = False
    kept: bool = False


_GUARDS: dict[str, Guard] = {}


def guarded(
    *kinds: str, scope: str, cost: int = 1, takes_file: bool = False, kept: bool = False
) -> Callable[[View], View]:
    """Declare who may call a view. Every view of the API has this; one without can't be called at all."""

    def declare(view: View) -> View:
        _GUARDS[f"api.{view.__name__}"] = Guard(kinds, scope, cost, takes_file, kept)
        return view

    return declare


def guard_of(endpoint: str) -> Guard:
    """Who may call a view of the API."""
    return _GUARDS[endpoint]


@api.before_request
def check() -> Response | None:
    """See the module."""
    found = key_principal()
    guard = guard_of(request.endpoint or "")
    if found.organisation_kind not in guard.kinds:
        needed = " or ".join(_KINDS[kind] for kind in guard.kinds)
        raise Forbidden(f"This call needs {needed} key.", code="forbidden")
    if not found.may(guard.scope):
        raise Forbidden(f"The key lacks the scope {guard.scope}.", code="forbidden")
    act_as(found)
    keep_pace(found, guard.cost)
    found_ready = ready(found) if guard.kept else None
    if found_ready is not None:
        return found_ready
    if b"\x00" in request.query_string or b"%00" in request.query_string:
        raise Invalid.field("query", "nul", "Text can't hold NUL characters.")
    if request.content_length and not request.is_json and not guard.takes_file:
        raise UnsupportedMediaType
    return replay()


@api.after_request
def tell_pace(answer: Response) -> Response:
    """How much of the pace is left."""
    for name, value in g.get("pace_headers", ()):
        answer.headers[name] = value
    answer.headers.setdefault("Cache-Control", "private, no-store")
    return answer


def caller() -> Principal:
    """Who calls."""
    return principal()
