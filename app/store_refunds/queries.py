"""Reads of refunds in stores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session, selectinload

from app.kit.errors import NotFound
from app.kit.money import Money
from app.orders.family import of_family
from app.orders.models import Order, OrderLine
from app.purchasing.models import PurchaseOrderLine
from app.returns.models import CreditMemo, CreditMemoLine, Return, ReturnLine
from app.store_refunds.models import StoreRefund, StoreRefundLine
from app.store_refunds.rules import REFUSED, LineFacts, Way
from app.stores import queries as stores
from app.stores.models import Store
from app.stores.platform import StorePlatform


def of_order(session: Session, order_id: UUID) -> Sequence[StoreRefund]:
    """An order's refunds, the oldest first."""
    return session.scalars(
        select(StoreRefund)
        .where(StoreRefund.order_id == order_id)
        .order_by(StoreRefund.id)
        .options(selectinload(StoreRefund.lines))
    ).all()


def one_refund(session: Session, retailer_id: UUID, store_refund_id: UUID) -> StoreRefund:
    """One of a retailer's. Raises ``NotFound``."""
    found = session.scalar(
        select(StoreRefund)
        .where(StoreRefund.id == store_refund_id, StoreRefund.retailer_id == retailer_id)
        .options(selectinload(StoreRefund.lines))
    )
    if found is None:
        raise NotFound("refund")
    return found


def store_of(session: Session, order: Order) -> Store | None:
    """The store whose customer paid for the order; None where nobody did, or not yet."""
    if order.kind != "order" or order.store_id is None or order.unpaid is not None:
        return None
    return session.get_one(Store, order.store_id)


def way_of(session: Session, store: Store, platform: StorePlatform) -> Way:
    """How a store of a platform is asked."""
    if "refund_requests" in platform.capabilities:
        return Way.SYSTEM
    if stores.grants(session, store, platform, "refunds"):
        return Way.STORE
    return Way.NOT_PERMITTED if "refunds" in platform.capabilities else Way.NONE


def lines_of(session: Session, order_id: UUID) -> dict[OrderLine, LineFacts]:
    """What is known of each line of an order."""
    settled, units = func.sum(StoreRefundLine.owed), func.sum(StoreRefundLine.units)
    known = {
        line_id: (int(owed), int(all_units))
        for line_id, owed, all_units in session.execute(
            select(StoreRefundLine.order_line_id, settled, units)
            .join(OrderLine, OrderLine.id == StoreRefundLine.order_line_id)
            .where(OrderLine.order_id == order_id)
            .group_by(StoreRefundLine.order_line_id)
        )
    }
    lines = session.scalars(
        select(OrderLine)
        .where(OrderLine.order_id == order_id)
        .order_by(OrderLine.position)
        .execution_options(populate_existing=True)
    )
    found = {}
    for line in lines:
        owed, all_units = known.get(line.id, (0, 0))
        found[line] = LineFacts(
            sold=line.quantity,
            cancelled=line.cancelled,
            gone=0 if line.store_quantity is None else max(0, line.quantity - line.store_quantity),
            settled=owed,
            others=all_units - owed,
        )
    return found


def owed(session: Session, order_id: UUID) -> dict[OrderLine, int]:
    """Units that will not come and for which the store's customer has paid."""
    return {line: facts.owed for line, facts in lines_of(session, order_id).items() if facts.owed}


def given_back(session: Session, order_id: UUID) -> dict[str, int]:
    """Units of an order's lines, by the store's ids, that it counts no more once they are refunded, although they were
    sold and are not to be stopped: those that came back, and those refunded for another reason than that they will not
    come."""
    own = select(Order.id).where(of_family(order_id))
    rows = session.execute(
        select(
            StoreRefundLine.order_line_id,
            StoreRefund.return_id.is_not(None),
            func.sum(StoreRefundLine.units - StoreRefundLine.owed),
        )
        .join(StoreRefund, StoreRefund.id == StoreRefundLine.store_refund_id)
        .where(StoreRefund.order_id.in_(own), StoreRefund.state != REFUSED)
        .group_by(StoreRefundLine.order_line_id, StoreRefund.return_id.is_not(None))
    )
    refunded = {(line_id, returned): int(units) for line_id, returned, units in rows}
    came_back: Counter[UUID] = Counter()
    for one in session.scalars(own):
        came_back.update(_credited(session, one))
    found: Counter[str] = Counter()
    for line in session.scalars(select(OrderLine).where(OrderLine.order_id.in_(own))):
        back = max(refunded.get((line.id, True), 0), came_back[line.id])
        found[line.external_line_id or ""] += back + refunded.get((line.id, False), 0)
    return dict(found)


