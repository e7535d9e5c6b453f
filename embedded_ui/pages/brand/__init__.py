"""How the shop presents itself on papers: logo, colour, message, whom to ask; with a look at a packing slip."""

from __future__ import annotations

import base64
import re
from io import BytesIO
from typing import Any

import pypdfium2
from babel import Locale
from flask import request

from app import db
from app.catalog.pictures.derivatives import PictureRefused
from app.catalog.pictures.rules import REASONS
from app.documents.drawing import draw
from app.documents.logo import LARGEST, logo_of
from app.documents.papers import BrandOnPaper
from app.documents.queries import brand_of
from app.documents.service import example_paper, remove_logo, save_brand
from app.documents.words import LANGUAGES
from app.identity.models import Organisation
from app.kit import clock
from app.kit.errors import Invalid
from app.kit.texts import marked as _
from app.web.auth import principal
from app.web.forms import Sent, problems
from app.web.pages import Pages, go, page_url
from app.web.ui.rendering import gettext, locale

pages = Pages(__name__)
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_MARGIN = 20_000
#: Field → its longest text.
_TEXTS = {"name": 80, "message": 600, "email": 120, "phone": 40, "website": 200}
_FIRST_COLOUR = "#1f2937"


@pages.get("/settings/brand", permission="settings.write")
def brand() -> Any:
    """The form beside what it leads to."""
    return _page()


@pages.post("/settings/brand", permission="settings.write", largest=LARGEST + _MARGIN)
def save() -> Any:
    """Keep it, or only look at it."""
    sent = Sent()
    values = {name: sent.text(name, longest=longest) for name, longest in _TEXTS.items()}
    values["colour"] = sent.text("colour", longest=7).lower() or _FIRST_COLOUR
    if not _COLOUR.fullmatch(values["colour"]):
        sent.refuse("colour", "not_a_colour", gettext("A colour such as #0f766e."))
        values["colour"] = _FIRST_COLOUR
    values["language"] = sent.one_of("language", ("", *LANGUAGES), missing="")
    try:
        sent.check()
        logo = _logo()
        if "look" in request.form:
            return _page(values=values, logo=logo)
        with db.transaction() as session:
            save_brand(session, principal().organisation_id, values=values, logo=logo)
    except Invalid as error:
        return _page(422, values=values, errors=problems(error))
    return go(page_url("brand.brand", done="saved"))


@pages.post("/settings/brand/logo/remove", permission="settings.write")
def without_logo() -> Any:
    """Show the name instead of the logo."""
    with db.transaction() as session:
        remove_logo(session, principal().organisation_id)
    return go(page_url("brand.brand", done="saved"))


def _logo() -> bytes | None:
    file = request.files.get("logo")
    if file is None or not file.filename:
        return None
    raw = file.stream.read(LARGEST + 1)
    try:
        if len(raw) > LARGEST:
            raise PictureRefused("too_large")
        return logo_of(raw)
    except PictureRefused as refused:
        reason = REASONS[refused.reason]
        raise Invalid.field("logo", refused.reason, f"{gettext(reason.text)} {gettext(reason.advice)}") from refused


def _page(
    status: int = 200,
    *,
    values: dict[str, str] | None = None,
    logo: bytes | None = None,
    errors: dict[str, Any] | None = None,
) -> Any:
    retailer_id = principal().organisation_id
    with db.transaction() as session:
        retailer = session.get_one(Organisation, retailer_id).name
        saved = brand_of(session, retailer_id)
        kept = {name: getattr(saved, name) if saved else "" for name in (*_TEXTS, "colour", "language")}
        has_logo, logo = bool(saved and saved.logo), logo or (saved.logo if saved else None)
    shown = values or kept | {"colour": kept["colour"] or _FIRST_COLOUR}
    on_paper = BrandOnPaper(
        name=shown["name"] or retailer,
        logo=logo,
        colour=shown["colour"],
        message=shown["message"],
        contact=[shown[name] for name in ("email", "phone", "website") if shown[name]],
    )
    paper = example_paper(on_paper, language=shown["language"], day=clock.now().date())
    names = Locale.parse(locale())
    languages = [("", gettext(_("The language of the address"))), *sorted(
        ((code, names.languages.get(code, code)) for code in LANGUAGES), key=lambda item: item[1].casefold()
    )]  # fmt: skip
    return pages.render(
        "brand.html",
        status,
        values=shown,
        retailer=retailer,
        has_logo=has_logo,
        languages=languages,
        errors=errors or {},
        looking=values is not None and not errors,
        preview=picture_of(draw([paper])),
    )


def picture_of(pdf: bytes) -> str:
    """The upper half of the first page, as an address that holds the picture."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        page = document[0].render(scale=1.4).to_pil()
    finally:
        document.close()
    out = BytesIO()
    page.crop((0, 0, page.width, round(page.height * 0.62))).save(out, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()
