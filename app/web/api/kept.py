"""Answers of the shared catalogue, kept ready for ``CROSSDOCK_CATALOG_CACHE_SECONDS`` in this process.

Retailers and the platform see the same; a supplier sees its own costs besides. So an answer is kept for all retailers
together, and for each supplier apart. Nothing else about who asks may enter into one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from flask import Response, request

from app.config import settings
from app.identity.principal import Principal
from app.kit import clock
from app.kit.recent import Recent

#: Bytes of all answers that are kept.
_MOST = 64 * 1024 * 1024


class _Answer(NamedTuple):
    body: bytes
    etag: str
    made_at: float


_answers: Recent[_Answer] = Recent(_MOST, weigh=lambda one: len(one.body) + 500)


def reader_of(who: Principal) -> UUID | None:
    """Whom an answer is made for: None for all retailers and the platform, else the one supplier."""
    return who.organisation_id if who.organisation_kind == "supplier" else None


def ready(who: Principal) -> Response | None:
    """The answer to a request that came a moment ago just as it comes now."""
    found = _answers.get(_as_sent(reader_of(who)), settings().catalog_cache_seconds)
    return _response(found) if found is not None else None


def answer(key: Hashable, reader: UUID | None, make: Callable[[], Any]) -> Response:
    """What was made for ``key`` and ``reader`` a moment ago, else what ``make`` returns now, as JSON."""
    life = settings().catalog_cache_seconds
    found = _answers.get((reader, key), life) if life else None
    if found is None:
        found = _made(make)
        if life:
            _answers.put((reader, key), found, since=found.made_at)
    if life:
        _answers.put(_as_sent(reader), found, since=found.made_at)
    return _response(found)


def fresh(make: Callable[[], Any]) -> Response:
    """What ``make`` returns now, which is not kept."""
    return _response(_made(make))


def forget() -> None:
    """Make every answer anew."""
    _answers.forget()


def _as_sent(reader: UUID | None) -> Hashable:
    return reader, request.path, request.query_string


def _made(make: Callable[[], Any]) -> _Answer:
    begun = clock.ticks()
    body = orjson.dumps(make(), default=str, option=orjson.OPT_UTC_Z)
    return _Answer(body, hashlib.blake2b(body, digest_size=12).hexdigest(), begun)


def _response(found: _Answer) -> Response:
    """The answer, or 304 for one who has it."""
    # Each reading asks whether its copy still holds; nobody but the reader keeps one.
    headers = {"ETag": f'"{found.etag}"', "Cache-Control": "private, no-cache"}
    if "If-None-Match" in request.headers and request.if_none_match.contains_weak(found.etag):
        return Response(status=304, headers=headers)
    return Response(found.body, content_type="application/json", headers=headers)
