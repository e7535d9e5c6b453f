"""``/api/openapi.json`` and ``/api/docs``: the reference, made from the code."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template
from flask_openapi3.openapi import OpenAPI


def add_reference(app: OpenAPI) -> None:
    """Serve both; they need no key."""

    @app.route("/api/openapi.json")
    def openapi_json() -> Response:
        return Response(app.json.dumps(described(app)), content_type="application/json")

    @app.route("/api/docs")
    def api_docs() -> str:
        return render_template("app/web/api/docs.html", described=described(app))


def described(app: OpenAPI) -> dict[str, Any]:
    """The OpenAPI description."""
    document: dict[str, Any] = app.api_doc
    for path in document["paths"].values():
        for operation in path.values():
            for status, answer in operation.get("responses", {}).items():
                if status >= "400" and "content" in answer:
                    answer["content"] = {"application/problem+json": next(iter(answer["content"].values()))}
    return document
