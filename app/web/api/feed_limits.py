"""How much a file may differ from what stands before it is held."""

from __future__ import annotations

from dataclasses import asdict, replace

from flask import Response, jsonify

from app import db
from app.feeds.service.guarding import change_limits, limits_of
from app.web.api.blueprint import api, caller, guarded
from app.web.api.repetition import work
from app.web.api.schemas.feeds import LimitsInput, LimitsOut


@api.get("/supplier/feed-limits", responses={200: LimitsOut}, summary="From when on a file is held")
@guarded("supplier", scope="write:catalog")
def feed_limits() -> Response:
    with db.transaction() as session:
        return jsonify(asdict(limits_of(session, caller().organisation_id)))


@api.patch("/supplier/feed-limits", responses={200: LimitsOut}, summary="Change from when on a file is held")
@guarded("supplier", scope="write:catalog")
def change_feed_limits(body: LimitsInput) -> Response:
    """What is left out stays. It holds for files from now on, those of feeds and those that are uploaded."""
    supplier_id = caller().organisation_id
    with work() as done:
        limits = replace(limits_of(done.session, supplier_id), **body.model_dump(exclude_none=True))
        change_limits(done.session, supplier_id, limits)
        done.answers(asdict(limits))
    return done.response()
