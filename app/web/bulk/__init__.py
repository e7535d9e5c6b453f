"""Doing something with many rows of a list: started from the list, shown with each row's result, taken back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, request

from app import db
from app.bulk import files, service
from app.bulk.queries import bulk_action, rows_of, undone_by
from app.bulk.rules import ACCEPT, ACTIONS, CANCEL, HOLD, PAPERS, RELEASE, RETRY, SHIP
from app.bulk.service import undoable
from app.kit.errors import NotFound
from app.kit.ids import parse_id
from app.kit.texts import marked as _
from app.web.auth import principal
from app.web.pages import Pages, go, page_url, render
from app.web.printed import pdf_answer
from app.web.ui.rendering import gettext

LABELS: Mapping[str, str] = {
    HOLD: _("Put on hold"),
    RELEASE: _("Released"),
    CANCEL: _("Cancelled"),
    RETRY: _("Tried again"),
    ACCEPT: _("Accepted"),
    SHIP: _("Shipped"),
    PAPERS: _("Papers"),
}


def ticked(field: str) -> list[UUID] | None:
    """The rows that the form names; None where it means all that match."""
    if request.form.get("everything"):
        return None
    return list(dict.fromkeys(one for text in request.form.getlist(field) if (one := parse_id(text)) is not None))


def add_pages(pages: Pages, *, prefix: str, read: str, back: str, back_label: str, row: tuple[str, str]) -> None:
    """Add the page of a bulk action to a list's folder. ``back``: the list's endpoint; ``row``: the endpoint of one
    row's page, and the name of its id."""

    @pages.get(f"{prefix}/bulk/<uuid:bulk_action_id>", permission=read)
    def bulk_result(bulk_action_id: UUID) -> Any:
        """How far it is, and what became of each row."""
        with db.transaction() as session:
            found = bulk_action(session, principal().organisation_id, bulk_action_id)
            page = rows_of(session, found.id, cursor=request.args.get("cursor"))
            taken_back = undone_by(session, found.id)
        rule = ACTIONS[found.action]
        may = principal().may(rule.permission)
        here = f"{pages.name}."
        return render(
            "app/web/bulk/result.html",
            action=found,
            label=gettext(LABELS[found.action]),
            rows=[
                (one, page_url(row[0], **{row[1]: one.subject_id}) if one.subject_id is not None else None)
                for one in page.items
            ],
            next_cursor=page.next_cursor,
            back=(page_url(back), gettext(back_label)),
            undo=page_url(f"{here}bulk_undo", bulk_action_id=found.id)
            if may and undoable(found) and taken_back is None
            else None,
            taken_back=page_url(f"{here}bulk_result", bulk_action_id=taken_back.id) if taken_back else None,
            file=page_url(f"{here}bulk_file", bulk_action_id=found.id) if may and found.file_key else None,
        )

    @pages.post(f"{prefix}/bulk/<uuid:bulk_action_id>/undo", permission=read)
    def bulk_undo(bulk_action_id: UUID) -> Response:
        """Take back what was done."""
        who = principal()
        with db.transaction() as session:
            found = bulk_action(session, who.organisation_id, bulk_action_id)
            who.require(ACTIONS[found.action].permission)
            undoing = service.undo(session, who.organisation_id, bulk_action_id)
        return go(page_url(f"{pages.name}.bulk_result", bulk_action_id=undoing.id))

    @pages.get(f"{prefix}/bulk/<uuid:bulk_action_id>/file.pdf", permission=read)
    def bulk_file(bulk_action_id: UUID) -> Response:
        """The file that came of it, for an hour."""
        who = principal()
        with db.transaction() as session:
            found = bulk_action(session, who.organisation_id, bulk_action_id)
            who.require(ACTIONS[found.action].permission)
        if found.file_key is None:
            raise NotFound("file")
        try:
            content = files.read(found.id, found.file_key)
        except FileNotFoundError as error:
            raise NotFound("file") from error
        return pdf_answer(content, found.file_name or "papers")
