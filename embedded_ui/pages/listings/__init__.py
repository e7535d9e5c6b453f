"""Listings: what the stores show, whether they agree, and what to do when not."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request

from app import db
from app.catalog import queries as catalog
from app.inventory.queries import low_variants
from app.kit.errors import Invalid
from app.kit.texts import marked as _
from app.listings import queries as listings
from app.listings.rules import HIDDEN, UNLINKED
from app.listings.service import edit, hide, publish, retry
from app.stores import queries as stores
from app.suppliers import queries as suppliers
from app.web.auth import principal
from app.web.forms import problems
from app.web.pages import Nav, Pages, go, page_url
from app.web.ui.rendering import gettext
from embedded_ui.pages.listings import editing

pages = Pages(__name__, nav=Nav(_("Listings"), "list_listings", 30, permission="listings.read"))
_VIEWS = {
    "all": _("All"),
    "live": _("Live"),
    "needs_you": _("Need you"),
    "waiting": _("Being updated"),
    "hidden": _("Hidden"),
}


@pages.get("/listings", permission="listings.read")
def list_listings() -> Any:
    """Views with counts."""
    retailer_id = principal().organisation_id
    view = request.args.get("view", "all")
    published = tuple(state for name, states in listings.VIEWS.items() if name != "drafts" for state in states)
    states = listings.VIEWS.get(view) or published
    with db.transaction() as session:
        counts = listings.counts_by_state(session, retailer_id)
        page = listings.listings(
            session,
            retailer_id,
            states=states,
            search=request.args.get("search"),
            limit=30,
            cursor=request.args.get("cursor"),
        )
        context: dict[str, Any] = {
            "listings": page.items,
            "next_cursor": page.next_cursor,
            "images": listings.first_images(session, [one.product_id for one in page.items]),
            "stores": {one.id: one for one in stores.stores_of(session, retailer_id)},
            "views": [
                {
                    "label": gettext(label),
                    "href": page_url("listings.list_listings", view=name),
                    "current": name == view,
                    "count": sum(counts.get(state, 0) for state in (listings.VIEWS.get(name) or published)),
                }
                for name, label in _VIEWS.items()
            ],
        }
    return pages.render("list.html", **context)


@pages.get("/listings/<uuid:listing_id>", permission="listings.read")
def detail(listing_id: UUID) -> Any:
    """One listing: what the store should show, what it holds, and why."""
    return _page(listing_id)


def _page(listing_id: UUID, status: int = 200, *, wrong: dict[str, Any] | None = None) -> Any:
    """``wrong``: with the form as it was sent, and what is wrong with it."""
    retailer_id = principal().organisation_id
    with db.transaction() as session:
        found = listings.listing(session, retailer_id, listing_id)
        product = catalog.product(session, found.product_id, supplier_id=found.supplier_id)
        store = stores.store_of(session, retailer_id, found.store_id)
        form = editing.shown(found, store.currency, {one.id: one for one in product.variants})
        context: dict[str, Any] = {
            "listing": found,
            "product": product,
            "variants": {one.id: one for one in product.variants},
            "low": low_variants(session, [one.id for one in product.variants]),
            "store": store,
            "supplier": suppliers.supplier(session, found.supplier_id),
            "form": editing.typed(form, wrong) if wrong else form,
            "ended": bool(catalog.not_offered(session, [found.product_id])),
            "own": [gettext(editing.OWN_LABELS[name]) for name in found.owned_fields],
        }
    return pages.render("detail.html", status, **context)


@pages.post("/listings/<uuid:listing_id>", permission="listings.write")
def save(listing_id: UUID) -> Any:
    """Save the title, the prices and which variants are listed; the store follows."""
    retailer_id = principal().organisation_id
    try:
        with db.transaction() as session:
            found = listings.listing(session, retailer_id, listing_id)
            store = stores.store_of(session, retailer_id, found.store_id)
            change = editing.sent_edit(found, store.currency)
            try:
                edit(session, retailer_id, listing_id, change)
            except Invalid as error:
                raise editing.at_fields(error, found.variants) from error
            shows = found.state not in (HIDDEN, UNLINKED)
    except Invalid as error:
        return _page(listing_id, 422, wrong=problems(error))
    return go(page_url("listings.detail", listing_id=listing_id, done="saved_for_store" if shows else "saved"))


@pages.post("/listings/<uuid:listing_id>/retry", permission="listings.write")
def try_again(listing_id: UUID) -> Any:
    """Send a refused listing again."""
    with db.transaction() as session:
        retry(session, principal().organisation_id, [listing_id])
    return go(page_url("listings.detail", listing_id=listing_id, done="listing_sent_again"))


@pages.post("/listings/<uuid:listing_id>/hide", permission="listings.write")
def take_off(listing_id: UUID) -> Any:
    """Stop showing it."""
    with db.transaction() as session:
        hide(session, principal().organisation_id, [listing_id])
    return go(page_url("listings.detail", listing_id=listing_id, done="listing_hidden"))


@pages.post("/listings/<uuid:listing_id>/show", permission="listings.write")
def put_back(listing_id: UUID) -> Any:
    """Show it again."""
    with db.transaction() as session:
        publish(session, principal().organisation_id, [listing_id])
    return go(page_url("listings.detail", listing_id=listing_id, done="listing_sent"))
