"""A supplier has applied: the platform's reviewers are told."""

from __future__ import annotations

from app.config import settings
from app.identity.queries import recipients
from app.identity.service import platform_organisation
from app.notifications.letters import Letter
from app.notifications.service import notify, queue_email
from app.suppliers.events import SupplierApplied
from app.suppliers.queries import supplier
from workers.job import Run, job


@job(queue="letters", on=SupplierApplied)
def tell_platform_of_application(run: Run, event: SupplierApplied) -> None:
    """See the module."""
    with run.closing() as session:
        found = supplier(session, event.supplier_id)
        platform = platform_organisation(session)
        link = f"/console/suppliers/{found.id}"
        notify(
            session,
            platform.id,
            kind="supplier_applied",
            title=f"{found.company_name} wants to sell",
            body="Look at the application and decide.",
            link=link,
            dedupe=f"supplier_applied:{found.id}",
        )
        queue_email(
            session,
            recipients(session, platform.id, "suppliers.approve"),
            Letter(
                subject=f"{found.company_name} wants to sell",
                paragraphs=[f"{found.company_name} has applied as a supplier.", "Look at it and decide."],
                button=("Open the application", f"{settings().public_url}{link}"),
            ),
            kind="supplier_applied",
            dedupe=f"supplier_applied:{found.id}",
            organisation_id=platform.id,
        )
