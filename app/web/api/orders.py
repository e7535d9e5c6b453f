"""A retailer's orders."""

from __future__ import annotations

from uuid import UUID

from flask import Response, jsonify
from sqlalchemy.orm import Session

from app import db
from app.billing.queries import usage_of
from app.fulfillment import queries as fulfillment
from app.insights.earning import earned
from app.kit import clock
from app.kit.errors import FieldError, Invalid, NotFound
from app.kit.money import Money as MoneyValue
from app.orders import queries as orders
from app.orders.models import Order
from app.orders.rules import STATUSES, HoldReason, Releaser
from app.purchasing import queries as purchasing
from app.purchasing.leaving import LATE_SORTS, late_orders, late_sorted
from app.purchasing.service import (
    Line,
    PlaceOrder,
    hold_order,
    link_line,
    note_paid,
    place_order,
    release_holds,
    say_not_ours,
    waiting_for_plan,
)
from app.stores import queries as stores
from app.stores.payment import Payment
from app.stores.store_orders import Address, BesideGoods
from app.web.api import present
from app.web.api.blueprint import api, caller, guarded
from app.web.api.repetition import work
from app.web.api.schemas.orders import (
    HoldInput,
    LinkInput,
    OrderInput,
    OrderList,
    OrderOut,
    OrdersQuery,
    OrderStatusOut,
    PlanOut,
    ProfitOut,
    ReleaseInput,
    UnlinkedLinePath,
)
from app.web.api.schemas.shapes import IdPath, Money


@api.post("/orders", responses={201: OrderOut, 200: OrderOut}, summary="Place an order")
@guarded("retailer", scope="write:orders")
def place(body: OrderInput) -> Response:
    who = caller()
    with work() as done:
        if body.store_id is not None:
            stores.store_of(done.session, who.organisation_id, body.store_id)
        placed = place_order(done.session, _wanted(body))
        done.answers(_anew(done.session, placed.order_id), 201 if placed.created else 200)
    return done.response()


def _wanted(body: OrderInput) -> PlaceOrder:
    sent = body.shipping_address
    return PlaceOrder(
        retailer_id=caller().organisation_id,
        store_id=body.store_id,
        external_id=body.external_id,
        external_name=body.external_id,
        currency=body.currency,
        address=Address(**{name: value or "" for name, value in sent.model_dump().items()}),
        note=body.note or "",
        lines=_lines(body),
        beside_goods=_beside_goods(body),
        trouble="refuse",
        unpaid=None if body.paid else Payment.PENDING,
    )


def _beside_goods(body: OrderInput) -> BesideGoods | None:
    if body.delivery_price is None and body.taxes is None:
        return None
    delivery, taxes = (
        None if given is None else _minor(field, given, body.currency)
        for field, given in (("delivery_price", body.delivery_price), ("taxes", body.taxes))
    )
    return BesideGoods(delivery=delivery, taxes=taxes or 0)


def _minor(field: str, given: Money, currency: str) -> int:
    if given.currency != currency:
        raise Invalid.field(field, "currency", f"The order's currency is {currency}.")
    try:
        minor = given.value().minor
    except ValueError as error:
        raise Invalid.field(field, "not_an_amount", f"{error}.") from error
    return minor


def _lines(body: OrderInput) -> list[Line]:
    lines, problems = [], []
    for index, line in enumerate(body.lines):
        minor = None
        if line.retail_price is not None:
            field = f"lines[{index}].retail_price"
            try:
                minor = line.retail_price.value().minor
            except ValueError as error:
                problems.append(FieldError(field, "not_an_amount", f"{error}."))
            if line.retail_price.currency != body.currency:
                problems.append(FieldError(field, "currency", f"The order's currency is {body.currency}."))
        lines.append(
            Line(
                variant_id=line.variant_id,
                quantity=line.quantity,
                external_line_id=line.external_line_id,
                retail_price=minor,
            )
        )
    if problems:
        raise Invalid("Some prices can't be read.", errors=problems)
    return lines


@api.get("/orders", responses={200: OrderList}, summary="Orders")
@guarded("retailer", scope="read:orders")
def list_orders(query: OrdersQuery) -> Response:
    if query.status is not None and query.status not in STATUSES:
        raise Invalid.field("status", "unknown_status", f"Statuses are: {', '.join(STATUSES)}.")
    if query.hold is not None and query.hold not in set(HoldReason):
        raise Invalid.field("hold", "unknown_reason", f"Reasons are: {', '.join(HoldReason)}.")
    retailer_id, now, by = caller().organisation_id, clock.now(), None
    if query.sort in LATE_SORTS:
        if not query.late or query.updated_since is not None:
            raise Invalid.field("sort", "only_late", "Only what is late can be sorted so, and not with updated_since.")
        by = late_sorted(retailer_id, now, query.sort)
    with db.transaction() as session:
        page = orders.orders(
            session,
            retailer_id,
            statuses=[query.status] if query.status else None,
            external_id=query.external_id,
            held_for=query.hold,
            among=late_orders(retailer_id, now) if query.late else None,
            by=by,
            updated_since=query.updated_since,
            limit=query.limit,
            cursor=query.cursor,
        )
        routed = purchasing.of_orders(session, [row.id for row in page.items])
        return jsonify(items=[present.order(row, routed[row.id]) for row in page.items], next_cursor=page.next_cursor)


