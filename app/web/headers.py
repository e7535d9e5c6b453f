"""What answers carry: what a browser may do with our pages (sources of scripts and pictures, and who may frame them),
and the request's id."""

from __future__ import annotations

import re

from flask import Flask, Response, g

from app.config import settings
from app.kit.ids import new_id
from app.web.pages import SHOPIFY
from app.web.ui.rendering import nonce

#: The Content-Security-Policy of what is no page.
OF_DATA = "default-src 'none'; frame-ancestors 'none'"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


def request_id(sent: str) -> str:
    """The id of a request: the one that was sent along, where it is of harmless characters, else a new one."""
    return sent if _REQUEST_ID.fullmatch(sent) else str(new_id())


def of_every_answer() -> list[tuple[str, str]]:
    """What each answer carries that does not say otherwise."""
    always = [("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "strict-origin-when-cross-origin")]
    if settings().public_url.startswith("https://"):
        always.append(("Strict-Transport-Security", "max-age=31536000; includeSubDomains"))
    return always


def add_headers(app: Flask) -> None:
    """Set a Content-Security-Policy on every HTML answer, made for that answer."""

    @app.after_request
    def protect(answer: Response) -> Response:
        if answer.mimetype != "text/html":
            answer.headers.setdefault("Content-Security-Policy", OF_DATA)
            return answer
        area = g.get("area")
        embedded = g.get("embedded", False) or (area is not None and area.host is SHOPIFY)
        answer.headers["Content-Security-Policy"] = _embedded() if embedded else _own()
        answer.headers.setdefault("Cache-Control", "private, no-store")
        if not embedded:
            answer.headers["X-Frame-Options"] = "DENY"
            answer.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        return answer


def _own() -> str:
    pictures = "img-src 'self' https: data:" + (" http:" if settings().environment != "production" else "")
    return (
        f"default-src 'none'; script-src 'nonce-{nonce()}'; style-src 'self'; {pictures}; connect-src 'self'; "
        "font-src 'self'; form-action 'self' https: http:; base-uri 'none'; frame-ancestors 'none'"
    )


def _embedded() -> str:
    """Shopify's admin and the one shop may frame it (App Store requirement); without a shop nobody may."""
    cdn = settings().shopify_cdn_url
    origin = "/".join(cdn.split("/", 3)[:3])
    shop = g.get("shop")
    framers = f"https://{shop} {settings().shopify_admin_origin}" if shop else "'none'"
    pictures = "img-src 'self' https: data:" + (" http:" if settings().environment != "production" else "")
    return (
        f"default-src 'none'; script-src 'self' {origin}; style-src 'self' 'unsafe-inline' {origin}; {pictures}; "
        f"connect-src 'self' {origin}; font-src 'self' {origin}; frame-src {settings().shopify_admin_origin}; "
        f"form-action 'self'; base-uri 'none'; frame-ancestors {framers}"
    )
