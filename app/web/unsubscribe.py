"""Stopping e-mails by the link in them: for people with a button, for mail programs with one click (RFC 8058).

The link is signed and names no person; whoever has it can do nothing but end these e-mails.
"""

from __future__ import annotations

from flask import Blueprint, Response, render_template

from app import db
from app.notifications.rules import DIGEST, TOPICS
from app.notifications.service import opened_token, unsubscribe
from app.web.ui.rendering import gettext

bp = Blueprint("unsubscribe", __name__)


@bp.get("/unsubscribe/<token>")
def ask(token: str) -> Response:
    """What would end, and a button: looking at the link, as mail scanners do, changes nothing."""
    _person, _organisation, topic = opened_token(token)
    return _page(topic, done=False)


@bp.post("/unsubscribe/<token>")
def stop(token: str) -> Response:
    """End these e-mails. It comes from other people's servers, without a cookie: the link itself is the proof."""
    with db.system_scope(actor="unsubscribe"), db.transaction() as session:
        topic = unsubscribe(session, token)
    return _page(topic, done=True)


def _page(topic: str, *, done: bool) -> Response:
    name = None if topic == DIGEST else gettext(TOPICS[topic])
    body = render_template("app/web/unsubscribe.html", topic=name, done=done)
    answer = Response(body, content_type="text/html; charset=utf-8")
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["Cache-Control"] = "no-store"
    return answer
