"""The platform's notices, and what each of its people is told."""

from __future__ import annotations

from app.kit.texts import marked as _
from app.web import notices
from app.web.pages import Nav, Pages

pages = Pages(__name__, nav=Nav(_("Notices"), "inbox", 85))
notices.add_pages(pages)
