"""A supplier's papers: its registration, its insurance, and others that reviewers look at."""

from __future__ import annotations

from flask import Response, jsonify, request

from app import db
from app.kit.errors import AppError
from app.suppliers import queries as suppliers
from app.suppliers.models import SupplierDocument
from app.suppliers.rules.papers import JPEG, LARGEST, PDF, PNG
from app.suppliers.service.papers import add_paper, forget, keep_paper, read_paper, remove_paper
from app.web.api import present
from app.web.api.blueprint import api, caller, guarded
from app.web.api.repetition import work
from app.web.api.schemas.documents import DocumentOut, DocumentQuery, DocumentsOut
from app.web.api.schemas.shapes import IdPath
from app.web.kept_files import file_answer


@api.get("/supplier/documents", responses={200: DocumentsOut}, summary="Your papers")
@guarded("supplier", scope="read:documents")
def list_documents() -> Response:
    """Those that stand, the newest first; there are at most thirty, so it is one page."""
    with db.transaction() as session:
        found = suppliers.papers(session, caller().organisation_id)
        return jsonify(items=[_shown(row) for row in found], next_cursor=None)


@api.post(
    "/supplier/documents",
    responses={201: DocumentOut},
    summary="Send a paper",
    description="The file is the body itself: PDF, JPEG or PNG, at most 10 MB, without a password, found by its "
    "content whatever the Content-Type. A `registration` or an `insurance` takes the place of the one before; an "
    "insurance needs `expires_on`, its last day. Reviewers look at it.",
    openapi_extensions={"x-body": "application/octet-stream"},
)
@guarded("supplier", scope="write:documents", takes_file=True)
def send_document(query: DocumentQuery) -> Response:
    request.max_content_length = LARGEST
    kept = keep_paper(request.stream)  # type: ignore[arg-type]
    try:
        with work() as done:
            row = add_paper(
                done.session, caller().organisation_id, kind=query.kind, expires_on=query.expires_on, kept=kept
            )
            done.answers(_shown(row), 201)
    except AppError:
        # It was refused; after any other error nobody knows whether the paper's row is there.
        forget(kept)
        raise
    return done.response()


@api.get(
    "/supplier/documents/<uuid:id>/file",
    responses={200: {"description": "The file as it was sent", "content": {kind: {} for kind in (PDF, JPEG, PNG)}}},
    summary="Read a paper",
)
@guarded("supplier", scope="read:documents")
def document_file(path: IdPath) -> Response:
    """Each reading is written down."""
    with db.transaction() as session:
        row, content = read_paper(session, caller().organisation_id, path.id)
    return file_answer(row.kind, row.media_type, content)


@api.delete("/supplier/documents/<uuid:id>", responses={204: None}, summary="Take a paper away")
@guarded("supplier", scope="write:documents")
def delete_document(path: IdPath) -> Response:
    """One without which nobody sells is only replaced, by another one of its kind."""
    with db.transaction() as session:
        remove_paper(session, caller().organisation_id, path.id)
    return Response(status=204)


def _shown(row: SupplierDocument) -> present.Json:
    return {
        "id": row.id,
        "kind": row.kind,
        "media_type": row.media_type,
        "size": row.size,
        "sha256": row.sha256,
        "expires_on": row.expires_on.isoformat() if row.expires_on else None,
        "sent_at": row.uploaded_at,
    }
