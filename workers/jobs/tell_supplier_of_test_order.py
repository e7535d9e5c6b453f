"""A test order waits: those who fulfil are written to, as they are of every purchase order."""

from __future__ import annotations

from app.config import settings
from app.identity.queries import recipients
from app.notifications.letters import Letter
from app.notifications.service import queue_email
from app.suppliers.events import TestOrderPlaced
from app.suppliers.models import TestOrder
from workers.job import Run, job


@job(queue="letters", on=TestOrderPlaced)
def tell_supplier_of_test_order(run: Run, event: TestOrderPlaced) -> None:
    """See the module."""
    with run.closing() as session:
        order = session.get_one(TestOrder, event.test_order_id)
        lines = ", ".join(f"{line['quantity']} × {line['sku']}" for line in order.lines)
        queue_email(
            session,
            recipients(session, event.supplier_id, "purchase_orders.write"),
            Letter(
                subject=f"Test order TEST-{order.attempt}",
                paragraphs=[
                    f"A test order waits for you: {lines}.",
                    "Accept it and ship it with a tracking number, as you would a real one. Send nothing.",
                ],
                button=("Open the test order", f"{settings().public_url}/supplier/onboarding/test-order"),
            ),
            kind="test_order",
            dedupe=f"test_order:{order.id}",
            organisation_id=event.supplier_id,
        )
