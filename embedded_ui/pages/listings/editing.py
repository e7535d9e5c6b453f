"""The form in which a retailer makes a listing its own, before it is published and after: title, prices, variants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import request

from app.catalog.models import SupplierVariant
from app.kit.errors import FieldError, Invalid
from app.kit.money import Money
from app.kit.texts import marked as _
from app.listings.models import Listing
from app.listings.service import Edit
from app.web.forms import Sent
from app.web.ui.rendering import gettext

#: What the form calls the fields of a listing that its retailer can make its own.
OWN_LABELS = {
    "title": _("Title"),
    "description": _("Description"),
    "images": _("Pictures"),
    "price": _("Prices"),
}


def shown(listing: Listing, currency: str, variants: Mapping[UUID, SupplierVariant]) -> dict[str, Any]:
    """What ``editor.html`` shows of a listing, as it stands."""
    rows = sorted(listing.variants, key=lambda row: row.position)
    return {
        "currency": currency,
        "title": listing.title,
        "rows": [
            {
                "row": row,
                "variant": variants.get(row.variant_id),
                "price": Money(row.wanted_price, currency).amount,
                "enabled": row.enabled,
                "profit": row.wanted_price - row.wanted_cost,
            }
            for row in rows
        ],
        "wrong": {},
    }


def typed(as_it_stands: dict[str, Any], wrong: Mapping[str, str]) -> dict[str, Any]:
    """The form as it was sent, with what is wrong at its fields."""
    sent = request.form
    rows = [
        {
            **one,
            "price": sent.get(f"price-{one['row'].id}", ""),
            "enabled": f"on-{one['row'].id}" in sent,
        }
        for one in as_it_stands["rows"]
    ]
    return {**as_it_stands, "title": sent.get("title", ""), "rows": rows, "wrong": wrong}


def sent_edit(listing: Listing, currency: str) -> Edit:
    """What was changed of a listing in its form. What stands there as it was shown is left alone, whatever became of it
    since; an emptied price follows the rule again. Raises ``Invalid`` with the form's fields."""
    sent = Sent()
    prices: dict[UUID, int | None] = {}
    for row in listing.variants:
        name = f"price-{row.id}"
        given = request.form.get(name, "").strip()
        if given == request.form.get(f"was-{row.id}"):
            continue
        prices[row.variant_id] = sent.price(name, currency) if given else None
    title = request.form.get("title", "").strip()
    if not title:
        sent.refuse("title", "required", gettext(_("Please fill this in.")))
    sent.check()
    return Edit(
        title=title if title != request.form.get("was-title") else None,
        prices=prices,
        enabled={row.variant_id: f"on-{row.id}" in request.form for row in listing.variants},
    )


def at_fields(error: Invalid, variants: Sequence[Any]) -> Invalid:
    """A refusal of the change itself, told at the form's fields."""
    names = {f"prices.{row.variant_id}": f"price-{row.id}" for row in variants}
    told = [FieldError(names.get(one.field, one.field), one.code, one.message) for one in error.errors]
    return Invalid(error.detail, errors=told)
