"""The shopper's page of an order: all its parcels in one place, in the shop's look, whoever sends them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from app import db
from app.documents.deliveries import Waiting, announced, shown, waiting_units
from app.documents.queries import brand_of
from app.documents.sending_back import NextStep, linked_label, next_step
from app.fulfillment import queries as fulfillment
from app.fulfillment.arrivals import arrival_of, journeys_of
from app.kit.errors import NotFound
from app.kit.links import LinkEnded
from app.orders import queries as orders
from app.orders.models import Order
from app.purchasing import queries as purchasing
from app.returns.models import Return, ShopperReturn
from app.returns.queries import asked_by_shopper, returns_of, settings_of
from app.returns.rules import DECLINED, NO_PHOTO, REQUESTED, VOID
from app.returns.service.asking import free_units
from app.returns.service.filing import opened
from app.store_refunds import queries as store_refunds
from app.store_refunds.models import StoreRefund
from app.store_refunds.rules import MADE
from app.web.kept_files import file_answer
from app.web.public.shopper import Shop, not_there, private, shop_of, shopper_page

_YEAR = 31_536_000
#: Returns that a customer who did not ask for them is told nothing of.
_UNSEEN = VOID | {REQUESTED}


def tracking(token: str) -> Response:
    """Where a shopper's things are. It names the shop, never its suppliers, and holds no address."""
    with db.system_scope(actor="shopper"), db.transaction() as session:
        try:
            order = orders.order_by_token(session, token[:200])
        except NotFound as error:
            return not_there(error)
        shop = shop_of(session, order)
        routed = purchasing.of_orders(session, [order.id])[order.id]
        grouped = fulfillment.of_purchase_orders(session, [one.id for one in routed])
        parcels = shown(parcel for group in grouped.values() for parcel in group)
        ways = journeys_of(session, routed)
        waiting, cancelled = waiting_units(order, routed, ways, announced(grouped)), _cancelled(order)
        returns = returns_of(session, order.retailer_id, order_id=order.id).items
        asked = asked_by_shopper(session, order.id)
        days = {parcel.id: arrival_of(parcel, ways[parcel.purchase_order_id]) for parcel in parcels}
        return shopper_page(
            "tracking.html",
            shop,
            order=order,
            parcels=parcels,
            titles={line.id: line for one in routed for line in one.lines},
            events=fulfillment.events_of(session, [parcel.id for parcel in parcels]),
            days_of=days,
            waiting=waiting,
            cancelled=cancelled,
            next_arrival=_next_arrival([days[one.id] for one in parcels if one.delivered_at is None], waiting),
            sent=sum(line.quantity for parcel in parcels for line in parcel.lines),
            total=sum(line.quantity - line.cancelled for line in order.lines),
            may_return=settings_of(session, order.retailer_id).by_shoppers
            and any(free_units(session, order.id).values()),
            asked=asked,
            returns={row.id: row for row in returns},
            steps=_steps(session, returns, asked, shop),
            without_photo={row.id for row in returns if row.state == DECLINED and row.answer == NO_PHOTO},
            refunds=_refunds(session, order),
        )


def return_label(token: str) -> Response:
    """The label with which a customer sends something back, to whoever holds the link."""
    with db.system_scope(actor="shopper"), db.transaction() as session:
        try:
            file = linked_label(session, token[:200])
        except (NotFound, LinkEnded) as error:
            return not_there(error)
        return private(file_answer("return-label", file.media_type, opened(file)))


def _steps(
    session: Session, returns: Sequence[Return], asked: Sequence[ShopperReturn], shop: Shop
) -> list[tuple[Return, NextStep | None]]:
    """Returns that say what to do, and those that stand below no request of the customer's once they are agreed."""
    listed = {line.return_id for one in asked for line in one.lines}
    found = [(row, next_step(session, row, shop.name)) for row in returns]
    return [
        (row, step) for row, step in found if step is not None or (row.id not in listed and row.state not in _UNSEEN)
    ]


def _refunds(session: Session, order: Order) -> list[tuple[StoreRefund, list[tuple[int, str]]]]:
    """What the shop gave back, and for what."""
    titles = {line.id: line.title for line in order.lines}
    return [
        (one, [(line.units, titles[line.order_line_id]) for line in one.lines])
        for one in store_refunds.of_order(session, order.id)
        if one.state == MADE and one.made_amount
    ]


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


def _cancelled(order: Order) -> list[tuple[int, str]]:
    return [(line.cancelled, line.title) for line in order.lines if line.cancelled]


def _next_arrival(
    on_their_way: Iterable[tuple[date, date] | None], waiting: Iterable[Waiting]
) -> tuple[date, date] | None:
    """The next range of days in which something arrives; parcels on their way before what has not left."""
    coming = [days for days in on_their_way if days is not None]
    to_come = [(one.from_day, one.to_day) for one in waiting if one.from_day and one.to_day]
    return min(coming or to_come, default=None, key=lambda days: (days[1], days[0]))
