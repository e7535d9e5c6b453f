"""Ordering a sample of a product: where it goes, what it costs there, and the order."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy.orm import Session

from app import db
from app.audit import service as audit
from app.catalog import queries as catalog
from app.catalog.models import SupplierProduct
from app.identity.models import Organisation
from app.kit.errors import AppError, Conflict, Forbidden, Invalid, NotFound
from app.kit.ids import new_id, parse_id
from app.kit.money import Money
from app.kit.texts import marked as _
from app.orders.saved_addresses import remove_address, save_address, saved_address, saved_addresses
from app.purchasing.service import Allowance, SampleQuote, allowance, order_sample, quote_sample
from app.stores.store_orders import Address
from app.suppliers import queries as suppliers
from app.web import address_forms
from app.web.auth import principal
from app.web.pages import Pages, go, page_url
from app.web.ui.rendering import gettext

pages = Pages(__name__)
#: Why no sample can be ordered, in words.
_REASONS = {
    "not_shipped_there": _("The supplier does not send to this country. Choose another address."),
    "no_exchange_rate": _("No exchange rate for the supplier's currency is known yet. Try again later."),
    "sample_limit": _("That is more than the supplier gives you. Order fewer, or wait until the day named here."),
    "no_samples": _("The supplier gives no samples of this product."),
    "price_changed": _("The cost changed meanwhile. Look at it again, then order."),
    "insufficient_stock": _("The supplier has not enough of it in stock now."),
}


@pages.get("/products/<uuid:product_id>/sample", permission="orders.write")
def sample(product_id: UUID) -> Any:
    """The sample that is asked for, and what it costs at the chosen address."""
    return _shown(product_id)


def _shown(product_id: UUID, problem: AppError | None = None, wrong: dict[str, Any] | None = None) -> Any:
    who = principal()
    if not who.may("orders.read_address"):
        raise Forbidden("Your role may not read addresses.")
    with db.transaction() as session:
        product = catalog.product(session, product_id)
        variants = [one for one in product.variants if one.status == "active"]
        allowed = allowance(session, who.organisation_id, product_id)
        kept = saved_addresses(session, who.organisation_id)
        if kept:
            audit.record(session, who.organisation_id, "orders.address_read", "retailer_addresses", who.organisation_id)
        chosen = next((one for one in kept if str(one[0]) == _asked("address_id")), kept[0] if kept else None)
        variant_id = next((one.id for one in variants if str(one.id) == _asked("variant")), variants[0].id)
        units = _units(allowed)
        quote, problem = _quote(session, variant_id, units, chosen, allowed, problem)
        context: dict[str, Any] = {
            "product": product,
            "supplier": suppliers.supplier(session, product.supplier_id),
            "variant_options": [(str(one.id), _named(product, one)) for one in variants],
            "variant_id": str(variant_id),
        }
        fallback = session.get_one(Organisation, who.organisation_id).country
    return pages.render(
        "sample.html",
        problem.status if problem is not None else 422 if wrong else 200,
        allowed=allowed,
        units=units,
        addresses=[(str(row_id), _line(one)) for row_id, one in kept],
        chosen=chosen,
        form=address_forms.shown(_to_fill_in(chosen, fallback), wrong),
        quote=quote,
        key=new_id(),
        problem=gettext(_REASONS.get(problem.code, problem.detail)) if problem is not None else None,
        **context,
    )


def _quote(
    session: Session,
    variant_id: UUID,
    units: int,
    chosen: tuple[UUID, Address] | None,
    allowed: Allowance,
    problem: AppError | None,
) -> tuple[SampleQuote | None, AppError | None]:
    if chosen is None or not allowed.left:
        return None, problem
    try:
        return quote_sample(session, principal().organisation_id, variant_id, units, chosen[1].country_code), problem
    except Conflict as error:
        return None, problem or error


@pages.post("/products/<uuid:product_id>/sample/address", permission="orders.write")
def keep_address(product_id: UUID) -> Any:
    """Keep another address and choose it. With another country than the form was for, the form comes back with that
    country's fields."""
    if address_forms.is_of_other_country():
        return _shown(product_id)
    address = address_forms.sent_address()
    try:
        address_forms.check_filled(address)
        with db.transaction() as session:
            row_id = save_address(session, principal().organisation_id, address)
    except Invalid as error:
        return _shown(product_id, wrong=address_forms.wrong_fields(error))
    return go(page_url("samples.sample", product_id=product_id, address_id=row_id, done="address_kept", **_rest()))


@pages.post("/products/<uuid:product_id>/sample/address/<uuid:address_id>/remove", permission="orders.write")
def forget_address(product_id: UUID, address_id: UUID) -> Any:
    """Forget an address."""
    with db.transaction() as session:
        remove_address(session, principal().organisation_id, address_id)
    return go(page_url("samples.sample", product_id=product_id, done="address_removed"))


@pages.post("/products/<uuid:product_id>/sample", permission="orders.write")
def order(product_id: UUID) -> Any:
    """Order it, at the cost that was shown."""
    retailer_id = principal().organisation_id
    address_id, variant_id, key = (parse_id(request.form.get(name, "")) for name in ("address_id", "variant", "key"))
    if address_id is None or variant_id is None or key is None:
        raise NotFound("address")
    try:
        with db.transaction() as session:
            placed = order_sample(
                session,
                retailer_id,
                variant_id,
                int(_asked("units")) if _asked("units").isdigit() else 0,
                saved_address(session, retailer_id, address_id),
                external_id=f"sample-{key}",
                expected=_money(request.form.get("total", "")),
            )
    except Conflict as error:
        return _shown(product_id, error)
    return go(page_url("orders.detail", order_id=placed.order_id, done="sample_ordered"))


def _money(text: str) -> Money:
    amount, _space, currency = text.partition(" ")
    try:
        return Money.parse(amount, currency)
    except ValueError as error:
        raise Invalid.field("total", "not_an_amount", "Look at the cost again.") from error


def _asked(name: str) -> str:
    return request.values.get(name, "")


def _rest() -> dict[str, str]:
    return {name: _asked(name) for name in ("variant", "units") if _asked(name)}


def _units(allowed: Allowance) -> int:
    text = _asked("units")
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) <= 3 and int(text) else min(1, allowed.left)


def _named(product: SupplierProduct, variant: Any) -> str:
    return " / ".join(variant.options.values()) or product.title


def _line(address: Address) -> str:
    return ", ".join(part for part in (address.name, address.address1, address.city, address.country_code) if part)


def _to_fill_in(chosen: tuple[UUID, Address] | None, country: str) -> Address:
    """What was typed of another address; without anything, an empty one in the country of the last, or the reader's."""
    if "fields_of" in request.form:
        return address_forms.sent_address()
    return address_forms.empty_address(chosen[1].country_code if chosen else country)
