"""A supplier's status has moved: its people are told, with the reason. Where something else tells them, as a question
does, what was told of the status before is done with."""

from __future__ import annotations

from uuid import UUID

from app.config import settings
from app.identity.queries import recipients
from app.notifications.letters import Letter
from app.notifications.service import notify, queue_email, resolve
from app.suppliers.events import SupplierStatusChanged
from app.suppliers.queries import history
from app.suppliers.rules import ACTIVE, IN_REVIEW, REJECTED, SUSPENDED, TERMINATED, TESTING
from workers.job import Run, job

_WORDS = {
    ACTIVE: ("Your company is approved", "You can sell on Crossdock now. Upload your products to begin."),
    REJECTED: ("Your application was declined", "We can't work with your company at present."),
    SUSPENDED: ("Your company is suspended", "Your products are off sale for now."),
    IN_REVIEW: ("We look at your application", "You need not do anything; we write to you, usually within two days."),
    TESTING: ("Your papers are in order", "What is left: take over a product list and ship a test order."),
    TERMINATED: ("Your account has ended", "Your products are off sale. What you have earned is still paid out."),
}


@job(queue="letters", on=SupplierStatusChanged)
def tell_supplier_of_status(run: Run, event: SupplierStatusChanged) -> None:
    """See the module."""
    if event.status not in _WORDS:
        with run.closing() as session:
            if history(session, event.supplier_id)[0].to_status == event.status:
                resolve(session, event.supplier_id, _notice(event.supplier_id))
        return
    title, text = _WORDS[event.status]
    with run.closing() as session:
        # Events may come late: the reason is that of this move, and the notice tells of the last one only.
        moves = history(session, event.supplier_id)
        newest = next((one for one in moves if one.to_status == event.status), None)
        if newest is None:
            return
        paragraphs = [f"{title}.", text] + ([f"Reason: {newest.reason}"] if newest.reason else [])
        if newest is moves[0]:
            notify(
                session,
                event.supplier_id,
                kind="supplier_status",
                severity="critical" if event.status in (REJECTED, SUSPENDED, TERMINATED) else "info",
                title=title,
                body=" ".join(paragraphs[1:]),
                link="/supplier/",
                dedupe=_notice(event.supplier_id),
            )
        queue_email(
            session,
            recipients(session, event.supplier_id, "settings.write"),
            Letter(
                subject=title, paragraphs=paragraphs, button=("Open Crossdock", f"{settings().public_url}/supplier")
            ),
            kind="supplier_status",
            dedupe=f"supplier_status:{newest.id}",
            organisation_id=event.supplier_id,
        )


def _notice(supplier_id: UUID) -> str:
    """One for each supplier: the newest status takes the place of the one before."""
    return f"supplier_status:{supplier_id}"
