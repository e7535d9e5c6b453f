"""Asking a store to give money back to its customer: when a retailer says so, or by itself where it wants that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.audit import service as audit
from app.db import current_scope
from app.kit import clock
from app.kit.errors import Conflict, FieldError, Invalid, NotFound
from app.kit.ids import new_id
from app.kit.money import Money
from app.orders import service as orders
from app.orders.family import as_in_store
from app.orders.models import Order, OrderLine
from app.orders.rules import CANCELLED
from app.outbox.service import emit
from app.purchasing.decisions.rules import DONE, REFUND
from app.purchasing.models import OrderDecision
from app.returns.models import Return
from app.store_refunds import queries
from app.store_refunds.events import StoreRefundAsked
from app.store_refunds.models import StoreRefund, StoreRefundLine
from app.store_refunds.paid import most
from app.store_refunds.rules import ASKED, BY_HAND, is_overdue, may_move
from app.stores.money_back import RefundWish

#: What stands in the store's note of the refund, before our reference.
_NOTE = "Crossdock: these items are not delivered"
_NOTE_RETURNED = "Crossdock: these items were returned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a store is to be asked for: whose it is, and the wish."""

    store_id: UUID
    wish: RefundWish


def ask(
    session: Session,
    retailer_id: UUID,
    order_id: UUID,
    units: Mapping[UUID, int],
    *,
    amount: int | None = None,
    shipping: bool = False,
    notify: bool = True,
    return_id: UUID | None = None,
    by_hand: bool = False,
    once: UUID | None = None,
) -> StoreRefund:
    """A retailer wants its store to refund units of order lines. ``amount``: in minor units of the order's currency,
    None for what the store works out; no more than was paid, as far as that is known. ``by_hand``: it has done so
    itself, and only says it. ``once``: the same again is the first one. Raises ``NotFound``, ``Invalid``, and
    ``Conflict`` (``not_refundable``) where these units are refunded already."""
    order = orders.locked(session, order_id)
    if order.retailer_id != retailer_id:
        raise NotFound("order")
    cause = f"asked:{once or new_id()}"
    known = session.scalar(select(StoreRefund.id).where(StoreRefund.order_id == order_id, StoreRefund.cause == cause))
    if known is not None:
        return locked(session, retailer_id, known)
    facts = {line.id: (line, one) for line, one in queries.lines_of(session, order_id).items()}
    if any(line_id not in facts for line_id in units):
        raise NotFound("order line")
    if queries.store_of(session, order) is None:
        raise Conflict("Nobody has paid for this order in a store of yours.", code="no_store")
    wanted = {line_id: count for line_id, count in units.items() if count}
    if not wanted:
        raise Invalid.field("lines", "required", "Say how many units of a line to refund.")
    if amount is not None and amount <= 0:
        raise Invalid.field("amount", "out_of_range", "An amount above zero, or none for what your store works out.")
    if return_id is not None:
        _check_return(session, order, return_id, wanted)
    wrong = [
        FieldError(f"lines[{place}].quantity", "not_refundable", f"{max(0, facts[line_id][1].refundable)} can be.")
        for place, (line_id, count) in enumerate(wanted.items())
        if not 0 < count <= facts[line_id][1].refundable
    ]
    if wrong:
        raise Conflict("More is asked for than can be refunded.", code="not_refundable", errors=wrong)
    if amount is not None:
        limit = most(session, order, {facts[one][0]: count for one, count in wanted.items()}, delivery=shipping)
        # The price of one unit is rounded: several may have cost a little more.
        if limit is not None and amount > limit.minor + sum(wanted.values()) // 2:
            raise Invalid.field("amount", "too_much", _too_much(limit, shipping=shipping))
    return _begin(
        session,
        order,
        {facts[line_id][0]: count for line_id, count in wanted.items()},
        cause=cause,
        amount=amount,
        shipping=shipping,
        notify=notify,
        return_id=return_id,
        state=BY_HAND if by_hand else ASKED,
    )


