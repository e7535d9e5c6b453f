"""``Idempotency-Key``: a repeated request gets the first answer, and is carried out once.

The key is claimed in the transaction of the work itself (``app.inbox.keys``).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import orjson
from flask import Response, current_app, g, request
from sqlalchemy.orm import Session

from app import db
from app.inbox import keys
from app.kit.errors import AppError, Conflict, Invalid
from app.web.auth import principal
from app.web.errors import Replayed, problem

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_WRITES = frozenset({"POST", "PUT", "PATCH"})
#: Refusals that are an outcome of the work and are given again; all others let the request be tried anew.
_KEPT_REFUSALS = frozenset({409})


def replay() -> Response | None:
    """The first answer to a request that repeats its key; None for a new one.

    Raises ``Conflict`` when the key came with another request, ``Invalid`` for a key that is none.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None or request.method not in _WRITES:
        return None
    if not _KEY.fullmatch(key):
        raise Invalid.field("Idempotency-Key", "invalid_key", "A key has 1 to 255 printable characters, no spaces.")
    if not request.is_json and request.content_length:
        # An uploaded file is known by its own hash.
        return None
    body = request.get_data(cache=True)
    g.idempotency = (key, hashlib.sha256(f"{request.method} {request.path}\n".encode() + body).digest())
    with db.transaction() as session:
        return _known(session)


@contextmanager
def work() -> Iterator[Work]:
    """The transaction of one call: what it did, and the answer to its key, are one commit."""
    try:
        with db.transaction() as session:
            _claim(session)
            done = Work(session)
            yield done
            _store(session, done.status, done.body)
    except AppError as error:
        if error.status in _KEPT_REFUSALS and g.get("idempotency") is not None:
            _keep_refusal(error)
        raise


class Work:
    """The session of a call, and the answer that it comes to."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.status = 200
        self.body: Mapping[str, Any] = {}

    def answers(self, body: Mapping[str, Any], status: int = 200) -> None:
        """Say what the answer is; it is stored with the key."""
        self.body, self.status = body, status

    def response(self) -> Response:
        """The answer, to be returned when the work is committed."""
        return _json(self.body, self.status)


def _json(body: Any, status: int) -> Response:
    kind = "application/problem+json" if status >= 400 else "application/json"
    return Response(current_app.json.dumps(body), status=status, content_type=kind)


def _claim(session: Session) -> None:
    if g.get("idempotency") is None:
        return
    if not keys.claim(session, principal().organisation_id, *g.idempotency):
        answer = _known(session)
        raise (
            Replayed(answer)
            if answer is not None
            else Conflict("The same request is being carried out.", code="request_in_progress")
        )


def _known(session: Session) -> Response | None:
    key, fingerprint = g.idempotency
    row = keys.known(session, principal().organisation_id, key)
    if row is None:
        return None
    if row.fingerprint != fingerprint:
        raise Conflict("This Idempotency-Key was used for another request.", code="idempotency_key_reused")
    if row.status is None or row.body is None:
        raise Conflict("The same request is being carried out.", code="request_in_progress")
    answer = _json(orjson.loads(row.body), row.status)
    answer.headers["Idempotency-Replayed"] = "true"
    return answer


def _store(session: Session, status: int, body: Mapping[str, Any]) -> None:
    if g.get("idempotency") is None:
        return
    row = keys.known(session, principal().organisation_id, g.idempotency[0])
    if row is None:
        raise LookupError("the key of this request was never claimed")
    row.status, row.body = status, current_app.json.dumps(body).encode()


def _keep_refusal(error: AppError) -> None:
    fields = [{"field": one.field, "code": one.code, "message": one.message} for one in error.errors]
    answer = problem(error.status, error.code, error.title, error.detail, fields)
    try:
        with db.transaction() as session:
            _claim(session)
            _store(session, error.status, orjson.loads(answer.get_data()))
    except (Replayed, AppError):
        return
