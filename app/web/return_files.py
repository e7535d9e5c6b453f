"""Photos and labels of returns on both sides' pages: taken in, and given out."""

from __future__ import annotations

from uuid import UUID

from flask import Response, request

from app import db
from app.audit import service as audit
from app.kit.errors import AppError, Invalid, NotFound
from app.kit.texts import marked as _
from app.returns.service import add_file, forget_file, keep_file, read_file
from app.suppliers.rules.papers import LARGEST
from app.web.auth import principal
from app.web.kept_files import file_answer
from app.web.ui.rendering import gettext

#: The most bytes of a form with a file.
LARGEST_FORM = LARGEST + 64 * 1024


def take_file(return_id: UUID, kind: str) -> None:
    """Keep the file of this request. Raises ``Invalid``, ``Conflict`` and ``NotFound``."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise Invalid.field("file", "required", gettext(_("Choose a file first.")))
    kept = keep_file(kind, file.stream)  # type: ignore[arg-type]
    try:
        with db.transaction() as session:
            add_file(session, principal().organisation_id, return_id, kept)
    except AppError:
        # It was refused. After any other error nobody knows whether the file's row is there, and a file too many does
        # less harm than one that is missing.
        forget_file(kept)
        raise


def give_file(return_id: UUID, file_id: UUID, *, addresses: str) -> Response:
    """A file of a return. The shopper's address stands on labels, for which the permission ``addresses`` is needed, and
    whose reading is written down. Raises ``NotFound``."""
    who = principal()
    with db.transaction() as session:
        row, content = read_file(session, who.organisation_id, return_id, file_id)
        if row.kind == "label":
            if not who.may(addresses):
                raise NotFound("file")
            audit.record(session, who.organisation_id, "orders.address_read", "return", return_id)
    return file_answer(row.kind, row.media_type, content)
