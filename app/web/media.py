"""Product pictures for everybody. Their address holds the hash of what they show, so they may be kept for ever."""

from __future__ import annotations

from flask import Blueprint, Response

from app.adapters import registries
from app.catalog.pictures.rules import content_type_of, file_key
from app.config import settings
from app.kit.errors import NotFound

bp = Blueprint("media", __name__)


@bp.get("/media/<digest>/<name>")
def picture(digest: str, name: str) -> Response:
    """One size of a picture: made by us, never a file as it was sent."""
    content_type = content_type_of(digest, name)
    if content_type is None or not settings().keeps_pictures:
        raise NotFound("picture")
    try:
        with registries.storages.get(settings().media_storage).open(file_key(digest, name)) as file:
            body = file.read()
    except FileNotFoundError as error:
        raise NotFound("picture") from error
    answer = Response(body, content_type=content_type)
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer.set_etag(f"{digest[:32]}-{name}")
    return answer
