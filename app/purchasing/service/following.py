"""Following what a store tells of an order after it was placed: units taken away, units added, another address.

Each word of a store is what the order is now. What is followed is the difference to the word before, so that a repeated
one changes nothing, one that was overtaken is not followed, and what was done here already is not done again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, func, or_, select, update
from sqlalchemy.orm import Session

from app.orders import queries
from app.orders import service as orders
from app.orders.family import of_family
from app.orders.models import Order, OrderLine, UnlinkedLine
from app.orders.rules import CANCELLED
from app.purchasing.decisions.queries import not_wanted
from app.purchasing.models import PurchaseOrderLine
from app.purchasing.queries import coming_parts
from app.purchasing.rules import whole_units
from app.purchasing.service.asking import Asked, ask_to_cancel, cancellable_of
from app.purchasing.service.linking import follow_unlinked
from app.purchasing.service.placing import place_order, resume_order
from app.purchasing.service.status import locked_of_order
from app.purchasing.service.wanted import Line, PlaceOrder
from app.stores.payment import Payment

#: How much older than its time a word is remembered to be, of whose very moment another one was passed over.
_PASSED_OVER = timedelta(microseconds=1)


@dataclass(slots=True)
class Followed:
    """What a store's word changed: units cancelled, units that suppliers were asked to stop, and the order that was
    made of units that were added."""

    cancelled: int = 0
    asked: int = 0
    added: UUID | None = None
    #: A newer word was followed before.
    stale: bool = False
    #: The address is another than in the word before.
    address_changed: bool = False
    touched: list[UUID] = field(default_factory=list)


def follow_store_order(
    session: Session,
    order_id: UUID,
    quantities: Mapping[str, int],
    wanted: PlaceOrder | None,
    *,
    told_at: datetime,
    before_less: Callable[[Sequence[Order]], Mapping[str, int]],
    settled: bool = False,
) -> Followed:
    """Follow what a store says of an order that is known: ``quantities`` are the store's lines' units as they are now.
    ``wanted`` is the order as it would be placed now; None where nothing may be added (a test, or nobody will pay).
    ``before_less``: called before units are taken away, with the order and those of what was added to it, all locked.
    Returns the units of the store's lines that it counts no more, or soon, although they are not to be stopped.
    ``settled``: the store was asked for the order when the moment of its last change was over. Of two words of the same
    moment nobody knows which is newer: what the second one adds waits for such an answer."""
    main = orders.locked(session, order_id)
    before = main.store_updated_at
    if is_stale(main, told_at):
        return Followed(stale=True)
    newer = before is None or told_at - before > (timedelta(0) if settled else _PASSED_OVER)
    family = locked_family(session, main.id)
    lines = _lines_by_store_line(session, family)
    given_back: Mapping[str, int] = {}
    if any(quantities.get(store_line, _units(own)) < _units(own) for store_line, own in lines.items()):
        given_back = before_less(family)
        lines = _lines_by_store_line(session, family)
    asked_about = queries.unlinked_of(session, [one.id for one in family])
    result = Followed()
    # What was given up since nobody would pay for it is wanted again once somebody does.
    lapsed = main.unpaid == Payment.LAPSED
    differs = False
    more: list[Line] = []
    for store_line, own in lines.items():
        now = quantities.get(store_line)
        if now is None:
            continue
        then = _units(own)
        differs = differs or now != then
        if now < then:
            _less(session, own, then - now, now + given_back.get(store_line, 0), result)
        elif now > then and newer and wanted is not None:
            more += [replace(line, quantity=now - then) for line in wanted.lines if line.external_line_id == store_line]
    if newer and wanted is not None:
        known = lines.keys() | {key for key, one in asked_about.items() if one.state != "gone" or not lapsed}
        more += [line for line in wanted.lines if line.external_line_id not in known]
        unlinked = [line for line in wanted.unlinked if line.external_line_id not in known]
        if (more or any(line.why for line in unlinked)) and (lapsed or main.status != CANCELLED):
            result.added = _add(session, main, len(family), replace(wanted, lines=more, unlinked=unlinked))
    if wanted is not None:
        address = orders.address_hash(wanted.address)
        moved = main.store_address is not None and main.store_address != address
        differs = differs or moved or any(line.external_line_id not in lines for line in wanted.lines)
        if newer:
            result.address_changed, main.store_address = moved, address
    if newer:
        main.store_updated_at = told_at
    elif differs and not settled:
        main.store_updated_at = told_at - _PASSED_OVER
    if asked_about:
        left = {key: 0 for key, units in quantities.items() if not units}
        left |= {} if wanted is None else {line.external_line_id: line.quantity for line in wanted.unlinked}
        for one in family:
            if one.status != CANCELLED:
                follow_unlinked(session, one, left)
    for touched in result.touched:
        resume_order(session, touched)
    return result


def _lines_by_store_line(session: Session, family: Sequence[Order]) -> dict[str, list[tuple[Order, OrderLine]]]:
    """The store's line → our lines of it, those that were added last first."""
    by_id = {one.id: one for one in family}
    rows = session.scalars(
        select(OrderLine)
        .where(OrderLine.order_id.in_(list(by_id)), OrderLine.external_line_id.is_not(None))
        .order_by(OrderLine.order_id.desc(), OrderLine.position)
        .execution_options(populate_existing=True)
    )
    found: dict[str, list[tuple[Order, OrderLine]]] = {}
    for row in rows:
        found.setdefault(str(row.external_line_id), []).append((by_id[row.order_id], row))
    return found


