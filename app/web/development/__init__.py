"""What only a development installation has: its mailbox, and pictures for the demo's products."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, render_template
from markupsafe import escape

from app import db
from app.config import settings
from app.kit.errors import NotFound
from app.kit.ids import parse_id
from app.notifications.service import latest_emails, open_email

bp = Blueprint("development", __name__, url_prefix="/dev")


def register(app: Flask) -> None:
    """Add these pages, never in production."""
    if settings().environment != "production" and settings().mail_transport == "mailbox":
        app.register_blueprint(bp)


@bp.get("/mailbox")
def mailbox() -> str:
    """The last e-mails."""
    with db.system_scope(actor="mailbox"), db.transaction() as session:
        return render_template("app/web/development/mailbox.html", emails=latest_emails(session))


@bp.get("/mailbox.json")
def mailbox_json() -> Response:
    """The same for programs."""
    with db.system_scope(actor="mailbox"), db.transaction() as session:
        found = latest_emails(session)
    return jsonify(
        items=[
            {
                "id": one.id,
                "recipient": one.recipient,
                "subject": one.subject,
                "text": one.text,
                "state": one.state,
                "created_at": one.created_at,
            }
            for one in found
        ]
    )


@bp.get("/mailbox/<email_id>")
def one_email(email_id: str) -> Any:
    """One e-mail as its reader sees it."""
    known = parse_id(email_id)
    with db.system_scope(actor="mailbox"), db.transaction() as session:
        found = open_email(session, known) if known else None
    if found is None:
        raise NotFound("e-mail")
    return render_template("app/web/development/email.html", email=found)


@bp.get("/pictures/<name>.svg")
def picture(name: str) -> Response:
    """A picture for a product of the demo: calm, and always the same for the same name."""
    hue = int(hashlib.sha256(name.encode()).hexdigest()[:4], 16) % 360
    letters = escape("".join(word[:1] for word in name.split("-")[:2]).upper())
    drawn = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400" width="400" height="400">'
        f'<rect width="400" height="400" fill="hsl({hue} 35% 88%)"/>'
        f'<circle cx="200" cy="180" r="92" fill="hsl({hue} 38% 62%)"/>'
        f'<rect x="120" y="286" width="160" height="18" rx="9" fill="hsl({hue} 30% 45%)"/>'
        '<text x="200" y="202" font-family="sans-serif" font-size="64" text-anchor="middle" fill="#fff">'
        f"{letters}</text>"
        "</svg>"
    )
    return Response(drawn, content_type="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})
