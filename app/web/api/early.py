"""Kept answers, given before Flask begins.

Most of what a web process spends on a short answer goes into finding the view, reading parameters and running what is
around each request. For an answer that lies ready none of that is needed. What a caller may count on holds here as
there: the key and its networks, its scope, its pace, the request's id, the headers and the figures. Whatever is not
plainly in order (an unknown or ended key, another method, a pace exceeded, an answer that is gone) goes on to Flask,
which alone refuses.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import structlog
from werkzeug.exceptions import SecurityError
from werkzeug.http import parse_etags
from werkzeug.sansio.utils import get_host

from app.identity.rules import address_allowed
from app.web import auth, headers
from app.web.api import kept, pace
from app.web.api.blueprint import guard_of
from app.web.metrics import REQUEST_SECONDS

#: What Flask looks at that is not looked at here.
_UNUSUAL = ("HTTP_TRANSFER_ENCODING", "HTTP_EXPECT", "HTTP_UPGRADE")


def given_early(then: WSGIApplication, trusted_hosts: list[str]) -> WSGIApplication:
    """``then``, the application, with kept answers given before it begins."""

    @lru_cache(maxsize=256)
    def trusted(scheme: str, host: str) -> bool:
        try:
            return bool(get_host(scheme, host, None, trusted_hosts))
        except SecurityError:
            return False

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        begun = time.perf_counter()
        if environ["REQUEST_METHOD"] != "GET" or not environ["PATH_INFO"].startswith("/api/"):
            return then(environ, start_response)
        if any(name in environ for name in _UNUSUAL) or environ.get("CONTENT_LENGTH") not in (None, "", "0"):
            return then(environ, start_response)
        holder = auth.known_holder(environ.get("HTTP_AUTHORIZATION", ""))
        if holder is None or not trusted(environ["wsgi.url_scheme"], environ.get("HTTP_HOST", "")):
            return then(environ, start_response)
        caller = holder.principal
        found = kept.as_sent(kept.reader_of(caller), environ)
        if found is None or not address_allowed(environ.get("REMOTE_ADDR", ""), holder.networks):
            return then(environ, start_response)
        guard = guard_of(found.endpoint)
        if caller.organisation_kind not in guard.kinds or not caller.may(guard.scope):
            return then(environ, start_response)
        request_id = headers.request_id(environ.get("HTTP_X_REQUEST_ID", ""))
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        counted = pace.count(caller.actor, guard.cost)
        if counted is not None and counted.exceeded:
            environ[pace.COUNTED] = counted
            return then(environ, start_response)
        return _send(found, environ, start_response, request_id, counted, begun)

    return answer


def _send(
    found: kept.Sent,
    environ: WSGIEnvironment,
    start_response: StartResponse,
    request_id: str,
    counted: pace.Pace | None,
    begun: float,
) -> Iterable[bytes]:
    kept_answer = found.answer
    told = [
        *kept_answer.headers(),
        ("X-Request-Id", request_id),
        *headers.of_every_answer(),
        ("Content-Security-Policy", headers.OF_DATA),
        *(counted.headers() if counted is not None else ()),
    ]
    has = environ.get("HTTP_IF_NONE_MATCH")
    unchanged = has is not None and parse_etags(has).contains_weak(kept_answer.etag)
    if unchanged:
        start_response("304 NOT MODIFIED", told)
    else:
        start_response("200 OK", [*kept_answer.content_headers(), *told])
    _seconds_of(found.endpoint, 3 if unchanged else 2)(time.perf_counter() - begun)
    return () if unchanged else (kept_answer.body,)


@cache
def _seconds_of(endpoint: str, status_class: int) -> Callable[[float], Any]:
    return REQUEST_SECONDS.labels(endpoint, "GET", status_class).observe
