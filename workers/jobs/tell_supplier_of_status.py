"""A supplier's application was decided, or it was suspended: its people are told."""

from __future__ import annotations

from app.config import settings
from app.identity.queries import recipients
from app.notifications.letters import Letter
from app.notifications.service import notify, queue_email
from app.suppliers.events import SupplierStatusChanged
from app.suppliers.queries import history
from app.suppliers.rules import ACTIVE, REJECTED, SUSPENDED
from workers.job import Run, job

_WORDS = {
    ACTIVE: ("Your company is approved", "You can sell on Crossdock now. Upload your products to begin."),
    REJECTED: ("Your application was declined", "We can't work with your company at present."),
    SUSPENDED: ("Your company is suspended", "Your products are off sale for now."),
}


@job(queue="letters", on=SupplierStatusChanged)
def tell_supplier_of_status(run: Run, event: SupplierStatusChanged) -> None:
    """See the module."""
    if event.status not in _WORDS:
        return
    title, text = _WORDS[event.status]
    with run.closing() as session:
        newest = next(iter(history(session, event.supplier_id)), None)
        paragraphs = [f"{title}.", text] + ([f"Reason: {newest.reason}"] if newest and newest.reason else [])
        notify(
            session,
            event.supplier_id,
            kind="supplier_status",
            severity="info" if event.status == ACTIVE else "critical",
            title=title,
            body=" ".join(paragraphs[1:]),
            link="/supplier/",
            # One notice for each supplier: the newest status takes the place of the one before.
            dedupe=f"supplier_status:{event.supplier_id}",
        )
        queue_email(
            session,
            recipients(session, event.supplier_id, "settings.write"),
            Letter(
                subject=title, paragraphs=paragraphs, button=("Open Crossdock", f"{settings().public_url}/supplier")
            ),
            kind="supplier_status",
            dedupe=f"supplier_status:{newest.id if newest else event.status}",
            organisation_id=event.supplier_id,
        )
