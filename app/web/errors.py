"""The one place where errors become answers: problem+json for machines, pages for people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flask import Flask, Response, current_app, g, request
from markupsafe import escape
from pydantic import ValidationError
from sqlalchemy.exc import DataError
from werkzeug.exceptions import HTTPException

from app import db, log
from app.kit.errors import (
    AdapterError,
    AppError,
    CredentialsRefused,
    FieldError,
    Invalid,
    NotFound,
    RateLimited,
    TooMany,
)
from app.web.auth import NOWHERE
from app.web.pages import CROSSDOCK, Area, render

logger = log.get("web.errors")
_PLAIN = "app/web/ui/layouts/plain.html"
#: When to try again what failed because others were at it, and because the database is away.
_BUSY_SECONDS, _AWAY_SECONDS = 1, 5

#: What an address held that its page has used up: Shopify's token of a minute, and what was just done.
_SPENT = ("id_token", "done")

#: How errors are shown to people; the pages set it.
PageRenderer = Callable[..., Response]


class Replayed(Exception):
    """Another request with this ``Idempotency-Key`` was carried out meanwhile; its answer is the answer."""

    def __init__(self, answer: Response) -> None:
        super().__init__("replayed")
        self.answer = answer


def problem(
    status: int,
    code: str,
    title: str,
    detail: str,
    errors: list[dict[str, str]] | None = None,
    retry_after: int | None = None,
) -> Response:
    """An RFC 9457 problem."""
    body: dict[str, Any] = {
        "type": f"https://crossdock.dev/problems/{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": g.get("request_id", ""),
        "errors": errors or [],
    }
    answer = Response(current_app.json.dumps(body), status=status, content_type="application/problem+json")
    if retry_after is not None:
        answer.headers["Retry-After"] = str(retry_after)
    if status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="crossdock"'
    return answer


def wants_problem() -> bool:
    """Whether the one who asks is a machine: the API and hooks get problems, everybody else pages."""
    return request.path.startswith(("/api/", "/hooks/"))


def invalid_request(error: ValidationError) -> Response:
    """A body or parameter that breaks its schema, with the path of each field."""
    errors = [{"field": _path(one["loc"]), "code": one["type"], "message": one["msg"]} for one in error.errors()]
    return problem(422, "invalid", Invalid.title, "Some fields can't be read.", errors)


def _path(steps: tuple[int | str, ...]) -> str:
    """``("lines", 0, "quantity")`` as ``lines[0].quantity``."""
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return path.removeprefix(".") or "body"


def render_page(status: int, code: str, title: str, detail: str, errors: Sequence[FieldError] = ()) -> Response:
    """An error as a page of the host that it happened in; as bare HTML when even that fails.

    A standalone area has its frame only for those who are signed in. The frame inside another site always has its own.
    """
    area: Area | None = g.get("area")
    framed = area is not None and (area.host is not CROSSDOCK or g.get("principal") is not None)
    try:
        page: Response = render(
            "app/web/ui/parts/error.html",
            status,
            layout=area.host.layout if area is not None and framed else _PLAIN,
            start=f"{area.prefix}/" if area is not None and framed else "/",
            came_from=_came_from(area) if area is not None and framed else None,
            heading=title,
            detail=detail,
            errors=[one for one in errors if one.message != detail],
            request_id=g.get("request_id", ""),
        )
    except Exception:
        logger.exception("the error page failed", code=code)
        page = Response(
            f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(title)}</title>"
            f"<h1>{escape(title)}</h1><p>{escape(detail)}</p>",
            status=status,
            content_type="text/html; charset=utf-8",
        )
    return page


def _came_from(area: Area) -> str | None:
    """The address of the area's page on which the reader was, with its filters; None where it is not known, or is
    where the error happened."""
    came = urlsplit(request.headers.get("Referer", ""))
    if came.netloc != request.host or not came.path.startswith(f"{area.prefix}/"):
        return None
    if request.method == "GET" and came.path == request.path:
        return None
    try:
        _endpoint, values = current_app.url_map.bind(request.host).match(came.path, method="GET")
    except HTTPException:
        return None
    if NOWHERE in values:
        # What only takes forms can't be gone back to, and what is not there neither.
        return None
    kept = [(name, value) for name, value in parse_qsl(came.query) if name not in _SPENT]
    return urlunsplit(("", "", came.path, urlencode(kept), ""))


def register(app: Flask, render_page: PageRenderer) -> None:
    """Install the handlers. ``render_page`` takes status, code, title and detail."""

    def answer(status: int, code: str, title: str, detail: str, **more: Any) -> Any:
        if wants_problem():
            return problem(status, code, title, detail, **more)
        return render_page(status, code, title, detail)

    def again(after: int, code: str, detail: str) -> Any:
        """Nothing was done; the same may be tried once more, ``after`` seconds."""
        made = answer(503, code, "Please try again", detail)
        made.headers["Retry-After"] = str(after)
        return made

    @app.errorhandler(AppError)
    def _(error: AppError) -> Any:
        retry_after = error.retry_after if isinstance(error, TooMany) else None
        errors = [{"field": one.field, "code": one.code, "message": one.message} for one in error.errors]
        if wants_problem():
            return problem(error.status, error.code, error.title, error.detail, errors, retry_after)
        return render_page(error.status, error.code, error.title, error.detail, error.errors)

    @app.errorhandler(Replayed)
    def _(replayed: Replayed) -> Any:
        return replayed.answer

    @app.errorhandler(AdapterError)
    def _(error: AdapterError) -> Any:
        logger.info("outside party failed", reason=type(error).__name__)
        if isinstance(error, RateLimited):
            return again(_BUSY_SECONDS, "busy", "The other side is busy. Try again in a moment.")
        if isinstance(error, CredentialsRefused):
            return answer(409, "access_lost", "Access was lost", "Connect the account again, then retry.")
        return answer(502, "outside_unavailable", "The other side did not answer", "Nothing was lost. Try again.")

    @app.errorhandler(HTTPException)
    def _(error: HTTPException) -> Any:
        status = error.code or 500
        code, detail = _HTTP.get(status, ("http_error", error.description or "The request can't be carried out."))
        if status == 413 and request.max_content_length:
            return answer(status, code, "Too large", _too_large(request.max_content_length))
        return answer(status, code, error.name, detail)

    @app.before_request
    def refuse_what_no_text_holds() -> None:
        # The database's driver can't send it, and no page of ours writes it into an address.
        if "\x00" in request.path:
            raise NotFound("page")
        if any("\x00" in value for _name, value in request.args.items(multi=True)):
            raise Invalid("The address holds a character that can't be looked for.")

    @app.errorhandler(DataError)
    def _(error: DataError) -> Any:
        logger.info("value refused by the database", kind=type(error.orig).__name__)
        return answer(422, "invalid", "Some of the input is not valid", "A value is not of the kind that is needed.")

    def database_away(error: Exception) -> Any:
        kind = type(getattr(error, "orig", None) or error).__name__
        if db.is_contended(error):
            logger.warning("held by others for too long", kind=kind)
            return again(_BUSY_SECONDS, "busy", "Somebody else is working on the same thing. Try again in a moment.")
        logger.warning("database away", kind=kind)
        return again(_AWAY_SECONDS, "unavailable", "The service is restarting. Try again in a moment.")

    for kind in db.DATABASE_TROUBLE:
        app.register_error_handler(kind, database_away)

    @app.errorhandler(Exception)
    def _(error: Exception) -> Any:
        logger.exception("unexpected error", kind=type(error).__name__)
        return answer(
            500,
            "internal_error",
            "Something went wrong",
            f"It was written down as {g.get('request_id', '')}. Try again; if it stays, tell us this number.",
        )


def _too_large(most: int) -> str:
    """What to do with more than ``most`` bytes."""
    limit = f"{most // _MEGABYTE} MB" if most >= _MEGABYTE else f"{most // 1024} kB"
    return f"What was sent is larger than {limit}, the most that is taken here. Go back and send less, or in parts."


_MEGABYTE = 1024 * 1024
_HTTP = {
    400: ("bad_request", "The request can't be read."),
    404: ("not_found", "There is nothing here."),
    405: ("method_not_allowed", "This address does not take that method."),
    413: ("too_large", "The request is larger than is allowed here."),
    415: ("unsupported_media_type", "Send JSON with Content-Type: application/json."),
}