def settle_order(session: Session, order_id: UUID) -> None:
    """Ask for what a retailer chose to have refunded when it decided about units, and, where its store is to do so by
    itself, for all that will not come. Looks at how things stand: twice is once."""
    order = orders.locked(session, order_id)
    store = queries.store_of(session, order)
    if store is None:
        return
    left = queries.owed(session, order_id)
    for one in _chosen(session, order):
        line = next((line for line in left if line.id == one.order_line_id), None)
        units = 0 if line is None else min(left[line], -(-one.units // one.per_unit))
        if line is not None and units:
            _begin(session, order, {line: units}, cause=f"decision:{one.id}")
            left = queries.owed(session, order_id)
    kept = {
        one.order_line_id
        for one in session.scalars(
            select(OrderDecision).where(OrderDecision.order_id == order_id, OrderDecision.refund_customer.is_(False))
        )
    }
    rest = {line: units for line, units in left.items() if line.id not in kept}
    if rest and store.refunds_customers:
        _begin(session, order, rest, cause=f"order:{new_id()}")


def settle_return(session: Session, return_id: UUID) -> None:
    """A return is credited: where the store is to refund its customers by itself, it is asked."""
    row = session.get_one(Return, return_id)
    order = orders.locked(session, row.order_id)
    store = queries.store_of(session, order)
    if store is None or not store.refunds_customers:
        return
    units = queries.owed_for_return(session, return_id)
    if units:
        _begin(session, order, units, cause=f"return:{return_id}", return_id=return_id)


def ask_again(session: Session, retailer_id: UUID, store_refund_id: UUID) -> StoreRefund:
    """The store refused, or has not answered in time; it is asked anew. Asked twice in a row it is once. Raises
    ``NotFound`` and ``Conflict``."""
    row, now = locked(session, retailer_id, store_refund_id), clock.now()
    if row.state == ASKED:
        if not is_overdue(row.state, row.updated_at, now):
            return row
        # What became of the last call is not known: its key stays, and the work that the store is at, so that it makes
        # nothing twice.
        row.stuck = row.pending
    elif may_move(row.state, ASKED):
        row.tries += 1
        row.pending = None
    else:
        raise Conflict("It is refunded already.", code="move_not_allowed")
    row.state, row.refusal, row.refusal_text = ASKED, None, ""
    row.updated_at = now
    audit.record(session, retailer_id, "store_refunds.asked_again", "store_refund", row.id)
    _tell_of_wish(session, orders.locked(session, row.order_id), row)
    return row


def wish_of(session: Session, store_refund_id: UUID) -> Asked | None:
    """What the store is to be asked; None where there is nothing to ask any more."""
    row = session.scalar(
        select(StoreRefund).where(StoreRefund.id == store_refund_id).options(selectinload(StoreRefund.lines))
    )
    if row is None or row.state != ASKED:
        return None
    order = as_in_store(session, session.get_one(Order, row.order_id))
    return Asked(
        store_id=row.store_id,
        wish=RefundWish(
            reference=row.reference,
            key=f"{row.id}:{row.tries}",
            external_order_id=order.external_id,
            units=units_of(session, row),
            shipping=row.shipping,
            amount=None if row.amount is None else Money(row.amount, order.currency),
            note=_NOTE_RETURNED if row.return_id is not None else _NOTE,
            notify=row.notify,
            whole=row.whole,
            pending=row.pending,
            stuck=row.pending is not None and row.pending == row.stuck,
        ),
    )


def wish_for(session: Session, order: Order, units: Mapping[OrderLine, int], *, returned: bool) -> RefundWish:
    """What the store could be asked for these units, to hear what it would give back."""
    return RefundWish(
        reference="",
        key="",
        external_order_id=as_in_store(session, order).external_id,
        units=_store_units(units),
        shipping=False,
        amount=None,
        note="",
        notify=False,
        whole=not returned and order.status == CANCELLED,
    )


def _store_units(units: Mapping[OrderLine, int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for line, count in units.items():
        store_line = line.external_line_id or ""
        found[store_line] = found.get(store_line, 0) + count
    return found


def locked(session: Session, retailer_id: UUID | None, store_refund_id: UUID) -> StoreRefund:
    """A refund as it is now; its order is locked first. Raises ``NotFound``."""
    query = select(StoreRefund.order_id).where(StoreRefund.id == store_refund_id)
    if retailer_id is not None:
        query = query.where(StoreRefund.retailer_id == retailer_id)
    order_id = session.scalar(query)
    if order_id is None:
        raise NotFound("refund")
    orders.locked(session, order_id)
    return session.scalars(
        select(StoreRefund)
        .where(StoreRefund.id == store_refund_id)
        .with_for_update()
        .options(selectinload(StoreRefund.lines))
        .execution_options(populate_existing=True)
    ).one()


def units_of(session: Session, row: StoreRefund) -> dict[str, int]:
    """A refund's units by the store's line ids."""
    return _store_units({session.get_one(OrderLine, line.order_line_id): line.units for line in row.lines})


def _chosen(session: Session, order: Order) -> list[OrderDecision]:
    """Decisions that were carried out and whose customer is to be refunded, as far as no refund is there for them."""
    known = set(session.scalars(select(StoreRefund.cause).where(StoreRefund.order_id == order.id)))
    found = session.scalars(
        select(OrderDecision)
        .where(
            OrderDecision.order_id == order.id,
            OrderDecision.choice == REFUND,
            OrderDecision.state == DONE,
            OrderDecision.refund_customer.is_(True),
        )
        .order_by(OrderDecision.id)
    )
    return [one for one in found if f"decision:{one.id}" not in known]


def _check_return(session: Session, order: Order, return_id: UUID, wanted: Mapping[UUID, int]) -> None:
    row = session.get(Return, return_id)
    if row is None or row.order_id != order.id:
        raise NotFound("return")
    left = {line.id: units for line, units in queries.owed_for_return(session, return_id).items()}
    if any(count > left.get(line_id, 0) for line_id, count in wanted.items()):
        raise Conflict("More is asked for than was credited and not refunded yet.", code="not_refundable")


def _too_much(limit: Money, *, shipping: bool) -> str:
    if not limit.minor:
        return "Nothing is left of what your customer paid: it was refunded already."
    of_what = "these units and the delivery" if shipping else "these units"
    return f"At most {limit} can be refunded for {of_what}: that is left of what your customer paid."


def _begin(
    session: Session,
    order: Order,
    units: Mapping[OrderLine, int],
    *,
    cause: str,
    amount: int | None = None,
    shipping: bool = False,
    notify: bool = True,
    return_id: UUID | None = None,
    state: str = ASKED,
) -> StoreRefund:
    facts, now = queries.lines_of(session, order.id), clock.now()
    row = StoreRefund(
        id=new_id(),
        retailer_id=order.retailer_id,
        store_id=order.store_id,
        order_id=order.id,
        cause=cause,
        return_id=return_id,
        state=state,
        shipping=shipping,
        notify=notify,
        amount=amount,
        whole=return_id is None and order.status == CANCELLED and amount is None,
        tries=0,
        refusal_text="",
        asked_by=current_scope().actor,
        created_at=now,
        updated_at=now,
    )
    session.add(row)
    session.flush()
    session.add_all(
        StoreRefundLine(
            store_refund_id=row.id,
            order_line_id=line.id,
            retailer_id=order.retailer_id,
            units=count,
            owed=0 if return_id is not None else min(count, facts[line].owed),
        )
        for line, count in units.items()
    )
    session.flush()
    session.refresh(row, ["lines"])
    audit.record(session, order.retailer_id, f"store_refunds.{state.lower()}", "store_refund", row.id)
    if state == BY_HAND:
        orders.tell(session, order, "store.refund_by_hand", units=sum(units.values()))
    else:
        _tell_of_wish(session, order, row)
    return row


def _tell_of_wish(session: Session, order: Order, row: StoreRefund) -> None:
    orders.tell(session, order, "store.refund_asked", units=sum(line.units for line in row.lines))
    session.flush()
    emit(
        session,
        StoreRefundAsked(store_refund_id=row.id, order_id=order.id, retailer_id=row.retailer_id, again=row.tries),
    )
