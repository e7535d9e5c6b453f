"""The shopper's page of an order: all its parcels in one place, in the shop's look, whoever sends them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from flask import Response, render_template

from app import db
from app.documents.queries import brand_of
from app.fulfillment import queries as fulfillment
from app.fulfillment.models import Shipment
from app.identity.models import Organisation
from app.kit.errors import NotFound
from app.orders import queries as orders
from app.orders.models import Order
from app.orders.rules import ON_HOLD
from app.purchasing import queries as purchasing
from app.purchasing.models import PurchaseOrder
from app.returns.queries import asked_by_shopper, returns_of, settings_of
from app.returns.service.asking import free_units
from app.stores.models import Store

_YEAR = 31_536_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """Units that have not left yet, and when they should arrive. ``back_on``: the day on which the goods are there
    again."""

    title: str
    units: int
    from_day: date | None = None
    to_day: date | None = None
    back_on: date | None = None


def tracking(token: str) -> Any:
    """Where a shopper's things are. It names the shop, never its suppliers, and holds no address."""
    with db.system_scope(actor="shopper"), db.transaction() as session:
        order = orders.order_by_token(session, token[:200])
        store = session.get(Store, order.store_id) if order.store_id else None
        retailer = session.get_one(Organisation, order.retailer_id)
        brand = brand_of(session, order.retailer_id)
        routed = purchasing.of_orders(session, [order.id])[order.id]
        grouped = fulfillment.of_purchase_orders(session, [one.id for one in routed])
        parcels = [parcel for group in grouped.values() for parcel in group]
        waiting, cancelled = _waiting(order, routed), _cancelled(order)
        body = render_template(
            "app/web/public/tracking.html",
            order=order,
            shop=(brand.name if brand else "") or (store.name if store else "") or retailer.name,
            brand=brand,
            parcels=parcels,
            titles={line.id: line for one in routed for line in one.lines},
            events=fulfillment.events_of(session, [parcel.id for parcel in parcels]),
            waiting=waiting,
            cancelled=cancelled,
            next_arrival=_next_arrival(parcels, waiting),
            sent=sum(line.quantity for parcel in parcels for line in parcel.lines),
            total=sum(line.quantity - line.cancelled for line in order.lines),
            may_return=settings_of(session, order.retailer_id).by_shoppers
            and any(free_units(session, order.id).values()),
            asked=asked_by_shopper(session, order.id),
            returns={row.id: row for row in returns_of(session, order.retailer_id, order_id=order.id).items},
        )
    answer = Response(body, content_type="text/html; charset=utf-8")
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def logo(retailer_id: UUID, digest: str) -> Response:
    """A shop's logo. Its address holds the hash of what it shows, so it may be kept for ever."""
    with db.system_scope(actor="shopper"), db.transaction() as session:
        brand = brand_of(session, retailer_id)
        if brand is None or brand.logo is None or brand.logo_sha256 != digest:
            raise NotFound("logo")
        answer = Response(brand.logo, content_type="image/png")
    answer.headers["Cache-Control"] = f"public, max-age={_YEAR}, immutable"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def _waiting(order: Order, routed: Iterable[PurchaseOrder]) -> list[Waiting]:
    routed = list(routed)
    if not routed:
        # Nobody was asked yet, or the order waits for its shop.
        left = [(line.title, line.quantity - line.cancelled) for line in order.lines]
        return [Waiting(title, units) for title, units in left if units]
    found = []
    for one in routed:
        for line in one.lines:
            units = line.quantity - line.shipped - line.cancelled
            if not units:
                continue
            back = line.available_on if line.answer == "backordered" else None
            promised = back is None and order.status != ON_HOLD
            found.append(
                Waiting(
                    line.title,
                    units,
                    one.estimated_from if promised else None,
                    one.estimated_to if promised else None,
                    back,
                )
            )
    return found


def _cancelled(order: Order) -> list[tuple[str, int]]:
    return [(line.title, line.cancelled) for line in order.lines if line.cancelled]


def _next_arrival(parcels: Iterable[Shipment], waiting: Iterable[Waiting]) -> tuple[date, date] | None:
    """The next range of days in which something arrives; parcels on their way before what has not left."""
    on_their_way = [
        (parcel.estimated_from, parcel.estimated_to)
        for parcel in parcels
        if parcel.delivered_at is None and parcel.estimated_from and parcel.estimated_to
    ]
    to_come = [(one.from_day, one.to_day) for one in waiting if one.from_day and one.to_day]
    return min(on_their_way or to_come, default=None, key=lambda days: (days[1], days[0]))
