"""Getting hold of a parcel: its purchase order is always locked first."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.fulfillment.models import Shipment
from app.kit.errors import NotFound
from app.orders.service import write_timeline
from app.purchasing.models import PurchaseOrder
from app.purchasing.service.acknowledging import locked_for_supplier


def locked(session: Session, shipment_id: UUID, *, lines: bool = True) -> Shipment:
    """A parcel, with its lines where they are needed, locked. Raises ``NotFound``."""
    # The purchase order before its shipments, as shipping does.
    purchase_order = select(Shipment.purchase_order_id).where(Shipment.id == shipment_id).scalar_subquery()
    if session.scalar(select(PurchaseOrder.id).where(PurchaseOrder.id == purchase_order).with_for_update()) is None:
        raise NotFound("shipment")
    return _shipment(session, shipment_id, lines=lines)


def locked_of_supplier(session: Session, supplier_id: UUID, shipment_id: UUID) -> tuple[PurchaseOrder, Shipment]:
    """A supplier's parcel and its purchase order, both with their lines, locked. Raises ``NotFound``."""
    purchase_order_id = session.scalar(
        select(Shipment.purchase_order_id).where(Shipment.id == shipment_id, Shipment.supplier_id == supplier_id)
    )
    if purchase_order_id is None:
        raise NotFound("shipment")
    return locked_for_supplier(session, supplier_id, purchase_order_id), _shipment(session, shipment_id)


def purchase_order_of(session: Session, shipment: Shipment) -> PurchaseOrder:
    """The purchase order of a locked parcel, with its lines."""
    return session.scalars(
        select(PurchaseOrder)
        .where(PurchaseOrder.id == shipment.purchase_order_id)
        .options(selectinload(PurchaseOrder.lines))
        .with_for_update(of=PurchaseOrder)
        .execution_options(populate_existing=True)
    ).one()


def ids_of(shipment: Shipment) -> dict[str, UUID]:
    """The ids that its events carry."""
    return {
        "shipment_id": shipment.id,
        "purchase_order_id": shipment.purchase_order_id,
        "order_id": shipment.order_id,
        "retailer_id": shipment.retailer_id,
        "supplier_id": shipment.supplier_id,
    }


def tell_story(session: Session, shipment: Shipment, message: str, **values: object) -> None:
    """Write a sentence about a parcel into its order's story."""
    write_timeline(
        session,
        [
            {
                "order_id": shipment.order_id,
                "retailer_id": shipment.retailer_id,
                "purchase_order_id": shipment.purchase_order_id,
                "supplier_id": shipment.supplier_id,
                "message": message,
                "values": {"tracking_number": shipment.tracking_number, **values},
            }
        ],
    )


def _shipment(session: Session, shipment_id: UUID, *, lines: bool = True) -> Shipment:
    return session.scalars(
        select(Shipment)
        .where(Shipment.id == shipment_id)
        .options(*([selectinload(Shipment.lines)] if lines else []))
        .with_for_update(of=Shipment)
        .execution_options(populate_existing=True)
    ).one()
