"""A supplier has sent a new paper in place of one that runs out: the platform's reviewers are told to look at it."""

from __future__ import annotations

from app.config import settings
from app.identity.queries import recipients
from app.identity.service import platform_organisation
from app.notifications.letters import Letter
from app.notifications.service import notify, queue_email
from app.suppliers.events import SupplierPaperRenewed
from app.suppliers.queries import application_of, supplier
from workers.job import Run, job


@job(queue="letters", on=SupplierPaperRenewed)
def tell_platform_of_paper(run: Run, event: SupplierPaperRenewed) -> None:
    """See the module."""
    with run.closing() as session:
        name = supplier(session, event.supplier_id).company_name
        due = application_of(session, event.supplier_id).review_due_on
        title = f"{name} has sent a new insurance"
        text = (
            "Look at it."
            if due is None
            else f"Look at it and confirm it by {due:%d %b %Y}; after that it is suspended."
        )
        platform = platform_organisation(session)
        link = f"/console/suppliers/{event.supplier_id}"
        notify(
            session,
            platform.id,
            kind="supplier_review",
            severity="info" if due is None else "warning",
            title=title,
            body=text,
            link=link,
            dedupe=f"supplier_review:{event.supplier_id}",
        )
        queue_email(
            session,
            recipients(session, platform.id, "suppliers.approve"),
            Letter(subject=title, paragraphs=[text], button=("Open the supplier", f"{settings().public_url}{link}")),
            kind="supplier_review",
            dedupe=f"supplier_paper_renewed:{event.document_id}",
            organisation_id=platform.id,
        )
