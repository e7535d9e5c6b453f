"""Feeds by API: which there are, how they do, and pushing a file to one."""

from __future__ import annotations

from flask import Response, jsonify, request
from sqlalchemy.orm import Session

from app import db
from app.adapters import registries
from app.config import settings
from app.feeds import queries as feeds
from app.feeds.files import storage
from app.feeds.models import FeedRun, FeedSource
from app.feeds.reading import HEAD, recognised
from app.feeds.service import NewFile, keep_file, own_source, plan_fetch, take_file
from app.feeds.service.sources import PUSH
from app.kit.errors import Conflict, Invalid, Rejected
from app.web.api import present
from app.web.api.blueprint import api, caller, guarded
from app.web.api.repetition import work
from app.web.api.schemas.feeds import FeedsOut, PushOut
from app.web.api.schemas.shapes import IdPath
from app.web.api.uploads import chunks_of_body, with_first


@api.get("/supplier/feeds", responses={200: FeedsOut}, summary="Your feeds and how they do")
@guarded("supplier", scope="write:catalog")
def list_feeds() -> Response:
    with db.transaction() as session:
        found = feeds.sources(session, caller().organisation_id)
        states = feeds.run_states(session, found)
        return jsonify(items=[_shown(one, states.get(one.id)) for one in found])


@api.post(
    "/supplier/feeds/<uuid:id>/push",
    responses={200: PushOut, 202: PushOut},
    summary="Push a file to a feed",
    description="The file is the body itself, its name the query parameter `file_name`. The file that came last, sent "
    "again, changes nothing (`unchanged`). A file whose columns were confirmed is taken over by itself.",
    openapi_extensions={"x-body": "application/octet-stream"},
)
@guarded("supplier", scope="write:catalog", takes_file=True)
def push_feed(path: IdPath) -> Response:
    with db.transaction() as session:
        _pushed(session, path)
    request.max_content_length = settings().upload_max_bytes
    file_name = request.args.get("file_name", "push.csv")[:200]
    chunks = chunks_of_body()
    first = next(chunks, b"")
    try:
        feed = recognised(registries.feeds.all(), first[:HEAD], file_name)
    except Rejected as error:
        raise Invalid.field("file", error.code, error.message) from error
    key, stored = keep_file(with_first(first, chunks))
    try:
        with work() as done:
            source = _pushed(done.session, path)
            plan = plan_fetch(done.session, source.id)
            assert plan is not None
            run = take_file(done.session, plan, NewFile(file_name, feed, key, stored))
            outcome = "taken" if run is not None else "unchanged"
            done.answers({"outcome": outcome, "upload_id": _run_id(source, run)}, 202 if run is not None else 200)
    except Conflict:
        storage().delete(key)
        raise
    return done.response()


def _pushed(session: Session, path: IdPath) -> FeedSource:
    """The source, if files may be pushed to it now."""
    source = own_source(session, caller().organisation_id, path.id)
    if source.kind != PUSH:
        raise Conflict("This feed is fetched by us; nothing can be pushed to it.", code="feed_is_fetched")
    if source.paused:
        raise Conflict("This feed is paused. Resume it in the portal.", code="feed_paused")
    return source


def _run_id(source: FeedSource, run: FeedRun | None) -> str | None:
    found = run.id if run is not None else source.last_run_id
    return str(found) if found is not None else None


def _shown(source: FeedSource, run_state: str | None) -> present.Json:
    return {
        "id": source.id,
        "name": source.name,
        "kind": source.kind,
        "content": source.content,
        "every_minutes": source.every_minutes,
        "health": feeds.health(source, run_state),
        "error": source.error,
        "last_fetched_at": source.fetched_at,
        "next_fetch_at": source.next_run_at,
        "upload_id": source.last_run_id,
    }
