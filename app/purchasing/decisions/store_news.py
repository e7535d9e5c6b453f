"""What a store's people are to be told about units that do not come as ordered, and what they were told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalog.models import SupplierProduct, SupplierVariant
from app.catalog.rules import variant_title
from app.kit import clock
from app.kit.errors import NotFound
from app.kit.texts import cut
from app.orders import service as orders
from app.orders.family import as_in_store
from app.orders.models import Order, OrderLine
from app.outbox.service import emit
from app.purchasing.decisions import queries
from app.purchasing.decisions.rules import COMES, REPLACED, WAITS, store_news
from app.purchasing.decisions.service import last_day, locked
from app.purchasing.events import StoreNoteWanted
from app.purchasing.models import OrderDecision
from app.stores import queries as stores
from app.stores.parcels import LONGEST_NOTE, OrderNote

#: Titles are cut so that a note with two of them fits.
_LONGEST_TITLE = 80


@dataclass(frozen=True, slots=True)
class News:
    """A note for the store about one decision; ``what``: by which it is known that the store was told; ``since``: when
    it came to be so."""

    decision_id: UUID
    what: str
    since: datetime
    note: OrderNote


def of_order(session: Session, order: Order) -> list[News]:
    """What the store of an order does not know yet, the oldest first; nothing where nobody bought it in a store."""
    if order.kind != "order" or order.store_id is None:
        return []
    found = []
    for one in queries.of_order(session, order.id):
        until = None if one.wait_until is None else last_day(session, order, one.wait_until)
        what = store_news(one.state, one.choice, until, one.store_told)
        if what is not None and what != one.store_refused:
            found.append(News(one.id, what, one.updated_at, _note(session, order, one, what)))
    return found


def note_told(session: Session, order_id: UUID, news: News) -> None:
    """The store knows it."""
    order = orders.locked(session, order_id)
    row = locked(session, None, order_id, news.decision_id)
    if row.store_told != news.what:
        row.store_told, row.store_told_at = news.what, clock.now()
        _forget_refusal(row)
        orders.tell(session, order, "store.noted", text=news.note.text)


def note_not_told(session: Session, order_id: UUID, news: News, reason: str) -> None:
    """The store does not take it; nothing tries again by itself, and its retailer sees it among what is stuck."""
    order = orders.locked(session, order_id)
    row = locked(session, None, order_id, news.decision_id)
    if news.what not in (row.store_told, row.store_refused):
        row.store_refused, row.store_refused_at, row.store_refusal = news.what, clock.now(), reason
        orders.tell(session, order, "store.not_noted", text=news.note.text, reason=reason)


def tell_again(session: Session, retailer_id: UUID, order_id: UUID, decision_id: UUID) -> None:
    """The store is told once more what it did not take. Twice is once. Raises ``NotFound``."""
    row = _of_retailer(session, retailer_id, order_id, decision_id)
    if row.store_refused is None:
        return
    _forget_refusal(row)
    emit(session, StoreNoteWanted(decision_id=row.id, order_id=row.order_id, retailer_id=row.retailer_id))


def note_told_by_hand(session: Session, retailer_id: UUID, order_id: UUID, decision_id: UUID) -> None:
    """The store's people know by another way what it did not take. Twice is once. Raises ``NotFound``."""
    row = _of_retailer(session, retailer_id, order_id, decision_id)
    if row.store_refused is None:
        return
    row.store_told, row.store_told_at = row.store_refused, clock.now()
    _forget_refusal(row)
    orders.tell(session, session.get_one(Order, row.order_id), "store.told_by_hand")


def _of_retailer(session: Session, retailer_id: UUID, order_id: UUID, decision_id: UUID) -> OrderDecision:
    if orders.locked(session, order_id).retailer_id != retailer_id:
        raise NotFound("decision")
    return locked(session, retailer_id, order_id, decision_id)


def _forget_refusal(row: OrderDecision) -> None:
    row.store_refused = row.store_refused_at = row.store_refusal = None


def substitutes(session: Session, decisions: Iterable[OrderDecision]) -> Mapping[UUID, tuple[str, str]]:
    """Title and SKU of what is sent instead, by variant."""
    named = {one.substitute_id for one in decisions if one.substitute_id is not None}
    if not named:
        return {}
    found = session.execute(
        select(SupplierVariant.id, SupplierProduct.title, SupplierVariant.options, SupplierVariant.sku)
        .join(SupplierProduct, SupplierProduct.id == SupplierVariant.product_id)
        .where(SupplierVariant.id.in_(named))
    )
    return {row.id: (variant_title(row.title, row.options), row.sku) for row in found}


def substitute_title(session: Session, decision: OrderDecision) -> tuple[str, str]:
    """Title and SKU of what is sent instead."""
    assert decision.substitute_id is not None
    return substitutes(session, [decision])[decision.substitute_id]


def order_units(decision: OrderDecision) -> int:
    """Units of the order's line that a decision is about."""
    return -(-decision.units // decision.per_unit)


def _note(session: Session, order: Order, decision: OrderDecision, what: str) -> OrderNote:
    line = session.get_one(OrderLine, decision.order_line_id)
    place = None
    if order.store_id is not None and line.variant_id is not None:
        listed_from = session.scalar(select(SupplierVariant.supplier_id).where(SupplierVariant.id == line.variant_id))
        place = stores.locations(session, order.store_id).get(listed_from) if listed_from else None
    return OrderNote(
        key=f"{decision.id}:{what}",
        external_order_id=as_in_store(session, order).external_id,
        location_id=place.location_id if place else None,
        text=cut(_text(session, decision, line, what), LONGEST_NOTE),
    )


def _text(session: Session, decision: OrderDecision, line: OrderLine, what: str) -> str:
    of = f"{order_units(decision)} × {_cut(line.title)}"
    if queries.bundles(session, [line.id]):
        of = f"a part of {of}"
    kind, _, day = what.partition(":")
    if kind == WAITS:
        return f"Waiting for stock, until {date.fromisoformat(day):%d %b %Y} at the latest: {of}."
    if kind == REPLACED:
        title, sku = substitute_title(session, decision)
        return f"{_cut(title)} (SKU {_cut(sku)}) is sent instead of {of}."
    return f"Waiting no longer, a supplier sends it: {of}." if kind == COMES else f"Not delivered: {of}."


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_TITLE else f"{text[: _LONGEST_TITLE - 1]}…"
