"""A supplier has not answered in time: it is reminded; when that does not help, the retailer and the platform are
told."""

from __future__ import annotations

from app.identity.service import platform_organisation
from app.notifications.service import notify
from app.orders.models import Order
from app.purchasing.events import AnswerOverdue
from app.purchasing.models import PurchaseOrder
from app.purchasing.service.silence import ESCALATED
from app.suppliers.models import Supplier
from workers.job import Run, job
from workers.telling import HANDLES_ORDERS, tell


@job(queue="letters", on=AnswerOverdue)
def tell_of_overdue_answer(run: Run, event: AnswerOverdue) -> None:
    """See the module. Who has answered meanwhile is not reminded."""
    with run.closing() as session:
        purchase_order = session.get_one(PurchaseOrder, event.purchase_order_id)
        if purchase_order.remind_at is None:
            return
        number = purchase_order.number
        link = f"/supplier/purchase-orders/{purchase_order.id}"
        tell(
            session,
            event.supplier_id,
            "purchase_orders.write",
            kind="purchase_order",
            severity="warning",
            title=f"Purchase order {number} waits for your answer",
            body="Accept it, say when you can deliver, or reject it. Without an answer it goes to another supplier.",
            paragraphs=[
                f"You have not answered purchase order {number}.",
                "Accept it, say when you can deliver, or reject it. Without an answer it goes to another supplier.",
                "An answer after that comes too late.",
            ],
            link=link,
            button="Answer now",
            reason=HANDLES_ORDERS,
            dedupe=f"answer_overdue:{purchase_order.id}",
            letter_dedupe=f"answer_overdue:{purchase_order.id}:{event.number}",
        )
        if event.step != ESCALATED:
            return
        supplier = session.get_one(Supplier, event.supplier_id).company_name
        order = session.get_one(Order, event.order_id)
        for organisation_id, where in (
            (event.retailer_id, f"/app/orders/{order.id}"),
            (platform_organisation(session).id, f"/console/orders/{order.id}"),
        ):
            notify(
                session,
                organisation_id,
                kind="answer_overdue",
                severity="warning",
                title=f"{supplier} does not answer purchase order {number}",
                body="It was reminded. If it stays silent, another supplier is asked, or the retailer decides.",
                link=where,
                dedupe=f"answer_overdue:{purchase_order.id}",
            )
