"""Choosing another supplier for units that one does not deliver.

It is the same choice as an order's first one, of fewer lines: the retailer's rules, stock, rates and prices of now.
What the order earns and the rest of it costs is counted in, so that a largest loss is one of the whole order.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.config import settings
from app.inventory.service import Aside, Wanted, release, reserve
from app.kit import clock
from app.kit.ids import new_id
from app.kit.money import Money
from app.orders import service as orders
from app.orders.models import Order, OrderLine
from app.outbox.service import emit
from app.pricing.queries import exchange_rate
from app.pricing.rules import converted
from app.purchasing.decisions.rules import LATER, SILENT, promised_for
from app.purchasing.events import LinesRerouted, ids_of
from app.purchasing.models import OrderDecision, PurchaseOrder, PurchaseOrderLine
from app.purchasing.routing.gathering import Asked, Gathered, gather
from app.purchasing.routing.occasions import Lost, Occasion, replaced
from app.purchasing.routing.problem import Choice, Kind, Need
from app.purchasing.routing.service import choose, next_attempt, record
from app.purchasing.routing.solver import solve
from app.purchasing.routing.trouble import address_trouble
from app.purchasing.rules import whole_units
from app.purchasing.service.making import ChosenLine, ForOrder, chosen_lines, make_purchase_orders
from app.purchasing.service.settling import settle_requests, supplier_name, tell
from app.purchasing.service.status import counts, refresh_order_status, refresh_status
from app.stores.store_orders import Address


@dataclass(frozen=True, slots=True)
class Rerouted:
    """A rerouting: the purchase orders that were made, not released yet, and which decisions' units they deliver."""

    id: UUID
    purchase_order_ids: Sequence[UUID]
    decisions: Sequence[OrderDecision]


def reroute(
    session: Session,
    order: Order,
    decisions: Sequence[OrderDecision],
    purchase_orders: Sequence[PurchaseOrder],
    *,
    barred: Collection[UUID],
) -> Rerouted | None:
    """Make purchase orders with other suppliers for units of ``decisions``, as far as somebody can deliver them; their
    units are set aside. Where a substitute was chosen, it is taken. None where nobody can deliver any.

    ``purchase_orders`` are all of the order's, locked; suppliers of ``barred`` are not asked.
    """
    address = orders.address_of(order.ship_to, "orders", order.id)
    if address is None or address_trouble(address) is not None:
        return None
    rows = {row.id: row for row in session.scalars(select(OrderLine).where(OrderLine.order_id == order.id))}
    lines = {line.id: line for one in purchase_orders for line in one.lines}
    wanted = _wanted(decisions, lines)
    while wanted:
        gathered = _gathered(session, order, wanted, rows, address.country_code, barred)
        if gathered is None:
            return None
        gathered = _with_whole_revenue(
            session, order, list(rows.values()), gathered, _cost_of_others(purchase_orders, decisions)
        )
        chosen: list[ChosenLine] = []

        def take(choice: Choice, gathered: Gathered = gathered, chosen: list[ChosenLine] = chosen) -> None:
            line_ids = {row.position: row.id for row in rows.values()}
            chosen[:] = chosen_lines(choice.parts, gathered, line_ids)
            reserve(
                session,
                order.retailer_id,
                [Wanted(line.order_line_id, line.variant.id, line.quantity) for line in chosen],
                expires_at=clock.now() + settings().payment_hold,
            )

        problem, outcome = choose(gathered, take)
        attempt = next_attempt(session, order.id)
        occasion = _occasion(wanted, rows, lines)
        record(session, order.retailer_id, order.id, gathered, problem, outcome, occasion=occasion, attempt=attempt)
        if isinstance(outcome, Choice):
            ids = _make(session, order, address, chosen, gathered, purchase_orders)
            return Rerouted(ids[0], ids[1], [wanted[need.key][0] for need in gathered.needs])
        if not outcome.stuck:
            return None
        wanted = {key: value for key, value in wanted.items() if key not in outcome.stuck}
    return None


@dataclass(frozen=True, slots=True)
class Offer:
    """Who would deliver units now, what it would cost in minor units of ``currency``, the retailer's, and until when
    it would be there at the latest, in days."""

    suppliers: Sequence[str]
    cost: int
    currency: str
    days: int


