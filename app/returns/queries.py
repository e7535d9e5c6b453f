"""Reads of returns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session, selectinload

from app.fulfillment.models import Shipment, ShipmentLine
from app.kit import clock
from app.kit.errors import NotFound
from app.kit.paging import LARGEST_LIMIT, Page, id_after, page_of
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from app.returns.models import Return, ReturnFile, ReturnLine, ReturnSettings, ShopperReturn, ShopperReturnLine
from app.returns.rules import (
    APPROVED,
    CREDITED,
    IN_TRANSIT,
    INSPECTED,
    LABEL_SENT,
    RECEIVED,
    REQUESTED,
    VOID,
    WAITING,
    LineFacts,
    returnable,
)
from app.suppliers import queries as suppliers

#: A view of lists → the states that it shows; a view that is not named here shows all.
VIEWS: Mapping[str, tuple[str, ...]] = {
    "new": (REQUESTED,),
    "coming": (APPROVED, LABEL_SENT, IN_TRANSIT),
    "to_check": (RECEIVED, INSPECTED),
    "open": (REQUESTED, APPROVED, LABEL_SENT, IN_TRANSIT, RECEIVED, INSPECTED, CREDITED),
}
_WHOLE = (selectinload(Return.lines), selectinload(Return.files), selectinload(Return.memo))
#: Days within which goods may come back where their supplier has no terms.
WINDOW_WITHOUT_POLICY = 30
#: What stands for orders without a store where stores are chosen.
WITHOUT_STORE = "none"


def returns_of(
    session: Session,
    organisation_id: UUID,
    *,
    states: Sequence[str] | None = None,
    order_id: UUID | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Return]:
    """Returns of which the organisation is a party, newest first."""
    query = select(Return).where(_party(organisation_id)).options(*_WHOLE)
    if states is not None:
        query = query.where(Return.state.in_(states))
    if order_id is not None:
        query = query.where(Return.order_id == order_id)
    if cursor:
        query = query.where(Return.id < id_after(cursor))
    limit = min(limit, LARGEST_LIMIT)
    rows = session.scalars(query.order_by(Return.id.desc()).limit(limit + 1)).all()
    return page_of(rows, limit, lambda row: [row.id])


def one_return(session: Session, organisation_id: UUID, return_id: UUID) -> Return:
    """A return of which the organisation is a party, with lines, files and credit memo. Raises ``NotFound``."""
    found = session.scalar(select(Return).where(Return.id == return_id, _party(organisation_id)).options(*_WHOLE))
    if found is None:
        raise NotFound("return")
    return found


def counts_by_state(session: Session, organisation_id: UUID) -> dict[str, int]:
    """How many returns an organisation has in each state."""
    rows = session.execute(select(Return.state, func.count()).where(_party(organisation_id)).group_by(Return.state))
    return {state: int(count) for state, count in rows}


def return_file(session: Session, organisation_id: UUID, return_id: UUID, file_id: UUID) -> ReturnFile:
    """A photo or label of a party's return. Raises ``NotFound``."""
    found = session.scalar(
        select(ReturnFile).where(
            ReturnFile.id == file_id,
            ReturnFile.return_id == return_id,
            (ReturnFile.retailer_id == organisation_id) | (ReturnFile.supplier_id == organisation_id),
        )
    )
    if found is None:
        raise NotFound("file")
    return found


def returnable_units(
    session: Session, purchase_orders: Iterable[PurchaseOrder], *, asked_at: datetime | None = None
) -> dict[UUID, int]:
    """Purchase order line → units that may be sent back now, by the supplier's terms of today. The purchase orders'
    lines are loaded. ``asked_at``: when they were asked for, where that was in time and is decided later."""
    now = asked_at or clock.now()
    found: dict[UUID, int] = {}
    for purchase_order in purchase_orders:
        policy = suppliers.return_policy(session, purchase_order.supplier_id)
        window = policy.window_days if policy is not None else WINDOW_WITHOUT_POLICY
        facts = _line_facts(session, purchase_order)
        found |= {line_id: returnable(one, window_days=window, now=now) for line_id, one in facts.items()}
    return found


def due(session: Session, moment: datetime, *, limit: int = 200) -> Sequence[UUID]:
    """Returns whose state ends by itself now. Needs a system scope."""
    return session.scalars(select(Return.id).where(Return.due_at <= moment).order_by(Return.due_at).limit(limit)).all()


@dataclass(frozen=True, slots=True)
class ChosenSettings:
    """How a retailer's customers ask for returns; these hold where it chose nothing."""

    by_shoppers: bool = True
    automatic: bool = False
    photo_reasons: Sequence[str] = ("damaged", "not_as_described", "wrong_item")
    silent_stores: Sequence[str] = ()

    def writes_for(self, store_id: UUID | None) -> bool:
        """Whether customers of a store are written to about returns; None: of orders without a store."""
        return (str(store_id) if store_id is not None else WITHOUT_STORE) not in self.silent_stores


