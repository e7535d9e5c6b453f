"""Returns that a store's customer asks for there, or that its retailer opens there: they become what a customer's
request on our own page becomes, and the store is told the answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.kit import clock
from app.kit.ids import new_id
from app.kit.texts import cut
from app.notifications.service import notify
from app.orders import service as orders
from app.orders.family import of_family
from app.orders.models import Order, OrderLine
from app.purchasing.models import PurchaseOrderLine
from app.returns.models import Return, ShopperReturn, ShopperReturnLine, StoreReturn
from app.returns.rules import (
    CANCELLED,
    CREDITED,
    ENDED,
    GRANTED,
    NO_PHOTO,
    REFUSED,
    REQUESTED,
    VOID,
    WAITING,
    may_move,
)
from app.returns.service.asking import LONGEST_NOTE, Wanted, become_returns, decided, free_units, keep_wish, pass_on
from app.returns.service.standing import RETAILER, locked, move
from app.stores.models import Store
from app.stores.money_back import ReturnInStore

#: What the store is to be told next of a return of its own.
Answer = Literal["approve", "decline", "close"]
_BY_STORE = "store"
_TOLD: Mapping[Answer, str] = {
    "approve": "return.store_approve",
    "decline": "return.store_decline",
    "close": "return.store_close",
}


def take_from_store(session: Session, store: Store, told: ReturnInStore) -> str:
    """Bring us in line with a return as its store has it now. Twice is once. Returns what was done. Needs a system
    scope."""
    order = orders.find_by_external_id(session, store.retailer_id, store.id, told.external_order_id)
    if order is None:
        return "not an order of ours"
    order = orders.locked(session, order.id)
    row = session.scalar(
        select(StoreReturn).where(StoreReturn.store_id == store.id, StoreReturn.external_id == told.external_id)
    )
    if row is not None:
        return _follow(session, row, told)
    if told.state not in ("requested", "open"):
        return "over before we heard of it"
    wanted = _lines(session, order, told)
    if wanted is None:
        return "no line is ours"
    row = StoreReturn(
        id=new_id(),
        retailer_id=store.retailer_id,
        store_id=store.id,
        order_id=order.id,
        external_id=told.external_id,
        name=told.name,
        told="approved" if told.state == "open" else None,
        closed=False,
        created_at=clock.now(),
    )
    session.add(row)
    session.flush()
    if not wanted:
        _not_returnable(session, order, row)
        return "nothing of it can come back"
    row.shopper_return_id = _ask(session, order, told, wanted).id
    session.flush()
    return f"return {row.shopper_return_id}"


def answer_due(session: Session, store_return_id: UUID) -> tuple[Answer, str] | None:
    """What the store is to be told now, and why: the retailer's words or ``NO_PHOTO``; empty where a supplier declined
    it. None where nothing has changed for it."""
    row = session.get_one(StoreReturn, store_return_id)
    if row.shopper_return_id is None or row.closed:
        return None
    asked = session.get_one(ShopperReturn, row.shopper_return_id)
    if asked.state == REFUSED:
        return None if row.told else ("decline", asked.answer)
    made = _returns_of(session, row.shopper_return_id)
    if asked.state != GRANTED or not made:
        return None
    if row.told == "declined":
        return None
    if row.told is None:
        if any(one.state not in VOID and one.state != REQUESTED for one in made):
            return "approve", ""
        if all(one.state in VOID for one in made):
            # What a supplier says of it is for the retailer.
            return "decline", next((NO_PHOTO for one in made if one.answer == NO_PHOTO), "")
        return None
    return ("close", "") if all(one.state in ENDED or one.state == CREDITED for one in made) else None


def note_answered(session: Session, store_return_id: UUID, answer: Answer) -> None:
    """The store was told."""
    row = session.scalars(select(StoreReturn).where(StoreReturn.id == store_return_id).with_for_update()).one()
    order = session.get_one(Order, row.order_id)
    if answer == "close":
        row.closed = True
    else:
        row.told = "approved" if answer == "approve" else "declined"
    orders.tell(session, order, _TOLD[answer], name=row.name)


def note_not_answered(session: Session, store_return_id: UUID, reason: str) -> None:
    """The store did not take the answer: its retailer gives it there."""
    row = session.scalars(select(StoreReturn).where(StoreReturn.id == store_return_id).with_for_update()).one()
    order = session.get_one(Order, row.order_id)
    notify(
        session,
        row.retailer_id,
        kind="return",
        severity="info",
        title=f"Your store did not take the answer to return {row.name}",
        body=f"Answer it in your store. It says: {cut(reason, 300)}",
        link=f"/app/orders/{order.id}",
        dedupe=f"store_return:{row.id}",
    )


def _follow(session: Session, row: StoreReturn, told: ReturnInStore) -> str:
    """The store's own people answered it, or called it off."""
    asked = None
    if row.shopper_return_id is not None:
        asked = session.scalars(
            select(ShopperReturn)
            .where(ShopperReturn.id == row.shopper_return_id)
            .options(selectinload(ShopperReturn.lines), selectinload(ShopperReturn.files))
        ).one()
    if told.state == "open":
        row.told = "approved"
        if asked is not None and asked.state == WAITING:
            become_returns(session, asked, by=_BY_STORE)
            return "approved in the store"
    elif told.state in ("declined", "cancelled"):
        row.told, row.closed = row.told or "declined", True
        if asked is not None and asked.state == WAITING:
            decided(session, asked, REFUSED, by=_BY_STORE)
            return "declined in the store"
        called_off = 0
        for one in _returns_of(session, row.shopper_return_id):
            if may_move(one.state, CANCELLED):
                move(session, locked(session, one.id, None).row, CANCELLED, by=RETAILER)
                called_off += 1
        if called_off:
            return "called off in the store"
    elif told.state == "closed":
        row.closed = True
    return "known"


