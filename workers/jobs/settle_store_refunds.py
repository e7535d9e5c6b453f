"""Units will not come, a choice was carried out, or a return was credited: the store is asked to refund its customer,
where its retailer chose that or has it done by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from app.orders.events import UnitsCancelled
from app.orders.models import Order
from app.purchasing.events import DecisionMade
from app.purchasing.models import OrderDecision
from app.returns.events import ReturnMoved
from app.returns.models import Return
from app.returns.rules import CREDITED
from app.store_refunds import service
from app.stores.models import Store
from workers.job import Run, job


def _to_refund(session: Session, payloads: Sequence[Mapping[str, Any]]) -> Callable[[Mapping[str, Any]], bool]:
    """Orders of stores that refund by themselves, or for which somebody chose it."""
    orders = {UUID(payload["order_id"]) for payload in payloads if payload.get("order_id")}
    returns = {UUID(one["return_id"]) for one in payloads if one.get("return_id") and one.get("state") == CREDITED}
    chosen = exists().where(OrderDecision.order_id == Order.id, OrderDecision.refund_customer.is_(True))
    own = select(Order.id).join(Store, Store.id == Order.store_id)
    wanted = {
        str(one) for one in session.scalars(own.where(Order.id.in_(orders), or_(Store.refunds_customers, chosen)))
    }
    wanted |= {
        str(one)
        for one in session.scalars(
            select(Return.id)
            .join(Order, Order.id == Return.order_id)
            .join(Store, Store.id == Order.store_id)
            .where(Return.id.in_(returns), Store.refunds_customers)
        )
    }
    return lambda payload: (
        payload.get("order_id") in wanted or (payload.get("return_id") in wanted and payload.get("state") == CREDITED)
    )


@job(queue="quick", on=(UnitsCancelled, DecisionMade, ReturnMoved), wanted=_to_refund)
def settle_store_refunds(run: Run, event: UnitsCancelled | DecisionMade | ReturnMoved) -> None:
    """See the module."""
    with run.closing() as session:
        if isinstance(event, ReturnMoved):
            service.settle_return(session, event.return_id)
        else:
            service.settle_order(session, event.order_id)
