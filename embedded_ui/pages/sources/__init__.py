"""Where the goods of a listing's variant come from: other suppliers' offers, bundles, substitutes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request

from app import db
from app.catalog import queries as catalog
from app.catalog.search.queries import Wanted
from app.kit.errors import Invalid, NotFound
from app.kit.texts import marked as _
from app.listings import queries as listings
from app.listings.service import link_source, order_sources, refuse_source, unlink_source
from app.purchasing.routing.sources import sources_of
from app.suppliers import queries as suppliers
from app.web.auth import principal
from app.web.forms import Sent
from app.web.pages import Pages, go, page_url
from app.web.ui.rendering import gettext

pages = Pages(__name__)
_HERE = "/listings/<uuid:listing_id>/variants/<uuid:row_id>/sources"
_KINDS = {
    "hand": _("Another source of the same thing"),
    "substitute": _("A substitute, where nothing else can deliver"),
}


@pages.get(_HERE, permission="listings.read")
def sources(listing_id: UUID, row_id: UUID) -> Any:
    """All sources, proposals of the same article, and a search for others."""
    who = principal()
    wanted = request.args.get("search", "").strip()[:100]
    with db.transaction() as session:
        listing = listings.listing(session, who.organisation_id, listing_id)
        if row_id not in {one.id for one in listing.variants}:
            raise NotFound("listing variant")
        view = sources_of(session, who.organisation_id, row_id)
        found = catalog.products(session, Wanted(search=wanted, sort="relevance"), limit=6).items if wanted else []
        linked = {one.variant.id for several in view.components.values() for one in several}
        offers = [(product, one) for product in found for one in product.variants if one.id not in linked][:20]
        context: dict[str, Any] = {
            "listing": listing,
            "row_id": row_id,
            "view": view,
            "offers": offers,
            "wanted": wanted,
            "sellers": suppliers.names(session, {product.supplier_id for product, _one in offers}),
            "uses": [
                *((f"{kind}:0", gettext(label)) for kind, label in _KINDS.items()),
                (f"hand:{len(view.components)}", gettext(_("One more part of a bundle"))),
                *(
                    (f"hand:{number}", gettext(_("Another source of part %(number)s")) % {"number": number + 1})
                    for number in view.components
                    if number
                ),
            ],
        }
    return pages.render("sources.html", **context)


@pages.post(_HERE + "/link", permission="listings.write")
def link(listing_id: UUID, row_id: UUID) -> Any:
    """Link a supplier's variant, or change how it is linked."""
    sent = Sent()
    per_unit = sent.whole("per_unit", 1, 1000)
    kind, _colon, component = sent.values.get("use", "hand:0").partition(":")
    sent.check()
    if not (component.isascii() and component.isdigit() and len(component) < 3):
        raise Invalid.field("use", "unknown", "Choose one.")
    with db.transaction() as session:
        link_source(
            session,
            principal().organisation_id,
            row_id,
            _variant_id(sent),
            component=int(component),
            per_unit=per_unit,
            kind=kind,
            competes="competes" in sent.values,
        )
    return _back(listing_id, row_id, done="source_linked")


@pages.post(_HERE + "/unlink", permission="listings.write")
def unlink(listing_id: UUID, row_id: UUID) -> Any:
    """Take a source away."""
    sent = Sent()
    component = sent.whole("component", 0, 100)
    sent.check()
    with db.transaction() as session:
        unlink_source(session, principal().organisation_id, row_id, _variant_id(sent), component=component)
    return _back(listing_id, row_id, done="source_unlinked")


@pages.post(_HERE + "/refuse", permission="listings.write")
def refuse(listing_id: UUID, row_id: UUID) -> Any:
    """Never use this offer of the same article."""
    with db.transaction() as session:
        refuse_source(session, principal().organisation_id, row_id, _variant_id(Sent()))
    return _back(listing_id, row_id, done="source_unlinked")


@pages.post(_HERE + "/first", permission="listings.write")
def first(listing_id: UUID, row_id: UUID) -> Any:
    """Ask this source first."""
    sent = Sent()
    component = sent.whole("component", 0, 100)
    sent.check()
    with db.transaction() as session:
        order_sources(session, principal().organisation_id, row_id, [_variant_id(sent)], component=component)
    return _back(listing_id, row_id, done="saved")


def _variant_id(sent: Sent) -> UUID:
    try:
        return UUID(sent.values.get("variant_id", ""))
    except ValueError as error:
        raise Invalid.field("variant_id", "unknown_variant", "No such variant is on offer.") from error


def _back(listing_id: UUID, row_id: UUID, done: str) -> Any:
    return go(page_url("sources.sources", listing_id=listing_id, row_id=row_id, done=done))
