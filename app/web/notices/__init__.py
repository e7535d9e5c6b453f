"""Notices of an area: those on its first page, the list of all, and what each person chooses to be told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Response, g, request
from sqlalchemy.orm import Session

from app import db
from app.identity.service import set_timezone
from app.kit.errors import Forbidden, Invalid
from app.kit.texts import marked as _
from app.kit.zones import zones_to_choose
from app.notifications.models import Notice
from app.notifications.queries import ALL, OPEN, UNREAD, notices, open_notices, own_notice, unread_count
from app.notifications.rules import ACCOUNT, DAILY, DIGEST_HOUR, NOW, OFF, TOPIC_TEXTS, TOPICS, topic_of
from app.notifications.service import Choice, choices_of, choose, dismiss, mark_read
from app.web.auth import principal
from app.web.forms import Sent, problems
from app.web.pages import Pages, go, page_url, render
from app.web.ui.rendering import gettext

_PER_PAGE = 25
_VIEW_LABELS = {UNREAD: _("Unread"), OPEN: _("To do"), ALL: _("All")}
_WAY_LABELS = {NOW: _("At once"), DAILY: _("Once a day"), OFF: _("Not by e-mail")}


def shown_first(session: Session) -> Sequence[Notice]:
    """The notices of an area's first page, as its reader wants them."""
    return open_notices(session, principal().organisation_id, without=_hidden(session))


def add_dismissing(pages: Pages, *, page: str) -> None:
    """Add dismissing to a folder's pages, whose templates include ``parts/notices.html``. ``page`` is the endpoint
    to go back to."""

    @pages.post("/notices/<uuid:notice_id>/dismiss")
    def dismiss_notice(notice_id: UUID) -> Response:
        """The news has been read."""
        with db.transaction() as session:
            dismiss(session, principal().organisation_id, notice_id)
        return go(page_url(page))


def add_pages(pages: Pages) -> None:
    """Add the list of notices, and what a person is told, to an area's folder ``notices``."""

    @pages.get("/notices")
    def inbox() -> Any:
        """All that the reader was told."""
        view, topic = request.args.get("view", ALL), request.args.get("topic")
        view = view if view in _VIEW_LABELS else ALL
        topic = topic if topic in TOPICS else None
        who = principal()
        with db.transaction() as session:
            hidden = _hidden(session)
            page = notices(
                session,
                who.organisation_id,
                who.actor,
                view=view,
                topic=topic,
                without=hidden,
                limit=_PER_PAGE,
                cursor=request.args.get("cursor"),
            )
            unread = unread_count(session, who.organisation_id, who.actor, without=hidden)
        views = [
            {
                "label": gettext(label),
                "href": page_url("notices.inbox", view=name, topic=topic),
                "current": name == view,
                "count": unread if name == UNREAD else None,
            }
            for name, label in _VIEW_LABELS.items()
        ]
        return render(
            "app/web/notices/inbox.html",
            rows=[(notice, read, gettext(TOPICS[topic_of(notice.kind)])) for notice, read in page.items],
            next_cursor=page.next_cursor,
            unread=unread,
            views=views,
            view=view,
            topic=topic or "",
            topics=[("", gettext(_("All topics"))), *((name, gettext(label)) for name, label in TOPICS.items())],
        )

    @pages.post("/notices/read")
    def read_all() -> Response:
        """Everything has been read."""
        who = principal()
        with db.transaction() as session:
            mark_read(session, who.organisation_id, who.actor)
        return go(page_url("notices.inbox", done="notices_read"))

    @pages.post("/notices/<uuid:notice_id>/open")
    def open_notice(notice_id: UUID) -> Response:
        """Read one, and go to what it is about."""
        who = principal()
        with db.transaction() as session:
            notice = own_notice(session, who.organisation_id, notice_id)
            mark_read(session, who.organisation_id, who.actor, [notice.id])
        return go(_inside(notice.link))

    @pages.get("/notices/choices")
    def choices() -> Any:
        """What the reader is told, and how."""
        return _choices()

    @pages.post("/notices/choices")
    def save_choices() -> Any:
        """Keep it."""
        who, sent = principal(), Sent()
        if who.user_id is None:
            raise Forbidden("E-mails go to people with an account of their own.")
        wanted = {
            topic: Choice(sent.one_of(f"email_{topic}", tuple(_WAY_LABELS)), f"in_app_{topic}" in request.form)
            for topic in TOPICS
            if topic != ACCOUNT
        }
        zone = sent.one_of("timezone", [name for name, _label in zones_to_choose(who.timezone)])
        try:
            sent.check()
        except Invalid as error:
            return _choices(422, problems(error))
        with db.transaction() as session:
            choose(session, who.organisation_id, who.user_id, wanted)
        with db.system_scope(actor=who.actor), db.transaction() as session:
            set_timezone(session, who.user_id, zone)
        return go(page_url("notices.choices", done="saved"))

    def _choices(status: int = 200, errors: dict[str, Any] | None = None) -> Any:
        who = principal()
        with db.transaction() as session:
            chosen = _chosen(session)
        return render(
            "app/web/notices/choices.html",
            status,
            topics=[(name, gettext(label), gettext(TOPIC_TEXTS[name])) for name, label in TOPICS.items()],
            always=ACCOUNT,
            chosen=chosen,
            ways=[(name, gettext(label)) for name, label in _WAY_LABELS.items()],
            zones=zones_to_choose(who.timezone),
            zone=who.timezone,
            hour=DIGEST_HOUR,
            errors=errors or {},
        )


def _chosen(session: Session) -> dict[str, Choice]:
    """What the reader chose; those who come through a store's admin are told everything there, and get no e-mail."""
    who = principal()
    if who.user_id is None or who.role is None:
        return {topic: Choice(OFF) for topic in TOPICS}
    return choices_of(session, who.organisation_id, who.user_id, who.role)


def _hidden(session: Session) -> list[str]:
    """The topics whose notices the reader does not want to see."""
    return [topic for topic, choice in _chosen(session).items() if not choice.in_app]


def _inside(link: str) -> str:
    """A notice's link in the area that its reader is in: a retailer's stand in two places."""
    return g.area.prefix + link.removeprefix("/app") if link.startswith("/app") else link
