"""The import list: products as they will go into the store, to be edited before."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request

from app import db
from app.catalog.queries import not_offered
from app.kit.errors import Invalid, NotFound
from app.kit.ids import parse_id
from app.kit.texts import marked as _
from app.listings import queries as listings
from app.listings.rules import DRAFT
from app.listings.service import ImportRequest, add_to_import_list, edit, publish, remove_drafts
from app.stores import queries as stores
from app.web.auth import principal
from app.web.forms import problems
from app.web.pages import Nav, Pages, go, page_url
from embedded_ui.pages.listings import editing

pages = Pages(__name__, nav=Nav(_("Import list"), "drafts", 20, permission="listings.read"))


@pages.get("/import-list", permission="listings.read")
def drafts() -> Any:
    """Drafts with their prices; what was just removed can be put back."""
    return _page()


def _page(status: int = 200, *, refused: UUID | None = None, wrong: dict[str, Any] | None = None) -> Any:
    """``refused``: the draft whose form is shown as it was sent, with what is ``wrong`` with it. It stands first, as
    the page that it was on is not known."""
    retailer_id = principal().organisation_id
    with db.transaction() as session:
        page = listings.listings(session, retailer_id, states=[DRAFT], limit=20, cursor=request.args.get("cursor"))
        shown = list(page.items)
        if refused is not None:
            first = listings.listing(session, retailer_id, refused)
            shown = [first, *(one for one in shown if one.id != refused)]
        connected = {one.id: one for one in stores.stores_of(session, retailer_id)}
        variants = {
            one.id: one for one in listings.variants_shown(session, [v.variant_id for d in shown for v in d.variants])
        }
        forms = {draft.id: editing.shown(draft, connected[draft.store_id].currency, variants) for draft in shown}
        if refused is not None:
            forms[refused] = editing.typed(forms[refused], wrong or {})
        context: dict[str, Any] = {
            "drafts": shown,
            "forms": forms,
            "gone": not_offered(session, {one.product_id for one in shown}),
            "all": listings.counts_by_state(session, retailer_id).get(DRAFT, 0),
            "next_cursor": page.next_cursor,
            "images": listings.first_images(session, [one.product_id for one in shown]),
            "stores": connected,
            "removed": parse_id(request.args.get("removed", "")),
            "removed_from": parse_id(request.args.get("store", "")),
        }
    return pages.render("drafts.html", status, **context)


@pages.post("/import-list/<uuid:listing_id>", permission="listings.write")
def save(listing_id: UUID) -> Any:
    """Save a draft's title and prices, and publish it when asked to."""
    retailer_id = principal().organisation_id
    wants_publish = request.form.get("do") == "publish"
    try:
        with db.transaction() as session:
            draft = listings.listing(session, retailer_id, listing_id)
            if draft.state != DRAFT:
                # Published meanwhile, in another tab or by somebody else: what was typed is for its own page.
                return go(page_url("listings.detail", listing_id=listing_id, done="published_meanwhile"))
            store = stores.store_of(session, retailer_id, draft.store_id)
            change = editing.sent_edit(draft, store.currency)
            try:
                edit(session, retailer_id, listing_id, change)
            except Invalid as error:
                raise editing.at_fields(error, draft.variants) from error
            if wants_publish:
                publish(session, retailer_id, [listing_id])
    except Invalid as error:
        return _page(422, refused=listing_id, wrong=problems(error))
    if wants_publish:
        return go(page_url("listings.list_listings", done="listing_sent"))
    return go(page_url("import_list.drafts", done="saved"))


@pages.post("/import-list/publish-all", permission="listings.write")
def publish_all() -> Any:
    """Publish every draft that can be: its store is connected and its product still on offer."""
    retailer_id = principal().organisation_id
    with db.transaction() as session:
        connected = {one.id for one in stores.stores_of(session, retailer_id) if one.status == "connected"}
        left, cursor = False, None
        while True:
            page = listings.listings(session, retailer_id, states=[DRAFT], limit=200, cursor=cursor)
            gone_now = not_offered(session, {one.product_id for one in page.items})
            ready = [one.id for one in page.items if one.store_id in connected and one.product_id not in gone_now]
            left = left or len(ready) < len(page.items)
            if ready:
                publish(session, retailer_id, ready)
            cursor = page.next_cursor
            if cursor is None:
                break
    if left:
        return go(page_url("import_list.drafts", done="listings_sent_but_some"))
    return go(page_url("listings.list_listings", done="listings_sent"))


@pages.post("/import-list/<uuid:listing_id>/remove", permission="listings.write")
def remove(listing_id: UUID) -> Any:
    """Take a draft out; the next page offers to put it back."""
    with db.transaction() as session:
        (gone,) = remove_drafts(session, principal().organisation_id, [listing_id])
    return go(page_url("import_list.drafts", removed=gone["product_id"], store=gone["store_id"]))


@pages.post("/import-list/undo/<uuid:product_id>", permission="listings.write")
def undo(product_id: UUID) -> Any:
    """Put a removed product back into the list of the store that it was in."""
    store_id = parse_id(request.form.get("store", ""))
    if store_id is None:
        raise NotFound("store")
    with db.transaction() as session:
        store = stores.store_of(session, principal().organisation_id, store_id)
        add_to_import_list(session, store, ImportRequest(product_id=product_id))
    return go(page_url("import_list.drafts", done="draft_again"))