def look_around(
    session: Session,
    order: Order,
    decision: OrderDecision,
    purchase_orders: Sequence[PurchaseOrder],
    *,
    barred: Collection[UUID],
) -> Offer | None:
    """Who would deliver a decision's units instead; nothing is set aside. None where nobody can."""
    rows = {row.id: row for row in session.scalars(select(OrderLine).where(OrderLine.order_id == order.id))}
    lines = {line.id: line for one in purchase_orders for line in one.lines}
    wanted = _wanted([decision], lines)
    if not wanted or not order.ship_to_country:
        return None
    gathered = _gathered(session, order, wanted, rows, order.ship_to_country, barred)
    if gathered is None:
        return None
    spent = _cost_of_others(purchase_orders, [decision])
    gathered = _with_whole_revenue(session, order, list(rows.values()), gathered, spent)
    problem = gathered.problem
    assert problem is not None
    outcome = solve(problem)
    if not isinstance(outcome, Choice):
        return None
    sellers = {offer.key: offer.seller for offer in problem.offers}
    names = {seller.key: seller.name for seller in problem.sellers}
    return Offer(
        sorted({names[sellers[part.offer]] for part in outcome.parts}),
        outcome.values[outcome.objectives.index(Kind.LOWEST_COST)],
        problem.currency,
        outcome.values[outcome.objectives.index(Kind.FASTEST)],
    )


def stands(line: PurchaseOrderLine, one: OrderDecision) -> bool:
    """Whether what is to be decided about units that their supplier still has is so still: the price is not agreed on,
    no answer has come, or they are promised for the same day."""
    if one.kind == LATER:
        return counts(line).later >= one.units and line.available_on == promised_for(one.cause)
    if line.shipped or line.quantity - line.cancelled < one.units:
        return False
    return line.answer is None if one.kind == SILENT else line.asked_price == one.asked_price


def give_up_units(
    session: Session, purchase_orders: Sequence[PurchaseOrder], decisions: Sequence[OrderDecision], *, why: str
) -> None:
    """Take units from the supplier that has not delivered them: another one does. Those that it rejected it has given
    up itself."""
    by_id = {line.id: (one, line) for one in purchase_orders for line in one.lines}
    taken: dict[UUID, list[tuple[UUID, int]]] = {}
    for decision in decisions:
        purchase_order, line = by_id[decision.purchase_order_line_id]
        units = min(decision.units, line.quantity - line.shipped - line.cancelled)
        if not units:
            continue
        line.cancelled += units
        line.rerouted += units
        if decision.kind != LATER:
            line.asked_price = None
        release(
            session,
            {Aside(line.order_line_id, line.variant_id): units},
            reference=f"purchase_order:{purchase_order.id}",
        )
        taken.setdefault(purchase_order.id, []).append((line.id, units))
        name = supplier_name(session, purchase_order.supplier_id)
        tell(session, purchase_order, f"po.rerouted_{why}", quantity=units, title=line.title, supplier=name)
    session.flush()
    for purchase_order in purchase_orders:
        if purchase_order.id in taken:
            _forget_reminders(purchase_order)
            refresh_status(session, purchase_order)
            settle_requests(session, purchase_order, by_shipping=False)
            emit(
                session,
                LinesRerouted(
                    **ids_of(purchase_order),
                    lines=tuple(taken[purchase_order.id]),
                ),
            )


def withdraw_unpaid(session: Session, order: Order, purchase_orders: Sequence[PurchaseOrder]) -> None:
    """Purchase orders of a rerouting that was not paid for are given up; their suppliers never saw them."""
    for purchase_order in purchase_orders:
        for line in purchase_order.lines:
            units = line.quantity - line.cancelled
            if units:
                line.cancelled += units
                whose = Aside(line.order_line_id, line.variant_id)
                release(session, {whose: units}, reference=f"purchase_order:{purchase_order.id}")
        session.flush()
        refresh_status(session, purchase_order)
    refresh_order_status(session, order)


def _forget_reminders(purchase_order: PurchaseOrder) -> None:
    if all(line.answer or line.cancelled == line.quantity for line in purchase_order.lines):
        purchase_order.remind_at = None


_Wanted = dict[str, tuple[OrderDecision, int]]


def _wanted(decisions: Sequence[OrderDecision], lines: Mapping[UUID, PurchaseOrderLine]) -> _Wanted:
    """Decision by a key of its need, with the units of the order line that its units would have made."""
    found: _Wanted = {}
    for at, one in enumerate(decisions):
        line = lines[one.purchase_order_line_id]
        left = line.quantity - line.cancelled
        with_them = left + one.units if one.kind == "rejected" else left
        units = whole_units([(0, with_them, one.per_unit)]) - whole_units([(0, with_them - one.units, one.per_unit)])
        if units:
            found[f"{at:04d}"] = (one, units)
    return found


