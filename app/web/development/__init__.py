"""What only a development installation has: its mailbox, and pictures for the demo's products."""

from __future__ import annotations

import colorsys
import hashlib
from io import BytesIO
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, render_template
from PIL import Image, ImageDraw, ImageFont

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


@bp.get("/pictures/<name>.png")
def picture(name: str) -> Response:
    """A picture for a product of the demo: calm, and always the same for the same name."""
    hue = int(hashlib.sha256(name.encode()).hexdigest()[:4], 16) % 360 / 360
    letters = "".join(word[:1] for word in name.split("-")[:2]).upper()
    drawn = Image.new("RGB", (800, 800), _colour(hue, 0.88, 0.35))
    pen = ImageDraw.Draw(drawn)
    pen.ellipse((216, 176, 584, 544), fill=_colour(hue, 0.5, 0.38))
    pen.rounded_rectangle((240, 572, 560, 608), 18, fill=_colour(hue, 0.45, 0.3))
    pen.text((400, 360), letters, fill="white", font=ImageFont.load_default(128), anchor="mm")
    into = BytesIO()
    drawn.save(into, "PNG")
    return Response(into.getvalue(), content_type="image/png", headers={"Cache-Control": "public, max-age=86400"})


def _colour(hue: float, lightness: float, saturation: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hls_to_rgb(hue, lightness, saturation)
    return round(red * 255), round(green * 255), round(blue * 255)
