"""Made-up shoppers and where they live: real towns with their postal codes, streets and people that are not."""

from __future__ import annotations

import random
from collections.abc import Mapping

from app.stores.store_orders import Address

_FIRST = (
    "Ada", "Amir", "Anouk", "Ben", "Carla", "Chen", "Dara", "Elif", "Emil", "Farah", "Finn", "Greta", "Hugo", "Ines",
    "Ivo", "Jonas", "Kaya", "Leon", "Lucia", "Mara", "Milo", "Nadia", "Noor", "Oskar", "Paula", "Rafael", "Selma",
    "Theo", "Vera", "Zoe",
)  # fmt: skip
_LAST = (
    "Adler", "Baker", "Castro", "Diaz", "Eriksen", "Fischer", "Grant", "Hoffman", "Ito", "Jensen", "Keller", "Lopez",
    "Meyer", "Novak", "Olsen", "Park", "Quinn", "Rossi", "Sato", "Turner", "Usman", "Vogel", "Walsh", "Young", "Zimmer",
)  # fmt: skip
#: Town, postal code, province.
_TOWNS: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "US": (("Portland", "97205", "OR"), ("Austin", "78701", "TX"), ("Madison", "53703", "WI"),
           ("Burlington", "05401", "VT"), ("Denver", "80202", "CO"), ("Savannah", "31401", "GA")),
    "GB": (("Leeds", "LS1 4AP", ""), ("Bristol", "BS1 5TR", ""), ("York", "YO1 7HH", ""), ("Glasgow", "G2 1DY", "")),
    "DE": (("Hamburg", "20095", ""), ("Leipzig", "04109", ""), ("Freiburg", "79098", ""), ("Kassel", "34117", "")),
}  # fmt: skip
_STREETS: Mapping[str, tuple[str, ...]] = {
    "US": ("{} Alder Street", "{} Mill Road", "{} Orchard Avenue"),
    "GB": ("{} Chapel Lane", "{} Station Road", "{} Kings Row"),
    "DE": ("Lindenweg {}", "Am Anger {}", "Gartenstraße {}"),
}


def address_in(country: str, chance: random.Random) -> Address:
    """Where a shopper of this country wants a parcel."""
    first, last = chance.choice(_FIRST), chance.choice(_LAST)
    town, postal_code, province = chance.choice(_TOWNS[country])
    return Address(
        name=f"{first} {last}",
        address1=chance.choice(_STREETS[country]).format(chance.randint(1, 180)),
        city=town,
        postal_code=postal_code,
        province=province,
        country_code=country,
        email=f"{first}.{last}@shopper.example".lower(),
    )
