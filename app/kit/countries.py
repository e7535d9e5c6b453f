"""Countries and territories by their ISO 3166-1 codes, as CLDR knows them."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from functools import cache

from babel import Locale
from babel.core import get_global
from babel.numbers import get_territory_currencies

from app.kit import clock
from app.kit.texts import country, zone_of

#: Two-letter codes of CLDR that no parcel goes to: groupings, test locales, "unknown", and places that ISO only keeps a
#: code for. Ascension (AC), Tristan da Cunha (TA) and Kosovo (XK) stay: stores sell there by these codes.
_NO_COUNTRIES = frozenset({"CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "UN", "XA", "XB", "ZZ"})


@cache
def country_codes() -> frozenset[str]:
    """All two-letter codes, in capitals."""
    return frozenset(
        code
        for code in map(str, Locale("en").territories)
        if len(code) == 2 and code.isalpha() and code.isupper() and code not in _NO_COUNTRIES
    )


def is_country(code: str) -> bool:
    """Whether ``code`` is the two-letter code of a country, in capitals."""
    return code in country_codes()


@cache
def named_countries(locale: str) -> tuple[tuple[str, str], ...]:
    """Code and name of each, by name: letters with marks stand beside those without."""
    named = ((code, country(code, locale)) for code in country_codes())
    return tuple(sorted(named, key=lambda one: (_plain(one[1]), one[1])))


def country_called(text: str, locales: Collection[str]) -> str | None:
    """The code of a country that is written as people do: its code or its name in one of the languages."""
    if is_country(text.strip().upper()):
        return text.strip().upper()
    return next((found for locale in locales if (found := _by_name(locale).get(_plain(text.strip())))), None)


@cache
def _by_name(locale: str) -> dict[str, str]:
    return {_plain(name): code for code, name in named_countries(locale)}


def usual_currency(country_code: str, settled: Collection[str]) -> str:
    """The one of the ``settled`` currencies that a company of a country trades in: its own, else the euro where clocks
    are European, else the dollar; the first by name where neither is settled."""
    own = str(next(iter(get_territory_currencies(country_code)), ""))
    european = any(zone.startswith("Europe/") for zone in get_global("territory_zones").get(country_code, []))
    wanted = (own, "EUR" if european else "USD", "USD", "EUR")
    return next((code for code in wanted if code in settled), min(settled))


def usual_zone(country_code: str) -> str:
    """The time zone of a country whose clocks all show the same now; else UTC."""
    zones = sorted(get_global("territory_zones").get(country_code, []))
    now = clock.now()
    alike = {now.astimezone(zone_of(zone)).utcoffset() for zone in zones}
    return str(zones[0]) if len(alike) == 1 else "UTC"


def country_of_zone(zone: str) -> str:
    """The country whose clocks a time zone tells; empty where none or several are known by it."""
    found = [code for code, zones in get_global("territory_zones").items() if zone in zones and is_country(code)]
    return str(found[0]) if len(found) == 1 else ""


def _plain(name: str) -> str:
    marks = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in marks if not unicodedata.combining(letter))