def owed_for_return(session: Session, return_id: UUID) -> dict[OrderLine, int]:
    """Units of a credited return for which the store's customer has not got its money back, in units of the order. A
    bundle is owed once all of it came back. What the store took away and nothing of ours explains was refunded there
    by hand: it counts for what will not come first, then for what came back. Nothing is owed for what was exchanged."""
    row = session.get_one(Return, return_id)
    if row.exchange_order_id is not None:
        return {}
    order_id = row.order_id
    refunded = {
        (line_id, one): int(units)
        for line_id, one, units in session.execute(
            select(StoreRefundLine.order_line_id, StoreRefund.return_id, func.sum(StoreRefundLine.units))
            .join(StoreRefund, StoreRefund.id == StoreRefundLine.store_refund_id)
            .where(StoreRefund.order_id == order_id, StoreRefund.return_id.is_not(None))
            .group_by(StoreRefundLine.order_line_id, StoreRefund.return_id)
        )
    }
    here, all_in_all = _credited_parts(session, order_id, return_id), _credited(session, order_id)
    found = {}
    for line, facts in lines_of(session, order_id).items():
        if line.id not in here:
            continue
        by_hand = max(0, facts.gone - facts.others - max(facts.settled, facts.cancelled))
        of_line = sum(units for (line_id, _), units in refunded.items() if line_id == line.id)
        left = min(
            max(here[line.id].values()) - refunded.get((line.id, return_id), 0),
            all_in_all.get(line.id, 0) - of_line - by_hand,
            facts.refundable,
        )
        if left > 0:
            found[line] = left
    return found


def _credited(session: Session, order_id: UUID) -> dict[UUID, int]:
    """Order line → whole units of it that came back and are credited."""
    parts = _credited_parts(session, order_id, None)
    components = session.execute(
        select(PurchaseOrderLine.order_line_id, PurchaseOrderLine.component)
        .where(PurchaseOrderLine.order_line_id.in_(list(parts)))
        .distinct()
    )
    found: dict[UUID, int] = {}
    for line_id, component in components:
        units = parts[line_id].get(component, 0)
        found[line_id] = min(found.get(line_id, units), units)
    return found


def _credited_parts(session: Session, order_id: UUID, return_id: UUID | None) -> dict[UUID, dict[int, int]]:
    """Order line → component → units of the order for which it is credited; ``return_id``: in that return."""
    only = CreditMemo.return_id == return_id if return_id is not None else true()
    rows = session.execute(
        select(
            PurchaseOrderLine.order_line_id,
            PurchaseOrderLine.component,
            func.sum(CreditMemoLine.units) / func.min(PurchaseOrderLine.per_unit),
        )
        .join(ReturnLine, ReturnLine.purchase_order_line_id == PurchaseOrderLine.id)
        .join(CreditMemoLine, CreditMemoLine.return_line_id == ReturnLine.id)
        .join(CreditMemo, CreditMemo.id == CreditMemoLine.credit_memo_id)
        .join(OrderLine, OrderLine.id == PurchaseOrderLine.order_line_id)
        .where(OrderLine.order_id == order_id, only)
        .group_by(PurchaseOrderLine.order_line_id, PurchaseOrderLine.component)
    )
    found: dict[UUID, dict[int, int]] = {}
    for line_id, component, units in rows:
        found.setdefault(line_id, {})[component] = int(units)
    return found


def worth(order: Order, units: Mapping[OrderLine, int]) -> Money | None:
    """What the customer paid for units, as far as we were told: after discounts, without taxes and delivery."""
    if not units or any(line.retail_price is None for line in units):
        return None
    return Money(sum((line.retail_price or 0) * count for line, count in units.items()), order.currency)
