"""Placing an order: the order, the choice of its suppliers, reservations and purchase orders in one transaction.

This is the hot path: statements are built once, all new rows go out in one round trip (``together``), and levels are
locked in the order of their ids.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.billing import service as billing
from app.billing.rules import Usage
from app.config import settings
from app.db import together
from app.inventory.errors import InsufficientStock, ShortLine
from app.inventory.service import Aside, Wanted, release, reserve, units_set_aside
from app.kit import clock
from app.kit.errors import FieldError, Invalid
from app.listings.service import note_store_sale
from app.orders import service as orders
from app.orders.models import OrderLine, UnlinkedLine
from app.orders.rules import HOLD_RULES, HoldReason
from app.outbox.service import emit
from app.purchasing.events import OrderRouted
from app.purchasing.models import PurchaseOrder
from app.purchasing.routing.gathering import Asked, Gathered, gather
from app.purchasing.routing.occasions import CAME_IN, Occasion
from app.purchasing.routing.problem import Choice
from app.purchasing.routing.service import after_holds, choose, next_attempt, record
from app.purchasing.routing.trouble import Trouble, address_trouble, refusal, troubles_of
from app.purchasing.service.allowing import place_for, refused_by_plan
from app.purchasing.service.making import ChosenLine, ForOrder, chosen_lines, make_purchase_orders
from app.purchasing.service.screening import goes_on_authorised, screened, still_held
from app.purchasing.service.wanted import Kind, Line, PlaceOrder, check, new_order, to_screen


@dataclass(frozen=True, slots=True)
class Placed:
    """The order's id, and whether it is new."""

    order_id: UUID
    created: bool


def place_order(session: Session, wanted: PlaceOrder) -> Placed:
    """Place an order, once per external id.

    Raises ``Invalid``, ``InsufficientStock`` and ``Conflict`` (nothing is written then, the caller rolls back); with
    ``trouble="hold"`` only for a currency that is not settled or no lines at all.
    """
    check(wanted)
    gathered = _gathered(session, wanted, [line.variant_id for line in wanted.lines])
    unknown = [
        FieldError(f"lines[{index}].variant_id", "unknown_variant", "No such variant.")
        for index, line in enumerate(wanted.lines)
        if line.variant_id not in gathered.variants
    ]
    if unknown and wanted.trouble == "refuse":
        raise Invalid("Some lines can't be ordered.", errors=unknown)
    known = [line for line in wanted.lines if line.variant_id in gathered.variants]
    asked_about = [] if wanted.test else [line for line in wanted.unlinked if line.why]
    if not known and not asked_about:
        raise Invalid("No line of the order can be delivered by a supplier.", code="no_known_lines")
    with together(session):
        taken = orders.take_in(session, new_order(wanted, known, gathered.variants))
        if taken is not None:
            order_id, number, line_ids = taken
            if wanted.store_id is not None:
                _note_sale(session, wanted.store_id, [line for line in known if line.listed])
                orders.note_unlinked(session, order_id, wanted.retailer_id, wanted.store_id, wanted.unlinked)
            _begin_story(session, order_id, wanted)
            if unknown:
                gathered = _gathered(session, wanted, [line.variant_id for line in known])
            open_lines = [
                _Open(at, line_id, line.variant_id, line.quantity)
                for at, (line_id, line) in enumerate(zip(line_ids, known, strict=True))
            ]
            problems = [Trouble(HoldReason.NOT_ON_OFFER, {"lines": [one.field for one in unknown]})] if unknown else []
            if asked_about:
                problems.append(Trouble(HoldReason.UNLINKED_LINES, unlinked_details(asked_about)))
            waits = wanted.unpaid is not None
            if goes_on_authorised(session, wanted.store_id, wanted.unpaid):
                waits = False
                tell_goes_on_authorised(session, order_id, wanted.retailer_id)
            if waits:
                problems.append(Trouble(HoldReason.UNPAID, {"payment": wanted.unpaid}))
            if wanted.trouble == "hold":
                order = to_screen(order_id, wanted, known, gathered.variants, goes_on=not waits)
                problems += screened(session, order, clock.now())
            _route(session, _Order(order_id, number, wanted), open_lines, gathered, problems)
            return Placed(order_id, created=True)
    existing = orders.find_by_external_id(session, wanted.retailer_id, wanted.store_id, wanted.external_id)
    assert existing is not None
    return Placed(existing.id, created=False)


