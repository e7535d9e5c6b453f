"""What customers ask to send back: looked at, granted or refused; and how they may ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, request
from sqlalchemy.orm import Session

from app import db
from app.kit.errors import Invalid
from app.kit.texts import marked as _
from app.orders import queries as orders
from app.returns import queries
from app.returns.rules import REASONS
from app.returns.service.asking import choose_settings, grant, note_of, refuse
from app.returns.service.filing import read_shopper_photo
from app.stores.queries import stores_of
from app.web.auth import principal
from app.web.forms import problems
from app.web.kept_files import file_answer
from app.web.pages import Pages, go, page_url
from app.web.return_words import REASON_WORDS
from app.web.ui.rendering import gettext


def add_pages(pages: Pages) -> None:
    """Add them to the folder of the returns' pages."""

    @pages.get("/returns/requests", permission="orders.read")
    def requests() -> Any:
        """Newest first."""
        retailer_id = principal().organisation_id
        with db.transaction() as session:
            page = queries.shopper_returns(session, retailer_id, cursor=request.args.get("cursor"))
            names = {one.order_id: orders.order(session, retailer_id, one.order_id).external_name for one in page.items}
        return pages.render("requests.html", rows=page.items, names=names, next_cursor=page.next_cursor)

    @pages.get("/returns/requests/<uuid:request_id>", permission="orders.read")
    def one_request(request_id: UUID) -> Any:
        """What a customer wants, in its own words."""
        return _page(request_id)

    @pages.post("/returns/requests/<uuid:request_id>/grant", permission="orders.write")
    def grant_request(request_id: UUID) -> Response:
        """Suppliers are asked."""
        with db.transaction() as session:
            grant(session, principal().organisation_id, request_id)
        return go(page_url("returns.one_request", request_id=request_id, done="return_asked"))

    @pages.post("/returns/requests/<uuid:request_id>/refuse", permission="orders.write")
    def refuse_request(request_id: UUID) -> Any:
        """The customer reads why not."""
        try:
            with db.transaction() as session:
                refuse(session, principal().organisation_id, request_id, request.form.get("answer", ""))
        except Invalid as error:
            return _page(request_id, 422, problems(error))
        return go(page_url("returns.one_request", request_id=request_id, done="shopper_answered"))

    @pages.get("/returns/requests/<uuid:request_id>/photos/<uuid:file_id>", permission="orders.read")
    def shopper_photo(request_id: UUID, file_id: UUID) -> Response:
        """A customer's photo."""
        with db.transaction() as session:
            row, content = read_shopper_photo(session, principal().organisation_id, request_id, file_id)
        return file_answer("photo", row.media_type, content)

    @pages.get("/returns/settings", permission="settings.write")
    def return_settings() -> Any:
        """How customers ask."""
        with db.transaction() as session:
            chosen = queries.settings_of(session, principal().organisation_id)
            places = _places(session, principal().organisation_id)
        written = [name for name, _label in places if name not in chosen.silent_stores]
        return pages.render("settings.html", chosen=chosen, reasons=_reasons(), places=places, written=written)

    @pages.post("/returns/settings", permission="settings.write")
    def save_return_settings() -> Response:
        """Keep it."""
        with db.transaction() as session:
            places = _places(session, principal().organisation_id)
            choose_settings(
                session,
                principal().organisation_id,
                by_shoppers="by_shoppers" in request.form,
                automatic="automatic" in request.form,
                photo_reasons=request.form.getlist("photo_reasons"),
                silent_stores=[name for name, _label in places if name not in request.form.getlist("written")],
            )
        return go(page_url("returns.return_settings", done="saved"))

    def _page(request_id: UUID, status: int = 200, errors: Mapping[str, str] | None = None) -> Any:
        retailer_id = principal().organisation_id
        with db.transaction() as session:
            row = queries.shopper_return(session, retailer_id, request_id)
            order = orders.order(session, retailer_id, row.order_id)
            found = queries.returns_of(session, retailer_id, order_id=order.id).items
        return pages.render(
            "request.html",
            status,
            row=row,
            order=order,
            note=note_of(row),
            reasons=dict(_reasons()),
            returns={one.id: one for one in found},
            errors=errors or {},
            typed=request.form if errors else {},
        )


def _places(session: Session, retailer_id: UUID) -> list[tuple[str, str]]:
    """The stores whose customers may be written to, and orders without one."""
    found = [(str(one.id), one.name) for one in stores_of(session, retailer_id)]
    return [*found, (queries.WITHOUT_STORE, gettext(_("Orders without a store")))]


def _reasons() -> list[tuple[str, str]]:
    return [(name, gettext(REASON_WORDS[name])) for name in REASONS]
