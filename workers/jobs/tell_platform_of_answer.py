"""A supplier has answered a reviewer's question: the platform's reviewers are told to read it."""

from __future__ import annotations

from app.identity.service import platform_organisation
from app.suppliers.events import SupplierAnswered
from app.suppliers.models import SupplierAnswer, SupplierQuestion
from app.suppliers.queries import supplier
from workers.job import Run, job
from workers.telling import tell


@job(queue="letters", on=SupplierAnswered)
def tell_platform_of_answer(run: Run, event: SupplierAnswered) -> None:
    """See the module."""
    with run.closing() as session:
        name = supplier(session, event.supplier_id).company_name
        written = session.get_one(SupplierAnswer, event.answer_id)
        question = session.get_one(SupplierQuestion, written.question_id)
        tell(
            session,
            platform_organisation(session).id,
            "suppliers.approve",
            kind="supplier_review",
            title=f"{name} has answered",
            body=f"You asked: {question.message}",
            link=f"/console/suppliers/{event.supplier_id}",
            button="Read the answer",
            dedupe=f"supplier_answered:{event.supplier_id}",
            letter_dedupe=f"supplier_answer:{written.id}",
        )