def resume_order(session: Session, order_id: UUID) -> bool:
    """Take up an order again whose holds may be over: choose its suppliers anew, reserve what is missing and make its
    purchase orders.

    Payment holds are not touched here, and a test order never goes on. Returns whether it is routed now.
    """
    order = orders.locked(session, order_id)
    if any(hold.reason == HoldReason.TEST_ORDER for hold in orders.open_holds(session, order_id)):
        return False
    if session.scalar(select(PurchaseOrder.id).where(PurchaseOrder.order_id == order_id).limit(1)) is not None:
        return True
    rows = session.scalars(select(OrderLine).where(OrderLine.order_id == order_id).order_by(OrderLine.position)).all()
    rows = [row for row in rows if row.quantity > row.cancelled]
    if not rows:
        return False
    wanted = PlaceOrder(
        retailer_id=order.retailer_id,
        store_id=order.store_id,
        external_id=order.external_id,
        external_name=order.external_name,
        currency=order.currency,
        address=orders.address_of(order.ship_to, "orders", order.id),
        lines=[
            Line(variant_id=row.variant_id, quantity=row.quantity - row.cancelled, retail_price=row.retail_price)
            for row in rows
        ],
        trouble="hold",
        kind=cast(Kind, order.kind),
        supplements=order.supplements,
    )
    has = units_set_aside(session, [row.id for row in rows])
    gathered = _gathered(session, wanted, [row.variant_id for row in rows], rows=rows, has=has)
    open_lines = [_Open(row.position, row.id, row.variant_id, row.quantity - row.cancelled) for row in rows]
    session.flush()
    held = still_held(session, order_id)
    again = _Order(order.id, order.number, wanted, again=True, occasion=after_holds(session, order.id))
    return _route(session, again, open_lines, gathered, held, has)


@dataclass(frozen=True, slots=True)
class _Open:
    """Units of an order line to be delivered."""

    position: int
    order_line_id: UUID
    variant_id: UUID
    units: int


@dataclass(frozen=True, slots=True)
class _Order:
    id: UUID
    number: int
    wanted: PlaceOrder
    #: It was on hold and is taken up again.
    again: bool = False
    occasion: Occasion = CAME_IN


def _gathered(
    session: Session,
    wanted: PlaceOrder,
    variant_ids: Sequence[UUID],
    *,
    rows: Sequence[OrderLine] = (),
    has: Mapping[Aside, int] | None = None,
) -> Gathered:
    """What the choice is made from. Without an address that can be used there is none to make yet."""
    lines = [line for line in wanted.lines if line.variant_id in set(variant_ids)]
    free: defaultdict[UUID, int] = defaultdict(int)
    for whose, units in (has or {}).items():
        free[whose.variant_id] += units
    usable = wanted.address is not None and address_trouble(wanted.address) is None and not wanted.test
    return gather(
        session,
        wanted.retailer_id,
        [
            Asked(rows[at].position if rows else at, line.variant_id, line.quantity, line.retail_price)
            for at, line in enumerate(lines)
        ],
        store_id=wanted.store_id,
        country=wanted.address.country_code if usable and wanted.address is not None else None,
        currency=wanted.currency,
        aside=free,
        agreed=wanted.agreed,
        sample=wanted.kind == "sample",
        methods=wanted.methods,
    )


def _route(
    session: Session,
    order: _Order,
    lines: Sequence[_Open],
    gathered: Gathered,
    troubles: Sequence[Trouble],
    has: Mapping[Aside, int] | None = None,
) -> bool:
    """Choose, set aside and make purchase orders; or hold the order, or refuse it."""
    wanted, has = order.wanted, has or {}
    if wanted.test:
        return _hold(session, order, [Trouble(HoldReason.TEST_ORDER, {})])
    line_ids = {line.position: line.order_line_id for line in lines}
    unusable = address_trouble(wanted.address)
    troubles = [*troubles, unusable] if unusable is not None else list(troubles)
    place = None
    # What was added to an order has its place, which it takes where the order has not yet.
    counts_as = wanted.supplements or order.id
    new = not order.again and wanted.supplements is None
    if not troubles and _counts(wanted):
        place = place_for(session, wanted.retailer_id, counts_as, order.number, new=new)
    if isinstance(place, Trouble):
        if wanted.trouble == "refuse":
            raise refused_by_plan(place)
        troubles = [place]
    if not troubles:
        chosen: list[ChosenLine] = []

        def take(choice: Choice) -> None:
            chosen[:] = chosen_lines(choice.parts, gathered, line_ids)
            _set_aside(session, wanted.retailer_id, chosen, has)

        problem, outcome = choose(gathered, take)
        if not isinstance(outcome, Choice) and wanted.trouble == "refuse":
            raise refusal(problem, outcome)
        attempt = next_attempt(session, order.id) if order.again else 1
        record(
            session,
            wanted.retailer_id,
            order.id,
            gathered,
            problem,
            outcome,
            occasion=order.occasion,
            attempt=attempt,
        )
        if isinstance(outcome, Choice):
            if _counts(wanted):
                timezone = chosen[0].variant.retailer_timezone
                billing.count_order(session, wanted.retailer_id, counts_as, timezone, new=new)
            if isinstance(place, Usage):
                billing.tell_if_near(session, wanted.retailer_id, place)
            return _make(session, order, chosen, gathered)
        troubles = troubles_of(problem, outcome)
    short = _keep_for(session, wanted.retailer_id, lines, gathered, has)
    # What waits for time or a person is looked at for stock when it goes on: another source may have it.
    short = short and not all(HOLD_RULES[one.reason].stays for one in troubles)
    if short and all(one.reason is not HoldReason.OUT_OF_STOCK for one in troubles):
        troubles = [*troubles, Trouble(HoldReason.OUT_OF_STOCK, {})]
    return _hold(session, order, troubles)


