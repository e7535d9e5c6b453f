"""What a browser may do with our pages: sources of scripts and pictures, and who may frame them."""

from __future__ import annotations

from flask import Flask, Response, g

from app.config import settings
from app.web.pages import SHOPIFY
from app.web.ui.rendering import nonce


def add_headers(app: Flask) -> None:
    """Set a Content-Security-Policy on every HTML answer, made for that answer."""

    @app.after_request
    def protect(answer: Response) -> Response:
        if answer.mimetype != "text/html":
            answer.headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
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
