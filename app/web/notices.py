"""Notices on a first page, and dismissing those that only tell something."""

from __future__ import annotations

from uuid import UUID

from flask import Response

from app import db
from app.notifications.service import dismiss
from app.web.auth import principal
from app.web.pages import Pages, go, page_url


def add_to(pages: Pages, *, page: str) -> None:
    """Add dismissing to a folder's pages, whose templates include ``parts/notices.html``. ``page`` is the endpoint
    to go back to."""

    @pages.post("/notices/<uuid:notice_id>/dismiss")
    def dismiss_notice(notice_id: UUID) -> Response:
        """The news has been read."""
        with db.transaction() as session:
            dismiss(session, principal().organisation_id, notice_id)
        return go(page_url(page))