def _units(own: Sequence[tuple[Order, OrderLine]]) -> int:
    """The units of a store's line as the store told last."""
    return sum(line.quantity if line.store_quantity is None else line.store_quantity for _, line in own)


def _less(session: Session, own: Sequence[tuple[Order, OrderLine]], taken: int, kept: int, result: Followed) -> None:
    """The store has taken units away: as many go here, but for those that went already. ``kept`` of them stay."""
    left = taken
    for _, line in own:
        had = line.quantity if line.store_quantity is None else line.store_quantity
        gone = min(left, had)
        line.store_quantity = had - gone
        left -= gone
    standing = sum(line.quantity - line.cancelled for _, line in own)
    waiting = sum(_waiting(session, order, line) for order, line in own)
    units = min(taken, standing - waiting - kept)
    for order, line in own:
        if units <= 0:
            break
        count = min(units, line.quantity - line.cancelled)
        if not count:
            continue
        asked = ask_to_cancel(session, order.retailer_id, order.id, {line.id: count}, origin="store", as_far=True)
        _count(result, asked)
        if asked.cancelled or asked.asked:
            # What had left is no edit: its refund is told apart.
            orders.tell(session, order, "order.edited_in_store", quantity=count, title=line.title)
        if order.status != CANCELLED and order.id not in result.touched:
            result.touched.append(order.id)
        units -= count


def _waiting(session: Session, order: Order, line: OrderLine) -> int:
    """Units of a line that go already, since a part of them does: that a supplier was asked to stop and has not
    answered, or that none delivers and that is to be refunded."""
    able = cancellable_of(session, locked_of_order(session, order.id))
    going = Counter(not_wanted(session, order.id))
    going.update({one.line_id: one.asked for one in able.get(line.id, [])})
    parts = coming_parts(session, order.id).get(line)
    if parts is None:
        return 0
    rest = whole_units((row.component, max(0, units - going[row.id]), row.per_unit) for row, units in parts)
    return max(0, line.quantity - line.cancelled - rest)


def _count(result: Followed, asked: Asked) -> None:
    result.cancelled += sum(asked.cancelled.values())
    result.asked += sum(asked.asked.values())


def _add(session: Session, main: Order, made: int, wanted: PlaceOrder) -> UUID:
    """Units that the store added become an order of their own, with its own charge and purchase orders."""
    beside = wanted.beside_goods
    placed = place_order(
        session,
        replace(
            wanted,
            external_id=f"{main.external_id}#{made}",
            supplements=main.id,
            # The delivery was paid for with the order itself.
            beside_goods=None if beside is None else replace(beside, delivery=0),
        ),
    )
    orders.tell(session, main, "order.added_in_store")
    return placed.order_id


