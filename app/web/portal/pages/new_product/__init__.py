"""A product that its supplier describes in a form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy.orm import Session

from app import db
from app.catalog import queries as catalog
from app.catalog.service import MOST_OPTIONS, TakenElsewhere, make_product
from app.feeds.rules.choices import WEIGHT_UNITS
from app.feeds.rules.product_keys import ProductKeys
from app.feeds.service.product_keys import kept_keys
from app.inbox import keys
from app.inventory.queries import locations
from app.inventory.service import set_free
from app.kit.errors import AppError, Conflict, FieldError, Invalid
from app.kit.ids import new_id, parse_id
from app.kit.texts import marked as _
from app.suppliers.models import Supplier
from app.suppliers.rules import ACTIVE
from app.web.auth import principal
from app.web.forms import Sent
from app.web.pages import Pages, go, page_url
from app.web.portal.new_product import MOST_ROWS, STATUSES, NewProduct, option_names, read, rows_of, rows_used
from app.web.portal.product_values import at_fields
from app.web.ui.rendering import gettext

pages = Pages(__name__)
#: How many rows more can be asked for at a time.
_MORE = (1, 3, 10, 25)


@pages.get("/products/new", permission="products.write")
def new() -> Any:
    """An empty form with one variant."""
    return _form()


@pages.post("/products/new", permission="products.write")
def create() -> Any:
    """Offer it. The same form sent twice makes one product. Asked for more rows, or for the fields of its options, the
    form comes back with them and nothing is saved."""
    wanted = request.form.get("show", "")
    if wanted:
        more = request.form.get("more", "") if wanted == "rows" else ""
        return _form(rows=rows_of(request.form) + (int(more) if more in map(str, _MORE) else 0))
    sent, said = Sent(), list[NewProduct]()
    own = principal().organisation_id
    try:
        with db.transaction() as session:
            product_id = _made_once(session, sent, said)
            offered = catalog.product(session, product_id, supplier_id=own).status == "active"
            sells = session.get_one(Supplier, own).status == ACTIVE
    except _Used as used:
        return _form({"form": str(used)}, used.status, others={"form": used.product_id}, key=new_id())
    except (Invalid, Conflict) as error:
        others: dict[str, UUID] = {}
        return _form(_wrong(error, sent, said, others), error.status, others=others)
    done = "product_draft" if not offered else "product_offered" if sells else "product_waits"
    return go(page_url("products.detail", product_id=product_id, done=done))


class _Used(Conflict):
    """The form has made a product already, and says something else by now."""

    def __init__(self, product_id: UUID) -> None:
        super().__init__(
            gettext(_("This form has made a product already. Save it again if you want another one.")), code="form_used"
        )
        self.product_id = product_id


def _made_once(session: Session, sent: Sent, said: list[NewProduct]) -> UUID:
    """The product that this form makes, or has made. Adds what is read to ``said``. Raises ``_Used``, and as
    ``make_product``."""
    own = principal().organisation_id
    # No key of the API has spaces.
    key = f"new product {parse_id(request.form.get('key', '')) or new_id()}"
    told = sorted(pair for pair in request.form.items(multi=True) if pair[0] != "csrf_token")
    fingerprint = sha256(repr(told).encode()).digest()
    is_new = keys.claim(session, own, key, fingerprint)
    kept = keys.known(session, own, key)
    if kept is None:
        raise LookupError("a key that was claimed is not there")
    if is_new:
        made = _make(session, sent, said)
        kept.status, kept.body = 303, str(made).encode()
        return made
    before = UUID((kept.body or b"").decode())
    if kept.fingerprint != fingerprint:
        raise _Used(before)
    return before


def _make(session: Session, sent: Sent, said: list[NewProduct]) -> UUID:
    who = principal()
    product = read(sent, who.currency, ProductKeys(lambda: kept_keys(session, who.organisation_id)))
    said.append(product)
    product_id, ids = make_product(session, who.organisation_id, who.currency, product.handle, product.change)
    if product.free:
        who.require("inventory.write")
        set_free(session, who.organisation_id, {ids[sku]: units for sku, units in product.free.items()})
    return product_id


_OF_PICTURE = re.compile(r"images\[(\d+)\]\.url")
_OF_SKU = re.compile(r"variants\[(\d+)\]\.sku")


def _wrong(error: AppError, sent: Sent, said: list[NewProduct], others: dict[str, UUID]) -> dict[str, Any]:
    """What is wrong, beside the fields that the form has for it. ``others`` is given the products that have already
    what stands in a field."""
    has_taken_skus = any(one.code == "sku_taken" for one in error.errors)
    wrong: dict[str, Any] = {}
    for one in error.errors:
        if one.code == "handle_taken" and has_taken_skus:
            # It is made of the SKU.
            continue
        field, text = _said_of(one, sent, said)
        wrong.setdefault(field, text)
        if isinstance(error, TakenElsewhere):
            others[field] = error.products[one.field]
    return wrong or {"form": error.detail}


def _said_of(one: FieldError, sent: Sent, said: list[NewProduct]) -> tuple[str, str]:
    """The form's field, and what is said beside it."""
    rows = rows_used(sent.values)
    picture, sku = _OF_PICTURE.fullmatch(one.field), _OF_SKU.fullmatch(one.field)
    if picture and said:
        return "pictures", f"{said[0].change.values['images'][int(picture[1])][0]}: {one.message}"
    if sku and one.code == "sku_taken":
        taken = said[0].change.variants[int(sku[1])].sku
        text = _("You have the SKU %(sku)s already. Choose another, or change its product:")
        return f"sku-{rows[int(sku[1])]}", gettext(text) % {"sku": taken}
    if one.code in ("duplicate_sku", "duplicate_options") and not option_names(sent.values):
        typed = sent.values.get(f"sku-{rows[int(sku[1])]}", "").strip() if sku else ""
        if not typed:
            return "option-0", gettext(_("Say what the variants differ by, such as Size."))
    if one.code == "handle_taken":
        text = _("You have a product like this already. Give this one an SKU or another title, or change:")
        return "title", gettext(text)
    if one.field == "handle":
        return "title", gettext(_("Use letters or digits in it."))
    if one.field.startswith("value"):
        # Of an option that was named after the form was made.
        return one.field, one.message
    ((field, text),) = at_fields(Invalid(one.message, errors=[one]), rows, sent).items()
    return field, text


def _form(
    wrong: Mapping[str, Any] | None = None,
    status: int = 200,
    *,
    rows: int | None = None,
    others: Mapping[str, UUID] | None = None,
    key: UUID | None = None,
) -> Any:
    """The form as it was sent, or empty. ``others``: field → the product that has its value already."""
    values, own = request.form, principal().organisation_id
    shown = rows_of(values)
    with db.transaction() as session:
        known = {
            name: (product_id, catalog.product(session, product_id, supplier_id=own).title)
            for name, product_id in (others or {}).items()
        }
        several_places = len(locations(session, own)) > 1
    return pages.render(
        "form.html",
        status,
        key=key or parse_id(values.get("key", "")) or new_id(),
        rows=min(shown if rows is None else rows, MOST_ROWS),
        most=MOST_ROWS,
        more=[(str(one), str(one)) for one in _MORE],
        options=option_names(values),
        places=range(MOST_OPTIONS),
        units=[(unit, unit) for unit in WEIGHT_UNITS],
        statuses=[(name, gettext(text)) for name, text in STATUSES.items()],
        currency=principal().currency,
        may_count=principal().may("inventory.write") and not several_places,
        wrong=wrong or {},
        others=known,
        sent=values,
    )
