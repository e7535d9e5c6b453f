"""A person's views of a list: shown above it, saved and removed on a page of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Response, request
from sqlalchemy.orm import Session

from app import db
from app.kit.errors import Invalid
from app.kit.ids import parse_id
from app.saved_views.models import SavedView
from app.saved_views.service import make_default, remove_view, save_view, views_of
from app.web.auth import principal
from app.web.forms import problems
from app.web.pages import Pages, go, page_url, render
from app.web.ui.rendering import gettext

_LONGEST = 200
#: What a view looks for, as its list says it: the name and the value of each field, in words.
Words = Callable[[Session, Mapping[str, str]], list[tuple[str, str]]]


def kept(names: Sequence[str], values: Mapping[str, str]) -> dict[str, str]:
    """What of an address belongs to a view."""
    return {name: values[name][:_LONGEST] for name in names if values.get(name) and "\x00" not in values[name]}


def shown(session: Session, of: str, endpoint: str, present: Mapping[str, str]) -> list[dict[str, Any]]:
    """The reader's views, as ``ui.views`` shows them."""
    who = principal()
    return [
        {"label": one.name, "href": page_url(endpoint, **one.query), "current": one.query == present}
        for one in views_of(session, who.organisation_id, who.actor, of)
    ]


def beginning(session: Session, of: str) -> SavedView | None:
    """What the reader's list begins with."""
    who = principal()
    return next((one for one in views_of(session, who.organisation_id, who.actor, of) if one.is_default), None)


def add_pages(
    pages: Pages,
    *,
    prefix: str,
    of: str,
    names: Sequence[str],
    words: Words,
    read: str,
    back: str,
    back_label: str,
) -> None:
    """Add the page of the views of a list to its folder. ``names``: the values of its address that make a view."""
    here = f"{pages.name}.saved_views"

    @pages.get(f"{prefix}/views", permission=read)
    def saved_views() -> Any:
        """The reader's views, and a form to save what is looked for now."""
        return _page()

    @pages.post(f"{prefix}/views", permission=read)
    def save_this_view() -> Any:
        """Keep what is looked for under a name."""
        who = principal()
        try:
            with db.transaction() as session:
                view = save_view(
                    session,
                    who.organisation_id,
                    who.actor,
                    of,
                    name=request.form.get("name", ""),
                    query=kept(names, request.form),
                    default="default" in request.form,
                )
        except Invalid as error:
            return _page(422, problems(error))
        return go(page_url(back, **view.query, done="view_saved"))

    @pages.post(f"{prefix}/views/default", permission=read)
    def begin_with() -> Response:
        """What the list begins with; nothing chosen for the whole list."""
        who = principal()
        view_id = parse_id(request.form.get("view", ""))
        with db.transaction() as session:
            make_default(session, who.organisation_id, who.actor, of, view_id)
        return go(page_url(here, done="saved"))

    @pages.post(f"{prefix}/views/<uuid:view_id>/remove", permission=read)
    def forget_view(view_id: UUID) -> Response:
        """Forget one."""
        who = principal()
        with db.transaction() as session:
            remove_view(session, who.organisation_id, who.actor, of, view_id)
        return go(page_url(here, done="view_removed"))

    def _page(status: int = 200, errors: Mapping[str, str] | None = None) -> Any:
        who = principal()
        with db.transaction() as session:
            found = views_of(session, who.organisation_id, who.actor, of)
            values = kept(names, request.form if request.method == "POST" else request.args)
            said = words(session, values)
        return render(
            "app/web/saved_views/views.html",
            status,
            views=[(one, page_url(back, **one.query)) for one in found],
            values=values,
            said=said,
            name=request.form.get("name", ""),
            errors=errors or {},
            back=(page_url(back, **values), gettext(back_label)),
            save=page_url(f"{pages.name}.save_this_view"),
            begin=page_url(f"{pages.name}.begin_with"),
            remove={one.id: page_url(f"{pages.name}.forget_view", view_id=one.id) for one in found},
        )