def nothing_new(
    session: Session, retailer_id: UUID, store_id: UUID, words: Mapping[str, tuple[datetime, Mapping[str, int]]]
) -> set[str]:
    """The store's ids of those of its orders that ``follow_store_order`` would leave as they are, since this word or a
    newer one was followed before. ``words``: of each, the moment of its last change, which was over when the store was
    asked, and its lines' units as they are now. Orders with lines that nobody sells here, and those that are not paid,
    are left to be followed."""
    mains = session.execute(
        select(Order.id, Order.external_id, Order.store_updated_at).where(
            Order.retailer_id == retailer_id,
            Order.store_id == store_id,
            Order.external_id.in_(list(words)),
            Order.store_updated_at.is_not(None),
        )
    )
    followed = {row.id: row.external_id for row in mains if row.store_updated_at >= words[row.external_id][0]}
    if not followed:
        return set()
    ids, main = list(followed), func.coalesce(Order.supplements, Order.id)
    family = or_(Order.id.in_(ids), Order.supplements.in_(ids))
    units = session.execute(
        select(main, OrderLine.external_line_id, func.sum(func.coalesce(OrderLine.store_quantity, OrderLine.quantity)))
        .join(Order, Order.id == OrderLine.order_id)
        .where(family, OrderLine.external_line_id.is_not(None))
        .group_by(main, OrderLine.external_line_id)
    )
    unlinked = select(main).join(UnlinkedLine, UnlinkedLine.order_id == Order.id).where(family)
    unpaid = select(main).where(family, Order.unpaid.is_not(None))
    differs = {followed[order_id] for query in (unlinked, unpaid) for order_id in session.scalars(query)}
    for order_id, line, then in units:
        name = followed[order_id]
        if words[name][1].get(str(line), then) != then:
            differs.add(name)
    return set(followed.values()) - differs


def is_stale(main: Order, told_at: datetime) -> bool:
    """Whether a newer word of the store about an order was followed than the one of that moment."""
    return main.store_updated_at is not None and told_at < main.store_updated_at


def is_gone_in_store(session: Session, order_id: UUID) -> bool:
    """Whether nothing of an order is left in its store by what it told: no word of it takes away more."""
    own = select(Order.id).where(of_family(order_id))
    told = func.coalesce(OrderLine.store_quantity, OrderLine.quantity)
    return not session.scalar(
        select(
            exists().where(OrderLine.order_id.in_(own), told > 0)
            | exists().where(UnlinkedLine.order_id.in_(own), UnlinkedLine.state == "waiting")
        )
    )


def note_gone_in_store(session: Session, order_id: UUID, told_at: datetime | None) -> None:
    """A store cancelled an order: none of its units are left there, and its customer has its money back. What it told
    of the order before that moment is followed no more."""
    own = select(Order.id).where(of_family(order_id))
    session.execute(update(OrderLine).where(OrderLine.order_id.in_(own)).values(store_quantity=0))
    main = session.get_one(Order, order_id)
    if told_at is not None and (main.store_updated_at is None or main.store_updated_at < told_at):
        main.store_updated_at = told_at


def supplements_of(session: Session, order_id: UUID) -> Sequence[Order]:
    """The orders that were made of units which the store added to this one."""
    return session.scalars(select(Order).where(Order.supplements == order_id).order_by(Order.id)).all()


def locked_family(session: Session, order_id: UUID) -> list[Order]:
    """An order and the orders that were made of units which its store added to it, locked in the order in which they
    came: before anything of theirs, so that two who want several of them wait for each other in no circle."""
    main = orders.locked(session, order_id)
    return [main, *(orders.locked(session, one.id) for one in supplements_of(session, main.id))]


def left_units(session: Session, order_id: UUID, refunded: Mapping[str, int]) -> int:
    """Of units that a store refunded, by its lines, how many had left already."""
    shipped = session.execute(
        select(OrderLine.external_line_id, func.sum(PurchaseOrderLine.shipped))
        .join(PurchaseOrderLine, PurchaseOrderLine.order_line_id == OrderLine.id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(of_family(order_id))
        .where(OrderLine.external_line_id.in_(list(refunded)))
        .group_by(OrderLine.external_line_id)
    )
    open_units = (
        select(func.sum(PurchaseOrderLine.quantity - PurchaseOrderLine.shipped - PurchaseOrderLine.cancelled))
        .join(OrderLine, OrderLine.id == PurchaseOrderLine.order_line_id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(of_family(order_id))
    )
    found = 0
    for store_line, units in shipped:
        still = session.scalar(open_units.where(OrderLine.external_line_id == store_line)) or 0
        found += min(int(units), max(0, refunded[str(store_line)] - int(still)))
    return found