@api.get("/plan", responses={200: PlanOut}, summary="Your plan and what is used of it")
@guarded("retailer", scope="read:orders")
def plan() -> Response:
    """Orders count once, in the month of your time zone in which they first go to suppliers. Those beyond the limit
    wait (`plan_limit`); those that you place by this API are refused with 409 `plan_limit`."""
    with db.transaction() as session:
        usage = usage_of(session, caller().organisation_id)
        waiting = waiting_for_plan(session, caller().organisation_id)
    return jsonify(
        plan=usage.plan,
        orders_a_month=usage.limit,
        used=usage.used,
        left=usage.left,
        waiting=waiting,
        month=usage.month.isoformat()[:7],
        renews_on=usage.renews_on.isoformat(),
    )


@api.get("/orders/<uuid:id>", responses={200: OrderOut}, summary="One order")
@guarded("retailer", scope="read:orders")
def one_order(path: IdPath) -> Response:
    with db.transaction() as session:
        return jsonify(_shown(session, orders.order(session, caller().organisation_id, path.id)))


@api.get("/orders/<uuid:id>/profit", responses={200: ProfitOut}, summary="What you earn on an order")
@guarded("retailer", scope="read:analytics")
def order_profit(path: IdPath) -> Response:
    """As far as it is known. While units of it are undecided it is `provisional`, and they are left out."""
    with db.transaction() as session:
        found = earned(session, orders.order(session, caller().organisation_id, path.id))
        if found is None:
            raise NotFound("profit")
        open_ones = found.undecided
        return jsonify(
            customer_paid=_amount(found.paid),
            cost=_amount(found.cost),
            profit=_amount(found.profit),
            provisional=open_ones is not None,
            undecided=None
            if open_ones is None
            else {"units": open_ones.units, "customer_paid": _amount(open_ones.paid), "cost": _amount(open_ones.cost)},
        )


def _amount(amount: MoneyValue | None) -> object:
    return None if amount is None else present.money(amount.minor, amount.currency)


@api.get("/orders/<uuid:id>/status", responses={200: OrderStatusOut}, summary="Where an order stands")
@guarded("retailer", scope="read:orders")
def order_status(path: IdPath) -> Response:
    with db.transaction() as session:
        row = orders.order(session, caller().organisation_id, path.id)
        routed = purchasing.of_orders(session, [row.id])[row.id]
        parcels = fulfillment.of_purchase_orders(session, [one.id for one in routed])
        return jsonify(present.order_status(row, routed, parcels))


@api.post("/orders/<uuid:id>/hold", responses={200: OrderOut}, summary="Put an order on hold")
@guarded("retailer", scope="write:orders")
def hold(path: IdPath, body: HoldInput) -> Response:
    """Nothing is sent or charged until you release it. Refused (`already_routed`) once its suppliers are chosen."""
    who = caller()
    with work() as done:
        hold_order(done.session, who.organisation_id, path.id, by=Releaser.RETAILER, note=body.note or "")
        done.answers(_anew(done.session, path.id), 200)
    return done.response()


@api.post("/orders/<uuid:id>/paid", responses={200: OrderOut}, summary="Say that your customer has paid")
@guarded("retailer", scope="write:orders")
def paid(path: IdPath) -> Response:
    """An order that was placed with `paid: false` goes on when nothing else holds it. Twice is once. 409
    `paid_in_store` for an order of a connected store, which says so itself."""
    with work() as done:
        note_paid(done.session, caller().organisation_id, path.id)
        done.answers(_anew(done.session, path.id), 200)
    return done.response()


@api.post("/orders/<uuid:id>/release", responses={200: OrderOut}, summary="Release an order on hold")
@guarded("retailer", scope="write:orders")
def release(path: IdPath, body: ReleaseInput) -> Response:
    """Releases what `releases: retailer` says; the order goes on when nothing else holds it."""
    if body.reason is not None and body.reason not in set(HoldReason):
        raise Invalid.field("reason", "unknown_reason", f"Reasons are: {', '.join(HoldReason)}.")
    reasons = [] if body.reason is None else [HoldReason(body.reason)]
    with work() as done:
        release_holds(done.session, caller().organisation_id, path.id, by=Releaser.RETAILER, reasons=reasons)
        done.answers(_anew(done.session, path.id), 200)
    return done.response()


@api.post(
    "/orders/<uuid:id>/unlinked-lines/<uuid:line_id>/link",
    responses={200: OrderOut},
    summary="Say which supplier's variant a line is",
)
@guarded("retailer", scope="write:orders")
def link(path: UnlinkedLinePath, body: LinkInput) -> Response:
    """The order goes on when nothing else holds it. What you say holds for later orders of the same article of the
    store, too, and for those that wait for it."""
    with work() as done:
        link_line(done.session, caller().organisation_id, path.id, path.line_id, body.variant_id)
        done.answers(_anew(done.session, path.id), 200)
    return done.response()


@api.post(
    "/orders/<uuid:id>/unlinked-lines/<uuid:line_id>/not-ours",
    responses={200: OrderOut},
    summary="Say that no supplier delivers a line",
)
@guarded("retailer", scope="write:orders")
def not_ours(path: UnlinkedLinePath) -> Response:
    """It holds for later orders of the same article of the store, too. An order of which no line is left is closed."""
    with work() as done:
        say_not_ours(done.session, caller().organisation_id, path.id, path.line_id)
        done.answers(_anew(done.session, path.id), 200)
    return done.response()


def _anew(session: Session, order_id: UUID) -> present.Json:
    """The order as it is after a change."""
    session.flush()
    session.expire_all()
    return _shown(session, orders.order(session, caller().organisation_id, order_id))


def _shown(session: Session, row: Order) -> present.Json:
    return present.order(row, purchasing.of_orders(session, [row.id])[row.id])
