"""Pages for everybody: the landing page, the catalogue, and the shopper's tracking page."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, render_template

from app import db
from app.config import settings
from app.fulfillment import queries as fulfillment
from app.identity.models import Organisation
from app.orders import queries as orders
from app.purchasing import queries as purchasing
from app.stores.models import Store
from app.web.public import catalogue as pages

bp = Blueprint("public", __name__)


@bp.get("/")
def landing() -> str:
    """What this is, and the two doors."""
    return render_template("app/web/public/landing.html")


@bp.get("/robots.txt")
def robots() -> Response:
    """Tracking pages, consoles and the API are nobody's business but their readers'."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in ("/t/", "/app", "/supplier", "/console", "/api"))]
    lines.append(f"Sitemap: {settings().public_url}/sitemap.xml")
    return Response("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


bp.add_url_rule("/catalogue", "catalogue", pages.home)
bp.add_url_rule("/catalogue/<slug>", "category", pages.category)
bp.add_url_rule("/product/<uuid:product_id>/<slug>", "product", pages.product)
bp.add_url_rule("/sitemap.xml", "sitemap", pages.sitemap)
bp.add_url_rule("/sitemap/<uuid:start>.xml", "sitemap_part", pages.sitemap_part)


@bp.get("/t/<token>")
def tracking(token: str) -> Any:
    """Where a shopper's parcels are: one page for an order that several send. It names the shop, never its
    suppliers, and holds no address."""
    with db.system_scope(actor="shopper"), db.transaction() as session:
        order = orders.order_by_token(session, token[:200])
        store = session.get(Store, order.store_id) if order.store_id else None
        retailer = session.get_one(Organisation, order.retailer_id)
        routed = purchasing.of_orders(session, [order.id])[order.id]
        parcels = [
            parcel
            for group in fulfillment.of_purchase_orders(session, [one.id for one in routed]).values()
            for parcel in group
        ]
        body = render_template(
            "app/web/public/tracking.html",
            order=order,
            shop=store.name if store and store.name else retailer.name,
            parcels=parcels,
            titles={line.id: line for one in routed for line in one.lines},
            events=fulfillment.events_of(session, [parcel.id for parcel in parcels]),
            sent=sum(line.quantity for parcel in parcels for line in parcel.lines),
            total=sum(line.quantity - line.cancelled for line in order.lines),
        )
    answer = Response(body, content_type="text/html; charset=utf-8")
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer
