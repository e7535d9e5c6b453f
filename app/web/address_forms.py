"""The form of an address by country, on every page that has one: what it shows, what was sent, and what is missing. The
fields themselves are ``app/web/ui/parts/address_fields.html``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import request

from app.kit.countries import named_countries
from app.kit.errors import AppError, FieldError, Invalid
from app.kit.texts import marked as _
from app.orders.address_form import AddressField, address_fields, as_chosen, lacking
from app.stores.store_orders import Address
from app.web.forms import problems
from app.web.ui.rendering import gettext, locale

_FIELDS = ("name", "company", "address1", "address2", "postal_code", "city", "province", "phone", "email")
_LONGEST = 255


@dataclass(frozen=True, slots=True)
class AddressForm:
    """What the fields show. ``wrong``: what is wrong with each, by its name."""

    fields: Sequence[AddressField]
    countries: Sequence[tuple[str, str]]
    values: Address
    wrong: Mapping[str, str]


def shown(values: Address, wrong: Mapping[str, str] | None = None) -> AddressForm:
    """The form of the address's country, filled in."""
    return AddressForm(
        fields=address_fields(values.country_code),
        countries=named_countries(locale()),
        values=as_chosen(values),
        wrong=wrong or {},
    )


def empty_address(country_code: str, name: str = "") -> Address:
    """Nothing filled in yet but the country, and maybe who it is."""
    return Address(name=name, address1="", city="", postal_code="", country_code=country_code)


def sent_address(values: Mapping[str, str] | None = None) -> Address:
    """What was typed; nothing is checked."""
    sent = request.form if values is None else values
    given = {name: sent.get(name, "").replace("\x00", "").strip()[:_LONGEST] for name in _FIELDS}
    return Address(country_code=sent.get("country_code", "")[:2], **given)


def is_of_other_country() -> bool:
    """Whether another country was chosen than the form had the fields of: it is to be shown again with that one's."""
    chosen = request.form.get("country_code")
    return request.form.get("fields_of", chosen) != chosen


def check_filled(address: Address) -> None:
    """Raises ``Invalid``, naming the fields that the address's country cannot do without."""
    missing = [FieldError(name, "required", gettext(_("Please fill this in."))) for name in lacking(address)]
    if missing:
        raise Invalid(gettext(_("The address is not complete.")), errors=missing)


def wrong_fields(error: AppError) -> dict[str, str]:
    """What is wrong, by the form's names, whatever the domain calls the address that the fields are in."""
    return {name.rpartition(".")[2]: gettext(text) for name, text in problems(error).items()}
