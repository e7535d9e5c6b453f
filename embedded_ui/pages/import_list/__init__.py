"""The import list: products as they will go into the store, to be edited before."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from flask import request

from app import db
from app.kit.errors import Invalid
from app.kit.money import Money
from app.kit.texts import marked as _
from app.listings import queries as listings
from app.listings.rules import DRAFT
from app.listings.service import Edit, ImportRequest, add_to_import_list, edit, publish, remove_drafts
from app.stores import queries as stores
from app.web.auth import principal
from app.web.pages import Nav, Pages, go, page_url

pages = Pages(__name__, nav=Nav(_("Import list"), "drafts", 20, permission="listings.read"))


@pages.get("/import-list", permission="listings.read")
def drafts() -> Any:
    """Drafts with their prices; what was just removed can be put back."""
    retailer_id = principal().organisation_id
    with db.transaction() as session:
        page = listings.listings(session, retailer_id, states=[DRAFT], limit=20, cursor=request.args.get("cursor"))
        connected = {one.id: one for one in stores.stores_of(session, retailer_id)}
        context: dict[str, Any] = {
            "drafts": page.items,
            "next_cursor": page.next_cursor,
            "images": listings.first_images(session, [one.product_id for one in page.items]),
            "stores": connected,
            "prices": {
                row.id: Money(row.wanted_price, connected[draft.store_id].currency).amount
                for draft in page.items
                for row in draft.variants
            },
            "variants": {
                one.id: one
                for one in listings.variants_shown(session, [v.variant_id for d in page.items for v in d.variants])
            },
            "removed": request.args.get("removed"),
        }
    return pages.render("drafts.html", **context)


@pages.post("/import-list/<uuid:listing_id>", permission="listings.write")
def save(listing_id: UUID) -> Any:
    """Save a draft's title and prices, and publish it when asked to."""
    retailer_id = principal().organisation_id
    with db.transaction() as session:
        draft = listings.listing(session, retailer_id, listing_id)
        store = stores.store_of(session, retailer_id, draft.store_id)
        prices: dict[UUID, int | None] = {}
        enabled: dict[UUID, bool] = {}
        for row in draft.variants:
            sent = request.form.get(f"price-{row.id}", "").strip()
            minor = _minor(sent, store.currency, f"price-{row.id}")
            if minor is None:
                prices[row.variant_id] = None
            elif minor != row.wanted_price:
                prices[row.variant_id] = minor
            enabled[row.variant_id] = f"on-{row.id}" in request.form
        title = request.form.get("title", "").strip()
        edit(
            session,
            retailer_id,
            listing_id,
            Edit(title=title if title and title != draft.title else None, prices=prices, enabled=enabled),
        )
        wants_publish = request.form.get("do") == "publish"
        if wants_publish:
            publish(session, retailer_id, [listing_id])
    if wants_publish:
        return go(page_url("listings.list_listings", done="listing_sent"))
    return go(page_url("import_list.drafts", done="saved"))


@pages.post("/import-list/publish-all", permission="listings.write")
def publish_all() -> Any:
    """Publish every draft on the page."""
    retailer_id = principal().organisation_id
    with db.transaction() as session:
        page = listings.listings(session, retailer_id, states=[DRAFT], limit=200)
        publish(session, retailer_id, [one.id for one in page.items])
    return go(page_url("listings.list_listings", done="listings_sent"))


@pages.post("/import-list/<uuid:listing_id>/remove", permission="listings.write")
def remove(listing_id: UUID) -> Any:
    """Take a draft out; the next page offers to put it back."""
    with db.transaction() as session:
        (gone,) = remove_drafts(session, principal().organisation_id, [listing_id])
    return go(page_url("import_list.drafts", removed=gone["product_id"]))


@pages.post("/import-list/undo/<uuid:product_id>", permission="listings.write")
def undo(product_id: UUID) -> Any:
    """Put a removed product back."""
    retailer_id = principal().organisation_id
    with db.transaction() as session:
        store = next(one for one in stores.stores_of(session, retailer_id) if one.status == "connected")
        add_to_import_list(session, store, ImportRequest(product_id=product_id))
    return go(page_url("import_list.drafts", done="draft_again"))


def _minor(text: str, currency: str, field: str) -> int | None:
    if not text:
        return None
    try:
        return Money.of_decimal(Decimal(text.replace(",", ".")), currency).minor
    except (InvalidOperation, ValueError) as error:
        raise Invalid.field(field, "not_an_amount", "A price is a number such as 12.50.") from error
