"""Whether all orders ended as they must: at an end that is explained, with stock, money and the shop of one mind, and
with nobody left waiting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import selectinload

from app import db
from app.fulfillment.models import Shipment
from app.fulfillment.rules import VOIDED
from app.inventory.models import InventoryLevel, Reservation
from app.ledger.models import Posting
from app.orders.models import Order, OrderHold, OrderLine, TimelineEntry
from app.outbox.models import Task, TaskState
from app.purchasing.models import ChangeRequest, OrderDecision, PurchaseOrder, PurchaseOrderLine, Transmission
from app.returns.models import CreditMemo, Return
from app.store_refunds.models import StoreRefund
from app.stores.models import Store
from benchmarks.order_day import standing
from benchmarks.order_day.shop import Shop
from demo.installation import SHOP
from tests.simulators.shopify.gid import split_gid

#: What an order's story says where units do not come.
_EXPLAINED = (
    "order.cancelled_in_store", "order.edited_in_store", "order.line_cancelled", "change.granted",
    "decision.chosen_refund", "decision.chosen_substitute",
)  # fmt: skip
#: The shop is asked about so many orders.
_COMPARED = 500


def check(shop: Shop) -> dict[str, int]:
    """Raises ``RuntimeError`` with all that is wrong. Returns how many orders ended how, and adds to the tally what
    Crossdock has written down of their troubles."""
    silent = shop.silent()
    with db.system_scope(actor="bench"), db.transaction() as session:
        wrong: dict[str, Any] = {**_units(session, silent), **_stock(session, silent), **_money(session)}
        wrong["dead tasks"] = session.execute(select(Task.job, Task.key).where(Task.state == TaskState.DEAD)).all()[:10]
        wrong["shops that were lost"] = session.scalars(select(Store.url).where(Store.status != "connected")).all()
        shop.tally.add(*_written(session))
    wrong["orders that are not at an end"] = standing.unfinished(silent, shop.retailer.unwanted)[:10]
    wrong["what somebody waits for"] = list(_stuck(shop, silent))[:10]
    wrong["parcels that the shop has otherwise"] = list(_in_shop(shop))[:10]
    if any(wrong.values()):
        raise RuntimeError(f"the day went wrong: { ({what: found for what, found in wrong.items() if found}) }")
    shop.story.check_books()
    return standing.ends()


def _units(session: Any, silent: Collection[UUID]) -> dict[str, Any]:
    """What was ordered was delivered or cancelled, and what was cancelled has a reason in the order's story."""
    line = PurchaseOrderLine
    left = select(PurchaseOrder.number).join(line).where(PurchaseOrder.id.not_in(silent))
    explained = exists().where(TimelineEntry.order_id == Order.id, TimelineEntry.message.in_(_EXPLAINED))
    unexplained = (
        select(Order.external_name).join(OrderLine).where(OrderLine.cancelled > 0, ~explained).distinct().limit(10)
    )
    return {
        "units that are neither delivered nor cancelled": session.scalars(
            left.where(line.quantity != line.delivered + line.cancelled).distinct().limit(10)
        ).all(),
        "units that left twice or not at all": session.scalars(
            left.where(or_(line.shipped != line.delivered, line.shipped > line.quantity)).distinct().limit(10)
        ).all(),
        "orders of which units do not come for no reason": session.scalars(unexplained).all(),
        "holds that nothing ended": session.execute(
            select(OrderHold.order_id, OrderHold.reason).where(OrderHold.released_at.is_(None)).limit(10)
        ).all(),
    }


def _stock(session: Any, silent: Collection[UUID]) -> dict[str, Any]:
    """No units are set aside but those of silent suppliers, and levels say the same as reservations."""
    waiting = select(PurchaseOrderLine.order_line_id).where(PurchaseOrderLine.purchase_order_id.in_(silent))
    is_open = Reservation.state.in_(("HELD", "COMMITTED"))
    open_units = func.sum(Reservation.quantity - Reservation.consumed - Reservation.released)
    held = session.scalar(select(open_units).where(is_open))
    reserved = session.scalar(select(func.sum(InventoryLevel.reserved)))
    return {
        "units set aside for nobody": session.scalar(
            select(func.count()).select_from(Reservation).where(is_open, Reservation.order_line_id.not_in(waiting))
        ),
        "reservations that levels do not know": (held or 0) - (reserved or 0),
    }


def _money(session: Any) -> dict[str, Any]:
    """The ledger balances, and what is credited went back to the card."""
    return {
        "journal entries that do not balance": session.execute(
            select(Posting.entry_id).group_by(Posting.entry_id, Posting.currency).having(func.sum(Posting.amount) != 0)
        ).all()[:10],
        "credit memos that were not refunded": session.scalars(
            select(CreditMemo.number).where(CreditMemo.refunded_at.is_(None)).limit(10)
        ).all(),
    }


def _written(session: Any) -> Iterator[str]:
    """What Crossdock has written down, once for each."""
    columns: Mapping[str, Any] = {
        "held: ": OrderHold.reason,
        "decision: ": OrderDecision.kind + " " + OrderDecision.state,
        "change request: ": ChangeRequest.kind + " " + ChangeRequest.state,
        "return: ": Return.state,
        "refund in the shop: ": StoreRefund.state,
        "told by ": Transmission.channel + " " + Transmission.state,
    }
    for what, column in columns.items():
        for value, count in session.execute(select(column, func.count()).group_by(column)):
            yield from [f"Crossdock: {what}{value}"] * count


def _stuck(shop: Shop, silent: Collection[UUID]) -> Iterator[str]:
    """What retailer and suppliers find in their inboxes of stuck things, but for what is silent."""
    for desk, path in (
        (shop.retailer, "/api/exceptions"),
        *((one, "/api/supplier/exceptions") for one in shop.suppliers),
    ):
        for one in desk.pages(path):
            if one["purchase_order_id"] is None or UUID(one["purchase_order_id"]) not in silent:
                yield f"{path}: {one['kind']} {one['reason']} of order {one['order_id']}"


def _in_shop(shop: Shop) -> Iterator[str]:
    """Each parcel is in the shop once, with its units."""
    with db.system_scope(actor="bench"), db.transaction() as session:
        rows = session.execute(
            select(Order.external_id, Shipment)
            .join(Order, Order.id == Shipment.order_id)
            .options(selectinload(Shipment.lines))
            .where(
                Order.id.in_(select(Order.id).order_by(Order.id).limit(_COMPARED)), Shipment.shipment_status != VOIDED
            )
        ).all()
        sent: dict[str, Counter[str]] = {}
        for external_id, shipment in rows:
            units = sum(line.quantity for line in shipment.lines)
            sent.setdefault(external_id, Counter())[shipment.tracking_number] += units
    for external_id, parcels in sent.items():
        shown: Counter[str] = Counter()
        for one in shop.story.control.order(SHOP, split_gid(external_id)[1])["fulfillments"]:
            if one["status"] == "SUCCESS":
                shown[str(one["tracking"][0]["number"])] += sum(line["quantity"] for line in one["lines"])
        if shown != parcels:
            yield f"{external_id}: sent {dict(parcels)}, in the shop {dict(shown)}"
