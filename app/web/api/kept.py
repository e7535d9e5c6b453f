"""Answers of the shared catalogue, kept ready for ``CROSSDOCK_CATALOG_CACHE_SECONDS``: as they are in this process, and
packed for the web server's other workers.

Retailers and the platform see the same; a supplier sees its own costs besides. So an answer is kept for all retailers
together, and for each supplier apart. Nothing else about who asks may enter into one.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple
from uuid import UUID
from wsgiref.types import WSGIEnvironment

import orjson
from flask import Response, request

from app.config import settings
from app.identity.principal import Principal
from app.kit import clock
from app.kit.recent import Recent
from app.web.shared_answers import ANSWERS

#: Bytes of all answers that are kept.
_MOST = 64 * 1024 * 1024
_TAG_BYTES = 12
#: Each reading asks whether its copy still holds; nobody but the reader keeps one.
_CACHE_CONTROL = "private, no-cache"
_JSON = "application/json"


class Answer(NamedTuple):
    """A body, its entity tag without quotes, and ``clock.ticks`` before it was made."""

    body: bytes
    etag: str
    made_at: float

    def headers(self) -> list[tuple[str, str]]:
        """What tells of it, whether it is sent or only confirmed."""
        return [("ETag", f'"{self.etag}"'), ("Cache-Control", _CACHE_CONTROL)]

    def content_headers(self) -> list[tuple[str, str]]:
        """What tells of the body that follows."""
        return [("Content-Type", _JSON), ("Content-Length", str(len(self.body)))]


class Sent(NamedTuple):
    """An answer, and the view that it was asked of."""

    answer: Answer
    endpoint: str


_answers: Recent[Answer] = Recent(_MOST, weigh=lambda one: len(one.body) + 500)
#: By the request's own words. The body is weighed here too: it may outlive the one above.
_sent: Recent[Sent] = Recent(_MOST, weigh=lambda one: len(one.answer.body) + 500)


def reader_of(who: Principal) -> UUID | None:
    """Whom an answer is made for: None for all retailers and the platform, else the one supplier."""
    return who.organisation_id if who.organisation_kind == "supplier" else None


def as_sent(reader: UUID | None, environ: WSGIEnvironment) -> Sent | None:
    """The answer to a request that came a moment ago just as it comes now."""
    return _sent.get(_words(reader, environ), settings().catalog_cache_seconds)


def ready(who: Principal) -> Response | None:
    """The same to the request that is under way."""
    found = as_sent(reader_of(who), request.environ)
    return _response(found.answer) if found is not None else None


def answer(key: Hashable, reader: UUID | None, make: Callable[[], Any]) -> Response:
    """What was made for ``key`` and ``reader`` a moment ago, else what ``make`` returns now, as JSON. ``key`` is told
    apart by its ``repr``."""
    life = settings().catalog_cache_seconds
    if not life:
        return fresh(make)
    found = _answers.get((reader, key), life)
    if found is None:
        shared_key = repr((reader, key)).encode()
        found = _unpacked(shared_key, life)
        if found is None:
            found = _made(make)
            ANSWERS.put(shared_key, found.etag.encode() + zlib.compress(found.body, 1), since=found.made_at)
        _answers.put((reader, key), found, since=found.made_at)
    _sent.put(_words(reader, request.environ), Sent(found, request.endpoint or ""), since=found.made_at)
    return _response(found)


def fresh(make: Callable[[], Any]) -> Response:
    """What ``make`` returns now, which is not kept."""
    return _response(_made(make))


def forget() -> None:
    """Make every answer anew."""
    _answers.forget()
    _sent.forget()
    ANSWERS.forget()


def _words(reader: UUID | None, environ: WSGIEnvironment) -> Hashable:
    return reader, environ["PATH_INFO"], environ.get("QUERY_STRING", "")


def _unpacked(key: bytes, life: float) -> Answer | None:
    found = ANSWERS.get(key, life)
    if found is None:
        return None
    tag, packed = found.value[: 2 * _TAG_BYTES], found.value[2 * _TAG_BYTES :]
    return Answer(zlib.decompress(packed), tag.decode(), found.since)


def _made(make: Callable[[], Any]) -> Answer:
    begun = clock.ticks()
    body = orjson.dumps(make(), default=str, option=orjson.OPT_UTC_Z)
    return Answer(body, hashlib.blake2b(body, digest_size=_TAG_BYTES).hexdigest(), begun)


def _response(found: Answer) -> Response:
    """The answer, or 304 for one who has it."""
    if "If-None-Match" in request.headers and request.if_none_match.contains_weak(found.etag):
        return Response(status=304, headers=found.headers(), content_type=_JSON)
    return Response(found.body, headers=found.headers(), content_type=_JSON)
