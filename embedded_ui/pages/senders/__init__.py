"""Who stands on the parcels of a store: the retailer's own address in place of the suppliers', with a look at it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request

from app import db
from app.documents.addresses import address_lines
from app.documents.drawing import draw
from app.documents.queries import brand_of, brand_on_paper
from app.documents.service import example_paper
from app.identity.models import Organisation
from app.kit import clock
from app.kit.errors import Invalid
from app.orders.senders import Sender, remove_sender, save_sender, sender_of_store
from app.stores import queries as stores
from app.web import address_forms
from app.web.auth import principal
from app.web.pages import Pages, go, page_url
from embedded_ui.pages.brand import picture_of

pages = Pages(__name__)
_PLACES = ("as_sender", "as_return_address")


@pages.get("/settings/stores/<uuid:store_id>/sender", permission="settings.write")
def sender(store_id: UUID) -> Any:
    """The form, and a packing slip with what is kept."""
    return _page(store_id)


@pages.post("/settings/stores/<uuid:store_id>/sender", permission="settings.write")
def save(store_id: UUID) -> Any:
    """Keep it for orders from now on. With another country than the form was for, the form comes back with that
    country's fields."""
    if address_forms.is_of_other_country():
        return _page(store_id, typed=True)
    wanted = Sender(
        address=address_forms.sent_address(),
        as_sender=bool(request.form.get("as_sender")),
        as_return_address=bool(request.form.get("as_return_address")),
    )
    try:
        address_forms.check_filled(wanted.address)
        with db.transaction() as session:
            save_sender(session, principal().organisation_id, store_id, wanted)
    except Invalid as error:
        return _page(store_id, 422, typed=True, wrong=address_forms.wrong_fields(error))
    return go(page_url("senders.sender", store_id=store_id, done="saved_for_orders"))


@pages.post("/settings/stores/<uuid:store_id>/sender/remove", permission="settings.write")
def remove(store_id: UUID) -> Any:
    """Let the suppliers stand on parcels again."""
    with db.transaction() as session:
        remove_sender(session, principal().organisation_id, store_id)
    return go(page_url("senders.sender", store_id=store_id, done="sender_removed"))


def _page(store_id: UUID, status: int = 200, *, typed: bool = False, wrong: dict[str, str] | None = None) -> Any:
    retailer_id = principal().organisation_id
    with db.transaction() as session:
        store = stores.store_of(session, retailer_id, store_id)
        store_name = store.shown_name
        country = store.country or session.get_one(Organisation, retailer_id).country
        kept = sender_of_store(session, retailer_id, store_id)
        brand = brand_on_paper(session, retailer_id, session.get_one(Organisation, retailer_id).name)
        own = brand_of(session, retailer_id)
        language = own.language if own else ""
    if typed:
        values = address_forms.sent_address()
        ticked = {name: bool(request.form.get(name)) for name in _PLACES}
    elif kept is not None:
        values = kept.address
        ticked = {name: getattr(kept, name) for name in _PLACES}
    else:
        values = address_forms.empty_address(country, brand.name)
        ticked = dict.fromkeys(_PLACES, True)
    paper = example_paper(
        brand,
        language=language,
        day=clock.now().date(),
        sender=address_lines(kept.address) if kept is not None and kept.as_sender else (),
    )
    return pages.render(
        "sender.html",
        status,
        store_id=store_id,
        store_name=store_name,
        kept=kept,
        form=address_forms.shown(values, wrong),
        ticked=ticked,
        preview=picture_of(draw([paper])),
    )