def settings_of(session: Session, retailer_id: UUID) -> ChosenSettings:
    """What a retailer chose."""
    row = session.get(ReturnSettings, retailer_id)
    if row is None:
        return ChosenSettings()
    return ChosenSettings(row.by_shoppers, row.automatic, row.photo_reasons, row.silent_stores)


def shopper_returns(
    session: Session, retailer_id: UUID, *, limit: int = 30, cursor: str | None = None
) -> Page[ShopperReturn]:
    """What a retailer's customers asked for, with lines, newest first."""
    query = select(ShopperReturn).where(ShopperReturn.retailer_id == retailer_id)
    if cursor:
        query = query.where(ShopperReturn.id < id_after(cursor))
    query = query.options(selectinload(ShopperReturn.lines)).order_by(ShopperReturn.id.desc())
    return page_of(session.scalars(query.limit(limit + 1)).all(), limit, lambda row: [row.id])


def shopper_return(session: Session, retailer_id: UUID, shopper_return_id: UUID) -> ShopperReturn:
    """One of them, with lines and photos. Raises ``NotFound``."""
    found = session.scalar(
        select(ShopperReturn)
        .where(ShopperReturn.id == shopper_return_id, ShopperReturn.retailer_id == retailer_id)
        .options(selectinload(ShopperReturn.lines), selectinload(ShopperReturn.files))
    )
    if found is None:
        raise NotFound("request")
    return found


def asked_by_shopper(session: Session, order_id: UUID) -> Sequence[ShopperReturn]:
    """What the customer of an order asked for, with lines, newest first."""
    return session.scalars(
        select(ShopperReturn)
        .where(ShopperReturn.order_id == order_id)
        .options(selectinload(ShopperReturn.lines))
        .order_by(ShopperReturn.id.desc())
    ).all()


def is_asked_by_shopper(session: Session, return_id: UUID) -> bool:
    """Whether a return is what a customer asked its shop for."""
    return session.scalar(select(exists().where(ShopperReturnLine.return_id == return_id))) or False


def waiting_requests(session: Session, retailer_id: UUID) -> int:
    """How many customers' requests wait for a retailer."""
    query = select(func.count()).where(ShopperReturn.retailer_id == retailer_id, ShopperReturn.state == WAITING)
    return session.scalar(query) or 0


def asked_of_shop(session: Session, order_id: UUID) -> dict[UUID, int]:
    """Purchase order line → units in requests that wait for the shop."""
    rows = session.execute(
        select(ShopperReturnLine.purchase_order_line_id, func.sum(ShopperReturnLine.quantity))
        .join(ShopperReturn, ShopperReturn.id == ShopperReturnLine.shopper_return_id)
        .join(PurchaseOrderLine, PurchaseOrderLine.id == ShopperReturnLine.purchase_order_line_id)
        .join(PurchaseOrder, PurchaseOrder.id == PurchaseOrderLine.purchase_order_id)
        .where(PurchaseOrder.order_id == order_id, ShopperReturn.state == WAITING)
        .group_by(ShopperReturnLine.purchase_order_line_id)
    )
    return {line_id: int(units) for line_id, units in rows}


def _line_facts(session: Session, purchase_order: PurchaseOrder) -> dict[UUID, LineFacts]:
    line_ids = [line.id for line in purchase_order.lines]
    arrived = {
        line_id: at
        for line_id, at in session.execute(
            select(ShipmentLine.purchase_order_line_id, func.max(Shipment.delivered_at))
            .join(Shipment, Shipment.id == ShipmentLine.shipment_id)
            .where(ShipmentLine.purchase_order_line_id.in_(line_ids))
            .group_by(ShipmentLine.purchase_order_line_id)
        )
    }
    taken = {
        line_id: int(units)
        for line_id, units in session.execute(
            select(ReturnLine.purchase_order_line_id, func.sum(ReturnLine.quantity))
            .join(Return, Return.id == ReturnLine.return_id)
            .where(ReturnLine.purchase_order_line_id.in_(line_ids), Return.state.not_in(VOID))
            .group_by(ReturnLine.purchase_order_line_id)
        )
    }
    return {
        line.id: LineFacts(
            delivered=line.delivered, in_returns=taken.get(line.id, 0), delivered_at=arrived.get(line.id)
        )
        for line in purchase_order.lines
    }


def _party(organisation_id: UUID) -> ColumnElement[bool]:
    return (Return.retailer_id == organisation_id) | (Return.supplier_id == organisation_id)
