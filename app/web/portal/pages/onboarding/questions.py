"""What a reviewer asked, and the answers in words and with documents."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request

from app import db
from app.kit.errors import AppError, Invalid
from app.kit.texts import marked as _
from app.suppliers import queries as suppliers
from app.suppliers.rules import IN_REVIEW, OWN_MOVES, REJECTED, TERMINATED
from app.suppliers.rules.papers import LARGEST
from app.suppliers.service.answering import MOST_DOCUMENTS, answer
from app.suppliers.service.papers import KeptPaper, forget, keep_paper
from app.web.auth import principal
from app.web.forms import Sent, problems
from app.web.pages import go, page_url
from app.web.portal.pages.onboarding.frame import address_of, frame, pages
from app.web.supplier_words import STEP_WORDS
from app.web.ui.rendering import gettext

_LONGEST = 4000


@pages.get("/onboarding/questions/<uuid:question_id>", permission="settings.write")
def question(question_id: UUID) -> Any:
    """One question, what was answered to it, and the form for an answer."""
    return _question(question_id)


@pages.post(
    "/onboarding/questions/<uuid:question_id>",
    permission="settings.write",
    largest=MOST_DOCUMENTS * LARGEST + 64 * 1024,
)
def store_answer(question_id: UUID) -> Any:
    """Answer, with documents where there are any."""
    sent, supplier_id = Sent(), principal().organisation_id
    message = sent.text("message", longest=_LONGEST, required=True)
    kept: list[KeptPaper] = []
    try:
        sent.check()
        _keep(kept)
        with db.transaction() as session:
            answer(session, supplier_id, question_id, message=message, documents=kept)
    except AppError as error:
        # It was refused. After any other error nobody knows whether the rows are there, and a file too many does less
        # harm than one that is missing.
        for one in kept:
            forget(one)
        if isinstance(error, Invalid):
            return _question(question_id, 422, problems(error))
        raise
    return go(page_url("onboarding.question", question_id=question_id, done="question_answered"))


def _keep(kept: list[KeptPaper]) -> None:
    """Look at each file of this request and keep its bytes. Raises ``Invalid``; ``kept`` then holds those before."""
    files = [file for file in request.files.getlist("file") if file.filename]
    if len(files) > MOST_DOCUMENTS:
        message = gettext(_("At most %(n)s documents; write a second answer for more.")) % {"n": MOST_DOCUMENTS}
        raise Invalid.field("file", "too_many", message)
    for file in files:
        try:
            kept.append(keep_paper(file.stream))  # type: ignore[arg-type]
        except Invalid as error:
            raise Invalid.field("file", error.errors[0].code, f"{file.filename}: {error.errors[0].message}") from error


def _question(question_id: UUID, status: int = 200, errors: dict[str, Any] | None = None) -> Any:
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        thread = suppliers.thread(session, supplier_id, question_id)
        supplier = suppliers.supplier(session, supplier_id)
        others = [one for one in suppliers.questions(session, supplier_id, open_only=True) if one.id != question_id]
        context = frame(session, None)
    return pages.render(
        "question.html",
        status,
        thread=thread,
        label=gettext(STEP_WORDS[thread.question.step][0]),
        step_href=address_of(thread.question.step),
        next_question=page_url("onboarding.question", question_id=others[-1].id) if others else None,
        may_send=(supplier.status, IN_REVIEW) in OWN_MOVES and thread.question.answered_at is not None,
        may_answer=supplier.status not in (REJECTED, TERMINATED),
        most=MOST_DOCUMENTS,
        largest=LARGEST // (1024 * 1024),
        sent=request.form if errors else {},
        errors=errors or {},
        **context,
    )
