"""The papers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request

from app import db
from app.kit.errors import AppError, Invalid
from app.kit.texts import marked as _
from app.suppliers import queries as suppliers
from app.suppliers.rules.papers import EXPIRING, LARGEST
from app.suppliers.service.papers import add_paper, forget, keep_paper, read_paper, remove_paper
from app.web.auth import principal
from app.web.forms import Sent, problems
from app.web.kept_files import file_answer
from app.web.pages import go, page_url
from app.web.portal.pages.onboarding.frame import frame, pages
from app.web.supplier_words import KIND_WORDS
from app.web.ui.rendering import gettext

#: What an account of a form with a file may hold besides the file.
_FORM = 64 * 1024


@pages.get("/onboarding/documents", permission="settings.write")
def documents() -> Any:
    """The papers."""
    return _documents()


@pages.post("/onboarding/documents", permission="settings.write", largest=LARGEST + _FORM)
def store_document() -> Any:
    """Look at a paper, and keep it."""
    sent, file = Sent(), request.files.get("file")
    kind = sent.text("kind", longest=20)
    expires_on = sent.day("expires_on")
    try:
        sent.check()
        if file is None or not file.filename:
            raise Invalid.field("file", "required", gettext(_("Choose a file first.")))
        kept = keep_paper(file.stream)  # type: ignore[arg-type]
        try:
            with db.transaction() as session:
                add_paper(session, principal().organisation_id, kind=kind, expires_on=expires_on, kept=kept)
        except AppError:
            # It was refused. After any other error nobody knows whether the paper's row is there, and a file too many
            # does less harm than one that is missing.
            forget(kept)
            raise
    except Invalid as error:
        return _documents(422, problems(error))
    return go(page_url("onboarding.documents", done="paper_kept"))


@pages.get("/onboarding/documents/<uuid:document_id>", permission="settings.write")
def document(document_id: UUID) -> Any:
    """A paper's file; who read it is written down."""
    with db.transaction() as session:
        row, content = read_paper(session, principal().organisation_id, document_id)
    return file_answer(row.kind, row.media_type, content)


@pages.post("/onboarding/documents/<uuid:document_id>/remove", permission="settings.write")
def drop_document(document_id: UUID) -> Any:
    """Take a paper away."""
    with db.transaction() as session:
        remove_paper(session, principal().organisation_id, document_id)
    return go(page_url("onboarding.documents", done="paper_removed"))


def _documents(status: int = 200, errors: dict[str, Any] | None = None) -> Any:
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        context = frame(session, "documents")
        found = suppliers.papers(session, supplier_id)
    return pages.render(
        "documents.html",
        status,
        papers=[(one, gettext(KIND_WORDS[one.kind])) for one in found],
        kinds=[(name, gettext(label)) for name, label in KIND_WORDS.items()],
        expiring=EXPIRING,
        largest=LARGEST // (1024 * 1024),
        sent=request.form if errors else {},
        errors=errors or {},
        **context,
    )
