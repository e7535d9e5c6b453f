"""Suppliers' papers that run out: reminders, a last day once one has lapsed, suspension after it."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app.identity.service import platform_organisation
from app.kit import texts
from app.notifications.service import notify
from app.suppliers.queries import supplier
from app.suppliers.service.papers import Reminder
from app.suppliers.service.papers import watch_papers as look
from workers.job import Run, job
from workers.telling import tell


@job(queue="letters", every="17 * * * *", coalesce=True)
def watch_papers(run: Run, payload: dict[str, Any]) -> None:
    """See the module. Reminders are noted and told in one commit."""
    with run.closing() as session:
        for one in look(session):
            _tell(session, one)


def _tell(session: Session, one: Reminder) -> None:
    ends = f"{one.expires_on:%d %b %Y}"
    if one.review_due is not None:
        title = "Your insurance has lapsed"
        text = (
            f"It ended on {ends}. Send the new one by {one.review_due:%d %b %Y}; after that your products go off sale."
        )
        _tell_platform(session, one)
    elif one.days == 0:
        title = "Your insurance ends now"
        text = f"Its last day is {ends}. Send the new one, so that your products stay on sale."
    else:
        title = f"Your insurance ends within {texts.counted(one.days, 'day', 'days')}"
        text = f"Its last day is {ends}. Send the new one before that, so that your products stay on sale."
    link = "/supplier/onboarding/documents"
    tell(
        session,
        one.supplier_id,
        "settings.write",
        kind="supplier_paper",
        severity="critical" if one.days <= 0 else "warning",
        title=title,
        body=text,
        link=link,
        button="Send the new one",
        dedupe=f"supplier_paper:{one.document_id}",
        letter_dedupe=f"supplier_paper:{one.document_id}:{one.days}",
    )


def _tell_platform(session: Session, one: Reminder) -> None:
    notify(
        session,
        platform_organisation(session).id,
        kind="supplier_review",
        severity="warning",
        title=f"{supplier(session, one.supplier_id).company_name}: insurance lapsed",
        body=f"It is suspended after {one.review_due:%d %b %Y} unless it sends a new one.",
        link=f"/console/suppliers/{one.supplier_id}",
        dedupe=f"supplier_review:{one.supplier_id}",
    )
