"""The set-up of a supplier: step by step, each saved on its own, with what is missing and what a reviewer asked."""

from __future__ import annotations

from typing import Any

from app import db
from app.insights.onboarding import progress_of
from app.suppliers import queries as suppliers
from app.suppliers.rules import APPLIED, IN_REVIEW, OWN_MOVES
from app.suppliers.service import apply_again, send
from app.suppliers.service.papers import RENEWED
from app.web.auth import principal
from app.web.pages import go, page_url
from app.web.portal.pages.onboarding import company, documents, joining, questions, terms
from app.web.portal.pages.onboarding.frame import address_of, frame, pages
from app.web.supplier_words import STEP_WORDS
from app.web.ui.rendering import gettext

#: The pages, and the modules that declare those of the steps.
__all__ = ["company", "documents", "joining", "pages", "questions", "terms"]


@pages.get("/onboarding", permission="settings.write")
def overview() -> Any:
    """How far it is, what is missing, what was asked, and what happened."""
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        supplier = suppliers.supplier(session, supplier_id)
        context: dict[str, Any] = {
            **frame(session, None),
            "supplier": supplier,
            "application": suppliers.application_of(session, supplier_id),
            "renewed": suppliers.application_of(session, supplier_id).review_reason == RENEWED,
            "history": suppliers.history(session, supplier_id),
            "questions": [
                (one, gettext(STEP_WORDS[one.step][0]), address_of(one.step))
                for one in suppliers.questions(session, supplier_id, open_only=True)
            ],
            "threads": [
                (one, gettext(STEP_WORDS[one.question.step][0])) for one in suppliers.threads(session, supplier_id)
            ],
            "may_send": (supplier.status, IN_REVIEW) in OWN_MOVES,
            "may_apply_again": (supplier.status, APPLIED) in OWN_MOVES,
        }
    return pages.render("overview.html", **context)


@pages.post("/onboarding/send", permission="settings.write")
def send_for_review() -> Any:
    """All is told that can be looked at now."""
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        send(session, supplier_id, missing=progress_of(session, supplier_id).keep_from_sending)
    return go(page_url("onboarding.overview", done="sent_for_review"))


@pages.post("/onboarding/again", permission="settings.write")
def begin_again() -> Any:
    """Apply again after a refusal, with what was told before."""
    with db.transaction() as session:
        apply_again(session, principal().organisation_id)
    return go(page_url("onboarding.overview", done="saved"))
