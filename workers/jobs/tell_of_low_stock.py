"""Suppliers are told which of their variants are running low: all that are new to them at once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.config import settings
from app.identity.queries import recipients
from app.inventory.queries import low_examples
from app.inventory.service import LOW_STOCK, suppliers_to_tell, take_untold
from app.kit import clock
from app.notifications.letters import Letter
from app.notifications.service import notify, queue_email
from workers.job import Run, job

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
    notify(
        session,
        supplier_id,
        kind="low_stock",
        severity="warning",
        title=title,
        body=f"{body}.",
        link=_LINK,
        dedupe=LOW_STOCK,
    )
    queue_email(
        session,
        recipients(session, supplier_id, "inventory.write"),
        Letter(
            subject=title,
            paragraphs=[
                f"{body}.",
                "Send a new figure when more has come, or change at how many units you want to be told.",
            ],
            button=("See your stock", f"{settings().public_url}{_LINK}"),
        ),
        kind="low_stock",
        dedupe=f"low_stock:{supplier_id}:{clock.iso(now)}",
        organisation_id=supplier_id,
    )
