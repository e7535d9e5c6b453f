"""A supplier has sent a new paper in place of one that runs out: the platform's reviewers are told to look at it."""

from __future__ import annotations

from app.identity.service import platform_organisation
from app.suppliers.events import SupplierPaperRenewed
from app.suppliers.queries import application_of, supplier
from workers.job import Run, job
from workers.telling import tell


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
        tell(
            session,
            platform.id,
            "suppliers.approve",
            kind="supplier_review",
            severity="info" if due is None else "warning",
            title=title,
            body=text,
            link=link,
            button="Open the supplier",
            dedupe=f"supplier_review:{event.supplier_id}",
            letter_dedupe=f"supplier_paper_renewed:{event.document_id}",
        )
