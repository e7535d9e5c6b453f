"""Pages for everybody: the landing page, the catalogue, and the shopper's tracking page."""

from __future__ import annotations

from flask import Blueprint, Response, render_template

from app.config import settings
from app.web.public import catalogue as pages
from app.web.public import returning, tracking

bp = Blueprint("public", __name__)


@bp.get("/")
def landing() -> str:
    """What this is, and the two doors."""
    return render_template("app/web/public/landing.html")


@bp.get("/robots.txt")
def robots() -> Response:
    """Tracking pages, consoles and the API are nobody's business but their readers'."""
    lines = [
        "User-agent: *",
        *(f"Disallow: {path}" for path in ("/t/", "/return-label/", "/app", "/supplier", "/console", "/api")),
    ]
    lines.append(f"Sitemap: {settings().public_url}/sitemap.xml")
    return Response("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


bp.add_url_rule("/catalogue", "catalogue", pages.home)
bp.add_url_rule("/catalogue/<slug>", "category", pages.category)
bp.add_url_rule("/product/<uuid:product_id>/<slug>", "product", pages.product)
bp.add_url_rule("/sitemap.xml", "sitemap", pages.sitemap)
bp.add_url_rule("/sitemap/<uuid:start>.xml", "sitemap_part", pages.sitemap_part)
bp.add_url_rule("/t/<token>", "tracking", tracking.tracking)
bp.add_url_rule("/t/<token>/return", "returning", returning.form)
bp.add_url_rule("/t/<token>/return", "ask_return", returning.send, methods=["POST"])
bp.add_url_rule("/return-label/<token>", "return_label", tracking.return_label)
bp.add_url_rule("/logo/<uuid:retailer_id>/<digest>.png", "logo", tracking.logo)
