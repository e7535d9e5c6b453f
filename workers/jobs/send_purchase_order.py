"""Tell a supplier of a purchase order, through the channels that want a message."""

from __future__ import annotations

from app.adapters import registries
from app.kit import clock
from app.kit.ids import new_id
from app.notifications.letters import Letter
from app.notifications.service import queue_email
from app.purchasing.events import PurchaseOrderReleased
from app.purchasing.models import Transmission
from app.purchasing.queries import transmissions
from app.purchasing.transmission_rules import DELIVERED, SENT
from workers.job import Run, job
from workers.order_notes import notes_of


@job(queue="letters", on=PurchaseOrderReleased, batch=10)
def send_purchase_order(run: Run, event: PurchaseOrderReleased) -> None:
    """See the module."""
    with run.closing() as session:
        order_id = event.purchase_order_id
        if any(transmissions(session, order_id)):
            return
        note = notes_of(session, event.supplier_id, [order_id])[order_id]
        channel = registries.channels.get("email")
        composed = channel.compose([note])
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
                dedupe=f"purchase_order:{order_id}:{channel.name}",
                organisation_id=event.supplier_id,
            )
        now = clock.now()
        session.add(
            Transmission(
                id=new_id(),
                purchase_order_id=order_id,
                retailer_id=event.retailer_id,
                supplier_id=event.supplier_id,
                channel=channel.name if composed is not None else "portal",
                attempt=1,
                state=SENT if composed is not None else DELIVERED,
                detail={},
                created_at=now,
                updated_at=now,
            )
        )