def _counts(wanted: PlaceOrder) -> bool:
    return wanted.counts and wanted.kind != "sample"


def _set_aside(session: Session, retailer_id: UUID, chosen: Sequence[ChosenLine], has: Mapping[Aside, int]) -> None:
    """Set aside what is chosen and not set aside yet, and let go what is set aside and not chosen. Raises
    ``InsufficientStock``, with what is there for this order."""
    wants: defaultdict[Aside, int] = defaultdict(int)
    for line in chosen:
        wants[line.aside] += line.quantity
    missing = [Wanted(*whose, units - has.get(whose, 0)) for whose, units in wants.items() if units > has.get(whose, 0)]
    try:
        reserve(session, retailer_id, missing, expires_at=clock.now() + settings().payment_hold)
    except InsufficientStock as error:
        own: defaultdict[UUID, int] = defaultdict(int)
        for whose, units in has.items():
            own[whose.variant_id] += units
        raise InsufficientStock(
            [
                ShortLine(line.index, line.variant_id, line.wanted, line.available + own[line.variant_id])
                for line in error.lines
            ]
        ) from error
    release(
        session,
        {whose: units - wants.get(whose, 0) for whose, units in has.items()},
        reference=f"order_line:{chosen[0].order_line_id}",
    )


def _keep_for(
    session: Session,
    retailer_id: UUID,
    lines: Sequence[_Open],
    gathered: Gathered,
    has: Mapping[Aside, int],
) -> bool:
    """An order on hold keeps what its lines' first sources have, as far as it goes. Returns whether that is too
    little."""
    by_position = {line.position: line for line in lines}
    wants = []
    for need in gathered.needs:
        line = by_position[need.line]
        first = min(need.candidates, key=lambda candidate: candidate.rank)
        variant = gathered.variants[UUID(first.offer)]
        missing = need.units * first.per_unit - has.get(Aside(line.order_line_id, variant.id), 0)
        if variant.offered and missing > 0:
            wants.append(Wanted(line.order_line_id, variant.id, missing))
    filled = reserve(session, retailer_id, wants, expires_at=clock.now() + settings().payment_hold, partial=True)
    return len(filled) < len({want.order_line_id for want in wants})


def _make(session: Session, order: _Order, chosen: Sequence[ChosenLine], gathered: Gathered) -> bool:
    wanted = order.wanted
    assert wanted.address is not None
    if order.again:
        orders.release(session, orders.locked(session, order.id), list(HoldReason))
    make_purchase_orders(
        session,
        ForOrder(order.id, order.number, wanted.retailer_id, wanted.external_name, wanted.address, wanted.kind),
        chosen,
        gathered,
    )
    emit(session, OrderRouted(order_id=order.id, retailer_id=wanted.retailer_id))
    return True


def _hold(session: Session, order: _Order, troubles: Sequence[Trouble]) -> bool:
    row = orders.locked(session, order.id)
    still = {one.reason for one in troubles}
    for one in troubles:
        orders.hold(session, row, one.reason, details=dict(one.details))
    if order.again:
        orders.release(session, row, [reason for reason in HoldReason if reason not in still])
    return False


def unlinked_details(lines: Iterable[orders.NewUnlinkedLine | UnlinkedLine]) -> dict[str, Any]:
    """What a hold says of lines that no supplier's variant is linked to."""
    return {
        "lines": [{"title": line.title, "sku": line.sku, "quantity": line.quantity, "why": line.why} for line in lines]
    }


def _note_sale(session: Session, store_id: UUID, lines: Sequence[Line]) -> None:
    sold: defaultdict[UUID, int] = defaultdict(int)
    for line in lines:
        sold[line.variant_id] += line.quantity
    note_store_sale(session, store_id, sold)


def tell_goes_on_authorised(session: Session, order_id: UUID, retailer_id: UUID) -> None:
    """Write into an order's story that it goes on before it is paid, as its store wants it."""
    told = {"order_id": order_id, "retailer_id": retailer_id, "message": "order.goes_on_authorised", "values": {}}
    orders.write_timeline(session, [told])


def _begin_story(session: Session, order_id: UUID, wanted: PlaceOrder) -> None:
    placed = "order.sample_placed" if wanted.kind == "sample" else "order.placed"
    first: dict[str, Any] = {"message": placed, "values": {}}
    if wanted.store_id is not None:
        received = "order.received" if wanted.supplements is None else "order.supplement_received"
        first = {"message": received, "values": {"name": wanted.external_name, "store": wanted.store_name}}
    orders.write_timeline(session, [{"order_id": order_id, "retailer_id": wanted.retailer_id, **first}])
    audit.record(session, wanted.retailer_id, "orders.placed", "order", order_id)
