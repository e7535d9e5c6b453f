"""A supplier has applied, sent its answers for review, or passed its test order: the platform's reviewers are told."""

from __future__ import annotations

from app.identity.service import platform_organisation
from app.suppliers.events import SupplierApplied, SupplierSent, TestOrderPassed
from app.suppliers.queries import application_of, supplier
from app.suppliers.rules import APPLIED, IN_REVIEW, NEEDS_INFO, TESTING
from workers.job import Run, job
from workers.telling import tell


@job(queue="letters", on=(SupplierApplied, SupplierSent, TestOrderPassed))
def tell_platform_of_application(run: Run, event: SupplierApplied | SupplierSent | TestOrderPassed) -> None:
    """See the module."""
    with run.closing() as session:
        found = supplier(session, event.supplier_id)
        if found.status not in (APPLIED, IN_REVIEW, NEEDS_INFO, TESTING):
            # It was decided before this was told.
            return
        name = found.company_name
        dedupe = f"supplier_applied:{found.id}"
        if isinstance(event, SupplierSent):
            title, text = f"{name} waits for review", f"{name} has answered everything. Look at it and decide."
            sent_at = application_of(session, found.id).sent_at
            letter = f"supplier_sent:{found.id}:{sent_at}"
        elif isinstance(event, TestOrderPassed):
            title, text = f"{name} has passed its test order", f"{name} accepted and shipped its test order."
            letter = f"test_order_passed:{found.id}"
        else:
            title, text = f"{name} wants to sell", f"{name} has applied as a supplier, and is setting itself up."
            letter = dedupe
        platform = platform_organisation(session)
        link = f"/console/suppliers/{found.id}"
        tell(
            session,
            platform.id,
            "suppliers.approve",
            kind="supplier_applied",
            title=title,
            body="Look at the application and decide.",
            paragraphs=[text, "Look at it and decide."],
            link=link,
            button="Open the application",
            dedupe=dedupe,
            letter_dedupe=letter,
        )
