"""A reviewer asked something: the supplier's people are told, with the question and the way to its answer."""

from __future__ import annotations

from app.config import settings
from app.identity.queries import recipients
from app.notifications.letters import Letter
from app.notifications.service import notify, queue_email
from app.suppliers.events import SupplierAsked
from app.suppliers.models import SupplierQuestion
from workers.job import Run, job


@job(queue="letters", on=SupplierAsked)
def tell_supplier_of_question(run: Run, event: SupplierAsked) -> None:
    """See the module."""
    with run.closing() as session:
        question = session.get_one(SupplierQuestion, event.question_id)
        title = "We need something from you"
        link = f"/supplier/onboarding/questions/{question.id}"
        if question.answered_at is None:
            notify(
                session,
                event.supplier_id,
                kind="supplier_question",
                severity="warning",
                title=title,
                body=question.message,
                link=link,
                dedupe=f"supplier_question:{question.step}",
            )
        queue_email(
            session,
            recipients(session, event.supplier_id, "settings.write"),
            Letter(
                subject=title,
                paragraphs=[
                    "About your company on Crossdock:",
                    question.message,
                    "Answer in words, with documents where they help.",
                ],
                button=("Answer", f"{settings().public_url}{link}"),
            ),
            kind="supplier_question",
            dedupe=f"supplier_question:{question.id}",
            organisation_id=event.supplier_id,
        )
