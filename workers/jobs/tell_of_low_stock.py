"""Suppliers are told which of their variants are running low: all that are new to them at once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.inventory.queries import low_examples
from app.inventory.service import LOW_STOCK, suppliers_to_tell, take_untold
from app.kit import clock
from workers.job import Run, job
from workers.telling import tell

_LINK = "/supplier/inventory?show=low"


@job(queue="letters", every="*/10 * * * *", coalesce=True)
def tell_of_low_stock(run: Run, payload: dict[str, Any]) -> None:
    """See the module. Cut off, the next one tells the others: each is told in the transaction that notes it."""
    with run.transaction() as session:
        waiting = suppliers_to_tell(session)
    run.each(waiting, _tell)


def _tell(session: Session, supplier_id: UUID) -> None:
    now = clock.now()
    examples, total = low_examples(session, supplier_id)
    if not take_untold(session, supplier_id, now) or not total:
        return
    title = "A variant is running low" if total == 1 else f"{total} variants are running low"
    body = ", ".join(f"{sku} ({free} free)" for sku, free in examples)
    if total > len(examples):
        body += f" and {total - len(examples)} more"
    tell(
        session,
        supplier_id,
        "inventory.write",
        kind="low_stock",
        severity="warning",
        title=title,
        body=f"{body}.",
        paragraphs=[
            f"{body}.",
            "Send a new figure when more has come, or change at how many units you want to be told.",
        ],
        link=_LINK,
        button="See your stock",
        dedupe=LOW_STOCK,
        letter_dedupe=f"low_stock:{supplier_id}:{clock.iso(now)}",
    )
