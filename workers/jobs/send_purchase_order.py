"""Tell a supplier of a purchase order, through the channels that want a message."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.adapters import registries
from app.config import settings
from app.identity.queries import recipients
from app.kit import clock
from app.kit.ids import new_id
from app.kit.money import Money
from app.notifications.letters import Letter
from app.notifications.service import queue_email
from app.purchasing.channel import PurchaseOrderLineNote, PurchaseOrderNote
from app.purchasing.events import PurchaseOrderReleased
from app.purchasing.models import PurchaseOrder, Transmission
from app.purchasing.queries import purchase_order, transmissions
from app.suppliers.queries import supplier
from workers.job import Run, job


@job(queue="letters", on=PurchaseOrderReleased, batch=10)
def send_purchase_order(run: Run, event: PurchaseOrderReleased) -> None:
    """See the module."""
    with run.closing() as session:
        found = purchase_order(session, event.supplier_id, event.purchase_order_id)
        known = {transmission.channel for transmission in transmissions(session, found.id)}
        note = _note(session, found)
        for name, channel in registries.channels.all().items():
            if name in known:
                continue
            composed = channel.compose(note)
            if composed is not None:
                letter = Letter(
                    subject=composed.subject,
                    paragraphs=composed.paragraphs,
                    rows=[(f"{line.quantity} × {line.sku}", line.title) for line in note.lines],
                    button=("Open the purchase order", note.url),
                    reason="You get this because you handle purchase orders for your company at Crossdock.",
                )
                queue_email(
                    session,
                    note.recipients,
                    letter,
                    kind="purchase_order",
                    dedupe=f"purchase_order:{found.id}:{name}",
                    organisation_id=found.supplier_id,
                )
            now = clock.now()
            session.add(
                Transmission(
                    id=new_id(),
                    purchase_order_id=found.id,
                    retailer_id=found.retailer_id,
                    supplier_id=found.supplier_id,
                    channel=name,
                    attempt=1,
                    state="DELIVERED",
                    detail={},
                    created_at=now,
                    updated_at=now,
                )
            )


def _note(session: Session, found: PurchaseOrder) -> PurchaseOrderNote:
    return PurchaseOrderNote(
        id=str(found.id),
        number=found.number,
        sample=found.kind == "sample",
        retailer_name=found.retailer_name,
        supplier_id=str(found.supplier_id),
        supplier_name=supplier(session, found.supplier_id).company_name,
        recipients=recipients(session, found.supplier_id, "purchase_orders.write"),
        country=found.ship_to_country,
        ship_by=found.ship_by,
        url=f"{settings().public_url}/supplier/purchase-orders/{found.id}",
        total=Money(found.wholesale_total + found.shipping_cost, found.currency),
        lines=[
            PurchaseOrderLineNote(
                sku=line.sku,
                title=line.title,
                quantity=line.quantity - line.cancelled,
                wholesale_price=Money(line.wholesale_price, found.currency),
            )
            for line in found.lines
            if line.quantity > line.cancelled
        ],
    )
