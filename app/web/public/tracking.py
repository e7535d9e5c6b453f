"""The shopper's page of an order: all its parcels in one place, in the shop's look, whoever sends them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from app import db
from app.documents.queries import brand_of
from app.documents.sending_back import NextStep, linked_label, next_step
from app.fulfillment import queries as fulfillment
from app.fulfillment.estimates import arrives
from app.fulfillment.models import Shipment
from app.fulfillment.rules import ANNOUNCED, SHIPPED
from app.kit.errors import NotFound
from app.kit.links import LinkEnded
from app.orders import queries as orders
from app.orders.models import Order
from app.orders.rules import ON_HOLD
from app.purchasing import queries as purchasing
from app.purchasing.models import PurchaseOrder
from app.purchasing.service.status import counts
from app.returns.models import Return, ShopperReturn
from app.returns.queries import asked_by_shopper, returns_of, settings_of
from app.returns.rules import DECLINED, NO_PHOTO, REQUESTED, VOID
from app.returns.service.asking import free_units
from app.returns.service.filing import opened
from app.store_refunds import queries as store_refunds
from app.store_refunds.models import StoreRefund
from app.store_refunds.rules import MADE
from app.web.arrivals import Journey, arrival_of, journeys_of
from app.web.kept_files import file_answer
from app.web.public.shopper import Shop, not_there, private, shop_of, shopper_page

_YEAR = 31_536_000
#: Returns that a customer who did not ask for them is told nothing of.
_UNSEEN = VOID | {REQUESTED}


@dataclass(frozen=True, slots=True)
class Waiting:
    """Units that have not left yet, and when they should arrive. ``back_on``: the day on which the goods are there
    again."""

    title: str
    units: int
    from_day: date | None = None
    to_day: date | None = None
    back_on: date | None = None


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
        parcels = _shown(parcel for group in grouped.values() for parcel in group)
        ways = journeys_of(session, routed)
        waiting, cancelled = _waiting(order, routed, ways, _announced(grouped)), _cancelled(order)
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


def _shown(parcels: Iterable[Shipment]) -> list[Shipment]:
    """Those that left and are still coming or have come: of a parcel that was sent again, the last."""
    left = [one for one in parcels if one.shipment_status == SHIPPED]
    instead_of = {one.replaces_id for one in left if one.replaces_id is not None}
    return [one for one in left if one.id not in instead_of or one.delivery_status == "delivered"]


def _announced(grouped: Mapping[UUID, Iterable[Shipment]]) -> dict[UUID, date]:
    """Purchase order → the day on which its next announced parcel leaves."""
    found: dict[UUID, date] = {}
    for purchase_order_id, parcels in grouped.items():
        days = [one.expected_ship_on for one in parcels if one.shipment_status == ANNOUNCED and one.expected_ship_on]
        if days:
            found[purchase_order_id] = min(days)
    return found


def _waiting(
    order: Order, routed: Iterable[PurchaseOrder], ways: Mapping[UUID, Journey], announced: Mapping[UUID, date]
) -> list[Waiting]:
    routed = list(routed)
    if not routed:
        # Nobody was asked yet, or the order waits for its shop.
        left = [(line.title, line.quantity - line.cancelled) for line in order.lines]
        return [Waiting(title, units) for title, units in left if units]
    found = []
    for one in routed:
        way = ways[one.id]
        for line in one.lines:
            units = counts(line)
            from_day, to_day = one.estimated_from, one.estimated_to
            leaves = announced.get(one.id) or way.leaves
            if leaves is not None and way.transit is not None:
                from_day, to_day = arrives(leaves, way.transit, way.today)
            if order.status == ON_HOLD:
                from_day = to_day = None
            if units.now:
                found.append(Waiting(line.title, units.now, from_day, to_day))
            if units.later:
                found.append(Waiting(line.title, units.later, back_on=line.available_on))
    return found


def _cancelled(order: Order) -> list[tuple[int, str]]:
    return [(line.cancelled, line.title) for line in order.lines if line.cancelled]


def _next_arrival(
    on_their_way: Iterable[tuple[date, date] | None], waiting: Iterable[Waiting]
) -> tuple[date, date] | None:
    """The next range of days in which something arrives; parcels on their way before what has not left."""
    coming = [days for days in on_their_way if days is not None]
    to_come = [(one.from_day, one.to_day) for one in waiting if one.from_day and one.to_day]
    return min(coming or to_come, default=None, key=lambda days: (days[1], days[0]))
