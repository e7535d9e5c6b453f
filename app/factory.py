"""Building the web application: settings, logs, errors, areas, and the headers that every answer carries."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

import orjson
import structlog
from flask import Response, g, request
from flask.json.provider import JSONProvider
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI
from jinja2 import ChoiceLoader, PackageLoader, PrefixLoader
from werkzeug.middleware.proxy_fix import ProxyFix

from app import log
from app.config import settings
from app.web import (
    accounts,
    answers,
    api,
    auth,
    console,
    development,
    errors,
    headers,
    health,
    hooks,
    media,
    portal,
    public,
    unsubscribe,
)
from app.web.api.early import given_early
from app.web.metrics import REQUEST_SECONDS
from app.web.ui.rendering import add_rendering

logger = log.get("web")


class _Json(JSONProvider):
    """orjson, which writes UUIDs and times as the API does."""

    def dumps(self, obj: Any, **_: Any) -> str:
        return orjson.dumps(obj, default=str, option=orjson.OPT_UTC_Z).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:
        return orjson.loads(s)


def create_app() -> OpenAPI:
    """The platform's own application; ``launch.wsgi`` adds the retailer's pages."""
    configured = settings()
    log.configure(configured.log_level)
    app = OpenAPI(
        "app",
        info=Info(title="Crossdock API", version="1.0.0"),
        static_folder=None,
        doc_ui=False,
        security_schemes={"key": {"type": "http", "scheme": "bearer"}},
        validation_error_callback=errors.invalid_request,
    )
    app.json = _Json(app)
    app.config.update(
        MAX_CONTENT_LENGTH=1024 * 1024,
        MAX_FORM_MEMORY_SIZE=512 * 1024,
        MAX_FORM_PARTS=1000,
        TRUSTED_HOSTS=_trusted_hosts(),
        PROPAGATE_EXCEPTIONS=False,
        SHOPIFY_CLIENT_ID=configured.shopify_client_id,
        SHOPIFY_CDN=configured.shopify_cdn_url,
    )
    app.wsgi_app = given_early(app.wsgi_app, app.config["TRUSTED_HOSTS"])  # type: ignore[assignment,method-assign]
    if configured.trusted_proxies:
        count = configured.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    app.jinja_env.loader = ChoiceLoader(
        [PrefixLoader({"app": PackageLoader("app", ""), "embedded_ui": PackageLoader("embedded_ui", "")})]
    )
    _around_requests(app)
    app.register_blueprint(hooks.bp)
    app.register_blueprint(health.bp)
    api.register(app)
    add_rendering(app)
    headers.add_headers(app)
    app.register_blueprint(accounts.bp)
    app.register_blueprint(public.bp)
    app.register_blueprint(unsubscribe.bp)
    app.register_blueprint(answers.bp)
    app.register_blueprint(media.bp)
    portal.register(app)
    console.register(app)
    development.register(app)
    errors.register(app, errors.render_page)
    return app


def _trusted_hosts() -> list[str]:
    host = urlsplit(settings().public_url).hostname or "localhost"
    local = ["127.0.0.1", "localhost"] if settings().environment != "production" else []
    return [host, *local]


def _around_requests(app: OpenAPI) -> None:
    @app.before_request
    def begin() -> None:
        g.request_id = headers.request_id(request.headers.get("X-Request-Id", ""))
        g.started = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def finish(answer: Response) -> Response:
        answer.headers["X-Request-Id"] = g.get("request_id", "")
        for name, value in headers.of_every_answer():
            answer.headers.setdefault(name, value)
        seconds = time.perf_counter() - g.get("started", time.perf_counter())
        endpoint = request.endpoint or "none"
        REQUEST_SECONDS.labels(endpoint, request.method, answer.status_code // 100).observe(seconds)
        return answer

    app.teardown_request(auth.leave_scopes)
