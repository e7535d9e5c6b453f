"""Refunds in stores as their retailer's pages show them: whether the store can be asked, and what is to be refunded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from app.adapters import registries
from app.kit import clock
from app.kit.money import Money
from app.orders.models import Order, OrderLine
from app.returns.models import Return
from app.store_refunds import queries
from app.store_refunds.models import StoreRefund
from app.store_refunds.rules import ADVICE, BY_HAND, OFFERED_AT, Way, may_ask_again, may_move
from app.stores.models import Store
from app.web.ui.rendering import gettext


@dataclass(frozen=True, slots=True)
class Owed:
    """Units for which the store's customer should have its money back, what they are worth, and the return that brought
    them back, if one did."""

    units: Mapping[OrderLine, int]
    worth: Money | None
    return_id: UUID | None
    number: str


def way_of(session: Session, store: Store | None) -> Way:
    """How a store is asked."""
    return Way.NONE if store is None else queries.way_of(session, store, registries.stores.get(store.platform))


def owed_of(session: Session, order: Order, back: Sequence[Return]) -> list[Owed]:
    """What of an order should be refunded in its store and is not."""
    if queries.store_of(session, order) is None:
        return []
    found = []
    units = queries.owed(session, order.id)
    if units:
        found.append(Owed(units, queries.worth(order, units), None, ""))
    for one in back:
        returned = queries.owed_for_return(session, one.id)
        if returned:
            found.append(Owed(returned, queries.worth(order, returned), one.id, one.number))
    return found


@dataclass(frozen=True, slots=True)
class ShownRefund:
    """A refund that a store was asked for: why it refused, in a sentence, and what its retailer can do about it."""

    row: StoreRefund
    refusal: str
    can_ask_again: bool
    can_note: bool


def refunds_of(session: Session, order: Order, store: Store | None) -> list[ShownRefund]:
    """An order's, the oldest first."""
    askable = way_of(session, store) in (Way.STORE, Way.SYSTEM)
    return [
        ShownRefund(
            row,
            _refusal_of(row),
            can_ask_again=askable and may_ask_again(row.state, row.updated_at, clock.now()),
            can_note=may_move(row.state, BY_HAND),
        )
        for row in queries.of_order(session, order.id)
    ]


def may_be_refunded(session: Session, order: Order, store: Store | None) -> bool:
    """Whether its customer can be given money back although nothing is owed."""
    if store is None or order.status not in OFFERED_AT:
        return False
    return any(facts.refundable for facts in queries.lines_of(session, order.id).values())


def _refusal_of(row: StoreRefund) -> str:
    words = ADVICE.get(row.refusal or "")
    return gettext(words) if words is not None else row.refusal_text