def _lines(session: Session, order: Order, told: ReturnInStore) -> dict[tuple[UUID, str], int] | None:
    """Purchase order's lines and reasons → units that may come back; None where no line of it is ours."""
    free: dict[UUID, int] = {}
    for one in session.scalars(select(Order.id).where(of_family(order.id))):
        free |= free_units(session, one)
    ours = session.execute(
        select(OrderLine.external_line_id, PurchaseOrderLine)
        .join(PurchaseOrderLine, PurchaseOrderLine.order_line_id == OrderLine.id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(of_family(order.id))
        .order_by(PurchaseOrderLine.id)
    ).all()
    known = {external for external, _ in ours}
    if not any(line.external_line_id in known for line in told.lines):
        return None
    found: defaultdict[tuple[UUID, str], int] = defaultdict(int)
    for line in told.lines:
        left: dict[int, int] = {}
        for external, row in ours:
            if external != line.external_line_id:
                continue
            # Each component of a bundle comes back, of whichever supplier sent it.
            want = left.setdefault(row.component, line.units * row.per_unit)
            taken = min(want, free.get(row.id, 0))
            if taken:
                found[row.id, line.reason] += taken
                free[row.id] -= taken
                left[row.component] -= taken
    return dict(found)


def _ask(session: Session, order: Order, told: ReturnInStore, wanted: Mapping[tuple[UUID, str], int]) -> ShopperReturn:
    """One line of ours has one reason: the one of most of its units."""
    units: defaultdict[UUID, int] = defaultdict(int)
    reasons: dict[UUID, tuple[int, str]] = {}
    for (line_id, reason), count in wanted.items():
        units[line_id] += count
        reasons[line_id] = max(reasons.get(line_id, (0, reason)), (count, reason))
    note = cut("\n".join(dict.fromkeys(line.note for line in told.lines if line.note)), LONGEST_NOTE)
    asked = {line_id: Wanted(count, reasons[line_id][1]) for line_id, count in units.items()}
    row = keep_wish(session, order, asked, note=note)
    orders.tell(session, order, "return.store_asked", name=told.name, units=sum(units.values()))
    pass_on(session, row, granted_by=_BY_STORE if told.state == "open" else None)
    return row


def _returns_of(session: Session, shopper_return_id: UUID | None) -> list[Return]:
    if shopper_return_id is None:
        return []
    ids = select(ShopperReturnLine.return_id).where(ShopperReturnLine.shopper_return_id == shopper_return_id)
    return list(session.scalars(select(Return).where(Return.id.in_(ids)).order_by(Return.id)))


def _not_returnable(session: Session, order: Order, row: StoreReturn) -> None:
    orders.tell(session, order, "return.store_not_returnable", name=row.name)
    notify(
        session,
        order.retailer_id,
        kind="return",
        severity="info",
        title=f"A return of {order.external_name} was asked for in your store that no supplier takes",
        body="It has not arrived, its time is over, or it comes back already. Answer it in your store.",
        link=f"/app/orders/{order.id}",
        dedupe=f"store_return:{row.id}",
    )
