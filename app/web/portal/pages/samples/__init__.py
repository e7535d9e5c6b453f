"""Whether and how retailers may order samples: for all products, and for one that differs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request

from app import db
from app.catalog import queries as catalog
from app.catalog.samples.rules import MOST_DAYS, MOST_UNITS, NONE, Terms
from app.catalog.samples.service import own_terms, set_terms
from app.kit.errors import Invalid
from app.kit.money import Money
from app.kit.texts import marked as _
from app.suppliers.models import Supplier
from app.web.auth import principal
from app.web.forms import Sent, problems
from app.web.pages import Pages, go, page_url
from app.web.ui.rendering import gettext

pages = Pages(__name__)
_CHOICES = {"default": _("As for all products"), "yes": _("Allowed"), "no": _("Not allowed")}
_PRICES = {"wholesale": _("The wholesale price"), "own": _("A price of its own")}


@pages.get("/products/samples", permission="products.write")
def default() -> Any:
    """The terms of all products that have none of their own."""
    return _shown(None)


@pages.post("/products/samples", permission="products.write")
def save_default() -> Any:
    """Keep them."""
    return _save(None)


@pages.get("/products/<uuid:product_id>/samples", permission="products.write")
def of_product(product_id: UUID) -> Any:
    """The terms of one product."""
    return _shown(product_id)


@pages.post("/products/<uuid:product_id>/samples", permission="products.write")
def save(product_id: UUID) -> Any:
    """Keep them, or leave the product to those of all."""
    return _save(product_id)


def _shown(product_id: UUID | None, wrong: dict[str, Any] | None = None, status: int = 200) -> Any:
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        currency = session.get_one(Supplier, supplier_id).currency
        product = None if product_id is None else catalog.product(session, product_id, supplier_id=supplier_id)
        general = own_terms(session, supplier_id, None) or NONE
        own = general if product_id is None else own_terms(session, supplier_id, product_id)
    terms = own or general
    offered = [(key, gettext(text)) for key, text in _CHOICES.items() if key != "default" or product_id is not None]
    return pages.render(
        "samples.html",
        status,
        product=product,
        general=general,
        choices=offered,
        prices=[(key, gettext(text)) for key, text in _PRICES.items()],
        currency=currency,
        values={
            "allowed": "default" if own is None else "yes" if own.allowed else "no",
            "price_kind": "wholesale" if terms.price is None else "own",
            "price": "" if terms.price is None else Money(terms.price, currency).amount,
            "max_units": terms.max_units,
            "days": terms.days,
            **request.form,
        },
        wrong=wrong or {},
    )


def _save(product_id: UUID | None) -> Any:
    supplier_id, sent = principal().organisation_id, Sent()
    allowed = sent.one_of("allowed", [key for key in _CHOICES if key != "default" or product_id is not None])
    try:
        with db.transaction() as session:
            currency = session.get_one(Supplier, supplier_id).currency
            price = None
            if sent.one_of("price_kind", list(_PRICES)) == "own":
                price = sent.money("price", currency)
                if not price:
                    sent.refuse("price", "required", gettext(_("A price above zero.")))
            units, days = sent.whole("max_units", 1, MOST_UNITS), sent.whole("days", 1, MOST_DAYS)
            if allowed != "default":
                sent.check()
            terms = None if allowed == "default" else Terms(allowed == "yes", price, units, days)
            set_terms(session, supplier_id, product_id, terms)
    except Invalid as error:
        return _shown(product_id, problems(error), error.status)
    if product_id is None:
        return go(page_url("samples.default", done="saved"))
    return go(page_url("products.detail", product_id=product_id, done="saved"))
