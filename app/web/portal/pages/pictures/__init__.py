"""A supplier's pictures: those that can't be shown and why, fetching again, and pictures sent by hand."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request

from app import db
from app.adapters import registries
from app.catalog import queries as catalog
from app.catalog.pictures import queries, service
from app.catalog.pictures.derivatives import PictureRefused, make
from app.catalog.pictures.rules import LARGEST_BYTES, REASONS, file_key
from app.config import settings
from app.kit.errors import Conflict, Invalid
from app.kit.ids import parse_id
from app.web.auth import principal
from app.web.forms import Sent, problems
from app.web.pages import Pages, go, page_url
from app.web.portal import product_page
from app.web.ui.rendering import gettext

pages = Pages(__name__)
_PAGE = 50
#: The form around the file.
_MARGIN = 64 * 1024
_LONGEST_ALT = 250


@pages.get("/pictures", permission="products.read")
def broken() -> Any:
    """Pictures that can't be shown, each with the reason and what to do."""
    supplier_id = principal().organisation_id
    after = parse_id(request.args.get("cursor", ""))
    with db.transaction() as session:
        rows = queries.broken_pictures(session, supplier_id, limit=_PAGE + 1, after=after)
        total = queries.broken_count(session, supplier_id)
    shown = rows[:_PAGE]
    return pages.render(
        "broken.html",
        rows=[one for _, one in shown],
        reasons=REASONS,
        total=total,
        next_cursor=str(shown[-1][0]) if len(rows) > _PAGE else None,
    )


@pages.post("/products/<uuid:product_id>/pictures", permission="products.write", largest=LARGEST_BYTES + _MARGIN)
def upload(product_id: UUID) -> Any:
    """Take a picture from the supplier's own disk."""
    if not settings().keeps_pictures:
        raise Conflict("This installation keeps no pictures; use their addresses.", code="no_pictures_kept")
    try:
        _take(product_id)
    except Invalid as error:
        return product_page.shown(product_id, problems(error), error.status)
    return go(page_url("products.detail", product_id=product_id, done="picture_added"))


def _take(product_id: UUID) -> None:
    """Keep the picture that came. Raises ``Invalid``."""
    supplier_id = principal().organisation_id
    sent = Sent()
    alt = sent.text("alt", longest=_LONGEST_ALT)
    sent.check()
    file = request.files.get("file")
    if file is None or not file.filename:
        raise Invalid.field("file", "required", gettext("Choose a picture first."))
    with db.transaction() as session:
        catalog.product(session, product_id, supplier_id=supplier_id)
    raw = file.stream.read(LARGEST_BYTES + 1)
    try:
        if len(raw) > LARGEST_BYTES:
            raise PictureRefused("too_large")
        made = make(raw)
    except PictureRefused as refused:
        reason = REASONS[refused.reason]
        message = f"{gettext(reason.text)} {gettext(reason.advice)}"
        raise Invalid.field("file", refused.reason, message) from refused
    storage = registries.storages.get(settings().media_storage)
    for name, content in made.files.items():
        storage.put(file_key(made.sha256, name), [content], limit=len(content))
    with db.transaction() as session:
        service.keep_media(session, made)
        service.add_uploaded(session, supplier_id, product_id, made.sha256, alt)


@pages.post("/products/<uuid:product_id>/pictures/again", permission="products.write")
def again(product_id: UUID) -> Any:
    """Fetch a product's pictures now."""
    with db.transaction() as session:
        service.fetch_again(session, principal().organisation_id, [product_id])
    if request.form.get("back") == "list":
        return go(page_url("pictures.broken", done="pictures_again"))
    return go(page_url("products.detail", product_id=product_id, done="pictures_again"))


@pages.post("/products/<uuid:product_id>/pictures/<uuid:image_id>/remove", permission="products.write")
def remove(product_id: UUID, image_id: UUID) -> Any:
    """Take away a picture that was sent by hand."""
    with db.transaction() as session:
        service.remove_uploaded(session, principal().organisation_id, product_id, image_id)
    return go(page_url("products.detail", product_id=product_id, done="picture_removed"))
