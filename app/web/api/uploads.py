"""Product files by API: upload, look, take over."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Response, jsonify, request
from sqlalchemy.orm import Session

from app import db
from app.adapters import registries
from app.config import settings
from app.feeds import queries as feeds
from app.feeds.models import FeedRun
from app.feeds.reading import HEAD, recognised
from app.feeds.service import cancel, keep_file, receive_upload, want_applied, want_rolled_back
from app.kit.errors import Invalid, Rejected
from app.web.api import present
from app.web.api.blueprint import api, caller, guarded
from app.web.api.repetition import work
from app.web.api.schemas.feeds import ApplyQuery, UploadOut, UploadQuery
from app.web.api.schemas.shapes import IdPath

_CHUNK = 256 * 1024


@api.post(
    "/supplier/uploads",
    responses={202: UploadOut},
    summary="Upload a product file",
    description="The file is the body itself, its name the query parameter `file_name`: CSV or any other separated "
    "text, Excel (XLSX, XLS, ODS), XML, JSON, NDJSON or X12 (832, 846). What it is, is found by its content, whatever "
    "the Content-Type. `content` says whether it is the `full` list or `stock_price`: stock and prices of SKUs that "
    "you have. "
    "Without it, X12 846 and files with SKUs and stock or prices, but without titles, are stock and prices.",
    openapi_extensions={"x-body": "application/octet-stream"},
)
@guarded("supplier", scope="write:catalog", takes_file=True)
def upload_products(query: UploadQuery) -> Response:
    # A file may be larger than other bodies; it goes to storage in pieces.
    request.max_content_length = settings().upload_max_bytes
    file_name = query.file_name[:200]
    chunks = chunks_of_body()
    first = next(chunks, b"")
    try:
        feed = recognised(registries.feeds.all(), first[:HEAD], file_name)
    except Rejected as error:
        advice = "Send CSV, Excel, XML, JSON or X12 (832, 846), also zipped."
        raise Invalid.field("file", error.code, error.message if error.code == "empty" else advice) from error
    key, stored = keep_file(with_first(first, chunks))
    with work() as done:
        run = receive_upload(
            done.session,
            caller().organisation_id,
            file_name=file_name,
            feed=feed,
            file_key=key,
            stored=stored,
            kind=query.content,
        )
        done.answers(_shown(done.session, run), 202)
    return done.response()


def chunks_of_body() -> Iterator[bytes]:
    """The request's body in pieces."""
    while chunk := request.stream.read(_CHUNK):
        yield chunk


def with_first(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces again, after the first was looked at."""
    yield first
    yield from rest


@api.get("/supplier/uploads/<uuid:id>", responses={200: UploadOut}, summary="What a product file holds")
@guarded("supplier", scope="write:catalog")
def one_upload(path: IdPath) -> Response:
    with db.transaction() as session:
        return jsonify(_shown(session, feeds.feed_run(session, caller().organisation_id, path.id)))


@api.post(
    "/supplier/uploads/<uuid:id>/apply",
    responses={202: UploadOut},
    summary="Take a product file over",
    description="A file that differs more than usual from what stands is held (QUARANTINED) with its `findings`; "
    "without `despite_findings=true` it is refused with 409 `beyond_limits`.",
)
@guarded("supplier", scope="write:catalog")
def apply_upload(path: IdPath, query: ApplyQuery) -> Response:
    with work() as done:
        run = want_applied(done.session, caller().organisation_id, path.id, despite_findings=query.despite_findings)
        done.answers(_shown(done.session, run), 202)
    return done.response()


@api.post(
    "/supplier/uploads/<uuid:id>/cancel",
    responses={202: UploadOut},
    summary="Stop taking a product file over",
    description="What was taken over so far stays (`counts.applied` products), and can be rolled back.",
)
@guarded("supplier", scope="write:catalog")
def cancel_upload(path: IdPath) -> Response:
    with work() as done:
        run = cancel(done.session, caller().organisation_id, path.id)
        done.answers(_shown(done.session, run), 202)
    return done.response()


@api.post(
    "/supplier/uploads/<uuid:id>/rollback",
    responses={202: UploadOut},
    summary="Undo what a product file changed",
    description="For files that were taken over, also in part. What was changed again since stays; stock is worked out "
    "again so that orders since count. The state is ROLLING_BACK, then ROLLED_BACK.",
)
@guarded("supplier", scope="write:catalog")
def roll_back_upload(path: IdPath) -> Response:
    with work() as done:
        run = want_rolled_back(done.session, caller().organisation_id, path.id)
        done.answers(_shown(done.session, run), 202)
    return done.response()


def _shown(session: Session, run: FeedRun) -> present.Json:
    groups = feeds.problem_groups(session, run) if run.state not in ("CHECKING", "NEEDS_MAPPING", "DISCARDED") else []
    return {
        "id": run.id,
        "file_name": run.file_name,
        "content": run.kind,
        "state": run.state,
        "error": run.error,
        "counts": run.counts,
        "problems": [
            {
                "code": one.code,
                "message": one.message,
                "warning": one.warning,
                "rows": one.rows,
                "first_row": one.first_row,
            }
            for one in groups
        ],
        "findings": [
            {
                **one,
                "by": one.get("by"),
                "examples": [dict(zip(("sku", "before", "after"), found, strict=True)) for found in one["examples"]],
            }
            for one in run.detected.get("held", [])
        ],
    }
