"""What a store's customer asked to send back is decided or settled: the store is told, which tells its customer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.adapters import registries
from app.documents.customer_letters import CustomerLetters
from app.kit.crash import crash_point
from app.kit.errors import Rejected
from app.orders.models import Order
from app.returns.events import ReturnMoved, ShopperReturnDecided
from app.returns.models import ShopperReturnLine, StoreReturn
from app.returns.rules import NO_PHOTO
from app.returns.service import from_store
from app.stores import queries as stores
from app.stores.models import Store
from app.stores.service import access
from workers.job import Run, job

#: A return takes at most two answers: approved or declined, then closed.
_ANSWERS = 2


def _of_stores(session: Session, payloads: Sequence[Mapping[str, Any]]) -> Callable[[Mapping[str, Any]], bool]:
    """Those that stand in a store."""
    asked = {UUID(one["shopper_return_id"]) for one in payloads if one.get("shopper_return_id")}
    returns = {UUID(one["return_id"]) for one in payloads if one.get("return_id")}
    found = session.execute(
        select(StoreReturn.shopper_return_id, ShopperReturnLine.return_id)
        .join(ShopperReturnLine, ShopperReturnLine.shopper_return_id == StoreReturn.shopper_return_id)
        .where(or_(StoreReturn.shopper_return_id.in_(asked), ShopperReturnLine.return_id.in_(returns)))
    )
    known = {str(one) for row in found for one in row}
    return lambda payload: payload.get("shopper_return_id") in known or payload.get("return_id") in known


@job(queue="stores", on=(ShopperReturnDecided, ReturnMoved), timeout=60, max_attempts=40, wanted=_of_stores)
def answer_store_return(run: Run, event: ShopperReturnDecided | ReturnMoved) -> None:
    """See the module. What the store has answered already it is not told again."""
    with run.transaction() as session:
        row = _row(session, event)
        if row is None:
            run.end()
            return
        store = session.get_one(Store, row.store_id)
        platform = registries.stores.get(store.platform)
        if not stores.grants(session, store, platform, "returns"):
            run.end()
            return
        row_id, order_id, external_id = row.id, row.order_id, row.external_id
    for _ in range(_ANSWERS):
        with run.transaction() as session:
            due = from_store.answer_due(session, row_id)
            if due is None:
                return
            answer, words = due
            if words == NO_PHOTO:
                words = CustomerLetters(session, session.get_one(Order, order_id)).photo_missing()
        way_in = access(store.id, platform)
        try:
            if answer == "close":
                platform.close_return(way_in, external_id)
            else:
                platform.answer_return(way_in, external_id, accept=answer == "approve", reason=words)
        except Rejected as error:
            with run.closing() as session:
                from_store.note_not_answered(session, row_id, error.message)
            return
        crash_point("store_return.answered")
        with run.transaction() as session:
            from_store.note_answered(session, row_id, answer)


def _row(session: Session, event: ShopperReturnDecided | ReturnMoved) -> StoreReturn | None:
    if isinstance(event, ShopperReturnDecided):
        return session.scalar(select(StoreReturn).where(StoreReturn.shopper_return_id == event.shopper_return_id))
    return session.scalar(
        select(StoreReturn)
        .join(ShopperReturnLine, ShopperReturnLine.shopper_return_id == StoreReturn.shopper_return_id)
        .where(ShopperReturnLine.return_id == event.return_id)
        .limit(1)
    )
