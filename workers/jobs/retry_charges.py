"""Charges to try again: cards that may work later, and answers that never came."""

from __future__ import annotations

from typing import Any

from app.outbox.service import emit
from app.settlement.events import ChargeWanted, SupplementWanted
from app.settlement.service.charging import due_retries
from app.settlement.service.supplements import supplements_to_ask
from workers.job import Run, job


@job(queue="money", every="* * * * *", coalesce=True)
def retry_charges(run: Run, payload: dict[str, Any]) -> None:
    """See the module."""
    with run.closing() as session:
        emit(
            session,
            *(
                ChargeWanted(order_id=order_id, retailer_id=retailer_id)
                for order_id, retailer_id in due_retries(session)
            ),
            *(
                SupplementWanted(charge_id=one.id, order_id=one.order_id, retailer_id=one.retailer_id)
                for one in supplements_to_ask(session)
            ),
        )
