"""A purchase order that its supplier has seen goes to another address: it is told to look again before it packs."""

from __future__ import annotations

from app.config import settings
from app.identity.queries import recipients
from app.notifications.letters import Letter
from app.notifications.service import notify, queue_email
from app.purchasing.events import AddressReplaced
from app.purchasing.models import PurchaseOrder
from workers.job import Run, job


@job(queue="letters", on=AddressReplaced)
def tell_supplier_of_address(run: Run, event: AddressReplaced) -> None:
    """See the module. The address itself stands on the page only."""
    with run.closing() as session:
        order = session.get_one(PurchaseOrder, event.purchase_order_id)
        title = f"Purchase order {order.number} goes to another address"
        text = "Look at it again before you pack, and print its papers anew."
        link = f"/supplier/purchase-orders/{order.id}"
        notify(
            session,
            order.supplier_id,
            kind="address_changed",
            severity="warning",
            title=title,
            body=text,
            link=link,
            dedupe=f"address_changed:{order.id}",
        )
        queue_email(
            session,
            recipients(session, order.supplier_id, "purchase_orders.write"),
            Letter(
                subject=title,
                paragraphs=[text],
                button=("See the address", f"{settings().public_url}{link}"),
                reason="You get this because you handle purchase orders for your company at Crossdock.",
            ),
            kind="address_changed",
            dedupe=f"address_changed:{order.id}:{order.updated_at.timestamp()}",
            organisation_id=order.supplier_id,
        )