def _occasion(wanted: _Wanted, rows: Mapping[UUID, OrderLine], lines: Mapping[UUID, PurchaseOrderLine]) -> Occasion:
    """Which units who does not send as ordered, and by whom it was decided that others do."""
    return replaced(
        [
            Lost(
                position=rows[one.order_line_id].position,
                units=units,
                supplier_id=str(lines[one.purchase_order_line_id].supplier_id),
                kind=one.kind,
                by=one.chosen_by or "",
                substitute=one.substitute_id is not None,
            )
            for one, units in wanted.values()
        ]
    )


def _gathered(
    session: Session,
    order: Order,
    wanted: _Wanted,
    rows: Mapping[UUID, OrderLine],
    country: str,
    barred: Collection[UUID],
) -> Gathered | None:
    """What the choice is made from: one need for each decision."""
    asked = {
        key: Asked(
            rows[one.order_line_id].position,
            one.substitute_id or rows[one.order_line_id].variant_id,
            units,
            rows[one.order_line_id].retail_price,
        )
        for key, (one, units) in wanted.items()
    }
    substituted = any(one.substitute_id is not None for one, _ in wanted.values())
    gathered = gather(
        session,
        order.retailer_id,
        list({(one.position, one.variant_id): one for one in asked.values()}.values()),
        # What was chosen by hand has no other sources.
        store_id=None if substituted else order.store_id,
        country=country,
        currency=order.currency,
        barred=() if substituted else barred,
    )
    if gathered.problem is None:
        return None
    by_place = {(need.line, need.component): need for need in gathered.problem.needs}
    needs: list[Need] = []
    for key, (one, units) in wanted.items():
        component = 0 if one.substitute_id is not None else one.component
        need = by_place.get((rows[one.order_line_id].position, component))
        if need is None:
            # The listing is made of other things now.
            continue
        candidates = need.candidates
        if one.substitute_id is not None:
            candidates = tuple(
                replace(candidate, per_unit=one.per_unit, kind="substitute")
                for candidate in candidates
                if candidate.offer == str(one.substitute_id)
            )
        needs.append(replace(need, key=key, component=one.component, units=units, candidates=candidates))
    if not needs:
        return None
    used = {candidate.offer for need in needs for candidate in need.candidates}
    offers = tuple(offer for offer in gathered.problem.offers if offer.key in used)
    problem = replace(gathered.problem, needs=tuple(needs), offers=offers)
    if substituted:
        # The retailer's own hand stands over its rules of preference.
        problem = replace(problem, rules=())
    return replace(gathered, problem=problem, needs=tuple(needs))


def _cost_of_others(purchase_orders: Sequence[PurchaseOrder], decisions: Sequence[OrderDecision]) -> int:
    """What the rest of the order costs, in minor units of the retailer's currency."""
    going = {one.purchase_order_line_id: one.units for one in decisions if one.kind != "rejected"}
    spent = 0
    for one in purchase_orders:
        left = [(line, line.quantity - line.cancelled - going.get(line.id, 0)) for line in one.lines]
        if any(units > 0 for _, units in left):
            goods = sum(units * line.wholesale_price for line, units in left)
            whole = Money(goods + one.shipping_cost, one.currency)
            spent += converted(whole, rate=one.exchange_rate, currency=one.charge_currency).minor
    return spent


def _with_whole_revenue(
    session: Session, order: Order, rows: Sequence[OrderLine], gathered: Gathered, spent: int
) -> Gathered:
    problem = gathered.problem
    assert problem is not None
    found = exchange_rate(session, order.currency, problem.currency, clock.now())
    revenue: int | None = None
    if found is not None and all(row.retail_price is not None for row in rows):
        paid = sum((row.quantity - row.cancelled) * (row.retail_price or 0) for row in rows)
        revenue = converted(Money(paid, order.currency), rate=found[0], currency=problem.currency).minor - spent
    return replace(gathered, problem=replace(problem, revenue=revenue))


def _make(
    session: Session,
    order: Order,
    address: Address,
    chosen: Sequence[ChosenLine],
    gathered: Gathered,
    purchase_orders: Sequence[PurchaseOrder],
) -> tuple[UUID, list[UUID]]:
    wave = max((one.wave for one in purchase_orders), default=-1) + 1
    made = make_purchase_orders(
        session,
        ForOrder(
            order.id,
            order.number,
            order.retailer_id,
            order.external_name,
            address,
            order.kind,
            made=len(purchase_orders),
            wave=wave,
        ),
        chosen,
        gathered,
    )
    session.flush()
    rerouting_id = new_id()
    session.execute(update(PurchaseOrder).where(PurchaseOrder.id.in_(made)).values(rerouting_id=rerouting_id))
    return rerouting_id, made
